// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What does it cost to walk page tables of compressed dumps? All table pages
 * of an ELF dump are written as kdump files with lzo, zlib and zstd; then, in
 * turns: the walk, and the compression library alone on exactly those pages,
 * from memory.
 *
 * packed DUMP FOLDER [ROUNDS]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lzo/lzo1x.h>
#include <zlib.h>
#include <zstd.h>

#include <amdiommu/pfnset.h>
#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include <amdiommu/fileio.h>
#include "unpack.h"

#define MAX_PACKED	(2 * AMI_PAGE_SIZE)

struct page {
	uint64_t pfn;
	uint32_t size, flags;
	uint8_t *packed;
};

/**
 * struct work
 * @page: as compressed, ascending by page frame
 */
struct work {
	struct ami_dump *elf, *kdump;
	struct ami_table *table;
	size_t nr_tables;
	struct ami_pfnset *frames;
	struct page *page;
	size_t nr_pages;
	uint64_t max_pfn, entries;
	char path[PATH_MAX];
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "packed: %s failed\n", what);
	exit(70);
}

static bool ignore(void *ctx, const struct ami_mapping *m)
{
	(void)ctx, (void)m;
	return true;
}

static void note_table(void *ctx, uint64_t pfn, unsigned int level)
{
	(void)level;
	ami_pfnset_add(((struct work *)ctx)->frames, pfn, 1);
}

static uint64_t walk_all(struct work *w, struct ami_dump *dump, bool note)
{
	const struct ami_walk_ops ops = {
		.mapping = ignore, .table = note ? note_table : NULL,
	};
	struct ami_walk_stats stats;
	uint64_t entries = 0;
	size_t i;

	for (i = 0; i < w->nr_tables; i++) {
		ami_walk(dump, &w->table[i], &ops, w, &stats);
		entries += stats.entries;
	}
	return entries;
}

/* --- the compressed file ------------------------------------------------------- */

static uint32_t pack(uint32_t how, const uint8_t *page, uint8_t *to)
{
	static uint8_t work[LZO1X_1_MEM_COMPRESS];
	uLongf zlib = MAX_PACKED;
	lzo_uint lzo = MAX_PACKED;

	switch (how) {
	case KDUMP_COMPRESSED_LZO:
		must(!lzo1x_1_compress(page, AMI_PAGE_SIZE, to, &lzo, work),
		     "lzo");
		return lzo;
	case KDUMP_COMPRESSED_ZLIB:
		must(compress2(to, &zlib, page, AMI_PAGE_SIZE,
			       Z_BEST_SPEED) == Z_OK, "zlib");
		return zlib;
	default:
		return ZSTD_compress(to, MAX_PACKED, page, AMI_PAGE_SIZE, 1);
	}
}

/* As makedumpfile: what does not get smaller is stored as it is. */
static void pack_page(struct page *p, uint32_t how, const uint8_t *page)
{
	uint8_t to[MAX_PACKED];

	p->size = pack(how, page, to);
	p->flags = how;
	if (p->size >= AMI_PAGE_SIZE) {
		p->size = AMI_PAGE_SIZE;
		p->flags = 0;
		memcpy(to, page, AMI_PAGE_SIZE);
	}
	p->packed = malloc(p->size);
	must(p->packed, "malloc");
	memcpy(p->packed, to, p->size);
}

struct packing {
	struct work *w;
	uint32_t how;
	size_t n;
};

static bool pack_run(void *ctx, uint64_t first, uint64_t count)
{
	struct packing *p = ctx;
	uint8_t page[AMI_PAGE_SIZE];

	for (; count--; first++) {
		must(ami_dump_read(p->w->elf, first << AMI_PAGE_SHIFT, page,
				   sizeof(page)) == AMI_MEM_OK, "reading");
		free(p->w->page[p->n].packed);
		p->w->page[p->n].pfn = first;
		pack_page(&p->w->page[p->n++], p->how, page);
	}
	return true;
}

static void write_headers(const struct work *w, int fd, uint32_t how,
			  uint64_t blocks)
{
	struct kdump_header head = {
		.header_version = 6, .status = how, .block_size = KDUMP_BLOCK,
		.sub_hdr_size = 1, .bitmap_blocks = 2 * blocks,
		.max_mapnr = w->max_pfn, .utsname[4] = "x86_64",
	};
	struct kdump_sub_header sub = { .max_mapnr_64 = w->max_pfn };

	memcpy(head.signature, KDUMP_SIGNATURE, sizeof(head.signature));
	must(ami_file_write_at(fd, &head, sizeof(head), 0) &&
	     ami_file_write_at(fd, &sub, sizeof(sub), KDUMP_BLOCK), "writing");
}

