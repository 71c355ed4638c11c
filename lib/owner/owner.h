/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/owner. */
#ifndef AMI_OWNER_PRIVATE_H
#define AMI_OWNER_PRIVATE_H

#include <common/index.h>
#include <owner/owner.h>
#include <kernel/page.h>

#define MAPPING_KIND	3ull	/* PAGE_MAPPING_FLAGS: low bits of mapping */

/** struct page_view - what one struct page says */
struct page_view {
	uint64_t address;
	uint64_t flags;
	uint64_t mapping;
	uint64_t private;
	uint64_t pp_magic;
	uint64_t cache;		/* slab pages: the kmem_cache */
	uint64_t head;		/* address of the first struct page of its block */
	uint32_t type;
	int32_t refcount;
	bool tail;
};

/** struct image_part - page frames of the kernel image */
struct image_part {
	enum ami_owner owner;
	uint64_t first, end;
};

#define IMAGE_PARTS	3u

/* THREAD_SIZE of x86-64 without KASAN: arch/x86/include/asm/page_64_types.h */
#define STACK_PAGES	4u
#define MAX_STACK_PAGES	32u

/* What is known of frames from elsewhere, where struct page may not know it. */
enum hint_kind {
	HINT_VMALLOC,
	HINT_MODULE,
	HINT_CHUNK,		/* per-CPU memory that was added later */
	HINT_FIRST_CHUNK,	/* per-CPU memory from the boot on */
	HINT_IRQ_STACK,		/* a part of that */
	HINT_USER_TABLE,
	HINT_IOMMU,
	HINT_REQUEST,
	HINT_NETWORK,
	HINTS
};

/** struct task_stack - whose kernel stack begins at this virtual address */
struct task_stack {
	uint64_t va;
	uint64_t task;
};

/*
 * Neighbours are asked for one after the other, and 64 of them share a page. The
 * head of a huge page lies eight pages before its last tail.
 */
#define STRUCT_LINES	16u

/**
 * struct struct_line - a page of struct pages, at @va, or why it cannot be read
 * @page: borrowed from the dump
 * @recorded: an extract has it
 */
struct struct_line {
	uint64_t va;
	const uint8_t *page;
	enum ami_mem mem;
	bool recorded;
};

/* Members of struct page that are asked for. */
enum struct_member {
	MEMBER_FLAGS,
	MEMBER_MAPPING,
	MEMBER_PRIVATE,
	MEMBER_PP_MAGIC,
	MEMBER_CACHE,
	MEMBER_TYPE,
	MEMBER_REFCOUNT,
	MEMBER_HEAD,
	MEMBER_INFO,
	STRUCT_MEMBERS
};

/**
 * struct struct_place - where a member lies
 * @offset: of eight bytes that hold it
 * @shift: bits below it there
 * @mask: its bits; 0: it is absent, or outside of struct page
 */
struct struct_place {
	uint16_t offset, shift;
	uint64_t mask;
};

/**
 * struct free_run - frames of a free block that were asked for in order
 * @next: all from the block's first one up to here are unused
 * @end: of the block; not above @next: none
 */
struct free_run {
	uint64_t next, end;
};

/** struct cache_names - what was merged into a cache, and is a name no known one? */
struct cache_names {
	uint32_t count;
	bool others;
};

/**
 * struct ami_owners - what is known before a page is asked for
 * @table_type, @buddy_type, ...: values of page.page_type, 0: not known
 * @unread_caches: slab pages whose kmem_cache cannot be read
 * @tables, @memmap, @coherent, @stacks: from page tables and lists
 * @hint: frames of each kind
 * @by_mm: made when the first process is asked for
 * @line: struct pages that were read last, by their address; @place: of members
 */
struct ami_owners {
	const struct ami_state *state;
	struct ami_kernel *kernel;
	const struct ami_layout *layout;
	uint64_t page_size;		/* of struct page */
	struct image_part image[IMAGE_PARTS];
	uint32_t buddy_type, offline_type, table_type, slab_type;
	uint32_t hugetlb_type, unaccepted_type;
	int slab_flag, reserved_flag;	/* bit numbers; -1: none */
	bool marks_unread;		/* table_type is not known for that */
	bool structs_unread;		/* struct pages are not in the dump */
	bool aliases_unread;		/* links are missing in @names */
	uint64_t unread_caches;
	struct ami_regions regions;
	struct ami_pfnset *tables, *memmap, *coherent, *stacks;
	struct ami_pfnset *stack_ends;	/* the lowest page of each of @stacks */
	struct ami_pfnset *stack_like;	/* vmalloc areas shaped as a stack */
	struct ami_pfnset *hint[HINTS];
	struct ami_pfnset *io_tables, *pcp_free;
	struct task_stack *task;
	size_t nr_tasks;
	unsigned int stack_pages;	/* of each stack */
	enum ami_mem tasks_mem;		/* why some are unknown; OK: none is */
	struct ami_index by_mm;		/* from mm_struct to @task */
	bool processes_known;
	struct ami_index caches;	/* from kmem_cache to cache_holds */
	struct ami_index by_directory;	/* from kernfs_node to @names */
	struct cache_names *names;
	size_t nr_names;
	bool no_memory;
	struct free_run free_run;
	struct struct_line line[STRUCT_LINES];
	struct struct_place place[STRUCT_MEMBERS];
	struct page_view last_head;	/* of a tail page */
};

