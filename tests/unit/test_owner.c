// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owners of page frames, and content that contradicts its owner: a device
 * whose buffer pages belong to all kinds of owners.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdvi/pte.h>

#include "verdict.h"
#include "render.h"
#include "vmcore.h"

#define BUFFER		0x8000000ull	/* physical; mapped from IOVA 0 on */
#define PAGES		9u
/* The array of struct page, in the direct map; it starts at whole GiBs. */
#define MEMMAP		0x40000000ull
#define MEMMAP_SIZE	0x2000000ull
#define NIC		0x10
#define GPU		0x18
#define ELSEWHERE	100u		/* a page behind the buffer */
#define PAGE_STRUCT	64u
#define BUDDY		(~0x80u)
#define PG_SLAB		9
#define PG_RESERVED	12
#define FREE_FILL	0xaa
#define RED_ACTIVE	0xcc
#define RED_INACTIVE	0xbb
#define SLOT		256u		/* of the slab: 8 + 200 + 8 and unused */
#define OBJECT		200u
#define LEFT		8u

/* What the pages of the buffer are. */
enum { FREE, SLAB, CACHED, ANON, RESERVED, NETWORK, HEAD, TAIL, PLAIN };

struct fixture {
	struct machine *m;
	uint64_t cache;		/* virtual: a kmem_cache */
	uint64_t root;		/* physical: the device's page table */
};

static const struct {
	enum ami_field field;
	uint32_t offset, size;
} members[] = {
	{ AMI_F_page_flags, 0, 8 },
	{ AMI_F_page_compound_head, 8, 8 },
	{ AMI_F_page_pp_magic, 8, 8 },
	{ AMI_F_page_slab_cache, 16, 8 },
	{ AMI_F_page_mapping, 24, 8 },
	{ AMI_F_page_objects, 40, 2 },
	{ AMI_F_page_private, 40, 8 },
	{ AMI_F_page_type, 48, 4 },
	{ AMI_F_page_refcount, 52, 4 },
	{ AMI_F_kmem_cache_flags, 0, 8 },
	{ AMI_F_kmem_cache_size, 8, 4 },
	{ AMI_F_kmem_cache_object_size, 12, 4 },
	{ AMI_F_kmem_cache_inuse, 16, 4 },
	{ AMI_F_kmem_cache_red_left_pad, 20, 4 },
	{ AMI_F_kmem_cache_name, 24, 8 },
	{ AMI_F_kmem_cache_refcount, 32, 4 },
	{ AMI_F_address_space_host, 0, 8 },
	{ AMI_F_inode_ino, 0, 8 },
	{ AMI_F_inode_sb, 8, 8 },
	{ AMI_F_inode_dentry, 16, 8 },
	{ AMI_F_dentry_alias, 8, 8 },
	{ AMI_F_dentry_name, 0, 8 },
	{ AMI_F_super_block_id, 0, 32 },
	{ AMI_F_page_index, 32, 8 },
	{ AMI_F_task_tasks, 0, 16 },
	{ AMI_F_task_stack, 16, 8 },
	{ AMI_F_task_mm, 24, 8 },
	{ AMI_F_task_pid, 32, 4 },
	{ AMI_F_task_tgid, 36, 4 },
	{ AMI_F_task_comm, 40, 16 },
	{ AMI_F_anon_vma_areas, 16, 8 },
	{ AMI_F_anon_vma_chain_vma, 0, 8 },
	{ AMI_F_anon_vma_chain_rb, 8, 24 },
	{ AMI_F_rb_right, 8, 8 },
	{ AMI_F_rb_left, 16, 8 },
	{ AMI_F_vma_start, 0, 8 },
	{ AMI_F_vma_end, 8, 8 },
	{ AMI_F_vma_pgoff, 16, 8 },
	{ AMI_F_vma_mm, 24, 8 },
};

static uint64_t page_at(unsigned int page)
{
	return image_va(MEMMAP + (BUFFER / AMI_PAGE_SIZE + page) *
			PAGE_STRUCT);
}

static void mark(struct fixture *f, unsigned int page, enum ami_field field,
		 uint64_t value)
{
	machine_set(f->m, page_at(page), field, value);
}

static void absent(struct ami_layout *l, enum ami_field field)
{
	l->field[field].present = false;
}

