// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's log: a ring written as the kernel writes it, then damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <incidents/dmesg.h>
#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "render.h"

#define COUNT_BITS	3u
#define COUNT		(1u << COUNT_BITS)
#define SIZE_BITS	8u
#define SIZE		(1u << SIZE_BITS)
#define FINALIZED	(2ull << 62)
#define RESERVED	0ull
#define REUSABLE	(3ull << 62)
#define FIRST_ID	((UINT64_MAX >> 2) - COUNT)

/* A ring and its writer; @newer: blocks that end at the end do not wrap. */
struct log {
	struct machine *m;
	bool newer;
	uint64_t prb, descs, infos, data;
	uint64_t id, seq, pos;
};

static uint64_t desc_at(const struct log *l, uint64_t id)
{
	return l->descs + id % COUNT *
	       image_layout(l->m->img)->type_size[AMI_T_prb_desc];
}

static uint64_t info_at(const struct log *l, uint64_t id)
{
	return l->infos + id % COUNT *
	       image_layout(l->m->img)->type_size[AMI_T_printk_info];
}

static void log_new(struct log *l, struct machine *m)
{
	const struct ami_layout *layout = image_layout(m->img);

	*l = (struct log){ .m = m, .id = FIRST_ID, .pos = -(uint64_t)SIZE };
	l->prb = machine_object(m, 256);
	l->descs = machine_object(m, COUNT *
				  layout->type_size[AMI_T_prb_desc]);
	l->infos = machine_object(m, COUNT *
				  layout->type_size[AMI_T_printk_info]);
	l->data = image_va(image_alloc(m->img, 1));
	machine_variable(m, AMI_SYM_prb, l->prb);
	machine_set(m, l->prb, AMI_F_prb_count_bits, COUNT_BITS);
	machine_set(m, l->prb, AMI_F_prb_size_bits, SIZE_BITS);
	machine_set(m, l->prb, AMI_F_prb_descs, l->descs);
	machine_set(m, l->prb, AMI_F_prb_infos, l->infos);
	machine_set(m, l->prb, AMI_F_prb_data, l->data);
	machine_set(m, l->prb, AMI_F_prb_tail_id, FIRST_ID);
}

/* Where a block of @size bytes goes: positions, and the index of its bytes. */
static uint64_t place(struct log *l, uint64_t size, uint64_t *next)
{
	uint64_t end = l->pos + size, last = l->newer ? end - 1 : end;
	uint64_t at = l->pos % SIZE;

	if (l->pos / SIZE != last / SIZE) {
		end = last / SIZE * SIZE + size;
		at = 0;
	}
	*next = end;
	return at;
}

static uint64_t log_line(struct log *l, const char *device, const char *text)
{
	uint64_t size = 8 + ((strlen(text) + 7) & ~7ull), begin = l->pos, next;
	uint64_t at = place(l, size, &next), id = l->id++ & (UINT64_MAX >> 2);
	uint64_t desc = desc_at(l, id), info = info_at(l, id);
	uint64_t phys = l->data - IMAGE_DIRECT_MAP + at;
	char name[48] = "";

	snprintf(name, sizeof(name), "%s", device);
	machine_set(l->m, desc, AMI_F_prb_desc_state, FINALIZED | id);
	machine_set(l->m, desc, AMI_F_prb_desc_begin, begin);
	machine_set(l->m, desc, AMI_F_prb_desc_next, next);
	machine_set(l->m, info, AMI_F_printk_seq, l->seq);
	machine_set(l->m, info, AMI_F_printk_ts, ++l->seq * 1000000);
	machine_set(l->m, info, AMI_F_printk_text_len, strlen(text));
	machine_set(l->m, info, AMI_F_printk_level, 5);
	info += image_layout(l->m->img)->field[AMI_F_printk_device].offset;
	image_write(l->m->img, info - IMAGE_DIRECT_MAP, name, sizeof(name));
	image_write64(l->m->img, phys, id);
	image_write(l->m->img, phys + 8, text, strlen(text));
	machine_set(l->m, l->prb, AMI_F_prb_head_id, id);
	if (l->seq > COUNT)
		machine_set(l->m, l->prb, AMI_F_prb_tail_id,
			    (id - COUNT + 1) & (UINT64_MAX >> 2));
	l->pos = next;
	return id;
}

struct seen {
	size_t count;
	struct ami_printk_record last;
	char all[1024];
};

static bool see(void *ctx, const struct ami_printk_record *r)
{
	struct seen *seen = ctx;
	size_t used = strlen(seen->all);

	seen->count++;
	seen->last = *r;
	snprintf(seen->all + used, sizeof(seen->all) - used, "%s|", r->text);
	return true;
}

