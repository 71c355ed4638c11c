/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network cards on machines that are laid out as real kernels lay out the drivers'
 * structures. Descriptors are written as the data sheets have them. Each card has
 * buffers in pages 2 to 5 and its descriptors in page CARD_DESC, by the device's
 * address.
 */
#ifndef CARDS_H
#define CARDS_H

#include "layouts.h"

#define CARD_COUNT	32u
#define CARD_CLEAN	2u
#define CARD_USE	6u
#define CARD_DESC	50u
#define CARD_ADMIN	54u	/* events of an admin queue */
#define CARD_CONTEXT	55u	/* a device's own state */
#define CARD_HEADROOM	64u	/* of buffers in a pool */
#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)

/** ROWS() - where kernels have what a driver's reader wants; END after them */
#define ROWS(name) \
	static const struct layout_row name##_rows[] = {
#define END };

/**
 * struct card_places - the next machine's kernel, and where things are in the latest
 * @kernel: that the next machine is laid out as
 * @slots: what the driver knows of each buffer
 * @function: what belongs to the PCI function, where that is another structure
 */
struct card_places {
	enum real_kernel kernel;
	uint64_t priv, ring, desc, slots, function;
};

extern struct card_places card;

/**
 * struct card_model - one kind of card
 * @certainty: of its buffers
 */
struct card_model {
	const char *driver;
	struct rig *(*make)(void);
	enum ami_certainty certainty;
};

/** CARD_LIST() - driver, who makes its machine (card_NAME()), certainty; one a row */
#define CARD_LIST(X) \
	X("bnxt_en", bnxt, AMI_PROVEN) \
	X("8139cp", cp, AMI_PROVEN) \
	X("e1000", e1000, AMI_PROVEN) \
	X("ena", ena, AMI_LIKELY) \
	X("i40e", i40e, AMI_PROVEN) \
	X("iavf", iavf, AMI_PROVEN) \
	X("ice", ice, AMI_PROVEN) \
	X("igb", igb, AMI_PROVEN) \
	X("igbvf", igbvf, AMI_PROVEN) \
	X("igc", igc, AMI_PROVEN) \
	X("ixgbe", ixgbe, AMI_PROVEN) \
	X("r8169", r8169, AMI_PROVEN) \
	X("tg3", tg3, AMI_PROVEN) \
	X("vmxnet3", vmxnet3, AMI_PROVEN)

#define CARD_ONE(...)		+ 1
#define CARD_MODELS		(0 CARD_LIST(CARD_ONE))

extern const struct card_model card_models[CARD_MODELS];

#define CARD_DECLARE(driver, make, ...)	struct rig *card_##make(void);
CARD_LIST(CARD_DECLARE)

/** card_rtl8139() - has one buffer for all; no row */
struct rig *card_rtl8139(void);

/** card_igbvf_split() - @header: bytes of a header's buffer; 0: none */
struct rig *card_igbvf_split(uint32_t header);

#define CARD_OPEN(driver, name, size) \
	card_open(driver, name##_rows, sizeof(name##_rows) / \
		  sizeof(name##_rows[0]), size)

/** card_open() - a machine with the card; @size: bytes of the driver's own part */
struct rig *card_open(const char *driver, const struct layout_row *rows,
		      size_t count, size_t size);

/** card_has() - does the kernel have this member? */
bool card_has(struct rig *rig, enum ami_field f);

/** card_element() - set an element of a member that is an array */
void card_element(struct rig *rig, uint64_t object, enum ami_field f,
		  unsigned int n, uint64_t value);

/** card_page() - the struct page of a page of the device's addresses */
uint64_t card_page(unsigned int page);

/** card_slot() - what the driver knows of buffer @i */
uint64_t card_slot(struct rig *rig, enum ami_type t, unsigned int i);

/** card_packet() - a packet whose data is at the start of this page */
uint64_t card_packet(struct rig *rig, unsigned int page);

/** card_put() - write descriptor @i */
void card_put(struct rig *rig, unsigned int stride, unsigned int i,
	      const void *bytes, size_t size);
void card_put_advanced(struct rig *rig, unsigned int i, uint64_t packet_at,
		       uint64_t header_at);
void card_put_realtek(struct rig *rig, unsigned int i, bool own, uint32_t size,
		      uint64_t addr);
void card_put_32(struct rig *rig, unsigned int i, uint64_t addr,
		 uint64_t header);

/** card_ice_page() - the page of a buffer of ice */
void card_ice_page(struct rig *rig, uint64_t fqe, uint64_t page);

#define CARD_RING(rig, ring, d) do {					\
	rig_set(rig, ring, AMI_F_##d##_desc, card.desc);		\
	rig_set(rig, ring, AMI_F_##d##_dma, IOVA(CARD_DESC));		\
	rig_set(rig, ring, AMI_F_##d##_count, CARD_COUNT);		\
	rig_set(rig, ring, AMI_F_##d##_to_use, CARD_USE);		\
	rig_set(rig, ring, AMI_F_##d##_to_clean, CARD_CLEAN);		\
} while (0)

/** card_posted() - is this page named as posted? */
bool card_posted(const struct rig *rig, enum ami_certainty certainty,
		 unsigned int page);

/** card_no_complaint() - nothing is said of damage or of sides that disagree */
void card_no_complaint(const struct rig *rig);

#endif
