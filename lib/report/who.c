// SPDX-License-Identifier: GPL-2.0-or-later
/* From an address to everything that could have written there. */
#include <inttypes.h>
#include <string.h>

#include "answer.h"
#include "asked.h"

struct writers {
	struct view *v;
	struct asking *asking;
	const struct asked *asked;
	uint64_t paddr;
	size_t rows;		/* of the table of writers */
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

static const char *driver_of(const struct writers *a, struct ami_requester r)
{
	const struct ami_device *d;

	if (r.is_iommu)
		return hardware_part(a->v, r.index, a->paddr);
	d = ami_state_device(a->v->a->state, r.bdf);
	return d && d->driver[0] ? d->driver : "no driver";
}

static void writers_row(struct writers *a, const char *who, const char *driver,
			const struct ami_exposure *e,
			enum ami_certainty certainty, const char *iova)
{
	if (!a->rows++)
		fprintf(a->v->out, "%-12s  %-16s  %-11s  %-9s  %s\n",
			"WRITER", "DRIVER", "CLASS", "CERTAINTY", "IOVA");
	fprintf(a->v->out, "%-12s  %-16s  %-11s  %-9s  %s%s\n", who, driver,
		ami_class_name(e->class), ami_certainty_name(certainty), iova,
		answer_idle(a->v, e->requester) ? ", not active" : "");
}

static void writer_row(struct writers *a, const struct ami_exposure *e,
		       enum ami_certainty certainty, const char *iova)
{
	char who[AMI_REQUESTER_TEXT];

