// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * First inputs for each fuzz target, in directories named like them: from a
 * real extract what is small, made by hand what there is only large.
 *
 * usage: seeds EXTRACT DIRECTORY
 */
#include <endian.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include <amdiommu/fileio.h>
#include "kdumpwrite.h"
#include "vmcore.h"

#define FEW		24u	/* seeds of one kind */
#define MAX_SEED	(256u << 10)
#define SMALL_RAM	64u	/* page frames */

static const char *directory;

static void save(const char *target, const char *name, unsigned int number,
		 const void *bytes, size_t size)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%s-%u", directory, target, name,
		 number);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	assert_true(ami_file_write_at(fd, bytes, size, 0));
	assert_int_equal(close(fd), 0);
}

static void formats(const struct ami_state *s)
{
	const struct ami_iommu *iommu = &s->iommus[0];
	const struct ami_log *log = &iommu->log[AMI_LOG_EVENT];
	unsigned int i;

	for (i = 0; i < s->nr_devices && i < FEW; i++)
		save("decode", "dte", i, s->devices[i].dte.raw, 32);
	for (i = 0; i < FEW; i++)
		save("decode", "command", i, iommu->ring.entry[i].w, 16);
	for (i = 0; i < log->count && i < FEW; i++)
		save("decode", "event", i, log->list[i].event.w, 16);
}

/* Parameters as in fuzz_walk.c, then page 0 with a table, page 1 below it. */
static void tables(void)
{
	struct {
		uint8_t format, levels, root, glx;
		uint32_t sme_shift;
		uint64_t iova;
		uint64_t page[3][AMI_PAGE_SIZE / 8];
	} in = { .levels = 2 };
	unsigned int i;

	in.format = AMI_FORMAT_V1;
	in.page[0][0] = amdvi_v1_table(0x1000, 1, true, true);
	in.page[0][7] = amdvi_v1_page(0x200000, 21, 2, true, true);
	in.page[1][1] = amdvi_v1_page(0x3000, 12, 1, true, true);
	in.page[1][8] = amdvi_v1_page(0x8000, 15, 1, true, false);
	save("walk", "v1", 0, &in, sizeof(in));
	in.format = AMI_FORMAT_V2;
	in.levels = 4;
	in.page[0][0] = amdvi_v2_table(0x1000, true);
	in.page[1][0] = amdvi_v2_table(0x2000, true);
	in.page[2][3] = amdvi_v2_page(0x200000, 21, true);
	save("walk", "v2", 0, &in, sizeof(in));
	in.glx = 1;
	in.page[0][0] = in.page[1][0] = 0x1000 | 1;
	save("walk", "gcr3", 0, &in, sizeof(in));
	/* Each entry of a GCR3 table leads to the next; all guests share one. */
	in.glx = 2;
	for (i = 0; i < AMI_PAGE_SIZE / 8; i++) {
		in.page[0][i] = 0x1000 | 1;
		in.page[1][i] = 0x2000 | 1;
		in.page[2][i] = (i % 3) << AMI_PAGE_SHIFT | 1;
	}
	save("walk", "graph", 0, &in, sizeof(in));
}

/* Parameters as in fuzz_kernel.c; the top table in page 0 maps page 3. */
static void containers(void)
{
	static const uint64_t text = 0xffffffff80000000ull;
	struct {
		uint64_t list, llist, xarray, string, lookup, five_levels;
		uint64_t page[5][AMI_PAGE_SIZE / 8];
	} in = {
		.list = text + 0x1000, .llist = text + 0x1100,
		.xarray = text + 0x1200, .string = text + 0x1300,
		.lookup = 0xffff888000003000ull,
	};

	in.page[1][0] = text + 0x1010;
	in.page[1][2] = text + 0x1000;
	in.page[1][0x20] = text + 0x1110;
	in.page[1][0x41] = text + 0x1400 + 2;
	in.page[1][0x85] = 0x11;
	memcpy(&in.page[1][0x60], "eth0", 5);
	in.page[0][0x111] = 0x2000 | 3;
	in.page[2][0] = 0x3000 | 3;
	in.page[3][0] = 0x4000 | 3;
	in.page[4][3] = 0x3000 | 3;
	save("kernel", "all", 0, &in, sizeof(in));
}

/* The bytes of kernel image from @va on. */
static void image_bytes(struct image *img, uint64_t va, uint8_t *to,
			size_t size)
{
	size_t at, part;

	for (at = 0; at < size; at += part) {
		part = AMI_PAGE_SIZE - (va + at) % AMI_PAGE_SIZE;
		if (part > size - at)
			part = size - at;
		image_read(img, va + at - IMAGE_MAP + IMAGE_PHYS_BASE, to + at,
			   part);
	}
}

