// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that hold what their owners did not put there: one finding for
 * those next to each other.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verdict.h"

/** struct words - a text that is put together */
struct words {
	char *text;
	size_t used, size;
};

static void add_words(struct words *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_words(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->used >= w->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(w->text + w->used, w->size - w->used, fmt, ap);
	va_end(ap);
	w->used += n > 0 ? n : 0;
}

static const struct ami_overwritten *
first_with(const struct ami_exposures *ex, const struct ami_overwriting *e,
	   enum ami_sign sign)
{
	size_t i;

	for (i = e->first; i < e->first + e->count; i++)
		if (ex->found->list[i].signs & sign)
			return &ex->found->list[i];
	return NULL;
}

/* Where its frame was sent to; NULL: to nobody that is known */
static const char *interface_of(const struct ami_exposures *ex,
				const struct ami_overwriting *e)
{
	const struct ami_overwritten *page = first_with(ex, e, AMI_SIGN_FRAME);

	return page && page->frame.interface >= 0 ?
	       ex->found->interfaces[page->frame.interface].name : NULL;
}

/* " of 1458 bytes to eth0" */
static void name_frame(const struct ami_exposures *ex,
		       const struct ami_overwriting *e, struct words *w)
{
	const char *interface = interface_of(ex, e);

	if (e->bytes)
		add_words(w, " of %u bytes", e->bytes);
	if (interface)
		add_words(w, " to %s", interface);
}

/* "an Ethernet frame of 1458 bytes to eth0 (19 pages), destroyed pointers (2)" */
static void name_signs(const struct ami_exposures *ex,
		       const struct ami_overwriting *e, char *text, size_t size)
{
	struct words w = { .text = text, .size = size };
	bool first = true;
	uint32_t i;

	text[0] = '\0';
	for (i = 0; i < AMI_SIGNS; i++) {
		if (!e->pages[i])
			continue;
		add_words(&w, "%s%s", w.used ? ", " : "", ami_sign_text(1u << i));
		if (1u << i == AMI_SIGN_FRAME)
			name_frame(ex, e, &w);
		if (e->count > 1)
			add_words(&w, " (%zu%s)", e->pages[i], !first ? "" :
				  e->pages[i] == 1 ? " page" : " pages");
		first = false;
	}
}

/* The pages of an event, "5 page table, 4 stack". Returns whether it is one owner. */
static bool name_owners(const struct ami_exposures *ex,
			const struct ami_overwriting *e, char *text, size_t size)
{
	struct words w = { .text = text, .size = size };
	size_t of[AMI_OWNERS] = { 0 }, i;

	for (i = e->first; i < e->first + e->count; i++)
		of[ex->found->list[i].owner]++;
	for (i = 0; i < AMI_OWNERS; i++) {
		if (of[i] == e->count)
			add_words(&w, "%s", ami_owner_name(i));
		else if (of[i])
			add_words(&w, "%s%zu %s", w.used ? ", " : "", of[i],
				  ami_owner_name(i));
	}
	return of[ex->found->list[e->first].owner] == e->count;
}

/* Its class is then that of the way, not of a transfer: nothing is in flight. */
static bool by_past_read(const struct ami_culprit *c)
{
	return c->proof == AMI_PROOF_TOLD && c->class == AMI_CLASS_PASSTHROUGH;
}

static const struct ami_past_read *first_read(const struct ami_exposures *ex,
					      const struct ami_overwriting *e)
{
	size_t i;

	for (i = e->first; i < e->first + e->count; i++)
		if (ex->found->list[i].has_read)
			return &ex->found->list[i].read;
	return NULL;
}

static void name_culprit(const struct ami_culprit *c, char *text, size_t size)
{
	char iova[40] = "";

	if (c->has_iova)
		snprintf(iova, sizeof(iova), ", IOVA %#" PRIx64, c->iova);
	switch (c->proof) {
	case AMI_PROOF_BOTH:
		snprintf(text, size, "this device could write there (%s%s), and it is the one that receives such frames",
			 ami_class_name(c->class), iova);
		break;
	case AMI_PROOF_CONTENT:
		snprintf(text, size, "this device receives such frames; nothing shows any more how it got there");
		break;
	case AMI_PROOF_PATH:
		snprintf(text, size, "only this device could write there (%s%s)",
			 ami_class_name(c->class), iova);
		break;
	case AMI_PROOF_TOLD:
		snprintf(text, size, "%zu devices could write there, and this one was asked to (%s%s)",
			 c->able, ami_class_name(c->class), iova);
		break;
	case AMI_PROOF_NONE:
		snprintf(text, size, c->able ? "%zu devices could write there" :
			 "no device is known that could write there", c->able);
		break;
	}
}

/* Does the sentence say in which class the device could write there? */
static bool names_way(const struct ami_culprit *c)
{
	return c->proof == AMI_PROOF_BOTH || c->proof == AMI_PROOF_PATH ||
	       c->proof == AMI_PROOF_TOLD;
}

static void report_event(struct ami_exposures *ex,
			 const struct ami_overwriting *e)
{
	const struct ami_overwritten *page = &ex->found->list[e->first];
	enum ami_finding_code code = e->pages[0] ?
				     AMI_FIND_FRAME_IN_KERNEL_MEMORY :
				     AMI_FIND_OWNER_CONTENT_BROKEN;
	char signs[320], who[240], owners[160], many[56] = "";
	char where[AMI_BDF_TEXT] = "memory";
	struct ami_culprit c = { .proof = AMI_PROOF_NONE };
	const struct ami_past_read *read;
	bool same = name_owners(ex, e, owners, sizeof(owners));

	/* A search through tables: only for what will be kept. */
	if (!ami_findings_full(ex->state->findings, code))
		ami_culprit_of_event(ex, e, &c);
	if (c.proof != AMI_PROOF_NONE)
		ami_bdf_text(c.device, where);
	name_signs(ex, e, signs, sizeof(signs));
	name_culprit(&c, who, sizeof(who));
	read = by_past_read(&c) ? first_read(ex, e) : NULL;
	if (read)
		snprintf(who, sizeof(who), "%zu devices could write there, and the queue of this one still has a read into this memory (namespace %u, block %" PRIu64 "), completed or not",
			 c.able, read->nsid, read->block);
	if (e->count > 1)
		snprintf(many, sizeof(many), "%zu neighbouring pages from",
			 e->count);
	ami_finding_add_with(
		ex->state->findings, code, where,
		AMI_FACTS(AMI_NAMES_IF(same, OWNER, owners),
			  AMI_SAYS(PAGES, e->count),
			  AMI_SAYS(PHYS, page->phys),
			  AMI_SAYS_IF(c.has_iova, IOVA, c.iova),
			  AMI_NAMES_IF(!same, OWNERS, owners),
			  AMI_NAMES(SIGNS, signs),
			  AMI_SAYS_IF(e->bytes, BYTES, e->bytes),
			  AMI_NAMES(INTERFACE, interface_of(ex, e)),
			  AMI_NAMES_IF(names_way(&c) && !read, CLASS,
				       ami_class_name(c.class)),
			  AMI_SAYS_IF(c.proof == AMI_PROOF_NONE ||
				      c.proof == AMI_PROOF_TOLD, DEVICES, c.able),
			  AMI_SAYS_IF(read, NAMESPACE, read ? read->nsid : 0),
			  AMI_SAYS_IF(read, BLOCK, read ? read->block : 0)),
		"%s %#" PRIx64 " (%s) hold%s what %s did not write (%s): %s.",
		e->count > 1 ? many : "The page at", page->phys, owners,
		e->count > 1 ? "" : "s", e->count > 1 ? "their owners" :
		"its owner", signs, who);
}

int verdict_find_overwritten(struct ami_exposures *ex)
{
	size_t i;

	for (i = 0; ex->found && i < ex->found->nr_events; i++)
		report_event(ex, &ex->found->events[i]);
	return 0;
}
