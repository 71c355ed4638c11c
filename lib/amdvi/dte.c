// SPDX-License-Identifier: GPL-2.0-or-later
/* Device table entries: fields and what they do to a DMA request. */
#include <amdvi/dte.h>

#include <inttypes.h>
#include <string.h>

#define GLX_RESERVED 3
#define MODE_RESERVED 7

#define FIELD(member, name, title, lsb, width, fmt, shift)		\
	AMDVI_FIELD(amdvi_dte, member, name, title, lsb, width, fmt, shift)
#define FLAG(member, name, title, lsb)					\
	FIELD(member, name, title, lsb, 1, FLAG, 0)

const struct amdvi_field amdvi_dte_fields[] = {
	FLAG(v, "V", "entry valid", 0),
	FLAG(tv, "TV", "translation information valid", 1),
	FIELD(had, "HAD", "host access/dirty update", 7, 2, HEX, 0),
	FIELD(mode, "Mode", "host page table levels", 9, 3, DEC, 0),
	FIELD(host_root, "HostRoot", "host page table", 12, 40, ADDR, 12),
	FLAG(ppr, "PPR", "peripheral page requests allowed", 52),
	FLAG(gprp, "GPRP", "PPR response carries the PASID", 53),
	FLAG(giov, "GIoV", "no PASID means PASID 0", 54),
	FLAG(gv, "GV", "guest translation valid", 55),
	FIELD(glx, "GLX", "GCR3 table levels minus 1", 56, 2, DEC, 0),
	FIELD(gcr3_root, "GCR3Root", "GCR3 table", 58, 3, ADDR, 12),
	FIELD(gcr3_root, NULL, NULL, 80, 16, ADDR, 15),
	FIELD(gcr3_root, NULL, NULL, 107, 21, ADDR, 31),
	FLAG(ir, "IR", "read permission", 61),
	FLAG(iw, "IW", "write permission", 62),
	FIELD(domain_id, "DomainID", "domain", 64, 16, DEC, 0),
	FLAG(ats, "I", "IOTLB (ATS) enabled", 96),
	FLAG(se, "SE", "suppress repeated page fault events", 97),
	FLAG(sa, "SA", "suppress all page fault events", 98),
	FIELD(ioctl, "IoCtl", "port I/O control", 99, 2, HEX, 0),
	FLAG(cache, "Cache", "IOTLB cache hint", 101),
	FLAG(sd, "SD", "snoop disable", 102),
	FLAG(ex, "EX", "exclusion range applies", 103),
	FIELD(sysmgt, "SysMgt", "system management messages", 104, 2, HEX, 0),
	FLAG(sats, "SATS", "secure ATS", 106),
	FLAG(iv, "IV", "interrupt map valid", 128),
	FIELD(irt_len_log2, "IntTabLen", "log2 of interrupt table entries",
	      129, 4, DEC, 0),
	FLAG(ig, "IG", "unmapped interrupts are not logged", 133),
	FIELD(irt_ptr, "IntTablePtr", "interrupt table", 134, 46, ADDR, 6),
	FIELD(guest_paging_mode, "GuestPagingMode",
	      "guest page table levels minus 4", 182, 2, DEC, 0),
	FLAG(init_pass, "InitPass", "INIT passes", 184),
	FLAG(eint_pass, "EIntPass", "ExtInt passes", 185),
	FLAG(nmi_pass, "NMIPass", "NMI passes", 186),
	FLAG(hpt_mode, "HPTMode", "host page table mode hint", 187),
	FIELD(int_ctl, "IntCtl", "0 abort, 1 forward, 2 remap", 188, 2, DEC,
	      0),
	FLAG(lint0_pass, "Lint0Pass", "LINT0 passes", 190),
	FLAG(lint1_pass, "Lint1Pass", "LINT1 passes", 191),
	FLAG(viommu_en, "vImuEn", "virtual IOMMU enabled", 207),
	FIELD(gdevice_id, "GDeviceID", "guest device", 208, 16, DEVID, 0),
	FIELD(guest_id, "GuestID", "guest", 224, 16, DEC, 0),
	FLAG(attr_v, "AttrV", "snoop attribute valid", 246),
	FLAG(mode0_fc, "Mode0FC", "force coherent if Mode is 0", 247),
	FIELD(snoop_attr, "SnoopAttribute", "ATS snoop attributes", 248, 8,
	      HEX, 0),
};

const size_t amdvi_dte_field_count =
	sizeof(amdvi_dte_fields) / sizeof(amdvi_dte_fields[0]);

static const uint64_t reserved_bits[4] = {
	0x800000000000007c,	/* 63, 6:2 */
	0,
	0x0030000000000000,	/* 53:52 */
	0x001f000000007fff,	/* 52:48, 14:0 */
};

static const char *const dma_names[] = {
	[AMDVI_DMA_UNTRANSLATED] = "untranslated",
	[AMDVI_DMA_BLOCKED] = "blocked",
	[AMDVI_DMA_IDENTITY] = "identity",
	[AMDVI_DMA_HOST] = "host",
	[AMDVI_DMA_GUEST] = "guest",
	[AMDVI_DMA_NESTED] = "nested",
	[AMDVI_DMA_ILLEGAL] = "illegal",
};

void amdvi_dte_decode(const uint64_t raw[4], uint64_t sme_mask,
		      struct amdvi_dte *dte)
{
	memcpy(dte->raw, raw, sizeof(dte->raw));
	amdvi_fields_decode(amdvi_dte_fields, amdvi_dte_field_count, raw,
			    sme_mask, dte);
}

