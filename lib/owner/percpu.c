// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Per-CPU memory: the first chunk is there from the boot on and holds the
 * kernel's own variables (mm/percpu.c), among them the stacks for interrupts
 * (arch/x86/kernel/irq_64.c). Stacks of tasks that ended wait for the next task,
 * two for each CPU (kernel/fork.c).
 */
#include "owner.h"

#define MAX_CPUS	8192u
#define MAX_UNIT	(1u << 28)
#define NR_CACHED_STACKS	2u

static bool read_word(struct ami_owners *o, enum ami_symbol y, uint64_t *value)
{
	return ami_symbol(o->kernel, y) &&
	       ami_read_u64(o->kernel, ami_symbol(o->kernel, y), value) ==
	       AMI_MEM_OK;
}

static void add_unit(struct ami_owners *o, uint32_t cpu)
{
	uint64_t base, offsets, offset;
	uint32_t size;

	if (read_word(o, AMI_SYM_pcpu_base_addr, &base) &&
	    read_word(o, AMI_SYM_pcpu_unit_offsets, &offsets) &&
	    ami_read_u32(o->kernel, ami_symbol(o->kernel,
					       AMI_SYM_pcpu_unit_size),
			 &size) == AMI_MEM_OK && size <= MAX_UNIT &&
	    ami_read_u64(o->kernel, offsets + cpu * 8ull, &offset) ==
	    AMI_MEM_OK)
		owner_add_virtual(o, o->hint[HINT_FIRST_CHUNK], base + offset,
				  size);
}

/* The area of a stack ends with a page that is not mapped. */
static void add_cached_stack(struct ami_owners *o, uint64_t vm)
{
	uint64_t at, size;

	if (ami_kernel_address(vm) &&
	    ami_get(o->kernel, vm, AMI_F_vm_struct_addr, &at) == AMI_MEM_OK &&
	    ami_get(o->kernel, vm, AMI_F_vm_struct_size, &size) ==
	    AMI_MEM_OK && size == (o->stack_pages + 1) * AMI_PAGE_SIZE &&
	    at >= o->regions.vmalloc && at < o->regions.vmalloc_end)
		owner_add_virtual(o, o->stacks, at,
				  o->stack_pages * AMI_PAGE_SIZE);
}

static void add_stacks(struct ami_owners *o, uint64_t offset)
{
	uint64_t irq = ami_symbol(o->kernel, AMI_SYM_irq_stack_backing_store);
	uint64_t cached = ami_symbol(o->kernel, AMI_SYM_cached_stacks), vm;
	unsigned int i;

	if (irq)
		owner_add_virtual(o, o->hint[HINT_IRQ_STACK], irq + offset,
				  o->stack_pages * AMI_PAGE_SIZE);
	for (i = 0; cached && i < NR_CACHED_STACKS; i++)
		if (ami_read_u64(o->kernel, cached + offset + i * 8, &vm) ==
		    AMI_MEM_OK)
			add_cached_stack(o, vm);
}

void owner_percpu_collect(struct ami_owners *o)
{
	uint64_t base = ami_symbol(o->kernel, AMI_SYM___per_cpu_offset);
	uint64_t offset;
	uint32_t cpus, cpu;

	if (ami_read_u32(o->kernel, ami_symbol(o->kernel, AMI_SYM_nr_cpu_ids),
			 &cpus) != AMI_MEM_OK || cpus > MAX_CPUS)
		return;
	for (cpu = 0; cpu < cpus && !ami_dump_stopped(
				ami_kernel_dump(o->kernel)); cpu++) {
		add_unit(o, cpu);
		if (base && ami_read_u64(o->kernel, base + cpu * 8ull,
					 &offset) == AMI_MEM_OK)
			add_stacks(o, offset);
	}
}
