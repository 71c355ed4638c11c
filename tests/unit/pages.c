// SPDX-License-Identifier: GPL-2.0-or-later
#include "pages.h"

void pages_place(struct machine *m, enum ami_field f, uint32_t offset,
		 uint32_t size)
{
	image_layout(m->img)->field[f] = (struct ami_member){
		.present = true, .offset = offset, .size = size,
	};
}

void pages_make(struct machine *m)
{
	struct ami_layout *l = image_layout(m->img);

	pages_place(m, AMI_F_page_flags, 0, 8);
	pages_place(m, AMI_F_page_lru, 8, 16);
	pages_place(m, AMI_F_page_compound_head, 8, 8);
	pages_place(m, AMI_F_page_slab_cache, 24, 8);
	pages_place(m, AMI_F_page_private, 40, 8);
	pages_place(m, AMI_F_page_type, 48, 4);
	pages_place(m, AMI_F_page_refcount, 52, 4);
	l->field[AMI_F_slab_slab_cache].present = false;
	l->field[AMI_F_page_compound_info].present = false;
	l->field[AMI_F_page_mapping].present = false;
	l->field[AMI_F_page_pp_magic].present = false;
	l->field[AMI_F_task_thread_node].present = false;
	l->enumerator[AMI_E_PG_reserved].present = true;
	l->enumerator[AMI_E_PG_reserved].value = PAGES_RESERVED;
	l->enumerator[AMI_E_PG_slab].present = true;
	l->enumerator[AMI_E_PG_slab].value = PAGES_SLAB;
	image_vmcoreinfo_add(m->img,
			     "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n");
	machine_variable(m, AMI_SYM___per_cpu_offset, 0);
	machine_variable(m, AMI_SYM_nr_cpu_ids, 1);
	machine_vmemmap(m);
}

void pages_mark(struct machine *m, uint64_t phys, enum ami_field f,
		uint64_t value)
{
	machine_set(m, image_va(m->vmemmap + (phys >> 12) * 64), f, value);
}

void pages_process(struct machine *m, uint64_t pgd, uint64_t stack)
{
	uint64_t init = machine_object(m, 1024), mm = machine_object(m, 1024);
	uint64_t task = machine_object(m, 1024);
	uint32_t tasks = image_layout(m->img)->field[AMI_F_task_tasks].offset;

	machine_set(m, task, AMI_F_task_mm, mm);
	machine_set(m, task, AMI_F_task_stack, image_va(stack));
	image_write64(m->img, stack, STACK_END_MAGIC);
	machine_set(m, mm, AMI_F_mm_pgd, image_va(pgd));
	image_layout(m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(m, init + tasks);
	machine_list_add(m, init + tasks, task + tasks);
}

enum ami_owner pages_owner(const struct machine *m, uint64_t phys)
{
	return ami_owner_of(m->ex->owners, phys >> 12);
}
