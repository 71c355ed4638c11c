// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linux in hostile memory: its page tables, lists, lock-less lists, xarrays
 * and strings. The top page table is page 0.
 */
#include <kernel/page.h>
#include <kernel/xarray.h>

#include "hostile.h"

#define RAM_PAGES	64u
#define MAX_NODES	1000u
#define DIRECT_MAP	0xffff888000000000ull
#define WORK		200000u		/* page reads that one input may cost */

struct input {
	uint64_t list, llist, xarray, string, lookup;
	uint8_t five_levels, pad[7];
};

static int resolve(void *ctx, struct ami_kernel *kernel,
		   struct ami_layout *layout, struct ami_error *err)
{
	(void)ctx;
	(void)kernel;
	(void)err;
	layout->field[AMI_F_xarray_head] =
		(struct ami_member){ .present = true, .offset = 8, .size = 8 };
	layout->field[AMI_F_xa_node_shift] =
		(struct ami_member){ .present = true, .size = 1 };
	layout->field[AMI_F_xa_node_slots] =
		(struct ami_member){ .present = true, .offset = 40,
				     .size = 512 };
	layout->type_size[AMI_T_page] = 64;
	return 0;
}

static bool entry(void *ctx, uint64_t index, uint64_t value)
{
	(void)ctx;
	(void)index;
	(void)value;
	return true;
}

static void table(void *ctx, uint64_t pfn)
{
	(void)pfn;
	must(++*(unsigned int *)ctx <= RAM_PAGES);
}

static void leaf(void *ctx, uint64_t va, uint64_t phys, uint64_t size)
{
	(void)ctx;
	must(!(va & (size - 1)) && !(phys & (size - 1)));
}

static void walk_lists(struct ami_kernel *k, const struct input *in)
{
	struct ami_list_iter it;
	uint64_t node;
	unsigned int n = 0;

	ami_list_start(&it, k, in->list, MAX_NODES);
	while (ami_list_next(&it, &node))
		must(++n <= MAX_NODES);
	n = 0;
	ami_llist_start(&it, k, in->llist, MAX_NODES);
	while (ami_list_next(&it, &node))
		must(++n <= MAX_NODES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ami_kernel_map map = { table, leaf };
	const struct ami_layout_source source = {
		.name = "fuzz", .resolve = resolve, .ctx = NULL,
	};
	struct hostile h = { .ram = { 0, RAM_PAGES } };
	struct ami_xarray_walk met;
	struct ami_regions regions;
	struct ami_kernel *k;
	struct ami_dump *dump;
	unsigned int tables = 0;
	struct input in;
	char text[32];
	uint64_t pfn;

	hostile_take(&data, &size, &in, sizeof(in));
	h.data = data;
	h.size = size;
	h.vmcoreinfo = in.five_levels & 1 ?
		"OSRELEASE=fuzz\nNUMBER(phys_base)=0\nSYMBOL(swapper_pg_dir)=ffffffff80000000\nNUMBER(pgtable_l5_enabled)=1\n" :
		"OSRELEASE=fuzz\nNUMBER(phys_base)=0\nSYMBOL(swapper_pg_dir)=ffffffff80000000\n";
	dump = hostile_dump(&h);
	k = ami_kernel_open(dump, &source, NULL);
	must(k);
	walk_lists(k, &in);
	met = ami_xarray_each(k, in.xarray, MAX_NODES, entry, NULL);
	must(met.entries <= MAX_NODES);
	ami_read_string(k, in.string, text, sizeof(text));
	ami_virt_to_phys(k, in.lookup, &pfn);
	ami_kernel_map_each(k, &map, &tables);
	ami_user_table(k, in.lookup, &pfn);
	ami_kernel_regions(k, &regions);
	must(h.reads <= WORK);
	ami_kernel_close(k);
	ami_dump_close(dump);
	return 0;
}
