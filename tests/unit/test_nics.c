// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network cards on machines that are laid out as real kernels lay out the drivers'
 * structures. Descriptors are written as the data sheets have them. Each card has
 * buffers in pages 2 to 5 and its descriptors in page RING, by the device's address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layouts.h"

#define COUNT		32u
#define CLEAN		2u
#define USE		6u
#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)
#define RING		50u
#define ADMIN		54u	/* events of an admin queue */
#define CONTEXT		55u	/* a device's own state */
#define NOWHERE		image_va(0x7f0000000000)	/* not RAM */

#define ROWS(name) \
	static const struct layout_row name##_rows[] = {
#define END };

ROWS(bnxt)
#include "layouts/bnxt_en.inc"
END
ROWS(cp)
#include "layouts/8139cp.inc"
END
ROWS(rtl8139)
#include "layouts/8139too.inc"
END
ROWS(e1000)
#include "layouts/e1000.inc"
END
ROWS(ena)
#include "layouts/ena.inc"
END
ROWS(i40e)
#include "layouts/i40e.inc"
END
ROWS(iavf)
#include "layouts/iavf.inc"
END
ROWS(ice)
#include "layouts/ice.inc"
END
ROWS(igb)
#include "layouts/igb.inc"
END
ROWS(igbvf)
#include "layouts/igbvf.inc"
END
ROWS(igc)
#include "layouts/igc.inc"
END
ROWS(ixgbe)
#include "layouts/ixgbe.inc"
END
ROWS(r8169)
#include "layouts/r8169.inc"
END
ROWS(tg3)
#include "layouts/tg3.inc"
END
ROWS(vmxnet3)
#include "layouts/vmxnet3.inc"
END

/* The kernel that the next machine is laid out as; places in the latest one. */
static enum real_kernel real;
static struct {
	uint64_t priv, ring, desc, books, function;
} at;

