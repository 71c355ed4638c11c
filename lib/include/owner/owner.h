/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_OWNER_H
#define AMDIOMMU_OWNER_H

#include <amdiommu/pfnset.h>
#include <state/state.h>

/** enum ami_owner - the owner of a page frame at the panic */
enum ami_owner {
	AMI_OWNER_UNKNOWN,	/* its struct page cannot be read */
	AMI_OWNER_TEXT,		/* kernel image: code */
	AMI_OWNER_RODATA,	/* kernel image: constants */
	AMI_OWNER_DATA,		/* kernel image: data, bss */
	AMI_OWNER_PAGE_TABLE,	/* of CPUs, kernel's or a process's */
	AMI_OWNER_IOMMU_TABLE,	/* I/O page table */
	AMI_OWNER_IOMMU,	/* the IOMMU's device table, ring, logs and lookup tables */
	AMI_OWNER_MEMMAP,	/* the array of struct page */
	AMI_OWNER_STACK,	/* kernel stack of a task, or for interrupts */
	AMI_OWNER_PERCPU,	/* variables of which each CPU has one */
	AMI_OWNER_MODULE,	/* code and data of modules, code made at run time */
	AMI_OWNER_SLAB,
	AMI_OWNER_OBJECT,	/* slab of never-buffers: dentries, tasks */
	AMI_OWNER_VMALLOC,
	AMI_OWNER_COHERENT,	/* dma_alloc_coherent() */
	AMI_OWNER_NETWORK,	/* page_pool, receive rings */
	AMI_OWNER_REQUEST,	/* requests of disks, before they are issued, too */
	AMI_OWNER_FILE,		/* page cache */
	AMI_OWNER_ANON,		/* anonymous memory of processes */
	AMI_OWNER_HUGETLB,
	AMI_OWNER_KERNEL,	/* the kernel, purpose unknown */
	AMI_OWNER_RESERVED,
	AMI_OWNER_FREE,
	AMI_OWNER_CRASHKERNEL,
	AMI_OWNERS
};

/** ami_owner_name() - the owner in words: "coherent DMA", "anonymous", ... */
const char *ami_owner_name(enum ami_owner owner);

/**
 * ami_owner_never_buffer() - true if no correct driver hands out such a page
 *
 * A device that may write there can break the kernel, not just a buffer.
 */
bool ami_owner_never_buffer(enum ami_owner owner);

/** ami_owner_in_slab() - does such a page hold slab objects of any kind? */
bool ami_owner_in_slab(enum ami_owner owner);

#define AMI_OWNER_TEXT_SIZE	128

struct ami_owners;

/**
 * ami_owners_new() - prepare to find the owners of pages
 *
 * Walks the dead kernel's page tables and its tasks once. @state must outlive
 * the result. What cannot be read becomes a finding. NULL when out of memory.
 */
struct ami_owners *ami_owners_new(const struct ami_state *state);

/** ami_owners_free() - free @owners, which may be NULL */
void ami_owners_free(struct ami_owners *owners);

/** ami_owners_io_table() - note that @pfn holds an I/O page table. */
void ami_owners_io_table(struct ami_owners *owners, uint64_t pfn);

/**
 * ami_owners_known() - note whose page frames are that nothing else marks
 * @owner: AMI_OWNER_NETWORK or AMI_OWNER_REQUEST
 *
 * Counts only where struct page names no other owner: a driver may hold on to
 * a page that it freed.
 */
void ami_owners_known(struct ami_owners *owners, enum ami_owner owner,
		      const struct ami_pfnset *frames);

/** ami_owner_of() - the owner of a page frame, from struct page and layout. */
enum ami_owner ami_owner_of(struct ami_owners *owners, uint64_t pfn);

/**
 * struct ami_owner_gaps - owners that were asked for, and may be others
 * @caches: pages of slabs whose cache cannot be read: they count as any slab
 * @tables: page tables of processes cannot be distinguished from the kernel's pages
 * @structs: of pages that count as AMI_OWNER_UNKNOWN, some struct pages are not in
 *	the dump
 */
struct ami_owner_gaps {
	uint64_t caches;
	bool tables, structs;
};

/** ami_owners_gaps() - what could not be read up to now */
struct ami_owner_gaps ami_owners_gaps(const struct ami_owners *owners);

/** ami_owners_stack_end() - is this the lowest page of the stack of a task? */
bool ami_owners_stack_end(const struct ami_owners *owners, uint64_t pfn);

/**
 * ami_owners_stack_like() - page frames that may be the stack of a task that
 * was not found
 *
 * NULL: any page of the kernel may. The set lives as long as @owners.
 */
