// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel stacks: that of a task has a number at its lowest address, from fork on
 * (set_task_stack_end_magic()). All hold addresses and small numbers. Long runs of
 * anything else were not pushed there.
 */
#include <string.h>

#include "scan.h"

#define WORDS		(AMI_PAGE_SIZE / 8)
#define STACK_END_MAGIC	0x57ac6e9dull	/* include/uapi/linux/magic.h */
#define RUN		32u	/* 9 is the most that was seen in live stacks */

/* Neither small, nor an address of kernel or user space. */
static bool is_strange(uint64_t word)
{
	return word >> 47 && word >> 56 != 0xff;
}

/* Zeros are no number either. */
void content_check_stack_end(struct scan *s, uint64_t pfn)
{
	uint64_t word;

	memcpy(&word, s->page, sizeof(word));
	if (word != STACK_END_MAGIC &&
	    ami_owners_stack_end(s->ex->owners, pfn))
		content_sign(s, pfn << AMI_PAGE_SHIFT, AMI_OWNER_STACK,
			     AMI_SIGN_STACK_END, 1);
}

void content_check_stack(struct scan *s, uint64_t pfn)
{
	uint32_t i, run = 0, best = 0, first = 0;
	uint64_t word;

	for (i = 0; i < WORDS; i++) {
		memcpy(&word, s->page + i * 8, sizeof(word));
		run = is_strange(word) ? run + 1 : 0;
		if (run > best) {
			best = run;
			first = i + 1 - run;
		}
	}
	if (best >= RUN)
		content_sign(s, (pfn << AMI_PAGE_SHIFT) + first * 8,
			     AMI_OWNER_STACK, AMI_SIGN_STACK_RUN, best);
}
