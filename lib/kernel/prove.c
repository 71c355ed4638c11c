// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Do the types describe this memory? gcc's debug information does not say how
 * RANDSTRUCT shuffled a structure (gcc bug 84052), and BTF is made from it. So
 * the types are tried on an object whose content is known: the first task.
 */
#include <string.h>

#include "kernel.h"

/* Wanted structures that the kernel marks __randomize_layout. */
static const char *const shuffled[] = {
	"address_space", "dentry", "inode", "kset", "mm_struct", "module",
	"signal_struct", "super_block", "task_struct", "vm_area_struct",
};

static bool is_shuffled(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof(shuffled) / sizeof(shuffled[0]); i++)
		if (!strcmp(shuffled[i], type))
			return true;
	return false;
}

/* False also if it is unreadable: then nothing is contradicted. */
static bool is_misnamed(struct ami_kernel *k, uint64_t task)
{
	char comm[16];

	return k->layout.field[AMI_F_task_comm].present &&
	       ami_read_string(k, ami_addr(k, task, AMI_F_task_comm), comm,
			       sizeof(comm)) == AMI_MEM_OK &&
	       strncmp(comm, "swapper", 7) != 0;
}

static bool is_unlinked(struct ami_kernel *k, uint64_t task)
{
	uint64_t head = ami_addr(k, task, AMI_F_task_tasks), link[2], back;
	enum ami_mem mem;

	if (!k->layout.field[AMI_F_task_tasks].present ||
	    ami_read(k, head, link, sizeof(link)) != AMI_MEM_OK)
		return false;
	if (!ami_kernel_address(link[0]))
		return true;
	mem = ami_read_u64(k, link[0] + sizeof(back), &back);
	return ami_mem_wild(mem) || (mem == AMI_MEM_OK && back != head);
}

void kernel_prove_layout(struct ami_kernel *k)
{
	uint64_t task = ami_symbol(k, AMI_SYM_init_task);
	int i;

	/* A single contradiction may be damage. */
	if (!task || !is_misnamed(k, task) || !is_unlinked(k, task))
		return;
	for (i = 0; i < AMI_NR_FIELDS; i++)
		if (k->layout.field[i].present &&
		    is_shuffled(ami_field_wants[i].type))
			k->layout.field[i] = (struct ami_member){
				.doubt = AMI_DOUBT_MEMORY,
			};
}