#define OPEN(driver, name, size) \
	open_card(driver, name##_rows, sizeof(name##_rows) / \
		  sizeof(name##_rows[0]), size)

/* @size: bytes of the driver's own part */
static struct rig *open_card(const char *driver, const struct layout_row *rows,
			     size_t count, size_t size)
{
	struct rig *rig = rig_open_interface(driver, real, rows, count, size,
					     &at.priv);

	at.desc = image_va(RIG_BUFFER + IOVA(RING));
	at.books = image_va(image_alloc(rig->m->img, 4));
	return rig;
}

/* A member that is an array: its element. */
static void set_element(struct rig *rig, uint64_t object, enum ami_field f,
			unsigned int n, uint64_t value)
{
	rig_set64(rig, rig_member(rig, object, f) + 8 * n, value);
}

static uint64_t page_of(unsigned int page)
{
	return rig_page(RIG_BUFFER + IOVA(page));
}

static uint64_t book(struct rig *rig, enum ami_type t, unsigned int i)
{
	return at.books + i * image_layout(rig->m->img)->type_size[t];
}

/* A packet whose data is at the start of this page. */
static uint64_t packet(struct rig *rig, unsigned int page)
{
	uint64_t skb = machine_object(rig->m, 0x200);

	rig_set(rig, skb, AMI_F_sk_buff_data, image_va(RIG_BUFFER + IOVA(page)));
	return skb;
}

static void put(struct rig *rig, unsigned int stride, unsigned int i,
		const void *bytes, size_t size)
{
	machine_write(rig->m, at.desc + i * stride, bytes, size);
}

/* 82576 data sheet 7.1.5: packet address, header address; length at byte 12. */
static void put_advanced(struct rig *rig, unsigned int i, uint64_t packet_at,
			 uint64_t header_at)
{
	const uint64_t d[] = { packet_at, header_at };

	put(rig, 16, i, d, sizeof(d));
}

/* 8254x manual 3.2.3: address, length, checksum, status, errors, special. */
static void put_legacy(struct rig *rig, unsigned int i, uint64_t addr,
		       uint8_t status)
{
	uint8_t d[16] = { 0 };

	memcpy(d, &addr, sizeof(addr));
	d[12] = status;
	put(rig, 16, i, d, sizeof(d));
}

/* 8169 data sheet, receive descriptor: OWN, EOR, size; VLAN; address. */
static void put_realtek(struct rig *rig, unsigned int i, bool own, uint32_t size,
			uint64_t addr)
{
	const uint32_t d[] = { (own ? 0x80000000u : 0x30000000u) | size, 0,
			       (uint32_t)addr, addr >> 32 };

	put(rig, 16, i, d, sizeof(d));
}

#define FILL_RING(rig, ring, d) do {					\
	rig_set(rig, ring, AMI_F_##d##_desc, at.desc);			\
	rig_set(rig, ring, AMI_F_##d##_dma, IOVA(RING));		\
	rig_set(rig, ring, AMI_F_##d##_count, COUNT);			\
	rig_set(rig, ring, AMI_F_##d##_to_use, USE);			\
	rig_set(rig, ring, AMI_F_##d##_to_clean, CLEAN);		\
} while (0)

#define FILL_BOOK(rig, d, i, into) do {					\
	rig_set(rig, book(rig, AMI_T_##d##_buf, i), AMI_F_##d##_buf_dma, \
		IOVA(i));						\
	rig_set(rig, book(rig, AMI_T_##d##_buf, i), AMI_F_##d##_buf_page, \
		page_of(i));						\
	rig_set(rig, book(rig, AMI_T_##d##_buf, i), AMI_F_##d##_buf_offset, \
		into);							\
} while (0)

/* Upper halves of the pages. Both rings lie in one place. */
#define INTEL(d, size)							\
static struct rig *d(void)						\
{									\
	struct rig *rig = OPEN(#d, d, size);				\
	uint64_t sends = machine_object(rig->m, 0x400);			\
	unsigned int i;							\
									\
	at.ring = machine_object(rig->m, 0x400);			\
	rig_set(rig, at.priv, AMI_F_##d##_nr_rx, 1);			\
	set_element(rig, at.priv, AMI_F_##d##_rx_ring, 0, at.ring);	\
	FILL_RING(rig, at.ring, d);					\
	rig_set(rig, at.priv, AMI_F_##d##_nr_tx, 1);			\
	set_element(rig, at.priv, AMI_F_##d##_tx_ring, 0, sends);	\
	FILL_RING(rig, sends, d);					\
	rig_set(rig, at.ring, AMI_F_##d##_buffers, at.books);		\
	for (i = CLEAN; i < USE; i++) {					\
		put_advanced(rig, i, IOVA(i) + 2048, 0);		\
		FILL_BOOK(rig, d, i, 2048);				\
	}								\
	return rig;							\
}

INTEL(igb, 0x4000)
INTEL(igc, 0x4000)
INTEL(ixgbe, 0x8000)

static struct rig *e1000(void)
{
	struct rig *rig = OPEN("e1000", e1000, 0x2000);
	uint64_t sends;
	unsigned int i;

	at.ring = rig_object(rig, AMI_T_e1000_rx_ring);
	sends = rig_object(rig, AMI_T_e1000_tx_ring);
	rig_set(rig, at.priv, AMI_F_e1000_nr_tx, 1);
	rig_set(rig, at.priv, AMI_F_e1000_tx_ring, sends);
	FILL_RING(rig, sends, e1000_tx);
	rig_set(rig, at.priv, AMI_F_e1000_nr_rx, 1);
	rig_set(rig, at.priv, AMI_F_e1000_rx_ring, at.ring);
	rig_set(rig, at.priv, AMI_F_e1000_rx_buffer_len, 1522);
	FILL_RING(rig, at.ring, e1000_rx);
	rig_set(rig, at.ring, AMI_F_e1000_buffers, at.books);
	rig_set(rig, at.ring, AMI_F_e1000_rx_to_use, USE + 1);
	for (i = CLEAN; i <= USE; i++) {
		uint64_t b = book(rig, AMI_T_e1000_buf, i);

		put_legacy(rig, i, IOVA(i), 0);
		rig_set(rig, b, AMI_F_e1000_buf_dma, IOVA(i));
		rig_set(rig, b, AMI_F_e1000_buf_data,
			image_va(RIG_BUFFER + IOVA(i)));
	}
	return rig;
}

static struct rig *igbvf_of(uint32_t header)
{
	struct rig *rig = OPEN("igbvf", igbvf, 0x1000);
	uint64_t sends = machine_object(rig->m, 0x400);
	unsigned int i;

	at.ring = machine_object(rig->m, 0x400);
	rig_set(rig, at.priv, AMI_F_igbvf_rx_ring, at.ring);
	rig_set(rig, at.priv, AMI_F_igbvf_tx_ring, sends);
	FILL_RING(rig, sends, igbvf);
	rig_set(rig, at.priv, AMI_F_igbvf_rx_buffer_len, 1522);
	rig_set(rig, at.priv, AMI_F_igbvf_ps_hdr_size, header);
	FILL_RING(rig, at.ring, igbvf);
	rig_set(rig, at.ring, AMI_F_igbvf_buffers, at.books);
	rig_set(rig, at.ring, AMI_F_igbvf_to_use, USE + 1);
	for (i = CLEAN; i <= USE; i++) {
		uint64_t b = book(rig, AMI_T_igbvf_buf, i);

		if (header)
			put_advanced(rig, i, IOVA(i) + 2048, IOVA(i + 10));
		else
			put_advanced(rig, i, IOVA(i), 0);
		rig_set(rig, b, AMI_F_igbvf_buf_dma, IOVA(header ? i + 10 : i));
		rig_set(rig, b, AMI_F_igbvf_buf_skb,
			packet(rig, header ? i + 10 : i));
		rig_set(rig, b, AMI_F_igbvf_buf_page_dma, IOVA(i) + 2048);
		rig_set(rig, b, AMI_F_igbvf_buf_page, page_of(i));
		rig_set(rig, b, AMI_F_igbvf_buf_offset, 2048);
	}
	return rig;
}

static struct rig *igbvf(void)
{
	return igbvf_of(0);
}

/* A pointer to pointers to the rings, as a virtual station has them. */
static uint64_t ring_apart(struct rig *rig, uint64_t vsi, enum ami_field list)
{
	uint64_t rings = machine_object(rig->m, 64);

	rig_set(rig, vsi, list, rings);
	rig_set64(rig, rings, at.ring);
	return rings;
}

/* Two events wait in it; each has its own buffer. */
#define PUT_ADMIN(rig, driver, queue) do {				\
	uint64_t ring_ = rig_member(rig, queue,				\
				    AMI_F_##driver##_aq_receive);	\
	uint64_t bufs_ = machine_object(rig->m, 64);			\
	unsigned int i_;						\
									\
	rig_set(rig, ring_, AMI_F_##driver##_aq_count, 2);		\
	rig_set(rig, ring_, AMI_F_##driver##_aq_buffers, bufs_);	\
	for (i_ = 0; i_ < 2; i_++, bufs_ += image_layout(rig->m->img)->	\
	     type_size[AMI_T_##driver##_mem]) {				\
		rig_set(rig, bufs_, AMI_F_##driver##_mem_dma,		\
			IOVA(ADMIN) + i_ * 2048);			\
		rig_set(rig, bufs_, AMI_F_##driver##_mem_size, 2048);	\
	}								\
} while (0)

/* What belongs to the PCI function; segment 1 of its own memory is direct. */
static void i40e_function(struct rig *rig)
{
	uint64_t segments = machine_object(rig->m, 256), hw, segment;

	at.function = machine_object(rig->m, 0x4000);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.function);
	hw = rig_member(rig, at.function, AMI_F_i40e_hw);
	PUT_ADMIN(rig, i40e, rig_member(rig, hw, AMI_F_i40e_aq));
	segment = segments + image_layout(rig->m->img)->type_size[AMI_T_i40e_sd];
	rig_set(rig, hw, AMI_F_i40e_hmc, segments);
	rig_set(rig, hw, AMI_F_i40e_nr_hmc, 2);
	rig_set(rig, segment, AMI_F_i40e_sd_valid, 1);
	rig_set(rig, segment, AMI_F_i40e_sd_type, 2);
	segment = rig_member(rig, segment, AMI_F_i40e_sd_direct);
	rig_set(rig, segment, AMI_F_i40e_mem_dma, IOVA(CONTEXT));
	rig_set(rig, segment, AMI_F_i40e_mem_size, 4096);
}

/* XL710 data sheet 8.3.2, 16 bytes. */
static struct rig *i40e(void)
{
	struct rig *rig = OPEN("i40e", i40e, 64);
	uint64_t vsi = machine_object(rig->m, 0x2000);
	unsigned int i;

	at.ring = machine_object(rig->m, 0x400);
	rig_set(rig, at.priv, AMI_F_i40e_vsi, vsi);
	rig_set(rig, vsi, AMI_F_i40e_queues, 1);
	rig_set(rig, vsi, AMI_F_i40e_tx_rings,
		ring_apart(rig, vsi, AMI_F_i40e_rx_rings));
	FILL_RING(rig, at.ring, i40e);
	rig_set(rig, at.ring, AMI_F_i40e_buffers, at.books);
	rig_set(rig, at.ring, AMI_F_i40e_buffer_len, 2048);
	for (i = CLEAN; i < USE; i++) {
		put_advanced(rig, i, IOVA(i) + 256, 0);
		FILL_BOOK(rig, i40e, i, 256);
	}
	i40e_function(rig);
	return rig;
}

/* E810 and XL710 data sheets, 32 bytes: two addresses, two words without use. */
static void put_32(struct rig *rig, unsigned int i, uint64_t addr,
		   uint64_t header)
{
	const uint64_t d[4] = { addr, header };

	put(rig, 32, i, d, sizeof(d));
}

/*
 * A pool whose buffers have 64 bytes before them; its pages know their addresses.
 * Kernels that have no pool keep the address themselves.
 */
#define HEADROOM	64u

static uint64_t pool_of(struct rig *rig)
{
	uint64_t pool = machine_object(rig->m, 0x100);
	struct ami_layout *l = image_layout(rig->m->img);

	l->field[AMI_F_page_pool_offset] = (struct ami_member){
		.present = true, .offset = 40, .size = 4,
	};
	rig_set(rig, pool, AMI_F_page_pool_offset, HEADROOM);
	rig_pool_pages(rig, 30);
	return pool;
}

static bool has(struct rig *rig, enum ami_field f)
{
	return image_layout(rig->m->img)->field[f].present;
}

/* Buffers 1 KiB into the pages. */
#define LIBETH(d, ring_members)						\
static void d##_buffers(struct rig *rig)				\
{									\
	uint64_t pool = 0, into = 1024;					\
	unsigned int i;							\
									\
	if (has(rig, AMI_F_##d##_fqes)) {				\
		pool = pool_of(rig);					\
		rig_set(rig, at.ring, AMI_F_##d##_pool, pool);		\
		rig_set(rig, at.ring, AMI_F_##d##_fqes, at.books);	\
		into += HEADROOM;					\
	} else {							\
		rig_set(rig, at.ring, AMI_F_##d##_buffers, at.books);	\
	}								\
	rig_set(rig, at.ring, AMI_F_##d##_buffer_len, 2048);		\
	FILL_RING(rig, at.ring, ring_members);				\
	for (i = CLEAN; i < USE; i++) {					\
		uint64_t b = book(rig, AMI_T_##d##_fqe, i);		\
									\
		put_32(rig, i, IOVA(i) + into, 0);			\
		if (!pool) {						\
			FILL_BOOK(rig, d, i, 1024);			\
			continue;					\
		}							\
		d##_page(rig, b, page_of(i));				\
		rig_set(rig, b, AMI_F_##d##_fqe_offset, 1024);		\
	}								\
}

static void iavf_page(struct rig *rig, uint64_t fqe, uint64_t page)
{
	rig_set(rig, fqe, AMI_F_iavf_fqe_page, page);
	rig_set(rig, fqe, AMI_F_iavf_fqe_netmem, page);
}

static void ice_page(struct rig *rig, uint64_t fqe, uint64_t page)
{
	rig_set(rig, fqe, AMI_F_ice_fqe_netmem, page);
}

LIBETH(iavf, iavf)
LIBETH(ice, ice_rx)

static struct rig *iavf(void)
{
	struct rig *rig = OPEN("iavf", iavf, 0x2000);

	at.ring = rig_object(rig, AMI_T_iavf_ring);
	rig_set(rig, at.priv, AMI_F_iavf_queues, 1);
	rig_set(rig, at.priv, AMI_F_iavf_rx_rings, at.ring);
	rig_set(rig, at.priv, AMI_F_iavf_tx_rings, at.ring);
	iavf_buffers(rig);
	PUT_ADMIN(rig, iavf, rig_member(rig, rig_member(rig, at.priv,
							AMI_F_iavf_hw),
					AMI_F_iavf_aq));
	return rig;
}

static struct rig *ice(void)
{
	struct rig *rig = OPEN("ice", ice, 64);
	uint64_t vsi = machine_object(rig->m, 0x1000);

	at.ring = machine_object(rig->m, 0x400);
	FILL_RING(rig, at.ring, ice_tx);
	rig_set(rig, vsi, AMI_F_ice_nr_tx, 1);
	ring_apart(rig, vsi, AMI_F_ice_tx_rings);
	at.ring = machine_object(rig->m, 0x400);
	rig_set(rig, at.priv, AMI_F_ice_vsi, vsi);
	rig_set(rig, vsi, AMI_F_ice_nr_rx, 1);
	ring_apart(rig, vsi, AMI_F_ice_rx_rings);
	ice_buffers(rig);
	at.function = machine_object(rig->m, 0x8000);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.function);
	PUT_ADMIN(rig, ice, rig_member(rig, rig_member(rig, at.function,
						       AMI_F_ice_hw),
				       AMI_F_ice_mailbox));
	return rig;
}

/* 256 pages of order 2; only four are the device's, others have no buffer. */
static struct rig *r8169(void)
{
	struct rig *rig = OPEN("r8169", r8169, 0x2000);
	unsigned int i;

	rig_set(rig, at.priv, AMI_F_r8169_rx_desc, at.desc);
	rig_set(rig, at.priv, AMI_F_r8169_rx_dma, IOVA(RING));
	rig_set(rig, at.priv, AMI_F_r8169_tx_dma, IOVA(RING + 2));
	rig_set(rig, at.priv, AMI_F_r8169_tally, IOVA(RING + 3));
	for (i = 0; i < 256; i++) {
		unsigned int page = i < 256 - 4 ? 100 : 2 + i - 252;

		put_realtek(rig, i, i >= 252, 16383, IOVA(page));
		set_element(rig, at.priv, AMI_F_r8169_pages, i, page_of(page));
	}
	return rig;
}

static struct rig *cp(void)
{
	struct rig *rig = OPEN("8139cp", cp, 0x1000);
	unsigned int i;

	rig_set(rig, at.priv, AMI_F_cp_rx_ring, at.desc);
	rig_set(rig, at.priv, AMI_F_cp_ring_dma, IOVA(RING));
	rig_set(rig, at.priv, AMI_F_cp_buffer_len, 1536);
	for (i = 0; i < 64; i++) {
		unsigned int page = i < 4 ? 2 + i : 100;

		put_realtek(rig, i, i < 4, 1536, IOVA(page));
		set_element(rig, at.priv, AMI_F_cp_rx_skb, i, packet(rig, page));
	}
	return rig;
}

/* Its 32 KiB and what may run past the end: 8 pages and a half. */
static struct rig *rtl8139(void)
{
	struct rig *rig = OPEN("8139too", rtl8139, 0x1000);

	rig_set(rig, at.priv, AMI_F_rtl8139_rx_ring, at.desc);
	rig_set(rig, at.priv, AMI_F_rtl8139_rx_dma, IOVA(2));
	rig_set(rig, at.priv, AMI_F_rtl8139_rx_config, 2u << 11);
	return rig;
}

/* Broadcom's programmer's guide: host address as two words, the higher first. */
static void put_tg3(struct rig *rig, unsigned int i, uint64_t addr)
{
	const uint32_t d[8] = { addr >> 32, (uint32_t)addr, 1600 };

	put(rig, 32, i, d, sizeof(d));
}

static struct rig *tg3(void)
{
	struct rig *rig = OPEN("tg3", tg3, 0x2000);
	uint64_t napi;
	unsigned int i;

	napi = rig_member(rig, at.priv, AMI_F_tg3_napi);
	at.ring = napi;
	rig_set(rig, at.priv, AMI_F_tg3_irq_cnt, 2);
	rig_set(rig, at.priv, AMI_F_tg3_std_mask, COUNT - 1);
	rig_set(rig, at.priv, AMI_F_tg3_ret_mask, 63);
	rig_set(rig, at.priv, AMI_F_tg3_map_size, 1600);
	rig_set(rig, at.priv, AMI_F_tg3_stats, IOVA(RING + 3));
	rig_set(rig, napi, AMI_F_tg3_std, at.desc);
	rig_set(rig, napi, AMI_F_tg3_std_books, at.books);
	rig_set(rig, napi, AMI_F_tg3_status, IOVA(RING + 1));
	rig_set(rig, napi, AMI_F_tg3_return, IOVA(RING));
	for (i = CLEAN; i < USE; i++) {
		uint64_t b = book(rig, AMI_T_tg3_book, i);

		put_tg3(rig, i, IOVA(i) + 64);
		rig_set(rig, b, AMI_F_tg3_book_dma, IOVA(i) + 64);
		rig_set(rig, b, AMI_F_tg3_book_data,
			image_va(RIG_BUFFER + IOVA(i)));
	}
	return rig;
}

/* vmxnet3_defs.h, Vmxnet3_RxDesc: address, length of 14 bits, generation. */
static void put_vmxnet3(struct rig *rig, unsigned int i, uint64_t addr)
{
	const uint64_t d[] = { addr, 1522u | 1ull << 31 };

	put(rig, 16, i, d, sizeof(d));
}

static struct rig *vmxnet3(void)
{
	struct rig *rig = OPEN("vmxnet3", vmxnet3, 0xb000);
	uint64_t queue = rig_member(rig, at.priv, AMI_F_vmxnet3_rx_queue);
	unsigned int i;

	at.ring = rig_member(rig, queue, AMI_F_vmxnet3_rx_rings);
	rig_set(rig, at.priv, AMI_F_vmxnet3_nr_rx, 1);
	rig_set(rig, at.priv, AMI_F_vmxnet3_nr_tx, 1);
	set_element(rig, queue, AMI_F_vmxnet3_buf_info, 0, at.books);
	rig_set(rig, queue, AMI_F_vmxnet3_rx_comp_pa, IOVA(RING));
	rig_set(rig, queue, AMI_F_vmxnet3_rx_comp_size, COUNT);
	rig_set(rig, at.ring, AMI_F_vmxnet3_ring_base, at.desc);
	rig_set(rig, at.ring, AMI_F_vmxnet3_ring_size, COUNT);
	rig_set(rig, at.ring, AMI_F_vmxnet3_ring_fill, USE);
	rig_set(rig, at.ring, AMI_F_vmxnet3_ring_comp, CLEAN);
	for (i = CLEAN; i < USE; i++) {
		uint64_t b = book(rig, AMI_T_vmxnet3_rx_buf, i);

		put_vmxnet3(rig, i, IOVA(i));
		rig_set(rig, b, AMI_F_vmxnet3_buf_type, 1);
		rig_set(rig, b, AMI_F_vmxnet3_buf_len, 1522);
		rig_set(rig, b, AMI_F_vmxnet3_buf_dma, IOVA(i));
		rig_set(rig, b, AMI_F_vmxnet3_buf_skb, packet(rig, i));
	}
	return rig;
}

/* The device has IDs 3 to 6 of places 2 to 5. */
static struct rig *ena(void)
{
	struct rig *rig = OPEN("ena", ena, 0x5a000);
	uint64_t ids = machine_object(rig->m, 256);
	uint64_t cq = machine_object(rig->m, 256);
	uint16_t id[COUNT];
	unsigned int i;

	at.ring = rig_member(rig, at.priv, AMI_F_ena_rx_ring);
	rig_set(rig, at.priv, AMI_F_ena_queues, 1);
	rig_set(rig, at.priv, AMI_F_ena_dev, machine_object(rig->m, 0x2000));
	rig_set(rig, at.ring, AMI_F_ena_free_ids, ids);
	rig_set(rig, at.ring, AMI_F_ena_buffers, at.books);
	rig_set(rig, at.ring, AMI_F_ena_ring_size, COUNT);
	/* Both run on, past the size of the ring. */
	rig_set(rig, at.ring, AMI_F_ena_to_clean, 3 * COUNT + CLEAN);
	rig_set(rig, at.ring, AMI_F_ena_to_use, 3 * COUNT + USE);
	rig_set(rig, at.ring, AMI_F_ena_cq, cq);
	rig_set(rig, cq, AMI_F_ena_cq_dma, IOVA(RING));
	rig_set(rig, cq, AMI_F_ena_cq_depth, COUNT);
	rig_set(rig, cq, AMI_F_ena_cq_entry, 16);
	for (i = 0; i < COUNT; i++)
		id[i] = (i + 1) % COUNT;
	machine_write(rig->m, ids, id, sizeof(id));
	for (i = CLEAN; i < USE; i++) {
		uint64_t b = book(rig, AMI_T_ena_buf, i + 1);

		rig_set(rig, b, AMI_F_ena_buf_dma, IOVA(i) + 128);
		rig_set(rig, b, AMI_F_ena_buf_len, 1920);
	}
	return rig;
}

/*
 * Broadcom's struct rx_bd: length and type, a number, address. Buffers begin 16
 * bytes into memory of the kernel. Of those for large frames, 7 has a descriptor
 * and 9 has none.
 */
static void put_bnxt(struct rig *rig, uint64_t ring, unsigned int i,
		     uint32_t number, uint64_t addr)
{
	uint8_t d[16] = { 4, 0, 0, 6 };

	memcpy(d + 4, &number, sizeof(number));
	memcpy(d + 8, &addr, sizeof(addr));
	machine_write(rig->m, ring + i * 16, d, sizeof(d));
}

static void bnxt_large(struct rig *rig)
{
	uint64_t ring = image_va(image_alloc(rig->m->img, 1));
	uint64_t used = machine_object(rig->m, 8);
	uint64_t books = image_va(image_alloc(rig->m->img, 1));
	unsigned int i;

	rig_set(rig, at.priv, AMI_F_bnxt_agg_mask, 15);
	set_element(rig, at.ring, AMI_F_bnxt_agg_desc, 0, ring);
	rig_set(rig, at.ring, AMI_F_bnxt_agg_used, used);
	rig_set(rig, at.ring, AMI_F_bnxt_agg_books, books);
	rig_set(rig, at.ring, AMI_F_bnxt_agg_size, 4096);
	rig_set64(rig, used, 1u << 7 | 1u << 9);
	put_bnxt(rig, ring, 3, 7, IOVA(8));
	put_bnxt(rig, ring, 4, 9, IOVA(20));	/* before it was used again */
	for (i = 7; i <= 9; i++) {
		uint64_t b = books + i * image_layout(rig->m->img)->
					 type_size[AMI_T_bnxt_agg];

		rig_set(rig, b, AMI_F_bnxt_agg_page, page_of(i + 1));
		rig_set(rig, b, AMI_F_bnxt_agg_netmem, page_of(i + 1));
		rig_set(rig, b, AMI_F_bnxt_agg_dma, IOVA(i + 1));
	}
}

static uint64_t bnxt_page(struct rig *rig, uint64_t mem, unsigned int page)
{
	uint64_t list = machine_object(rig->m, 8);

	rig_set64(rig, list, IOVA(page));
	rig_set(rig, mem, AMI_F_bnxt_mem_pages, 1);
	rig_set(rig, mem, AMI_F_bnxt_mem_size, 4096);
	rig_set(rig, mem, AMI_F_bnxt_mem_dma, list);
	return mem;
}

static void bnxt_memory(struct rig *rig)
{
	uint64_t ctx = machine_object(rig->m, 0x10000), pg = ctx, cp, napi;
	uint64_t napis = machine_object(rig->m, 8);

	napi = machine_object(rig->m, 0x1000);
	rig_set64(rig, napis, napi);
	rig_set(rig, at.priv, AMI_F_bnxt_napis, napis);
	rig_set(rig, at.priv, AMI_F_bnxt_nr_cp, 1);
	cp = rig_member(rig, napi, AMI_F_bnxt_cp);
	bnxt_page(rig, rig_member(rig, cp, AMI_F_bnxt_cp_mem), RING);
	rig_set(rig, at.priv, AMI_F_bnxt_ctx, ctx);
	if (has(rig, AMI_F_bnxt_ctx_types)) {
		pg = rig_object(rig, AMI_T_bnxt_pg);
		rig_set(rig, rig_member(rig, ctx, AMI_F_bnxt_ctx_types),
			AMI_F_bnxt_type_pages, pg);
	} else {
		pg = rig_member(rig, ctx, AMI_F_bnxt_ctx_stat);
	}
	bnxt_page(rig, rig_member(rig, pg, AMI_F_bnxt_pg_mem), CONTEXT);
}

static struct rig *bnxt(void)
{
	struct rig *rig = OPEN("bnxt_en", bnxt, 0x3000);
	uint64_t tpa = machine_object(rig->m, 0x100), pool, page;
	unsigned int i;

	at.ring = rig_object(rig, AMI_T_bnxt_rx);
	rig_set(rig, at.priv, AMI_F_bnxt_rx, at.ring);
	rig_set(rig, at.priv, AMI_F_bnxt_nr_rx, 1);
	rig_set(rig, at.priv, AMI_F_bnxt_rx_mask, COUNT - 1);
	rig_set(rig, at.priv, AMI_F_bnxt_buf_size, 1536);
	rig_set(rig, at.priv, AMI_F_bnxt_dma_offset, 16);
	rig_set(rig, at.priv, AMI_F_bnxt_max_tpa, 1);
	set_element(rig, at.ring, AMI_F_bnxt_desc, 0, at.desc);
	rig_set(rig, at.ring, AMI_F_bnxt_books, at.books);
	rig_set(rig, at.ring, AMI_F_bnxt_cons, CLEAN);
	/* In newer kernels it runs on. */
	rig_set(rig, at.ring, AMI_F_bnxt_prod, real == REAL_6_1 ? USE :
		3 * COUNT + USE);
	rig_set(rig, at.ring, AMI_F_bnxt_tpa, tpa);
	rig_set(rig, tpa, AMI_F_bnxt_tpa_data, image_va(RIG_BUFFER + IOVA(11)));
	rig_set(rig, tpa, AMI_F_bnxt_tpa_dma, IOVA(11));
	for (i = CLEAN; i < USE; i++) {
		uint64_t b = book(rig, AMI_T_bnxt_buf, i);

		put_bnxt(rig, at.desc, i, i, IOVA(i) + 16);
		rig_set(rig, b, AMI_F_bnxt_buf_data,
			image_va(RIG_BUFFER + IOVA(i)));
		rig_set(rig, b, AMI_F_bnxt_buf_dma, IOVA(i) + 16);
	}
	bnxt_large(rig);
	bnxt_memory(rig);
	pool = machine_object(rig->m, 0x100);
	page = machine_object(rig->m, 0x100);
	machine_list_init(rig->m, rig_member(rig, pool, AMI_F_dma_pool_pages));
	rig_set(rig, pool, AMI_F_dma_pool_allocation, 4096);
	rig_set(rig, page, AMI_F_dma_page_dma, IOVA(ADMIN));
	machine_list_add(rig->m, rig_member(rig, pool, AMI_F_dma_pool_pages),
			 rig_member(rig, page, AMI_F_dma_page_list));
	rig_set(rig, at.priv, AMI_F_bnxt_answers, pool);
	return rig;
}

static const struct card {
	const char *driver;
	struct rig *(*make)(void);
	enum ami_certainty certainty;	/* of its buffers */
} cards[] = {
	{ "bnxt_en", bnxt, AMI_PROVEN },
	{ "8139cp", cp, AMI_PROVEN },
	{ "e1000", e1000, AMI_PROVEN },
	{ "ena", ena, AMI_LIKELY },
	{ "i40e", i40e, AMI_PROVEN },
	{ "iavf", iavf, AMI_PROVEN },
	{ "ice", ice, AMI_PROVEN },
	{ "igb", igb, AMI_PROVEN },
	{ "igbvf", igbvf, AMI_PROVEN },
	{ "igc", igc, AMI_PROVEN },
	{ "ixgbe", ixgbe, AMI_PROVEN },
	{ "r8169", r8169, AMI_PROVEN },
	{ "tg3", tg3, AMI_PROVEN },
	{ "vmxnet3", vmxnet3, AMI_PROVEN },
};

#define CARDS	(sizeof(cards) / sizeof(cards[0]))

static bool posted(const struct rig *rig, enum ami_certainty certainty,
		   unsigned int page)
{
	return rig_names(rig, AMI_CLASS_POSTED, certainty,
			 RIG_BUFFER + IOVA(page));
}

static void no_complaint(const struct rig *rig)
{
	assert_int_equal(rig_found(rig, "descriptor-disagrees"), 0);
	assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 0);
	assert_int_equal(rig_found(rig, "buffer-not-mapped"), 0);
	assert_int_equal(rig_found(rig, "descriptors-unread"), 0);
	assert_int_equal(rig_found(rig, "driver-state-damaged"), 0);
	assert_int_equal(rig_found(rig, "driver-state-unread"), 0);
}

static void check_card(const struct card *card)
{
	struct rig *rig = card->make();
	unsigned int page;

	print_message("# %s on kernel %d\n", card->driver, real);
	machine_analyse(rig->m);
	for (page = 2; page < 6; page++)
		assert_true(posted(rig, card->certainty, page));
	assert_true(posted(rig, AMI_PROVEN, RING));
	assert_false(posted(rig, AMI_PROVEN, 30));
	assert_true(rig_covered(rig, card->driver));
	no_complaint(rig);
	rig_free(rig);
}

static void all_cards(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < CARDS; i++)
		for (real = 0; real < REAL_KERNELS; real++)
			check_card(&cards[i]);
}

/* What the device writes besides the rings of interfaces. */
static void other_memory(void **state)
{
	static struct rig *(*const make[])(void) = { i40e, iavf, ice, bnxt };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		for (real = 0; real < REAL_KERNELS; real++) {
			struct rig *rig = make[i]();

			machine_analyse(rig->m);
			assert_true(posted(rig, make[i] == bnxt ? AMI_LIKELY :
					   AMI_PROVEN, ADMIN));
			assert_int_equal(posted(rig, AMI_PROVEN, CONTEXT),
					 make[i] == bnxt || make[i] == i40e);
			rig_free(rig);
		}
}

static void large_frames(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = bnxt();

		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_PROVEN, 8) &&
			    posted(rig, AMI_LIKELY, 10) &&
			    posted(rig, AMI_POSSIBLE, 11));
		assert_false(posted(rig, AMI_PROVEN, 9) ||
			     posted(rig, AMI_LIKELY, 9) ||
			     posted(rig, AMI_LIKELY, 20) ||
			     posted(rig, AMI_PROVEN, 20));
		rig_free(rig);
	}
}

/* A ring of the flow director: its station has no interface. */
static void without_interface(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = i40e();
		uint64_t vsis = machine_object(rig->m, 8), vsi;

		image_read(rig->m->img, at.priv - IMAGE_DIRECT_MAP +
			   rig_member(rig, 0, AMI_F_i40e_vsi), &vsi,
			   sizeof(vsi));
		rig_set64(rig, vsis, vsi);
		rig_set(rig, at.priv, AMI_F_i40e_vsi, 0);
		rig_set(rig, at.function, AMI_F_i40e_vsis, vsis);
		rig_set(rig, at.function, AMI_F_i40e_nr_vsis, 1);
		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_PROVEN, 2) &&
			    posted(rig, AMI_PROVEN, 5));
		no_complaint(rig);
		rig_free(rig);
	}
}

static void one_buffer(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = rtl8139();

		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_PROVEN, 2) &&
			    posted(rig, AMI_PROVEN, 10));
		assert_false(posted(rig, AMI_PROVEN, 11));
		assert_true(rig_covered(rig, "8139too"));
		rig_free(rig);
	}
}

/* With iommu=pt the device's addresses are the buffers' own. */
static void kept_by_page(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_7_3;
	rig = r8169();
	rig_untranslated(rig);
	put_realtek(rig, 252, true, 16383, RIG_BUFFER + IOVA(2));
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_PROVEN, 2));
	/* The others' addresses are none of their pages. */
	assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 1);
	assert_true(posted(rig, AMI_LIKELY, 3));
	rig_free(rig);
}

static void split_headers(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = igbvf_of(128);

		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_PROVEN, 2) &&
			    posted(rig, AMI_PROVEN, 12) &&
			    posted(rig, AMI_POSSIBLE, 6));
		assert_true(rig_covered(rig, "igbvf"));
		no_complaint(rig);
		rig_free(rig);
	}
}

/* ice gives headers a pool of their own where it can. */
static void pool_of_headers(void **state)
{
	struct rig *rig;
	uint64_t headers;
	unsigned int i;

	(void)state;
	real = REAL_7_3;
	rig = ice();
	headers = image_va(image_alloc(rig->m->img, 1));
	rig_set(rig, at.ring, AMI_F_ice_header_fqes, headers);
	rig_set(rig, at.ring, AMI_F_ice_header_len, 256);
	for (i = CLEAN; i < USE; i++) {
		uint64_t b = headers + i * image_layout(rig->m->img)->
					   type_size[AMI_T_ice_fqe];

		ice_page(rig, b, page_of(i + 10));
		put_32(rig, i, IOVA(i) + 1024 + HEADROOM, IOVA(i + 10));
	}
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_PROVEN, 2) && posted(rig, AMI_PROVEN, 12) &&
		    posted(rig, AMI_PROVEN, 15));
	no_complaint(rig);
	rig_free(rig);
}

/* A program's buffers: entries are pointers, or have one. */
static void program_buffers(struct rig *rig, enum ami_type type,
			    enum ami_field xsk, enum ami_field list,
			    enum ami_field xdp)
{
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t buffers = image_va(image_alloc(rig->m->img, 1));
	unsigned int i;

	l->field[AMI_F_xdp_buff_dma] = (struct ami_member){
		.present = true, .offset = 80, .size = 8,
	};
	rig_set(rig, at.ring, xsk, buffers);
	rig_set(rig, at.ring, list, at.books);
	for (i = CLEAN; i < USE; i++) {
		rig_set(rig, buffers + i * 128, AMI_F_xdp_buff_dma,
			IOVA(i) + 2048);
		put_advanced(rig, i, IOVA(i) + 2048, 0);
		if (xdp)
			rig_set(rig, book(rig, type, i), xdp,
				buffers + i * 128);
		else
			rig_set64(rig, at.books + i * 8, buffers + i * 128);
	}
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_PROVEN, 2) && posted(rig, AMI_PROVEN, 5));
	no_complaint(rig);
	rig_free(rig);
}

static void programs(void **state)
{
	struct rig *rig;

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		rig = igc();
		program_buffers(rig, AMI_T_igc_buf, AMI_F_igc_xsk,
				AMI_F_igc_buffers, AMI_F_igc_buf_xdp);
		rig = i40e();
		program_buffers(rig, 0, AMI_F_i40e_xsk, AMI_F_i40e_buffers, 0);
	}
}

/* Nothing is described, and nothing guessed. */
static void without_types(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_1;
	rig = tg3();
	image_layout(rig->m->img)->field[AMI_F_tg3_napi].present = false;
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "driver-types-missing"), 1);
	assert_int_equal(rig_found(rig, "no-evidence-provider"), 1);
	assert_false(rig_covered(rig, "tg3"));
	rig_free(rig);
}

