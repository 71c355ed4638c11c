// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * I/O page tables of every depth and page size, from a vmcore file to the
 * report: each device of a machine has a table of another kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <amdvi/features.h>

#include "vmcore.h"

#define RAM_PAGES	(1u << 16)
#define RAM_LOG2	28
#define C_BIT		(1ull << 51)

static const struct amdvi_dte rw = {
	.v = true, .tv = true, .ir = true, .iw = true,
};

static void over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes_with(C_BIT, RAM_PAGES, test);
}

/* The driver's state and the DTE name the same v1 table. */
static void attach(struct machine *m, uint16_t devid, uint64_t root,
		   unsigned int mode)
{
	struct amdvi_dte dte = rw;

	dte.mode = mode;
	dte.host_root = root;
	dte.domain_id = devid;
	machine_device(m, devid, "nvme",
		       machine_domain(m, devid, TYPE_DMA, AMI_FORMAT_V1, root,
				      mode));
	machine_dte(m, devid, &dte);
}

/* A NIC with v2 tables for the DMA API: PASID 0 stands for no PASID. */
static void attach_guest(struct machine *m, uint16_t devid, uint64_t root,
			 unsigned int levels, unsigned int glx)
{
	struct amdvi_dte dte = rw;

	dte.gv = dte.giov = true;
	dte.glx = glx;
	dte.guest_paging_mode = levels == 5;
	dte.gcr3_root = machine_gcr3(m, glx, 0, root);
	machine_device(m, devid, "nic", 0);
	machine_dte(m, devid, &dte);
}

static void is_exposed(const struct machine *m, uint16_t devid,
		       uint64_t phys, uint64_t pages)
{
	const struct ami_exposure *e;

	e = machine_exposure(m, devid, AMI_CLASS_MAPPED);
	if (!e || !e->complete || e->certainty != AMI_PROVEN ||
	    e->count != pages)
		fail_msg("device %#x: %llu pages, not %llu", devid,
			 e ? (unsigned long long)e->count : 0,
			 (unsigned long long)pages);
	assert_true(ami_pfnset_has(e->pages, phys >> 12));
	assert_true(ami_pfnset_has(e->pages, (phys >> 12) + pages - 1));
	assert_string_equal(ami_state_device(m->state,
			    (struct ami_bdf){ 0, devid })->disagreement, "");
}

/*
 * Tables from @level down to level @last + 1, each with one entry, at its end:
 * what an index takes from wrong bits of the IOVA then misses.
 */
static uint64_t chain(struct machine *m, uint64_t table, unsigned int level,
		      unsigned int last)
{
	uint64_t next;

	for (; level > last; level--) {
		next = image_alloc(m->img, 1);
		image_write64(m->img, table + 8 * (level == 6 ? 127 : 511),
			      amdvi_v1_table(next, level - 1, true, true) |
			      m->sme);
		table = next;
	}
	return table;
}

static void every_mode(struct machine *m)
{
	unsigned int mode;

	for (mode = 1; mode <= 6; mode++) {
		uint64_t root = image_alloc(m->img, 1);

		image_write64(m->img, chain(m, root, mode, 1) + 8 * 511,
			      amdvi_v1_page(BUFFER + mode * 0x1000, 12, 1,
					    true, true) | m->sme);
		attach(m, 0x10 + mode, root, mode);
	}
	vmcore_analyse(m);
	for (mode = 1; mode <= 6; mode++)
		is_exposed(m, 0x10 + mode, BUFFER + mode * 0x1000, 1);
}

static void test_modes(void **state)
{
	(void)state;
	over_shapes(every_mode);
}

/* Level of the table that holds a page of this size; how often it stands. */
static unsigned int level_of(unsigned int size)
{
	return (size - 12) / 9 + 1;
}

static unsigned int slots_of(unsigned int size)
{
	return 1u << (size - 12) % 9;
}

/* A table of six levels with a single page of 2^@size bytes. */
static uint64_t one_page(struct machine *m, unsigned int size, int without)
{
	uint64_t phys = size < RAM_LOG2 ? BUFFER : 0;
	uint64_t root = image_alloc(m->img, 1), table;
	unsigned int i, level = level_of(size);

	table = chain(m, root, 6, level);
	for (i = 0; i < slots_of(size); i++)
		if ((int)i != without)
			image_write64(m->img, table + 8 * i,
				      amdvi_v1_page(phys, size, level, true,
						    true) | m->sme);
	return root;
}

