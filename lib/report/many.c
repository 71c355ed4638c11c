// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many addresses, as a table: each has a line, and a range has one for neighbours
 * with the same answer. What cannot be answered says so in its place.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include <amdiommu/display.h>

#include "answer.h"
#include "asked.h"

#define WORD		511	/* longest word of standard input */
#define ASKED_WIDTH	18
#define LONG		21u	/* room for writers in 80 columns */

/**
 * struct run - neighbours with one answer
 * @at: the first address, as it was asked for; @paddr: where it lies
 * @mem: why it lies nowhere
 */
struct run {
	uint64_t at, paddr, pages;
	enum ami_mem mem;
	bool ram;
	enum ami_owner owner;
	struct answer is;
};

struct many {
	struct asking *asking;
	struct view *v;
	uint64_t words, refused;
};

static void head_text(struct view *v)
{
	fprintf(v->out, "%-*s %13s %6s  %-16s  %s\n", ASKED_WIDTH, "ADDRESS",
		"PHYSICAL", "PAGES", "OWNER", "WRITERS");
}

static void answer_short(const struct answer *a, char *buf, size_t size)
{
	char who[AMI_REQUESTER_TEXT];
	int used;

	switch (a->code) {
	case ANSWER_NOT_EXCLUDED:
		snprintf(buf, size, "cannot be excluded");
		return;
	case ANSWER_UNKNOWN:
		snprintf(buf, size, "unknown");
		return;
	case ANSWER_BOUNCED:
		snprintf(buf, size, "a bounce buffer");
		return;
	case ANSWER_UNASKED:
	case ANSWER_BOUNDED:
		snprintf(buf, size, "no device (%s)", answer_code_name(a->code));
		return;
	case ANSWER_INTERRUPTS:
		snprintf(buf, size, "interrupts");
		return;
	case ANSWER_NO_RAM:
		snprintf(buf, size, "not RAM");
		return;
	default:
		break;
	}
	used = snprintf(buf, size, "%s%s%s", a->nr_devices ?
			ami_requester_text(a->devices[0], who) : "a device",
			a->certainty == AMI_POSSIBLE ? "? " : " ",
			a->code == ANSWER_COULD || a->code == ANSWER_IDLE ?
			ami_class_name(a->class) : answer_code_name(a->code));
	if (a->nr_devices > 1 && used > 0 && (size_t)used < size)
		used += snprintf(buf + used, size - used, " +%zu",
				 a->nr_devices - 1);
	/* As in WRITABLE: others cannot be excluded. */
	if (!a->others_excluded && used > 0 && (size_t)used < size)
		snprintf(buf + used, size - used, " +?");
}

/* A long word has a line of its own. */
static void word_text(struct view *v, const char *word)
{
	char shown[160];

	ami_display(word, shown, sizeof(shown));
	if (strlen(shown) > ASKED_WIDTH)
		fprintf(v->out, "%s\n%-*s", shown, ASKED_WIDTH, "");
	else
		fprintf(v->out, "%-*s", ASKED_WIDTH, shown);
}

static void run_text(struct view *v, const struct asked *q, const struct run *r)
{
	char text[80], number[24], phys[24];

	if (q->range) {
		snprintf(text, sizeof(text), "0x%" PRIx64, r->at);
		word_text(v, text);
	} else {
		word_text(v, q->word);
	}
	if (r->mem != AMI_MEM_OK) {
		fprintf(v->out, " %13s %6s  %s\n", "-",
			report_number_text(v, r->pages, number),
			ami_mem_text(r->mem));
		return;
	}
	answer_short(&r->is, text, sizeof(text));
	snprintf(phys, sizeof(phys), "0x%" PRIx64, r->paddr);
	/* What is long has the end of the next line. */
	fprintf(v->out, strlen(text) > LONG ? " %13s %6s  %s\n%80s\n" :
		" %13s %6s  %-16s  %s\n", phys,
		report_number_text(v, r->pages, number),
		r->ram ? ami_owner_name(r->owner) : "-", text);
}

static void run_json(struct view *v, const struct asked *q, const struct run *r)
{
	json_object_line(&v->j, NULL);
	json_string(&v->j, "asked", q->word);
	json_text(&v->j, "meaning", *q->meaning ? q->meaning : NULL);
	json_hex(&v->j, "address", r->at);
	json_number(&v->j, "pages", r->pages);
	if (r->mem != AMI_MEM_OK) {
		json_string(&v->j, "error", ami_mem_text(r->mem));
		json_close_object(&v->j);
		return;
	}
	json_hex(&v->j, "phys", r->paddr);
	json_number(&v->j, "pfn", r->paddr >> AMI_PAGE_SHIFT);
	json_bool(&v->j, "ram", r->ram);
	json_text(&v->j, "owner", r->ram ? ami_owner_name(r->owner) : NULL);
	json_bool(&v->j, "never_buffer", r->ram &&
		  ami_owner_never_buffer(r->owner));
	answer_json(v, &r->is);
	json_close_object(&v->j);
}

static void show_run(struct many *m, const struct asked *q, struct run *r)
{
	if (r->pages && m->v->r->json)
		run_json(m->v, q, r);
	else if (r->pages)
		run_text(m->v, q, r);
	if (r->pages && r->mem == AMI_MEM_OK)
		answer_free(&r->is);
	m->refused += r->pages && r->mem != AMI_MEM_OK && !q->range;
	r->pages = 0;
}

