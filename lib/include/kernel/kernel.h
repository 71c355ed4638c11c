/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_ROOM_KERNEL_H
#define AMI_ROOM_KERNEL_H

#include <amdiommu/layout.h>
#include <dump/dump.h>

/**
 * ami_kernel_open() - learn symbols, types and addresses of the dumped kernel
 *
 * @dump must outlive the result. Returns NULL with @err filled when nothing can
 * be learned.
 */
struct ami_kernel *ami_kernel_open(struct ami_dump *dump,
				   const struct ami_layout_source *source,
				   struct ami_error *err);

/** ami_kernel_close() - free @kernel; its dump stays open */
void ami_kernel_close(struct ami_kernel *kernel);

/** ami_kernel_dump() - the dump that @kernel was opened on */
struct ami_dump *ami_kernel_dump(const struct ami_kernel *kernel);

/** ami_kernel_layout() - the answers of the layout source */
const struct ami_layout *ami_kernel_layout(const struct ami_kernel *kernel);

/** ami_kernel_source() - name of the layout source: "BTF", "DWARF", "crash" */
const char *ami_kernel_source(const struct ami_kernel *kernel);

/** ami_kernel_release() - OSRELEASE of the dumped kernel, "" if unknown. */
const char *ami_kernel_release(const struct ami_kernel *kernel);

/** ami_kernel_sme() - SME mask to clear from physical addresses in tables. */
uint64_t ami_kernel_sme(const struct ami_kernel *kernel);

/** ami_has() - does this kernel have the member? */
static inline bool ami_has(const struct ami_kernel *kernel, enum ami_field f)
{
	return ami_kernel_layout(kernel)->field[f].present;
}

/** ami_symbol() - address of a symbol, 0 if it is missing or not known. */
static inline uint64_t ami_symbol(const struct ami_kernel *kernel,
				  enum ami_symbol y)
{
	uint64_t va = ami_kernel_layout(kernel)->symbol[y];

	return va == AMI_SYMBOL_UNREAD ? 0 : va;
}

/** ami_symbol_unread() - does the symbol exist, with an unknown address? */
static inline bool ami_symbol_unread(const struct ami_kernel *kernel,
				     enum ami_symbol y)
{
	return ami_kernel_layout(kernel)->symbol[y] == AMI_SYMBOL_UNREAD;
}

/** ami_type_size() - bytes of a structure, 0 if the kernel has no such type. */
static inline uint64_t ami_type_size(const struct ami_kernel *kernel,
				     enum ami_type t)
{
	return ami_kernel_layout(kernel)->type_size[t];
}

/** ami_enumerator() - value of an enumerator, @fallback if it is missing. */
int64_t ami_enumerator(const struct ami_kernel *kernel, enum ami_enumerator e,
		       int64_t fallback);

/**
 * ami_virt_to_phys() - translate a kernel virtual address
 *
 * Kernel image and direct map by arithmetic, everything else through the dead
 * kernel's page tables (4 or 5 levels).
 */
enum ami_mem ami_virt_to_phys(struct ami_kernel *kernel, uint64_t va,
			      uint64_t *paddr);

/**
 * ami_user_to_phys() - translate an address of a process
 * @pgd: kernel virtual address of its top table (mm_struct.pgd)
 */
enum ami_mem ami_user_to_phys(struct ami_kernel *kernel, uint64_t pgd,
			      uint64_t va, uint64_t *paddr);

/** ami_phys_to_virt() - where the direct map has RAM; 0: not RAM, or unknown */
uint64_t ami_phys_to_virt(const struct ami_kernel *kernel, uint64_t paddr);

/** ami_read() - read @len bytes of kernel virtual memory, all or nothing. */
enum ami_mem ami_read(struct ami_kernel *kernel, uint64_t va, void *buf,
		      size_t len);

/** ami_read_u64(), ami_read_u32() - read an integer; *@value only if OK. */
enum ami_mem ami_read_u64(struct ami_kernel *kernel, uint64_t va,
			  uint64_t *value);
enum ami_mem ami_read_u32(struct ami_kernel *kernel, uint64_t va,
			  uint32_t *value);

/**
 * ami_read_string() - read a NUL-terminated string
 *
 * Cut at @size - 1 bytes; bytes that are not printable become '?'.
 */
enum ami_mem ami_read_string(struct ami_kernel *kernel, uint64_t va,
			     char *buf, size_t size);

/**
 * ami_get() - value of an integer, pointer or bit-field member
 * @va: address of the structure
 *
 * Zero-extended to 64 bits. AMI_MEM_NO_FIELD when the kernel has no such
 * member, and for members wider than 8 bytes.
 */
enum ami_mem ami_get(struct ami_kernel *kernel, uint64_t va, enum ami_field f,
		     uint64_t *value);

/** ami_addr() - address of a member inside the structure at @va. */
uint64_t ami_addr(const struct ami_kernel *kernel, uint64_t va,
		  enum ami_field f);

/** ami_container() - address of the structure that has member @f at @va. */
uint64_t ami_container(const struct ami_kernel *kernel, uint64_t va,
		       enum ami_field f);

/** ami_kernel_address() - could @va be a kernel pointer? */
static inline bool ami_kernel_address(uint64_t va)
{
	return va >> 56 == 0xff && va < UINT64_MAX - 0xfff;
}

/**
 * ami_kernel_text() - a page of the kernel's code, as its file has it
 * @phys: where it is in memory
 *
 * The kernel changes its code as it starts: calls, jumps, whole alternatives. False:
 * no vmlinux was given, or not all of the page is code.
 */
bool ami_kernel_text(struct ami_kernel *kernel, uint64_t phys, void *page);

/**
 * struct ami_list_iter - bounded, cycle-safe walk over kernel lists
 * @mem: after the walk: AMI_MEM_OK if the walk reached the end of the list
 * @broken: after the walk: the list does not end (it loops or is too long), has
 *	an impossible pointer, or is @crossed
 * @crossed: a node does not point back to the node before it: there may be
 *	nodes that the walk did not reach
 */
struct ami_list_iter {
	struct ami_kernel *kernel;
	uint64_t head;		/* 0 for an llist */
	uint64_t pos;
	uint64_t before, last;	/* of @both_ways */
	uint64_t mark;		/* Brent's cycle detection */
	uint64_t steps, power;
	uint64_t max;
	enum ami_mem mem;
	bool broken, crossed, both_ways;
};

/** ami_list_start() - walk the list_head at @head, at most @max nodes. */
void ami_list_start(struct ami_list_iter *it, struct ami_kernel *kernel,
		    uint64_t head, uint64_t max);

/**
 * ami_busy_list_start() - the same, but only next pointers count
 *
 * For lists that a CPU may have been changing at the panic.
 */
void ami_busy_list_start(struct ami_list_iter *it, struct ami_kernel *kernel,
			 uint64_t head, uint64_t max);

/** ami_llist_start() - walk the struct llist_head at @head. */
void ami_llist_start(struct ami_list_iter *it, struct ami_kernel *kernel,
		     uint64_t head, uint64_t max);

/** ami_list_next() - address of the next node; false at the end. */
bool ami_list_next(struct ami_list_iter *it, uint64_t *node);

#endif