	writers_row(a, ami_requester_text(e->requester, who),
		    driver_of(a, e->requester), e, certainty, iova);
}

/* Devices that differ in nothing here are one line. */
static bool same_answer(const struct view *v, const struct ami_exposure *a,
			const struct ami_exposure *b)
{
	return b->all_ram && b->certainty == a->certainty &&
	       answer_idle(v, b->requester) == answer_idle(v, a->requester);
}

#define DRIVERS_SHOWN	8u

/** struct drivers - of devices in one line, with how many each has */
struct drivers {
	const char *name[DRIVERS_SHOWN];
	size_t devices[DRIVERS_SHOWN], count, others, all;
};

static void count_driver(struct drivers *d, const char *name)
{
	size_t i;

	d->all++;
	for (i = 0; i < d->count; i++)
		if (!strcmp(d->name[i], name)) {
			d->devices[i]++;
			return;
		}
	if (d->count == DRIVERS_SHOWN) {
		d->others++;
		return;
	}
	d->name[d->count] = name;
	d->devices[d->count++] = 1;
}

static void drivers_text(struct view *v, const struct drivers *d)
{
	char text[DRIVERS_SHOWN * 64 + 64];
	size_t i, at = 0;

	for (i = 0; i < d->count; i++) {
		at += snprintf(text + at, sizeof(text) - at, "%s%s",
			       i ? ", " : "", d->name[i]);
		if (d->devices[i] > 1)
			at += snprintf(text + at, sizeof(text) - at, " (%zu)",
				       d->devices[i]);
	}
	if (d->others)
		snprintf(text + at, sizeof(text) - at, ", %zu more", d->others);
	fprintf(v->out, "%14s", "");
	report_wrapped(v, 14, 14, "all memory: %s", text);
}

/* Devices that reach all memory: one line for those like @first. */
static void direct_text(struct writers *a, const struct ami_exposure *first)
{
	const struct ami_exposures *ex = a->v->a->exposures;
	struct drivers d = { .all = 0 };
	struct ami_writer w = { .has_iova = false };
	char many[32], iova[24] = "not known";
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (same_answer(a->v, first, &ex->list[i]))
			count_driver(&d, driver_of(a, ex->list[i].requester));
	if (ami_first_writer(ex, first, a->paddr, &w) && w.has_iova)
		snprintf(iova, sizeof(iova), "%#" PRIx64, w.iova);
	if (d.all == 1) {
		writer_row(a, first, first->certainty, iova);
		return;
	}
	snprintf(many, sizeof(many), "%zu devices", d.all);
	writers_row(a, many, "-", first, first->certainty, iova);
	drivers_text(a->v, &d);
}

/* Active ones first. */
static void all_direct_text(struct writers *a)
{
	const struct ami_exposures *ex = a->v->a->exposures;
	bool shown[2][AMI_POSSIBLE + 1] = { { false } };
	int idle;
	size_t i;

	for (idle = 0; idle < 2; idle++)
		for (i = 0; i < ex->count; i++) {
			const struct ami_exposure *e = &ex->list[i];

			if (!e->all_ram || shown[idle][e->certainty] ||
			    answer_idle(a->v, e->requester) != idle)
				continue;
			shown[idle][e->certainty] = true;
			direct_text(a, e);
		}
}

static void writer_text(struct writers *a, const struct ami_writer *w)
{
	char iova[24] = "-";

	if (w->exposure->all_ram)
		return;
	if (w->has_iova)
		snprintf(iova, sizeof(iova), "%#" PRIx64, w->iova);
	writer_row(a, w->exposure, w->exposure->certainty, iova);
}

static bool one_writer(void *ctx, const struct ami_writer *w)
{
	struct writers *a = ctx;
	struct view *v = a->v;
	const struct ami_exposure *e = w->exposure;
	char who[AMI_REQUESTER_TEXT];

	a->named |= e->class != AMI_CLASS_PASSTHROUGH &&
		    e->class < AMI_CLASS_HARDWARE;
	if (!v->r->json) {
		writer_text(a, w);
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
	json_bool(&v->j, "active", !answer_idle(v, e->requester));
	json_close_object(&v->j);
	return true;
}

/* Requesters whose pages cannot all be named. They may reach any page. */
static void unnamed(struct writers *a)
{
	struct view *v = a->v;
	const struct ami_exposures *ex = v->a->exposures;
	char who[AMI_REQUESTER_TEXT];
	size_t i;

	if (v->r->json)
		json_array(&v->j, "incomplete");
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->complete)
			continue;
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
}

/* In words of a dump: a process has tables of its own. */
static int not_there(struct view *v, const struct asked *q, enum ami_mem mem)
{
	if (q->kind == ASKED_PROCESS && mem == AMI_MEM_UNMAPPED)
		return ami_error_set(v->err, AMI_ERR_DATA,
				     "%s is not in memory: swapped out, never touched, or not mapped",
				     q->meaning);
	return ami_error_set(v->err, AMI_ERR_DATA, "the %s %#" PRIx64 " is %s",
			     q->kind == ASKED_PROCESS ? "page table for" :
			     "virtual address", q->start, ami_mem_text(mem));
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
	const char *why_not = content(v, paddr >> AMI_PAGE_SHIFT);
	char text[AMI_OWNER_TEXT_SIZE];
	enum ami_owner is;

	is = ami_owner_describe(v->a->exposures->owners, paddr, text,
				sizeof(text));
	if (v->r->json) {
		json_string(&v->j, "owner", ami_owner_name(is));
		json_string(&v->j, "owner_text", text);
		json_bool(&v->j, "in_dump", !why_not);
		json_bool(&v->j, "never_buffer", ami_owner_never_buffer(is));
		return is;
	}
	fprintf(v->out, "owner    %s\n", text);
	if (why_not)
		fprintf(v->out, "content  %s\n", why_not);
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
		report_wrapped(v, 9, 9, "a buffer of swiotlb at %#" PRIx64 " stands in for this memory: a device reads or writes there, so ask about that, too",
			       by->slot);
	}
}

/* Findings about the page: damaged poison, a freed buffer, ... */
static void findings_at(struct view *v, uint64_t paddr)
{
	const struct ami_findings *f = v->a->state->findings;
	size_t i;

	if (v->r->json)
		json_array(&v->j, "findings");
	for (i = 0; i < f->count; i++) {
		const struct ami_fact *at = ami_facts_find(&f->list[i].facts,
							   AMI_FACT_PHYS);

		if (!at || at->value >> AMI_PAGE_SHIFT !=
			   paddr >> AMI_PAGE_SHIFT)
			continue;
		if (v->r->json) {
			report_finding_json(v, &f->list[i]);
			continue;
		}
		fputs("finding  ", v->out);
		report_wrapped(v, 9, 9, "%s %s: %s", f->list[i].where,
			       ami_finding_class(f->list[i].code)->name,
			       f->list[i].text);
	}
	if (v->r->json)
		json_close_array(&v->j);
}