void amdvi_dte_encode(const struct amdvi_dte *dte, uint64_t sme_mask,
		      uint64_t raw[4])
{
	memset(raw, 0, AMDVI_DTE_SIZE);
	amdvi_fields_encode(amdvi_dte_fields, amdvi_dte_field_count, dte,
			    sme_mask, raw);
}

enum amdvi_dma amdvi_dte_dma(const struct amdvi_dte *dte)
{
	bool guest = dte->gv && dte->giov;

	if (!dte->v)
		return AMDVI_DMA_UNTRANSLATED;
	if (!dte->tv)
		return AMDVI_DMA_BLOCKED;
	if (dte->mode == MODE_RESERVED ||
	    (dte->gv && dte->glx == GLX_RESERVED))
		return AMDVI_DMA_ILLEGAL;
	if (dte->mode)
		return guest ? AMDVI_DMA_NESTED : AMDVI_DMA_HOST;
	if (!dte->ir && !dte->iw)
		return AMDVI_DMA_BLOCKED;
	return guest ? AMDVI_DMA_GUEST : AMDVI_DMA_IDENTITY;
}

bool amdvi_dte_nested(const struct amdvi_dte *dte)
{
	return dte->gv && dte->mode && dte->mode != MODE_RESERVED;
}

static bool may_access(const struct amdvi_dte *dte, bool permission)
{
	switch (amdvi_dte_dma(dte)) {
	case AMDVI_DMA_UNTRANSLATED:
		return true;
	case AMDVI_DMA_BLOCKED:
	case AMDVI_DMA_ILLEGAL:
		return false;
	default:
		return permission;
	}
}

bool amdvi_dte_may_write(const struct amdvi_dte *dte)
{
	return may_access(dte, dte->iw);
}

bool amdvi_dte_may_read(const struct amdvi_dte *dte)
{
	return may_access(dte, dte->ir);
}

const char *amdvi_dma_name(enum amdvi_dma dma)
{
	if ((size_t)dma >= sizeof(dma_names) / sizeof(dma_names[0]))
		return "unknown";
	return dma_names[dma];
}

unsigned int amdvi_dte_guest_levels(const struct amdvi_dte *dte)
{
	return dte->guest_paging_mode <= 1 ? 4 + dte->guest_paging_mode : 0;
}

size_t amdvi_dte_values(const struct amdvi_dte *dte, struct amdvi_value *out,
			size_t max)
{
	struct amdvi_list list = { out, max, 0 };

	amdvi_list_add_fields(&list, amdvi_dte_fields, amdvi_dte_field_count,
			      dte);
	return list.count;
}

static const char *access_name(const struct amdvi_dte *dte)
{
	if (dte->iw)
		return dte->ir ? "read-write" : "write only";
	return dte->ir ? "read only" : "no access";
}

static void add_host(struct amdvi_text *text, const struct amdvi_dte *dte)
{
	amdvi_text_add(text, "%u level%s, root 0x%" PRIx64, dte->mode,
		       dte->mode == 1 ? "" : "s", dte->host_root);
}

static void add_guest(struct amdvi_text *text, const struct amdvi_dte *dte)
{
	if (amdvi_dte_guest_levels(dte))
		amdvi_text_add(text, "%u levels, ",
			       amdvi_dte_guest_levels(dte));
	amdvi_text_add(text, "GCR3 table 0x%" PRIx64, dte->gcr3_root);
}

/* The translation in words. False: domain and permissions have no effect. */
static bool add_dma(struct amdvi_text *text, const struct amdvi_dte *dte)
{
	switch (amdvi_dte_dma(dte)) {
	case AMDVI_DMA_UNTRANSLATED:
		amdvi_text_add(text, "entry not valid: DMA passes untranslated "
			       "to all memory");
		return false;
	case AMDVI_DMA_BLOCKED:
		amdvi_text_add(text, "blocked");
		return false;
	case AMDVI_DMA_ILLEGAL:
		amdvi_text_add(text, "illegal entry (Mode %u, GLX %u): DMA "
			       "blocked", dte->mode, dte->glx);
		return false;
	case AMDVI_DMA_IDENTITY:
		amdvi_text_add(text, "identity: IOVA is the physical address");
		break;
	case AMDVI_DMA_HOST:
		amdvi_text_add(text, "host paging, ");
		add_host(text, dte);
		break;
	case AMDVI_DMA_GUEST:
		amdvi_text_add(text, "guest paging, ");
		add_guest(text, dte);
		break;
	case AMDVI_DMA_NESTED:
		amdvi_text_add(text, "nested paging, guest ");
		add_guest(text, dte);
		amdvi_text_add(text, ", host ");
		add_host(text, dte);
		break;
	}
	return true;
}

size_t amdvi_dte_describe(const struct amdvi_dte *dte, char *buf, size_t len)
{
	struct amdvi_text text = { .buf = buf, .len = len };

	if (!add_dma(&text, dte))
		return text.used;
	amdvi_text_add(&text, ", domain %u, %s", dte->domain_id,
		       access_name(dte));
	if (dte->gv && !dte->giov) {
		amdvi_text_add(&text, ", with PASID guest paging, ");
		add_guest(&text, dte);
	}
	if (dte->ats)
		amdvi_text_add(&text, ", ATS");
	return text.used;
}

uint64_t amdvi_dte_reserved(const struct amdvi_dte *dte)
{
	uint64_t set = 0;
	size_t i;

	for (i = 0; i < 4; i++)
		set |= dte->raw[i] & reserved_bits[i];
	return set;
}
