// SPDX-License-Identifier: GPL-2.0-or-later
/* Receive rings of network cards: descriptors against the driver's state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers.h"

#define COUNT		32u
#define CLEAN		2u	/* to_clean: the device's from here on */
#define USE		6u	/* to_use: up to here */
#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)
#define RING		50u	/* page of the ring, by the device's address */
#define DD		1u

/* What tests change; the latest rig's. */
static struct {
	uint64_t netdev, priv, ring, desc, buffers;
	unsigned int stride;
} at;

static uint64_t buffer_at(struct rig *rig, unsigned int i, enum ami_type t)
{
	return at.buffers + i * image_layout(rig->m->img)->type_size[t];
}

static void put(struct rig *rig, unsigned int i, uint64_t addr,
		uint64_t status)
{
	const uint64_t d[] = { addr, status };

	machine_write(rig->m, at.desc + i * at.stride, d, sizeof(d));
}

static struct rig *with_netdev(const char *driver)
{
	struct rig *rig = rig_new(driver);
	struct ami_layout *l = image_layout(rig->m->img);

	/* The device is large; the driver's own part is a member of its own. */
	l->field[AMI_F_netdev_dev].offset = 0x100;
	l->field[AMI_F_netdev_priv].offset = 0x400;
	at.netdev = machine_object(rig->m, 0x1000);
	at.priv = rig_member(rig, at.netdev, AMI_F_netdev_priv);
	machine_write(rig->m, rig_member(rig, at.netdev, AMI_F_netdev_name),
		      "eth0", 5);
	rig_child(rig, rig_member(rig, at.netdev, AMI_F_netdev_dev),
		  AMI_SYM_net_class);
	return rig;
}

static uint64_t ring_of(struct rig *rig, const enum ami_field members[6])
{
	uint64_t ring = machine_object(rig->m, 0x100);

	at.desc = image_va(RIG_BUFFER + IOVA(RING));
	at.buffers = image_va(image_alloc(rig->m->img, 1));
	rig_set(rig, ring, members[0], at.desc);
	rig_set(rig, ring, members[1], IOVA(RING));
	rig_set(rig, ring, members[2], COUNT);
	rig_set(rig, ring, members[3], USE);
	rig_set(rig, ring, members[4], CLEAN);
	rig_set(rig, ring, members[5], at.buffers);
	return ring;
}

static const enum ami_field e1000e_members[] = {
	AMI_F_e1000e_ring_desc, AMI_F_e1000e_ring_dma, AMI_F_e1000e_ring_count,
	AMI_F_e1000e_ring_next_to_use, AMI_F_e1000e_ring_next_to_clean,
	AMI_F_e1000e_ring_buffer_info,
};

static void e1000e_buffer(struct rig *rig, unsigned int i, uint64_t dma)
{
	rig_set(rig, buffer_at(rig, i, AMI_T_e1000e_buffer),
		AMI_F_e1000e_buffer_dma, dma);
}

/* Buffers of descriptors 2 to 5 in pages 2 to 5. */
static struct rig *e1000e(void)
{
	struct rig *rig = with_netdev("e1000e");
	unsigned int i;

	at.stride = 16;
	at.ring = ring_of(rig, e1000e_members);
	rig_set(rig, at.priv, AMI_F_e1000e_rx_ring, at.ring);
	rig_set(rig, at.priv, AMI_F_e1000e_tx_ring,
		machine_object(rig->m, 0x100));
	rig_set(rig, at.priv, AMI_F_e1000e_rx_buffer_len, 1522);
	for (i = CLEAN; i < USE; i++) {
		put(rig, i, IOVA(i), 0);
		e1000e_buffer(rig, i, IOVA(i));
	}
	return rig;
}

static bool posted(const struct rig *rig, enum ami_certainty certainty,
		   unsigned int page)
{
	return rig_names(rig, AMI_CLASS_POSTED, certainty,
			 RIG_BUFFER + IOVA(page));
}

