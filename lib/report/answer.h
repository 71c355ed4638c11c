/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/report: the answer of `who`, before it shows why. */
#ifndef AMI_ANSWER_H
#define AMI_ANSWER_H

#include "view.h"

/**
 * enum answer_code - what is known of the writers of a page, strongest first
 *
 * INFLIGHT, POSTED: of this byte; PAGE: of the page. IDLE: it has the page, but
 * was not active. From NOT_EXCLUDED on no device is named as a writer.
 */
enum answer_code {
	ANSWER_OBSERVED,
	ANSWER_INFLIGHT,
	ANSWER_POSTED,
	ANSWER_PAGE,
	ANSWER_COULD,
	ANSWER_HARDWARE,
	ANSWER_IDLE,
	ANSWER_NOT_EXCLUDED,
	ANSWER_UNKNOWN,
	ANSWER_BOUNCED,
	ANSWER_UNASKED,
	ANSWER_BOUNDED,
	ANSWER_INTERRUPTS,
	ANSWER_NO_RAM,
	ANSWER_CODES
};

/**
 * struct answer - one sentence, and the same as data
 * @paddr, @size: the bytes that were asked for, of one page
 * @class, @certainty: of the strongest writer, up to ANSWER_IDLE
 * @devices: those of the sentence, ascending
 * @pages: with NOT_EXCLUDED and @bounded: they reach that many pages at most
 * @all_memory: devices that reach all memory, and how many of them are idle
 * @whole: the state is, and is not damaged; @listed: so is the RAM, in the file
 * @others_excluded: no further device could have written the page
 */
struct answer {
	enum answer_code code;
	uint64_t paddr, size;
	enum ami_class class;
	enum ami_certainty certainty;
	struct ami_requester *devices;
	size_t nr_devices;
	bool bounded;
	uint64_t pages;
	size_t all_memory, idle;
	bool whole, listed, others_excluded;
	char text[1024];
};

/* Where writes of devices are messages to the interrupt controllers. */
#define MSI_FIRST	0xfee00000u
#define MSI_LAST	0xfeefffffu

/** answer_code_name() - as JSON has it */
const char *answer_code_name(enum answer_code code);

/**
 * answer_find() - of @size bytes at @paddr, in one page, @ram or not
 *
 * -1: v->err is filled.
 */
int answer_find(struct view *v, uint64_t paddr, uint64_t size, bool ram,
		struct answer *a);
void answer_free(struct answer *a);

/** answer_write() - put the sentence into a->text */
void answer_write(const struct view *v, struct answer *a);

/** answer_json() - the answer as an object */
void answer_json(struct view *v, const struct answer *a);

/** answer_idle() - it could write, but was not set up to: no bus master */
bool answer_idle(const struct view *v, struct ami_requester r);

/** answer_bounce() - a bounce buffer for memory in the page, or NULL */
const struct ami_bounce *answer_bounce(const struct view *v, uint64_t paddr);

#endif