static bool same_devices(const struct answer *a, const struct answer *b)
{
	return a->nr_devices == b->nr_devices &&
	       (!a->nr_devices ||
		!memcmp(a->devices, b->devices,
			a->nr_devices * sizeof(*a->devices)));
}

/* Does @next go on where @r ends? */
static bool goes_on(const struct run *r, const struct run *next)
{
	uint64_t end = (r->paddr >> AMI_PAGE_SHIFT) + r->pages;

	if (!r->pages || r->mem != next->mem)
		return false;
	if (r->mem != AMI_MEM_OK)
		return true;
	return next->paddr >> AMI_PAGE_SHIFT == end && r->ram == next->ram &&
	       r->owner == next->owner && same_devices(&r->is, &next->is) &&
	       !strcmp(r->is.text, next->is.text);
}

/* Where no RAM is, all pages up to the next RAM have one answer. */
static uint64_t skip_hole(const struct view *v, const struct asked *q,
			  uint64_t pfn)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	uint64_t next = (q->last >> AMI_PAGE_SHIFT) + 1;
	size_t i;

	if (q->kind != ASKED_PHYSICAL || v->a->state->unlisted ||
	    (pfn < 0x100000 && next > 0xfee00))
		return pfn + 1;	/* interrupts lie in a hole, too */
	for (i = 0; i < info->nr_ram; i++)
		if (info->ram[i].first > pfn && info->ram[i].first < next)
			next = info->ram[i].first;
	return next;
}

static int answer_page(struct many *m, const struct asked *q, uint64_t at,
		       struct run *r)
{
	struct view *v = m->v;
	uint64_t end = at | (AMI_PAGE_SIZE - 1), pfn;

	*r = (struct run){ .at = at, .pages = 1 };
	if (end > q->last)
		end = q->last;
	r->mem = answer_asked_phys(v, q, at, &r->paddr);
	if (r->mem != AMI_MEM_OK)
		return 0;
	pfn = r->paddr >> AMI_PAGE_SHIFT;
	r->ram = ami_dump_ram(v->a->dump, pfn);
	if (r->ram)
		r->owner = ami_owner_of(v->a->exposures->owners, pfn);
	else
		r->pages = skip_hole(v, q, pfn) - pfn;
	return answer_find(v, r->paddr, end - at + 1, r->ram, &r->is);
}

/* -1: v->err is filled */
static int answer_range(struct many *m, const struct asked *q)
{
	struct run run = { .pages = 0 }, next;
	uint64_t at = q->start, end;
	bool more = true;

	while (more && view_goes_on(m->v) && !ami_dump_stopped(m->v->a->dump)) {
		if (answer_page(m, q, at, &next))
			return -1;
		end = (at | (AMI_PAGE_SIZE - 1)) +
		      ((next.pages - 1) << AMI_PAGE_SHIFT);
		more = end < q->last;
		at = end + 1;
		if (goes_on(&run, &next)) {
			run.pages += next.pages;
			if (next.mem == AMI_MEM_OK)
				answer_free(&next.is);
			continue;
		}
		show_run(m, q, &run);
		run = next;
	}
	show_run(m, q, &run);
	return 0;
}

static void refuse(struct many *m, const char *word, const char *why)
{
	struct view *v = m->v;

	m->refused++;
	if (!v->r->json) {
		report_wrapped(v, 0, 4, "%s", why);
		return;
	}
	json_object_line(&v->j, NULL);
	json_string(&v->j, "asked", word);
	json_string(&v->j, "error", why);
	json_close_object(&v->j);
}

static int answer_word(struct many *m, const char *word)
{
	struct ami_error err = { .status = AMI_OK };
	struct asked q;

	m->words++;
	ami_dump_run(m->v->a->dump);
	if (answer_asked(m->asking, word, &q, &err)) {
		refuse(m, word, err.text);
		return 0;
	}
	if (answer_range(m, &q))
		return -1;
	if (ami_dump_budget(m->v->a->dump)->nr_cut)
		refuse(m, word, "work limit: this is not all of the range");
	return 0;
}

/* The rest of a word; true if there was any. */
static bool skip_word(FILE *in)
{
	size_t n = 0;
	int c;

	while ((c = getc(in)) != EOF && !isspace(c))
		n++;
	return n;
}

static int answer_input(struct many *m)
{
	char word[WORD + 1];

	while (!ferror(m->v->out) && fscanf(m->v->r->in, "%511s", word) == 1) {
		if (strlen(word) == WORD && skip_word(m->v->r->in)) {
			m->words++;
			refuse(m, "(a long word)", "it is too long to be an address");
			continue;
		}
		if (answer_word(m, word))
			return -1;
	}
	return 0;
}

static int answer_all(struct many *m)
{
	const struct ami_request *r = m->v->r;
	int i;

	for (i = 0; i < r->nr_words; i++)
		if (strcmp(r->words[i], "-") ? answer_word(m, r->words[i]) :
					       answer_input(m))
			return -1;
	return 0;
}

int answer_many(struct asking *a)
{
	struct many m = { .asking = a, .v = a->v };
	struct view *v = a->v;

	if (v->r->json)
		json_array(&v->j, "answers");
	else
		head_text(v);
	if (answer_all(&m))
		return -1;
	if (v->r->json) {
		json_close_array(&v->j);
		json_number(&v->j, "not_answered", m.refused);
	}
	v->shown = true;
	if (!m.refused)
		return 0;
	return ami_error_set(v->err, AMI_ERR_DATA,
			     "%" PRIu64 " of %" PRIu64 " addresses have no answer; the output says why",
			     m.refused, m.words);
}
