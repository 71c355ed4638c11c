// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owners that nothing in struct page marks: what leads to such a page says whose
 * it is, and counts only where struct page does not know better.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pages.h"

#define NIC		0x10
#define TABLE		0x067ull	/* an entry that leads to a table */
#define MODULE		0xffffffffc0100000ull
#define VMALLOC		0xffa0000000100000ull
#define LINK		4

static void over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes_with(MACHINE_SME, 1 << 15, test);
}

/* What is found for one frame is found for many at once, too. */
static void all_at_once(const struct machine *m, uint64_t phys)
{
	uint64_t *wanted = calloc(AMI_OWNER_WINDOW / 64, sizeof(*wanted));
	uint8_t *found = calloc(AMI_OWNER_WINDOW, 1);

	wanted[(phys >> 12) / 64] = 1ull << (phys >> 12) % 64;
	ami_owners_fill(m->ex->owners, 0, wanted, found);
	assert_int_equal(found[phys >> 12], pages_owner(m, phys));
	free(wanted);
	free(found);
}

enum { TOP, SECOND, P4D, PUD, PMD, PTE, OTHER, GIVEN, TABLES };

/* Five levels, with entries that the kernel would not write beside them. */
static void make_tables(struct machine *m, uint64_t at[TABLES])
{
	unsigned int i;

	at[TOP] = (image_alloc(m->img, 4) + 0x1fff) & ~0x1fffull;
	at[SECOND] = at[TOP] + 0x1000;
	for (i = P4D; i < TABLES; i++) {
		at[i] = image_alloc(m->img, 1);
		pages_mark(m, at[i], AMI_F_page_refcount, 1);
	}
	pages_mark(m, at[TOP], AMI_F_page_refcount, 1);
	image_write64(m->img, at[TOP] + 8 * 3, at[P4D] | TABLE | m->sme);
	/* The kernel's half, and itself. */
	image_write64(m->img, at[TOP] + 8 * 300, at[OTHER] | TABLE | m->sme);
	image_write64(m->img, at[P4D], at[P4D] | TABLE | m->sme);
	image_write64(m->img, at[P4D] + 8, at[PUD] | TABLE | m->sme);
	image_write64(m->img, at[PUD], at[PMD] | TABLE | m->sme);
	/* Not as the kernel writes them: no bit A, a large page, no RAM. */
	image_write64(m->img, at[PUD] + 8, at[OTHER] | 0x047 | m->sme);
	image_write64(m->img, at[PUD] + 16, at[OTHER] | 0x0e7 | m->sme);
	image_write64(m->img, at[PUD] + 24, 0x7654321000ull | TABLE | m->sme);
	image_write64(m->img, at[PMD] + 8 * 511, at[PTE] | TABLE | m->sme |
		      1ull << 63);
	/* Given to somebody else since. */
	image_write64(m->img, at[PMD], at[GIVEN] | TABLE | m->sme);
	pages_mark(m, at[GIVEN], AMI_F_page_type, PAGES_BUDDY);
	pages_mark(m, at[GIVEN], AMI_F_page_refcount, 0);
	pages_process(m, at[TOP], image_alloc(m->img, 4));
}

static void one_user_tables(struct machine *m)
{
	uint64_t at[TABLES];
	unsigned int i;

	pages_make(m);
	make_tables(m, at);
	machine_analyse(m);
	for (i = TOP; i < OTHER; i++) {
		assert_int_equal(pages_owner(m, at[i]), AMI_OWNER_PAGE_TABLE);
		all_at_once(m, at[i]);
	}
	assert_int_equal(pages_owner(m, at[OTHER]), AMI_OWNER_KERNEL);
	assert_int_equal(pages_owner(m, at[GIVEN]), AMI_OWNER_FREE);
	assert_false(machine_found(m, "kernel-tables-unread"));
}

static void user_tables(void **state)
{
	(void)state;
	over_shapes(one_user_tables);
}

/* A page in use behind the top table is somebody else's. */
static void one_top_alone(struct machine *m)
{
	uint64_t at[TABLES];

	pages_make(m);
	make_tables(m, at);
	pages_mark(m, at[SECOND], AMI_F_page_refcount, 1);
	image_hide(m->img, at[PMD] >> 12, AMI_MEM_FILTERED);
	machine_analyse(m);
	assert_int_equal(pages_owner(m, at[SECOND]), AMI_OWNER_KERNEL);
	assert_int_equal(pages_owner(m, at[PMD]), AMI_OWNER_PAGE_TABLE);
	assert_int_equal(pages_owner(m, at[PTE]), AMI_OWNER_KERNEL);
	assert_true(machine_found(m, "kernel-tables-unread"));
}

static void top_alone(void **state)
{
	(void)state;
	over_shapes(one_top_alone);
}

