// SPDX-License-Identifier: GPL-2.0-or-later
/* The marks' container: round trip, damage, other dumps; what it adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "exposure.h"
#include "machine.h"
#include "marks.h"
#include "repair.h"

#define NVME	0x10
#define NIC	0x18

struct bytes {
	uint8_t *data;
	size_t len;
};

/* Two devices of one domain and one of another. */
static struct machine *machine(void)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	uint64_t one = machine_domain(m, 1, 3, AMI_FORMAT_V1,
				      machine_v1(m, 0x200000, 5), 3);
	uint64_t two = machine_domain(m, 2, 3, AMI_FORMAT_V1,
				      machine_v1(m, 0x203000, 4), 3);

	machine_device(m, NVME, "nvme", one);
	machine_device(m, NIC, "e1000e", two);
	machine_analyse(m);
	return m;
}

static struct bytes container(struct machine *m)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_marks *marks = ami_marks_build(m->ex, true, &err);
	struct ami_pfnset *changed = ami_pfnset_new();
	struct ami_observation o = {
		.first = { 1, 2 }, .second = { 3, 4 }, .watched = 9,
		.beyond = 7,
	};
	struct bytes b;

	assert_non_null(marks);
	assert_int_equal(ami_marks_save_state(marks, m->ex, 100), 0);
	assert_true(marks->nr_saved > 3);
	ami_pfnset_add(changed, 0x200, 1);
	ami_pfnset_add(changed, 0x203, 1);
	assert_int_equal(ami_marks_observe(marks, changed, &o), 0);
	assert_int_equal(ami_marks_write(marks, &b.data, &b.len, &err), 0);
	ami_pfnset_free(changed);
	ami_marks_free(marks);
	return b;
}

static struct ami_marks *parse(const struct bytes *b)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_marks *marks = ami_marks_parse(b->data, b->len, &err);

	if (!marks)
		fail_msg("%s", err.text);
	return marks;
}

static void crc(void **state)
{
	(void)state;
	/* RFC 3720, B.4 */
	assert_int_equal(marks_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(marks_crc32c(marks_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

static void same_set(const struct ami_pfnset *a, const struct ami_pfnset *b)
{
	assert_int_equal(ami_pfnset_count(a), ami_pfnset_count(b));
	assert_int_equal(ami_pfnset_common(a, b), ami_pfnset_count(a));
}

static void round_trip(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m), again;
	struct ami_marks *marks = parse(&b);
	struct ami_error err;
	size_t i;

	(void)state;
	assert_true(marks->in_capture);
	assert_int_equal(marks->verdict, m->ex->verdict);
	assert_int_equal(marks->nr_reasons, m->ex->reasons.count);
	assert_string_equal(marks->reason[0], m->ex->reasons.list[0].text);
	assert_int_equal(marks->nr_findings, m->state->findings->count);
	assert_int_equal(marks->count, m->ex->count);
	for (i = 0; i < marks->count; i++) {
		const struct ami_exposure *e = &m->ex->list[i];

		assert_int_equal(marks->list[i].class, e->class);
		assert_int_equal(marks->list[i].requester.bdf.devid,
				 e->requester.bdf.devid);
		assert_int_equal(marks->list[i].complete, e->complete);
		if (e->pages)
			same_set(marks->sets[marks->list[i].set], e->pages);
	}
	assert_int_equal(marks->nr_observed, 1);
	assert_int_equal(marks->observed[0].second[1], 4);
	assert_int_equal(marks->observed[0].beyond, 7);
	assert_int_equal(ami_marks_write(marks, &again.data, &again.len, &err),
			 0);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.data, b.data, b.len);
	ami_marks_free(marks);
	free(again.data);
	free(b.data);
	machine_free(m);
}

/* What crash extracts has a name in front; in a note zeros follow. */
static void surroundings(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct bytes more = { calloc(1, b.len + 64), b.len + 64 };

	(void)state;
	memcpy(more.data + 44, b.data, b.len);
	ami_marks_free(parse(&more));
	memmove(more.data, b.data, b.len);
	ami_marks_free(parse(&more));
	free(more.data);
	free(b.data);
	machine_free(m);
}

static void truncated(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_error err;
	size_t len;

	(void)state;
	for (len = 0; len < b.len; len++) {
		/* A copy of its own: what reads beyond it is caught. */
		uint8_t *copy = malloc(len ? len : 1);

		memcpy(copy, b.data, len);
		assert_null(ami_marks_parse(copy, len, &err));
		free(copy);
	}
	free(b.data);
	machine_free(m);
}

static void flipped(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_error err;
	size_t i;

	(void)state;
	for (i = 0; i < b.len; i++) {
		b.data[i] ^= 1u << i % 8;
		if (ami_marks_parse(b.data, b.len, &err))
			fail_msg("byte %zu of %zu", i, b.len);
		b.data[i] ^= 1u << i % 8;
	}
	free(b.data);
	machine_free(m);
}

static void damaged_with_checksums(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m), bad = { malloc(b.len), b.len };
	struct ami_error err;
	size_t i, refused = 0;

	(void)state;
	for (i = MARKS_HEADER; i < b.len; i++) {
		struct ami_marks *marks;

		memcpy(bad.data, b.data, b.len);
		bad.data[i] = i % 3 ? 0xff : bad.data[i] + 1;
		repair_marks(bad.data, bad.len);
		marks = ami_marks_parse(bad.data, bad.len, &err);
		refused += !marks;
		ami_marks_free(marks);
	}
	assert_true(refused > b.len / 10);
	free(bad.data);
	free(b.data);
	machine_free(m);
}

static void add_exposures(struct ami_exposures *ex, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct ami_exposure *e = exposure_add(
			ex, (struct ami_requester){ .bdf = { 1, i } },
			AMI_CLASS_MAPPED, AMI_PROVEN);

		assert_non_null(e);
		e->pages = ami_pfnset_new();
		ami_pfnset_add(e->pages, i, 1);
		e->count = 1;
	}
}

