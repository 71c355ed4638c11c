// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flush queues that damage has made look empty or done: what the kernel keeps
 * elsewhere contradicts them, and a contradiction is never taken for "nothing
 * was waiting". Each case in all shapes of the kernel's structures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/pte.h>

#include "machine.h"

#define MEMORY		0x4000000ull
#define FIRST		3u	/* entry in use, of three */

static void set(struct machine *m, enum ami_field in_cookie,
		enum ami_field in_iovad, uint64_t value)
{
	machine_set(m, m->cookie, in_cookie, value);
	machine_set(m, machine_iovad(m), in_iovad, value);
}

static void set_queue(struct machine *m, uint64_t head, uint64_t tail)
{
	machine_set(m, m->fq, AMI_F_fq_head, head);
	machine_set(m, m->fq, AMI_F_fq_tail, tail);
}

static void intact(struct machine *m)
{
	(void)m;
}

static void no_header(struct machine *m)
{
	set_queue(m, 0, 0);
	machine_set(m, machine_fq_entry(m, SHAPE_FQ_ENTRIES - 1),
		    AMI_F_fq_entry_pages, 0);
}

/* The queue looks fresh, but flushes were begun. */
static void no_queue_content(struct machine *m)
{
	unsigned int i;

	set_queue(m, 0, 0);
	for (i = 0; i < SHAPE_FQ_ENTRIES; i++)
		machine_set(m, machine_fq_entry(m, i), AMI_F_fq_entry_pages,
			    0);
}

static void timer_runs(struct machine *m)
{
	set_queue(m, FIRST, FIRST);
	set(m, AMI_F_cookie_fq_timer_on, AMI_F_iovad_fq_timer_on, 1);
}

static void tail_beyond(struct machine *m)
{
	machine_set(m, machine_fq_entry(m, SHAPE_FQ_ENTRIES - 1),
		    AMI_F_fq_entry_pages, 0);
}

static void no_granule(struct machine *m)
{
	machine_set(m, machine_iovad(m), AMI_F_iovad_granule, 0);
}

static void odd_granule(struct machine *m)
{
	machine_set(m, machine_iovad(m), AMI_F_iovad_granule, 0x45000028);
}

static void not_in_use(struct machine *m)
{
	machine_set(m, m->cookie, AMI_F_cookie_fq_domain, 0);
}

static void not_its_own(struct machine *m)
{
	machine_set(m, m->cookie, AMI_F_cookie_fq_domain, m->cookie);
}

static void no_queue(struct machine *m)
{
	set(m, AMI_F_cookie_fq, AMI_F_iovad_fq, 0);
	machine_set(m, m->cookie, AMI_F_cookie_percpu_fq, 0);
}

static void finished_more(struct machine *m)
{
	set(m, AMI_F_cookie_finish_cnt, AMI_F_iovad_finish_cnt, 1000);
}

static void no_cpus(struct machine *m)
{
	machine_variable(m, AMI_SYM_nr_cpu_ids, 0);
	machine_variable(m, AMI_SYM___cpu_possible_mask, 0);
}

static void cpu_gone(struct machine *m)
{
	machine_variable(m, AMI_SYM___cpu_possible_mask, 2);
}

static void cpus_behind_a_gap(struct machine *m)
{
	machine_variable(m, AMI_SYM___cpu_possible_mask, 5);
}

static void many_cpus(struct machine *m)
{
	machine_variable(m, AMI_SYM_nr_cpu_ids, 0xffffffff);
}

static void unmanaged(struct machine *m)
{
	machine_set(m, m->dma_domain, AMI_F_iommu_domain_type, 1);
}

static void unknown_type(struct machine *m)
{
	machine_set(m, m->dma_domain, AMI_F_iommu_domain_type, 0x1b);
}

static void nothing_known(struct machine *m)
{
	unknown_type(m);
	machine_set(m, m->dma_domain, AMI_F_iommu_domain_cookie, 0);
}

/* Zeros over the whole of struct iommu_domain: only the table is left. */
static void domain_zero(struct machine *m)
{
	machine_set(m, m->dma_domain, AMI_F_iommu_domain_type, 0);
	machine_set(m, m->dma_domain, AMI_F_iommu_domain_cookie, 0);
	machine_set(m, m->dma_domain, AMI_F_iommu_domain_cookie_type, 0);
}