/* Whatever tables lead the device to its buffers, they are found. */
static void e1000e_tables(void **state)
{
	int tables;

	(void)state;
	for (tables = RIG_HOST; tables < RIG_TABLES; tables++) {
		struct rig *rig = e1000e();

		print_message("# tables %d\n", tables);
		rig_tables(rig, tables);
		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_POSSIBLE, 2) &&
			    posted(rig, AMI_POSSIBLE, 5));
		assert_true(posted(rig, AMI_PROVEN, RING));
		assert_int_equal(rig_found(rig, "buffer-not-mapped"), 0);
		assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 0);
		/* DTE and driver disagree: both places are taken. */
		assert_int_equal(rig_names(rig, AMI_CLASS_POSTED,
					   AMI_POSSIBLE, RIG_OTHER + IOVA(2)),
				 tables == RIG_DTE_HOST);
		assert_int_equal(rig_names(rig, AMI_CLASS_POSTED,
					   AMI_POSSIBLE, IOVA(2)),
				 tables == RIG_DTE_IDENTITY);
		rig_free(rig);
	}
}

/* A guest's driver gave these addresses; its tables are not read. */
static void e1000e_nested(void **state)
{
	struct rig *rig = e1000e();

	(void)state;
	rig_nested(rig);
	machine_analyse(rig->m);
	assert_false(posted(rig, AMI_POSSIBLE, 2));
	assert_int_equal(rig_found(rig, "buffer-not-mapped"), 0);
	assert_int_equal(rig_found(rig, "buffer-address-unread"), 1);
	rig_free(rig);
}

/* A page of the table is not in the dump: that is not "not mapped". */
static void e1000e_table_unread(void **state)
{
	struct rig *rig = e1000e();
	struct amdvi_dte dte;
	uint64_t raw[4];

	(void)state;
	image_read(rig->m->img, rig->m->seg->dev_table +
		   RIG_DEVICE * AMDVI_DTE_SIZE, raw, sizeof(raw));
	amdvi_dte_decode(raw, 0, &dte);
	image_hide(rig->m->img, dte.host_root >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "buffer-not-mapped"), 0);
	assert_int_equal(rig_found(rig, "buffer-address-unread"), 1);
	rig_free(rig);
}

#define GONE	(RIG_PAGES + 7u)	/* page of IOVAs that nothing maps */

/*
 * The driver stopped between the unmap of a filled buffer and its own record of
 * that. @waits: completion waits since.
 */
static struct rig *taking(unsigned int waits, bool proven)
{
	struct rig *rig = e1000e();

	put(rig, CLEAN, 0, DD);
	e1000e_buffer(rig, CLEAN, IOVA(GONE));
	rig_unmapped(rig, IOVA(GONE), waits, proven);
	machine_analyse(rig->m);
	return rig;
}

static void e1000e_unmapping(void **state)
{
	static const struct {
		unsigned int waits;
		bool proven, damage;
	} want[] = {
		{ 1, false, false },	/* not executed, as far as is known */
		{ 1, true, false },	/* the driver has not gone on yet */
		{ 4, true, false },	/* other CPUs have */
		{ 60, true, true },	/* long ago */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct rig *rig = taking(want[i].waits, want[i].proven);

		assert_int_equal(rig_found(rig, "buffer-not-mapped"),
				 want[i].damage);
		assert_int_equal(rig_found(rig, "unmap-under-way"),
				 !want[i].damage);
		rig_free(rig);
	}
}

