// SPDX-License-Identifier: GPL-2.0-or-later
/* Members and variables that turn into findings where they cannot be read. */
#include "state.h"

bool state_fetch(struct ami_state *s, const char *where, uint64_t va,
		 enum ami_field f, uint64_t *value)
{
	const struct ami_field_want *want = &ami_field_wants[f];
	enum ami_mem mem;

	*value = 0;
	if (!ami_has(s->kernel, f))
		return false;
	mem = ami_get(s->kernel, va, f, value);
	if (mem == AMI_MEM_OK)
		return true;
	*value = 0;
	/* One finding for an object, not one for each of its members. */
	if (va != s->unread_object)
		ami_finding_add_with(s->findings, AMI_FIND_FIELD_UNREAD, where,
				AMI_FACTS(AMI_NAMES(TYPE, want->type),
					  AMI_SAYS(ADDRESS, va),
					  AMI_NAMES(MEMBER, want->path),
					  AMI_NAMES(READ, ami_mem_text(mem))),
				"struct %s at %#llx: member %s is %s.", want->type,
				(unsigned long long)va, want->path,
				ami_mem_text(mem));
	s->unread_object = va;
	return false;
}

bool state_fetch_vital(struct ami_state *s, const char *where, uint64_t va,
		       enum ami_field f, uint64_t *value)
{
	bool known = state_fetch(s, where, va, f, value);

	s->incomplete |= !known && ami_has(s->kernel, f);
	return known;
}

bool state_fetch_symbol(struct ami_state *s, enum ami_symbol y, size_t size,
			uint64_t *value)
{
	uint64_t at = ami_symbol(s->kernel, y), v = 0;
	enum ami_mem mem;

	if (!at)
		return false;
	mem = ami_read(s->kernel, at, &v, size);
	if (mem != AMI_MEM_OK) {
		ami_finding_add_with(s->findings, AMI_FIND_SYMBOL_UNREAD,
				ami_symbol_wants[y].name,
				AMI_FACTS(AMI_SAYS(ADDRESS, at),
					  AMI_NAMES(READ, ami_mem_text(mem))),
				"The variable at %#llx is %s.",
				(unsigned long long)at, ami_mem_text(mem));
		return false;
	}
	*value = v;
	return true;
}

void state_report_untranslated(struct ami_state *s, const char *where, uint64_t va,
			       enum ami_mem mem)
{
	ami_finding_add_with(s->findings, AMI_FIND_TABLE_UNREAD, where,
			AMI_FACTS(AMI_SAYS(ADDRESS, va),
				  AMI_NAMES(READ, ami_mem_text(mem))),
			"The table at %#llx cannot be located: the kernel's page table for this address is %s.",
			(unsigned long long)va, ami_mem_text(mem));
}

void state_list_report(struct ami_state *s, const struct ami_list_iter *it,
		       const char *what)
{
	if (it->mem != AMI_MEM_OK) {
		s->incomplete = true;
		ami_finding_add_with(s->findings, AMI_FIND_LIST_CUT, what,
				AMI_FACTS(
					AMI_SAYS(COUNT, it->steps),
					AMI_NAMES(READ, ami_mem_text(it->mem))),
				"The list ends early after %llu nodes: the next one is %s.",
				(unsigned long long)it->steps,
				ami_mem_text(it->mem));
	} else if (it->crossed && it->pos) {
		s->incomplete = true;
		ami_finding_add_with(s->findings, AMI_FIND_LIST_DAMAGED, what,
				AMI_FACTS(AMI_SAYS(COUNT, it->steps)),
				"One of %llu nodes does not point back to the one before it. Others may be missing.",
				(unsigned long long)it->steps);
	} else if (it->broken) {
		s->incomplete = true;
		ami_finding_add_with(s->findings, AMI_FIND_LIST_DAMAGED, what,
				AMI_FACTS(AMI_SAYS(COUNT, it->steps)),
				"The list loops or leaves kernel memory after %llu nodes. What follows is lost.",
				(unsigned long long)it->steps);
	}
}

void state_report_full(struct ami_state *s, bool *reported, const char *what,
		       size_t max)
{
	s->incomplete = true;
	if (!*reported)
		ami_finding_add_with(s->findings, AMI_FIND_TOO_MANY, what,
				AMI_FACTS(AMI_SAYS(COUNT, max)),
				"The dump claims more than %zu of them, but no machine has that many. The rest is left out.",
				max);
	*reported = true;
}
