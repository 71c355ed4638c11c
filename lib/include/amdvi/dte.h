/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device table entry (DTE): what one requester may do.
 *
 * AMD I/O Virtualization spec 48882, section 2.2.2.1 (Device Table Entry
 * Format); drivers/iommu/amd/amd_iommu_types.h (DTE_*, DEV_ENTRY_*).
 * D3[53] is not checked by hardware and free for software.
 *
 *   D0  63  62 61 60    58 57 56 55   54   53   52 51            12 11  9 8 7 6  2  1 0
 *      +---+--+--+--------+-----+--+----+----+---+----------------+-----+---+----+--+-+
 *      | - |IW|IR|GCR3    | GLX |GV|GIoV|GPRP|PPR| host page table|Mode |HAD| -  |TV|V|
 *      |   |  |  |[14:12] |     |  |    |    |   | root [51:12]   |     |   |    |  | |
 *      +---+--+--+--------+-----+--+----+----+---+----------------+-----+---+----+--+-+
 *   D1  63       43  42  41  40 39 38  37   36 35 34 33 32 31        16 15       0
 *      +-----------+----+------+--+--+-----+-----+--+--+--+------------+----------+
 *      |GCR3[51:31]|SATS|SysMgt|EX|SD|Cache|IoCtl|SA|SE| I|GCR3[30:15] | DomainID |
 *      +-----------+----+------+--+--+-----+-----+--+--+--+------------+----------+
 *   D2  63 62  61 60   59    58    57   56  55     54 53 52 51          6  5 4    1 0
 *      +-----+------+-------+---+-----+----+---------+-----+-------------+--+-----+--+
 *      |Lint |IntCtl|HPTMode|NMI|EInt |Init|GuestPag-|  -  |IntTablePtr  |IG|IntT-|IV|
 *      |1,0  |      |       |Pas|Pass |Pass|ingMode  |     |[51:6]       |  |abLen|  |
 *      +-----+------+-------+---+-----+----+---------+-----+-------------+--+-----+--+
 *   D3  63        56    55     54  53   48 47      32 31        16   15   14      0
 *      +------------+--------+-----+-------+---------+------------+------+---------+
 *      | SnoopAttr  |Mode0FC |AttrV|   -   | GuestID | GDeviceID  |vImuEn|    -    |
 *      +------------+--------+-----+-------+---------+------------+------+---------+
 */
#ifndef AMDIOMMU_DTE_H
#define AMDIOMMU_DTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdvi/bits.h>

/** Size of one device table entry in bytes. */
#define AMDVI_DTE_SIZE 32

/** Values of int_ctl: what happens to fixed and arbitrated interrupts. */
enum amdvi_int_ctl {
	AMDVI_INT_ABORT = 0,
	AMDVI_INT_FORWARD = 1,
	AMDVI_INT_REMAP = 2,
};

/**
 * A decoded DTE. Addresses are physical byte addresses with the SME mask
 * removed. Under nested translation (gv, mode 1..6, GCR3TRPMode) gcr3_root is
 * a guest physical address instead.
 */
struct amdvi_dte {
	uint64_t raw[4];	/* as read, SME mask still in */

	bool v;			/* entry valid; 0: DMA forwarded untranslated */
	bool tv;		/* translation fields valid */
	uint8_t had;		/* host access/dirty update; 3: both */
	uint8_t mode;		/* host levels 1..6, 0 none, 7 reserved */
	uint64_t host_root;	/* host (v1) page table root */
	bool ppr;		/* peripheral page requests allowed */
	bool gprp;		/* PPR response carries the PASID */
	bool giov;		/* requests without PASID use GCR3[0] */
	bool gv;		/* guest translation valid */
	uint8_t glx;		/* GCR3 table levels minus 1; 3 reserved */
	uint64_t gcr3_root;	/* GCR3 table, joined from its three pieces */
	bool ir;		/* read permission */
	bool iw;		/* write permission */

	uint16_t domain_id;
	bool ats;		/* I bit: ATS and pre-translated requests */
	bool se;		/* suppress repeated page fault events */
	bool sa;		/* suppress all page fault events */
	uint8_t ioctl;		/* port I/O space control */
	bool cache;		/* IOTLB cache hint */
	bool sd;		/* snoop disable */
	bool ex;		/* exclusion range applies */
	uint8_t sysmgt;		/* system management messages */
	bool sats;		/* secure ATS; reserved on older hardware */

