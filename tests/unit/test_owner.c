// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose a page was: what struct page and what it leads to say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"
#include "owned.h"
#include "vmcore.h"

static void owners(void **state)
{
	static const struct {
		unsigned int at;
		enum ami_owner owner;
		const char *text;
	} want[] = {
		{ FREE << 12, AMI_OWNER_FREE, "free" },
		{ (SLAB << 12) + SLOT + LEFT + 5, AMI_OWNER_SLAB,
		  "slab kmalloc-192, byte 5 of the object at 0xff11000008001108" },
		{ CACHED << 12, AMI_OWNER_FILE,
		  "page cache of sda1, inode 42, passwd" },
		{ ANON << 12, AMI_OWNER_ANON, "anonymous" },
		{ RESERVED << 12, AMI_OWNER_RESERVED, "reserved" },
		{ NETWORK << 12, AMI_OWNER_NETWORK, "network" },
		{ HEAD << 12, AMI_OWNER_ANON, "anonymous" },
		{ TAIL << 12, AMI_OWNER_ANON, "anonymous" },
		{ PLAIN << 12, AMI_OWNER_KERNEL,
		  "kernel (purpose unknown)" },
	};
	struct owned *f = *state;
	char said[AMI_OWNER_TEXT_SIZE];
	size_t i;

	machine_analyse(f->m);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(ami_owner_describe(f->m->ex->owners,
						    BUFFER + want[i].at, said,
						    sizeof(said)),
				 want[i].owner);
		assert_string_equal(said, want[i].text);
	}
	assert_int_equal(machine_exposure(f->m, NIC, AMI_CLASS_MAPPED)
			 ->owners[AMI_OWNER_ANON], 3);
}

static void processes(void **state)
{
	struct owned *f = *state;
	uint64_t init = machine_object(f->m, 64), dd = machine_object(f->m, 64);
	uint64_t sh = machine_object(f->m, 64), node, left;
	uint64_t anon = machine_object(f->m, 64);
	uint64_t broken = machine_object(f->m, 64);

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	owned_task(f, init, 212, "sh", sh);
	owned_task(f, init, 213, "dd", dd);
	owned_mark(f, ANON, AMI_F_page_mapping, anon | 1);
	owned_mark(f, ANON, AMI_F_page_index, 0x12);
	node = owned_area(f, dd, 0x7f0000, 16, 0x10);
	machine_set(f->m, anon, AMI_F_anon_vma_areas, node);
	/* Not of this page: ends before it, has no memory. */
	left = owned_area(f, sh, 0x400000, 2, 0x10);
	machine_set(f->m, node, AMI_F_rb_left, left);
	machine_set(f->m, left, AMI_F_rb_right, owned_area(f, sh, 0, 0, 0x12));
	/* A tree that leads back to its root. */
	owned_mark(f, HEAD, AMI_F_page_mapping, broken | 1);
	owned_mark(f, HEAD, AMI_F_page_index, 0x20);
	node = owned_area(f, sh, 0x100000, 2, 0x20);
	machine_set(f->m, broken, AMI_F_anon_vma_areas, node);
	machine_set(f->m, node, AMI_F_rb_left, node);
	machine_analyse(f->m);
	owned_says(f, ANON, "anonymous memory of dd (pid 213) at 0x7f2000");
	owned_says(f, HEAD, "anonymous memory of sh (pid 212) at 0x100000, perhaps in others too");
	owned_says(f, TAIL, "anonymous memory of sh (pid 212) at 0x101000, perhaps in others too");
}

/* Equal pages of processes: what the mapping leads to is no anon_vma. */
static void shared_by_ksm(void **state)
{
	struct owned *f = *state;

	owned_mark(f, ANON, AMI_F_page_mapping, image_va(0x123000) | 3);
	owned_mark(f, PLAIN, AMI_F_page_mapping, image_va(0x123000) | 2);
	machine_analyse(f->m);
	owned_says(f, ANON, "anonymous, shared by KSM");
	assert_int_equal(ami_owner_of(f->m->ex->owners,
				      (BUFFER >> 12) + ANON), AMI_OWNER_ANON);
	assert_int_equal(ami_owner_of(f->m->ex->owners,
				      (BUFFER >> 12) + PLAIN),
			 AMI_OWNER_KERNEL);
}

/* Mapped for DMA it carries an index; a page that left a list is none. */
static void page_pool(void **state)
{
	static const struct {
		uint64_t magic;
		enum ami_owner owner;
	} want[] = {
		{ 0xdead000000000042ull, AMI_OWNER_NETWORK },
		{ 0xdead000000000040ull | 1ull << 7, AMI_OWNER_NETWORK },
		{ 0xdead000000000042ull | 0xffffffffull << 7, AMI_OWNER_NETWORK },
		{ 0xdead000000000040ull | 1ull << 39, AMI_OWNER_KERNEL },
		{ 0xdead000000000100ull, AMI_OWNER_KERNEL }, /* LIST_POISON1 */
		{ 0xdead000000000122ull, AMI_OWNER_KERNEL }, /* LIST_POISON2 */
	};
	struct owned *f;
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		owned_teardown(state);
		owned_setup(state);
		f = *state;
		owned_mark(f, NETWORK, AMI_F_page_pp_magic, want[i].magic);
		machine_analyse(f->m);
		assert_int_equal(ami_owner_of(f->m->ex->owners,
					      (BUFFER >> 12) + NETWORK),
				 want[i].owner);
	}
}

