// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that are never a buffer, and devices that could write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/pte.h>

#include "owned.h"
#include "verdict.h"
#include "vmcore.h"

static uint64_t hidden_name(struct owned *f)
{
	uint64_t name = owned_text(f, "dentry");

	machine_set(f->m, f->cache, AMI_F_kmem_cache_name, name);
	return name - IMAGE_DIRECT_MAP;
}

static uint64_t hidden_structs(struct owned *f)
{
	(void)f;
	return owned_page(FREE) - IMAGE_DIRECT_MAP;
}

/* It may be in a block so large that its first page is far away. */
static uint64_t hidden_head(struct owned *f)
{
	owned_mark(f, PLAIN, AMI_F_page_refcount, 0);
	return MEMMAP;
}

static uint64_t hidden_free_page(struct owned *f)
{
	(void)f;
	return BUFFER + FREE * AMI_PAGE_SIZE;
}

static uint64_t hidden_slab(struct owned *f)
{
	(void)f;
	return BUFFER + SLAB * AMI_PAGE_SIZE;
}

/* What is not in the dump may be a never-buffer, or hold what was overwritten. */
static void owners_hidden(void **state)
{
	static const struct {
		uint64_t (*page)(struct owned *f);
		const char *code;
		uint64_t unknown;
	} hidden[] = {
		{ hidden_name, "owners-unread", 0 },
		{ hidden_structs, "owners-unread", PAGES },
		{ hidden_head, "owners-unread", 1 },
		{ hidden_free_page, "contents-unread", 0 },
		{ hidden_slab, "contents-unread", 0 },
	};
	struct owned *f;
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		owned_teardown(state);
		owned_setup(state);
		f = *state;
		image_hide(f->m->img, hidden[i].page(f) >> AMI_PAGE_SHIFT,
			   AMI_MEM_FILTERED);
		machine_analyse(f->m);
		assert_true(machine_found(f->m, hidden[i].code));
		assert_int_equal(machine_exposure(f->m, NIC, AMI_CLASS_MAPPED)
				 ->owners[AMI_OWNER_UNKNOWN],
				 hidden[i].unknown);
		/* Else what is known of other pages decides. */
		if (hidden[i].unknown == PAGES)
			assert_int_equal(f->m->ex->verdict, AMI_VERDICT_UNKNOWN);
	}
}

/* A page of the image, whose struct page says that it was not given back. */
static uint64_t image_page(struct owned *f, enum ami_symbol first,
			   enum ami_symbol end)
{
	uint64_t phys = image_alloc(f->m->img, 1);
	uint64_t va = IMAGE_MAP + phys - IMAGE_PHYS_BASE;

	image_layout(f->m->img)->symbol[first] = va;
	image_layout(f->m->img)->symbol[end] = va + AMI_PAGE_SIZE;
	machine_set(f->m, image_va(MEMMAP + (phys >> 12) * PAGE_STRUCT),
		    AMI_F_page_flags, 1 << PG_RESERVED);
	return phys;
}

static uint64_t text_page(struct owned *f)
{
	return image_page(f, AMI_SYM__text, AMI_SYM__etext);
}

static uint64_t rodata_page(struct owned *f)
{
	return image_page(f, AMI_SYM___start_rodata, AMI_SYM___end_rodata);
}

static uint64_t stack_page(struct owned *f)
{
	uint64_t init = machine_object(f->m, 64), task = machine_object(f->m, 64);
	uint64_t stack = image_alloc(f->m->img, 4);

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	machine_set(f->m, task, AMI_F_task_stack, image_va(stack));
	image_write64(f->m->img, stack, STACK_END_MAGIC);
	machine_list_add(f->m, init, task);
	return stack + 3 * AMI_PAGE_SIZE;
}

/* With KASAN a stack has 8 pages: so has the first task's. */
static uint64_t large_stack_page(struct owned *f)
{
	uint64_t *symbol = image_layout(f->m->img)->symbol;
	uint64_t init = machine_object(f->m, 64);
	uint64_t stack = image_alloc(f->m->img, 8);

	symbol[AMI_SYM___start_init_stack] = IMAGE_MAP;
	symbol[AMI_SYM___end_init_stack] = IMAGE_MAP + 8 * AMI_PAGE_SIZE;
	symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	machine_set(f->m, init, AMI_F_task_stack, image_va(stack));
	image_write64(f->m->img, stack, STACK_END_MAGIC);
	return stack + 7 * AMI_PAGE_SIZE;
}

static uint64_t cpu_table(struct owned *f)
{
	struct ami_layout *l = image_layout(f->m->img);

	l->enumerator[AMI_E_PGTY_table].present = true;
	l->enumerator[AMI_E_PGTY_table].value = 0xf2;
	owned_mark(f, PLAIN, AMI_F_page_type, 0xf2000000);
	return BUFFER + (PLAIN << 12);
}

static uint64_t io_table(struct owned *f)
{
	return f->root;
}

static uint64_t free_page(struct owned *f)
{
	owned_mark(f, PLAIN, AMI_F_page_type, BUDDY);
	owned_mark(f, PLAIN, AMI_F_page_refcount, 0);
	image_layout(f->m->img)->symbol[AMI_SYM__page_poisoning_enabled] = 0;
	return BUFFER + (PLAIN << 12);
}