/* All that the SME bit leaves: with it an address has 51 bits. */
static void every_size(struct machine *m)
{
	unsigned int size, most = m->sme ? 51 : 52;

	for (size = 12; size <= most; size++)
		attach(m, size, one_page(m, size, -1), 6);
	vmcore_analyse(m);
	for (size = 12; size <= most; size++)
		is_exposed(m, size, size < RAM_LOG2 ? BUFFER : 0,
			   size < RAM_LOG2 ? 1ull << (size - 12) : RAM_PAGES);
}

static void test_sizes(void **state)
{
	(void)state;
	over_shapes(every_size);
}

/* The driver was about to set or clear the replicas of 32 KiB and of 16 MiB. */
static void torn(struct machine *m)
{
	const struct ami_exposure *e;

	attach(m, 0x10, one_page(m, 15, 3), 6);
	attach(m, 0x18, one_page(m, 24, 0), 6);
	vmcore_analyse(m);
	is_exposed(m, 0x18, BUFFER + (2 << 20), 7 * 512);
	e = machine_exposure(m, 0x10, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_int_equal(e->count, 7);
	assert_false(ami_pfnset_has(e->pages, (BUFFER >> 12) + 3));
	assert_true(ami_pfnset_has(e->pages, (BUFFER >> 12) + 7));
}

static void test_torn(void **state)
{
	(void)state;
	over_shapes(torn);
}

/* 4 KiB at the front; 2 MiB and 1 GiB at the end of their tables. */
static uint64_t guest_table(struct machine *m, unsigned int levels)
{
	uint64_t root = machine_v2(m, BUFFER, 3, levels), table = root, entry;
	unsigned int level;

	for (level = levels; level > 3; level--) {
		image_read(m->img, table, &entry, sizeof(entry));
		table = entry & AMDVI_ADDR_MASK & ~m->sme;
	}
	image_write64(m->img, table + 8 * 511,
		      amdvi_v2_page(1ull << 30, 30, true) | m->sme);
	image_read(m->img, table, &entry, sizeof(entry));
	table = entry & AMDVI_ADDR_MASK & ~m->sme;
	image_write64(m->img, table + 8 * 511,
		      amdvi_v2_page(BUFFER + (4 << 20), 21, true) | m->sme);
	image_write64(m->img, table + 8 * 510,
		      amdvi_v2_page(BUFFER + (8 << 20), 21, false) | m->sme);
	return root;
}

static void guest(struct machine *m)
{
	unsigned int levels, glx;

	for (levels = 4; levels <= 5; levels++)
		for (glx = 0; glx <= 2; glx++)
			attach_guest(m, 0x10 * levels + glx,
				     guest_table(m, levels), levels, glx);
	vmcore_analyse(m);
	for (levels = 4; levels <= 5; levels++)
		for (glx = 0; glx <= 2; glx++) {
			const struct ami_exposure *e;

			e = machine_exposure(m, 0x10 * levels + glx,
					     AMI_CLASS_MAPPED);
			assert_non_null(e);
			assert_int_equal(e->count, 3 + 512);
			assert_true(ami_pfnset_has(e->pages, BUFFER >> 12));
			assert_true(ami_pfnset_has(e->pages,
						   (BUFFER >> 12) + 1535));
			assert_false(ami_pfnset_has(e->pages,
						    (BUFFER >> 12) + 2048));
		}
}

static void test_guest(void **state)
{
	(void)state;
	over_shapes(guest);
}

/*
 * A process shares its address space under PASID 5: two pages of its own and,
 * in the upper half, all memory for the kernel alone, as one large page.
 */
static void process(struct machine *m, bool heeded)
{
	uint64_t root = machine_v2(m, BUFFER, 2, 4);
	uint64_t half = image_alloc(m->img, 1);
	const uint64_t user = AMDVI_V2_US;
	struct amdvi_dte dte = rw;

	image_write64(m->img, root + 8 * 273,
		      (amdvi_v2_table(half, true) & ~user) | m->sme);
	image_write64(m->img, half,
		      (amdvi_v2_page(0, 30, true) & ~user) | m->sme);
	dte.gv = true;
	dte.glx = 1;
	dte.gcr3_root = machine_gcr3(m, 1, 5, root);
	machine_device(m, 0x10, "gpu", 0);
	machine_dte(m, 0x10, &dte);
	if (heeded)
		machine_set(m, m->iommu, AMI_F_amd_iommu_features,
			    AMDVI_EFR_USSUP);
	vmcore_analyse(m);
	if (heeded)
		is_exposed(m, 0x10, BUFFER, 2);
	else
		is_exposed(m, 0x10, 0, RAM_PAGES);
}

static void process_heeded(struct machine *m)
{
	process(m, true);
}

static void process_not_heeded(struct machine *m)
{
	process(m, false);
}

static void test_process(void **state)
{
	(void)state;
	over_shapes(process_heeded);
	over_shapes(process_not_heeded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_guest),
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
