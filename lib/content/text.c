// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's code, compared with its file. The kernel patches it: some bytes at the
 * beginning of each function, at calls, jumps and relocations, and alternatives of at
 * most 255 bytes, which the same code is part of. So nothing but a long run in which
 * nearly each byte differs is a sign.
 */
#include <string.h>

#include "scan.h"

#define WORDS		(AMI_PAGE_SIZE / 8)
#define RUN		64u	/* 19 is the most that was seen in live kernels */
#define FOREIGN		6u	/* bytes of a word */

static unsigned int differing_bytes(uint64_t a, uint64_t b)
{
	uint64_t differs = a ^ b;
	unsigned int count = 0;

	for (; differs; differs >>= 8)
		count += !!(differs & 0xff);
	return count;
}

static bool is_other_code(uint64_t word, uint64_t in_file)
{
	return (!word && in_file) ||
	       differing_bytes(word, in_file) >= FOREIGN;
}

void content_check_text(struct scan *s, uint64_t pfn)
{
	uint64_t in_file[WORDS], word;
	uint32_t i, run = 0, best = 0, first = 0;

	if (!ami_kernel_text(s->kernel, pfn << AMI_PAGE_SHIFT, in_file) ||
	    !memcmp(in_file, s->page, AMI_PAGE_SIZE))
		return;
	for (i = 0; i < WORDS; i++) {
		memcpy(&word, s->page + i * 8, sizeof(word));
		run = is_other_code(word, in_file[i]) ? run + 1 : 0;
		if (run > best) {
			best = run;
			first = i + 1 - run;
		}
	}
	if (best >= RUN)
		content_sign(s, (pfn << AMI_PAGE_SHIFT) + first * 8,
			     AMI_OWNER_TEXT, AMI_SIGN_CODE, best);
}
