// SPDX-License-Identifier: GPL-2.0-or-later
/* Reasons that rest on findings: one for each code, with the fields of the first. */
#include <stdio.h>

#include "verdict.h"

/* What devices could do to memory, then what happened, then what is damaged. */
static unsigned int rank_of(enum ami_finding_code code)
{
	switch (code) {
	case AMI_FIND_FREE_PAGE_EXPOSED:
	case AMI_FIND_STACK_EXPOSED:
	case AMI_FIND_PAGE_TABLE_EXPOSED:
	case AMI_FIND_IO_PAGE_TABLE_EXPOSED:
	case AMI_FIND_KERNEL_OBJECTS_EXPOSED:
	case AMI_FIND_MEMMAP_EXPOSED:
	case AMI_FIND_KERNEL_IMAGE_EXPOSED:
		return 0;
	default:
		return 1 + (ami_finding_class(code)->kind !=
			    AMI_KIND_FINDING);
	}
}

#define RANKS	3u

/* Where it does not matter, it has no effect: ami_finding_note(). */
static bool is_noted(const struct ami_finding *one)
{
	return one->severity < ami_finding_class(one->code)->severity;
}

static const struct ami_finding *first_of(const struct ami_findings *f,
					  enum ami_finding_code code)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].code == code && !is_noted(&f->list[i]))
			return &f->list[i];
	return NULL;
}

static void name_places(struct verdict_devices *d, const struct ami_state *s,
			enum ami_finding_code code)
{
	const struct ami_findings *f = s->findings;
	const struct ami_fact *who;
	struct ami_bdf bdf;
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (f->list[i].code != code || is_noted(&f->list[i]))
			continue;
		who = ami_facts_find(&f->list[i].facts, AMI_FACT_REQUESTER);
		if (who && ami_bdf_parse(who->text, &bdf))
			verdict_name_device(d, s, bdf);
	}
}

/* The list of facts ends where AMI_FACT_END is; that of a finding does not. */
#define MOST_FACTS	24u

static int add_reason(struct ami_exposures *ex, struct ami_reasons *to,
		      const struct ami_finding *first)
{
	const struct ami_findings *f = ex->state->findings;
	struct ami_fact facts[MOST_FACTS + 2] = { { AMI_FACT_END, 0, NULL } };
	size_t more = ami_findings_effective(f, first->code) - 1, i;
	const struct ami_finding_class *class = ami_finding_class(first->code);
	struct verdict_devices d = { 0 };
	size_t before = to->count;
	char others[48] = "";
	int ret = -1;

	for (i = 0; i < first->facts.count && i < MOST_FACTS; i++)
		facts[i] = first->facts.list[i];
	if (more)
		facts[i++] = (struct ami_fact)AMI_SAYS(MORE, more);
	facts[i].key = AMI_FACT_END;
	if (more)
		snprintf(others, sizeof(others), " (and %zu more)", more);
	name_places(&d, ex->state, first->code);
	if (!d.failed)
		ret = ami_reasons_add(to, class->name, class->kind, d.list,
				      d.count, facts, "%s: %s%s", first->where,
				      first->text, others);
	if (!ret && to->count > before)
		ret = ami_reason_place(&to->list[before], first->where);
	verdict_free_devices(&d);
	return ret;
}

int verdict_because_of(struct ami_exposures *ex, struct ami_reasons *to,
		       bool (*wanted)(const struct ami_exposures *ex,
				      enum ami_finding_code code),
		       bool *found)
{
	unsigned int rank, code;

	for (rank = 0; rank < RANKS; rank++)
		for (code = 0; code < AMI_NR_FINDINGS; code++) {
			const struct ami_finding *first;

			if (rank_of(code) != rank || !wanted(ex, code) ||
			    !ami_findings_effective(ex->state->findings, code))
				continue;
			*found = true;
			first = first_of(ex->state->findings, code);
			if (first && add_reason(ex, to, first))
				return -1;
		}
	return 0;
}
