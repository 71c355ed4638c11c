// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Structures that the kernel has, and whose members cannot be placed. Nothing is
 * read from them; only this file says why.
 */
#include <stdio.h>
#include <string.h>

#include "needs.h"

static enum ami_doubt doubt_of(const struct ami_state *s, int field)
{
	return ami_kernel_layout(s->kernel)->field[field].doubt;
}

static bool same_type(int a, int b)
{
	const struct ami_field_want *x = &ami_field_wants[a];
	const struct ami_field_want *y = &ami_field_wants[b];

	return !strcmp(x->type, y->type) && !x->module == !y->module &&
	       (!x->module || !strcmp(x->module, y->module));
}

/* One for a structure, not for each of its members. */
static bool is_first(const struct ami_state *s, int field)
{
	int i;

	for (i = 0; i < field; i++)
		if (doubt_of(s, i) == doubt_of(s, field) &&
		    same_type(i, field))
			return false;
	return true;
}

void report_doubts(struct ami_state *s)
{
	int i;

	for (i = 0; i < AMI_NR_FIELDS; i++) {
		const struct ami_field_want *want = &ami_field_wants[i];

		if (doubt_of(s, i) != AMI_DOUBT_SAME_NAME || !is_first(s, i))
			continue;
		ami_finding_add(&s->findings, AMI_FIND_TYPE_AMBIGUOUS,
				want->module ? want->module : "kernel",
				"This kernel has several structures %s, and their members do not show which of them is meant: nothing is read from it.",
				want->type);
	}
}