static void symbol_tables(void)
{
	enum { COUNT = 600, AT = 0x4000 };
	static struct symbol symbol[COUNT];
	static char name[COUNT][16];
	static struct {
		uint32_t names, num_syms, base, table, index, offsets, stext;
		uint32_t by_shape;
		uint8_t image[MAX_SEED];
	} in;
	struct symbols at;
	size_t size;
	uint32_t i;
	int rule;

	for (i = 0; i < COUNT; i++) {
		snprintf(name[i], sizeof(name[i]), "filler_%u", i);
		symbol[i] = (struct symbol){ name[i], IMAGE_MAP + 16 * i };
	}
	symbol[300].name = "_stext";
	symbol[301].name = "amd_iommu_list";
	size = AT + symbols_size(symbol, COUNT);
	assert_true(size <= sizeof(in.image));
	for (rule = SIGNED_BASE; rule <= SELF_RELATIVE; rule++) {
		struct image *img = image_new(1 << 13);

		symbols_write(img, IMAGE_MAP + AT, rule, symbol, COUNT, &at);
		image_bytes(img, IMAGE_MAP, in.image, size);
		in.names = at.names - IMAGE_MAP;
		in.num_syms = at.num_syms - IMAGE_MAP;
		in.base = at.base - IMAGE_MAP;
		in.table = at.table - IMAGE_MAP;
		in.index = at.index - IMAGE_MAP;
		in.offsets = at.offsets - IMAGE_MAP;
		in.stext = 16 * 300;
		in.by_shape = rule == SELF_RELATIVE ? 2 : 0;
		save("symbols", "keys", rule, &in,
		     offsetof(typeof(in), image) + size);
		in.by_shape = 1;
		save("symbols", "shape", rule, &in,
		     offsetof(typeof(in), image) + size);
		image_free(img);
	}
}

static void types(void)
{
	static uint8_t raw[MAX_SEED];
	char path[4096];
	int shape;

	snprintf(path, sizeof(path), "%s/machine", directory);
	for (shape = 0; shape < SHAPES; shape += 3) {
		struct machine *m = machine_new(shape, 0);
		const uint64_t *symbol;
		size_t size;

		vmcore_save(m, path);
		symbol = image_layout(m->img)->symbol;
		size = symbol[AMI_SYM___stop_BTF] - symbol[AMI_SYM___start_BTF];
		assert_true(size <= sizeof(raw));
		image_bytes(m->img, symbol[AMI_SYM___start_BTF], raw, size);
		save("types", "btf", shape, raw, size);
		machine_free(m);
	}
	unlink(path);
}

/* A log of one record, laid out as in fuzz_printk.c. */
static void log_ring(void)
{
	struct {
		uint64_t prb;
		uint32_t count_bits, pad;
		uint64_t descs, infos, head, tail;
		uint32_t size_bits, pad2;
		uint64_t data, pad3;
		uint64_t desc[2][3];
		struct {
			uint64_t seq, ts;
			uint16_t text_len;
			uint8_t facility, level;
			uint32_t caller;
			char subsystem[16], device[48];
		} info[2];
		uint64_t id;
		char text[24];
	} in = {
		.prb = IMAGE_MAP + 8, .count_bits = 1, .size_bits = 5,
		.descs = IMAGE_MAP + offsetof(typeof(in), desc),
		.infos = IMAGE_MAP + offsetof(typeof(in), info),
		.data = IMAGE_MAP + offsetof(typeof(in), id),
		.desc = { { 2ull << 62, 0, 32 } },
		.info = { { .text_len = 22, .subsystem = "pci",
			    .device = "+pci:0000:00:02.0" } },
		.text = "AMD-Vi: IO page fault",
	};

	save("printk", "record", 0, &in, sizeof(in));
}

static int some_page(void *ctx, size_t index, uint8_t *page)
{
	(void)ctx;
	memset(page, 0, AMI_PAGE_SIZE);
	memset(page, index, AMI_GRANULE);
	return 0;
}

static size_t load(const char *path, uint8_t *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = ami_file_size(fd);

	assert_true(size && size <= MAX_SEED);
	assert_true(ami_file_read_at(fd, to, size, 0));
	close(fd);
	return size;
}

