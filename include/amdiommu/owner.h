/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_OWNER_H
#define AMDIOMMU_OWNER_H

#include <amdiommu/pfnset.h>
#include <amdiommu/state.h>

/** enum ami_owner - whose a page frame was at the panic */
enum ami_owner {
	AMI_OWNER_UNKNOWN,	/* its struct page cannot be read */
	AMI_OWNER_TEXT,		/* kernel image: code */
	AMI_OWNER_RODATA,	/* kernel image: constants */
	AMI_OWNER_DATA,		/* kernel image: data, bss */
	AMI_OWNER_PAGE_TABLE,	/* of CPUs, kernel's or a process's */
	AMI_OWNER_IOMMU_TABLE,	/* I/O page table */
	AMI_OWNER_MEMMAP,	/* the array of struct page */
	AMI_OWNER_STACK,	/* kernel stack of a task */
	AMI_OWNER_SLAB,
	AMI_OWNER_OBJECT,	/* slab of what is never a buffer: dentries, tasks */
	AMI_OWNER_VMALLOC,
	AMI_OWNER_COHERENT,	/* dma_alloc_coherent() */
	AMI_OWNER_NETWORK,	/* page_pool */
	AMI_OWNER_FILE,		/* page cache */
	AMI_OWNER_ANON,		/* anonymous memory of processes */
	AMI_OWNER_HUGETLB,
	AMI_OWNER_KERNEL,	/* allocated by the kernel, for whom is unknown */
	AMI_OWNER_RESERVED,
	AMI_OWNER_FREE,
	AMI_OWNER_CRASHKERNEL,
	AMI_OWNERS
};

const char *ami_owner_name(enum ami_owner owner);

/**
 * ami_owner_never_buffer() - does no correct driver hand such a page out?
 *
 * A device that may write there can break the kernel, not just a buffer.
 */
bool ami_owner_never_buffer(enum ami_owner owner);

/** ami_owner_in_slab() - does such a page hold slab objects of any kind? */
bool ami_owner_in_slab(enum ami_owner owner);

#define AMI_OWNER_TEXT_SIZE	128

struct ami_owners;

/**
 * ami_owners_new() - prepare to tell whose pages are
 *
 * Walks the dead kernel's page tables and its tasks once; @state must outlive
 * the result. What cannot be read becomes a finding. NULL: out of memory.
 */
struct ami_owners *ami_owners_new(struct ami_state *state);
void ami_owners_free(struct ami_owners *owners);

/** ami_owners_io_table() - this page frame holds an I/O page table. */
void ami_owners_io_table(struct ami_owners *owners, uint64_t pfn);

/** ami_owner_of() - the owner of a page frame, from struct page and layout. */
enum ami_owner ami_owner_of(struct ami_owners *owners, uint64_t pfn);

#define AMI_OWNER_WINDOW	(1u << 22)	/* page frames: 16 GiB */

/**
 * ami_owners_fill() - the owners of many frames of a window
 * @first: where it begins, a multiple of AMI_OWNER_WINDOW
 * @wanted: a bit for each of its frames: those that are asked for
 * @owner: AMI_OWNER_WINDOW bytes. Each wanted one becomes what ami_owner_of()
 *	says, unless the user interrupts; what others become means nothing
 *
 * Much faster than asking for each.
 */
void ami_owners_fill(struct ami_owners *owners, uint64_t first,
		     const uint64_t *wanted, uint8_t *owner);

/**
 * ami_owner_describe() - the owner in words, as far as known for this byte
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
 * 0 when the page belongs to no slab.
 */
uint64_t ami_owner_cache(struct ami_owners *owners, uint64_t pfn,
			 uint64_t *base);

#endif