/* More than a driver takes at once. */
static void e1000e_unmapped_early(void **state)
{
	struct rig *rig = e1000e();
	unsigned int i;

	(void)state;
	rig_set(rig, at.ring, AMI_F_e1000e_ring_next_to_use, COUNT - 1);
	for (i = CLEAN; i < COUNT - 1; i++) {
		put(rig, i, IOVA(GONE + 2 * i), 0);
		e1000e_buffer(rig, i, IOVA(GONE + 2 * i));
	}
	/* 2^(n+1) bytes, n the first zero bit from bit 12 on: 1 MiB. */
	machine_command(rig->m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES, .s = true,
		.domain_id = 4, .address = 0x200000 | 0x7f000,
	});
	machine_set(rig->m, rig->m->iommu, AMI_F_amd_iommu_need_sync, 1);
	machine_set(rig->m, rig->m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 16);
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "buffer-not-mapped"), 1);
	assert_int_equal(rig_found(rig, "unmap-under-way"), 0);
	rig_free(rig);
}

/* The tail moves by 16: what was filled since is not announced. */
static void e1000e_held(void **state)
{
	struct rig *rig = e1000e();

	(void)state;
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_POSSIBLE, 2) &&
		    posted(rig, AMI_POSSIBLE, 5));
	assert_true(posted(rig, AMI_PROVEN, RING));
	assert_true(rig_covered(rig, "e1000e"));
	rig_free(rig);
}

static void e1000e_posted(void **state)
{
	struct rig *rig = e1000e();

	(void)state;
	rig_set(rig, at.ring, AMI_F_e1000e_ring_next_to_use, 20);
	rig_set(rig, at.ring, AMI_F_e1000e_ring_next_to_clean, 3);
	/* Filled; another address; as the driver means it. */
	put(rig, 3, 0x1234, DD);
	put(rig, 4, IOVA(9), 0);
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_LIKELY, 3));
	assert_true(posted(rig, AMI_LIKELY, 4) && posted(rig, AMI_LIKELY, 9));
	assert_true(posted(rig, AMI_PROVEN, 5));
	assert_int_equal(rig_found(rig, "descriptor-disagrees"), 1);
	rig_free(rig);
}

/* Four addresses, the data in the pages of the last three. */
static void e1000e_packet_split(void **state)
{
	struct rig *rig = e1000e();
	const uint64_t d[] = { IOVA(2), IOVA(7), IOVA(8), 0 };
	uint64_t pages = image_va(image_alloc(rig->m->img, 1)), size, buffer;
	unsigned int i;

	(void)state;
	at.stride = 32;
	size = image_layout(rig->m->img)->type_size[AMI_T_e1000e_ps_page];
	buffer = buffer_at(rig, CLEAN, AMI_T_e1000e_buffer);
	rig_set(rig, at.priv, AMI_F_e1000e_rx_ps_pages, 2);
	rig_set(rig, at.priv, AMI_F_e1000e_rx_ps_bsize0, 128);
	rig_set(rig, at.ring, AMI_F_e1000e_ring_next_to_use, CLEAN + 1);
	machine_write(rig->m, at.desc + CLEAN * at.stride, d, sizeof(d));
	rig_set(rig, buffer, AMI_F_e1000e_buffer_ps_pages, pages);
	for (i = 0; i < 2; i++) {
		rig_set(rig, pages + i * size, AMI_F_e1000e_ps_dma,
			IOVA(7 + i));
		rig_set(rig, pages + i * size, AMI_F_e1000e_ps_page,
			rig_page(RIG_BUFFER + IOVA(i ? 20 : 7)));
	}
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_POSSIBLE, 2) &&
		    posted(rig, AMI_POSSIBLE, 7));
	/* The page table leads elsewhere than the driver's state: both are taken. */
	assert_true(posted(rig, AMI_LIKELY, 8) && posted(rig, AMI_LIKELY, 20));
	assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 1);
	rig_free(rig);
}

