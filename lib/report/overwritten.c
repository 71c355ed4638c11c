// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that hold what their owners did not put there, and who did. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view.h"

#define NAMED	4096u		/* pages whose ways are searched for */
#define SHOWN	8u		/* devices */
#define LISTED	1024u		/* pages in JSON, without -v */

static const struct ami_interface *interface_of(const struct view *v,
						const struct ami_frame *f)
{
	return f->interface < 0 ? NULL :
	       &v->a->contents->interfaces[f->interface];
}

static void frame_json(struct view *v, const struct ami_frame *f)
{
	const struct ami_interface *to = interface_of(v, f);

	json_object(&v->j, "frame");
	json_hex(&v->j, "phys", f->phys);
	json_number(&v->j, "bytes", f->len);
	json_string(&v->j, "strength", ami_frame_strength_name(f->strength));
	if (to)
		json_string(&v->j, "interface", to->name);
	else
		json_null(&v->j, "interface");
	json_close_object(&v->j);
}

static void read_json(struct view *v, const struct ami_overwritten *w)
{
	char bdf[AMI_BDF_TEXT];

	if (!w->has_read) {
		json_null(&v->j, "read");
		return;
	}
	json_object(&v->j, "read");
	json_string(&v->j, "device", ami_bdf_text(w->read.bdf, bdf));
	json_number(&v->j, "namespace", w->read.nsid);
	json_number(&v->j, "block", w->read.block);
	json_number(&v->j, "blocks", w->read.blocks);
	json_close_object(&v->j);
}

static void page_json(struct view *v, const struct ami_overwritten *w,
		      const struct ami_culprit *c)
{
	uint32_t i;

	json_hex(&v->j, "phys", w->phys);
	json_number(&v->j, "pfn", w->pfn);
	json_string(&v->j, "owner", ami_owner_name(w->owner));
	json_object(&v->j, "signs");
	for (i = 0; i < AMI_SIGNS; i++)
		if (w->signs >> i & 1)
			json_number(&v->j, ami_sign_name(1u << i), w->count[i]);
	json_close_object(&v->j);
	if (w->signs & (AMI_SIGN_FRAME | AMI_SIGN_FRAME_PART))
		frame_json(v, &w->frame);
	else
		json_null(&v->j, "frame");
	read_json(v, w);
	report_culprit_json(v, c);
}

/* "page-table" is "page table". */
static bool same_name(const char *asked, const char *name)
{
	for (; *asked && *name; asked++, name++)
		if (*asked != *name && (*name != ' ' || !strchr("-_", *asked)))
			return false;
	return !*asked && !*name;
}

bool report_owner_is(const char *asked, enum ami_owner owner)
{
	return same_name(asked, ami_owner_name(owner));
}

bool report_owner_exists(const char *asked)
{
	int owner;

	for (owner = 0; owner < AMI_OWNERS; owner++)
		if (report_owner_is(asked, owner))
			return true;
	return false;
}

/* With BDF only those that name the device. */
static bool asked_for(const struct view *v, const struct ami_overwritten *w,
		      const struct ami_culprit *c)
{
	if (v->r->owner && !report_owner_is(v->r->owner, w->owner))
		return false;
	return !v->r->has_bdf ||
	       (c->proof != AMI_PROOF_NONE &&
		c->device.segment == v->r->bdf.segment &&
		c->device.devid == v->r->bdf.devid);
}

