// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables that lost mappings without a trace: the IOVA allocator still has
 * their ranges. What it has and no table maps on a healthy machine, too, is never
 * held against the table. In all shapes of the kernel's structures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/pte.h>

#include "machine.h"
#include "render.h"

#define MEMORY		0x4000000ull
#define DEVID		0x10
#define MAPPED		6u	/* pages, in three ranges */
#define MSI_FIRST	0xfee00u
#define MSI_LAST	0xfeeffu

static uint64_t root_of_table;	/* of the machine at hand */

/* One of 4, one of 1, one that is mapped in part. */
static void make_ranges(struct machine *m)
{
	machine_iova(m, 4, 4);
	machine_iova(m, 0, 3);
	machine_iova(m, 5, 8);
	machine_iova(m, MSI_FIRST, MSI_LAST);
}

/* Two on the CPU, and all that a magazine takes in the depot, twice. */
static void make_cached(struct machine *m)
{
	uint64_t single = 0x20, pair = 0x22, full[2][SHAPE_MAGAZINE];
	unsigned int i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i < SHAPE_MAGAZINE; i++) {
			full[k][i] = 0x40 + 0x40 * k + 4 * i;
			machine_iova(m, full[k][i], full[k][i] + 3);
		}
	machine_iova(m, single, single);
	machine_iova(m, pair, pair + 1);
	machine_cached(m, 0, AMI_F_cpu_rcache_loaded,
		       machine_magazine(m, &single, 1));
	machine_cached(m, 1, AMI_F_cpu_rcache_prev,
		       machine_magazine(m, &pair, 1));
	machine_cached(m, 2, AMI_F_rcache_depot,
		       machine_magazine(m, full[0], SHAPE_MAGAZINE));
	if (machine_has(m, AMI_F_magazine_next))
		machine_cached(m, 2, AMI_F_rcache_depot,
			       machine_magazine(m, full[1], SHAPE_MAGAZINE));
	else
		machine_cached(m, 2, AMI_F_cpu_rcache_loaded,
			       machine_magazine(m, full[1], SHAPE_MAGAZINE));
}

static void furnish(struct machine *m)
{
	struct amdvi_dte dte;

	root_of_table = machine_v1(m, MEMORY, MAPPED);
	dte = machine_paging(root_of_table, 2, 4);
	machine_device(m, DEVID, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      root_of_table, 2));
	machine_dte(m, DEVID, &dte);
	make_ranges(m);
	make_cached(m);
}

static bool blames_tree(const struct machine *m)
{
	return machine_found(m, "iova-tree-damaged") ||
	       machine_found(m, "iova-tree-unread");
}

static const struct ami_exposure *mapped(const struct machine *m)
{
	const struct ami_exposure *e = machine_exposure(m, DEVID,
							AMI_CLASS_MAPPED);

	assert_non_null(e);
	return e;
}

static void view_shows(struct machine *m, enum ami_view view, bool json,
		       uint64_t address, const char *want, const char *not)
{
	struct ami_request r = {
		.view = view, .json = json, .has_bdf = true, .iommu = -1,
		.bdf = { 0, DEVID }, .address = address,
	};
	char *text = render_machine(m, &r);

	has(text, want);
	if (not)
		lacks(text, not);
	free(text);
}

static void expect_healthy(struct machine *m)
{
	machine_analyse(m);
	assert_false(machine_found(m, "iova-without-mapping"));
	assert_false(blames_tree(m));
	assert_true(mapped(m)->complete);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	view_shows(m, AMI_VIEW_MAP, false, 0, "IOVA", "LOST");
}

/* "Not mapped" alone would be wrong of these. */
static void expect_shown(struct machine *m, uint64_t pages)
{
	uint64_t behind = pages * AMI_PAGE_SIZE;
	static const char first[] = "\"lost\": [\n    {\"first\": \"0x0\"";

	view_shows(m, AMI_VIEW_MAP, false, 0, "LOST: ", NULL);
	view_shows(m, AMI_VIEW_MAP, true, 0, first, "\"lost\": []");
	view_shows(m, AMI_VIEW_TRANSLATE, false, 0, "LOST: ", NULL);
	view_shows(m, AMI_VIEW_TRANSLATE, true, 0, first, "\"lost\": []");
	view_shows(m, AMI_VIEW_TRANSLATE, false, behind, "DTE:", "LOST");
	view_shows(m, AMI_VIEW_TRANSLATE, true, behind, "\"lost\": []", NULL);
}

