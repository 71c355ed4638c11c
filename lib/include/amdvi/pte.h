/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page table entries: v1 (host), v2 (guest, x86) and the GCR3 table. Inline:
 * the page walk calls these for every entry.
 *
 * v1: spec 48882 section 2.2.3 (I/O Page Tables for Host Translations);
 * drivers/iommu/amd/amd_iommu_types.h (IOMMU_PTE_*, PAGE_SIZE_PTE).
 *
 *      63 62 61 60 59 58 57 56 52 51                12 11      9 8 7 6 5 4  1  0
 *     +--+--+--+--+--+-----+-----+--------------------+---------+---+-+-+----+--+
 * PTE | -|IW|IR|FC| U| PMC |  0  | page address + size|NextLevel| - |D|A|  - |PR|
 * PDE | -|IW|IR|        0        | next table address |NextLevel|   - |A|  - |PR|
 *     +--+--+--+--+--+-----+-----+--------------------+---------+---+-+-+----+--+
 *
 * PMC (page migration control) came with EFR2.TMPMSup; it is not decoded.
 *
 * A table of level n has entries of 2^(12+9(n-1)) bytes. NextLevel 0: page of
 * that size. NextLevel 1..6: table of that level, which must be lower than n;
 * levels may be skipped, then the skipped IOVA bits must be 0. NextLevel 7:
 * the page size is 2^(1 + first zero bit at or above bit 12), and the entry is
 * repeated in every slot of the table that the page covers:
 *
 *      bit  ... 16 15 14 13 12    size
 *                        a  0      8K     (a: address bits)
 *                     a  0  1     16K
 *                  a  0  1  1     32K
 *
 * v2: the x86-64 long mode format (AMD64 APM volume 2, section 5.3).
 *
 *      63 62   52 51              12 11  9 8 7  6 5 4   3   2  1  0
 *     +--+-------+------------------+-----+-+--+-+-+---+---+--+--+-+
 *     |NX|   -   | address          |  -  |G|PS|D|A|PCD|PWT|US|RW|P|
 *     +--+-------+------------------+-----+-+--+-+-+---+---+--+--+-+
 *
 * GCR3 table: spec 48882 section 2.2.6 (Guest CR3 table): bit 0 valid, 51:12
 * address of the next GCR3 table or, in the last level, of the v2 root.
 */
#ifndef AMDIOMMU_PTE_H
#define AMDIOMMU_PTE_H

#include <stdbool.h>
#include <stdint.h>

#define AMDVI_TABLE_ENTRIES 512
#define AMDVI_V1_MAX_LEVEL 6
#define AMDVI_V2_MAX_LEVEL 5

#define AMDVI_ADDR_MASK 0x000ffffffffff000ULL

#define AMDVI_V1_PR (1ULL << 0)
#define AMDVI_V1_A (1ULL << 5)
#define AMDVI_V1_D (1ULL << 6)
#define AMDVI_V1_U (1ULL << 59)
#define AMDVI_V1_FC (1ULL << 60)
#define AMDVI_V1_IR (1ULL << 61)
#define AMDVI_V1_IW (1ULL << 62)
#define AMDVI_V1_NEXT_SHIFT 9
#define AMDVI_V1_NEXT_SIZED 7

#define AMDVI_V2_P (1ULL << 0)
#define AMDVI_V2_RW (1ULL << 1)
#define AMDVI_V2_US (1ULL << 2)
#define AMDVI_V2_A (1ULL << 5)
#define AMDVI_V2_D (1ULL << 6)
#define AMDVI_V2_PS (1ULL << 7)
#define AMDVI_V2_NX (1ULL << 63)

#define AMDVI_GCR3_V (1ULL << 0)

enum amdvi_pte_kind {
	AMDVI_PTE_NONE,		/* not present */
	AMDVI_PTE_TABLE,	/* points to a table of next_level */
	AMDVI_PTE_PAGE,		/* maps a page of 2^size_log2 bytes */
	AMDVI_PTE_BAD,		/* present, but no legal encoding */
};

/**
 * A decoded page table entry. @ir and @iw are this entry's own permissions:
 * the effective ones are the AND over the DTE and every level.
 * For BAD only @addr (the raw address field), @ir and @iw are set.
 */
