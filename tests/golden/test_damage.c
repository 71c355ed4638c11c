// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real dump, damaged on purpose: the report must say what is broken, keep
 * the rest, and never call the dump better than it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "overlay.h"

static const char *sample;

/* Physical addresses of what the tests damage, taken from the intact dump. */
struct places {
	uint64_t tail, semaphore, ring, dte, root, dev_data_next, domain;
	uint64_t iommu_list, seg_list, last_issued, header, master;
	uint8_t master_bit;
	struct ami_bdf bdf;
	uint64_t writable;
	uint16_t domain_id;
};

struct fixture {
	struct overlay *o;
	struct places at;
	struct ami_analysis *a;
	struct ami_error err;
};

static uint64_t phys(struct ami_kernel *k, uint64_t va)
{
	uint64_t pa = 0;

	assert_int_equal(ami_virt_to_phys(k, va, &pa), AMI_MEM_OK);
	return pa;
}

static const struct ami_exposure *exposure_of(const struct ami_analysis *a,
					      struct ami_bdf bdf,
					      enum ami_class class)
{
	size_t i;

	for (i = 0; i < a->exposures->count; i++) {
		const struct ami_exposure *e = &a->exposures->list[i];

		if (!e->requester.is_iommu && e->class == class &&
		    !memcmp(&e->requester.bdf, &bdf, sizeof(bdf)))
			return e;
	}
	return NULL;
}

static const struct ami_device *busiest(const struct ami_analysis *a)
{
	const struct ami_exposure *most = overlay_most_mapped(a);

	assert_true(most && most->count > 0);
	return ami_state_device(a->state, most->requester.bdf);
}

/* A bit field: its byte and bit. */
static void find_master(struct places *at, struct ami_kernel *k, uint64_t dev)
{
	const struct ami_member *m =
		&ami_kernel_layout(k)->field[AMI_F_pci_dev_is_busmaster];

	assert_int_equal(m->bit_size, 1);
	at->master = phys(k, dev + m->offset + m->bit_offset / 8);
	at->master_bit = 1u << m->bit_offset % 8;
}

static void find_places(struct fixture *f, const struct ami_analysis *a)
{
	const struct ami_device *d = busiest(a);
	const struct ami_iommu *iommu = &a->state->iommus[0];
	const struct ami_segment *seg = &a->state->segments[d->segment];
	struct ami_kernel *k = a->kernel;
	struct places *at = &f->at;

	at->bdf = d->bdf;
	at->tail = phys(k, ami_addr(k, iommu->va,
				    AMI_F_amd_iommu_cmd_buf_tail));
	at->last_issued = phys(k, ami_addr(k, iommu->va,
					   AMI_F_amd_iommu_cmd_sem_val));
	at->semaphore = iommu->ring.semaphore_phys;
	at->ring = iommu->ring.phys;
	at->dte = seg->dev_table_phys + d->bdf.devid * 32ull;
	at->root = d->table.root;
	at->dev_data_next = phys(k, ami_addr(k, d->dev_data,
					     AMI_F_dev_data_node));
	at->header = phys(k, ami_addr(k, d->pci_dev, AMI_F_pci_dev_hdr_type));
	find_master(at, k, d->pci_dev);
	at->domain = phys(k, a->state->domains[d->domain].va);
	at->domain_id = a->state->domains[d->domain].id;
	at->iommu_list = phys(k, ami_symbol(k, AMI_SYM_amd_iommu_list));
	at->seg_list = phys(k, ami_symbol(k, AMI_SYM_amd_iommu_pci_seg_list));
	at->writable = exposure_of(a, d->bdf, AMI_CLASS_MAPPED)->count;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ami_analysis *a;

	assert_non_null(f);
	f->o = overlay_new(sample, &f->err);
	assert_non_null(f->o);
	a = overlay_analyse(f->o, &f->err);
	if (!a)
		print_error("%s\n", f->err.text);
	assert_non_null(a);
	find_places(f, a);
	ami_analysis_free(a);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ami_analysis_free(f->a);
	overlay_free(f->o);
	free(f);
	return 0;
}

