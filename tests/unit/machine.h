/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with AMD IOMMUs, written into an image as the kernel would: the
 * driver's structures in any of their shapes, the tables as the hardware has
 * them. Pointers are direct-map addresses; physical addresses in tables carry
 * the SME mask.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <amdiommu/exposure.h>

#include "image.h"

/** enum shape - which members the kernel's structures have */
enum shape {
	SHAPE_5_10,	/* global tables, pt_root, per-domain GCR3, fq in iovad */
	SHAPE_5_15,	/* global tables, io_pgtable domains, fq in iovad */
	SHAPE_6_1,	/* per-segment tables, io_pgtable, per-domain GCR3 */
	SHAPE_6_12,	/* the same, per-device GCR3, pd_mode, single_fq */
	SHAPE_7,	/* generic_pt */
	SHAPES
};

struct machine {
	struct image *img;
	enum shape shape;
	uint64_t sme;
	uint64_t iommu;		/* virtual, the first one */
	uint64_t segment;	/* virtual, 0 with global tables */
	uint64_t dev_table, rlookup, alias, irq_lookup;	/* physical */
	uint64_t ring, semaphore;			/* physical */
	uint64_t last_dev_data;
	struct ami_dump *dump;
	struct ami_kernel *kernel;
	struct ami_state *state;
	struct ami_exposures *ex;
};

/** machine_new() - one segment, one IOMMU at 00:00.2, an idle ring */
struct machine *machine_new(enum shape shape, uint64_t sme_mask);
void machine_free(struct machine *m);

/** machine_object() - a zeroed structure; returns its virtual address */
uint64_t machine_object(struct machine *m, size_t size);

/** machine_set() - store into a member, if this shape has it */
void machine_set(struct machine *m, uint64_t object, enum ami_field f,
		 uint64_t value);

/** machine_domain() - a protection domain; @root is physical, 0: no table */
uint64_t machine_domain(struct machine *m, uint16_t id, uint32_t type,
			enum ami_format format, uint64_t root,
			unsigned int levels);

/** machine_device() - a device with its iommu_dev_data, bound to @driver */
uint64_t machine_device(struct machine *m, uint16_t devid, const char *driver,
			uint64_t domain);

void machine_dte(struct machine *m, uint16_t devid,
		 const struct amdvi_dte *dte);

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

/** machine_exposure() - of this device and class, NULL when none */
const struct ami_exposure *machine_exposure(const struct machine *m,
					    uint16_t devid,
					    enum ami_class class);

bool machine_found(const struct machine *m, const char *code);

#endif