static void one_percpu(struct machine *m)
{
	uint64_t chunk = image_alloc(m->img, 8), offsets = machine_object(m, 64);
	unsigned int i;

	pages_make(m);
	machine_variable(m, AMI_SYM_pcpu_base_addr, image_va(chunk));
	machine_variable(m, AMI_SYM_pcpu_unit_offsets, offsets);
	machine_variable(m, AMI_SYM_pcpu_unit_size, 8 << 12);
	image_layout(m->img)->symbol[AMI_SYM_irq_stack_backing_store] =
		image_va(chunk + 0x2000);
	/* The last page was not needed, and given back. */
	for (i = 0; i < 7; i++)
		pages_mark(m, chunk + (i << 12), AMI_F_page_flags, 1 << PAGES_RESERVED);
	machine_analyse(m);
	for (i = 0; i < 8; i++) {
		assert_int_equal(pages_owner(m, chunk + (i << 12)), i == 7 ?
				 AMI_OWNER_KERNEL : i >= 2 && i < 6 ?
				 AMI_OWNER_STACK : AMI_OWNER_PERCPU);
		all_at_once(m, chunk + (i << 12));
	}
}

static void percpu(void **state)
{
	(void)state;
	over_shapes(one_percpu);
}

/* A vmalloc area of @pages at @va; returns its struct vm_struct. */
static uint64_t add_area(struct machine *m, uint64_t head, uint64_t va,
			 unsigned int pages, uint64_t caller)
{
	const struct ami_layout *l = image_layout(m->img);
	uint64_t area = machine_object(m, 1024), vm = machine_object(m, 1024);

	machine_set(m, area, AMI_F_vmap_area_start, va);
	machine_set(m, area, AMI_F_vmap_area_end, va + (pages << 12));
	machine_set(m, area, AMI_F_vmap_area_vm, vm);
	machine_set(m, vm, AMI_F_vm_struct_flags, 2);
	machine_set(m, vm, AMI_F_vm_struct_caller, caller);
	machine_set(m, vm, AMI_F_vm_struct_addr, va);
	machine_set(m, vm, AMI_F_vm_struct_size, pages << 12);
	machine_list_add(m, head, area + l->field[AMI_F_vmap_area_list].offset);
	return vm;
}

static void one_virtual(struct machine *m)
{
	uint64_t module = image_alloc(m->img, 1), chunk = image_alloc(m->img, 1);
	uint64_t plain = image_alloc(m->img, 1), stack = image_alloc(m->img, 4);
	uint64_t head = machine_object(m, 16), cached = machine_object(m, 16);
	unsigned int i;

	pages_make(m);
	machine_list_init(m, head);
	image_layout(m->img)->symbol[AMI_SYM_vmap_area_list] = head;
	image_layout(m->img)->symbol[AMI_SYM_pcpu_get_vm_areas] = IMAGE_TEXT;
	image_layout(m->img)->symbol[AMI_SYM_cached_stacks] = cached;
	machine_map(m, MODULE, module);
	machine_map(m, VMALLOC, chunk);
	machine_map(m, VMALLOC + 0x10000, plain);
	for (i = 0; i < 4; i++)
		machine_map(m, VMALLOC + 0x20000 + (i << 12),
			    stack + (i << 12));
	add_area(m, head, VMALLOC, 1, IMAGE_TEXT);
	/* Of a size that no stack has. */
	machine_write(m, cached + 8, &(uint64_t){
		add_area(m, head, VMALLOC + 0x10000, 2, IMAGE_TEXT + 64) }, 8);
	machine_write(m, cached, &(uint64_t){
		add_area(m, head, VMALLOC + 0x20000, 5, IMAGE_TEXT + 64) }, 8);
	machine_analyse(m);
	assert_int_equal(pages_owner(m, module), AMI_OWNER_MODULE);
	assert_int_equal(pages_owner(m, chunk), AMI_OWNER_PERCPU);
	assert_int_equal(pages_owner(m, plain), AMI_OWNER_VMALLOC);
	for (i = 0; i < 4; i++)
		assert_int_equal(pages_owner(m, stack + (i << 12)), AMI_OWNER_STACK);
	all_at_once(m, module);
	all_at_once(m, chunk);
}

static void virtual(void **state)
{
	(void)state;
	over_shapes(one_virtual);
}

