// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory as crash's rd shows it, with a mark on each line that a device could have
 * written: what not to believe is seen at once.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>

#include "answer.h"
#include "asked.h"

#define WORD_BYTES	8u
#define LINE_WORDS	2u
#define USUAL		16u	/* words, where no number is given */
#define LEGENDS		4u

/** struct read_line - 16 bytes, or fewer at the end */
struct read_line {
	uint64_t at, paddr, word[LINE_WORDS];
	enum ami_mem mem[LINE_WORDS];
	unsigned int words;
	struct answer is;
};

struct reading_memory {
	struct view *v;
	struct asked asked;
	char *legend[LEGENDS];
	size_t legends, more;
};

static enum ami_mem read_word(struct reading_memory *m, uint64_t at,
			      uint64_t *paddr, uint64_t *word)
{
	enum ami_mem mem = answer_asked_phys(m->v, &m->asked, at, paddr);

	return mem == AMI_MEM_OK ? ami_dump_read(m->v->a->dump, *paddr, word,
						 sizeof(*word)) : mem;
}

static char mark_of(const struct answer *a)
{
	if (a->code < ANSWER_NOT_EXCLUDED)
		return '*';
	return a->code == ANSWER_NOT_EXCLUDED || a->code == ANSWER_UNKNOWN ?
	       '?' : ' ';
}

/* Nobody knows which page it is, so nobody can say that it is safe. */
static void not_placed(struct read_line *l, enum ami_mem mem)
{
	l->paddr = UINT64_MAX;
	l->is = (struct answer){ .code = ANSWER_UNKNOWN };
	snprintf(l->is.text, sizeof(l->is.text),
		 "No page is known for the address: %s.", ami_mem_text(mem));
}

/* The words of a line are in one page. */
static int fill_line(struct reading_memory *m, struct read_line *l,
		     uint64_t at, unsigned int words)
{
	struct view *v = m->v;
	uint64_t second;
	enum ami_mem mem;

	*l = (struct read_line){ .at = at, .words = words };
	mem = answer_asked_phys(v, &m->asked, at, &l->paddr);
	l->mem[0] = mem == AMI_MEM_OK ? ami_dump_read(v->a->dump, l->paddr,
						      &l->word[0], WORD_BYTES) :
					mem;
	if (words > 1)
		l->mem[1] = read_word(m, at + WORD_BYTES, &second, &l->word[1]);
	if (mem != AMI_MEM_OK) {
		not_placed(l, mem);
		return 0;
	}
	return answer_find(v, l->paddr, words * WORD_BYTES,
			   ami_dump_ram(v->a->dump, l->paddr >> AMI_PAGE_SHIFT),
			   &l->is);
}

static void keep_legend(struct reading_memory *m, const struct answer *a)
{
	size_t i;

	if (mark_of(a) == ' ')
		return;
	for (i = 0; i < m->legends; i++)
		if (!strcmp(m->legend[i] + 1, a->text))
			return;
	if (m->legends == LEGENDS) {
		m->more++;
		return;
	}
	if (asprintf(&m->legend[m->legends], "%c%s", mark_of(a), a->text) >= 0)
		m->legends++;
}

static void line_text(struct reading_memory *m, const struct read_line *l)
{
	FILE *out = m->v->out;
	unsigned int i, b;

	fprintf(out, "%16" PRIx64 ":", l->at);
	for (i = 0; i < LINE_WORDS; i++) {
		if (i >= l->words)
			fprintf(out, "  %16s", "");
		else if (l->mem[i] == AMI_MEM_OK)
			fprintf(out, "  %016" PRIx64, l->word[i]);
		else
			fprintf(out, "  %-16s", "(not readable)");
	}
	fputs("  ", out);
	for (b = 0; b < LINE_WORDS * WORD_BYTES; b++) {
		i = b / WORD_BYTES;
		if (i < l->words && l->mem[i] == AMI_MEM_OK &&
		    ami_plain(l->word[i] >> 8 * (b % WORD_BYTES) & 0xff))
			putc(l->word[i] >> 8 * (b % WORD_BYTES) & 0xff, out);
		else
			putc(i < l->words ? '.' : ' ', out);
	}
	fprintf(out, mark_of(&l->is) == ' ' ? "\n" : "  %c\n", mark_of(&l->is));
}

static void line_json(struct view *v, const struct read_line *l)
{
	char who[AMI_REQUESTER_TEXT];
	unsigned int i;
	size_t d;

	json_object_line(&v->j, NULL);
	json_hex(&v->j, "address", l->at);
	json_array_line(&v->j, "words");
	for (i = 0; i < l->words; i++)
		if (l->mem[i] == AMI_MEM_OK)
			json_hex(&v->j, NULL, l->word[i]);
		else
			json_null(&v->j, NULL);
	json_close_array(&v->j);
	json_string(&v->j, "code", answer_code_name(l->is.code));
	json_array_line(&v->j, "devices");
	for (d = 0; d < l->is.nr_devices; d++)
		json_string(&v->j, NULL,
			    ami_requester_text(l->is.devices[d], who));
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static unsigned int line_words(uint64_t at, uint64_t count)
{
	uint64_t room = (AMI_PAGE_SIZE - at % AMI_PAGE_SIZE) / WORD_BYTES;

	if (room > LINE_WORDS)
		room = LINE_WORDS;
	return count < room ? count : room;
}

static int show_lines(struct reading_memory *m, uint64_t count)
{
	uint64_t at = m->asked.start & ~(uint64_t)(WORD_BYTES - 1);
	struct read_line l;

	while (count && view_goes_on(m->v)) {
		if (fill_line(m, &l, at, line_words(at, count)))
			return -1;
		if (m->v->r->json)
			line_json(m->v, &l);
		else
			line_text(m, &l);
		keep_legend(m, &l.is);
		answer_free(&l.is);
		count -= l.words;
		at += l.words * WORD_BYTES;
	}
	return 0;
}

static void end_text(struct reading_memory *m)
{
	size_t i;

	for (i = 0; i < m->legends; i++) {
		fprintf(m->v->out, "%c ", m->legend[i][0]);
		report_wrapped(m->v, 2, 2, "%s", m->legend[i] + 1);
	}
	if (m->more)
		fprintf(m->v->out, "(other lines have other writers: who)\n");
}

static int read_asked(struct reading_memory *m)
{
	struct view *v = m->v;
	uint64_t count = v->r->count;
	int ret;

	if (!count)
		count = m->asked.range ?
			(m->asked.last - m->asked.start) / WORD_BYTES + 1 :
			USUAL;
	if (count > AMI_RD_WORDS)
		return ami_error_set(v->err, AMI_ERR_USAGE,
				     "the range has %" PRIu64 " words, and rd shows %u at once: ask for parts of it",
				     count, AMI_RD_WORDS);
	if (v->r->json) {
		json_string(&v->j, "asked", m->asked.word);
		json_text(&v->j, "meaning", *m->asked.meaning ?
			  m->asked.meaning : NULL);
		json_array(&v->j, "lines");
	} else if (*m->asked.meaning) {
		report_wrapped(v, 0, 0, "%s:", m->asked.meaning);
	}
	ret = show_lines(m, count);
	if (v->r->json)
		json_close_array(&v->j);
	else
		end_text(m);
	return ret;
}

int view_rd(struct view *v)
{
	struct asking asking = { .v = v };
	struct reading_memory m = { .v = v };
	int ret = answer_asked_first(&asking, &m.asked);

	answer_asking_end(&asking);
	if (!ret)
		ret = read_asked(&m);
	while (m.legends)
		free(m.legend[--m.legends]);
	return ret;
}