/* Memory is cached, so all is opened anew. */
static enum ami_mem read_log(struct log *l, struct seen *seen,
			     struct ami_printk_stats *stats)
{
	struct ami_dump *dump = image_dump(l->m->img);
	struct ami_kernel *kernel = image_kernel(l->m->img, dump);
	enum ami_mem mem;

	memset(seen, 0, sizeof(*seen));
	mem = ami_printk_each(kernel, see, seen, stats);
	ami_kernel_close(kernel);
	ami_dump_close(dump);
	return mem;
}

static struct ami_printk_stats stats;
static struct seen seen;

static struct log *new_log(bool newer)
{
	struct log *l = malloc(sizeof(*l));

	assert_non_null(l);
	log_new(l, machine_new(SHAPE_6_1, 0));
	l->newer = newer;
	return l;
}

static void free_log(struct log *l)
{
	machine_free(l->m);
	free(l);
}

static void lines_come_in_order(void **state)
{
	struct log *l = new_log(false);

	(void)state;
	log_line(l, "", "first");
	log_line(l, "+pci:0000:00:02.0", "with a\ttab, \x01 and\nnewline");
	assert_int_equal(read_log(l, &seen, &stats), AMI_MEM_OK);
	assert_string_equal(seen.all,
			    "first|with a tab, ? and\nnewline|");
	assert_string_equal(seen.last.device, "+pci:0000:00:02.0");
	assert_int_equal(seen.last.ts_nsec, 2000000);
	assert_int_equal(seen.last.level, 5);
	assert_int_equal(seen.last.seq, 1);
	assert_int_equal(stats.unread + stats.damaged + stats.unfinished, 0);
	free_log(l);
}

/* Many laps of both rings; lengths that end at the end of the ring as well. */
static void rings_wrap(void **state)
{
	int newer, step;

	(void)state;
	for (newer = 0; newer < 2; newer++)
		for (step = 1; step < 30; step++) {
			struct log *l = new_log(newer);
			char text[40], want[40];
			int i;

			for (i = 0; i < 40; i++) {
				snprintf(text, sizeof(text), "%02d%.*s", i,
					 (i * step) % 24,
					 "abcdefghijklmnopqrstuvwxyz");
				log_line(l, "", text);
			}
			assert_int_equal(read_log(l, &seen, &stats),
					 AMI_MEM_OK);
			assert_int_equal(seen.count, COUNT);
			assert_int_equal(stats.damaged + stats.unread, 0);
			assert_string_equal(seen.last.text, text);
			snprintf(want, sizeof(want), "%02d", 40 - COUNT);
			assert_memory_equal(seen.all, want, 2);
			free_log(l);
		}
}

/* Text is lost before its descriptor is: never shown as another line's. */
static void overwritten_text_is_lost(void **state)
{
	struct log *l = new_log(false);
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		log_line(l, "", "a line of fifty-six bytes, so that four lines fit in");
	assert_int_equal(read_log(l, &seen, &stats), AMI_MEM_OK);
	assert_int_equal(seen.count, 5);
	assert_true(stats.damaged >= 1);
	assert_memory_equal(seen.all, "|", 1);
	free_log(l);
}

static void states_decide(void **state)
{
	struct log *l = new_log(false);
	uint64_t a, b;

	(void)state;
	a = log_line(l, "", "reusable");
	b = log_line(l, "", "being written");
	log_line(l, "", "good");
	machine_set(l->m, desc_at(l, a), AMI_F_prb_desc_state, REUSABLE | a);
	machine_set(l->m, desc_at(l, b), AMI_F_prb_desc_state, RESERVED | b);
	read_log(l, &seen, &stats);
	assert_string_equal(seen.all, "good|");
	assert_int_equal(stats.unfinished, 1);
	machine_set(l->m, desc_at(l, b), AMI_F_prb_desc_state,
		    FINALIZED | (b + COUNT));
	read_log(l, &seen, &stats);
	assert_string_equal(seen.all, "good|");
	assert_int_equal(stats.damaged, 1);
	free_log(l);
}