static void add_layout(struct fixture *f)
{
	struct ami_layout *l = image_layout(f->m->img);
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		l->field[members[i].field] = (struct ami_member){
			.present = true, .offset = members[i].offset,
			.size = members[i].size,
		};
	absent(l, AMI_F_slab_slab_cache);
	absent(l, AMI_F_slab_objects);
	absent(l, AMI_F_slab_s_mem);
	absent(l, AMI_F_kmem_cache_num);
	absent(l, AMI_F_page_compound_info);
	absent(l, AMI_F_page_folio_index);
	absent(l, AMI_F_task_thread_node);
	l->type_size[AMI_T_page] = PAGE_STRUCT;
	l->enumerator[AMI_E_PG_slab].present = true;
	l->enumerator[AMI_E_PG_slab].value = PG_SLAB;
	l->enumerator[AMI_E_PG_reserved].present = true;
	l->enumerator[AMI_E_PG_reserved].value = PG_RESERVED;
	image_vmcoreinfo_add(f->m->img,
			     "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n");
}

static uint64_t text(struct fixture *f, const char *string)
{
	uint64_t at = image_alloc(f->m->img, 1);

	image_write(f->m->img, at, string, strlen(string) + 1);
	return image_va(at);
}

static uint64_t make_file(struct fixture *f, const char *name)
{
	uint64_t mapping = machine_object(f->m, 64);
	uint64_t inode = machine_object(f->m, 64);
	uint64_t dentry = machine_object(f->m, 64);

	machine_set(f->m, mapping, AMI_F_address_space_host, inode);
	machine_set(f->m, inode, AMI_F_inode_ino, 42);
	machine_set(f->m, inode, AMI_F_inode_sb, text(f, "sda1"));
	machine_set(f->m, inode, AMI_F_inode_dentry, dentry + 8);
	machine_set(f->m, dentry, AMI_F_dentry_name, text(f, name));
	return mapping;
}

static void make_cache(struct fixture *f)
{
	f->cache = machine_object(f->m, 64);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_flags,
		    1ull << 10 | 1ull << 31);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_size, SLOT);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_object_size, OBJECT);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_inuse, OBJECT + 8);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_refcount, 1);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_red_left_pad, LEFT);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
		    text(f, "kmalloc-192"));
}

/* Objects in turn allocated and free, as slub_debug=FZP leaves them. */
static void fill_slab(struct fixture *f)
{
	uint8_t page[AMI_PAGE_SIZE];
	unsigned int i;

	for (i = 0; i < AMI_PAGE_SIZE / SLOT; i++) {
		uint8_t *slot = page + i * SLOT;

		memset(slot, i % 2 ? RED_INACTIVE : RED_ACTIVE, SLOT);
		memset(slot + LEFT, i % 2 ? 0x6b : 'o', OBJECT);
		if (i % 2)
			slot[LEFT + OBJECT - 1] = 0xa5;
	}
	image_write(f->m->img, BUFFER + SLAB * AMI_PAGE_SIZE, page,
		    sizeof(page));
}

