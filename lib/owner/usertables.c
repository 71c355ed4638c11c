// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables of processes. Up to 6.7 nothing marks those above the second
 * level, up to 6.15 nothing marks the top: only the way from mm_struct does.
 */
#include "owner.h"

struct user_tables {
	struct ami_owners *o;
	struct ami_pfnbatch found;
	struct ami_pfnseen seen;
};

static void on_user_table(void *ctx, uint64_t pfn)
{
	struct user_tables *t = ctx;

	ami_pfnbatch_add(&t->found, pfn, 1);
}

/*
 * Kernels that can isolate page tables allocate two pages for the top table, the
 * first of them at an even frame. Nothing counts the second: no other page in
 * use begins there.
 */
static void add_second_half(struct user_tables *t, uint64_t pgd)
{
	struct page_view v;
	uint64_t phys, pfn;

	if (ami_virt_to_phys(t->o->kernel, pgd, &phys) != AMI_MEM_OK)
		return;
	pfn = phys >> AMI_PAGE_SHIFT;
	if (!(pfn & 1) &&
	    owner_page_view_read(t->o, pfn + 1, &v) == AMI_MEM_OK &&
	    !v.refcount && !v.tail)
		ami_pfnbatch_add(&t->found, pfn + 1, 1);
}

void owner_user_tables_collect(struct ami_owners *o)
{
	struct user_tables t = { .o = o, .found.set = o->hint[HINT_USER_TABLE] };
	uint64_t mm, pgd, unread = 0;
	size_t i;

	for (i = 0; i < o->nr_tasks && !ami_dump_stopped(
				ami_kernel_dump(o->kernel)); i++) {
		if (ami_get(o->kernel, o->task[i].task, AMI_F_task_mm, &mm) !=
			    AMI_MEM_OK || !mm ||
		    ami_get(o->kernel, mm, AMI_F_mm_pgd, &pgd) != AMI_MEM_OK)
			continue;
		unread += ami_user_tables_each(o->kernel, pgd, &t.seen,
					       on_user_table, &t);
		add_second_half(&t, pgd);
	}
	ami_pfnbatch_flush(&t.found);
	ami_pfnseen_free(&t.seen);
	/* An extract of an older version does not have them. */
	if (unread && !ami_dump_is_extract(ami_kernel_dump(o->kernel)))
		ami_finding_add_with(o->state->findings,
				AMI_FIND_KERNEL_TABLES_UNREAD,
				"page tables",
				AMI_FACTS(AMI_SAYS(PAGES, unread)),
				"%llu page tables of processes cannot be read: some owners are not known.",
				(unsigned long long)unread);
}