struct amdvi_pte {
	enum amdvi_pte_kind kind;
	uint8_t next_level;	/* of a TABLE */
	uint8_t size_log2;	/* of a PAGE, 12..57 */
	uint16_t replicas;	/* slots a PAGE occupies in its table */
	uint64_t addr;		/* physical, SME mask removed; of a PAGE:
				 * aligned to its size */
	bool ir;
	bool iw;
	bool accessed;
	bool dirty;		/* any replica may carry it */
	bool user;		/* v1: U, v2: US */
	bool fc;		/* v1 PAGE: force coherent */
	bool nx;		/* v2 */
};

/** log2 of the bytes that one entry of a table of @level covers. */
static inline unsigned int amdvi_level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/** Index of @iova in a table of @level, 1..6. */
static inline unsigned int amdvi_table_index(uint64_t iova, unsigned int level)
{
	return (iova >> amdvi_level_shift(level)) & (AMDVI_TABLE_ENTRIES - 1);
}

/* A leaf with NextLevel 7: its address field also encodes its size. */
static inline void amdvi_v1_sized(struct amdvi_pte *pte, unsigned int level)
{
	uint64_t zeros = ~(pte->addr | 0xfff) & AMDVI_ADDR_MASK;
	unsigned int size;

	if (!zeros)
		return;
	size = __builtin_ctzll(zeros) + 1;
	if (size < amdvi_level_shift(level) ||
	    size >= amdvi_level_shift(level + 1))
		return;
	pte->kind = AMDVI_PTE_PAGE;
	pte->size_log2 = size;
	pte->replicas = 1U << (size - amdvi_level_shift(level));
	pte->addr &= ~((1ULL << size) - 1);
}

/**
 * Decode a v1 entry found in a table of @level (1..6; else BAD).
 *
 * BAD means one of these:
 * - NextLevel 1..6 that is not below @level. At level 1 that is any of them
 *   (Linux takes every present level 1 entry for a leaf, hardware faults).
 * - NextLevel 7 with a size smaller than an entry of this level, or as large as
 *   an entry of the next.
 * A NextLevel 0 page of level 6 has 2^57 bytes, more than the 2^52 that
 * exist: clamp before counting page frames.
 * The SME mask is removed before the size is decoded, because it would extend
 * the run of ones.
 */
static inline struct amdvi_pte amdvi_v1_pte(uint64_t raw, unsigned int level,
					    uint64_t sme_mask)
{
	unsigned int next = (raw >> AMDVI_V1_NEXT_SHIFT) & 7;
	struct amdvi_pte pte = { .kind = AMDVI_PTE_NONE };

	if (!(raw & AMDVI_V1_PR))
		return pte;
	pte.kind = AMDVI_PTE_BAD;
	pte.addr = raw & AMDVI_ADDR_MASK & ~sme_mask;
	pte.ir = raw & AMDVI_V1_IR;
	pte.iw = raw & AMDVI_V1_IW;
	if (level < 1 || level > AMDVI_V1_MAX_LEVEL)
		return pte;
	if (next == 0) {
		pte.kind = AMDVI_PTE_PAGE;
		pte.size_log2 = amdvi_level_shift(level);
		pte.replicas = 1;
		pte.addr &= ~((1ULL << pte.size_log2) - 1);
	} else if (next == AMDVI_V1_NEXT_SIZED) {
		amdvi_v1_sized(&pte, level);
	} else if (next < level) {
		pte.kind = AMDVI_PTE_TABLE;
		pte.next_level = next;
	}
	if (pte.kind == AMDVI_PTE_BAD)
		return pte;
	pte.accessed = raw & AMDVI_V1_A;
	if (pte.kind == AMDVI_PTE_PAGE) {
		pte.dirty = raw & AMDVI_V1_D;
		pte.user = raw & AMDVI_V1_U;
		pte.fc = raw & AMDVI_V1_FC;
	}
	return pte;
}

/**
 * Decode a v2 (x86) entry found in a table of @level (1..5; else BAD).
 * Present means readable. PS at level 4 or 5 is BAD.
 */
