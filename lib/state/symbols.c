// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols that the kernel has, but whose addresses are unknown: that page of
 * kallsyms is missing from the dump. Readers find no such symbol. Only this
 * file says that there is one.
 */
#include <stdio.h>
#include <string.h>

#include "needs.h"

/* An extract made by an older version holds only what that version read. */
bool state_is_extract(const struct ami_state *s)
{
	return ami_dump_is_extract(ami_kernel_dump(s->kernel));
}

/* Extracts of older versions do not have it. */
static bool is_new(enum ami_rests rests)
{
	return rests == AMI_RESTS_LATER || rests == AMI_RESTS_OWNERS_LATER ||
	       rests == AMI_RESTS_POLICY || rests == AMI_RESTS_NOTES_LATER;
}

/* "a, b, c": symbols without an address on which @rests rests; false: none. */
static bool name_unread(const struct ami_state *s, enum ami_rests rests,
			char *names, size_t size)
{
	size_t used = 0;
	int y;

	for (y = 0; y < AMI_NR_SYMBOLS; y++)
		if (ami_symbol_wants[y].rests == rests &&
		    ami_symbol_unread(s->kernel, y) && used < size)
			used += snprintf(names + used, size - used, "%s%s",
					 used ? ", " : "",
					 ami_symbol_wants[y].name);
	return used;
}

void state_report_unread_symbols(struct ami_state *s)
{
	static const struct {
		enum ami_rests rests;
		bool state, note;
		const char *lost;
	} part[] = {
		{ AMI_RESTS_STATE, true, false,
		  "what the IOMMU driver keeps there is unknown" },
		{ AMI_RESTS_LATER, true, false,
		  "what the kernel keeps there is unknown" },
		{ AMI_RESTS_DRIVERS, false, false,
		  "transfers in flight that they lead to are missing" },
		{ AMI_RESTS_OWNERS, false, true,
		  "the owners of some pages are unknown" },
		{ AMI_RESTS_OWNERS_LATER, false, true,
		  "the owners of some pages are unknown" },
		{ AMI_RESTS_POLICY, false, true,
		  "it is unknown who decided whether devices are translated" },
		{ AMI_RESTS_NOTES, false, true,
		  "lines of the report are missing" },
		{ AMI_RESTS_NOTES_LATER, false, true,
		  "lines of the report are missing" },
	};
	char names[256];
	size_t i;

	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		if (!name_unread(s, part[i].rests, names, sizeof(names)) ||
		    (is_new(part[i].rests) && state_is_extract(s)))
			continue;
		s->incomplete |= part[i].state;
		(part[i].note ? ami_finding_note_with : ami_finding_add_with)(
			s->findings, part[i].state ? AMI_FIND_SYMBOL_UNREAD :
			AMI_FIND_SYMBOLS_UNREAD, "kernel",
			AMI_FACTS(AMI_NAMES(NAMES, names),
				  AMI_NAMES(MISSING, part[i].lost)),
			"The dump does not hold the addresses of %s: %s.%s",
			names, part[i].lost, state_is_extract(s) ?
			" An extract should be made again with this version." :
			"");
	}
}

bool state_fetch_late(struct ami_state *s, enum ami_symbol y, uint64_t *value)
{
	uint32_t v;

	*value = 0;
	if (!state_is_extract(s))
		return state_fetch_symbol(s, y, sizeof(v), value);
	if (ami_read_u32(s->kernel, ami_symbol(s->kernel, y), &v) !=
	    AMI_MEM_OK)
		return false;
	*value = v;
	return true;
}