/* Each device has a domain of its own: marks say what they do not hold. */
static void more_sets_than_fit(void **unused)
{
	struct machine *m = machine();
	struct ami_pfnset *changed = ami_pfnset_new();
	struct ami_observation o = { .watched = 1 };
	struct ami_marks *marks;
	struct bytes b = { NULL, 0 };
	const struct ami_mark *last;
	struct ami_error err;

	(void)unused;
	add_exposures(m->ex, MARKS_MAX_SETS);
	marks = ami_marks_build(m->ex, true, &err);
	assert_non_null(marks);
	assert_int_equal(ami_marks_observe(marks, changed, &o), 0);
	assert_int_equal(ami_marks_write(marks, &b.data, &b.len, &err), 0);
	ami_marks_free(marks);
	marks = parse(&b);
	assert_int_equal(marks->count, m->ex->count);
	assert_int_equal(marks->nr_sets,
			 MARKS_MAX_SETS - MARKS_MAX_OBSERVED + 1);
	assert_int_equal(marks->nr_observed, 1);
	last = &marks->list[marks->count - 1];
	assert_int_equal(last->set, -1);
	assert_false(last->complete);
	assert_true(marks->list[0].complete);
	assert_string_equal(marks->findings[marks->nr_findings - 1].code,
			    "too-many");
	ami_marks_free(marks);
	ami_pfnset_free(changed);
	free(b.data);
	machine_free(m);
}

/* Marks that name too few pages would call the others safe. */
static void unreadable_spill(void **unused)
{
	struct machine *m = machine();
	struct ami_marks *marks;
	struct ami_spill spill;
	struct bytes b = { NULL, 0 };
	struct ami_error err;

	(void)unused;
	marks = ami_marks_build(m->ex, true, &err);
	assert_non_null(marks);
	assert_true(marks->nr_sets > 0);
	assert_int_equal(ami_spill_open(&spill, "."), 0);
	spill.keep = 0;
	ami_pfnset_spill(marks->sets[0], &spill);
	assert_int_equal(ami_marks_write(marks, &b.data, &b.len, &err), 0);
	free(b.data);
	assert_int_equal(ftruncate(spill.fd, 0), 0);
	assert_int_equal(ami_marks_write(marks, &b.data, &b.len, &err), -1);
	assert_int_equal(err.status, AMI_ERR_OUTPUT);
	ami_marks_free(marks);
	ami_spill_close(&spill);
	machine_free(m);
}