/* Another type without a cookie: the device's group knows better. */
static void default_unmanaged(struct machine *m)
{
	uint64_t group = machine_object(m, 64), pci;

	domain_zero(m);
	unmanaged(m);
	image_read(m->img, m->seg->last_dev_data - IMAGE_DIRECT_MAP -
		   image_layout(m->img)->field[AMI_F_dev_data_node].offset +
		   image_layout(m->img)->field[machine_has(m, AMI_F_dev_data_dev) ?
			AMI_F_dev_data_dev : AMI_F_dev_data_pdev].offset,
		   &pci, sizeof(pci));
	machine_set(m, pci, AMI_F_device_group, group);
	machine_set(m, group, AMI_F_group_default_domain, m->dma_domain);
}

static void half_written(struct machine *m)
{
	machine_set(m, machine_fq_entry(m, FIRST + 2),
		    AMI_F_fq_entry_counter, 8);
}

static void waits_for_the_past(struct machine *m)
{
	machine_set(m, machine_fq_entry(m, FIRST + 1),
		    AMI_F_fq_entry_counter, 2);
}

static void waits_for_the_future(struct machine *m)
{
	machine_set(m, machine_fq_entry(m, FIRST), AMI_F_fq_entry_counter,
		    12);
}

static void oldest_in_the_past(struct machine *m)
{
	machine_set(m, machine_fq_entry(m, FIRST), AMI_F_fq_entry_counter, 1);
}

#define CONTRADICTION	"flush-queue-contradiction"

static const struct {
	const char *name;
	void (*damage)(struct machine *m);
	const char *finding;
	enum ami_verdict verdict;
} cases[] = {
	{ "intact", intact, NULL, AMI_VERDICT_EXPOSED },
	{ "header zero", no_header, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "all zero", no_queue_content, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "empty, timer on", timer_runs, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "never used, tail", tail_beyond, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "granule zero", no_granule, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "granule odd", odd_granule, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "not in use", not_in_use, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "another's", not_its_own, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "no queue", no_queue, "flush-queue-unread", AMI_VERDICT_EXPOSED },
	{ "finish count", finished_more, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "no CPU", no_cpus, "cpus-uncertain", AMI_VERDICT_SUSPECT },
	{ "CPU 0 gone", cpu_gone, "cpus-uncertain", AMI_VERDICT_SUSPECT },
	{ "CPU 2 alone", cpus_behind_a_gap, "cpus-uncertain",
	  AMI_VERDICT_SUSPECT },
	{ "CPUs by number", many_cpus, "cpus-uncertain", AMI_VERDICT_SUSPECT },
	{ "unmanaged", unmanaged, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "of no type", unknown_type, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "of no type, no cookie", nothing_known, "flush-queue-unread",
	  AMI_VERDICT_EXPOSED },
	{ "domain zero", domain_zero, "domain-contradiction",
	  AMI_VERDICT_SUSPECT },
	{ "default unmanaged", default_unmanaged, "domain-contradiction",
	  AMI_VERDICT_SUSPECT },
	{ "half written", half_written, CONTRADICTION, AMI_VERDICT_SUSPECT },
	{ "backwards", waits_for_the_past, "flush-queue-damaged",
	  AMI_VERDICT_CORRUPT },
	{ "future", waits_for_the_future, "flush-queue-damaged",
	  AMI_VERDICT_CORRUPT },
	{ "oldest", oldest_in_the_past, "flush-queue-damaged",
	  AMI_VERDICT_CORRUPT },
};

/* @data: of the device, in the driver's state */
static struct machine *lazy_device(enum shape shape, uint64_t *data)
{
	struct machine *m = machine_new(shape, 0);
	uint64_t root = machine_v1(m, MEMORY, 5), domain;
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.host_root = root, .domain_id = 4,
	};

	domain = machine_domain(m, 4, machine_has(m, AMI_F_iovad_fq) ?
				TYPE_DMA : TYPE_DMA_FQ, AMI_FORMAT_V1, root, 2);
	machine_lazy(m, domain, 0xff003, 3);
	*data = machine_device(m, 0x10, "nvme", domain);
	machine_dte(m, 0x10, &dte);
	return m;
}

static struct machine *lazy_machine(enum shape shape)
{
	uint64_t data;

	return lazy_device(shape, &data);
}