static void one_iommu(struct machine *m)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};

	pages_make(m);
	dte.host_root = machine_v1(m, m->seg->dev_table, 1);
	machine_device(m, NIC, "nic",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(m, NIC, &dte);
	machine_analyse(m);
	assert_int_equal(pages_owner(m, m->seg->dev_table), AMI_OWNER_IOMMU);
	assert_int_equal(pages_owner(m, m->ring), AMI_OWNER_IOMMU);
	assert_int_equal(pages_owner(m, m->semaphore), AMI_OWNER_IOMMU);
	all_at_once(m, m->ring);
	assert_true(machine_found(m, "io-page-table-exposed"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
}

static void iommu(void **state)
{
	(void)state;
	over_shapes(one_iommu);
}

/* Driver's own pages count only as long as nothing says that they are not. */
static void one_known(struct machine *m)
{
	uint64_t buffer = image_alloc(m->img, 2), request = image_alloc(m->img, 1);
	struct ami_pfnset *set = ami_pfnset_new();

	pages_make(m);
	pages_mark(m, buffer + 0x1000, AMI_F_page_type, PAGES_BUDDY);
	machine_analyse(m);
	assert_int_equal(pages_owner(m, buffer), AMI_OWNER_KERNEL);
	ami_pfnset_add(set, buffer >> 12, 2);
	ami_owners_known(m->ex->owners, AMI_OWNER_NETWORK, set);
	ami_pfnset_remove(set, buffer >> 12, 2);
	ami_pfnset_add(set, request >> 12, 1);
	ami_owners_known(m->ex->owners, AMI_OWNER_REQUEST, set);
	assert_int_equal(pages_owner(m, buffer), AMI_OWNER_NETWORK);
	assert_int_equal(pages_owner(m, buffer + 0x1000), AMI_OWNER_FREE);
	assert_int_equal(pages_owner(m, request), AMI_OWNER_REQUEST);
	ami_pfnset_free(set);
}

static void known(void **state)
{
	(void)state;
	over_shapes(one_known);
}

/* --- names of merged caches ---------------------------------------------------- */

struct names {
	struct machine *m;
	uint64_t slab, cache, directory, root, last;
};

static void add_name(struct names *n, const char *name, uint64_t target)
{
	const struct ami_layout *l = image_layout(n->m->img);
	uint64_t node = machine_object(n->m, 1024);
	uint64_t rb = node + l->field[AMI_F_kernfs_rb].offset;

	machine_set(n->m, node, AMI_F_kernfs_name, machine_string(n->m, name));
	machine_set(n->m, node, AMI_F_kernfs_flags, 0x30 | LINK);
	machine_set(n->m, node, AMI_F_kernfs_target, target);
	if (n->last)
		machine_set(n->m, n->last, AMI_F_rb_right, rb);
	else
		machine_set(n->m, n->root, AMI_F_kernfs_children, rb);
	n->last = rb;
}

/* A slab of a cache that stands for @users. */
static void make_merged(struct names *n, struct machine *m, uint32_t users)
{
	uint64_t kset = machine_object(m, 1024);

	*n = (struct names){
		.m = m, .cache = machine_object(m, 1024),
		.directory = machine_object(m, 1024),
		.root = machine_object(m, 1024),
		.slab = image_alloc(m->img, 1),
	};
	pages_make(m);
	pages_place(m, AMI_F_kernfs_rb, 512, 64);
	pages_mark(m, n->slab, AMI_F_page_flags, 1 << PAGES_SLAB);
	pages_mark(m, n->slab, AMI_F_page_slab_cache, n->cache);
	machine_set(m, n->cache, AMI_F_kmem_cache_name,
		    machine_string(m, "filp"));
	machine_set(m, n->cache, AMI_F_kmem_cache_refcount, users);
	machine_set(m, n->cache, AMI_F_kmem_cache_directory, n->directory);
	machine_set(m, kset, AMI_F_kset_directory, n->root);
	machine_variable(m, AMI_SYM_slab_kset, kset);
}

static void merged_is(struct machine *m, uint32_t users, const char *second,
		      enum ami_owner want)
{
	struct names n;

	make_merged(&n, m, users);
	add_name(&n, "kmalloc-256", n.root);	/* of another cache */
	add_name(&n, "filp", n.directory);
	if (second)
		add_name(&n, second, n.directory);
	machine_analyse(m);
	assert_int_equal(pages_owner(m, n.slab), want);
}

static void one_merged(struct machine *m)
{
	merged_is(m, 2, "anon_vma_chain", AMI_OWNER_OBJECT);
}

static void one_with_buffers(struct machine *m)
{
	merged_is(m, 2, "nvme-chap-buf-cache", AMI_OWNER_SLAB);
}

/* One of three has no name that can be read. */
static void one_nameless(struct machine *m)
{
	merged_is(m, 3, "anon_vma_chain", AMI_OWNER_SLAB);
}

static void merged(void **state)
{
	(void)state;
	over_shapes(one_merged);
	over_shapes(one_with_buffers);
	over_shapes(one_nameless);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_tables), cmocka_unit_test(top_alone),
		cmocka_unit_test(percpu), cmocka_unit_test(virtual),
		cmocka_unit_test(iommu), cmocka_unit_test(known),
		cmocka_unit_test(merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
