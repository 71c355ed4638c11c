// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device table entries, and whether they agree with the driver's state. The
 * driver's state is the truth about the panic: newer capture kernels write into
 * the dead kernel's device table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define PCI_CLASS_HOST_BRIDGE	0x0600u
#define DTES_PER_PAGE	(AMI_PAGE_SIZE / AMDVI_DTE_SIZE)

uint64_t state_dte_address(const struct ami_segment *seg, uint16_t devid)
{
	if (!seg->dev_table ||
	    (devid + 1u) * AMDVI_DTE_SIZE > seg->dev_table_size)
		return 0;
	return seg->dev_table + devid * AMDVI_DTE_SIZE;
}

static void read_dte(struct ami_state *s, struct ami_device *d)
{
	uint64_t raw[4], at = 0;

	if (d->segment >= 0)
		at = state_dte_address(&s->segments[d->segment], d->bdf.devid);
	if (!at) {
		/*
		 * Perhaps only the address of the table is missing from the
		 * dump.
		 */
		d->dte_mem = d->segment >= 0 &&
			     !s->segments[d->segment].dev_table_read ?
			     AMI_MEM_FILTERED : AMI_MEM_ABSENT;
		return;
	}
	d->dte_mem = ami_read(s->kernel, at, raw, sizeof(raw));
	if (d->dte_mem == AMI_MEM_OK)
		amdvi_dte_decode(raw, ami_kernel_sme(s->kernel), &d->dte);
}

static uint64_t root_of(const struct amdvi_dte *dte)
{
	if (!dte->v || !dte->tv || !(dte->gv || dte->mode))
		return 0;
	return dte->mode ? dte->host_root : dte->gcr3_root;
}

/*
 * The table of an entry that lies in the capture kernel's memory; 0: none. The
 * capture kernel wrote such an entry.
 */
static uint64_t foreign_table(const struct ami_state *s,
			      const struct amdvi_dte *dte)
{
	uint64_t root = root_of(dte), irt = dte->iv ? dte->irt_ptr : 0;

	if (state_of_capture_kernel(s, root >> AMI_PAGE_SHIFT))
		return root;
	return state_of_capture_kernel(s, irt >> AMI_PAGE_SHIFT) ? irt : 0;
}

static bool is_foreign(const struct ami_state *s, const struct ami_device *d)
{
	return d->dte_mem == AMI_MEM_OK && foreign_table(s, &d->dte);
}

static void check_root(struct ami_state *s, const struct ami_device *d,
		       const char *where)
{
	uint64_t root = root_of(&d->dte);

	if (root && !ami_dump_ram(ami_kernel_dump(s->kernel),
				  root >> AMI_PAGE_SHIFT))
		ami_finding_add_with(s->findings, AMI_FIND_DTE_ROOT_OUTSIDE_RAM,
				where,
				AMI_FACTS(AMI_SAYS(PHYS, root)),
				"Its DTE points to a table at %#llx, which is not RAM of this machine.",
				(unsigned long long)root);
}

/* Who wrote a DTE that the driver's state does not explain? */
static void report_difference(struct ami_state *s, struct ami_device *d,
			      const char *where)
{
	if (is_foreign(s, d)) {
		d->dte_seen = AMI_SEEN_OVERWRITTEN;
		ami_finding_add_with(s->findings,
				AMI_FIND_DTE_ROOT_IN_CRASHKERNEL, where,
				AMI_FACTS(
					AMI_SAYS(PHYS,
						 foreign_table(s, &d->dte))),
				"Its DTE points to a table in the capture kernel's memory (%#llx): the capture kernel overwrote the entry. The report shows what the driver had set.",
				(unsigned long long)foreign_table(s, &d->dte));
	} else if (d->disagreement[0] && s->capture == AMI_CAPTURE_REUSE) {
		d->dte_seen = AMI_SEEN_OVERWRITTEN;
		ami_finding_add_with(s->findings, AMI_FIND_DTE_OVERWRITTEN,
				where, d->differs,
				"Its DTE differs from the driver's state (%s), and the capture kernel wrote into this device table. The report uses the driver's state.",
				d->disagreement);
	} else if (d->disagreement[0] && s->crashkernel_unread) {
		d->dte_seen = AMI_SEEN_INCONSISTENT;
		ami_finding_add_with(s->findings, AMI_FIND_FIELD_UNREAD, where,
				d->differs,
				"Its DTE and the driver's state differ (%s). A capture kernel may have written the DTE, but the dump does not show where that kernel's memory is. Both are taken as possible.",
				d->disagreement);
	} else if (d->disagreement[0]) {
		d->dte_seen = AMI_SEEN_INCONSISTENT;
		ami_finding_add_with(s->findings, AMI_FIND_DTE_DISAGREES, where,
				d->differs,
				"Its DTE and the driver's state differ (%s). Both are taken as possible.",
				d->disagreement);
	}
}