void report_overwritten_json(struct view *v)
{
	const struct ami_contents *c = v->a->contents;
	size_t i, n = c ? c->count : 0, listed = 0;
	struct ami_culprit culprit;

	json_object(&v->j, "overwritten_pages");
	json_bool(&v->j, "whole", c && c->whole);
	json_number(&v->j, "checked", c ? c->checked : 0);
	json_number(&v->j, "unread", c ? c->unread : 0);
	json_number(&v->j, "frames_below_objects", c ? c->residue : 0);
	json_number(&v->j, "count", n);
	report_overwriting_json(v);
	json_array(&v->j, "list");
	for (i = 0; i < n && (listed < LISTED || v->r->verbose) &&
	     view_goes_on(v); i++) {
		ami_culprit_find(v->a->exposures, &c->list[i], &culprit);
		if (!asked_for(v, &c->list[i], &culprit))
			continue;
		listed++;
		json_object_line(&v->j, NULL);
		page_json(v, &c->list[i], &culprit);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
	json_close_object(&v->j);
}

/** struct summary - pages of one device, by proof */
struct summary {
	struct {
		struct ami_bdf device;
		enum ami_proof proof;
		uint64_t pages, frames, whole;
	} of[SHOWN];
	size_t count;
	uint64_t nobody, owners[AMI_OWNERS];
};

static void count_page(struct summary *s, const struct ami_overwritten *w,
		       const struct ami_culprit *c)
{
	size_t i;

	s->owners[w->owner]++;
	for (i = 0; i < s->count; i++)
		if (s->of[i].proof == c->proof &&
		    !memcmp(&s->of[i].device, &c->device, sizeof(c->device)))
			break;
	if (c->proof == AMI_PROOF_NONE || i == SHOWN) {
		s->nobody++;
		return;
	}
	if (i == s->count) {
		s->of[i].device = c->device;
		s->of[i].proof = c->proof;
		s->count++;
	}
	s->of[i].pages++;
	s->of[i].frames += w->count[0];
	s->of[i].whole += w->frame.strength == AMI_FRAME_WHOLE;
}

static void devices_text(struct view *v, const struct summary *s)
{
	static const char *const means[] = {
		[AMI_PROOF_BOTH] = "could write there, and receives such frames",
		[AMI_PROOF_CONTENT] = "receives such frames; its way there is not known",
		[AMI_PROOF_PATH] = "only this device could write there",
		[AMI_PROOF_TOLD] = "of those that could, this one was asked to",
	};
	char bdf[AMI_BDF_TEXT], frames[96];
	size_t i;

	for (i = 0; i < s->count; i++) {
		fprintf(v->out, "%s  ", ami_bdf_text(s->of[i].device, bdf));
		frames[0] = '\0';
		if (s->of[i].frames)
			snprintf(frames, sizeof(frames), ", %" PRIu64
				 " Ethernet frames (first ones whole: %" PRIu64
				 ")", s->of[i].frames, s->of[i].whole);
		report_wrapped(v, 14, 14, "%" PRIu64 " pages%s: %s",
			       s->of[i].pages, frames, means[s->of[i].proof]);
	}
	if (s->nobody)
		report_wrapped(v, 0, 14, "no device    %" PRIu64 " pages whose content names none, where several devices or no known one could write",
			       s->nobody);
}

static void owners_text(struct view *v, const struct summary *s, char *line,
			size_t size)
{
	size_t used = 0;
	int owner;
	char n[24];

	line[0] = '\0';
	for (owner = 0; owner < AMI_OWNERS; owner++)
		if (s->owners[owner] && used + 64 < size)
			used += snprintf(line + used, size - used, "%s%s %s",
					 used ? ", " : "",
					 report_number_text(v, s->owners[owner],
							    n),
					 ami_owner_name(owner));
}

void report_overwritten_text(struct view *v)
{
	const struct ami_contents *c = v->a->contents;
	struct summary s = { .count = 0 };
	struct ami_culprit culprit;
	char line[512];
	size_t i;

	for (i = 0; i < c->count; i++) {
		culprit = (struct ami_culprit){ .proof = AMI_PROOF_NONE };
		if (i < NAMED)
			ami_culprit_find(v->a->exposures, &c->list[i], &culprit);
		count_page(&s, &c->list[i], &culprit);
	}
	owners_text(v, &s, line, sizeof(line));
	report_wrapped(v, 0, 0, "%zu pages: %s; the first at %#" PRIx64,
		       c->count, line, c->list[0].phys);
	devices_text(v, &s);
	report_overwriting_text(v);
}

void report_overwritten_who(struct view *v, uint64_t paddr)
{
	const struct ami_overwritten *w =
		ami_overwritten_at(v->a->contents, paddr >> AMI_PAGE_SHIFT);
	struct ami_culprit culprit;
	char bdf[AMI_BDF_TEXT];
	uint32_t i;

	if (v->r->json && w) {
		ami_culprit_find(v->a->exposures, w, &culprit);
		json_object(&v->j, "overwritten");
		page_json(v, w, &culprit);
		json_close_object(&v->j);
	} else if (v->r->json) {
		json_null(&v->j, "overwritten");
	}
	for (i = 0; w && !v->r->json && i < AMI_SIGNS; i++) {
		if (!(w->signs >> i & 1))
			continue;
		fputs("content  ", v->out);
		if (1u << i == AMI_SIGN_FRAME)
			report_wrapped(v, 9, 9, "Ethernet frame at %#" PRIx64 ", %u bytes (%s), to %s: its owner never writes one",
				       w->frame.phys, w->frame.len,
				       ami_frame_strength_name(w->frame.strength),
				       interface_of(v, &w->frame) ?
				       interface_of(v, &w->frame)->name :
				       "everybody, or an interface that is not known");
		else
			report_wrapped(v, 9, 9, "%s (%u), from %#" PRIx64,
				       ami_sign_text(1u << i), w->count[i],
				       w->phys);
	}
	if (w && w->has_read && !v->r->json) {
		fputs("content  ", v->out);
		report_wrapped(v, 9, 9, "a queue of %s still has a read into it, done or not: namespace %u, %u blocks from %" PRIu64 " on",
			       ami_bdf_text(w->read.bdf, bdf), w->read.nsid,
			       w->read.blocks, w->read.block);
	}
}

/* "frame, pointers" */
static void signs_text(const struct ami_overwritten *w, char *text, size_t size)
{
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < AMI_SIGNS && used < size; i++)
		if (w->signs >> i & 1)
			used += snprintf(text + used, size - used, "%s%s",
					 used ? ", " : "",
					 ami_sign_name(1u << i));
}