static void add_owners(struct fixture *f)
{
	uint8_t filled[AMI_PAGE_SIZE];
	unsigned int i;

	memset(filled, FREE_FILL, sizeof(filled));
	image_write(f->m->img, BUFFER, filled, sizeof(filled));
	for (i = 0; i < PAGES; i++) {
		mark(f, i, AMI_F_page_type, UINT32_MAX);
		mark(f, i, AMI_F_page_refcount, i != FREE);
	}
	mark(f, FREE, AMI_F_page_type, BUDDY);
	mark(f, SLAB, AMI_F_page_flags, 1 << PG_SLAB);
	mark(f, SLAB, AMI_F_page_slab_cache, f->cache);
	mark(f, SLAB, AMI_F_page_objects, AMI_PAGE_SIZE / SLOT);
	mark(f, CACHED, AMI_F_page_mapping, make_file(f, "passwd"));
	mark(f, ANON, AMI_F_page_mapping, image_va(0x123000) | 1);
	mark(f, RESERVED, AMI_F_page_flags, 1 << PG_RESERVED);
	mark(f, NETWORK, AMI_F_page_pp_magic, 0xdead000000000040ull);
	mark(f, HEAD, AMI_F_page_mapping, image_va(0x123000) | 1);
	mark(f, TAIL, AMI_F_page_compound_head, page_at(HEAD) | 1);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};

	assert_non_null(f);
	f->m = machine_new_sized(SHAPE_6_1, 0, 0xff,
				 (MEMMAP + MEMMAP_SIZE) / AMI_PAGE_SIZE);
	add_layout(f);
	machine_variable(f->m, AMI_SYM_vmemmap_base, image_va(MEMMAP));
	machine_variable(f->m, AMI_SYM__page_poisoning_enabled, 1);
	make_cache(f);
	fill_slab(f);
	add_owners(f);
	f->root = dte.host_root = machine_v1(f->m, BUFFER, PAGES);
	machine_device(f->m, NIC, "nic",
		       machine_domain(f->m, 4, 3, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(f->m, NIC, &dte);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	machine_free(f->m);
	free(f);
	return 0;
}

static void owners(void **state)
{
	static const struct {
		unsigned int at;
		enum ami_owner owner;
		const char *text;
	} want[] = {
		{ FREE << 12, AMI_OWNER_FREE, "free" },
		{ (SLAB << 12) + SLOT + LEFT + 5, AMI_OWNER_SLAB,
		  "slab kmalloc-192, byte 5 of the object at 0x8001108" },
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
	struct fixture *f = *state;
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

static void add_task(struct fixture *f, uint64_t list, int pid,
		     const char *comm, uint64_t mm)
{
	uint64_t task = machine_object(f->m, 64);

	machine_set(f->m, task, AMI_F_task_stack, machine_object(f->m, 4096));
	machine_set(f->m, task, AMI_F_task_mm, mm);
	machine_set(f->m, task, AMI_F_task_pid, pid);
	machine_set(f->m, task, AMI_F_task_tgid, pid);
	machine_write(f->m, task + 40, comm, strlen(comm) + 1);
	machine_list_add(f->m, list, task);
}

/* An area from page @offset of the object on; returns its node. */
static uint64_t add_area(struct fixture *f, uint64_t mm, uint64_t start,
			 uint64_t pages, uint64_t offset)
{
	uint64_t area = machine_object(f->m, 64);
	uint64_t chain = machine_object(f->m, 64);

	machine_set(f->m, area, AMI_F_vma_start, start);
	machine_set(f->m, area, AMI_F_vma_end, start + pages * AMI_PAGE_SIZE);
	machine_set(f->m, area, AMI_F_vma_pgoff, offset);
	machine_set(f->m, area, AMI_F_vma_mm, mm);
	machine_set(f->m, chain, AMI_F_anon_vma_chain_vma, area);
	return chain + 8;
}

static void says(struct fixture *f, unsigned int page, const char *text)
{
	char said[AMI_OWNER_TEXT_SIZE];

	ami_owner_describe(f->m->ex->owners, BUFFER + (page << 12), said,
			   sizeof(said));
	assert_string_equal(said, text);
}

static void processes(void **state)
{
	struct fixture *f = *state;
	uint64_t init = machine_object(f->m, 64), dd = machine_object(f->m, 64);
	uint64_t sh = machine_object(f->m, 64), node, left;
	uint64_t anon = machine_object(f->m, 64);
	uint64_t broken = machine_object(f->m, 64);

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	add_task(f, init, 212, "sh", sh);
	add_task(f, init, 213, "dd", dd);
	mark(f, ANON, AMI_F_page_mapping, anon | 1);
	mark(f, ANON, AMI_F_page_index, 0x12);
	node = add_area(f, dd, 0x7f0000, 16, 0x10);
	machine_set(f->m, anon, AMI_F_anon_vma_areas, node);
	/* Not of this page: ends before it, has no memory. */
	left = add_area(f, sh, 0x400000, 2, 0x10);
	machine_set(f->m, node, AMI_F_rb_left, left);
	machine_set(f->m, left, AMI_F_rb_right, add_area(f, sh, 0, 0, 0x12));
	/* A tree that leads back to its root. */
	mark(f, HEAD, AMI_F_page_mapping, broken | 1);
	mark(f, HEAD, AMI_F_page_index, 0x20);
	node = add_area(f, sh, 0x100000, 2, 0x20);
	machine_set(f->m, broken, AMI_F_anon_vma_areas, node);
	machine_set(f->m, node, AMI_F_rb_left, node);
	machine_analyse(f->m);
	says(f, ANON, "anonymous memory of dd (pid 213) at 0x7f2000");
	says(f, HEAD, "anonymous memory of sh (pid 212) at 0x100000, perhaps in others too");
	says(f, TAIL, "anonymous memory of sh (pid 212) at 0x101000, perhaps in others too");
}

/* Equal pages of processes: what the mapping leads to is no anon_vma. */
static void shared_by_ksm(void **state)
{
	struct fixture *f = *state;

	mark(f, ANON, AMI_F_page_mapping, image_va(0x123000) | 3);
	mark(f, PLAIN, AMI_F_page_mapping, image_va(0x123000) | 2);
	machine_analyse(f->m);
	says(f, ANON, "anonymous, shared by KSM");
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
	struct fixture *f;
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		teardown(state);
		setup(state);
		f = *state;
		mark(f, NETWORK, AMI_F_page_pp_magic, want[i].magic);
		machine_analyse(f->m);
		assert_int_equal(ami_owner_of(f->m->ex->owners,
					      (BUFFER >> 12) + NETWORK),
				 want[i].owner);
	}
}

/* Damage to what describes a page costs the description, not the report. */
static void owners_damaged(void **state)
{
	struct fixture *f = *state;
	char said[AMI_OWNER_TEXT_SIZE];

	machine_set(f->m, f->cache, AMI_F_kmem_cache_size, 0);
	mark(f, CACHED, AMI_F_page_mapping, image_va(0x7f0000000000));
	mark(f, TAIL, AMI_F_page_compound_head, 0x4141414141414141);
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
	struct fixture *f;
	char said[AMI_OWNER_TEXT_SIZE], want[64];
	size_t i;

	for (i = 0; i < sizeof(cache) / sizeof(cache[0]); i++) {
		bool never = cache[i].owner == AMI_OWNER_OBJECT;

		teardown(state);
		setup(state);
		f = *state;
		machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
			    text(f, cache[i].name));
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
	struct fixture *f = *state;
	uint64_t init = machine_object(f->m, 64);
	uint64_t task = image_va(BUFFER + (SLAB << 12) + SLOT + LEFT);
	char said[AMI_OWNER_TEXT_SIZE];

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
		    text(f, "task_struct"));
	machine_set(f->m, task, AMI_F_task_pid, 17);
	machine_set(f->m, task, AMI_F_task_mm, 0);
	machine_write(f->m, task + 40, "dd", 3);
	machine_list_add(f->m, init, task);
	machine_analyse(f->m);
	says(f, SLAB, "slab task_struct, byte 0 of the object at 0x8001008");
	ami_owner_describe(f->m->ex->owners,
			   BUFFER + (SLAB << 12) + SLOT + LEFT + 5, said,
			   sizeof(said));
	assert_string_equal(said, "slab task_struct, byte 5 of the object at 0x8001108, dd (pid 17)");
}

#define COLOUR		112u	/* and the list of free objects */
#define OBJECTS		3u

static struct ami_member word(uint32_t offset, uint32_t size)
{
	return (struct ami_member){
		.present = true, .offset = offset, .size = size,
	};
}

static void slab_says(struct fixture *f, uint32_t byte, const char *want)
{
	char said[AMI_OWNER_TEXT_SIZE];

	ami_owner_describe(f->m->ex->owners, BUFFER + (SLAB << 12) + byte,
			   said, sizeof(said));
	assert_string_equal(said, want);
}

/* A slab as CONFIG_SLAB has it; @s_mem: in struct page, or struct slab. */
static void make_slab(struct fixture *f, enum ami_field s_mem)
{
	struct ami_layout *l = image_layout(f->m->img);
	uint64_t init = machine_object(f->m, 64), at = BUFFER + (SLAB << 12);
	uint64_t task = image_va(at + COLOUR + SLOT);

	if (s_mem == AMI_F_slab_s_mem)
		l->field[AMI_F_slab_slab_cache] =
			l->field[AMI_F_page_slab_cache];
	l->field[s_mem] = word(56, 8);
	l->field[AMI_F_kmem_cache_num] = word(36, 4);
	absent(l, AMI_F_kmem_cache_inuse);
	absent(l, AMI_F_kmem_cache_red_left_pad);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_num, OBJECTS);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
		    text(f, "task_struct"));
	mark(f, SLAB, s_mem, image_va(at + COLOUR));
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
	struct fixture *f;
	size_t i;

	for (i = 0; i < 2; i++) {
		teardown(state);
		setup(state);
		f = *state;
		make_slab(f, s_mem[i]);
		machine_analyse(f->m);
		slab_says(f, COLOUR + SLOT,
			  "slab task_struct, byte 0 of the object at 0x8001170, dd (pid 17)");
		slab_says(f, COLOUR + 2 * SLOT - 1,
			  "slab task_struct, byte 255 of the object at 0x8001170, dd (pid 17)");
		slab_says(f, COLOUR + 2 * SLOT,
			  "slab task_struct, byte 0 of the object at 0x8001270");
		slab_says(f, COLOUR - 1,
			  "slab task_struct, none of its objects");
		slab_says(f, COLOUR + OBJECTS * SLOT,
			  "slab task_struct, none of its objects");
	}
	/* Where the first object is damaged, none is named. */
	teardown(state);
	setup(state);
	f = *state;
	make_slab(f, AMI_F_page_s_mem);
	mark(f, SLAB, AMI_F_page_s_mem, image_va(0x1000));
	machine_analyse(f->m);
	slab_says(f, COLOUR + SLOT, "slab task_struct");
}

