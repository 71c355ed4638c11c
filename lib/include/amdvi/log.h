/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of the three logs that the IOMMU writes: events (16 bytes),
 * peripheral page requests (PPR, 16 bytes), guest vAPIC (GA, 8 bytes).
 *
 * Spec 48882 section 2.5 (Event Logging), 2.6 (PPR Logging), 2.7 (GA log);
 * drivers/iommu/amd/iommu.c (iommu_print_event()), amd_iommu_types.h
 * (EVENT_*, PPR_*, GA_*).
 *
 * Event, dwords w0..w3; what a flag or operand means depends on the code:
 *
 *      31   28 27        16 15                    0
 *  w0 |        -    |PASID  |  DeviceID            |   PASID[19:16] = w0[19:16]
 *     |             |[19:16]|                      |
 *  w1 | code  |   flags     | DomainID/PASID[15:0] |
 *  w2 | address [31:0]                             |
 *  w3 | address [63:32]                            |
 *
 *  flags, as bits of the whole entry:
 *       59  57 58 57   56 55 54 53 52 51 50 49 48
 *      |  Type     |  TR|RZ|PE|RW|PR| I|US|NX|GN |
 *
 * Type is 58:57 of hardware errors and 59:57 of INVALID_DEVICE_REQUEST; US of
 * the latter is bit 49. w0[31:27] are the vIOMMU flags of codes 1..4, 11 and
 * 12. PASID of INVALID_PPR_REQUEST is placed as in a PPR entry, its tag is
 * w1[9:0]. The CounterNote of EVENT_COUNTER_ZERO is w2[19:0] (high) and w3.
 *
 * QEMU sets I in every IO_PAGE_FAULT, and never RW, PR or the domain ID.
 *
 * PPR, two qwords:
 *      63  60 59    48 47  46 45      42 41   32 31          16 15       0
 *     | type | flags  |  -   |PASID     | tag   | PASID [15:0] | DeviceID |
 *     |      |        |      |[19:16]   | [9:0] |              |          |
 *     | address                                                           |
 *
 * GA, one qword:
 *      63  60 59    48 47          32 31                                 0
 *     | type |   -    | DeviceID     | GA tag                             |
 */
#ifndef AMDIOMMU_LOG_H
#define AMDIOMMU_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdvi/bits.h>

#define AMDVI_EVENT_SIZE 16
#define AMDVI_PPR_SIZE 16
#define AMDVI_GA_SIZE 8

enum amdvi_event_code {
	AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY = 1,
	AMDVI_EVENT_IO_PAGE_FAULT = 2,
	AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR = 3,
	AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR = 4,
	AMDVI_EVENT_ILLEGAL_COMMAND_ERROR = 5,
	AMDVI_EVENT_COMMAND_HARDWARE_ERROR = 6,
	AMDVI_EVENT_IOTLB_INV_TIMEOUT = 7,
	AMDVI_EVENT_INVALID_DEVICE_REQUEST = 8,
	AMDVI_EVENT_INVALID_PPR_REQUEST = 9,
	AMDVI_EVENT_EVENT_COUNTER_ZERO = 10,
	AMDVI_EVENT_GUEST_EVENT_FAULT = 11,
	AMDVI_EVENT_VIOMMU_HARDWARE_ERROR = 12,
	AMDVI_EVENT_RMP_PAGE_FAULT = 13,
	AMDVI_EVENT_RMP_HARDWARE_ERROR = 14,
};

/** A decoded event. Fields that its code does not define are 0. */
struct amdvi_event {
	uint32_t w[4];
	uint8_t code;		/* enum amdvi_event_code, or 0, 15 */
	bool unused;		/* all 16 bytes are 0 */
	uint16_t flags;		/* w1[27:16], as Linux prints them; any code */
	uint16_t devid;		/* requester, no segment */
	uint16_t domain_id;	/* of faults without GN */
	uint32_t pasid;		/* if @gn */
	bool gn;		/* request carried a PASID */
	bool nx;		/* execute was requested */
	bool us;		/* user privilege */
	bool intr;		/* I: interrupt request, else memory */
	bool pr;		/* entry was present */
	bool rw;		/* write, else read */
	bool pe;		/* not permitted */
	bool rz;		/* reserved bit set, else bad level */
	bool tr;		/* ATS translation request */
	uint8_t type;		/* kind of hardware error or bad request */
	uint64_t address;	/* IOVA; code 3..7, 14: system physical;
				 * code 13: guest physical */
	uint16_t tag;		/* code 9: PRG tag */
	uint16_t vmg_tag;	/* code 13, 14 */
	uint8_t flags_rmp;	/* code 13: RMP check that failed */
	uint64_t counter_note;	/* code 10 */
	uint16_t guest_id;	/* code 11, 12 */
	uint8_t source;		/* code 12 */
	uint8_t vflags;		/* vIOMMU: 1 VNR, 4 VEvent, 8 VPtr, 16 VCmd */
};

/** Decode @w. */
void amdvi_event_decode(const uint32_t w[4], struct amdvi_event *event);

/** The spec's name, "UNKNOWN" for a code without a name; never NULL. */
const char *amdvi_event_name(unsigned int code);

/**
 * Does the address of this event point at a command in the ring where the
 * IOMMU stopped (codes 5, 6) or that timed out (7)?
 */
bool amdvi_event_blames_command(const struct amdvi_event *event);

/** Was an interrupt refused? Then the address is not an IOVA. */
bool amdvi_event_of_interrupt(const struct amdvi_event *event);

/** Operands and flags in spec order. Returns how many stored, <= @max. */
size_t amdvi_event_values(const struct amdvi_event *event,
			  struct amdvi_value *out, size_t max);

/**
 * One plain sentence: "write to IOVA 0x1000 by 0000:00:03.0 blocked: not
 * mapped (domain 5)". @segment is that of the IOMMU. snprintf() semantics.
 */
size_t amdvi_event_describe(const struct amdvi_event *event, uint16_t segment,
			    char *buf, size_t len);

/** A decoded peripheral page request. */
struct amdvi_ppr {
	uint64_t raw[2];
	bool unused;		/* all 16 bytes are 0 */
	uint8_t type;		/* 1: page service request */
	uint16_t devid;
	uint32_t pasid;		/* 20 bits, if @gn */
	uint16_t tag;		/* 10 bits; bit 9 also marks the last of a
				 * group */
	bool exec;		/* permissions asked for */
	bool read;
	bool write;
	bool user;
	bool rsvd;		/* reserved bit not zero */
	bool gn;		/* guest virtual address and PASID */
	uint64_t address;
};

/** Decode @raw. */
void amdvi_ppr_decode(const uint64_t raw[2], struct amdvi_ppr *ppr);

/** Fields in spec order. Returns how many were stored, <= @max. */
size_t amdvi_ppr_values(const struct amdvi_ppr *ppr, struct amdvi_value *out,
			size_t max);

/** A decoded guest vAPIC log entry. */
struct amdvi_ga {
	uint64_t raw;
	bool unused;		/* all 8 bytes are 0 */
	uint8_t type;		/* 1: the guest's vCPU was not running */
	uint16_t devid;
	uint32_t tag;		/* GATag of the IRTE */
};

/** Decode @raw. */
void amdvi_ga_decode(uint64_t raw, struct amdvi_ga *ga);

/** Fields in spec order. Returns how many were stored, <= @max. */
size_t amdvi_ga_values(const struct amdvi_ga *ga, struct amdvi_value *out,
		       size_t max);

#endif