static inline struct amdvi_pte amdvi_v2_pte(uint64_t raw, unsigned int level,
					    uint64_t sme_mask)
{
	struct amdvi_pte pte = { .kind = AMDVI_PTE_NONE };
	bool large = level > 1 && (raw & AMDVI_V2_PS);

	if (!(raw & AMDVI_V2_P))
		return pte;
	pte.kind = AMDVI_PTE_BAD;
	pte.addr = raw & AMDVI_ADDR_MASK & ~sme_mask;
	pte.ir = true;
	pte.iw = raw & AMDVI_V2_RW;
	if (level < 1 || level > AMDVI_V2_MAX_LEVEL || (large && level > 3))
		return pte;
	pte.accessed = raw & AMDVI_V2_A;
	pte.user = raw & AMDVI_V2_US;
	pte.nx = raw & AMDVI_V2_NX;
	if (level > 1 && !large) {
		pte.kind = AMDVI_PTE_TABLE;
		pte.next_level = level - 1;
		return pte;
	}
	pte.kind = AMDVI_PTE_PAGE;
	pte.size_log2 = amdvi_level_shift(level);
	pte.replicas = 1;
	pte.addr &= ~((1ULL << pte.size_log2) - 1);
	pte.dirty = raw & AMDVI_V2_D;
	return pte;
}

/**
 * Decode one GCR3 table entry of any level. Returns whether it is valid and
 * if so stores the physical address of the next table in @addr.
 */
static inline bool amdvi_gcr3_entry(uint64_t raw, uint64_t sme_mask,
				    uint64_t *addr)
{
	if (!(raw & AMDVI_GCR3_V))
		return false;
	*addr = raw & AMDVI_ADDR_MASK & ~sme_mask;
	return true;
}

/** Index of @pasid in a GCR3 table of @level; the walk goes from GLX to 0. */
static inline unsigned int amdvi_gcr3_index(uint32_t pasid, unsigned int level)
{
	return (pasid >> (9 * level)) & (AMDVI_TABLE_ENTRIES - 1);
}

/*
 * Encoders for builders of memory images. Addresses come without the SME
 * mask: OR it into the result.
 */

/** Permission bits of a v1 entry. */
static inline uint64_t amdvi_v1_perm(bool ir, bool iw)
{
	return (ir ? AMDVI_V1_IR : 0) | (iw ? AMDVI_V1_IW : 0);
}

/**
 * v1 leaf for a page of 2^@size_log2 bytes at @addr (aligned to its size), for
 * a table of @level; the size must be legal there. FC is set, as Linux does.
 * Write it into every replica slot.
 */
static inline uint64_t amdvi_v1_page(uint64_t addr, unsigned int size_log2,
				     unsigned int level, bool ir, bool iw)
{
	uint64_t raw = AMDVI_V1_PR | AMDVI_V1_FC | amdvi_v1_perm(ir, iw);

	if (size_log2 != amdvi_level_shift(level)) {
		addr |= ((1ULL << (size_log2 - 1)) - 1) & AMDVI_ADDR_MASK;
		raw |= (uint64_t)AMDVI_V1_NEXT_SIZED << AMDVI_V1_NEXT_SHIFT;
	}
	return raw | addr;
}

/** v1 pointer to a table of @next_level at @addr. */
static inline uint64_t amdvi_v1_table(uint64_t addr, unsigned int next_level,
				      bool ir, bool iw)
{
	return AMDVI_V1_PR | amdvi_v1_perm(ir, iw) | addr |
	       (uint64_t)next_level << AMDVI_V1_NEXT_SHIFT;
}

/** v2 leaf of 2^@size_log2 bytes (12, 21 or 30), user accessible. */
static inline uint64_t amdvi_v2_page(uint64_t addr, unsigned int size_log2,
				     bool iw)
{
	return AMDVI_V2_P | AMDVI_V2_US | AMDVI_V2_A | addr |
	       (iw ? AMDVI_V2_RW | AMDVI_V2_D : 0) |
	       (size_log2 > 12 ? AMDVI_V2_PS : 0);
}

/** v2 pointer to the next lower table at @addr, user accessible. */
static inline uint64_t amdvi_v2_table(uint64_t addr, bool iw)
{
	return AMDVI_V2_P | AMDVI_V2_US | AMDVI_V2_A | addr |
	       (iw ? AMDVI_V2_RW : 0);
}

#endif