/* SLOB knows neither how many objects there are nor where they begin. */
static void slob_allocator(void **state)
{
	struct fixture *f = *state;

	absent(image_layout(f->m->img), AMI_F_kmem_cache_inuse);
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
	struct fixture *f;
	size_t i;

	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		teardown(state);
		setup(state);
		f = *state;
		machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
			    text(f, "dentry"));
		if (damage[i].value)
			machine_set(f->m, f->cache, damage[i].field,
				    damage[i].value);
		else
			absent(image_layout(f->m->img), damage[i].field);
		machine_analyse(f->m);
		assert_int_equal(ami_owner_of(f->m->ex->owners,
					      (BUFFER >> 12) + SLAB),
				 AMI_OWNER_SLAB);
		assert_false(machine_found(f->m, "kernel-objects-exposed"));
	}
}

static uint64_t hidden_name(struct fixture *f)
{
	uint64_t name = text(f, "dentry");

	machine_set(f->m, f->cache, AMI_F_kmem_cache_name, name);
	return name - IMAGE_DIRECT_MAP;
}

static uint64_t hidden_structs(struct fixture *f)
{
	(void)f;
	return page_at(FREE) - IMAGE_DIRECT_MAP;
}

/* It may be in a block so large that its first page is far away. */
static uint64_t hidden_head(struct fixture *f)
{
	mark(f, PLAIN, AMI_F_page_refcount, 0);
	return MEMMAP;
}