#define LINES	40u
#define SIGNS_AT	62u	/* column */

static void list_text(struct view *v)
{
	const struct ami_contents *c = v->a->contents;
	char bdf[AMI_BDF_TEXT], signs[80];
	struct ami_culprit culprit;
	size_t i, shown = 0;

	fprintf(v->out, "%-14s %-16s %-16s %-12s %s\n", "PHYSICAL", "OWNER",
		"PROOF", "DEVICE", "SIGNS");
	for (i = 0; i < c->count && view_goes_on(v); i++) {
		ami_culprit_find(v->a->exposures, &c->list[i], &culprit);
		if (!asked_for(v, &c->list[i], &culprit) || (shown++ >= LINES &&
						!v->r->verbose))
			continue;
		signs_text(&c->list[i], signs, sizeof(signs));
		fprintf(v->out, "%#-14" PRIx64 " %-16s %-16s %-12s ",
			c->list[i].phys, ami_owner_name(c->list[i].owner),
			ami_proof_name(culprit.proof),
			culprit.proof == AMI_PROOF_NONE ? "-" :
			ami_bdf_text(culprit.device, bdf));
		report_wrapped(v, SIGNS_AT, SIGNS_AT, "%s", signs);
	}
	if (shown > LINES && !v->r->verbose)
		fprintf(v->out, "(%zu more; -v)\n", shown - LINES);
}

int view_scan(struct view *v)
{
	const struct ami_contents *c = v->a->contents;

	if (v->r->owner && !report_owner_exists(v->r->owner))
		return ami_error_set(v->err, AMI_ERR_USAGE, "no page has the owner '%s'; there are page-table, stack, kernel-objects, and more in the report's OWNERS",
				     v->r->owner);
	if (v->r->json) {
		report_overwritten_json(v);
		return 0;
	}
	if (c->checked || c->unread)
		report_wrapped(v, 0, 0, "%" PRIu64 " pages that are never a buffer were looked at, %" PRIu64
			       " more are not in the dump%s.", c->checked,
			       c->unread, c->whole ? "" :
			       "; other parts of the machine were left out");
	if (c->residue)
		report_wrapped(v, 0, 0, "%" PRIu64 " Ethernet frames lie under kernel objects that are intact: they are older.",
			       c->residue);
	if (!c->count) {
		fputs(c->checked ?
		      "None of them holds what its owner did not write.\n" :
		      "No page was looked at here, and none is listed. An extract lists what was\n"
		      "found in its dump, if its version of amdiommu looked for it.\n",
		      v->out);
		return 0;
	}
	report_overwritten_text(v);
	putc('\n', v->out);
	list_text(v);
	return 0;
}