static void other_version(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_error err;

	(void)state;
	b.data[8] = 2;
	repair_marks(b.data, b.len);
	assert_null(ami_marks_parse(b.data, b.len, &err));
	assert_non_null(strstr(err.text, "version 2"));
	assert_null(ami_marks_parse((const uint8_t *)"not marks", 9, &err));
	assert_int_equal(err.status, AMI_ERR_INPUT);
	free(b.data);
	machine_free(m);
}

static void bound(struct machine *m, const struct ami_dump_id *id,
		  enum ami_bound want, const char *why)
{
	struct ami_marks marks = { .id = *id };
	struct ami_error err = { .status = AMI_OK };

	assert_int_equal(ami_marks_bind(&marks, m->dump, &err), want);
	if (why)
		assert_non_null(strstr(err.text, why));
}

static void other_dump(void **state)
{
	struct machine *m = machine();
	struct ami_dump_id id, mine;

	(void)state;
	image_vmcoreinfo_add(m->img, "CRASHTIME=1700000000\nBUILD-ID=0123\n");
	ami_dump_close(m->dump);
	m->dump = image_dump(m->img);
	ami_dump_identify(m->dump, &mine);
	bound(m, &mine, AMI_BOUND_SAME, NULL);
	id = mine;
	id.crash_time++;
	bound(m, &id, AMI_BOUND_OTHER, "crash time 1700000001");
	id = mine;
	strcpy(id.release, "0.99");
	bound(m, &id, AMI_BOUND_OTHER, "Linux 0.99");
	id = mine;
	strcpy(id.build_id, "0124");
	bound(m, &id, AMI_BOUND_OTHER, "build 0124");
	id = mine;
	id.phys_base++;
	bound(m, &id, AMI_BOUND_OTHER, "this dump: Linux ");
	id = mine;
	id.kernel_offset++;
	bound(m, &id, AMI_BOUND_OTHER, NULL);
	/* What one side does not have proves nothing, and denies nothing. */
	id = mine;
	id.crash_time = 0;
	bound(m, &id, AMI_BOUND_UNPROVED, "nothing proves");
	id = mine;
	id.release[0] = '\0';
	bound(m, &id, AMI_BOUND_UNPROVED, NULL);
	id = mine;
	id.build_id[0] = '\0';
	bound(m, &id, AMI_BOUND_SAME, NULL);
	machine_free(m);
}

/* --- sets ------------------------------------------------------------------------ */

/* As runs; hostile ones are refused. */
static void runs(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
		bool ok;
	} cases[] = {
		{ { 0 }, 0, true },
		{ { 0x00 }, 1, true },			/* frame 0 */
		{ { 0x0a, 0x02 }, 2, true },		/* 5, 7 */
		{ { 0x0b, 0x03 }, 2, true },		/* 5 to 9 */
		{ { 0x0a, 0x00 }, 2, false },		/* 5, 6: one run */
		{ { 0x0b }, 1, false },			/* no length */
		{ { 0x8a }, 1, false },			/* cut off */
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x40 }, 6, false },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, 9,
		  false },
		{ { 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f }, 7, false },
	};
	struct ami_pfnset *set = ami_pfnset_new(), *back = ami_pfnset_new();
	struct out o = { .data = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < 5000; i++)
		ami_pfnset_add(set, i * i * 977 + (i << 25), 1 + i % 3);
	ami_pfnset_add(set, AMI_PFN_LIMIT - 7, 7);
	marks_runs_write(&o, set);
	assert_true(marks_runs_read(back, o.data, o.len));
	assert_int_equal(ami_pfnset_count(back), ami_pfnset_count(set));
	assert_int_equal(ami_pfnset_common(back, set), ami_pfnset_count(set));
	free(o.data);
	ami_pfnset_free(set);
	ami_pfnset_free(back);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set = ami_pfnset_new();
		assert_int_equal(marks_runs_read(set, cases[i].bytes, cases[i].len),
				 cases[i].ok);
		ami_pfnset_free(set);
	}
}