static void write_file(const struct work *w, uint32_t how)
{
	uint64_t blocks = w->max_pfn / (8 * KDUMP_BLOCK) + 1;
	uint64_t desc = (2 + 2 * blocks) * KDUMP_BLOCK;
	uint64_t data = desc + w->nr_pages * sizeof(struct kdump_page_desc);
	uint8_t *bitmap = calloc(blocks, KDUMP_BLOCK);
	int fd = open(w->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t i;

	must(fd >= 0 && bitmap, "creating the file");
	write_headers(w, fd, how, blocks);
	for (i = 0; i < w->nr_pages; i++) {
		const struct page *p = &w->page[i];
		struct kdump_page_desc d = {
			.offset = data, .size = p->size, .flags = p->flags,
		};

		bitmap[p->pfn / 8] |= 1u << p->pfn % 8;
		must(ami_file_write_at(fd, &d, sizeof(d), desc) &&
		     ami_file_write_at(fd, p->packed, p->size, data), "writing");
		desc += sizeof(d);
		data += p->size;
	}
	for (i = 0; i < 2; i++)
		must(ami_file_write_at(fd, bitmap, blocks * KDUMP_BLOCK,
				   (2 + i * blocks) * KDUMP_BLOCK),
		     "writing");
	free(bitmap);
	close(fd);
}

/* --- measuring ------------------------------------------------------------------ */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double alone(const struct work *w, struct unpacker *u)
{
	uint8_t page[AMI_PAGE_SIZE];
	double start = seconds();
	size_t i;

	for (i = 0; i < w->nr_pages; i++)
		must(unpack_page(u, w->page[i].flags, w->page[i].packed,
				 w->page[i].size, page), "unpacking");
	return seconds() - start;
}

static void bench(struct work *w, const char *name, uint32_t how, int rounds)
{
	struct packing p = { .w = w, .how = how };
	struct unpacker unpacker = { NULL };
	const char *path = w->path;
	double walk = 1e9, library = 1e9, t;
	struct ami_error err;
	int round;

	ami_pfnset_ranges(w->frames, pack_run, &p);
	write_file(w, how);
	w->kdump = ami_dump_open(&path, 1, &err);
	must(w->kdump, err.text);
	for (round = 0; round < rounds; round++) {
		t = seconds();
		must(walk_all(w, w->kdump, false) == w->entries, "the walk");
		t = seconds() - t;
		walk = t < walk ? t : walk;
		t = alone(w, &unpacker);
		library = t < library ? t : library;
	}
	printf("  %-5s %8.3f s   %8.3f s   %5.2f   %8.1f\n", name, walk,
	       library, walk / library, w->entries / walk / 1e6);
	unpacker_free(&unpacker);
	ami_dump_close(w->kdump);
	unlink(w->path);
}

static struct ami_state *read_state(struct work *w, const char *path)
{
	struct ami_layout_source source = ami_layout_btf;
	struct ami_error err = { .status = AMI_OK };
	struct ami_kernel *kernel = NULL;
	static struct ami_findings findings;
	struct ami_state *state = NULL;

	w->elf = ami_dump_open(&path, 1, &err);
	if (w->elf)
		kernel = ami_kernel_open(w->elf, &source, &err);
	if (kernel)
		state = ami_state_read(kernel, &findings, &err);
	must(state, err.text);
	return state;
}

int main(int argc, char **argv)
{
	struct work w = { .frames = ami_pfnset_new() };
	int rounds = argc > 3 ? atoi(argv[3]) : 5;
	struct ami_state *state;
	size_t i;

	if (argc < 3)
		return fprintf(stderr, "usage: packed DUMP FOLDER [ROUNDS]\n"),
		       64;
	snprintf(w.path, sizeof(w.path), "%s/packed.kdump", argv[2]);
	state = read_state(&w, argv[1]);
	w.max_pfn = ami_dump_info(w.elf)->max_pfn;
	w.table = calloc(state->nr_domains + 1, sizeof(*w.table));
	must(w.table, "malloc");
	for (i = 0; i < state->nr_domains; i++)
		w.table[w.nr_tables++] = state->domains[i].table;
	w.entries = walk_all(&w, w.elf, true);
	w.nr_pages = ami_pfnset_count(w.frames);
	w.page = calloc(w.nr_pages + 1, sizeof(*w.page));
	must(w.page, "malloc");
	printf("%zu table pages; best of %d, CPU time\n"
	       "              walk    library alone   ratio   million entries/s\n",
	       w.nr_pages, rounds);
	bench(&w, "lzo", KDUMP_COMPRESSED_LZO, rounds);
	bench(&w, "zlib", KDUMP_COMPRESSED_ZLIB, rounds);
	bench(&w, "zstd", KDUMP_COMPRESSED_ZSTD, rounds);
	return 0;
}