RIG_DAMAGE(huge, at.ring, e1000e_ring_count, UINT32_MAX)
RIG_DAMAGE(empty, at.ring, e1000e_ring_count, 0)
RIG_DAMAGE(use_beyond, at.ring, e1000e_ring_next_to_use, COUNT)
RIG_DAMAGE(clean_beyond, at.ring, e1000e_ring_next_to_clean, 0xffff)
RIG_DAMAGE(no_desc, at.ring, e1000e_ring_desc, RIG_NOWHERE)
RIG_DAMAGE(odd_desc, at.ring, e1000e_ring_desc, 0x1000)
RIG_DAMAGE(no_ring, at.priv, e1000e_rx_ring, RIG_NOWHERE)
RIG_DAMAGE(no_tx_ring, at.priv, e1000e_tx_ring, RIG_NOWHERE)
RIG_DAMAGE(many_pages, at.priv, e1000e_rx_ps_pages, 200)
RIG_DAMAGE(large_buffers, at.priv, e1000e_rx_buffer_len, 1ull << 40)

static void unmapped(struct rig *rig)
{
	put(rig, 2, 1ull << 40, 0);
	e1000e_buffer(rig, 2, 1ull << 40);
}

static void nothing_known(struct rig *rig)
{
	rig_set(rig, at.ring, AMI_F_e1000e_ring_buffer_info, RIG_NOWHERE);
	put(rig, 2, 0, DD);
}

static void interface_loop(struct rig *rig)
{
	uint64_t node = rig_member(rig, at.netdev, AMI_F_netdev_dev);

	node = rig_member(rig, rig_member(rig, node, AMI_F_device_kobj),
			  AMI_F_kobject_entry);
	rig_set64(rig, node, node);
}

static void hostile_e1000e(void **state)
{
	static const struct rig_damage list[] = {
		{ "huge", huge, "driver-state-damaged" },
		{ "empty", empty, "driver-state-damaged" },
		{ "use beyond", use_beyond, "driver-state-damaged" },
		{ "clean beyond", clean_beyond, "driver-state-damaged" },
		{ "odd descriptors", odd_desc, "driver-state-damaged" },
		{ "many pages", many_pages, "driver-state-damaged" },
		{ "large buffers", large_buffers, "driver-state-damaged" },
		{ "no descriptors", no_desc, "descriptors-unread" },
		{ "no ring", no_ring, "driver-state-unread" },
		{ "no transmit ring", no_tx_ring, "driver-state-unread" },
		{ "not mapped", unmapped, "buffer-not-mapped" },
		{ "nothing known", nothing_known, "buffers-unknown" },
		{ "interfaces in a loop", interface_loop,
		  "interfaces-unread" },
	};

	(void)state;
	rig_survives(e1000e, list, sizeof(list) / sizeof(list[0]));
}

static const enum ami_field igb_members[] = {
	AMI_F_igb_desc, AMI_F_igb_dma, AMI_F_igb_count, AMI_F_igb_to_use,
	AMI_F_igb_to_clean, AMI_F_igb_buffers,
};
static const enum ami_field ixgbe_members[] = {
	AMI_F_ixgbe_desc, AMI_F_ixgbe_dma, AMI_F_ixgbe_count,
	AMI_F_ixgbe_to_use, AMI_F_ixgbe_to_clean, AMI_F_ixgbe_buffers,
};

static void half_page(struct rig *rig, unsigned int i, enum ami_type t,
		      enum ami_field dma, enum ami_field page,
		      enum ami_field offset)
{
	uint64_t buffer = buffer_at(rig, i, t);

	put(rig, i, IOVA(i) + 2048, 0);
	rig_set(rig, buffer, dma, IOVA(i));
	rig_set(rig, buffer, page, rig_page(RIG_BUFFER + IOVA(i)));
	rig_set(rig, buffer, offset, 2048);
}

/* The upper halves of pages 2 to 5; one has no page any more. */
static struct rig *igb(void)
{
	struct rig *rig = with_netdev("igb");
	unsigned int i;

