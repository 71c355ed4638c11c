// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects of slab caches, of each allocator, and what they hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict.h"
#include "owned.h"
#include "vmcore.h"

/* A slab is suspect if its cache holds nothing else than what no device writes. */
static void kernel_objects(void **state)
{
	static const struct {
		const char *name;
		uint64_t users;
		enum ami_owner owner;
	} cache[] = {
		{ "dentry", 1, AMI_OWNER_OBJECT },
		{ "task_struct", UINT32_MAX, AMI_OWNER_OBJECT }, /* -1 */
		{ "dentry", 2, AMI_OWNER_SLAB },	/* others merged in */
		{ "dentry_buffers", 1, AMI_OWNER_SLAB },
		{ "kmalloc-192", 1, AMI_OWNER_SLAB },
	};
	struct owned *f;
	char said[AMI_OWNER_TEXT_SIZE], want[64];
	size_t i;

	for (i = 0; i < sizeof(cache) / sizeof(cache[0]); i++) {
		bool never = cache[i].owner == AMI_OWNER_OBJECT;

		owned_teardown(state);
		owned_setup(state);
		f = *state;
		machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
			    owned_text(f, cache[i].name));
		machine_set(f->m, f->cache, AMI_F_kmem_cache_refcount,
			    cache[i].users);
		machine_analyse(f->m);
		assert_int_equal(ami_owner_describe(f->m->ex->owners,
						    BUFFER + (SLAB << 12) +
						    LEFT, said, sizeof(said)),
				 cache[i].owner);
		snprintf(want, sizeof(want), "slab %s, byte 0 of the object",
			 cache[i].name);
		assert_memory_equal(said, want, strlen(want));
		assert_int_equal(machine_exposure(f->m, NIC, AMI_CLASS_MAPPED)
				 ->owners[cache[i].owner], 1);
		assert_int_equal(machine_found(f->m, "kernel-objects-exposed"),
				 never);
	}
}

/* An object of a task is that task's. */
static void tasks_in_slab(void **state)
{
	struct owned *f = *state;
	uint64_t init = machine_object(f->m, 64);
	uint64_t task = image_va(BUFFER + (SLAB << 12) + SLOT + LEFT);
	char said[AMI_OWNER_TEXT_SIZE];

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
		    owned_text(f, "task_struct"));
	machine_set(f->m, task, AMI_F_task_pid, 17);
	machine_set(f->m, task, AMI_F_task_mm, 0);
	machine_write(f->m, task + 40, "dd", 3);
	machine_list_add(f->m, init, task);
	machine_analyse(f->m);
	owned_says(f, SLAB, "slab task_struct, byte 0 of the object at 0xff11000008001008");
	ami_owner_describe(f->m->ex->owners,
			   BUFFER + (SLAB << 12) + SLOT + LEFT + 5, said,
			   sizeof(said));
	assert_string_equal(said, "slab task_struct, byte 5 of the object at 0xff11000008001108, dd (pid 17)");
}

#define COLOUR		112u	/* and the list of free objects */
#define OBJECTS		3u

static struct ami_member word(uint32_t offset, uint32_t size)
{
	return (struct ami_member){
		.present = true, .offset = offset, .size = size,
	};
}

static void slab_says(struct owned *f, uint32_t byte, const char *want)
{
	char said[AMI_OWNER_TEXT_SIZE];

	ami_owner_describe(f->m->ex->owners, BUFFER + (SLAB << 12) + byte,
			   said, sizeof(said));
	assert_string_equal(said, want);
}

/* A slab as CONFIG_SLAB has it; @s_mem: in struct page, or struct slab. */
static void make_slab(struct owned *f, enum ami_field s_mem)
{
	struct ami_layout *l = image_layout(f->m->img);
	uint64_t init = machine_object(f->m, 64), at = BUFFER + (SLAB << 12);
	uint64_t task = image_va(at + COLOUR + SLOT);

	if (s_mem == AMI_F_slab_s_mem)
		l->field[AMI_F_slab_slab_cache] =
			l->field[AMI_F_page_slab_cache];
	l->field[s_mem] = word(56, 8);
	l->field[AMI_F_kmem_cache_num] = word(36, 4);
	owned_without(l, AMI_F_kmem_cache_inuse);
	owned_without(l, AMI_F_kmem_cache_red_left_pad);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_num, OBJECTS);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
		    owned_text(f, "task_struct"));
	owned_mark(f, SLAB, s_mem, image_va(at + COLOUR));
	l->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	machine_set(f->m, task, AMI_F_task_pid, 17);
	machine_set(f->m, task, AMI_F_task_mm, 0);
	machine_write(f->m, task + 40, "dd", 3);
	machine_list_add(f->m, init, task);
}