#define DAMAGE(name, object, field, value)				\
static void name(struct rig *rig)					\
{									\
	rig_set(rig, object, AMI_F_##field, value);			\
}

DAMAGE(bnxt_mask, at.priv, bnxt_rx_mask, 0x7ffffffe)
DAMAGE(bnxt_agg, at.priv, bnxt_agg_mask, UINT32_MAX)
DAMAGE(bnxt_rings, at.priv, bnxt_nr_rx, UINT32_MAX)
DAMAGE(bnxt_vectors, at.priv, bnxt_nr_cp, UINT32_MAX)
DAMAGE(bnxt_used, at.ring, bnxt_agg_used, NOWHERE)
DAMAGE(bnxt_context, at.priv, bnxt_ctx, NOWHERE)
DAMAGE(i40e_segments, rig_member(rig, at.function, AMI_F_i40e_hw), i40e_nr_hmc,
       UINT32_MAX)
DAMAGE(i40e_list, rig_member(rig, at.function, AMI_F_i40e_hw), i40e_hmc, NOWHERE)
DAMAGE(ice_function, rig->dev, device_driver_data, NOWHERE)
DAMAGE(e1000_huge, at.ring, e1000_rx_count, UINT32_MAX)
DAMAGE(e1000_queues, at.priv, e1000_nr_rx, 0x7fffffff)
DAMAGE(e1000_nowhere, at.priv, e1000_rx_ring, NOWHERE)
DAMAGE(e1000_size, at.priv, e1000_rx_buffer_len, 1u << 30)
DAMAGE(i40e_beyond, at.ring, i40e_to_use, COUNT)
DAMAGE(i40e_vsi, at.priv, i40e_vsi, NOWHERE)
DAMAGE(ice_size, at.ring, ice_buffer_len, 0)
DAMAGE(ice_fqes, at.ring, ice_fqes, NOWHERE)
DAMAGE(iavf_queues, at.priv, iavf_queues, 0x7fffffff)
DAMAGE(igbvf_header, at.priv, igbvf_ps_hdr_size, 1u << 30)
DAMAGE(igbvf_nowhere, at.priv, igbvf_rx_ring, NOWHERE)
DAMAGE(r8169_nowhere, at.priv, r8169_rx_desc, NOWHERE)
DAMAGE(r8169_odd, at.priv, r8169_rx_desc, 0x1000)
DAMAGE(cp_size, at.priv, cp_buffer_len, UINT32_MAX)
DAMAGE(tg3_vectors, at.priv, tg3_irq_cnt, UINT32_MAX)
DAMAGE(tg3_mask, at.priv, tg3_std_mask, UINT32_MAX)
DAMAGE(tg3_return, at.priv, tg3_ret_mask, UINT32_MAX)
DAMAGE(tg3_books, at.ring, tg3_std_books, NOWHERE)
DAMAGE(vmxnet3_queues, at.priv, vmxnet3_nr_rx, UINT32_MAX)
DAMAGE(vmxnet3_size, at.ring, vmxnet3_ring_size, UINT32_MAX)
DAMAGE(vmxnet3_fill, at.ring, vmxnet3_ring_fill, COUNT)
DAMAGE(ena_size, at.ring, ena_ring_size, 0x7fffffff)
DAMAGE(ena_odd, at.ring, ena_ring_size, 33)
DAMAGE(ena_many, at.priv, ena_queues, UINT32_MAX)
DAMAGE(ena_ids, at.ring, ena_free_ids, NOWHERE)
DAMAGE(ena_dev, at.priv, ena_dev, NOWHERE)

static const struct {
	struct rig *(*make)(void);
	struct rig_damage list[4];
} damaged[] = {
	{ e1000, { { "e1000 count", e1000_huge, "driver-state-damaged" },
		   { "e1000 queues", e1000_queues, "driver-state-damaged" },
		   { "e1000 nowhere", e1000_nowhere, "driver-state-unread" },
		   { "e1000 size", e1000_size, "driver-state-damaged" } } },
	{ i40e, { { "i40e beyond", i40e_beyond, "driver-state-damaged" },
		  { "i40e vsi", i40e_vsi, "driver-state-unread" } } },
	{ i40e, { { "i40e segments", i40e_segments, "driver-state-damaged" },
		  { "i40e no list", i40e_list, "driver-state-unread" } } },
	{ ice, { { "ice size", ice_size, "driver-state-damaged" },
		 { "ice function", ice_function, "driver-state-unread" } } },
	{ bnxt, { { "bnxt mask", bnxt_mask, "driver-state-damaged" },
		  { "bnxt large", bnxt_agg, "driver-state-damaged" },
		  { "bnxt rings", bnxt_rings, "driver-state-damaged" },
		  { "bnxt vectors", bnxt_vectors, "driver-state-damaged" } } },
	{ bnxt, { { "bnxt map", bnxt_used, "driver-state-unread" },
		  { "bnxt context", bnxt_context, "driver-state-unread" } } },
	{ iavf, { { "iavf queues", iavf_queues, "driver-state-damaged" } } },
	{ igbvf, { { "igbvf header", igbvf_header, "driver-state-damaged" },
		   { "igbvf nowhere", igbvf_nowhere, "driver-state-unread" } } },
	{ r8169, { { "r8169 nowhere", r8169_nowhere, "descriptors-unread" },
		   { "r8169 odd", r8169_odd, "driver-state-damaged" } } },
	{ cp, { { "8139cp size", cp_size, "driver-state-damaged" } } },
	{ tg3, { { "tg3 vectors", tg3_vectors, "driver-state-damaged" },
		 { "tg3 mask", tg3_mask, "driver-state-damaged" },
		 { "tg3 return", tg3_return, "driver-state-damaged" } } },
	{ vmxnet3, { { "vmxnet3 queues", vmxnet3_queues,
		       "driver-state-damaged" },
		     { "vmxnet3 size", vmxnet3_size, "driver-state-damaged" },
		     { "vmxnet3 fill", vmxnet3_fill,
		       "driver-state-damaged" } } },
	{ ena, { { "ena size", ena_size, "driver-state-damaged" },
		 { "ena odd", ena_odd, "driver-state-damaged" },
		 { "ena many", ena_many, "driver-state-damaged" },
		 { "ena ids", ena_ids, "buffers-unknown" } } },
};

static void hostile(void **state)
{
	size_t i, n;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		for (n = 0; n < 4 && damaged[i].list[n].name; n++)
			;
		rig_survives(damaged[i].make, damaged[i].list, n);
	}
}