static void nonsense_is_refused(void **state)
{
	static const struct {
		enum ami_field field;
		uint64_t value;
	} bad[] = {
		{ AMI_F_prb_count_bits, 0 }, { AMI_F_prb_count_bits, 27 },
		{ AMI_F_prb_count_bits, UINT64_MAX },
		{ AMI_F_prb_size_bits, 64 }, { AMI_F_prb_descs, 0x1000 },
		{ AMI_F_prb_infos, 0 }, { AMI_F_prb_data, UINT64_MAX },
		{ AMI_F_prb_tail_id, 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct log *l = new_log(false);

		log_line(l, "", "x");
		machine_set(l->m, l->prb, bad[i].field, bad[i].value);
		assert_int_equal(read_log(l, &seen, &stats), AMI_MEM_ERROR);
		assert_int_equal(seen.count, 0);
		free_log(l);
	}
}

static void positions_are_not_trusted(void **state)
{
	static const struct {
		uint64_t begin, next;
	} bad[] = {
		{ 0, UINT64_MAX }, { 8, 8 }, { 248, 8 }, { 4, 64 },
		{ UINT64_MAX - 7, 0 }, { 16, 0 }, { 0, 0 }, { 256, 4096 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct log *l = new_log(false);
		uint64_t id = log_line(l, "", "text");

		machine_set(l->m, desc_at(l, id), AMI_F_prb_desc_begin,
			    bad[i].begin);
		machine_set(l->m, desc_at(l, id), AMI_F_prb_desc_next,
			    bad[i].next);
		machine_set(l->m, info_at(l, id), AMI_F_printk_text_len,
			    0xffff);
		assert_int_equal(read_log(l, &seen, &stats), AMI_MEM_OK);
		assert_true(strlen(seen.last.text) < SIZE);
		free_log(l);
	}
}

/* Any bytes anywhere: every record that comes out is a string of bounded size. */
static void noise_does_no_harm(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 400; seed++) {
		struct log *l = new_log(seed & 1);
		uint64_t at[] = { l->prb, l->descs, l->infos, l->data };
		int i;

		srand(seed);
		for (i = 0; i < 12; i++)
			log_line(l, "+pci:0000:00:02.0", "some text, some more");
		for (i = 0; i < 8; i++) {
			uint64_t where = at[rand() % 4] + rand() % 256;
			uint8_t byte = rand();

			image_write(l->m->img, where - IMAGE_DIRECT_MAP, &byte,
				    1);
		}
		read_log(l, &seen, &stats);
		assert_true(seen.count <= COUNT);
		assert_true(strlen(seen.last.text) <= SIZE);
		assert_true(strlen(seen.last.device) <= 48);
		free_log(l);
	}
}

static void holes_are_told(void **state)
{
	struct log *l = new_log(false);

	(void)state;
	log_line(l, "", "text");
	image_hide(l->m->img, (l->data - IMAGE_DIRECT_MAP) >> 12,
		   AMI_MEM_FILTERED);
	assert_int_equal(read_log(l, &seen, &stats), AMI_MEM_OK);
	assert_int_equal(seen.last.text_mem, AMI_MEM_FILTERED);
	assert_int_equal(stats.unread, 1);
	image_hide(l->m->img, (l->prb - IMAGE_DIRECT_MAP) >> 12,
		   AMI_MEM_FILTERED);
	assert_int_equal(read_log(l, &seen, &stats), AMI_MEM_FILTERED);
	image_layout(l->m->img)->symbol[AMI_SYM_prb] = 0;
	assert_int_equal(read_log(l, &seen, &stats), AMI_MEM_NO_FIELD);
	free_log(l);
}

/* What the log says, and what becomes of it. */
static const struct {
	const char *device, *text;
	enum ami_line_kind kind;
	bool tied;
} said[] = {
	{ "+pci:0000:00:02.0", "AMD-Vi: Event logged [IO_PAGE_FAULT]",
	  AMI_LINE_FAULT, true },
	{ "", "AMD-Vi: Event logged [IO_PAGE_FAULT device=00:02.0]",
	  AMI_LINE_FAULT, true },
	{ "", "AMD-Vi: Event device=00:03.0]", AMI_LINE_IOMMU, false },
	{ "", "command line: iommu=pt root=x", AMI_LINE_OTHER, false },
	{ "", "Normal zone: DMA: 5", AMI_LINE_OTHER, false },
	{ "", "swiotlb buffer is full", AMI_LINE_DMA, false },
	{ "", "nvme nvme0: I/O timeout", AMI_LINE_DEVICE, true },
	{ "+pci:0000:00:02.0", "pci 0000:00:02.0: BAR 0", AMI_LINE_OTHER,
	  true },
};

static void lines_are_tied_to_devices(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct machine *m = machine_new(SHAPE_6_1, 0);
		uint64_t domain = machine_domain(m, 1, 3, AMI_FORMAT_V1,
						 machine_v1(m, 0x8000000, 1),
						 3);
		const struct ami_dmesg *d;
		struct log l;

		machine_device(m, 0x10, "nvme", domain);
		log_new(&l, m);
		log_line(&l, said[i].device, said[i].text);
		machine_analyse(m);
		d = m->incidents->dmesg;
		assert_non_null(d);
		assert_int_equal(d->kinds[said[i].kind],
				 said[i].kind != AMI_LINE_OTHER);
		assert_int_equal(d->count, said[i].kind != AMI_LINE_OTHER);
		if (d->count)
			assert_int_equal(d->list[0].device >= 0, said[i].tied);
		machine_free(m);
	}
}