/* --- what they add --------------------------------------------------------------- */

static void analyse_with(struct machine *m, struct ami_marks *marks)
{
	m->marks = marks;
	machine_judge(m);
}

static void observed(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_marks *marks = parse(&b);
	const struct ami_exposure *e;

	(void)state;
	analyse_with(m, marks);
	/* 0x200: of the disk alone; 0x203: both domains map it. */
	e = machine_exposure(m, NVME, AMI_CLASS_OBSERVED);
	assert_non_null(e);
	assert_int_equal(e->certainty, AMI_PROVEN);
	assert_int_equal(e->count, 1);
	assert_true(ami_pfnset_has(e->pages, 0x200));
	e = machine_exposure(m, NIC, AMI_CLASS_OBSERVED);
	assert_non_null(e);
	assert_int_equal(e->certainty, AMI_LIKELY);
	assert_true(ami_pfnset_has(e->pages, 0x203));
	assert_int_equal(m->ex->unexplained, 0);
	assert_int_equal(m->ex->marks_only, 0);
	assert_int_equal(m->ex->marks_without, 0);
	assert_true(machine_because(m, "observed", "2 pages changed"));
	ami_marks_free(marks);
	free(b.data);
	machine_free(m);
}

/* Each count is possible: 20000 marks, 40000 runs of a set they share. */
static void marks_times_runs(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_marks *marks = parse(&b);
	struct ami_pfnset *set = marks->sets[0];
	const struct ami_budget *work = ami_dump_budget(m->dump);
	struct ami_mark one;
	size_t i;

	(void)state;
	for (i = 0; i < 40000; i++)
		ami_pfnset_add(set, 2 * i, 1);
	for (i = 0; marks->list[i].set < 0; i++)
		;
	one = marks->list[i];
	one.set = 0;
	one.iovas = NULL;
	one.nr_iovas = 0;
	for (i = 0; i < marks->count; i++)
		free(marks->list[i].iovas);
	free(marks->list);
	marks->count = 20000;
	marks->list = calloc(marks->count, sizeof(one));
	assert_non_null(marks->list);
	for (i = 0; i < marks->count; i++) {
		marks->list[i] = one;
		marks->list[i].requester.bdf.devid = 0x100 + i;
	}
	ami_dump_run(m->dump);
	analyse_with(m, marks);
	assert_true(work->nr_cut > 0);
	assert_string_equal(work->cut[0], "marks");
	assert_true(work->used <= work->limit);
	assert_true(machine_found(m, "work-limit"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	ami_marks_free(marks);
	free(b.data);
	machine_free(m);
}

static void observed_by_nobody(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_marks *marks = parse(&b);

	(void)state;
	ami_pfnset_add(marks->sets[marks->observed[0].set], 0x500, 1);
	/* No RAM of this machine: does not count. */
	ami_pfnset_add(marks->sets[marks->observed[0].set], 1ull << 39, 1);
	analyse_with(m, marks);
	assert_int_equal(m->ex->unexplained, 1);
	assert_true(machine_found(m, "observed-unexplained"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
	ami_marks_free(marks);
	free(b.data);
	machine_free(m);
}

/* Marks know a page of the disk that the dump does not show any more. */
static void taken_over(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_marks *marks = parse(&b);
	const struct ami_exposure *e = NULL;
	uint64_t pages = 0;

	(void)state;
	ami_pfnset_add(marks->sets[marks->list[0].set], 0x600, 2);
	analyse_with(m, marks);
	assert_true(m->ex->marks_only >= 2);
	while ((e = ami_exposure_next(m->ex, (struct ami_bdf){ 0, NVME }, e)))
		if (e->pages && ami_pfnset_has(e->pages, 0x601))
			pages += e->count;
	assert_int_equal(pages, 2);
	assert_true(machine_found(m, "marks-know-more"));
	ami_marks_free(marks);
	free(b.data);
	machine_free(m);
}

/* Saved before the capture kernel wrote to the ring, and before filtering. */
static void saved_pages_win(void **state)
{
	struct machine *m = machine();
	struct bytes b = container(m);
	struct ami_marks *marks = parse(&b);
	struct ami_dump *dump = image_dump(m->img);
	uint8_t before[16], after[16] = { 1, 2, 3 }, now[16];
	size_t i, served = 0, differs = 0, missing = 0;

	(void)state;
	image_read(m->img, m->ring, before, sizeof(before));
	image_write(m->img, m->ring, after, sizeof(after));
	image_hide(m->img, m->semaphore >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	ami_marks_serve(marks, dump);
	assert_int_equal(ami_dump_read(dump, m->ring, now, sizeof(now)),
			 AMI_MEM_OK);
	assert_memory_equal(now, before, sizeof(now));
	assert_int_equal(ami_dump_read(dump, m->semaphore, now, 8),
			 AMI_MEM_OK);
	for (i = 0; i < marks->nr_saved; i++) {
		served += marks->saved[i].served;
		differs += marks->saved[i].differs;
		missing += marks->saved[i].missing;
	}
	assert_int_equal(served, 2);
	assert_int_equal(differs, 1);
	assert_int_equal(missing, 1);
	ami_dump_close(dump);
	ami_marks_free(marks);
	free(b.data);
	machine_free(m);
}

static void note_difference(struct ami_marks *marks, uint64_t phys)
{
	size_t i;

	for (i = 0; i < marks->nr_saved; i++)
		if (marks->saved[i].pfn == phys >> AMI_PAGE_SHIFT)
			break;
	assert_true(i < marks->nr_saved);
	marks->saved[i].differs = true;
}

/* A page that no CPU wrote after the panic, and no device could. */
static void differing_pages(void **state)
{
	static const struct {
		enum ami_capture capture;
		bool ring, found;
	} cases[] = {
		{ AMI_CAPTURE_UNKNOWN, false, true },
		{ AMI_CAPTURE_UNKNOWN, true, true },
		{ AMI_CAPTURE_NONE, true, true },
		{ AMI_CAPTURE_REUSE, true, false },
		{ AMI_CAPTURE_REUSE, false, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = machine();
		struct bytes b = container(m);
		struct ami_marks *marks = parse(&b);
		struct ami_saved page = { .differs = true };

		marks->capture = cases[i].capture;
		if (cases[i].ring)
			note_difference(marks, m->ring);
		analyse_with(m, marks);
		if (!cases[i].ring) {
			page.pfn = ami_pfnset_first(m->ex->io_tables);
			free(marks->saved[0].data);
			marks->saved[0] = page;
			analyse_with(m, marks);
		}
		assert_int_equal(machine_found(m, "saved-page-differs"),
				 cases[i].found);
		if (cases[i].found)
			assert_int_equal(m->ex->verdict, AMI_VERDICT_CORRUPT);
		ami_marks_free(marks);
		free(b.data);
		machine_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(surroundings),
		cmocka_unit_test(truncated),
		cmocka_unit_test(flipped),
		cmocka_unit_test(damaged_with_checksums),
		cmocka_unit_test(more_sets_than_fit),
		cmocka_unit_test(unreadable_spill),
		cmocka_unit_test(other_version),
		cmocka_unit_test(other_dump),
		cmocka_unit_test(runs),
		cmocka_unit_test(observed),
		cmocka_unit_test(marks_times_runs),
		cmocka_unit_test(observed_by_nobody),
		cmocka_unit_test(taken_over),
		cmocka_unit_test(saved_pages_win),
		cmocka_unit_test(differing_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
