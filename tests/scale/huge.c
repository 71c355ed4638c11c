// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes the vmcore of a machine larger than any at hand, as a sparse file:
 * terabytes of RAM, many PCI segments and IOMMUs, thousands of devices, some
 * of which share a table, hundreds of millions of mapped pages.
 *
 * huge OUT [RAM-GIB [DEVICES [MILLION-PAGES [SCATTERED-PERCENT]]]]
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore.h"

#define TYPE_DMA	0x3
#define LEVELS		4
#define IOMMUS		2u	/* in each segment */
#define SHARERS		8u	/* one device in so many has a shared table */
#define QUEUED		20u	/* what machine_lazy() has room for */
#define GIB_PAGES	(1ull << 18)
#define BIG_PAGES	(1ull << 9)

/* struct page as recent kernels have it. */
#define PAGE_MAPPING	24
#define PAGE_REFCOUNT	52
#define ANON		0xff11000000100001ull
#define VMEMMAP		0xffd4000000000000ull

/**
 * struct plan - what to make
 * @next_frame: page frame that is mapped next; they repeat at the end of RAM
 * @owed: pages that are to be mapped in pieces larger than all of them
 * @random: state of the generator of scattered page frames
 */
struct plan {
	struct machine *m;
	const char *out;
	uint64_t ram_pages, first_buffer, next_frame;
	unsigned int devices, scattered;
	uint64_t pages;			/* for each table */
	uint64_t mapped, owed, random;
};

static uint64_t scattered_frame(struct plan *p)
{
	p->random = p->random * 6364136223846793005ull + 1442695040888963407ull;
	return p->first_buffer + (p->random >> 20) %
	       (p->ram_pages - p->first_buffer);
}

static uint64_t frames(struct plan *p, uint64_t count)
{
	uint64_t first = (p->next_frame + count - 1) / count * count;

	if (first + count > p->ram_pages)
		first = (p->first_buffer + count - 1) / count * count;
	p->next_frame = first + count;
	return first;
}

/* The table at @level that covers @iova, made when it is missing. */
static uint64_t table_for(struct plan *p, uint64_t root, uint64_t iova,
			  unsigned int level)
{
	uint64_t table = root, at, entry;
	unsigned int l;

	for (l = LEVELS; l > level; l--) {
		at = table + 8 * (iova >> (12 + 9 * (l - 1)) & 0x1ff);
		image_read(p->m->img, at, &entry, sizeof(entry));
		if (!entry) {
			entry = amdvi_v1_table(image_alloc(p->m->img, 1),
					       l - 1, true, true);
			image_write64(p->m->img, at, entry);
		}
		table = entry & 0xffffffffff000ull;
	}
	return table;
}

/* Pages of one size from @iova on; returns where they end. */
static uint64_t map_pieces(struct plan *p, uint64_t root, uint64_t iova,
			   unsigned int level, uint64_t pages, bool scatter)
{
	unsigned int shift = 12 + 9 * (level - 1);
	uint64_t piece = 1ull << (shift - 12), done;

	iova = (iova + (1ull << shift) - 1) >> shift << shift;
	for (done = 0; done + piece <= pages; done += piece) {
		uint64_t frame = scatter ? scattered_frame(p) :
					   frames(p, piece);
		uint64_t at = table_for(p, root, iova, level) +
			      8 * (iova >> shift & 0x1ff);

		image_write64(p->m->img, at,
			      amdvi_v1_page(frame << 12, shift, level, true,
					    true));
		iova += 1ull << shift;
		p->mapped += piece;
	}
	return iova;
}

/*
 * A fifth of the pages singly, the rest half in 2 MiB and half in 1 GiB: where
 * a table has fewer pages than such a piece, one in several has a piece.
 */
static uint64_t make_table(struct plan *p)
{
	uint64_t root = image_alloc(p->m->img, 1), iova = 0x100000;
	uint64_t single = p->pages / 5, alone = single * p->scattered / 100;
	uint64_t large;

	p->owed += p->pages * 2 / 5;
	large = p->owed / GIB_PAGES * GIB_PAGES;
	p->owed -= large;
	iova = map_pieces(p, root, iova, 1, alone, true);
	iova = map_pieces(p, root, iova, 1, single - alone, false);
	iova = map_pieces(p, root, iova, 3, large, false);
	map_pieces(p, root, iova, 2, p->pages * 2 / 5, false);
	return root;
}