/* Damage to what describes a page costs the description, not the report. */
static void owners_damaged(void **state)
{
	struct owned *f = *state;
	char said[AMI_OWNER_TEXT_SIZE];

	machine_set(f->m, f->cache, AMI_F_kmem_cache_size, 0);
	owned_mark(f, CACHED, AMI_F_page_mapping, image_va(0x7f0000000000));
	owned_mark(f, TAIL, AMI_F_page_compound_head, 0x4141414141414141);
	machine_analyse(f->m);
	ami_owner_describe(f->m->ex->owners, BUFFER + (SLAB << 12), said,
			   sizeof(said));
	assert_string_equal(said, "slab kmalloc-192");
	ami_owner_describe(f->m->ex->owners, BUFFER + (CACHED << 12), said,
			   sizeof(said));
	assert_string_equal(said, "page cache");
	assert_int_equal(ami_owner_of(f->m->ex->owners,
				      (BUFFER >> 12) + TAIL),
			 AMI_OWNER_UNKNOWN);
}

/* Who asks for the page is told the story, unless anything could be written. */
static void story_of_page(void **state)
{
	static const char story[] = "a buffer was freed while its";
	struct owned *f = *state;
	struct ami_request r = {
		.view = AMI_VIEW_WHO, .iommu = -1, .address = BUFFER,
	};
	struct amdvi_dte report_count_untranslated = {
		.v = true, .tv = true, .ir = true, .iw = true, .domain_id = 5,
	};
	char *said;

	machine_device(f->m, GPU, "gpu", machine_domain(f->m, 5, 4,
							AMI_FORMAT_NONE, 0, 0));
	machine_dte(f->m, GPU, &report_count_untranslated);
	owned_mark(f, ELSEWHERE, AMI_F_page_type, BUDDY);
	machine_analyse(f->m);
	said = render_machine(f->m, &r);
	has(said, "owner    free");
	has(said, story);
	free(said);
	r.address = BUFFER + (PLAIN << 12);
	said = render_machine(f->m, &r);
	lacks(said, story);
	free(said);
	r.address = BUFFER + (ELSEWHERE << 12);
	said = render_machine(f->m, &r);
	has(said, "owner    free");
	has(said, "passthrough");
	lacks(said, story);
	free(said);
}

/* The array of struct page is known from the kernel's own page tables. */
static void memmap(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};

	(void)state;
	machine_vmemmap(m);
	dte.host_root = machine_v1(m, m->vmemmap, 1);
	machine_device(m, NIC, "nic", machine_domain(m, 4, 3, AMI_FORMAT_V1,
						     dte.host_root, 2));
	machine_dte(m, NIC, &dte);
	machine_analyse(m);
	assert_true(machine_found(m, "memmap-exposed"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
	machine_free(m);
}

/*
 * The lowest page of the device's table: a page of the kernel's, as it should
 * be, or freed while the table above still leads there, or given away since.
 */
static void table_page(struct owned *f, uint32_t type, uint32_t refcount,
		       uint64_t mapping)
{
	uint64_t root, entry, page;

	image_read(f->m->img, f->m->seg->dev_table + 32 * NIC, &root,
		   sizeof(root));
	image_read(f->m->img, root & AMDVI_ADDR_MASK, &entry, sizeof(entry));
	page = image_va(MEMMAP + (entry & AMDVI_ADDR_MASK) / AMI_PAGE_SIZE *
			PAGE_STRUCT);
	machine_set(f->m, page, AMI_F_page_type, type);
	machine_set(f->m, page, AMI_F_page_refcount, refcount);
	machine_set(f->m, page, AMI_F_page_mapping, mapping);
}

static void table_in_use(void **state)
{
	struct owned *f = *state;

	table_page(f, UINT32_MAX, 1, 0);
	machine_analyse(f->m);
	assert_false(machine_found(f->m, "io-table-freed"));
	assert_int_not_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void table_freed(void **state)
{
	struct owned *f = *state;

	table_page(f, BUDDY, 0, 0);
	machine_analyse(f->m);
	assert_true(machine_found(f->m, "io-table-freed"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void table_given_away(void **state)
{
	struct owned *f = *state;

	table_page(f, UINT32_MAX, 1, image_va(0x123000) | 1);
	machine_analyse(f->m);
	assert_true(machine_found(f->m, "io-table-freed"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(owners),
		TEST(processes),
		TEST(page_pool),
		TEST(shared_by_ksm),
		TEST(owners_damaged),
		TEST(story_of_page),
		cmocka_unit_test(memmap),
		TEST(table_in_use),
		TEST(table_freed),
		TEST(table_given_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
