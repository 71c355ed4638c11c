/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with AMD IOMMUs, written into an image as the kernel would: the
 * driver's structures in any of their shapes, the tables as the hardware has
 * them. Pointers are direct-map addresses; physical addresses in tables carry
 * the SME mask.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <analysis/analysis.h>

#include "shapes.h"

#define MACHINE_SEGMENTS	8

/* For tests that need no others. */
#define MACHINE_SME	(1ull << 47)
#define MACHINE_PAGES	(1u << 16)
#define STACK_END_MAGIC	0x57ac6e9dull	/* at the lowest address of each stack */
#define BUFFER		0x8000000ull	/* what devices may write; physical */

/* IOMMU_DOMAIN_...: types of a domain. */
#define TYPE_BLOCKED	0x0
#define TYPE_DMA	0x3
#define TYPE_IDENTITY	0x4
#define TYPE_DMA_FQ	0xb

/**
 * struct machine_segment - a PCI segment, or the global tables
 * @va: the structure, 0 with global tables
 * @dev_table, @rlookup, @alias, @irq_lookup: physical
 */
struct machine_segment {
	uint64_t va;
	uint16_t id;
	uint16_t last_bdf;
	uint64_t dev_table, rlookup, alias, irq_lookup;
	uint64_t last_dev_data;
};

struct machine {
	struct image *img;
	enum shape shape;
	uint64_t sme;
	bool deep;			/* all struct pages, for page pools */
	uint64_t iommu;			/* virtual, the first one */
	uint64_t ring, semaphore;	/* of that one; physical */
	uint64_t last_iommu;		/* its node in the list of them */
	unsigned int nr_iommus;
	struct machine_segment segments[MACHINE_SEGMENTS];
	unsigned int nr_segments;
	struct machine_segment *seg;	/* what calls below work on */
	uint64_t used;			/* of the page for small objects */
	bool apart;			/* each has a page of its own */
	uint64_t vmemmap;		/* physical; 0: not mapped yet */
	uint64_t pgd;			/* the same */
	uint64_t fq;			/* the flush queue, 0: none */
	uint64_t bus;			/* PCI bus 0; 0: none yet */
	uint64_t last_resource;		/* of the tree in /proc/iomem */
	uint64_t dma_domain, cookie;	/* the last iommu_domain of the DMA API */
	uint64_t rcaches;		/* of its IOVAs; 0: none yet */
	struct ami_dump *dump;
	struct ami_kernel *kernel;
	struct ami_findings findings;
	struct ami_state *state;
	struct ami_incidents *incidents;
	struct ami_marks *marks;	/* used by machine_judge() */
	struct ami_evidence *evidence;
	struct ami_exposures *ex;
	struct ami_contents *contents;
	struct ami_pfnset *state_pages, *evidence_pages;
};

/** machine_new() - one segment, one IOMMU at 00:00.2, an idle ring */
struct machine *machine_new(enum shape shape, uint64_t sme_mask);

/** machine_new_sized() - the same with device IDs up to @last_bdf */
struct machine *machine_new_sized(enum shape shape, uint64_t sme_mask,
				  uint16_t last_bdf, uint64_t ram_pages);
/** machine_new_apart() - the same, each object on a page of its own */
struct machine *machine_new_apart(enum shape shape, uint64_t sme_mask,
				  uint16_t last_bdf, uint64_t ram_pages);
void machine_free(struct machine *m);

/** machine_over_shapes() - @test with every shape, plain and with SME */
void machine_over_shapes(void (*test)(struct machine *m));
void machine_over_shapes_with(uint64_t sme_mask, uint64_t ram_pages,
			      void (*test)(struct machine *m));

/** OVER_SHAPES() - a test all_NAME(): NAME() with each of them */
#define OVER_SHAPES(name)						\
static void all_##name(void **state)					\
{									\
	(void)state;							\
	machine_over_shapes(name);					\
}

/** machine_has() - has this shape such a member? */
bool machine_has(const struct machine *m, enum ami_field f);

/** machine_crashkernel() - reserve memory, @last inclusive, for a kdump */
void machine_crashkernel(struct machine *m, uint64_t first, uint64_t last);

#define MACHINE_RAM	0x81000200u	/* flags of RAM: BUSY, SYSRAM, MEM */
#define MACHINE_MMIO	0x80000200u

/**
 * machine_resource() - add to /proc/iomem; call in order of addresses
 *
 * The RAM that the file lists is there already. Returns the structure.
 */
uint64_t machine_resource(struct machine *m, uint64_t first, uint64_t last,
			  uint32_t flags);

/** machine_segment() - add a PCI segment and work on it from now on */
void machine_segment(struct machine *m, uint16_t id, uint16_t last_bdf);

/** machine_iommu() - add an IOMMU in charge of device IDs @first to @last */
uint64_t machine_iommu(struct machine *m, uint16_t devid, uint16_t first,
		       uint16_t last);

/** machine_ring_of() - physical address of an IOMMU's command ring */
uint64_t machine_ring_of(struct machine *m, uint64_t iommu);

/** machine_command() - into the command ring of the first IOMMU */
void machine_command(struct machine *m, uint32_t index,
		     struct amdvi_command command);

/** machine_variable() - a global variable of 16 bytes; its address */
uint64_t machine_variable(struct machine *m, enum ami_symbol y,
			  uint64_t value);

/** machine_object() - a zeroed structure; returns its virtual address */
uint64_t machine_object(struct machine *m, size_t size);

/** machine_set() - store into a member, if this shape has it */
void machine_set(struct machine *m, uint64_t object, enum ami_field f,
		 uint64_t value);

/** machine_get() - a member of 8 bytes */
uint64_t machine_get(struct machine *m, uint64_t object, enum ami_field f);

