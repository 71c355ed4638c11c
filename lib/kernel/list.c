// SPDX-License-Identifier: GPL-2.0-or-later
/* struct list_head and struct llist_head of a kernel that is not trusted. */
#include <kernel/kernel.h>

struct link {
	uint64_t next, prev;	/* of struct list_head */
};

static void start_list(struct ami_list_iter *it, struct ami_kernel *kernel,
		       uint64_t head, uint64_t max)
{
	*it = (struct ami_list_iter){
		.kernel = kernel, .head = head, .power = 1, .max = max,
	};
}

/* Read the link at @at, and go on to the next. */
static void follow_link(struct ami_list_iter *it, uint64_t at)
{
	struct link link;

	it->pos = 0;
	it->mem = ami_read(it->kernel, at, &link,
			   it->both_ways ? sizeof(link) : sizeof(link.next));
	if (it->mem != AMI_MEM_OK)
		return;
	it->pos = link.next;
	it->broken |= !it->pos && it->head;
	if (!it->both_ways)
		return;
	if (at == it->head)
		it->last = link.prev;
	else if (link.prev != it->before)
		it->broken = it->crossed = true;
	it->before = at;
}

void ami_list_start(struct ami_list_iter *it, struct ami_kernel *kernel,
		    uint64_t head, uint64_t max)
{
	start_list(it, kernel, head, max);
	it->both_ways = true;
	follow_link(it, head);
}

void ami_busy_list_start(struct ami_list_iter *it, struct ami_kernel *kernel,
			 uint64_t head, uint64_t max)
{
	start_list(it, kernel, head, max);
	follow_link(it, head);
}

void ami_llist_start(struct ami_list_iter *it, struct ami_kernel *kernel,
		     uint64_t head, uint64_t max)
{
	start_list(it, kernel, 0, max);
	follow_link(it, head);
}

/* Brent: a mark that jumps ahead at powers of two meets any loop. */
static bool looped(struct ami_list_iter *it)
{
	if (it->pos == it->mark)
		return true;
	if (it->steps == it->power) {
		it->mark = it->pos;
		it->power *= 2;
	}
	return false;
}

bool ami_list_next(struct ami_list_iter *it, uint64_t *node)
{
	if (!it->pos)
		return false;
	if (it->pos == it->head) {
		if (it->both_ways && it->before != it->last)
			it->broken = it->crossed = true;
		return false;
	}
	if (!ami_kernel_address(it->pos) || it->steps++ >= it->max ||
	    looped(it)) {
		it->broken = true;
		it->pos = 0;
		return false;
	}
	*node = it->pos;
	follow_link(it, *node);
	return true;
}
