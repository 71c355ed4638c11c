// SPDX-License-Identifier: GPL-2.0-or-later
/* struct list_head and struct llist_head of a kernel nobody can trust. */
#include <amdiommu/kernel.h>

static void start(struct ami_list_iter *it, struct ami_kernel *kernel,
		  uint64_t head, uint64_t max)
{
	*it = (struct ami_list_iter){
		.kernel = kernel, .head = head, .power = 1, .max = max,
	};
	it->mem = ami_read_u64(kernel, head, &it->pos);
	if (it->mem != AMI_MEM_OK)
		it->pos = 0;
}

void ami_list_start(struct ami_list_iter *it, struct ami_kernel *kernel,
		    uint64_t head, uint64_t max)
{
	start(it, kernel, head, max);
	if (it->mem == AMI_MEM_OK && !it->pos)
		it->broken = true;
}

void ami_llist_start(struct ami_list_iter *it, struct ami_kernel *kernel,
		     uint64_t head, uint64_t max)
{
	start(it, kernel, head, max);
	it->head = 0;
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
	if (!it->pos || it->pos == it->head)
		return false;
	if (!ami_kernel_address(it->pos) || it->steps++ >= it->max ||
	    looped(it)) {
		it->broken = true;
		it->pos = 0;
		return false;
	}
	*node = it->pos;
	it->mem = ami_read_u64(it->kernel, *node, &it->pos);
	if (it->mem != AMI_MEM_OK)
		it->pos = 0;
	else if (!it->pos && it->head)
		it->broken = true;
	return true;
}