static void judge(struct ami_state *s, struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	ami_bdf_text(d->bdf, where);
	if (d->dte_mem != AMI_MEM_OK) {
		if (d->iommu >= 0) {
			ami_finding_add_with(s->findings, AMI_FIND_DTE_UNREAD,
					where,
					AMI_FACTS(
						AMI_NAMES(READ,
							  ami_mem_text(d->dte_mem))),
					"Its device table entry is %s. The report takes what it could reach from the driver's domain alone.",
					ami_mem_text(d->dte_mem));
		}
		return;
	}
	d->dte_seen = AMI_SEEN_INTACT;
	state_compare_dte(s, d);
	report_difference(s, d, where);
	if (d->dte_seen != AMI_SEEN_OVERWRITTEN)
		check_root(s, d, where);
	if (amdvi_dte_reserved(&d->dte))
		ami_finding_add_with(s->findings, AMI_FIND_DTE_RESERVED_BITS,
				where,
				AMI_FACTS(
					AMI_SAYS(VALUE,
						 amdvi_dte_reserved(&d->dte))),
				"Its DTE has reserved bits set (%#llx).",
				(unsigned long long)amdvi_dte_reserved(&d->dte));
}

static enum ami_translation from_dte(const struct ami_device *d)
{
	switch (amdvi_dte_dma(&d->dte)) {
	case AMDVI_DMA_UNTRANSLATED:
		return AMI_TRANSLATION_NONE;
	case AMDVI_DMA_IDENTITY:
		return AMI_TRANSLATION_PASSTHROUGH;
	case AMDVI_DMA_HOST:
	case AMDVI_DMA_GUEST:
	case AMDVI_DMA_NESTED:
		return AMI_TRANSLATION_PAGING;
	case AMDVI_DMA_BLOCKED:
	case AMDVI_DMA_ILLEGAL:
		break;
	}
	return AMI_TRANSLATION_BLOCKED;
}

/*
 * A domain with GCR3 tables only passes requests without PASID through. Of any
 * other domain, the table must be known.
 */
static enum ami_translation from_domain(const struct ami_device *d,
					const struct ami_domain *dom)
{
	if (dom->kind == AMI_DOMAIN_IDENTITY)
		return AMI_TRANSLATION_PASSTHROUGH;
	if (dom->kind == AMI_DOMAIN_BLOCKED && dom->readable &&
	    dom->table.format == AMI_FORMAT_NONE)
		return AMI_TRANSLATION_BLOCKED;
	if (!dom->readable)
		return AMI_TRANSLATION_UNKNOWN;
	if (dom->table.format == AMI_FORMAT_NONE)
		return d->gcr3.root ? AMI_TRANSLATION_PASSTHROUGH :
		       AMI_TRANSLATION_UNKNOWN;
	return AMI_TRANSLATION_PAGING;
}

/* The table whose leaves are RAM pages: with nested translation, the host's. */
static bool has_host_table(const struct amdvi_dte *dte)
{
	return amdvi_dte_dma(dte) == AMDVI_DMA_HOST ||
	       amdvi_dte_dma(dte) == AMDVI_DMA_NESTED;
}