/* One side is gone: the other speaks, and nobody takes it for proven. */
static void one_side(void **state)
{
	static const struct {
		struct rig *(*make)(void);
		void (*damage)(struct rig *rig);
		enum ami_certainty certainty;
	} list[] = {
		{ ice, ice_fqes, AMI_PROVEN }, { tg3, tg3_books, AMI_PROVEN },
		{ r8169, r8169_nowhere, AMI_LIKELY },
	};
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig *rig = list[i].make();

		list[i].damage(rig);
		machine_analyse(rig->m);
		assert_true(posted(rig, list[i].certainty, 2));
		rig_free(rig);
	}
}

static void ena_without_device(void **state)
{
	static const struct rig_damage list[] = {
		{ "ena device", ena_dev, "driver-state-unread" },
	};

	(void)state;
	real = REAL_6_12;
	rig_survives(ena, list, 1);
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < CARDS; i++) {
		/* Struct pages of a pool change what else is known. */
		if (cards[i].make == ice || cards[i].make == iavf)
			continue;
		print_message("# %s\n", cards[i].driver);
		rig_survives_gaps(cards[i].make);
	}
}

static void zero(struct rig *rig, uint64_t va, size_t pages)
{
	static const uint8_t zeros[4 * 4096];

	machine_write(rig->m, va, zeros, pages * 4096);
}