/* @pages: of the ranges that nothing explains, from IOVA 0 on */
static void expect_lost(struct machine *m, uint64_t pages)
{
	const struct ami_exposure *e;

	machine_analyse(m);
	assert_true(machine_found(m, "iova-without-mapping"));
	e = mapped(m);
	assert_false(e->complete);
	assert_int_equal(e->nr_iovas, 1);
	assert_int_equal(e->iovas[0].first, 0);
	assert_int_equal(e->iovas[0].last, pages * AMI_PAGE_SIZE - 1);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
	expect_shown(m, pages);
}

static uint64_t leaf_of(struct machine *m)
{
	uint64_t raw;

	image_read(m->img, root_of_table, &raw, sizeof(raw));
	return raw & AMDVI_ADDR_MASK & ~m->sme;
}

static void healthy(struct machine *m)
{
	furnish(m);
	expect_healthy(m);
}

static void root_entry_zero(struct machine *m)
{
	furnish(m);
	image_write64(m->img, root_of_table, 0);
	expect_lost(m, 9);
}

static void leaves_zero(struct machine *m)
{
	unsigned int i;

	furnish(m);
	for (i = 0; i < MAPPED; i++)
		image_write64(m->img, leaf_of(m) + 8 * i, 0);
	expect_lost(m, 9);
}

/* Others are mapped: the first two ranges alone are more than one CPU's. */
static void some_leaves_zero(struct machine *m)
{
	unsigned int i;

	furnish(m);
	for (i = 0; i < 5; i++)
		image_write64(m->img, leaf_of(m) + 8 * i, 0);
	expect_lost(m, 5);
}

/* Flushed, but still in the queue, so that the ring does not explain them. */
static void lazy_domain(struct machine *m)
{
	unsigned int i;
	uint64_t iovad;

	furnish(m);
	iovad = machine_iovad(m);
	machine_lazy(m, m->dma_domain -
		     image_layout(m->img)->field[AMI_F_pdom_domain].offset,
		     0x300, 3);
	for (i = 0; i < 3; i++)
		machine_iova(m, 0x300 + i, 0x300 + i);
	machine_set(m, m->cookie, AMI_F_cookie_start_cnt, 12);
	machine_set(m, m->cookie, AMI_F_cookie_finish_cnt, 12);
	machine_set(m, iovad, AMI_F_iovad_start_cnt, 12);
	machine_set(m, iovad, AMI_F_iovad_finish_cnt, 12);
	machine_analyse(m);
	assert_false(machine_found(m, "iova-without-mapping"));
	assert_true(mapped(m)->complete);
}

/* Allocated, and its CPU was stopped before it mapped anything. */
static void one_under_way(struct machine *m)
{
	furnish(m);
	machine_iova(m, 0x30, 0x30);
	expect_healthy(m);
}

static void two_cpus(struct machine *m)
{
	furnish(m);
	machine_variable(m, AMI_SYM___per_cpu_offset, 0);
	machine_variable(m, AMI_SYM_nr_cpu_ids, 2);
	machine_variable(m, AMI_SYM___cpu_possible_mask, 3);
}

static void two_under_way(struct machine *m)
{
	two_cpus(m);
	machine_iova(m, 0x30, 0x30);
	machine_iova(m, 0x31, 0x31);
	expect_healthy(m);
}

/* No more than the CPUs, but not even a table is there for them. */
static void without_table(struct machine *m)
{
	two_cpus(m);
	machine_iova(m, 0x200, 0x200);
	machine_iova(m, 0x201, 0x201);
	machine_analyse(m);
	assert_true(machine_found(m, "iova-without-mapping"));
	assert_false(mapped(m)->complete);
}

/* All that the device had: no CPU is the reason of that. */
static void only_range(struct machine *m)
{
	struct amdvi_dte dte;

	root_of_table = machine_v1(m, MEMORY, MAPPED);
	dte = machine_paging(root_of_table, 2, 4);
	machine_device(m, DEVID, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      root_of_table, 2));
	machine_dte(m, DEVID, &dte);
	machine_iova(m, 0, 3);
	make_cached(m);
	image_write64(m->img, root_of_table, 0);
	expect_lost(m, 4);
}

/* A CPU frees a magazine and holds the lock of the tree. */
static void locked(struct machine *m)
{
	unsigned int i;

	furnish(m);
	for (i = 0; i < SHAPE_MAGAZINE; i++)
		machine_iova(m, 0x30 + i, 0x30 + i);
	machine_set(m, machine_iovad(m), AMI_F_iovad_lock, 1);
	expect_healthy(m);
}

/* The same with PREEMPT_RT, where the lock has an owner. */
static void owned(struct machine *m)
{
	struct ami_layout *l = image_layout(m->img);
	unsigned int i;

	l->field[AMI_F_iovad_lock_owner] = l->field[AMI_F_iovad_lock];
	l->field[AMI_F_iovad_lock_owner].size = 8;
	l->field[AMI_F_iovad_lock].present = false;
	furnish(m);
	for (i = 0; i < SHAPE_MAGAZINE; i++)
		machine_iova(m, 0x30 + i, 0x30 + i);
	machine_set(m, machine_iovad(m), AMI_F_iovad_lock_owner,
		    machine_object(m, 64));
	expect_healthy(m);
}

