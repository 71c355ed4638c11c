/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt remapping table entries: 32 bit (legacy) and 128 bit (GAEn).
 *
 * Spec 48882 section 2.2.5 (Interrupt Remapping Tables) and 2.2.5.2 (guest
 * virtual APIC); drivers/iommu/amd/amd_iommu_types.h (union irte, irte_ga).
 *
 * 32 bit:
 *      31    24 23      16 15    8     7      6    5   4     2     1        0
 *     +--------+----------+-------+---------+----+-----+-------+-------+-------+
 *     |   -    | Vector   | Dest  |    0    | DM |RqEoi|IntType|SupIOPF|RemapEn|
 *     +--------+----------+-------+---------+----+-----+-------+-------+-------+
 *
 * 128 bit, remapped (GuestMode 0) and posted to a guest (GuestMode 1):
 *      63     32 31              8     7      6     5   4 3  2     1        0
 *     +---------+-----------------+---------+----+-----+-------+-------+-------+
 * lo 0|   -     | Dest [23:0]     |    0    | DM |RqEoi|IntType|SupIOPF|RemapEn|
 *     +---------+-----------------+---------+----+-----+---+---+-------+-------+
 * lo 1| GATag   | Dest [23:0]     |    1    |IsRu|GAPPI| - |GAL|SupIOPF|RemapEn|
 *     |         |                 |         |n   |Dis  |   |og |       |       |
 *     +---------+-----------------+---------+----+-----+---+---+-------+-------+
 *      63       56 55  52 51                        12 11   8 7                0
 *     +-----------+------+----------------------------+------+-----------------+
 * hi  |Dest[31:24]|  -   | GA root (GuestMode 1)      |   -  | Vector          |
 *     +-----------+------+----------------------------+------+-----------------+
 *
 * The GA root is the vAPIC backing page: the IOMMU writes it when it posts an
 * interrupt. Dest[31:8] is used in x2APIC mode only.
 */
#ifndef AMDIOMMU_IRTE_H
#define AMDIOMMU_IRTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdvi/bits.h>

#define AMDVI_IRTE32_SIZE 4
#define AMDVI_IRTE128_SIZE 16

/** A decoded entry of either size. Fields that its format has not are 0. */
struct amdvi_irte {
	uint64_t raw[2];	/* as read; 32-bit entries: low half of [0] */
	bool wide;		/* 128-bit format */
	bool valid;		/* RemapEn */
	bool no_fault;		/* SupIOPF: no event if blocked */
	bool guest_mode;	/* posted to a guest vAPIC; wide only */
	uint8_t int_type;	/* delivery mode; not in guest mode */
	bool rq_eoi;
	bool dest_mode;		/* DM: 1 logical; not in guest mode */
	uint8_t vector;
	uint32_t dest;		/* APIC ID, 8 or 32 bits */
	bool ga_log_intr;	/* guest mode: log if guest not running */
	bool ga_ppi_dis;	/* guest mode: no physical interrupt */
	bool is_run;		/* guest mode: vCPU is running */
	uint32_t ga_tag;	/* guest mode */
	uint64_t ga_root;	/* guest mode: vAPIC backing page, physical,
				 * SME mask removed */
};

/** Decode a 32-bit entry. */
void amdvi_irte32_decode(uint32_t raw, struct amdvi_irte *irte);

/** Decode a 128-bit entry, @raw[0] low. Clears @sme_mask from the GA root. */
void amdvi_irte128_decode(const uint64_t raw[2], uint64_t sme_mask,
			  struct amdvi_irte *irte);

/** Delivery mode in words: "fixed", "NMI", ...; "reserved"; never NULL. */
const char *amdvi_int_type_name(unsigned int int_type);

/** Fields in spec order. Returns how many were stored, <= @max. */
size_t amdvi_irte_values(const struct amdvi_irte *irte,
			 struct amdvi_value *out, size_t max);

/** One line in words; snprintf() semantics. */
size_t amdvi_irte_describe(const struct amdvi_irte *irte, char *buf,
			   size_t len);

#endif
