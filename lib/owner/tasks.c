// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel stacks: every thread of every process has one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <common/vec.h>

#include "owner.h"

#define MAX_TASKS	(1u << 22)

/* Names of processes do not go into extracts, which hold zeros instead. */
static void withhold_comm(struct ami_owners *o, uint64_t task)
{
	uint64_t at = ami_addr(o->kernel, task, AMI_F_task_comm);
	struct ami_dump *dump = ami_kernel_dump(o->kernel);
	uint64_t phys, left = TASK_COMM, part;

	if (!ami_dump_recording(dump) || !ami_has(o->kernel, AMI_F_task_comm))
		return;
	for (; left; left -= part, at += part) {
		part = AMI_PAGE_SIZE - at % AMI_PAGE_SIZE;
		if (part > left)
			part = left;
		if (ami_virt_to_phys(o->kernel, at, &phys) == AMI_MEM_OK)
			ami_dump_withhold(dump, phys, part);
	}
}

static void note_unread(struct ami_owners *o, enum ami_mem mem)
{
	if (o->tasks_mem == AMI_MEM_OK)
		o->tasks_mem = mem;
}

static void add_stack(struct ami_owners *o, uint64_t task)
{
	enum ami_mem mem;
	enum vec_room room;
	uint64_t va, phys;
	unsigned int i;

	withhold_comm(o, task);
	mem = ami_get(o->kernel, task, AMI_F_task_stack, &va);
	note_unread(o, mem);
	if (mem != AMI_MEM_OK)
		return;
	room = vec_push(o->task, o->nr_tasks, MAX_TASKS,
			(struct task_stack){ va, task });
	o->no_memory |= room == VEC_NO_MEMORY;
	if (room != VEC_OK)
		return;
	for (i = 0; i < o->stack_pages; i++)
		if (ami_virt_to_phys(o->kernel, va + i * AMI_PAGE_SIZE,
				     &phys) == AMI_MEM_OK) {
			ami_pfnset_add(o->stacks, phys >> AMI_PAGE_SHIFT, 1);
			if (!i)
				ami_pfnset_add(o->stack_ends,
					       phys >> AMI_PAGE_SHIFT, 1);
		}
}

/*
 * The list of threads includes the leader. @left: threads that may still be
 * visited. Processes that share one list must not cost their product.
 */
static void add_threads(struct ami_owners *o, uint64_t leader, uint64_t *left)
{
	struct ami_list_iter it;
	uint64_t signal, node;
	enum ami_mem mem;

	if (!ami_has(o->kernel, AMI_F_task_thread_node) ||
	    !ami_has(o->kernel, AMI_F_signal_thread_head)) {
		add_stack(o, leader);
		return;
	}
	mem = ami_get(o->kernel, leader, AMI_F_task_signal, &signal);
	note_unread(o, mem);
	if (mem != AMI_MEM_OK) {
		add_stack(o, leader);
		return;
	}
	ami_busy_list_start(&it, o->kernel,
		       ami_addr(o->kernel, signal, AMI_F_signal_thread_head),
		       *left);
	for (; ami_list_next(&it, &node); --*left)
		add_stack(o, ami_container(o->kernel, node,
					   AMI_F_task_thread_node));
	note_unread(o, it.mem);
}

static int by_va(const void *a, const void *b)
{
	const struct task_stack *x = a, *y = b;

	return (x->va > y->va) - (x->va < y->va);
}

static void report_tasks(struct ami_owners *o, bool broken)
{
	if (o->tasks_mem != AMI_MEM_OK)
		ami_finding_add_with(o->state->findings,
				ami_mem_wild(o->tasks_mem) ?
				AMI_FIND_TASKS_BROKEN : AMI_FIND_TASKS_UNREAD,
				"tasks",
				AMI_FACTS(
					AMI_SAYS(COUNT, o->nr_tasks),
					AMI_NAMES(READ,
						  ami_mem_text(o->tasks_mem))),
				"Among %zu tasks that were found, one or the next in the list is %s. Some stacks are unknown.",
				o->nr_tasks, ami_mem_text(o->tasks_mem));
	if (broken)
		ami_finding_add_with(o->state->findings, AMI_FIND_TASKS_BROKEN,
				"tasks",
				AMI_FACTS(AMI_SAYS(COUNT, o->nr_tasks)),
				"The list of tasks loops or leaves kernel memory after %zu: the stacks of the rest are not known.",
				o->nr_tasks);
}