/* Unmapped by a command that was executed just before. */
static void just_unmapped(struct machine *m)
{
	unsigned int i;

	furnish(m);
	for (i = 0; i < 4; i++) {
		machine_iova(m, 0x30 + i, 0x30 + i);
		machine_command(m, i, (struct amdvi_command){
			.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES,
			.domain_id = 4, .address = (0x30 + i) << 12,
		});
	}
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 4 * 16);
	machine_analyse(m);
	assert_false(machine_found(m, "iova-without-mapping"));
}

/* The magazines may hold any of them: nothing is said. */
static void caches_lost(struct machine *m)
{
	uint64_t zero = 0;

	furnish(m);
	machine_write(m, m->rcaches +
		      image_layout(m->img)->field[AMI_F_rcache_cpus].offset,
		      &zero, sizeof(zero));
	machine_iova(m, 0x30, 0x30);
	machine_iova(m, 0x31, 0x31);
	expect_healthy(m);
}

/* The window of the device's host bridge, and ranges above and below it. */
static void host_bridge(struct machine *m)
{
	uint64_t bridge, entry = machine_object(m, 64), pci;
	uint64_t res = machine_object(m, 64), bus, head;
	struct amdvi_dte dte;

	root_of_table = machine_v1(m, MEMORY, MAPPED);
	dte = machine_paging(root_of_table, 2, 4);
	pci = machine_pci(m, DEVID, 0x010802);
	machine_dte(m, DEVID, &dte);
	machine_dev_data(m, DEVID, machine_domain(m, 4, TYPE_DMA,
						  AMI_FORMAT_V1,
						  root_of_table, 2));
	make_ranges(m);
	make_cached(m);
	bus = machine_object(m, 256);
	bridge = machine_object(m, 256);
	machine_set(m, pci, AMI_F_pci_dev_bus, bus);
	machine_set(m, bus, AMI_F_pci_bus_parent, m->bus);
	machine_set(m, m->bus, AMI_F_pci_bus_bridge, bridge +
		    image_layout(m->img)->field[AMI_F_host_bridge_dev].offset);
	head = bridge +
	       image_layout(m->img)->field[AMI_F_host_bridge_windows].offset;
	machine_list_init(m, head);
	machine_list_add(m, head, entry + image_layout(m->img)->field
			 [AMI_F_resource_entry_node].offset);
	machine_set(m, entry, AMI_F_resource_entry_res, res);
	machine_set(m, entry, AMI_F_resource_entry_offset, 0x10000000);
	machine_set(m, res, AMI_F_resource_start, 0xd0000000);
	machine_set(m, res, AMI_F_resource_end, 0xdfffffff);
	machine_iova(m, 0xc0000, 0xcffff);
}

static void window(struct machine *m)
{
	host_bridge(m);
	expect_healthy(m);
}

/* Large ranges count where the windows are known. */
static void beside_window(struct machine *m)
{
	host_bridge(m);
	image_layout(m->img)->type_size[AMI_T_dma_iova_state] = 0;
	machine_iova(m, 0xbfe00, 0xbffff);
	machine_iova(m, 0xd0000, 0xd01ff);
	/* Ends as HyperTransport's does, but begins before that. */
	machine_iova(m, 0xf000000, 0xfffffff);
	machine_analyse(m);
	assert_true(machine_found(m, "iova-without-mapping"));
	assert_int_equal(mapped(m)->nr_iovas, 3);
}

/* Where drivers may allocate large ranges beforehand, they do not count. */
static void allocated_early(struct machine *m)
{
	host_bridge(m);
	image_layout(m->img)->type_size[AMI_T_dma_iova_state] = 32;
	machine_iova(m, 0xbfe00, 0xbffff);
	machine_iova(m, 0xd0000, 0xd01ff);
	expect_healthy(m);
}

static void guest_table(struct machine *m)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .gv = true,
		.giov = true, .domain_id = 4,
	};
	uint64_t root = machine_v2(m, MEMORY, MAPPED, 4);

	/* Up to 5.19 the DMA API had no such tables. */
	if (!machine_has(m, AMI_F_pdom_iop_pgd) &&
	    !machine_has(m, AMI_F_pdom_amdv2_top))
		return;
	dte.gcr3_root = machine_gcr3(m, 0, 0, root);
	machine_device(m, DEVID, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V2, root, 4));
	machine_dte(m, DEVID, &dte);
	make_ranges(m);
	make_cached(m);
	image_write64(m->img, root, 0);
	expect_lost(m, 9);
}