static void slab_allocator(void **state)
{
	static const enum ami_field s_mem[] = {
		AMI_F_page_s_mem, AMI_F_slab_s_mem,
	};
	struct owned *f;
	size_t i;

	for (i = 0; i < 2; i++) {
		owned_teardown(state);
		owned_setup(state);
		f = *state;
		make_slab(f, s_mem[i]);
		machine_analyse(f->m);
		slab_says(f, COLOUR + SLOT,
			  "slab task_struct, byte 0 of the object at 0xff11000008001170, dd (pid 17)");
		slab_says(f, COLOUR + 2 * SLOT - 1,
			  "slab task_struct, byte 255 of the object at 0xff11000008001170, dd (pid 17)");
		slab_says(f, COLOUR + 2 * SLOT,
			  "slab task_struct, byte 0 of the object at 0xff11000008001270");
		slab_says(f, COLOUR - 1,
			  "slab task_struct, none of its objects");
		slab_says(f, COLOUR + OBJECTS * SLOT,
			  "slab task_struct, none of its objects");
	}
	/* Where the first object is damaged, none is named. */
	owned_teardown(state);
	owned_setup(state);
	f = *state;
	make_slab(f, AMI_F_page_s_mem);
	owned_mark(f, SLAB, AMI_F_page_s_mem, image_va(0x1000));
	machine_analyse(f->m);
	slab_says(f, COLOUR + SLOT, "slab task_struct");
}

/* SLOB knows neither how many objects there are nor where they begin. */
static void slob_allocator(void **state)
{
	struct owned *f = *state;

	owned_without(image_layout(f->m->img), AMI_F_kmem_cache_inuse);
	machine_analyse(f->m);
	slab_says(f, SLOT, "slab kmalloc-192");
}

/* What cannot be told of a cache makes no suspicion. */
static void caches_damaged(void **state)
{
	static const struct {
		enum ami_field field;
		uint64_t value;
	} damage[] = {
		{ AMI_F_kmem_cache_name, 0x4141414141414141 },
		{ AMI_F_kmem_cache_refcount, 0 },	/* not in this kernel */
	};
	struct owned *f;
	size_t i;

	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		owned_teardown(state);
		owned_setup(state);
		f = *state;
		machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
			    owned_text(f, "dentry"));
		if (damage[i].value)
			machine_set(f->m, f->cache, damage[i].field,
				    damage[i].value);
		else
			owned_without(image_layout(f->m->img), damage[i].field);
		machine_analyse(f->m);
		assert_int_equal(ami_owner_of(f->m->ex->owners,
					      (BUFFER >> 12) + SLAB),
				 AMI_OWNER_SLAB);
		assert_false(machine_found(f->m, "kernel-objects-exposed"));
	}
}

static size_t contradictions(const struct owned *f)
{
	const struct ami_findings *found = f->m->state->findings;

	return ami_findings_total(found, AMI_FIND_FREE_PAGE_WRITTEN) +
	       ami_findings_total(found, AMI_FIND_RED_ZONE_WRITTEN) +
	       ami_findings_total(found, AMI_FIND_FREE_OBJECT_WRITTEN);
}

static void content_intact(void **state)
{
	struct owned *f = *state;
	size_t count = 1;

	machine_analyse(f->m);
	assert_null(ami_dump_contents(f->m->dump, BUFFER >> 12, &count));
	assert_int_equal(count, 0);
	assert_int_equal(contradictions(f), 0);
	assert_false(machine_found(f->m, "owners-unread"));
	assert_false(machine_found(f->m, "contents-unread"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_SUSPECT);
}

/* One byte that was written at each place gives the finding for that place. */
static void content_written(void **state)
{
	static const struct {
		uint64_t at;
		const char *code;
	} hit[] = {
		{ 0x123, "free-page-written" },
		{ (SLAB << 12) + 2 * SLOT + 3, "red-zone-written" },
		{ (SLAB << 12) + 4 * SLOT, "red-zone-written" },
		{ (SLAB << 12) + 6 * SLOT + LEFT + OBJECT + 1,
		  "red-zone-written" },
		{ (SLAB << 12) + 3 * SLOT + LEFT + 17, "free-object-written" },
	};
	struct owned *f;
	char where[32];
	size_t i, k;

	for (i = 0; i < sizeof(hit) / sizeof(hit[0]); i++) {
		owned_teardown(state);
		owned_setup(state);
		f = *state;
		image_write(f->m->img, BUFFER + hit[i].at, "!", 1);
		machine_analyse(f->m);
		assert_int_equal(contradictions(f), 1);
		assert_true(machine_found(f->m, hit[i].code));
		assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
		snprintf(where, sizeof(where), "at %#llx",
			 (unsigned long long)(BUFFER + hit[i].at));
		for (k = 0; f->m->state->findings->list[k].code !=
		     machine_code(hit[i].code); k++)
			;
		assert_non_null(strstr(f->m->state->findings->list[k].text,
				       where));
	}
}

/* What a driver may write into an object it owns contradicts nothing. */
static void content_of_objects(void **state)
{
	struct owned *f = *state;

	image_write(f->m->img, BUFFER + (SLAB << 12) + LEFT, "data", 4);
	image_write(f->m->img, BUFFER + (PLAIN << 12), "data", 4);
	machine_analyse(f->m);
	assert_int_equal(contradictions(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kernel_objects),
		TEST(tasks_in_slab),
		TEST(slab_allocator),
		TEST(slob_allocator),
		TEST(caches_damaged),
		TEST(content_intact),
		TEST(content_written),
		TEST(content_of_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