static void report_nested(struct ami_state *s, const struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	if (ami_believes_dte(d) && has_host_table(&d->dte) &&
	    amdvi_dte_nested(&d->dte))
		ami_finding_add(s->findings, AMI_FIND_NESTED_TRANSLATION,
				ami_bdf_text(d->bdf, where),
				"Its DMA goes through tables of a guest, which hold guest addresses, and then through the host table. The report counts all that the host table lets it write. The guest may have allowed less.");
}

/*
 * The root complex as it appears on the bus: function 0 of device 0, without a
 * driver. The class alone proves little: bridges without transparency (0680) do
 * DMA.
 */
static bool is_host_bridge(const struct ami_device *d)
{
	return d->class >> 8 == PCI_CLASS_HOST_BRIDGE &&
	       !(d->bdf.devid & 0xff) && !d->driver[0];
}

/*
 * Nothing known stands between the device and memory: no IOMMU serves it, or
 * the driver left DMA alone. Its entry may look as if it blocked DMA all the
 * same. The driver also fills the entries of devices behind no IOMMU. And a
 * capture kernel that reuses the table makes every entry with V=0 look so.
 */
static bool unguarded(const struct ami_state *s, const struct ami_device *d)
{
	if (d->domain >= 0 || state_is_iommu(s, d->bdf) || d->is_bridge ||
	    is_host_bridge(d) || !(d->is_pci || d->dev_data))
		return false;
	if (ami_believes_dte(d) && amdvi_dte_dma(&d->dte) != AMDVI_DMA_BLOCKED)
		return false;
	return s->untranslated || (d->is_pci && d->uncovered);
}

/* A part of its DMA may bypass the table, whatever else is known. */
static enum ami_bypass partly(const struct ami_device *d)
{
	bool believed = ami_believes_dte(d) && d->dte.v;

	if (ami_device_direct(d) && d->may_write)
		return AMI_BYPASS_NO;
	if (believed && d->dte.ex)
		return AMI_BYPASS_EXCLUSION;
	/* From the entry or the driver: damage may change either one. */
	return d->ats || (believed && d->dte.ats) ? AMI_BYPASS_ATS :
						    AMI_BYPASS_NO;
}

static void settle_bypass(struct ami_device *d)
{
	if (d->bypass == AMI_BYPASS_NO)
		d->bypass = partly(d);
	else if (d->bypass == AMI_BYPASS_UNKNOWN && !ami_device_direct(d))
		d->translation = AMI_TRANSLATION_UNKNOWN;
	if (d->bypass != AMI_BYPASS_VIRTIO)
		return;
	if (d->translation != AMI_TRANSLATION_PASSTHROUGH)
		d->translation = AMI_TRANSLATION_NONE;
	d->may_read = d->may_write = true;
}

/* What the device's DMA went through at the panic. */
static void settle(struct ami_state *s, struct ami_device *d)
{
	const struct ami_domain *dom = d->domain >= 0 ?
				       &s->domains[d->domain] : NULL;

	if (s->guard != AMI_GUARD_AMD) {
		state_settle_unguarded(s, d);
		return;
	}
	state_find_gcr3(s, d);
	if (unguarded(s, d)) {
		d->translation = AMI_TRANSLATION_NONE;
		d->may_read = d->may_write = true;
	} else if (ami_believes_dte(d)) {
		d->translation = from_dte(d);
		d->may_read = amdvi_dte_may_read(&d->dte);
		d->may_write = amdvi_dte_may_write(&d->dte);
		if (has_host_table(&d->dte))
			d->table = (struct ami_table){
				.format = AMI_FORMAT_V1,
				.root = d->dte.host_root,
				.levels = d->dte.mode,
				.sme_mask = ami_kernel_sme(s->kernel),
				.ad_bits = d->dte.had,
			};
	} else if (dom) {
		d->translation = from_domain(d, dom);
		d->table = dom->table;
		d->may_read = d->may_write =
			d->translation != AMI_TRANSLATION_BLOCKED;
	} else {
		d->translation = AMI_TRANSLATION_UNKNOWN;
	}
}

/*
 * IOAPICs and HPETs send interrupts through entries of their own, and write
 * nothing else.
 */
