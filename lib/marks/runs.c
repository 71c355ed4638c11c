// SPDX-License-Identifier: GPL-2.0-or-later
/* A set of page frames as runs: about three bytes for a lone frame. */
#include "bytes.h"
#include "marks.h"

#define GROUP		7u
#define MAX_SHIFT	42u	/* numbers are below 2^42 */

static void put_number(struct out *o, uint64_t value)
{
	for (; value >> GROUP; value >>= GROUP)
		marks_out_number(o, (value & 0x7f) | 0x80, 1);
	marks_out_number(o, value, 1);
}

/** struct running - where the previous run ended */
struct running {
	struct out *out;
	uint64_t after;
};

static bool put_run(void *ctx, uint64_t first, uint64_t count)
{
	struct running *r = ctx;

	put_number(r->out, (first - r->after) << 1 | (count > 1));
	if (count > 1)
		put_number(r->out, count - 2);
	r->after = first + count;
	return true;
}

void marks_runs_write(struct out *o, const struct ami_pfnset *set)
{
	struct running r = { .out = o };

	ami_pfnset_ranges(set, put_run, &r);
}

static uint64_t get_number(struct in *in)
{
	uint64_t value = 0, group;
	unsigned int shift = 0;

	do {
		group = marks_in_number(in, 1);
		if (shift >= MAX_SHIFT)
			in->bad = true;
		value |= (group & 0x7f) << shift;
		shift += GROUP;
	} while ((group & 0x80) && !in->bad);
	return in->bad ? 0 : value;
}

bool marks_runs_read(struct ami_pfnset *set, const uint8_t *bytes, size_t len)
{
	struct in in = { .at = bytes, .left = len };
	uint64_t at = 0, gap, count;

	while (in.left) {
		gap = get_number(&in);
		count = gap & 1 ? get_number(&in) + 2 : 1;
		gap >>= 1;
		/* Runs that touch would be one run. */
		if (in.bad || (at && !gap) || gap >= AMI_PFN_LIMIT ||
		    count > AMI_PFN_LIMIT - gap ||
		    gap + count > AMI_PFN_LIMIT - at)
			return false;
		ami_pfnset_add(set, at + gap, count);
		at += gap + count;
	}
	return !ami_pfnset_failed(set);
}
