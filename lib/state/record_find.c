// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where amdiommu-record keeps its record: a BPF map of a name of its own, in the
 * kernel's list of maps. Where a part of that list is not in the dump, the first
 * bytes of each page show it. Kernel: kernel/bpf/syscall.c (map_idr), arraymap.c.
 */
#include <string.h>

#include <kernel/xarray.h>

#include "record.h"

/* Maps and nodes of the list. No machine has more. */
#define MAX_MAPS	65536u
/* More RAM than this has too many pages to look at each. */
#define MAX_RAM_PAGES	(16ull << 20)
/* The search may take this part of the work, so that it cuts nothing short. */
#define PART		8u

struct search {
	struct ami_state *s;
	void (*fn)(void *ctx, uint64_t va, uint64_t pages);
	void *ctx;
};

/* Names of other maps stay out of extracts. */
static bool is_ours(struct ami_kernel *k, uint64_t map)
{
	struct ami_dump *dump = ami_kernel_dump(k);
	uint64_t at = ami_addr(k, map, AMI_F_bpf_map_name);
	char name[sizeof(AMI_RECORD_MAP)];
	bool ours;

	ami_dump_record_pause(dump, true);
	ours = ami_read(k, at, name, sizeof(name)) == AMI_MEM_OK &&
	       !memcmp(name, AMI_RECORD_MAP, sizeof(name));
	ami_dump_record_pause(dump, false);
	return ours && ami_read(k, at, name, sizeof(name)) == AMI_MEM_OK;
}

/*
 * A map that programs may mmap() begins its data on a page, and its structure
 * right before that.
 */
static bool visit_map(void *ctx, uint64_t index, uint64_t map)
{
	struct search *search = ctx;
	struct ami_kernel *k = search->s->kernel;
	uint64_t size;

	(void)index;
	if (map & 3 || !ami_kernel_address(map) || !is_ours(k, map) ||
	    ami_get(k, map, AMI_F_bpf_map_value_size, &size) != AMI_MEM_OK ||
	    size % AMI_RECORD_PAGE)
		return true;
	search->fn(search->ctx, (map + AMI_RECORD_PAGE - 1) &
		   ~(AMI_RECORD_PAGE - 1ull), size / AMI_RECORD_PAGE);
	return !ami_dump_stopped(ami_kernel_dump(k));
}

static bool begins_record(const struct ami_record_machine *m)
{
	return m->head.magic[0] == (AMI_RECORD_MAGIC0 ^ AMI_RECORD_MAGIC_KEY) &&
	       m->head.magic[1] == (AMI_RECORD_MAGIC1 ^ AMI_RECORD_MAGIC_KEY) &&
	       m->head.kind == AMI_RECORD_MACHINE && !m->head.page;
}

/* A copy elsewhere names the address of the original. */
static void visit_page(struct search *search, uint64_t pfn)
{
	struct ami_kernel *k = search->s->kernel;
	struct ami_record_machine m;
	uint64_t phys;

	if (ami_dump_read(ami_kernel_dump(k), pfn << AMI_PAGE_SHIFT, &m,
			  sizeof(m.head)) != AMI_MEM_OK || !begins_record(&m) ||
	    !ami_kernel_address(m.head.self) ||
	    ami_virt_to_phys(k, m.head.self, &phys) != AMI_MEM_OK ||
	    phys != pfn << AMI_PAGE_SHIFT)
		return;
	search->fn(search->ctx, m.head.self, m.head.pages);
}

static void visit_pages(struct search *search)
{
	struct ami_dump *dump = ami_kernel_dump(search->s->kernel);
	const struct ami_dump_info *info = ami_dump_info(dump);
	const struct ami_budget *budget = ami_dump_budget(dump);
	uint64_t most = budget->used + (budget->until - budget->used) / PART;
	uint64_t pfn, end;
	size_t i;

	if (ami_dump_ram_pages(dump) > MAX_RAM_PAGES)
		return;
	ami_dump_record_pause(dump, true);
	for (i = 0; i < info->nr_ram; i++) {
		end = info->ram[i].first + info->ram[i].count;
		for (pfn = info->ram[i].first; pfn < end &&
		     budget->used < most && !ami_dump_stopped(dump); pfn++)
			visit_page(search, pfn);
	}
	ami_dump_record_pause(dump, false);
}

void state_each_record(struct ami_state *s,
		       void (*fn)(void *ctx, uint64_t va, uint64_t pages),
		       void *ctx)
{
	struct search search = { .s = s, .fn = fn, .ctx = ctx };
	uint64_t maps = ami_symbol(s->kernel, AMI_SYM_map_idr);

	/* A kernel without maps has no record. */
	if (!maps || !ami_has(s->kernel, AMI_F_bpf_map_name) ||
	    !ami_has(s->kernel, AMI_F_bpf_map_value_size))
		return;
	/* What an extract has of the list is what its maker saw of it. */
	if (ami_xarray_each(s->kernel, maps, MAX_MAPS, visit_map,
			    &search).unread && !state_is_extract(s))
		visit_pages(&search);
}