const struct ami_pfnset *ami_owners_stack_like(struct ami_owners *owners);

#define AMI_OWNER_WINDOW	(1u << 22)	/* page frames: 16 GiB */

/**
 * ami_owners_fill() - find the owners of many frames of a window
 * @first: first frame of the window, a multiple of AMI_OWNER_WINDOW
 * @wanted: a bit for each frame of the window
 * @owner: AMI_OWNER_WINDOW bytes. Each wanted one is set to what ami_owner_of()
 *	returns, unless the user interrupts. The others are undefined
 *
 * Much faster than ami_owner_of() for each frame.
 */
void ami_owners_fill(struct ami_owners *owners, uint64_t first,
		     const uint64_t *wanted, uint8_t *owner);

#define AMI_OWNER_BLOCK		4096u

typedef void ami_owners_block_fn(void *ctx, uint64_t first);

/**
 * ami_owners_fill_each() - the same, and call @done after each block
 * @done: gets the first of AMI_OWNER_BLOCK frames. Their struct pages were read
 *	just before, so what they lead to costs little now
 */
void ami_owners_fill_each(struct ami_owners *owners, uint64_t first,
			  const uint64_t *wanted, uint8_t *owner,
			  ami_owners_block_fn *done, void *ctx);

/**
 * ami_owner_describe() - write in words who owns this byte, as far as known
 *
 * "slab kmalloc-1k, byte 24 of the object at 0xff11000012345400", "stack of
 * kworker/0:1 (pid 17)". Returns the owner.
 */
enum ami_owner ami_owner_describe(struct ami_owners *owners, uint64_t phys,
				  char *text, size_t size);

/**
 * ami_owner_cache() - address of the kmem_cache of a slab page
 * @base: set to the physical address of the slab's first page
 *
 * Returns 0 if the page does not belong to a slab.
 */
uint64_t ami_owner_cache(struct ami_owners *owners, uint64_t pfn,
			 uint64_t *base);

/** enum ami_use - of a slab object */
enum ami_use { AMI_USE_UNKNOWN, AMI_USE_ALLOCATED, AMI_USE_FREE };

/**
 * struct ami_object - an object of a slab
 * @cache: its kmem_cache, @name: the name of that; @base: the slab's first byte
 * @gridded: where objects lie is known; @found: one of them has the byte
 * @slot, @size: its place, with what debugging puts around it
 * @phys, @va: where it begins; @va is that of the direct map, 0: unknown
 * @offset: of the byte in it
 */
struct ami_object {
	uint64_t cache, base;
	char name[48];
	bool gridded, found;
	uint64_t slot, size, phys, va, offset;
};

/** ami_owner_object() - which object has the byte; false: no slab's page */
bool ami_owner_object(struct ami_owners *owners, uint64_t phys,
		      struct ami_object *object);

/**
 * ami_owner_use() - is the object in use?
 *
 * Unknown where the allocator's lists cannot be followed to their ends.
 */
enum ami_use ami_owner_use(struct ami_owners *owners,
			   const struct ami_object *object);

/**
 * struct ami_process - a process, or a thread of one
 * @pgd: its top page table; 0: it has none (a kernel thread)
 */
struct ami_process {
	uint64_t task, mm, pgd;
	int pid, tgid;
	char comm[16];
};

/**
 * ami_owner_processes() - those with this process or thread ID, or name
 * @comm: NULL: ask for @pid
 * @out: the first @max of them; threads that share memory are one
 *
 * Returns how many there are.
 */
size_t ami_owner_processes(struct ami_owners *owners, int pid, const char *comm,
			   struct ami_process *out, size_t max);

/**
 * struct ami_area - what lies at a virtual address of vmalloc or of modules
 * @module: name of the module; "": none
 * @start, @size: of the area, or of this part of the module
 * @caller: the function that made the area; 0: not known
 */
struct ami_area {
	char module[64];
	uint64_t start, size, caller;
};

/**
 * ami_owner_area() - false: none is known there
 * @modules: address of the list of modules; 0: not known
 */
bool ami_owner_area(struct ami_owners *owners, uint64_t modules, uint64_t va,
		    struct ami_area *area);

/**
 * ami_owner_mapped_at() - where the kernel maps a frame, outside the direct map
 *
 * The first address in the regions of vmalloc and modules; 0: none.
 */
uint64_t ami_owner_mapped_at(struct ami_owners *owners, uint64_t pfn);

/** ami_free_page_filling() - the byte that fills free pages, -1: none does */
int ami_free_page_filling(struct ami_kernel *kernel);

#endif