static void who_json(struct writers *a, const struct answer *is, bool ram)
{
	struct view *v = a->v;

	json_string(&v->j, "asked", a->asked->word);
	json_text(&v->j, "meaning", *a->asked->meaning ? a->asked->meaning :
							NULL);
	json_hex(&v->j, "phys", a->paddr);
	json_number(&v->j, "pfn", a->paddr >> AMI_PAGE_SHIFT);
	answer_json(v, is);
	json_bool(&v->j, "ram", ram);
	json_bool(&v->j, "truncated", ami_dump_cut(v->a->dump));
	if (ram) {
		answer_place_json(a->asking, a->paddr, owner(v, a->paddr));
		report_overwritten_who(v, a->paddr);
		bounced(v, a->paddr);
	}
	findings_at(v, a->paddr);
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

static void story_text(struct view *v, enum ami_owner is)
{
	report_wrapped(v, 0, 0, is == AMI_OWNER_FREE ?
		       "No correct driver lets a device write a free page: a buffer was freed while its mapping stayed (use after free by DMA)." :
		       "No correct driver lets a device write such a page: a mapping outlived its buffer, or the page was taken for one.");
}

static void who_text(struct writers *a, const struct answer *answer, bool ram)
{
	struct view *v = a->v;
	enum ami_owner is;

	report_wrapped(v, 0, 0, "%s", answer->text);
	if (*a->asked->meaning) {
		fputs("asked    ", v->out);
		report_wrapped(v, 9, 9, "%s", a->asked->meaning);
	}
	fprintf(v->out, "physical %#" PRIx64 ", page frame %#" PRIx64 "\n",
		a->paddr, a->paddr >> AMI_PAGE_SHIFT);
	if (!ram) {
		cut_text(v);
		return;
	}
	is = owner(v, a->paddr);
	answer_place_text(a->asking, a->paddr, is);
	report_overwritten_who(v, a->paddr);
	bounced(v, a->paddr);
	findings_at(v, a->paddr);
	ami_writers(v->a->exposures, a->paddr, one_writer, a);
	all_direct_text(a);
	unnamed(a);
	report_transfers_at(v, a->paddr);
	cut_text(v);
	if (a->named && ami_owner_never_buffer(is))
		story_text(v, is);
}

static int answer_one(struct asking *asking, const struct asked *q)
{
	struct view *v = asking->v;
	struct writers a = { .v = v, .asking = asking, .asked = q };
	enum ami_mem mem = answer_asked_phys(v, q, q->start, &a.paddr);
	struct answer is;
	bool ram;

	if (mem != AMI_MEM_OK)
		return not_there(v, q, mem);
	ram = ami_dump_ram(v->a->dump, a.paddr >> AMI_PAGE_SHIFT);
	if (answer_find(v, a.paddr, q->last - q->start + 1, ram, &is))
		return -1;
	if (v->r->json)
		who_json(&a, &is, ram);
	else
		who_text(&a, &is, ram);
	answer_free(&is);
	return 0;
}

/* One address in full; a table of several, or of a range. */
static int answer_words(struct asking *asking)
{
	const struct ami_request *r = asking->v->r;
	struct asked q;

	if (r->nr_words > 1 || (r->nr_words && !strcmp(r->words[0], "-")))
		return answer_many(asking);
	if (answer_asked_first(asking, &q))
		return -1;
	return q.range ? answer_many(asking) : answer_one(asking, &q);
}

int view_who(struct view *v)
{
	struct asking asking = { .v = v };
	int ret = answer_words(&asking);

	answer_asking_end(&asking);
	return ret;
}
