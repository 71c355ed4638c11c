/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command ring entries, 16 bytes each.
 *
 * Spec 48882 section 2.4 (Commands); drivers/iommu/amd/iommu.c (build_*()),
 * amd_iommu_types.h (CMD_*). Dwords w0..w3, opcode in w1[31:28]:
 *
 *                                 31    28 27     20 19    16 15        3 2  1  0
 *  COMPLETION_WAIT             w0 | store address [31:3]                |F |I |S |
 *                              w1 |opcode |    -    | store address [51:32]      |
 *                              w2, w3     | store data                           |
 *  INVALIDATE_DEVTAB_ENTRY,    w0 |            -            | DeviceID [15:0]    |
 *  INVALIDATE_INTERRUPT_TABLE  w1 |opcode |                 -                    |
 *  INVALIDATE_IOMMU_PAGES      w0 |        -        | PASID [19:0]               |
 *                              w1 |opcode |        -        | DomainID [15:0]    |
 *                              w2 | address [31:12]         |    -   |GN|PDE| S  |
 *                              w3 | address [63:32]                              |
 *  INVALIDATE_IOTLB_PAGES      w0 |MaxPend  |PASID[15:8]    | DeviceID [15:0]    |
 *                              w1 |opcode |PASID[19:16] [7:0]| QueueID [15:0]    |
 *                              w2 | address [31:12]  | - |Type 5:4|-|GN| - | S   |
 *                              w3 | address [63:32]                              |
 *  PREFETCH_IOMMU_PAGES        w0 |PFCount  |   -           | DeviceID [15:0]    |
 *                              w1 |opcode |    -    | PASID [19:0]               |
 *                              w2 | address [31:12]  |  -  |Inval 4|-|GN| - | S  |
 *                              w3 | address [63:32]                              |
 *  COMPLETE_PPR_REQUEST        w0 |            -            | DeviceID [15:0]    |
 *                              w1 |opcode |    -    | PASID [19:0]               |
 *                              w2 |                 -                |GN|   -    |
 *                              w3 |        -        |Resp 15:12| - | Tag [8:0]   |
 *  INVALIDATE_IOMMU_ALL        w1 |opcode |                 -                    |
 *  INSERT_GUEST_EVENT          w1 |opcode |        -        | GuestID [15:0]     |
 *  RESET_VMMIO                 w0 |VCmd 31|  -  |All 27| -  | GuestID [15:0]     |
 *                              w1 |opcode |                 -                    |
 *
 * MaxPend and PFCount are w0[31:24]. The PASID of INVALIDATE_IOTLB_PAGES is in
 * three pieces: [7:0] w1[23:16], [15:8] w0[23:16], [19:16] w1[27:24]. Linux
 * never issues PREFETCH_IOMMU_PAGES, INSERT_GUEST_EVENT or RESET_VMMIO.
 */
#ifndef AMDIOMMU_COMMAND_H
#define AMDIOMMU_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdvi/bits.h>

/** Size of one command in bytes. */
#define AMDVI_COMMAND_SIZE 16

enum amdvi_opcode {
	AMDVI_CMD_COMPLETION_WAIT = 1,
	AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY = 2,
	AMDVI_CMD_INVALIDATE_IOMMU_PAGES = 3,
	AMDVI_CMD_INVALIDATE_IOTLB_PAGES = 4,
	AMDVI_CMD_INVALIDATE_INTERRUPT_TABLE = 5,
	AMDVI_CMD_PREFETCH_IOMMU_PAGES = 6,
	AMDVI_CMD_COMPLETE_PPR_REQUEST = 7,
	AMDVI_CMD_INVALIDATE_IOMMU_ALL = 8,
	AMDVI_CMD_INSERT_GUEST_EVENT = 9,
	AMDVI_CMD_RESET_VMMIO = 10,
};

/**
 * A decoded command. Only the fields of its opcode are set, the others are 0.
 * An unknown opcode sets only @w, @opcode and @unused.
 */
struct amdvi_command {
	uint32_t w[4];		/* as read, SME mask still in */
	uint8_t opcode;		/* enum amdvi_opcode, or any of 0..15 */
	bool unused;		/* all 16 bytes are 0 */

	bool store;		/* S of COMPLETION_WAIT */
	bool interrupt;		/* I */
	bool flush;		/* F: drain the queue first */
	uint64_t store_addr;	/* physical, 8-byte aligned, SME removed */
	uint64_t data;		/* stored at store_addr on completion */

	uint16_t devid;		/* bus:device.function, no segment */
	uint16_t domain_id;
	uint32_t pasid;		/* 20 bits; counts only if @gn */
	bool gn;		/* guest/nested: @pasid and guest address */
	bool pde;		/* invalidate cached PDEs too */
	bool s;			/* @address encodes a size */
	bool inval;		/* PREFETCH: drop old entry first */
	uint64_t address;	/* IOVA, low 12 bits 0; see _range() */
	uint8_t qdep;		/* MaxPend: device's invalidate queue depth */
	uint8_t pf_count;	/* PREFETCH: pages */
	uint16_t queue_id;
	uint8_t type;		/* of IOTLB invalidation */
	uint16_t tag;		/* COMPLETE_PPR_REQUEST: PRG index */
	uint16_t guest_id;	/* opcodes 9, 10 */
	bool all;		/* RESET_VMMIO */
	bool vcmd;		/* RESET_VMMIO */
	uint8_t response;	/* COMPLETE_PPR_REQUEST: 0 ok, 1 invalid, 15
				 * failure */
};

/** Decode @w. @sme_mask is cleared from the store address. */
void amdvi_command_decode(const uint32_t w[4], uint64_t sme_mask,
			  struct amdvi_command *cmd);

/**
 * Inverse of amdvi_command_decode(), from the fields (cmd->w is not
 * looked at). @sme_mask is set in a store address that is not 0. An unknown
 * opcode gives no operands.
 */
void amdvi_command_encode(const struct amdvi_command *cmd, uint64_t sme_mask,
			  uint32_t w[4]);

/** The spec's name, "UNKNOWN" for an opcode without a name; never NULL. */
const char *amdvi_command_name(unsigned int opcode);

/** Operands in display order. Returns how many were stored, <= @max. */
size_t amdvi_command_values(const struct amdvi_command *cmd,
			    struct amdvi_value *out, size_t max);

/**
 * IOVAs, @first to @last inclusive, that an INVALIDATE_IOMMU_PAGES or
 * INVALIDATE_IOTLB_PAGES covers. False for other commands. Without S it is
 * one 4K page. With S, and n the first zero bit of the address at or above
 * bit 12, 2^(n+1) bytes; 0x7ffffffffffff000 is everything.
 */
bool amdvi_command_range(const struct amdvi_command *cmd, uint64_t *first,
			 uint64_t *last);

#endif