	at.stride = 16;
	at.ring = ring_of(rig, igb_members);
	rig_set(rig, at.priv, AMI_F_igb_nr_rx, 1);
	rig_set(rig, at.priv, AMI_F_igb_rx_ring, at.ring);
	rig_set(rig, at.priv, AMI_F_igb_nr_tx, 1);
	for (i = CLEAN; i < USE; i++)
		half_page(rig, i, AMI_T_igb_buf, AMI_F_igb_buf_dma,
			  AMI_F_igb_buf_page, AMI_F_igb_buf_offset);
	rig_set(rig, buffer_at(rig, 3, AMI_T_igb_buf), AMI_F_igb_buf_page, 0);
	return rig;
}

static struct rig *ixgbe(void)
{
	struct rig *rig = with_netdev("ixgbe");
	unsigned int i;

	at.stride = 16;
	at.ring = ring_of(rig, ixgbe_members);
	rig_set(rig, at.priv, AMI_F_ixgbe_nr_rx, 1);
	rig_set(rig, at.priv, AMI_F_ixgbe_rx_ring, at.ring);
	for (i = CLEAN; i < USE; i++)
		half_page(rig, i, AMI_T_ixgbe_buf, AMI_F_ixgbe_buf_dma,
			  AMI_F_ixgbe_buf_page, AMI_F_ixgbe_buf_offset);
	return rig;
}

static void igb_posted(void **state)
{
	struct rig *rig = igb();

	(void)state;
	rig_set(rig, at.priv, AMI_F_igb_tx_ring, at.ring);
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_PROVEN, 2) && posted(rig, AMI_PROVEN, 5) &&
		    posted(rig, AMI_PROVEN, RING));
	assert_false(posted(rig, AMI_PROVEN, 3));
	assert_true(rig_covered(rig, "igb"));
	assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 0);
	rig_free(rig);
}

static void ixgbe_posted(void **state)
{
	struct rig *rig = ixgbe();

	(void)state;
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_PROVEN, 2) && posted(rig, AMI_PROVEN, 5));
	assert_true(rig_covered(rig, "ixgbe"));
	rig_free(rig);
}

RIG_DAMAGE(igb_many, at.priv, igb_nr_rx, UINT64_MAX)
RIG_DAMAGE(igb_no_ring, at.priv, igb_rx_ring, RIG_NOWHERE)
RIG_DAMAGE(igb_huge, at.ring, igb_count, 1 << 20)
RIG_DAMAGE(igb_beyond, at.ring, igb_to_clean, COUNT)
RIG_DAMAGE(igb_tx_nowhere, at.priv, igb_tx_ring, RIG_NOWHERE)

static void igb_elsewhere(struct rig *rig)
{
	rig_set(rig, buffer_at(rig, 2, AMI_T_igb_buf), AMI_F_igb_buf_page,
		rig_page(RIG_BUFFER + IOVA(20)));
}

static void hostile_igb(void **state)
{
	static const struct rig_damage list[] = {
		{ "many rings", igb_many, "driver-state-damaged" },
		{ "no ring", igb_no_ring, "driver-state-unread" },
		{ "huge", igb_huge, "driver-state-damaged" },
		{ "beyond", igb_beyond, "driver-state-damaged" },
		{ "no transmit ring", igb_tx_nowhere, "driver-state-unread" },
		{ "elsewhere", igb_elsewhere, "buffer-maps-elsewhere" },
	};

	(void)state;
	rig_survives(igb, list, sizeof(list) / sizeof(list[0]));
}

/* Nothing is described: the ring's two addresses, its size, descriptors. */
static struct rig *shape(void)
{
	struct rig *rig = with_netdev("e1000e");
	uint64_t ring = machine_object(rig->m, 512);
	const uint64_t words[] = {
		0, image_va(RIG_BUFFER + IOVA(RING)), IOVA(RING), 32 * 16,
	};
	unsigned int i;