void owner_stack_size_learn(struct ami_owners *o)
{
	static const enum ami_symbol bounds[][2] = {
		{ AMI_SYM___start_init_task, AMI_SYM___end_init_task },
		{ AMI_SYM___start_init_stack, AMI_SYM___end_init_stack },
	};
	size_t i;

	o->stack_pages = STACK_PAGES;
	for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		uint64_t start = ami_symbol(o->kernel, bounds[i][0]);
		uint64_t end = ami_symbol(o->kernel, bounds[i][1]);
		uint64_t pages = (end - start) / AMI_PAGE_SIZE;

		if (start && end && pages >= STACK_PAGES &&
		    pages <= MAX_STACK_PAGES && !(pages & (pages - 1)))
			o->stack_pages = pages;
	}
}

void owner_tasks_collect(struct ami_owners *o)
{
	uint64_t init = ami_symbol(o->kernel, AMI_SYM_init_task), node;
	uint64_t left = MAX_TASKS;
	struct ami_list_iter it;

	if (!init || !ami_has(o->kernel, AMI_F_task_tasks)) {
		ami_finding_add(o->state->findings, AMI_FIND_TASKS_UNKNOWN,
				"tasks", "The list of tasks cannot be found. Stacks are not recognised.");
		return;
	}
	add_threads(o, init, &left);
	ami_busy_list_start(&it, o->kernel,
		       ami_addr(o->kernel, init, AMI_F_task_tasks), MAX_TASKS);
	while (left && ami_list_next(&it, &node) && !o->no_memory)
		add_threads(o, ami_container(o->kernel, node,
					     AMI_F_task_tasks), &left);
	note_unread(o, it.mem);
	report_tasks(o, !left || it.broken);
	if (o->nr_tasks)
		qsort(o->task, o->nr_tasks, sizeof(*o->task), by_va);
}

/* Many stacks, one page: ask each where it lies. */
static const struct task_stack *stack_at(struct ami_owners *o, uint64_t phys,
					 uint64_t *offset)
{
	uint64_t at;
	size_t i;
	unsigned int page;

	for (i = 0; i < o->nr_tasks; i++)
		for (page = 0; page < o->stack_pages; page++) {
			uint64_t in = page * (uint64_t)AMI_PAGE_SIZE;

			if (ami_virt_to_phys(o->kernel, o->task[i].va + in,
					     &at) != AMI_MEM_OK ||
			    at >> AMI_PAGE_SHIFT != phys >> AMI_PAGE_SHIFT)
				continue;
			*offset = in + phys % AMI_PAGE_SIZE;
			return &o->task[i];
		}
	return NULL;
}

bool owner_task_comm(struct ami_owners *o, uint64_t task, char comm[TASK_COMM])
{
	struct ami_dump *dump = ami_kernel_dump(o->kernel);
	enum ami_mem mem;

	ami_dump_record_pause(dump, true);
	mem = ami_read_string(o->kernel, ami_addr(o->kernel, task,
						  AMI_F_task_comm),
			      comm, TASK_COMM);
	ami_dump_record_pause(dump, false);
	return mem == AMI_MEM_OK && *comm;
}

void owner_task_text(struct ami_owners *o, uint64_t task, char text[AMI_TASK_TEXT])
{
	char comm[TASK_COMM];
	uint64_t pid = 0;

	ami_get(o->kernel, task, AMI_F_task_pid, &pid);
	if (owner_task_comm(o, task, comm))
		snprintf(text, AMI_TASK_TEXT, "%s (pid %d)", comm, (int)pid);
	else
		snprintf(text, AMI_TASK_TEXT, "pid %d", (int)pid);
}

void owner_describe_stack(struct ami_owners *o, uint64_t phys, char *text,
			  size_t size)
{
	char name[AMI_TASK_TEXT];
	uint64_t offset;
	const struct task_stack *s = stack_at(o, phys, &offset);

	if (!s)
		return;
	owner_task_text(o, s->task, name);
	snprintf(text, size, "kernel stack of %s, %#" PRIx64
		 " above its lowest byte", name, offset);
}