/* What may become of the tree itself; @node: of the first range. */
static void points_up(struct machine *m, uint64_t node)
{
	machine_set(m, node, AMI_F_rb_left,
		    machine_get(m, machine_iovad(m), AMI_F_iovad_rbroot));
}

static void points_to_itself(struct machine *m, uint64_t node)
{
	machine_set(m, node, AMI_F_rb_right, node);
}

static void points_nowhere(struct machine *m, uint64_t node)
{
	machine_set(m, node, AMI_F_rb_right, 0x1000);
}

static void parent_zero(struct machine *m, uint64_t node)
{
	machine_set(m, node, AMI_F_rb_parent, 0);
}

static void out_of_order(struct machine *m, uint64_t node)
{
	machine_set(m, node, AMI_F_rb_left, 0);
	machine_set(m, node - image_layout(m->img)->field[AMI_F_iova_node]
		    .offset, AMI_F_iova_pfn_hi, 0x100000);
}

static void root_zero(struct machine *m, uint64_t node)
{
	(void)node;
	machine_set(m, machine_iovad(m), AMI_F_iovad_rbroot, 0);
}

static void damaged_tree(struct machine *m)
{
	void (*const damage[])(struct machine *m, uint64_t node) = {
		points_up, points_to_itself, points_nowhere, parent_zero,
		out_of_order, root_zero,
	};
	size_t i;

	for (i = 0; i < 2 * sizeof(damage) / sizeof(damage[0]); i++) {
		struct machine *own = machine_new_sized(m->shape, m->sme, 0xff,
							MACHINE_PAGES);
		uint64_t anchor;

		furnish(own);
		anchor = machine_get(own, machine_iovad(own),
				     AMI_F_iovad_rbroot);
		damage[i / 2](own, machine_get(own, anchor, AMI_F_rb_left));
		/* A CPU that has the lock may be in the midst of a change. */
		machine_set(own, machine_iovad(own), AMI_F_iovad_lock, i % 2);
		machine_analyse(own);
		assert_int_equal(machine_found(own, "iova-tree-damaged"),
				 !(i % 2));
		assert_false(machine_found(own, "iova-without-mapping"));
		assert_int_equal(mapped(own)->count, MAPPED);
		machine_free(own);
	}
}

/* A page of it that the dump does not hold is no damage, and nothing is lost. */
static void unread_tree(struct machine *m)
{
	struct machine *own = machine_new_apart(m->shape, m->sme, 0xff,
						MACHINE_PAGES);
	uint64_t node;

	furnish(own);
	node = machine_get(own, machine_get(own, machine_iovad(own),
					    AMI_F_iovad_rbroot),
			   AMI_F_rb_left);
	image_hide(own->img, (node - IMAGE_DIRECT_MAP) >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	machine_analyse(own);
	assert_true(machine_found(own, "iova-tree-unread"));
	assert_false(machine_found(own, "iova-tree-damaged"));
	assert_false(machine_found(own, "iova-without-mapping"));
	assert_true(mapped(own)->complete);
	machine_free(own);
}

OVER_SHAPES(healthy)
OVER_SHAPES(root_entry_zero)
OVER_SHAPES(leaves_zero)
OVER_SHAPES(some_leaves_zero)
OVER_SHAPES(lazy_domain)
OVER_SHAPES(one_under_way)
OVER_SHAPES(two_under_way)
OVER_SHAPES(without_table)
OVER_SHAPES(only_range)
OVER_SHAPES(locked)
OVER_SHAPES(owned)
OVER_SHAPES(just_unmapped)
OVER_SHAPES(caches_lost)
OVER_SHAPES(window)
OVER_SHAPES(beside_window)
OVER_SHAPES(allocated_early)
OVER_SHAPES(guest_table)
OVER_SHAPES(damaged_tree)
OVER_SHAPES(unread_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_healthy),
		cmocka_unit_test(all_root_entry_zero),
		cmocka_unit_test(all_leaves_zero),
		cmocka_unit_test(all_some_leaves_zero),
		cmocka_unit_test(all_lazy_domain),
		cmocka_unit_test(all_one_under_way),
		cmocka_unit_test(all_two_under_way),
		cmocka_unit_test(all_without_table),
		cmocka_unit_test(all_only_range),
		cmocka_unit_test(all_locked),
		cmocka_unit_test(all_owned),
		cmocka_unit_test(all_just_unmapped),
		cmocka_unit_test(all_caches_lost),
		cmocka_unit_test(all_window),
		cmocka_unit_test(all_beside_window),
		cmocka_unit_test(all_allocated_early),
		cmocka_unit_test(all_guest_table),
		cmocka_unit_test(all_damaged_tree),
		cmocka_unit_test(all_unread_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
