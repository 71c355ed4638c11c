// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Structures that the kernel has, but whose layout is not certain. Nothing is
 * read from them. Only this file says why.
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

/* One finding for a structure, not one for each of its members. */
static bool is_first(const struct ami_state *s, int field)
{
	int i;

	for (i = 0; i < field; i++)
		if (doubt_of(s, i) == doubt_of(s, field) &&
		    same_type(i, field))
			return false;
	return true;
}

/* One finding for all of them, because they have one cause. */
static void report_contradicted(struct ami_state *s)
{
	char names[200] = "";
	size_t used = 0;
	int i;

	for (i = 0; i < AMI_NR_FIELDS && used < sizeof(names); i++)
		if (doubt_of(s, i) == AMI_DOUBT_MEMORY && is_first(s, i))
			used += snprintf(names + used, sizeof(names) - used,
					 "%s%s", used ? ", " : "",
					 ami_field_wants[i].type);
	if (used)
		ami_finding_add_with(s->findings, AMI_FIND_LAYOUT_CONTRADICTED,
				"kernel",
				AMI_FACTS(
					AMI_NAMES(SOURCE,
						  ami_kernel_source(s->kernel)),
					AMI_NAMES(NAMES, names)),
				"Memory is not laid out as the types (%s) say: the first task is not named swapper, and is in no list. The kernel was built with RANDSTRUCT, the types are another kernel's, or init_task was overwritten. Nothing is read from these structures: %s.",
				ami_kernel_source(s->kernel), names);
}

void state_report_doubts(struct ami_state *s)
{
	int i;

	for (i = 0; i < AMI_NR_FIELDS; i++) {
		const struct ami_field_want *want = &ami_field_wants[i];

		if (doubt_of(s, i) != AMI_DOUBT_SAME_NAME || !is_first(s, i))
			continue;
		ami_finding_add_with(s->findings, AMI_FIND_TYPE_AMBIGUOUS,
				want->module ? want->module : "kernel",
				AMI_FACTS(AMI_NAMES(TYPE, want->type)),
				"This kernel has several structures named %s, and their members do not show which one is meant. Nothing is read from them.",
				want->type);
	}
	report_contradicted(s);
}
