// SPDX-License-Identifier: GPL-2.0-or-later
/* From an address to everything that could have written there. */
#include <inttypes.h>
#include <string.h>

#include "view.h"

struct answer {
	struct view *v;
	uint64_t paddr;
	size_t rows;		/* of the table of writers */
	size_t count;		/* writers known to reach the address */
	bool named;		/* one has a mapping, or a request */
};

static bool within_log(const struct ami_log *log, uint64_t paddr)
{
	return log->located && paddr >= log->phys &&
	       paddr - log->phys < (uint64_t)log->entries * log->entry_size;
}

/* Which IOMMU structure is at @paddr. The rest of a page comes along. */
static const char *hardware_part(const struct view *v, uint32_t index,
				 uint64_t paddr)
{
	static const char *const log_text[AMI_LOGS] = {
		[AMI_LOG_EVENT] = "event log", [AMI_LOG_PPR] = "PPR log",
		[AMI_LOG_GA] = "GA log",
	};
	const struct ami_state *s = v->a->state;
	const struct ami_iommu *iommu;
	int kind;

	if (index >= s->nr_iommus)
		return "semaphore or log";
	iommu = &s->iommus[index];
	for (kind = 0; kind < AMI_LOGS; kind++)
		if (within_log(&iommu->log[kind], paddr))
			return log_text[kind];
	if (iommu->ring.semaphore_phys >> AMI_PAGE_SHIFT ==
	    paddr >> AMI_PAGE_SHIFT)
		return "semaphore";
	return "semaphore or log";
}

static const char *driver_of(const struct answer *a, struct ami_requester r)
{
	const struct ami_device *d;

	if (r.is_iommu)
		return hardware_part(a->v, r.index, a->paddr);
	d = ami_state_device(a->v->a->state, r.bdf);
	return d && d->driver[0] ? d->driver : "no driver";
}

/* It could write, but was not set up to: not a bus master. */
static bool idle(const struct view *v, struct ami_requester r)
{
	const struct ami_device *d = r.is_iommu ? NULL :
				     ami_state_device(v->a->state, r.bdf);

	return d && !ami_device_active(d);
}

static void writer_row(struct answer *a, const struct ami_exposure *e,
		       enum ami_certainty certainty, const char *iova)
{
	char who[AMI_REQUESTER_TEXT];

	if (!a->rows++)
		fprintf(a->v->out, "%-12s  %-16s  %-11s  %-9s  %s\n",
			"WRITER", "DRIVER", "CLASS", "CERTAINTY", "IOVA");
	fprintf(a->v->out, "%-12s  %-16s  %-11s  %-9s  %s%s\n",
		ami_requester_text(e->requester, who),
		driver_of(a, e->requester), ami_class_name(e->class),
		ami_certainty_name(certainty), iova,
		idle(a->v, e->requester) ? ", not active" : "");
}

static bool one_writer(void *ctx, const struct ami_writer *w)
{
	struct answer *a = ctx;
	struct view *v = a->v;
	const struct ami_exposure *e = w->exposure;
	char who[AMI_REQUESTER_TEXT], iova[24] = "-";

	a->count++;
	a->named |= e->class != AMI_CLASS_PASSTHROUGH &&
		    e->class < AMI_CLASS_HARDWARE;
	if (!v->r->json) {
		if (w->has_iova)
			snprintf(iova, sizeof(iova), "%#" PRIx64, w->iova);
		writer_row(a, e, e->certainty, iova);
		return true;
	}
	json_object_line(&v->j, NULL);
	json_string(&v->j, "requester",
		    ami_requester_text(e->requester, who));
	json_string(&v->j, "class", ami_class_name(e->class));
	json_string(&v->j, "certainty", ami_certainty_name(e->certainty));
	if (w->has_iova)
		json_hex(&v->j, "iova", w->iova);
	else
		json_null(&v->j, "iova");
	json_bool(&v->j, "active", !idle(v, e->requester));
	json_close_object(&v->j);
	return true;
}

