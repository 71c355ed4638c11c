// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel died of, and when, as its log says. */
#include <string.h>

#include <incidents/dmesg.h>
#include <dump/dump.h>

#include "incidents.h"

static bool begins(const struct ami_line *line, const char *words)
{
	return line->kind == AMI_LINE_CRASH && line->text_mem == AMI_MEM_OK &&
	       !strncmp(line->text, words, strlen(words));
}

static bool is_oops(const struct ami_line *line)
{
	static const char *const words[] = {
		"BUG: ", "kernel BUG at", "Oops: ", "general protection",
		"double fault", "PANIC: ", "stack segment", "invalid opcode",
		"divide error", "Corrupted page table",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (begins(line, words[i]))
			return true;
	return false;
}

const struct ami_line *ami_dmesg_panic(const struct ami_dmesg *dmesg)
{
	const struct ami_line *oops = NULL;
	size_t i;

	for (i = dmesg->count; i--;) {
		if (begins(&dmesg->list[i], "Kernel panic - not syncing"))
			return &dmesg->list[i];
		if (!oops && is_oops(&dmesg->list[i]))
			oops = &dmesg->list[i];
	}
	return oops;
}

/* If the kernel panicked, only the line of the panic is the end of its log. */
bool ami_uptime(const struct ami_state *state, const struct ami_dmesg *dmesg,
		uint64_t *us)
{
	const struct ami_line *panic = ami_dmesg_panic(dmesg);

	if (panic)
		*us = panic->ts_nsec / 1000;
	else if (dmesg->any && state->crash == AMI_CRASH_YES)
		*us = dmesg->last_nsec / 1000;
	else
		return !dmesg->any &&
		       ami_vmcoreinfo_number(ami_kernel_dump(state->kernel),
					     INCIDENTS_UPTIME, 10, us);
	return true;
}
