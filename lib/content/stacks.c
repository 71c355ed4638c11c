// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel stacks: each has a number at its lowest address, and holds addresses and
 * small numbers. Long runs of anything else were not pushed there.
 */
#include <string.h>

#include "scan.h"

#define WORDS		(AMI_PAGE_SIZE / 8)
#define RUN		32u	/* 9 is the most that was seen in live stacks */

/* Neither small, nor an address of kernel or user space. */
static bool is_strange(uint64_t word)
{
	return word >> 47 && word >> 56 != 0xff;
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