static void test_contradictions(void **state)
{
	const struct ami_exposure *e;
	struct machine *m;
	unsigned int shape;
	size_t i;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++)
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			print_message("# %s, %s\n", shapes[shape].name,
				      cases[i].name);
			m = lazy_machine(shape);
			cases[i].damage(m);
			machine_analyse(m);
			assert_int_equal(machine_found(m, CONTRADICTION),
					 cases[i].finding &&
					 !strcmp(cases[i].finding,
						 CONTRADICTION));
			if (cases[i].finding)
				assert_true(machine_found(m,
							  cases[i].finding));
			assert_int_equal(m->ex->verdict, cases[i].verdict);
			assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
			e = machine_exposure(m, 0x10, AMI_CLASS_STALE);
			assert_non_null(e);
			assert_false(e->complete);
			machine_free(m);
		}
}

/* The driver's state name another device, the device's entry still the domain. */
static void test_lost_device(void **state)
{
	const struct ami_exposure *e;
	struct machine *m;
	unsigned int shape;
	uint64_t data;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++) {
		m = lazy_device(shape, &data);
		machine_set(m, data, AMI_F_dev_data_devid, 0x410);
		machine_analyse(m);
		e = machine_exposure(m, 0x10, AMI_CLASS_STALE);
		assert_non_null(e);
		assert_int_equal(e->nr_iovas, 1);
		machine_free(m);
	}
}

/* A head of a list is never zero: entries that zeros lie over. */
static void test_list_heads(void **state)
{
	const struct ami_member *list;
	struct machine *m;
	unsigned int shape;
	uint64_t at;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++) {
		m = lazy_machine(shape);
		list = &image_layout(m->img)->field[AMI_F_fq_entry_freelist];
		at = machine_fq_entry(m, 0) + list->offset;
		if (list->present)
			image_write64(m->img, at - IMAGE_DIRECT_MAP, 0);
		machine_analyse(m);
		assert_int_equal(machine_found(m, CONTRADICTION),
				 list->present);
		machine_free(m);
	}
}

/* What is there instead of the cookie of the DMA API. */
static void no_cookie(struct machine *m, uint64_t inner)
{
	machine_set(m, inner, AMI_F_iommu_domain_cookie, 0);
}

static void other_cookie(struct machine *m, uint64_t inner)
{
	machine_set(m, inner, AMI_F_iommu_domain_cookie_type, 2);
	machine_set(m, m->cookie, AMI_F_cookie_type, 1);
}

static void test_cookies(void **state)
{
	void (*const damage[])(struct machine *m, uint64_t inner) = {
		no_cookie, other_cookie,
	};
	unsigned int shape, i;
	struct machine *m;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++)
		for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
			m = lazy_machine(shape);
			damage[i](m, m->dma_domain);
			machine_analyse(m);
			assert_true(machine_found(m, CONTRADICTION));
			assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
			machine_free(m);
		}
}

/* Damage may lead every CPU to one full queue: the work has an end. */
static void test_all_cpus_one_queue(void **state)
{
	struct machine *m = lazy_machine(SHAPE_6_1);
	struct ami_layout *l = image_layout(m->img);
	const uint32_t cpus = 8192;
	uint64_t at;
	uint32_t i;

	(void)state;
	for (i = 0; i < SHAPE_FQ_ENTRIES; i++) {
		at = machine_fq_entry(m, i);
		machine_set(m, at, AMI_F_fq_entry_counter, 11);
	}
	set_queue(m, 1, 0);
	at = image_alloc_text(m->img, cpus * 8 / AMI_PAGE_SIZE);
	l->symbol[AMI_SYM___per_cpu_offset] = image_text_va(at);
	machine_variable(m, AMI_SYM_nr_cpu_ids, cpus);
	at = image_alloc_text(m->img, 1);
	for (i = 0; i < cpus / 64; i++)
		image_write64(m->img, at + 8 * i, UINT64_MAX);
	l->symbol[AMI_SYM___cpu_possible_mask] = image_text_va(at);
	machine_analyse(m);
	assert_false(machine_found(m, "cpus-uncertain"));
	assert_true(machine_found(m, "flush-queue-unread"));
	assert_in_range(m->state->domains[0].flushq.count, 1u << 19, 1u << 20);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_lost_device),
		cmocka_unit_test(test_list_heads),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_all_cpus_one_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