/** owner_page_view_read() - read the struct page of a frame */
enum ami_mem owner_page_view_read(struct ami_owners *o, uint64_t pfn,
				  struct page_view *v);

/** owner_classify() - whose it is, by all that is known; fills @v */
enum ami_owner owner_classify(struct ami_owners *o, uint64_t pfn,
			      struct page_view *v);

/** owner_by_struct_page() - what struct page says; fills @v */
enum ami_owner owner_by_struct_page(struct ami_owners *o, uint64_t pfn,
				    struct page_view *v);

/**
 * owner_page_marks_learn() - how this kernel marks free, slab and table pages
 */
void owner_page_marks_learn(struct ami_owners *o);

/** owner_lines_free() - give back what was borrowed from the dump. */
void owner_lines_free(struct ami_owners *o);

/** owner_page_is() - does the page have this page_type? */
bool owner_page_is(const struct page_view *v, uint32_t type);

/** owner_hint_apply() - whose a frame is that struct page says is @by_page's */
enum ami_owner owner_hint_apply(const struct ami_owners *o, uint64_t pfn,
				enum ami_owner by_page);

/** owner_user_tables_collect() - upper page tables of processes. */
void owner_user_tables_collect(struct ami_owners *o);

/** owner_percpu_collect() - the first chunk of per-CPU memory, and stacks. */
void owner_percpu_collect(struct ami_owners *o);

/** owner_iommu_collect() - what the IOMMUs and their driver look things up in. */
void owner_iommu_collect(struct ami_owners *o);

/** owner_add_virtual() - add the frames of @size bytes at @va to @set. */
void owner_add_virtual(struct ami_owners *o, struct ami_pfnset *set,
		       uint64_t va, uint64_t size);

/**
 * struct stack_run - pages of vmalloc that follow each other without a gap
 * @frame: of the first pages of it
 */
struct stack_run {
	struct ami_owners *o;
	uint64_t va, pages;
	uint64_t frame[MAX_STACK_PAGES];
};

/**
 * owner_stack_run_add() - take the next page table entry of the vmalloc range
 *
 * In ascending order. A run that is shaped as a stack goes to @stack_like.
 */
void owner_stack_run_add(struct stack_run *r, uint64_t va, uint64_t phys,
			 uint64_t size);

/** owner_stack_run_end() - no more entries follow */
void owner_stack_run_end(struct stack_run *r);

/**
 * owner_stack_size_learn() - from the first task's stack
 *
 * With KASAN, stacks are larger.
 */
void owner_stack_size_learn(struct ami_owners *o);

/** owner_tasks_collect() - collect the stacks of all tasks */
void owner_tasks_collect(struct ami_owners *o);

/** owner_areas_collect() - collect coherent DMA buffers in vmalloc areas */
void owner_areas_collect(struct ami_owners *o);

/** owner_area_fn - of the vmap_area at @area; false: it cannot be read */
typedef bool owner_area_fn(struct ami_owners *o, uint64_t area, void *ctx);

/** owner_areas_each() - go through all areas of vmalloc */
void owner_areas_each(struct ami_owners *o, owner_area_fn *fn, void *ctx);

/** owner_freelists_collect() - collect free pages on the lists of CPUs */
void owner_freelists_collect(struct ami_owners *o);

#define TASK_COMM	16u	/* TASK_COMM_LEN */

/** owner_task_comm() - false: not in the dump, or the dump is an extract */
bool owner_task_comm(struct ami_owners *o, uint64_t task, char comm[TASK_COMM]);

/** owner_task_text() - "dd (pid 213)" */
#define AMI_TASK_TEXT	48
void owner_task_text(struct ami_owners *o, uint64_t task, char text[AMI_TASK_TEXT]);

/**
 * owner_cache_never_buffer() - does this kmem_cache hold what is never a buffer?
 *
 * False also when that cannot be told; what cannot be read is counted.
 */
bool owner_cache_never_buffer(struct ami_owners *o, uint64_t cache);

/** owner_name_bookkeeping() - does a cache of this name hold what is never a buffer? */
bool owner_name_bookkeeping(const char *name);

/** owner_aliases_collect() - the names of merged caches. */
void owner_aliases_collect(struct ami_owners *o);

/**
 * owner_aliases_bookkeeping() - the same for all names of a merged cache
 * @users: the number of caches that it stands for
 *
 * False also when that is unknown.
 */
bool owner_aliases_bookkeeping(struct ami_owners *o, uint64_t cache,
			       uint32_t users);

/**
 * describe_...() - detail for a byte or a page; otherwise @text is unchanged
 */
void owner_describe_slab(struct ami_owners *o, uint64_t phys, char *text,
			 size_t size);
void owner_describe_file(struct ami_owners *o, const struct page_view *v, char *text,
			 size_t size);
void owner_describe_anon(struct ami_owners *o, uint64_t pfn,
			 const struct page_view *v, char *text, size_t size);
void owner_describe_stack(struct ami_owners *o, uint64_t phys, char *text,
			  size_t size);

#endif