	bool iv;		/* interrupt map valid */
	uint8_t irt_len_log2;	/* IntTabLen: log2 of table entries, 0..11 */
	bool ig;		/* unmapped interrupts are not logged */
	uint64_t irt_ptr;	/* interrupt remapping table */
	uint8_t guest_paging_mode; /* guest levels: 0 four, 1 five */
	bool init_pass;
	bool eint_pass;
	bool nmi_pass;
	bool hpt_mode;		/* reserved on older hardware */
	uint8_t int_ctl;	/* enum amdvi_int_ctl, 3 reserved */
	bool lint0_pass;
	bool lint1_pass;

	bool viommu_en;		/* vImuEn */
	uint16_t gdevice_id;	/* guest device ID */
	uint16_t guest_id;
	bool attr_v;		/* snoop attribute override valid */
	bool mode0_fc;		/* force coherent when Mode is 0 */
	uint8_t snoop_attr;
};

/** The fields in spec order, with titles. */
extern const struct amdvi_field amdvi_dte_fields[];
extern const size_t amdvi_dte_field_count;

/** What happens to a DMA request that carries no PASID. */
enum amdvi_dma {
	AMDVI_DMA_UNTRANSLATED,	/* V=0: forwarded, no check at all */
	AMDVI_DMA_BLOCKED,	/* TV=0, or no table and no permission */
	AMDVI_DMA_IDENTITY,	/* IOVA is the physical address, IR/IW apply */
	AMDVI_DMA_HOST,		/* host (v1) table at host_root */
	AMDVI_DMA_GUEST,	/* guest (v2) table from GCR3[0] */
	AMDVI_DMA_NESTED,	/* guest table, then host table */
	AMDVI_DMA_ILLEGAL,	/* reserved Mode or GLX: aborted and logged */
};

/** Decode @raw. @sme_mask is cleared from every address; 0 if SME is off. */
void amdvi_dte_decode(const uint64_t raw[4], uint64_t sme_mask,
		      struct amdvi_dte *dte);

/**
 * Inverse of amdvi_dte_decode(): build @raw from the fields (dte->raw is not
 * looked at). @sme_mask is set in every address that is not 0.
 */
void amdvi_dte_encode(const struct amdvi_dte *dte, uint64_t sme_mask,
		      uint64_t raw[4]);

/**
 * Spec 48882 table 8 (V, TV, GV and Mode). Rules that are easy to miss:
 * - Requests without PASID use guest tables only if GIoV is set. With GV=1
 *   and GIoV=0 they are identity (Mode 0) or host translated (Mode 1..6).
 * - Mode 0 with IR=IW=0 lets nothing through: BLOCKED.
 * - Mode 1..6 stays HOST, even with IR=IW=0: see amdvi_dte_may_write().
 * - Reserved bits do not make an entry ILLEGAL here, though hardware that
 *   does not define them aborts: newer hardware may, and a dump must not be
 *   called safer than it is. See amdvi_dte_reserved().
 */
enum amdvi_dma amdvi_dte_dma(const struct amdvi_dte *dte);

/**
 * Is the GCR3 table, and what it points to, at guest physical addresses that
 * the host table translates? With GIoV=0 requests without PASID skip it, and
 * those with one are nested all the same.
 */
bool amdvi_dte_nested(const struct amdvi_dte *dte);

/** Can a write (read) without PASID get past this entry at all? */
bool amdvi_dte_may_write(const struct amdvi_dte *dte);
bool amdvi_dte_may_read(const struct amdvi_dte *dte);

/** "untranslated", "blocked", "identity", "host", ...; never NULL. */
const char *amdvi_dma_name(enum amdvi_dma dma);

/** Guest (v2) page table levels, 4 or 5; 0 for a reserved encoding. */
unsigned int amdvi_dte_guest_levels(const struct amdvi_dte *dte);

/** All fields in spec order. Returns how many were stored, <= @max. */
size_t amdvi_dte_values(const struct amdvi_dte *dte, struct amdvi_value *out,
			size_t max);

/**
 * One line in words: "host paging, 3 levels, root 0x1234000, domain 5,
 * read-write". snprintf() semantics.
 */
size_t amdvi_dte_describe(const struct amdvi_dte *dte, char *buf, size_t len);

/**
 * Reserved bits that are set: the OR over the four words, each bit at its
 * place in its word. 0: none. Bits that only older hardware reserves (SATS,
 * HPTMode, vImuEn and its IDs) do not count.
 */
uint64_t amdvi_dte_reserved(const struct amdvi_dte *dte);

#endif