/* Requesters whose pages cannot all be named. They may reach any page. */
static size_t unnamed(struct answer *a)
{
	struct view *v = a->v;
	const struct ami_exposures *ex = v->a->exposures;
	char who[AMI_REQUESTER_TEXT];
	size_t i, n = 0;

	if (v->r->json)
		json_array(&v->j, "incomplete");
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->complete)
			continue;
		n++;
		if (!v->r->json) {
			writer_row(a, e, AMI_POSSIBLE, "pages not known");
			continue;
		}
		json_object_line(&v->j, NULL);
		json_string(&v->j, "requester",
			    ami_requester_text(e->requester, who));
		json_string(&v->j, "class", ami_class_name(e->class));
		json_close_object(&v->j);
	}
	if (v->r->json)
		json_close_array(&v->j);
	return n;
}

/* Where writes of devices are messages to the interrupt controllers. */
#define MSI_FIRST	0xfee00000u
#define MSI_LAST	0xfeefffffu

static void no_ram_text(struct view *v, uint64_t paddr)
{
	if (paddr >= MSI_FIRST && paddr <= MSI_LAST)
		report_wrapped(v, 0, 0, "No RAM: what devices write to this address are interrupts (MSI).");
	else
		report_wrapped(v, 0, 0, "No RAM of this dump has this physical address. One of a process has to be translated first.");
}

static void nobody_text(struct view *v, size_t unknown)
{
	enum ami_verdict verdict = v->a->exposures->verdict;

	if (unknown || verdict == AMI_VERDICT_CORRUPT ||
	    verdict == AMI_VERDICT_UNKNOWN ||
	    ami_findings_have(v->a->state->findings, AMI_EFFECT_GAP))
		report_wrapped(v, 0, 0, "No known translation leads here, but the state is incomplete or damaged (see report): this does not prove that no device wrote the page.");
	else
		report_wrapped(v, 0, 0, "No device could write this page through the IOMMU %s.",
			       ami_moment(v->a->state));
}

#define PHYSICAL_BITS	52

static int physical(struct view *v, uint64_t *paddr)
{
	enum ami_mem mem;

	*paddr = v->r->address;
	if (!(v->r->address >> PHYSICAL_BITS))
		return 0;
	if (!ami_kernel_address(v->r->address))
		return ami_error_set(v->err, AMI_ERR_DATA,
				     "%#" PRIx64 " is neither a physical address (%d bits) nor a virtual one of the kernel",
				     v->r->address, PHYSICAL_BITS);
	mem = ami_virt_to_phys(v->a->kernel, v->r->address, paddr);
	if (mem == AMI_MEM_OK)
		return 0;
	return ami_error_set(v->err, AMI_ERR_DATA,
			     "the virtual address %#" PRIx64 " is %s",
			     v->r->address, ami_mem_text(mem));
}

/* Is the content in this dump? If not, why, in words. */
static const char *content(struct view *v, uint64_t pfn)
{
	enum ami_mem mem;
	const uint8_t *page = ami_dump_page(v->a->dump, pfn, &mem);

	if (!page && v->a->state->unlisted &&
	    ami_pfnset_has(v->a->state->unlisted, pfn))
		return "not in the dump: RAM that the file does not list";
	if (!page)
		return ami_mem_text(mem);
	ami_dump_unpage(v->a->dump, page);
	return NULL;
}

/* What lay at the address, by the kernel's own state. */
static enum ami_owner owner(struct view *v, uint64_t paddr)
{
	const char *lacking = content(v, paddr >> AMI_PAGE_SHIFT);
	char text[AMI_OWNER_TEXT_SIZE];
	enum ami_owner is;

	is = ami_owner_describe(v->a->exposures->owners, paddr, text,
				sizeof(text));
	if (v->r->json) {
		json_string(&v->j, "owner", ami_owner_name(is));
		json_string(&v->j, "owner_text", text);
		json_bool(&v->j, "in_dump", !lacking);
		json_bool(&v->j, "never_buffer", ami_owner_never_buffer(is));
		return is;
	}
	fprintf(v->out, "owner    %s\n", text);
	if (lacking)
		fprintf(v->out, "content  %s\n", lacking);
	return is;
}

