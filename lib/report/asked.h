/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/report: what an engineer has in hand, and what it leads to. */
#ifndef AMI_ASKED_H
#define AMI_ASKED_H

#include <kernel/page.h>
#include <kernel/symbols.h>

#include "view.h"

/** enum asked_kind - how an address was given */
enum asked_kind {
	ASKED_PHYSICAL, ASKED_VIRTUAL, ASKED_PROCESS,
};

/**
 * struct asking - what several questions share
 * @symbols: read when the first question wants them
 * @number: the request's address as a word, where a host gave no words
 */
struct asking {
	struct view *v;
	struct ami_symbols *symbols;
	char number[32];
};

/**
 * struct asked - one question
 * @start, @last: addresses of @kind; @range: more than a byte, or a page
 * @pgd: of the process
 * @meaning: what the words were taken for; "": the plain address
 */
struct asked {
	const char *word;
	enum asked_kind kind;
	uint64_t start, last, pgd;
	bool range;
	char meaning[160];
};

/**
 * answer_asked() - understand @word; -1 with @err filled
 *
 * What could be two things is refused, with both.
 */
int answer_asked(struct asking *a, const char *word, struct asked *out,
		 struct ami_error *err);

/** answer_asked_first() - the request's first word, or else its address */
int answer_asked_first(struct asking *a, struct asked *out);

/** answer_asked_phys() - where the byte at @at of the question lies */
enum ami_mem answer_asked_phys(struct view *v, const struct asked *q, uint64_t at,
			       uint64_t *paddr);

/** answer_symbols() - all symbols; NULL: no memory */
const struct ami_symbols *answer_symbols(struct asking *a);

/** answer_symbol_text() - "name+0x16", or "name" */
void answer_symbol_text(const char *name, uint64_t offset, char *buf,
			size_t size);

/** answer_asking_end() - free what questions shared */
void answer_asking_end(struct asking *a);

/** answer_many() - the table of several questions; -1: v->err is filled */
int answer_many(struct asking *a);

/** answer_place_text(), answer_place_json() - object, area or symbol of a byte */
void answer_place_text(struct asking *a, uint64_t paddr, enum ami_owner is);
void answer_place_json(struct asking *a, uint64_t paddr, enum ami_owner is);

#endif
