// SPDX-License-Identifier: GPL-2.0-or-later
/* Which program is it that registered memory for a device? */
#include <inttypes.h>
#include <stdio.h>

#include "evidence.h"

#define NAME	17u

char *evidence_program_text(struct ami_evidence *ev, uint64_t task, char buf[48])
{
	struct ami_kernel *k = ev->state->kernel;
	struct ami_dump *dump = ami_kernel_dump(k);
	char name[NAME] = "";
	uint64_t pid;
	bool known;

	/* Extracts are without names of processes. */
	ami_dump_record_pause(dump, true);
	known = task && ami_get(k, task, AMI_F_task_tgid, &pid) == AMI_MEM_OK &&
		ami_read_string(k, ami_addr(k, task, AMI_F_task_comm), name,
				sizeof(name)) == AMI_MEM_OK;
	ami_dump_record_pause(dump, false);
	if (known)
		snprintf(buf, 48, "%s (pid %" PRIu64 ")", name, pid);
	else
		snprintf(buf, 48, "a program that is not known");
	return buf;
}