/* makedumpfile -F: a header, one record, the end. */
static void flattened(const uint8_t *file, size_t size)
{
	static uint8_t out[MAX_SEED + 2 * AMI_PAGE_SIZE];
	const uint64_t record[2] = { 0, htobe64(size) };
	const uint64_t end[2] = { UINT64_MAX, UINT64_MAX };
	const uint64_t head[2] = { htobe64(1), htobe64(1) };

	memcpy(out, "makedumpfile", 12);
	memcpy(out + 16, head, sizeof(head));
	memcpy(out + 4096, record, sizeof(record));
	memcpy(out + 4112, file, size);
	memcpy(out + 4112 + size, end, sizeof(end));
	save("file", "flattened", size > MAX_SEED / 8, out, 4128 + size);
	save("stream", "whole", size > MAX_SEED / 8, out, 4128 + size);
	save("stream", "cut", size > MAX_SEED / 8, out, 4120 + size);
}

static void files(const char *vmcoreinfo)
{
	const struct ami_range ram = { 0, SMALL_RAM };
	const struct ami_granules page[] = {
		{ 1, 1 }, { 2, UINT64_MAX }, { 40, 0xff },
	};
	const struct kdump_image image = {
		.ram = &ram, .nr_ram = 1, .page = page, .nr_pages = 3,
		.max_pfn = SMALL_RAM, .vmcoreinfo = vmcoreinfo,
		.release = "fuzz", .dump_level = 31, .read = some_page,
	};
	struct image *img = image_new(8);
	static uint8_t raw[MAX_SEED];
	char path[4096];
	size_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/small", directory);
	fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0666);
	assert_int_equal(kdump_write(fd, &image), KDUMP_WRITTEN);
	close(fd);
	size = load(path, raw);
	save("file", "kdump", 0, raw, size);
	save("carrier", "kdump", 0, raw, size);
	flattened(raw, size);
	image_write64(img, 0x2000, 42);
	image_save(img, path);
	size = load(path, raw);
	save("file", "elf", 0, raw, size);
	save("carrier", "elf", 0, raw, size);
	flattened(raw, size);
	image_free(img);
	unlink(path);
}

static void marks(const struct ami_exposures *ex)
{
	struct ami_error err;
	struct ami_marks *m = ami_marks_build(ex, true, &err);
	struct ami_observation o = { .watched = 3 };
	uint8_t *bytes;
	size_t len;

	assert_non_null(m);
	assert_int_equal(ami_marks_save_state(m, ex, 3), 0);
	assert_int_equal(ami_marks_observe(m, m->sets[0], &o), 0);
	assert_int_equal(ami_marks_write(m, &bytes, &len, &err), 0);
	save("marks", "real", 0, bytes, len);
	free(bytes);
	ami_marks_free(m);
}

static void edits(void)
{
	uint8_t edit[17] = { 0x80 };
	unsigned int i;

	for (i = 0; i < FEW; i++) {
		edit[1] = 40 * i;
		edit[2] = i / 2;
		edit[5] = i;
		save("report", "edit", i, edit, sizeof(edit));
		save("evidence", "edit", i, edit + 1, sizeof(edit) - 1);
	}
}

/* Counts and lengths as large as they get, in every other word of a page. */
static void claims(void)
{
	struct {
		uint8_t view;
		struct {
			uint16_t page, offset;
			uint8_t kind[4];
			uint64_t value;
		} __attribute__((packed)) edit[32];
	} __attribute__((packed)) in = { .view = 0x80 };
	unsigned int i, page, n = sizeof(in.edit) / sizeof(in.edit[0]);

	for (page = 0; page < FEW; page++) {
		for (i = 0; i < n; i++) {
			in.edit[i].page = 7 * page;
			in.edit[i].offset = 16 * i;
			/* evidence: width, report: words */
			in.edit[i].kind[0] = 2 * (i % 2);
			in.edit[i].value = i % 3 ? UINT32_MAX : 1ull << 39;
		}
		save("evidence", "claim", page, in.edit, sizeof(in.edit));
		for (i = 0; i < n; i++)
			in.edit[i].kind[0] = 0;
		save("report", "claim", page, &in, sizeof(in));
	}
}

int main(int argc, char **argv)
{
	struct ami_error err;
	struct ami_analysis *a;
	struct ami_dump *dump;
	const char *info;

	if (argc != 3) {
		fputs("usage: seeds EXTRACT DIRECTORY\n", stderr);
		return 64;
	}
	directory = argv[2];
	dump = ami_dump_open((const char *const *)&argv[1], 1, &err);
	a = dump ? ami_analyse(dump, &ami_layout_btf, NULL, &err) : NULL;
	if (!a) {
		fprintf(stderr, "%s\n", err.text);
		return 66;
	}
	info = ami_dump_vmcoreinfo(dump);
	save("vmcoreinfo", "real", 0, info, strlen(info));
	formats(a->state);
	files(info);
	tables();
	containers();
	symbol_tables();
	types();
	log_ring();
	marks(a->exposures);
	edits();
	claims();
	ami_analysis_free(a);
	return 0;
}