/* Its driver's list of buffers, and the ring with it. */
static void zero_all(struct rig *rig)
{
	zero(rig, at.desc, 1);
	zero(rig, at.books, 4);
}

/* @zero: in the driver's list and the ring; @f: of the ring, 0 as well */
static void is_missing(const struct card *card, bool up, bool zero,
		       enum ami_field f)
{
	struct rig *rig = card->make();
	bool missing = up && (zero || f);

	if (up)
		rig_interface_up(rig, at.priv);
	if (zero)
		zero_all(rig);
	if (f)
		rig_set(rig, at.ring, f, 0);
	print_message("# %s, %s, %s\n", card->driver, up ? "up" : "down",
		      zero || f ? "zeroed" : "whole");
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "buffers-missing") ||
			 rig_found(rig, "buffers-unknown"), missing);
	assert_int_equal(rig_covered(rig, card->driver), !missing);
	rig_free(rig);
}

/* An interface that is up has buffers; one that is down need not. */
static void zeroed(void **state)
{
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < CARDS; i++) {
		is_missing(&cards[i], true, false, 0);
		is_missing(&cards[i], true, true, 0);
	}
}

static void without_ring(void **state)
{
	static const struct {
		struct card card;
		enum ami_field f;
	} list[] = {
		{ { "e1000", e1000, 0 }, AMI_F_e1000_rx_desc },
		{ { "ena", ena, 0 }, AMI_F_ena_buffers },
		{ { "igb", igb, 0 }, AMI_F_igb_desc },
		{ { "igbvf", igbvf, 0 }, AMI_F_igbvf_desc },
		{ { "tg3", tg3, 0 }, AMI_F_tg3_std },
		{ { "vmxnet3", vmxnet3, 0 }, AMI_F_vmxnet3_ring_size },
	};
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		is_missing(&list[i].card, false, false, list[i].f);
		is_missing(&list[i].card, true, false, list[i].f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cards), cmocka_unit_test(other_memory),
		cmocka_unit_test(large_frames),
		cmocka_unit_test(without_interface),
		cmocka_unit_test(one_buffer),
		cmocka_unit_test(kept_by_page),
		cmocka_unit_test(split_headers),
		cmocka_unit_test(pool_of_headers), cmocka_unit_test(programs),
		cmocka_unit_test(without_types), cmocka_unit_test(hostile),
		cmocka_unit_test(one_side),
		cmocka_unit_test(ena_without_device), cmocka_unit_test(gaps),
		cmocka_unit_test(zeroed), cmocka_unit_test(without_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