	image_layout(rig->m->img)->field[AMI_F_e1000e_rx_ring].present = false;
	at.ring = ring;
	at.stride = 16;
	at.desc = words[1];
	machine_write(rig->m, ring, words, sizeof(words));
	rig_set64(rig, at.priv + 0x20, ring);
	rig_set64(rig, at.priv + 0x28, ring);
	rig_set(rig, at.netdev, AMI_F_netdev_mtu, 1500);
	/* Reused, with what is left of the last time; one is filled. */
	for (i = 1; i < 10; i++)
		put(rig, i, IOVA(i), i == 9 ? 0x59600000001 : 0x59600000000);
	return rig;
}

static void by_shape(void **state)
{
	struct rig *rig = shape();

	(void)state;
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_POSSIBLE, 1) &&
		    posted(rig, AMI_POSSIBLE, 8) &&
		    posted(rig, AMI_POSSIBLE, RING));
	assert_false(posted(rig, AMI_POSSIBLE, 9));
	assert_int_equal(rig_found(rig, "driver-types-missing"), 1);
	assert_true(rig_covered(rig, "e1000e"));
	rig_free(rig);
}

/* All are filled: the driver's state, 40 bytes each, have the addresses. */
static void by_driver_state(void **state)
{
	struct rig *rig = shape();
	uint64_t buffers = image_va(image_alloc(rig->m->img, 1));
	unsigned int i;

	(void)state;
	rig_set64(rig, at.ring + 48, buffers);
	for (i = 1; i < 32; i++) {
		const uint64_t buffer[] = { IOVA(300 + i), image_va(0x5000) };

		put(rig, i, 0x12345678, 0x59600000001);
		machine_write(rig->m, buffers + i * 40, buffer, sizeof(buffer));
	}
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_POSSIBLE, 301) &&
		    posted(rig, AMI_POSSIBLE, 331));
	assert_false(posted(rig, AMI_POSSIBLE, 300));
	assert_true(rig_covered(rig, "e1000e"));
	rig_free(rig);
}

/* With its commands, it is a ring to send: only written back. */
static void sends(struct rig *rig)
{
	unsigned int i;

	for (i = 0; i < 10; i++)
		put(rig, i, IOVA(i), 0x8b00005a);
}

static void not_shared(struct rig *rig)
{
	rig_set64(rig, at.ring + 16, IOVA(RING + 1));
}

static void odd_size(struct rig *rig)
{
	rig_set64(rig, at.ring + 24, 1000);
}

static void vast(struct rig *rig)
{
	rig_set64(rig, at.ring + 24, 1u << 31);
}

static void no_receive_ring(void **state)
{
	static void (*const change[])(struct rig *rig) = {
		sends, not_shared, odd_size, vast,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		struct rig *rig = shape();

		change[i](rig);
		machine_analyse(rig->m);
		assert_false(posted(rig, AMI_POSSIBLE, 1));
		assert_false(rig_covered(rig, "e1000e"));
		rig_free(rig);
	}
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	(void)state;
	rig_survives_gaps(e1000e);
	rig_survives_noise(e1000e);
	rig_survives_gaps(igb);
	rig_survives_noise(igb);
	rig_survives_gaps(ixgbe);
	rig_survives_noise(ixgbe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e1000e_tables),
		cmocka_unit_test(e1000e_nested),
		cmocka_unit_test(e1000e_table_unread),
		cmocka_unit_test(e1000e_unmapping),
		cmocka_unit_test(e1000e_unmapped_early),
		cmocka_unit_test(e1000e_held), cmocka_unit_test(e1000e_posted),
		cmocka_unit_test(e1000e_packet_split),
		cmocka_unit_test(hostile_e1000e), cmocka_unit_test(igb_posted),
		cmocka_unit_test(ixgbe_posted), cmocka_unit_test(hostile_igb),
		cmocka_unit_test(by_shape), cmocka_unit_test(by_driver_state),
		cmocka_unit_test(no_receive_ring),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