/** machine_write() - bytes at a virtual address */
void machine_write(struct machine *m, uint64_t va, const void *bytes,
		   size_t len);

/** machine_string() - virtual address of a text */
uint64_t machine_string(struct machine *m, const char *text);

/** machine_list_init(), machine_list_add() - a struct list_head */
void machine_list_init(struct machine *m, uint64_t head);
void machine_list_add(struct machine *m, uint64_t head, uint64_t node);

/** machine_map() - map a page for the kernel, at @va outside the direct map */
void machine_map(struct machine *m, uint64_t va, uint64_t phys);

/** machine_vmemmap() - page tables for 4 MiB of struct pages, from frame 0 on */
void machine_vmemmap(struct machine *m);

/** machine_page() - direct-map address of the struct page of @phys, for machine_set() */
uint64_t machine_page(const struct machine *m, uint64_t phys);

/**
 * machine_domain() - a protection domain; @root is physical, 0: no table
 *
 * One of the DMA API has its cookie, and unmaps strictly until machine_lazy().
 */
uint64_t machine_domain(struct machine *m, uint16_t id, uint32_t type,
			enum ami_format format, uint64_t root,
			unsigned int levels);

/**
 * machine_lazy() - a flush queue on the only CPU
 *
 * Holds @count unmaps of a page each, from @iova_pfn on; all but the first are
 * not flushed yet. They start at entry 3 of a queue that went round before.
 */
void machine_lazy(struct machine *m, uint64_t domain, uint64_t iova_pfn,
		  unsigned int count);

/** machine_single_queue() - that one is for all CPUs, not for one of them */
void machine_single_queue(struct machine *m);

/** machine_fq_entry() - its virtual address */
uint64_t machine_fq_entry(struct machine *m, unsigned int index);

/** machine_iovad() - the iova_domain in the cookie of the flush queue */
uint64_t machine_iovad(struct machine *m);

/**
 * machine_iova() - a range of pages that is allocated there
 *
 * Returns the address of the node.
 */
uint64_t machine_iova(struct machine *m, uint64_t first, uint64_t last);

/** machine_magazine() - freed ranges that start at these pages */
uint64_t machine_magazine(struct machine *m, const uint64_t *pfn,
			  unsigned int count);

/**
 * machine_cached() - put it where ranges of 2^@order pages wait for reuse
 * @where: a member of struct iova_cpu_rcache, or AMI_F_rcache_depot
 */
void machine_cached(struct machine *m, unsigned int order,
		    enum ami_field where, uint64_t magazine);

/**
 * machine_freed_tables() - page-table pages that wait in entry @index of it
 *
 * Does nothing in shapes whose queue entries hold none.
 */
void machine_freed_tables(struct machine *m, unsigned int index,
			  const uint64_t *tables, unsigned int count);

/** machine_dev_data() - only an iommu_dev_data, of a device without struct */
uint64_t machine_dev_data(struct machine *m, uint16_t devid, uint64_t domain);

/** machine_device() - a device with its iommu_dev_data, bound to @driver */
uint64_t machine_device(struct machine *m, uint16_t devid, const char *driver,
			uint64_t domain);

/** machine_pci() - a bus master on PCI bus 0 that the IOMMU driver never met */
uint64_t machine_pci(struct machine *m, uint16_t devid, uint32_t class);

/** machine_alias() - requests of @devid come as @alias */
void machine_alias(struct machine *m, uint16_t devid, uint16_t alias);

void machine_dte(struct machine *m, uint16_t devid,
		 const struct amdvi_dte *dte);

/** machine_paging() - a DTE that lets requests through a host table */
struct amdvi_dte machine_paging(uint64_t root, unsigned int mode, uint16_t id);

/** machine_v1() - table that maps @pages pages, IOVA = n * 4K from 0 on */
uint64_t machine_v1(struct machine *m, uint64_t first_phys,
		    unsigned int pages);

/** machine_v2() - the same as a guest table of @levels */
uint64_t machine_v2(struct machine *m, uint64_t first_phys,
		    unsigned int pages, unsigned int levels);

/** machine_gcr3() - GCR3 table of @glx + 1 levels with one @pasid */
uint64_t machine_gcr3(struct machine *m, unsigned int glx, uint32_t pasid,
		      uint64_t guest_root);

/** machine_analyse() - state and exposures; fails the test on an error */
void machine_analyse(struct machine *m);

/** machine_judge() - evidence, exposures and verdict again, state as it is */
void machine_judge(struct machine *m);

/** machine_exposure() - of this device and class, NULL when none */
const struct ami_exposure *machine_exposure(const struct machine *m,
					    uint16_t devid,
					    enum ami_class class);

/** machine_exposure_at() - the same in any PCI segment */
const struct ami_exposure *machine_exposure_at(const struct machine *m,
					       struct ami_bdf bdf,
					       enum ami_class class);

/** machine_maps() - of this device exactly @pages from @phys on are mapped */
void machine_maps(const struct machine *m, uint16_t devid, uint64_t phys,
		  uint64_t pages);

/** machine_state_of() - what the analysis knows of a device of segment 0 */
const struct ami_device *machine_state_of(const struct machine *m,
					  uint16_t devid);

/** machine_code() - the code of that name; the test fails if there is none. */
enum ami_finding_code machine_code(const char *name);

bool machine_found(const struct machine *m, const char *code);

/** machine_because() - is there a reason of this code that says so? */
bool machine_because(const struct machine *m, const char *code,
		     const char *text);

/** machine_said_of() - the text of a finding about @where, NULL: there is none */
const char *machine_said_of(const struct machine *m, const char *code,
			    const char *where);

#endif