static void make_device(struct plan *p, unsigned int i, uint16_t devid)
{
	static uint64_t root, domain;
	static uint16_t id;
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = LEVELS,
	};

	if (i % SHARERS != SHARERS - 1) {
		root = make_table(p);
		domain = machine_domain(p->m, ++id, TYPE_DMA, AMI_FORMAT_V1,
					root, LEVELS);
	}
	dte.host_root = root;
	dte.domain_id = id;
	machine_device(p->m, devid, i % 3 ? "nvme" : "mlx5_core", domain);
	machine_dte(p->m, devid, &dte);
	if (i == 0)
		machine_lazy(p->m, domain, 0xff000, QUEUED);
}

static void make_segments(struct plan *p)
{
	unsigned int each = p->devices / MACHINE_SEGMENTS, s, i;

	for (s = 0; s < MACHINE_SEGMENTS; s++) {
		if (s)
			machine_segment(p->m, s, 0xffff);
		for (i = s ? 0 : 1; i < IOMMUS; i++)
			machine_iommu(p->m, 2 + i * 0x8000, i * 0x8000,
				      i * 0x8000 + 0x7fff);
		for (i = 0; i < each; i++)
			make_device(p, i, 0x10 + i * (0xffe0 / each));
	}
}

static void member(struct machine *m, enum ami_field f, uint32_t offset,
		   uint32_t size)
{
	struct ami_member *at = &image_layout(m->img)->field[f];

	*at = (struct ami_member){ .present = true, .offset = offset,
				   .size = size };
}

/*
 * All struct pages are alike (anonymous memory), so that 2 MiB of them stand
 * for the whole array: the kernel's tables map the same ones again and again.
 */
static void make_memmap(struct plan *p)
{
	struct machine *m = p->m;
	uint64_t pmd = image_alloc(m->img, 1), table = image_alloc(m->img, 1);
	uint64_t block = image_alloc(m->img, 1024) + 0x1fffff, next, i;
	char line[64];
	int level;

	member(m, AMI_F_page_flags, 0, 8);
	member(m, AMI_F_page_compound_head, 8, 8);
	member(m, AMI_F_page_mapping, PAGE_MAPPING, 8);
	member(m, AMI_F_page_private, 40, 8);
	member(m, AMI_F_page_type, 48, 4);
	member(m, AMI_F_page_refcount, PAGE_REFCOUNT, 4);
	snprintf(line, sizeof(line), "SYMBOL(swapper_pg_dir)=%" PRIx64 "\n",
		 image_text_va(table));
	image_vmcoreinfo_add(m->img, line);
	block &= ~0x1fffffull;
	for (i = 0; i < 0x200000; i += 64) {
		image_write64(m->img, block + i + PAGE_MAPPING, ANON);
		image_write32(m->img, block + i + 48, UINT32_MAX);
		image_write32(m->img, block + i + PAGE_REFCOUNT, 1);
	}
	for (level = 5; level > 3; level--) {
		next = image_alloc(m->img, 1);
		image_write64(m->img, table + 8 * (VMEMMAP >> (12 + 9 *
						   (level - 1)) & 0x1ff),
			      next | 3);
		table = next;
	}
	for (i = 0; i < 512; i++) {
		image_write64(m->img, pmd + 8 * i, block | 0x83);
		image_write64(m->img, table + 8 * i, pmd | 3);
	}
}

static uint64_t argument(char **argv, int argc, int i, uint64_t otherwise)
{
	return i < argc ? strtoull(argv[i], NULL, 0) : otherwise;
}

static void write_dump(void **state)
{
	struct plan *p = *state;

	p->m = machine_new_sized(SHAPE_7, 0, 0xffff, p->ram_pages);
	make_memmap(p);
	make_segments(p);
	vmcore_save(p->m, p->out);
	print_message("%" PRIu64 " pages mapped, %u devices\n", p->mapped,
		      p->devices);
	machine_free(p->m);
}

int main(int argc, char **argv)
{
	uint64_t pages = argument(argv, argc, 4, 500) * 1000000;
	struct plan p = { .random = 1 };
	/* What the machine is made with ends a test when it fails. */
	const struct CMUnitTest one[] = {
		cmocka_unit_test_prestate(write_dump, &p),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: huge OUT [RAM-GIB [DEVICES [MILLION-PAGES [SCATTERED-PERCENT]]]]\n");
		return 64;
	}
	p.out = argv[1];
	p.ram_pages = argument(argv, argc, 2, 4096) * GIB_PAGES;
	p.devices = argument(argv, argc, 3, 4096);
	p.scattered = argument(argv, argc, 5, 10);
	p.pages = pages / (p.devices - p.devices / SHARERS);
	p.first_buffer = p.next_frame = p.ram_pages / 8;
	return cmocka_run_group_tests(one, NULL, NULL);
}