/* User space writes there too: its lines tell nothing, and stay at home. */
static void users_lines_are_left_out(void **state)
{
	struct log *l = new_log(false);
	uint64_t id = log_line(l, "", "AMD-Vi: says a daemon");
	struct ami_granules *kept;
	const struct ami_dmesg *d;
	size_t i, n;

	(void)state;
	log_line(l, "", "AMD-Vi: says the kernel");
	machine_set(l->m, info_at(l, id), AMI_F_printk_facility, 3);
	machine_analyse(l->m);
	assert_int_equal(ami_dump_record(l->m->dump), 0);
	d = l->m->incidents->dmesg;
	assert_int_equal(d->count, 1);
	assert_string_equal(d->list[0].text, "AMD-Vi: says the kernel");
	kept = ami_dump_recorded(l->m->dump, &n);
	for (i = 0; i < n; i++)
		assert_int_not_equal(kept[i].pfn,
				     (l->data - IMAGE_DIRECT_MAP) >> 12);
	free(kept);
	free_log(l);
}

/* Shows @r; each of @with must be in it, none of @without (both end with NULL). */
static void shows(struct machine *m, struct ami_request r,
		  const char *const *with, const char *const *without)
{
	char *text;

	r.iommu = -1;
	text = render_machine(m, &r);
	while (*with)
		has(text, *with++);
	while (*without)
		lacks(text, *without++);
	free(text);
}

#define LIST(...)	((const char *const[]){ __VA_ARGS__, NULL })

static void lines_are_shown(void **state)
{
	struct log *l = new_log(false);
	struct ami_request r = { .view = AMI_VIEW_DMESG, .whole = "--all" };
	uint64_t id;

	(void)state;
	log_line(l, "", "nothing to see");
	log_line(l, "", "AMD-Vi: seen\nand more");
	log_line(l, "", "AMD-Vi: of 52:54:00:12:34:56 dma");
	id = log_line(l, "", "AMD-Vi: Event logged [IO_PAGE_FAULT]");
	machine_set(l->m, info_at(l, id), AMI_F_printk_level, 3);
	log_line(l, "", "AMD-Vi: Event logged [IO_PAGE_FAULT]");
	machine_analyse(l->m);
	shows(l->m, r, LIST("5 lines", "AMD-Vi: seen", "and more", "(--all: all)"),
	      LIST("nothing to see"));
	r.all = true;
	shows(l->m, r, LIST("nothing to see"), LIST("(--all: all)"));
	r.json = true;
	shows(l->m, r, LIST("\"state\": \"read\"", "nothing to see",
			    "seen\\u000aand more"), LIST("\"text\": null"));
	r.all = false;
	shows(l->m, r, LIST("AMD-Vi: seen"), LIST("nothing to see"));
	r = (struct ami_request){ .bug = true };
	shows(l->m, r, LIST("Kernel log: 5 lines", "IO_PAGE_FAULT",
			    "(2 times, last at", "xx:xx:xx"), LIST("12:34:56"));
	free_log(l);
}

/* Why there is none, in words: filtered, damaged, of no known form. */
static void no_log_is_said(void **state)
{
	struct ami_request r = { .view = AMI_VIEW_DMESG };
	struct log *l = new_log(false);

	(void)state;
	log_line(l, "", "AMD-Vi: seen");
	machine_set(l->m, l->prb, AMI_F_prb_count_bits, 77);
	machine_analyse(l->m);
	shows(l->m, r, LIST("the log is damaged"), LIST("seen"));
	r.json = true;
	shows(l->m, r, LIST("\"damaged\"", "\"records\": null"), LIST("seen"));
	free_log(l);

	l = new_log(false);
	image_layout(l->m->img)->symbol[AMI_SYM_prb] = 0;
	machine_analyse(l->m);
	shows(l->m, r, LIST("\"absent\""), LIST("seen"));
	r.json = false;
	shows(l->m, r, LIST("log has an unknown form"), LIST("seen"));
	free_log(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_in_order),
		cmocka_unit_test(rings_wrap),
		cmocka_unit_test(overwritten_text_is_lost),
		cmocka_unit_test(states_decide),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(positions_are_not_trusted),
		cmocka_unit_test(noise_does_no_harm),
		cmocka_unit_test(holes_are_told),
		cmocka_unit_test(lines_are_tied_to_devices),
		cmocka_unit_test(users_lines_are_left_out),
		cmocka_unit_test(lines_are_shown),
		cmocka_unit_test(no_log_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