static void analyse(struct fixture *f)
{
	f->a = overlay_analyse(f->o, &f->err);
	if (!f->a)
		print_error("%s\n", f->err.text);
	assert_non_null(f->a);
}

static bool found(const struct fixture *f, const char *code)
{
	enum ami_finding_code known = ami_finding_code(code);

	assert_int_not_equal(known, AMI_NR_FINDINGS);
	return ami_findings_total(f->a->state->findings, known) > 0;
}

static uint64_t named_pages(const struct fixture *f)
{
	const struct ami_exposure *e;

	e = exposure_of(f->a, f->at.bdf, AMI_CLASS_MAPPED);
	return e ? e->count : 0;
}

static void intact(void **state)
{
	struct fixture *f = *state;

	analyse(f);
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(ami_findings_worst(f->a->state->findings), AMI_INFO);
	assert_int_equal(f->a->state->iommus[0].ring.outstanding, 0);
}

/* A top-level entry that points back to the top as if it were a lower table. */
static void table_cycle(void **state)
{
	struct fixture *f = *state;

	overlay_poke64(f->o, f->at.root + 8 * 100,
		       amdvi_v1_table(f->at.root, 2, true, true));
	overlay_poke64(f->o, f->at.root + 8 * 101,
		       amdvi_v1_table(f->at.root, 2, true, true));
	analyse(f);
	assert_true(found(f, "table-loop"));
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_CORRUPT);
	assert_true(named_pages(f) >= f->at.writable);
}

static void root_outside_ram(void **state)
{
	struct fixture *f = *state;

	overlay_poke64(f->o, f->at.dte,
		       0x6000000000000603ull | 0x7f0000000000ull);
	analyse(f);
	assert_true(found(f, "dte-root-outside-ram"));
	assert_true(found(f, "dte-disagrees"));
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_CORRUPT);
	/* The driver's own table is taken as possible, so nothing is lost. */
	assert_int_equal(named_pages(f), f->at.writable);
}

static void table_hidden(void **state)
{
	struct fixture *f = *state;
	const struct ami_exposure *e;

	overlay_hide(f->o, f->at.root >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	analyse(f);
	e = exposure_of(f->a, f->at.bdf, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_false(e->complete);
	assert_int_equal(e->nr_iovas, 1);
	assert_int_equal(e->iovas[0].first, 0);
	assert_true(found(f, "table-unread"));
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_UNKNOWN);
	assert_int_equal(f->a->exposures->covered, AMI_COVERED_PARTIAL);
}

/* A page of zeros, as makedumpfile -d 1 leaves it, is an empty table. */
static void table_zero(void **state)
{
	static const uint8_t zero[AMI_PAGE_SIZE];
	struct fixture *f = *state;
	const struct ami_exposure *e;

	overlay_poke(f->o, f->at.root, zero, sizeof(zero));
	analyse(f);
	e = exposure_of(f->a, f->at.bdf, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_int_equal(e->count, 0);
	assert_true(e->complete);
}

static void device_list_loops(void **state)
{
	struct fixture *f = *state;
	uint64_t self;

	/* Its own address: recover the virtual one from the intact dump. */
	f->a = overlay_analyse(f->o, &f->err);
	assert_non_null(f->a);
	self = ami_addr(f->a->kernel,
			ami_state_device(f->a->state, f->at.bdf)->dev_data,
			AMI_F_dev_data_node);
	ami_analysis_free(f->a);
	overlay_poke64(f->o, f->at.dev_data_next, self);
	analyse(f);
	assert_true(found(f, "list-damaged"));
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_CORRUPT);
	assert_int_equal(named_pages(f), f->at.writable);
}

static void device_list_leaves_memory(void **state)
{
	struct fixture *f = *state;

	overlay_poke64(f->o, f->at.dev_data_next, 0x4141414141414141ull);
	analyse(f);
	assert_true(found(f, "list-damaged"));
}

static void ring_tail_beyond(void **state)
{
	struct fixture *f = *state;
	uint32_t tail = 0x10000;

	overlay_poke(f->o, f->at.tail, &tail, sizeof(tail));
	analyse(f);
	assert_true(found(f, "ring-tail-invalid"));
	assert_int_equal(f->a->state->iommus[0].ring.proven, -1);
	assert_int_equal(f->a->state->iommus[0].ring.count[AMI_ENTRY_DONE], 0);
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_CORRUPT);
	assert_int_equal(named_pages(f), f->at.writable);
}