static void report_unclaimed(struct ami_state *s, struct ami_bdf bdf,
			     const struct amdvi_dte *dte)
{
	uint64_t table = foreign_table(s, dte);
	char where[AMI_BDF_TEXT];

	if (!table)
		return;
	s->capture = AMI_CAPTURE_REUSE;
	ami_finding_add_with(s->findings, AMI_FIND_DTE_ROOT_IN_CRASHKERNEL,
			ami_bdf_text(bdf, where),
			AMI_FACTS(AMI_SAYS(PHYS, table)),
			"No PCI device has this ID, and its DTE points to a table in the capture kernel's memory (%#llx): the capture kernel overwrote the entry. The driver has no domain for it: it could not write.",
			(unsigned long long)table);
}

/*
 * Entries of device IDs without a device: normally blocked. One that lets DMA
 * through is a requester that must not be missed, or damage.
 */
static int scan_page(struct ami_state *s, struct ami_segment *seg,
		     uint32_t first, const uint8_t *page, uint32_t *open)
{
	uint32_t i;

	for (i = 0; i < DTES_PER_PAGE; i++) {
		struct ami_bdf bdf = { seg->id, first + i };
		struct ami_device *added;
		struct amdvi_dte dte;
		uint64_t raw[4];

		if (first + i > seg->last_bdf)
			break;
		memcpy(raw, page + i * AMDVI_DTE_SIZE, sizeof(raw));
		amdvi_dte_decode(raw, ami_kernel_sme(s->kernel), &dte);
		if (ami_state_device(s, bdf))
			continue;
		if (!amdvi_dte_may_write(&dte)) {
			report_unclaimed(s, bdf, &dte);
			continue;
		}
		if (amdvi_dte_dma(&dte) == AMDVI_DMA_UNTRANSLATED) {
			++*open;
			continue;
		}
		if (state_device_at(s, bdf, &added))
			return -1;
	}
	return 0;
}

static int scan_table(struct ami_state *s, struct ami_segment *seg)
{
	uint8_t page[AMI_PAGE_SIZE];
	uint32_t id, open = 0, unread = 0;
	char where[32];

	snprintf(where, sizeof(where), "segment %04x", seg->id);
	for (id = 0; id <= seg->last_bdf &&
	     id * AMDVI_DTE_SIZE < seg->dev_table_size; id += DTES_PER_PAGE) {
		if (ami_read(s->kernel, seg->dev_table + id * AMDVI_DTE_SIZE,
			     page, sizeof(page)) != AMI_MEM_OK)
			unread++;
		else if (scan_page(s, seg, id, page, &open))
			return -1;
	}
	if (unread)
		ami_finding_add_with(s->findings, AMI_FIND_DEVICE_TABLE_UNREAD,
				where,
				AMI_FACTS(
					AMI_SAYS(PAGES, unread),
					AMI_SAYS(COUNT,
						 unread * DTES_PER_PAGE)),
				"%u page%s (%u entries) of the device table cannot be read from this dump.",
				unread, unread == 1 ? "" : "s",
				unread * DTES_PER_PAGE);
	if (open)
		ami_finding_add_with(s->findings, AMI_FIND_DTE_OPEN_UNCLAIMED,
				where,
				AMI_FACTS(AMI_SAYS(COUNT, open)),
				"%u device IDs without a device have V=0: a requester with such an ID would write untranslated.",
				open);
	return 0;
}

int state_read_dtes(struct ami_state *s)
{
	size_t i;

	for (i = 0; i < s->nr_segments; i++)
		if (s->segments[i].dev_table && scan_table(s, &s->segments[i]))
			return -1;
	state_sort_devices(s);
	/*
	 * One foreign entry shows that the capture kernel worked in the table.
	 */
	for (i = 0; i < s->nr_devices; i++) {
		read_dte(s, &s->devices[i]);
		if (is_foreign(s, &s->devices[i]))
			s->capture = AMI_CAPTURE_REUSE;
	}
	for (i = 0; i < s->nr_devices; i++) {
		judge(s, &s->devices[i]);
		settle(s, &s->devices[i]);
		state_hold_against_group(s, &s->devices[i]);
		settle_bypass(&s->devices[i]);
		report_nested(s, &s->devices[i]);
	}
	return 0;
}