static uint64_t hidden_free_page(struct fixture *f)
{
	(void)f;
	return BUFFER + FREE * AMI_PAGE_SIZE;
}

static uint64_t hidden_slab(struct fixture *f)
{
	(void)f;
	return BUFFER + SLAB * AMI_PAGE_SIZE;
}

/* What is not in the dump may be a never-buffer, or hold what was overwritten. */
static void owners_hidden(void **state)
{
	static const struct {
		uint64_t (*page)(struct fixture *f);
		const char *code;
		uint64_t unknown;
	} hidden[] = {
		{ hidden_name, "owners-unread", 0 },
		{ hidden_structs, "owners-unread", PAGES },
		{ hidden_head, "owners-unread", 1 },
		{ hidden_free_page, "contents-unread", 0 },
		{ hidden_slab, "contents-unread", 0 },
	};
	struct fixture *f;
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		teardown(state);
		setup(state);
		f = *state;
		image_hide(f->m->img, hidden[i].page(f) >> AMI_PAGE_SHIFT,
			   AMI_MEM_FILTERED);
		machine_analyse(f->m);
		assert_true(machine_found(f->m, hidden[i].code));
		assert_int_equal(machine_exposure(f->m, NIC, AMI_CLASS_MAPPED)
				 ->owners[AMI_OWNER_UNKNOWN],
				 hidden[i].unknown);
	}
}

