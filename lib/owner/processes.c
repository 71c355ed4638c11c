// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes as people name them: by ID, or by name. */
#include <string.h>

#include "owner.h"

static bool read_process(struct ami_owners *o, uint64_t task,
			 struct ami_process *p)
{
	uint64_t pid, tgid;

	*p = (struct ami_process){ .task = task };
	if (ami_get(o->kernel, task, AMI_F_task_pid, &pid) != AMI_MEM_OK ||
	    ami_get(o->kernel, task, AMI_F_task_tgid, &tgid) != AMI_MEM_OK)
		return false;
	p->pid = (int)pid;
	p->tgid = (int)tgid;
	if (!owner_task_comm(o, task, p->comm))
		p->comm[0] = '\0';
	if (ami_get(o->kernel, task, AMI_F_task_mm, &p->mm) != AMI_MEM_OK ||
	    !p->mm ||
	    ami_get(o->kernel, p->mm, AMI_F_mm_pgd, &p->pgd) != AMI_MEM_OK)
		p->pgd = 0;
	return true;
}

static bool is_known(const struct ami_process *p, const struct ami_process *out,
		     size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (p->mm ? out[i].mm == p->mm : out[i].tgid == p->tgid)
			return true;
	return false;
}

size_t ami_owner_processes(struct ami_owners *o, int pid, const char *comm,
			   struct ami_process *out, size_t max)
{
	struct ami_process p;
	size_t i, n = 0;

	for (i = 0; i < o->nr_tasks; i++) {
		if (!read_process(o, o->task[i].task, &p) ||
		    (comm ? strcmp(comm, p.comm) :
			    pid != p.pid && pid != p.tgid) ||
		    is_known(&p, out, n < max ? n : max))
			continue;
		if (n < max)
			out[n] = p;
		n++;
	}
	return n;
}
