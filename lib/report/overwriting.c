// SPDX-License-Identifier: GPL-2.0-or-later
/* Overwritten pages next to each other, which one cause left. */
#include <inttypes.h>
#include <stdio.h>

#include "view.h"

#define SHOWN	8u		/* events */
#define LISTED	256u		/* events in JSON, without -v */

static void count_owners(const struct view *v, const struct ami_overwriting *e,
			 size_t of[AMI_OWNERS])
{
	size_t i;

	for (i = 0; i < AMI_OWNERS; i++)
		of[i] = 0;
	for (i = e->first; i < e->first + e->count; i++)
		of[v->a->contents->list[i].owner]++;
}

static void number_or_null(struct view *v, const char *key, bool known,
			   uint64_t value)
{
	if (known)
		json_number(&v->j, key, value);
	else
		json_null(&v->j, key);
}

static void event_json(struct view *v, const struct ami_overwriting *e)
{
	const struct ami_overwritten *page = &v->a->contents->list[e->first];
	struct ami_culprit culprit;
	size_t of[AMI_OWNERS], i;

	json_hex(&v->j, "phys", page->phys);
	json_number(&v->j, "pfn", page->pfn);
	json_number(&v->j, "last_pfn", page[e->count - 1].pfn);
	json_number(&v->j, "pages", e->count);
	number_or_null(v, "step", e->step, e->step);
	number_or_null(v, "offset", e->offset >= 0, e->offset);
	number_or_null(v, "frame_bytes", e->bytes, e->bytes);
	count_owners(v, e, of);
	json_object(&v->j, "owners");
	for (i = 0; i < AMI_OWNERS; i++)
		if (of[i])
			json_number(&v->j, ami_owner_name(i), of[i]);
	json_close_object(&v->j);
	json_object(&v->j, "signs");
	for (i = 0; i < AMI_SIGNS; i++)
		if (e->pages[i])
			json_number(&v->j, ami_sign_name(1u << i), e->pages[i]);
	json_close_object(&v->j);
	ami_culprit_of_event(v->a->exposures, e, &culprit);
	report_culprit_json(v, &culprit);
}

void report_overwriting_json(struct view *v)
{
	const struct ami_contents *c = v->a->contents;
	size_t i, n = c ? c->nr_events : 0;

	json_number(&v->j, "event_count", n);
	json_array(&v->j, "events");
	for (i = 0; i < n && (i < LISTED || v->r->verbose) && view_goes_on(v);
	     i++) {
		json_object_line(&v->j, NULL);
		event_json(v, &c->events[i]);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

/* ", each at offset 0x40, 4096 bytes apart, frames of 1458 bytes" */
static void say_pattern(const struct ami_overwriting *e, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	if (e->offset >= 0)
		used += snprintf(text, size, ", each from offset %#x on",
				 (unsigned int)e->offset);
	if (e->step > AMI_PAGE_SIZE && used < size)
		used += snprintf(text + used, size - used, ", %" PRIu64
				 " KiB apart", e->step / 1024);
	if (e->bytes && used < size)
		snprintf(text + used, size - used, ", frames of %u bytes",
			 e->bytes);
}

static void event_text(struct view *v, const struct ami_overwriting *e)
{
	const struct ami_overwritten *page = &v->a->contents->list[e->first];
	struct ami_culprit culprit;
	char bdf[AMI_BDF_TEXT], pattern[128];

	ami_culprit_of_event(v->a->exposures, e, &culprit);
	say_pattern(e, pattern, sizeof(pattern));
	fprintf(v->out, "%#-12" PRIx64 "  ", page->phys);
	report_wrapped(v, 14, 14, "%zu page%s up to %#" PRIx64 "%s: %s%s",
		       e->count, e->count == 1 ? "" : "s",
		       (page[e->count - 1].pfn << AMI_PAGE_SHIFT) +
		       AMI_PAGE_SIZE - 1, pattern,
		       culprit.proof == AMI_PROOF_NONE ? "no device is named" :
		       ami_bdf_text(culprit.device, bdf),
		       culprit.proof == AMI_PROOF_PATH ? " (the only one able)" :
		       "");
}

/* The largest ones say most. Those of one page are in the list of pages. */
static bool is_larger(const struct ami_overwriting *a,
		      const struct ami_overwriting *b)
{
	return a->count > b->count || (a->count == b->count &&
				       a->first < b->first);
}

static const struct ami_overwriting *
next_smaller(const struct ami_contents *c, const struct ami_overwriting *last)
{
	const struct ami_overwriting *found = NULL;
	size_t i;

	for (i = 0; i < c->nr_events; i++) {
		const struct ami_overwriting *e = &c->events[i];

		if (e->count > 1 && (!last || is_larger(last, e)) &&
		    (!found || is_larger(e, found)))
			found = e;
	}
	return found;
}

void report_overwriting_text(struct view *v)
{
	const struct ami_contents *c = v->a->contents;
	const struct ami_overwriting *e;
	size_t shown = 0;

	for (e = next_smaller(c, NULL); e && (shown < SHOWN || v->r->verbose) &&
	     view_goes_on(v); e = next_smaller(c, e)) {
		if (!shown++)
			report_wrapped(v, 0, 0, "%zu event%s (pages next to each other count as one event):",
				       c->nr_events,
				       c->nr_events == 1 ? "" : "s");
		event_text(v, e);
	}
	if (shown && c->nr_events > shown)
		fprintf(v->out, "(%zu more event%s%s)\n", c->nr_events - shown,
			c->nr_events - shown == 1 ? "" : "s",
			e ? "; -v" : " with a single page");
}