static void semaphore_ahead(void **state)
{
	struct fixture *f = *state;

	overlay_poke64(f->o, f->at.semaphore, 0x123456789abcull);
	analyse(f);
	assert_true(found(f, "semaphore-ahead"));
	assert_int_equal(f->a->state->iommus[0].ring.count[AMI_ENTRY_DONE], 0);
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_CORRUPT);
}

/* Twenty completion waits short: the commands since then are unproven. */
static void semaphore_behind(void **state)
{
	struct fixture *f = *state;
	const struct ami_ring *ring;
	uint64_t issued;

	f->a = overlay_analyse(f->o, &f->err);
	issued = f->a->state->iommus[0].ring.last_issued;
	ami_analysis_free(f->a);
	overlay_poke64(f->o, f->at.semaphore, issued - 20);
	analyse(f);
	ring = &f->a->state->iommus[0].ring;
	assert_true(found(f, "commands-unproven"));
	assert_true(ring->proven >= 0);
	assert_true(ring->outstanding >= 20);
	assert_int_equal(ring->entry[ring->proven].data, issued - 20);
	assert_int_equal((ring->oldest + ring->outstanding) % AMI_RING_ENTRIES,
			 ring->tail);
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_SUSPECT);
}

static void ring_page_hidden(void **state)
{
	struct fixture *f = *state;

	overlay_hide(f->o, f->at.ring >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	analyse(f);
	assert_int_equal(f->a->state->iommus[0].ring.count[AMI_ENTRY_UNREAD],
			 256);
	assert_true(found(f, "ring-unread"));
	assert_int_equal(named_pages(f), f->at.writable);
}

static void device_table_hidden(void **state)
{
	struct fixture *f = *state;
	const struct ami_device *d;

	overlay_hide(f->o, f->at.dte >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	analyse(f);
	d = ami_state_device(f->a->state, f->at.bdf);
	assert_int_equal(d->dte_seen, AMI_SEEN_UNREAD);
	assert_int_equal(d->dte_mem, AMI_MEM_FILTERED);
	assert_true(found(f, "device-table-unread"));
	/* From the driver's domain: the same pages, only less certain. */
	assert_int_equal(named_pages(f), f->at.writable);
	assert_int_equal(exposure_of(f->a, f->at.bdf, AMI_CLASS_MAPPED)
			 ->certainty, AMI_LIKELY);
}

static void dte_not_valid(void **state)
{
	struct fixture *f = *state;

	overlay_poke64(f->o, f->at.dte, 0);
	analyse(f);
	assert_true(found(f, "dte-not-valid"));
	assert_non_null(exposure_of(f->a, f->at.bdf, AMI_CLASS_PASSTHROUGH));
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_SUSPECT);
}

static void dte_and_domain_hidden(void **state)
{
	struct fixture *f = *state;
	const struct ami_device *d;

	overlay_hide(f->o, f->at.dte >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	overlay_hide(f->o, f->at.domain >> AMI_PAGE_SHIFT, AMI_MEM_ERROR);
	analyse(f);
	d = ami_state_device(f->a->state, f->at.bdf);
	assert_int_equal(d->translation, AMI_TRANSLATION_UNKNOWN);
	assert_false(exposure_of(f->a, f->at.bdf, AMI_CLASS_MAPPED)->complete);
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_UNKNOWN);
}

static bool active(const struct fixture *f)
{
	return ami_device_active(ami_state_device(f->a->state, f->at.bdf));
}

/* One bit would make an idle device of one whose driver waits for it. */
static void no_bus_master(struct fixture *f)
{
	const uint8_t *page = overlay_intact(f->o, f->at.master >>
					     AMI_PAGE_SHIFT);
	uint8_t byte = page[f->at.master % AMI_PAGE_SIZE];

	assert_true(byte & f->at.master_bit);
	byte &= ~f->at.master_bit;
	overlay_poke(f->o, f->at.master, &byte, 1);
}

static void bus_master_off(void **state)
{
	struct fixture *f = *state;

	no_bus_master(f);
	analyse(f);
	assert_true(found(f, "bus-master-contradiction"));
	assert_true(active(f));
}

/* And a byte a bridge, which by itself writes nothing. */
static void header_of_a_bridge(void **state)
{
	static const uint8_t bridge = 1;
	struct fixture *f = *state;

	overlay_poke(f->o, f->at.header, &bridge, 1);
	analyse(f);
	assert_true(found(f, "pci-contradiction"));
	assert_true(active(f));
}

/* An empty list of IOMMUs: what else is known shows that there was one. */
static void no_iommu(void **state)
{
	struct fixture *f = *state;
	struct ami_analysis *a = overlay_analyse(f->o, &f->err);
	uint64_t head = ami_symbol(a->kernel, AMI_SYM_amd_iommu_list);

	ami_analysis_free(a);
	overlay_poke64(f->o, f->at.iommu_list, head);
	overlay_poke64(f->o, f->at.iommu_list + 8, head);
	analyse(f);
	assert_true(found(f, "iommu-list-contradiction"));
	assert_false(found(f, "no-iommu"));
	assert_int_equal(f->a->exposures->verdict, AMI_VERDICT_UNKNOWN);
}

static void hide_symbol_pages(struct fixture *f, const char *key)
{
	struct ami_analysis *a = overlay_analyse(f->o, &f->err);
	uint64_t va = 0, pa;
	int i;

	assert_true(ami_vmcoreinfo_number(a->dump, key, 16, &va));
	pa = phys(a->kernel, va);
	ami_analysis_free(a);
	for (i = 0; i < 4; i++)
		overlay_hide(f->o, (pa >> AMI_PAGE_SHIFT) + i,
			     AMI_MEM_FILTERED);
}

static void kallsyms_hidden(void **state)
{
	struct fixture *f = *state;

	hide_symbol_pages(f, "SYMBOL(kallsyms_token_table)");
	assert_null(overlay_analyse(f->o, &f->err));
	assert_int_equal(f->err.status, AMI_ERR_DATA);
	assert_int_equal(f->err.advice, AMI_ADVICE_VMLINUX);
}

static void btf_hidden(void **state)
{
	struct fixture *f = *state;
	struct ami_analysis *a = overlay_analyse(f->o, &f->err);
	uint64_t pa = phys(a->kernel,
			   ami_symbol(a->kernel, AMI_SYM___start_BTF));

	ami_analysis_free(a);
	overlay_hide(f->o, pa >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	assert_null(overlay_analyse(f->o, &f->err));
	assert_int_equal(f->err.status, AMI_ERR_DATA);
	assert_non_null(strstr(f->err.text, "BTF"));
	assert_int_equal(f->err.advice, AMI_ADVICE_VMLINUX);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(intact),
		TEST(table_cycle),
		TEST(root_outside_ram),
		TEST(table_hidden),
		TEST(table_zero),
		TEST(device_list_loops),
		TEST(device_list_leaves_memory),
		TEST(ring_tail_beyond),
		TEST(semaphore_ahead),
		TEST(semaphore_behind),
		TEST(ring_page_hidden),
		TEST(device_table_hidden),
		TEST(dte_not_valid),
		TEST(dte_and_domain_hidden),
		TEST(bus_master_off),
		TEST(header_of_a_bridge),
		TEST(no_iommu),
		TEST(kallsyms_hidden),
		TEST(btf_hidden),
	};

	if (argc != 2) {
		print_error("usage: test_damage DUMP\n");
		return 64;
	}
	sample = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