/* A device writes to the bounce buffer, and the CPU copies from there. */
static void bounced(struct view *v, uint64_t paddr)
{
	const struct ami_exposures *ex = v->a->exposures;
	const struct ami_bounce *of = ami_bounce_of(ex->evidence, paddr);
	const struct ami_bounce *by = ami_bounce_for(ex->evidence, paddr);
	char text[AMI_OWNER_TEXT_SIZE];

	if (of && v->r->json)
		json_hex(&v->j, "bounce_of", of->origin);
	if (by && v->r->json)
		json_hex(&v->j, "bounced_to", by->slot);
	if (v->r->json)
		return;
	if (of) {
		ami_owner_describe(ex->owners, of->origin, text, sizeof(text));
		fputs("bounce   ", v->out);
		report_wrapped(v, 9, 9, "buffer of swiotlb in use, for the memory at %#" PRIx64 ": %s",
			       of->origin, text);
	}
	if (by) {
		fputs("bounce   ", v->out);
		report_wrapped(v, 9, 9, "a buffer of swiotlb at %#" PRIx64 " stands in for this memory: a device reads or writes there, so ask for that, too",
			       by->slot);
	}
}

static void who_json(struct answer *a, bool ram)
{
	struct view *v = a->v;

	json_hex(&v->j, "phys", a->paddr);
	json_number(&v->j, "pfn", a->paddr >> AMI_PAGE_SHIFT);
	json_bool(&v->j, "ram", ram);
	json_bool(&v->j, "truncated", ami_dump_cut(v->a->dump));
	if (ram) {
		owner(v, a->paddr);
		report_overwritten_who(v, a->paddr);
		bounced(v, a->paddr);
	}
	json_array(&v->j, "writers");
	ami_writers(v->a->exposures, a->paddr, one_writer, a);
	json_close_array(&v->j);
	report_transfers_at(v, a->paddr);
	unnamed(a);
}

/* What the file lost may have shown a writer. */
static void cut_text(struct view *v)
{
	const char *cut = ami_dump_cut(v->a->dump);

	if (cut)
		report_wrapped(v, 0, 0, "The file is %s. %s", cut,
			       ami_dump_cut_reads(v->a->dump) ?
			       "Writers may be missing from this answer." :
			       "Nothing that this answer rests on is missing.");
}

static void who_text(struct answer *a, bool ram)
{
	struct view *v = a->v;
	enum ami_owner is;
	size_t unknown;

	fprintf(v->out, "physical %#" PRIx64 ", page frame %#" PRIx64 "\n",
		a->paddr, a->paddr >> AMI_PAGE_SHIFT);
	if (!ram) {
		no_ram_text(v, a->paddr);
		cut_text(v);
		return;
	}
	is = owner(v, a->paddr);
	report_overwritten_who(v, a->paddr);
	bounced(v, a->paddr);
	ami_writers(v->a->exposures, a->paddr, one_writer, a);
	unknown = unnamed(a);
	report_transfers_at(v, a->paddr);
	cut_text(v);
	if (!a->count)
		nobody_text(v, unknown);
	else if (a->named && ami_owner_never_buffer(is))
		report_wrapped(v, 0, 0, is == AMI_OWNER_FREE ?
			       "No correct driver lets a device write a free page: a buffer was freed while its mapping stayed (use after free by DMA)." :
			       "No correct driver lets a device write such a page: a mapping outlived its buffer, or the page was taken for one.");
}

int view_who(struct view *v)
{
	struct answer a = { .v = v };
	bool ram;

	if (physical(v, &a.paddr))
		return -1;
	ram = ami_dump_ram(v->a->dump, a.paddr >> AMI_PAGE_SHIFT);
	if (v->r->json)
		who_json(&a, ram);
	else
		who_text(&a, ram);
	return 0;
}