static uint64_t plain_page(struct owned *f)
{
	(void)f;
	return BUFFER + (PLAIN << 12);
}

/* Where the device's last IOVA leads. */
static void lead_to(struct owned *f, uint64_t phys)
{
	uint64_t leaf;

	image_read(f->m->img, f->root, &leaf, sizeof(leaf));
	leaf &= 0x000ffffffffff000ull;
	image_write64(f->m->img, leaf + 8 * PLAIN,
		      amdvi_v1_page(phys, 12, 1, true, true));
}

/* Each kind of page that is never a buffer: finding, IOVA, verdict, its reason. */
static void never_buffers(void **state)
{
	static const struct {
		uint64_t (*make)(struct owned *f);
		enum ami_owner owner;
		/* NULL: it may well be a buffer; or a stack, for this machine
		 * has no list of tasks */
		const char *code;
	} want[] = {
		{ plain_page, AMI_OWNER_KERNEL, NULL },
		{ free_page, AMI_OWNER_FREE, "free-page-exposed" },
		{ stack_page, AMI_OWNER_STACK, "stack-exposed" },
		{ large_stack_page, AMI_OWNER_STACK, "stack-exposed" },
		{ cpu_table, AMI_OWNER_PAGE_TABLE, "page-table-exposed" },
		{ io_table, AMI_OWNER_IOMMU_TABLE, "io-page-table-exposed" },
		{ text_page, AMI_OWNER_TEXT, "kernel-image-exposed" },
		{ rodata_page, AMI_OWNER_RODATA, "kernel-image-exposed" },
	};
	const struct ami_finding *said;
	struct owned *f;
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		owned_teardown(state);
		owned_setup(state);
		f = *state;
		owned_mark(f, FREE, AMI_F_page_type, UINT32_MAX);
		owned_mark(f, FREE, AMI_F_page_refcount, 1);
		lead_to(f, want[i].make(f));
		machine_analyse(f->m);
		assert_true(machine_exposure(f->m, NIC, AMI_CLASS_MAPPED)
			    ->owners[want[i].owner] > 0);
		assert_int_equal(f->m->ex->verdict, want[i].code ?
				 AMI_VERDICT_SUSPECT : AMI_VERDICT_UNKNOWN);
		if (!want[i].code)
			continue;
		said = owned_finding(f, want[i].code);
		assert_non_null(said);
		assert_int_equal(said->severity, AMI_WARNING);
		assert_non_null(strstr(said->text, "IOVA 0x8000:"));
		assert_non_null(strstr(f->m->ex->reasons.list[0].text,
				       ami_owner_name(want[i].owner)));
	}
}

/* What the analysis itself was read from: told, and no more. */
static void tainted(void **state)
{
	struct owned *f = *state;

	owned_mark(f, FREE, AMI_F_page_type, UINT32_MAX);
	owned_mark(f, FREE, AMI_F_page_refcount, 1);
	lead_to(f, (f->m->iommu - image_va(0)) & ~0xfffull);
	machine_analyse(f->m);
	assert_non_null(owned_finding(f, "self-taint"));
	assert_int_equal(owned_finding(f, "self-taint")->severity, AMI_WARNING);
	assert_int_not_equal(f->m->ex->verdict, AMI_VERDICT_SUSPECT);
}

/* Rings are read where devices write; what lies in slab pages is no ring. */
static void tainted_evidence(void **state)
{
	struct owned *f = *state;
	struct ami_pfnset *read;

	machine_analyse(f->m);
	read = f->m->evidence_pages;
	ami_pfnset_add(read, (BUFFER >> 12) + PLAIN, 1);
	assert_int_equal(verdict_find_taint(f->m->ex), 0);
	assert_null(owned_finding(f, "self-taint"));
	ami_pfnset_add(read, (BUFFER >> 12) + SLAB, 1);
	assert_int_equal(verdict_find_taint(f->m->ex), 0);
	assert_non_null(strstr(owned_finding(f, "self-taint")->text,
			       "1 of the slab pages that drivers' evidence"));
}

/* An entry of level 1 that leads to a table of level 5. */
static void invalid_entry(void **state)
{
	struct owned *f = *state;
	uint64_t leaf;

	image_read(f->m->img, f->root, &leaf, sizeof(leaf));
	image_write64(f->m->img, (leaf & 0x000ffffffffff000ull) + 8 * PLAIN,
		      amdvi_v1_table(BUFFER, 5, true, true));
	machine_analyse(f->m);
	assert_non_null(owned_finding(f, "table-entry-invalid"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

/* Linux leaves rights to the entries of pages: here IW of a directory is lost. */
static void forbidding_entry(void **state)
{
	struct owned *f = *state;
	uint64_t leaf;

	image_read(f->m->img, f->root, &leaf, sizeof(leaf));
	image_write64(f->m->img, f->root, leaf & ~(1ull << 62));
	machine_analyse(f->m);
	assert_non_null(owned_finding(f, "table-entry-forbids"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(never_buffers),
		TEST(tainted),
		TEST(tainted_evidence),
		TEST(invalid_entry),
		TEST(forbidding_entry),
		TEST(owners_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