/* A page of the image, whose struct page says that it was not given back. */
static uint64_t image_page(struct fixture *f, enum ami_symbol first,
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

static uint64_t text_page(struct fixture *f)
{
	return image_page(f, AMI_SYM__text, AMI_SYM__etext);
}

static uint64_t rodata_page(struct fixture *f)
{
	return image_page(f, AMI_SYM___start_rodata, AMI_SYM___end_rodata);
}

static uint64_t stack_page(struct fixture *f)
{
	uint64_t init = machine_object(f->m, 64), task = machine_object(f->m, 64);
	uint64_t stack = image_alloc(f->m->img, 4);

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	machine_set(f->m, task, AMI_F_task_stack, image_va(stack));
	machine_list_add(f->m, init, task);
	return stack + 3 * AMI_PAGE_SIZE;
}

/* With KASAN a stack has 8 pages: so has the first task's. */
static uint64_t large_stack_page(struct fixture *f)
{
	uint64_t *symbol = image_layout(f->m->img)->symbol;
	uint64_t init = machine_object(f->m, 64);
	uint64_t stack = image_alloc(f->m->img, 8);

	symbol[AMI_SYM___start_init_stack] = IMAGE_MAP;
	symbol[AMI_SYM___end_init_stack] = IMAGE_MAP + 8 * AMI_PAGE_SIZE;
	symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	machine_set(f->m, init, AMI_F_task_stack, image_va(stack));
	return stack + 7 * AMI_PAGE_SIZE;
}

static uint64_t cpu_table(struct fixture *f)
{
	struct ami_layout *l = image_layout(f->m->img);

	l->enumerator[AMI_E_PGTY_table].present = true;
	l->enumerator[AMI_E_PGTY_table].value = 0xf2;
	mark(f, PLAIN, AMI_F_page_type, 0xf2000000);
	return BUFFER + (PLAIN << 12);
}

static uint64_t io_table(struct fixture *f)
{
	return f->root;
}

static uint64_t free_page(struct fixture *f)
{
	mark(f, PLAIN, AMI_F_page_type, BUDDY);
	mark(f, PLAIN, AMI_F_page_refcount, 0);
	image_layout(f->m->img)->symbol[AMI_SYM__page_poisoning_enabled] = 0;
	return BUFFER + (PLAIN << 12);
}

static uint64_t plain_page(struct fixture *f)
{
	(void)f;
	return BUFFER + (PLAIN << 12);
}

/* Where the device's last IOVA leads. */
static void lead_to(struct fixture *f, uint64_t phys)
{
	uint64_t leaf;

	image_read(f->m->img, f->root, &leaf, sizeof(leaf));
	leaf &= 0x000ffffffffff000ull;
	image_write64(f->m->img, leaf + 8 * PLAIN,
		      amdvi_v1_page(phys, 12, 1, true, true));
}

static const struct ami_finding *finding(const struct fixture *f,
					 const char *code)
{
	const struct ami_findings *all = f->m->state->findings;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (all->list[i].code == machine_code(code))
			return &all->list[i];
	return NULL;
}

/* Each kind of page that is never a buffer: finding, IOVA, verdict, its reason. */
static void never_buffers(void **state)
{
	static const struct {
		uint64_t (*make)(struct fixture *f);
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
	struct fixture *f;
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		teardown(state);
		setup(state);
		f = *state;
		mark(f, FREE, AMI_F_page_type, UINT32_MAX);
		mark(f, FREE, AMI_F_page_refcount, 1);
		lead_to(f, want[i].make(f));
		machine_analyse(f->m);
		assert_true(machine_exposure(f->m, NIC, AMI_CLASS_MAPPED)
			    ->owners[want[i].owner] > 0);
		assert_int_equal(f->m->ex->verdict, want[i].code ?
				 AMI_VERDICT_SUSPECT : AMI_VERDICT_UNKNOWN);
		if (!want[i].code)
			continue;
		said = finding(f, want[i].code);
		assert_non_null(said);
		assert_int_equal(said->severity, AMI_WARNING);
		assert_non_null(strstr(said->text, "IOVA 0x8000:"));
		assert_non_null(strstr(f->m->ex->reasons.list[0].text,
				       ami_owner_name(want[i].owner)));
	}
}

/* Who asks for the page is told the story, unless anything could be written. */
static void story_of_page(void **state)
{
	static const char story[] = "a buffer was freed while its";
	struct fixture *f = *state;
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
	mark(f, ELSEWHERE, AMI_F_page_type, BUDDY);
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

/* What the analysis itself was read from: told, and no more. */
static void tainted(void **state)
{
	struct fixture *f = *state;

	mark(f, FREE, AMI_F_page_type, UINT32_MAX);
	mark(f, FREE, AMI_F_page_refcount, 1);
	lead_to(f, (f->m->iommu - image_va(0)) & ~0xfffull);
	machine_analyse(f->m);
	assert_non_null(finding(f, "self-taint"));
	assert_int_equal(finding(f, "self-taint")->severity, AMI_WARNING);
	assert_int_not_equal(f->m->ex->verdict, AMI_VERDICT_SUSPECT);
}

/* Rings are read where devices write; what lies in slab pages is no ring. */
static void tainted_evidence(void **state)
{
	struct fixture *f = *state;
	struct ami_pfnset *read;

	machine_analyse(f->m);
	read = f->m->evidence_pages;
	ami_pfnset_add(read, (BUFFER >> 12) + PLAIN, 1);
	assert_int_equal(verdict_find_taint(f->m->ex), 0);
	assert_null(finding(f, "self-taint"));
	ami_pfnset_add(read, (BUFFER >> 12) + SLAB, 1);
	assert_int_equal(verdict_find_taint(f->m->ex), 0);
	assert_non_null(strstr(finding(f, "self-taint")->text,
			       "1 of the slab pages that drivers' evidence"));
}

/* An entry of level 1 that leads to a table of level 5. */
static void invalid_entry(void **state)
{
	struct fixture *f = *state;
	uint64_t leaf;

	image_read(f->m->img, f->root, &leaf, sizeof(leaf));
	image_write64(f->m->img, (leaf & 0x000ffffffffff000ull) + 8 * PLAIN,
		      amdvi_v1_table(BUFFER, 5, true, true));
	machine_analyse(f->m);
	assert_non_null(finding(f, "table-entry-invalid"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

/* Linux leaves rights to the entries of pages: here IW of a directory is lost. */
static void forbidding_entry(void **state)
{
	struct fixture *f = *state;
	uint64_t leaf;

	image_read(f->m->img, f->root, &leaf, sizeof(leaf));
	image_write64(f->m->img, f->root, leaf & ~(1ull << 62));
	machine_analyse(f->m);
	assert_non_null(finding(f, "table-entry-forbids"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
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

static size_t contradictions(const struct fixture *f)
{
	const struct ami_findings *found = f->m->state->findings;

	return ami_findings_total(found, AMI_FIND_FREE_PAGE_WRITTEN) +
	       ami_findings_total(found, AMI_FIND_RED_ZONE_WRITTEN) +
	       ami_findings_total(found, AMI_FIND_FREE_OBJECT_WRITTEN);
}

static void content_intact(void **state)
{
	struct fixture *f = *state;
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
	struct fixture *f;
	char where[32];
	size_t i, k;

	for (i = 0; i < sizeof(hit) / sizeof(hit[0]); i++) {
		teardown(state);
		setup(state);
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
	struct fixture *f = *state;

	image_write(f->m->img, BUFFER + (SLAB << 12) + LEFT, "data", 4);
	image_write(f->m->img, BUFFER + (PLAIN << 12), "data", 4);
	machine_analyse(f->m);
	assert_int_equal(contradictions(f), 0);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

/*
 * The lowest page of the device's table: a page of the kernel's, as it should
 * be, or freed while the table above still leads there, or given away since.
 */
static void table_page(struct fixture *f, uint32_t type, uint32_t refcount,
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
	struct fixture *f = *state;

	table_page(f, UINT32_MAX, 1, 0);
	machine_analyse(f->m);
	assert_false(machine_found(f->m, "io-table-freed"));
	assert_int_not_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void table_freed(void **state)
{
	struct fixture *f = *state;

	table_page(f, BUDDY, 0, 0);
	machine_analyse(f->m);
	assert_true(machine_found(f->m, "io-table-freed"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void table_given_away(void **state)
{
	struct fixture *f = *state;

	table_page(f, UINT32_MAX, 1, image_va(0x123000) | 1);
	machine_analyse(f->m);
	assert_true(machine_found(f->m, "io-table-freed"));
	assert_int_equal(f->m->ex->verdict, AMI_VERDICT_CORRUPT);
}

/* --- what of all that an extract takes along ---------------------------------- */

static void plant(struct fixture *f, unsigned int page, unsigned int offset,
		  const char *secret)
{
	image_write(f->m->img, BUFFER + (page << 12) + offset, secret,
		    strlen(secret));
}

/* What users own, and names of processes and files, in all kinds of pages. */
static void plant_secrets(struct fixture *f)
{
	uint64_t init = machine_object(f->m, 64), mm = machine_object(f->m, 64);
	uint64_t anon = machine_object(f->m, 64), node;

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	add_task(f, init, 213, "planted-process", mm);
	mark(f, ANON, AMI_F_page_mapping, anon | 1);
	mark(f, ANON, AMI_F_page_index, 0x12);
	node = add_area(f, mm, 0x7f0000, 16, 0x10);
	machine_set(f->m, anon, AMI_F_anon_vma_areas, node);
	plant(f, FREE, 100, "planted-in-free-page");
	plant(f, SLAB, LEFT + 8, "planted-key");	/* allocated */
	plant(f, SLAB, SLOT + LEFT + 8, "planted-freed-key");
	plant(f, SLAB, 2 * SLOT + LEFT + OBJECT, "planted!"); /* red zone */
	plant(f, CACHED, 0, "planted-sector");
	plant(f, ANON, 64, "PLANTED=planted-environment");
	plant(f, NETWORK, 2000, "planted-frame");
	mark(f, CACHED, AMI_F_page_mapping, make_file(f, "planted-file"));
}

static void no_secret_in(struct ami_dump *dump)
{
	uint64_t pfn, end = (MEMMAP + MEMMAP_SIZE) / AMI_PAGE_SIZE;
	uint8_t page[AMI_PAGE_SIZE];
	unsigned int i;

	for (pfn = 0; pfn < end; pfn++) {
		memset(page, 0, sizeof(page));
		for (i = 0; i < AMI_PAGE_SIZE; i += AMI_GRANULE)
			ami_dump_read(dump, (pfn << 12) + i, page + i,
				      AMI_GRANULE);
		assert_null(memmem(page, sizeof(page), "planted", 7));
	}
}

static char *findings_of(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .verbose = true };
	char *text = render(a, &r), *at = strstr(text, "\nFINDINGS");

	assert_non_null(at);
	memmove(text, at, strlen(at) + 1);
	return text;
}

static void bug_and_page_are_discreet(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .bug = true };
	char *text = render(a, &r);

	lacks(text, "planted");
	free(text);
	r = (struct ami_request){ .iommu = -1, .html = true };
	text = render(a, &r);
	lacks(text, "planted");
	free(text);
}

/* To name owners of pages reads more than the views do. */
static void name_owners(const struct ami_analysis *a)
{
	char said[AMI_OWNER_TEXT_SIZE];
	unsigned int page;

	bug_and_page_are_discreet(a);
	for (page = 0; page < PAGES; page++)
		ami_owner_describe(a->exposures->owners, BUFFER + (page << 12),
				   said, sizeof(said));
}

static void extract_is_discreet(void **state)
{
	struct fixture *f = *state;
	struct ami_analysis *a, *small;
	char *before, *after;

	plant_secrets(f);
	vmcore_extract(f->m, name_owners, &a, &small);
	before = findings_of(a);
	has(before, "free-page-written");
	has(before, "red-zone-written");
	has(before, "free-object-written");
	no_secret_in(small->dump);
	after = findings_of(small);
	assert_string_equal(before, after);
	ami_analysis_free(a);
	ami_analysis_free(small);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(owners), TEST(processes), TEST(page_pool),
		TEST(shared_by_ksm),
		TEST(owners_damaged),
		TEST(kernel_objects), TEST(tasks_in_slab),
		TEST(slab_allocator), TEST(slob_allocator),
		TEST(caches_damaged), TEST(never_buffers),
		TEST(story_of_page), TEST(tainted),
		TEST(tainted_evidence), TEST(invalid_entry),
		TEST(forbidding_entry),
		TEST(tainted_evidence), TEST(forbidding_entry),
		cmocka_unit_test(memmap), TEST(owners_hidden), TEST(content_intact),
		TEST(content_written), TEST(content_of_objects),
		TEST(extract_is_discreet),
		TEST(table_in_use), TEST(table_freed), TEST(table_given_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
