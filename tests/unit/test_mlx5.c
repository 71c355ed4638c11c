// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mlx5 on machines that are laid out as real kernels lay out its driver's
 * structures. Work queue entries are written as the Ethernet adapters programming
 * manual has them: big-endian, a data segment is length, key, address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layouts.h"

#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)
#define HEADROOM	64u
#define POOL_PAGES	48u	/* that buffers are in */

/* Where the device finds other memory that it writes: pages. */
#define CQ		60u
#define WORK		62u	/* it only reads these */
#define FIRMWARE	70u	/* three of them; the last is not given yet */
#define COMMANDS	74u
#define MAILBOXES	75u
#define ASYNC_EQ	76u
#define COMPLETION_EQ	77u
#define TRACES		78u
#define OVERFLOW	80u

static const struct layout_row mlx5_rows[] = {
#include "layouts/mlx5_core.inc"
};

static enum real_kernel real;
static bool of_program;		/* its memory is the buffers (AF_XDP) */
static struct {
	uint64_t priv, mdev, channel, rq, frags, info, fw[3];
} at;

static bool has(const struct rig *rig, enum ami_field f)
{
	return image_layout(rig->m->img)->field[f].present;
}

static uint64_t size_of(const struct rig *rig, enum ami_type t)
{
	return image_layout(rig->m->img)->type_size[t];
}

static uint64_t page_of(unsigned int page)
{
	return rig_page(RIG_BUFFER + IOVA(page));
}

/* One fragment: a page that the device has at this page of its addresses. */
static uint64_t frag_at(struct rig *rig, unsigned int page)
{
	uint64_t frag = rig_object(rig, AMI_T_mlx5_frag);

	rig_set(rig, frag, AMI_F_mlx5_frag_va, image_va(RIG_BUFFER + IOVA(page)));
	rig_set(rig, frag, AMI_F_mlx5_frag_dma, IOVA(page));
	return frag;
}

static void put_buffer(struct rig *rig, uint64_t buf, unsigned int page)
{
	rig_set(rig, buf, AMI_F_mlx5_buf_frags, frag_at(rig, page));
	rig_set(rig, buf, AMI_F_mlx5_buf_count, 1);
	rig_set(rig, buf, AMI_F_mlx5_buf_size, 4096);
	rig_set(rig, buf, AMI_F_mlx5_buf_shift, 12);
}

static void put_queue(struct rig *rig, enum ami_field f, unsigned int entries,
		      unsigned int stride)
{
	uint64_t wq = rig_member(rig, at.rq, f);

	at.frags = frag_at(rig, WORK);
	rig_set(rig, wq, AMI_F_mlx5_wq_frags, at.frags);
	rig_set(rig, wq, AMI_F_mlx5_wq_last, entries - 1);
	rig_set(rig, wq, AMI_F_mlx5_wq_stride, stride);
	rig_set(rig, wq, AMI_F_mlx5_wq_per_frag, 12 - stride);
}

static void put_be(uint8_t *to, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		to[bytes] = value;
		value >>= 8;
	}
}

static void put_segment(struct rig *rig, unsigned int entry, unsigned int n,
			uint32_t len, uint64_t addr)
{
	uint8_t segment[16];

	put_be(segment, len | 1u << 31, 4);
	put_be(segment + 4, 0x1234, 4);
	put_be(segment + 8, addr, 8);
	machine_write(rig->m, image_va(RIG_BUFFER + IOVA(WORK)) + entry * 32 +
		      n * 16, segment, sizeof(segment));
}

/* include/linux/rbtree_types.h; a fw_page begins with one. */
static void real_trees(struct rig *rig)
{
	struct ami_layout *l = image_layout(rig->m->img);

	l->field[AMI_F_rb_parent].offset = 0;
	l->field[AMI_F_rb_right].offset = 8;
	l->field[AMI_F_rb_left].offset = 16;
}

/* Addresses ascend to the left: the driver's tree is upside down. */
static void put_firmware(struct rig *rig)
{
	uint64_t size = rig_member(rig, 0, AMI_F_mlx5_fw_free) + 8;
	uint64_t root = machine_object(rig->m, 8);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		at.fw[i] = machine_object(rig->m, size);
		rig_set(rig, at.fw[i], AMI_F_mlx5_fw_addr, IOVA(FIRMWARE + i));
		rig_set(rig, at.fw[i], AMI_F_mlx5_fw_page, page_of(FIRMWARE + i));
		rig_set(rig, at.fw[i], AMI_F_mlx5_fw_free, i == 2);
	}
	rig_set64(rig, root, rig_member(rig, at.fw[1], AMI_F_mlx5_fw_node));
	for (i = 0; i < 3; i += 2) {
		uint64_t node = rig_member(rig, at.fw[i], AMI_F_mlx5_fw_node);
		uint64_t top = rig_member(rig, at.fw[1], AMI_F_mlx5_fw_node);

		rig_set(rig, node, AMI_F_rb_parent, top | (i ? 1 : 0));
		rig_set(rig, top, i ? AMI_F_rb_left : AMI_F_rb_right, node);
	}
	rig_set(rig, rig_member(rig, at.mdev, AMI_F_mlx5_page_roots),
		AMI_F_xarray_head, root);
}

static void put_mailboxes(struct rig *rig)
{
	uint64_t pool = machine_object(rig->m, 0x100);
	uint64_t page = machine_object(rig->m, 0x100);

	machine_list_init(rig->m, rig_member(rig, pool, AMI_F_dma_pool_pages));
	rig_set(rig, pool, AMI_F_dma_pool_allocation, 4096);
	rig_set(rig, page, AMI_F_dma_page_dma, IOVA(MAILBOXES));
	machine_list_add(rig->m, rig_member(rig, pool, AMI_F_dma_pool_pages),
			 rig_member(rig, page, AMI_F_dma_page_list));
	rig_set(rig, at.mdev, AMI_F_mlx5_cmd_pool, pool);
}

static void put_events(struct rig *rig)
{
	uint64_t table = machine_object(rig->m, 0x2000);
	uint64_t eq = machine_object(rig->m, 0x200);
	uint64_t list = rig_member(rig, table, AMI_F_mlx5_eq_list);

	rig_set(rig, at.mdev, AMI_F_mlx5_eqs, table);
	put_buffer(rig, rig_member(rig, rig_member(rig, table,
						   AMI_F_mlx5_eq_async),
				   AMI_F_mlx5_eq_buf), ASYNC_EQ);
	put_buffer(rig, rig_member(rig, eq, AMI_F_mlx5_eq_buf), COMPLETION_EQ);
	if (has(rig, AMI_F_mlx5_eq_xa)) {
		rig_set(rig, rig_member(rig, table, AMI_F_mlx5_eq_xa),
			AMI_F_xarray_head, eq);
		return;
	}
	machine_list_init(rig->m, list);
	machine_list_add(rig->m, list, rig_member(rig, eq, AMI_F_mlx5_eq_node));
}

static void put_core(struct rig *rig)
{
	uint64_t tracer = machine_object(rig->m, 0x1000);

	at.mdev = machine_object(rig->m, 0x60000);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.mdev);
	rig_set(rig, at.mdev, AMI_F_mlx5_cmd_dma, IOVA(COMMANDS));
	rig_set(rig, at.mdev, AMI_F_mlx5_cmd_size, 4096);
	rig_set(rig, at.mdev, AMI_F_mlx5_tracer, tracer);
	rig_set(rig, tracer, AMI_F_mlx5_trace_dma, IOVA(TRACES));
	rig_set(rig, tracer, AMI_F_mlx5_trace_size, 8192);
	put_firmware(rig);
	put_mailboxes(rig);
	put_events(rig);
}

/* An interface with one channel, whose receive queue is empty. */
static struct rig *mlx5(unsigned int type)
{
	struct rig *rig = rig_open_interface("mlx5_core", real, mlx5_rows,
					     sizeof(mlx5_rows) /
					     sizeof(mlx5_rows[0]), 0x6000,
					     &at.priv);
	uint64_t channels = machine_object(rig->m, 8);
	uint64_t netdev = at.priv;

	real_trees(rig);
	if (!of_program)
		rig_pool_pages(rig, POOL_PAGES);
	put_core(rig);
	netdev -= has(rig, AMI_F_netdev_priv) ?
		  rig_member(rig, 0, AMI_F_netdev_priv) :
		  (size_of(rig, AMI_T_net_device) + 31) / 32 * 32;
	at.channel = machine_object(rig->m, 0x5000);
	at.rq = rig_member(rig, at.channel, AMI_F_mlx5e_ch_rq);
	rig_set(rig, at.priv, AMI_F_mlx5e_netdev, netdev);
	rig_set(rig, at.priv, AMI_F_mlx5e_mdev, at.mdev);
	rig_set(rig, at.priv, AMI_F_mlx5e_channels, channels);
	rig_set(rig, at.priv, AMI_F_mlx5e_nr_channels, 1);
	rig_set64(rig, channels, at.channel);
	rig_set(rig, at.rq, AMI_F_mlx5e_rq_type, type);
	rig_set(rig, at.rq, AMI_F_mlx5e_rq_headroom, HEADROOM);
	put_buffer(rig, rig_member(rig, at.rq, AMI_F_mlx5e_rq_cq), CQ);
	return rig;
}

/* A record in memory: the counter, big-endian, that the device was told. */
static void put_doorbell(struct rig *rig, enum ami_field f, uint32_t counter)
{
	uint64_t at_db = machine_object(rig->m, 8);
	uint8_t raw[4];

	put_be(raw, counter, sizeof(raw));
	machine_write(rig->m, at_db, raw, sizeof(raw));
	rig_set(rig, at.rq, f, at_db);
}

static void put_holder(struct rig *rig, uint64_t info, uint64_t page)
{
	uint64_t holder = machine_object(rig->m, 16);

	rig_set64(rig, holder, page);
	rig_set(rig, info, AMI_F_mlx5e_frag_au, holder);
	rig_set(rig, info, AMI_F_mlx5e_frag_page, holder);
}

/*
 * Eight entries of two fragments each. The counters run on: 9 to 12 are the
 * device's. Fragments of entry i are in pages 2 + 2 * i and the next.
 */
static struct rig *cyclic(void)
{
	struct rig *rig = mlx5(1);
	uint64_t sizes = rig_member(rig, at.rq, AMI_F_mlx5e_cyc_sizes);
	unsigned int i;

	at.info = image_va(image_alloc(rig->m->img, 1));
	put_queue(rig, AMI_F_mlx5e_cyc_wq, 8, 5);
	rig_set(rig, at.rq, AMI_F_mlx5e_cyc_next, 13);
	put_doorbell(rig, AMI_F_mlx5e_cyc_db, 13);
	rig_set(rig, at.rq, AMI_F_mlx5e_cyc_used, 4);
	rig_set(rig, at.rq, AMI_F_mlx5e_cyc_frags, at.info);
	rig_set(rig, at.rq, AMI_F_mlx5e_cyc_nr_frags, 2);
	rig_set(rig, at.rq, AMI_F_mlx5e_cyc_log_frags, 1);
	rig_set(rig, sizes, AMI_F_mlx5e_frag_size, 1536);
	rig_set(rig, sizes + size_of(rig, AMI_T_mlx5e_frag_size),
		AMI_F_mlx5e_frag_size, 2048);
	for (i = 0; i < 16; i++) {
		uint64_t info = at.info + i * size_of(rig,
						      AMI_T_mlx5e_frag_info);

		put_holder(rig, info, page_of(2 + i));
		rig_set(rig, info, AMI_F_mlx5e_frag_offset, i % 2 ? 1024 : 0);
		put_segment(rig, i / 2, i % 2, i % 2 ? 2048 : 1536, IOVA(2 + i) +
			    (i % 2 ? 1024 : HEADROOM));
	}
	return rig;
}

/*
 * Four large buffers of four pages. The list is 0, 3, 1, 2; the first two are not
 * the device's, and 0 is being announced. Five strides of 2 are filled.
 */
static struct rig *striding(void)
{
	static const unsigned int next[] = { 3, 2, 0, 1 };
	struct rig *rig = mlx5(2);
	uint64_t page = size_of(rig, AMI_T_mlx5e_frag_page), size;
	unsigned int i, k;

	if (!page)
		page = 8;
	size = size_of(rig, AMI_T_mlx5e_mpw_info) + 4 * page;
	at.info = image_va(image_alloc(rig->m->img, 1));
	put_queue(rig, AMI_F_mlx5e_mpw_wq, 4, 6);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_head, 0);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_used, 2);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_next, 77);
	put_doorbell(rig, AMI_F_mlx5e_mpw_db, 77);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_coming, 1);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_info, at.info);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_pages, 4);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_shift, 12);
	rig_set(rig, at.rq, AMI_F_mlx5e_mpw_stride, 11);
	rig_set(rig, at.rq, AMI_F_mlx5e_rq_overflow, IOVA(OVERFLOW));
	for (i = 0; i < 4; i++) {
		uint8_t segment[4] = { 0, 0, 0, next[i] };

		machine_write(rig->m, image_va(RIG_BUFFER + IOVA(WORK)) + i * 64,
			      segment, sizeof(segment));
		for (k = 0; k < 4; k++)
			rig_set64(rig, rig_member(rig, at.info + i * size,
						  AMI_F_mlx5e_mpw_units) +
				  k * page, page_of(16 + 4 * i + k));
	}
	rig_set(rig, at.info + 2 * size, AMI_F_mlx5e_mpw_consumed, 5);
	return rig;
}

static bool posted(const struct rig *rig, enum ami_certainty certainty,
		   unsigned int page)
{
	return rig_names(rig, AMI_CLASS_POSTED, certainty,
			 RIG_BUFFER + IOVA(page));
}

static bool named(const struct rig *rig, unsigned int page)
{
	return posted(rig, AMI_PROVEN, page) || posted(rig, AMI_LIKELY, page) ||
	       posted(rig, AMI_POSSIBLE, page);
}

static void no_complaint(const struct rig *rig)
{
	static const char *const codes[] = {
		"descriptor-disagrees", "buffer-maps-elsewhere",
		"buffer-not-mapped", "descriptors-unread",
		"driver-state-damaged", "driver-state-unread",
		"driver-part-not-read", "evidence-partial",
	};
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (rig_found(rig, codes[i])) {
			rig_print(rig);
			fail_msg("%s", codes[i]);
		}
	assert_true(rig_covered(rig, "mlx5_core"));
}

static void check_core(const struct rig *rig)
{
	assert_true(posted(rig, AMI_PROVEN, CQ));
	assert_false(named(rig, WORK));
	assert_true(posted(rig, AMI_LIKELY, FIRMWARE) &&
		    posted(rig, AMI_LIKELY, FIRMWARE + 1));
	assert_false(named(rig, FIRMWARE + 2));
	assert_true(posted(rig, AMI_PROVEN, COMMANDS));
	assert_true(posted(rig, AMI_LIKELY, MAILBOXES));
	assert_true(posted(rig, AMI_PROVEN, ASYNC_EQ) &&
		    posted(rig, AMI_PROVEN, COMPLETION_EQ));
	assert_true(posted(rig, AMI_PROVEN, TRACES) &&
		    posted(rig, AMI_PROVEN, TRACES + 1));
}

static void cyclic_queues(void **state)
{
	unsigned int page;

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = cyclic();

		machine_analyse(rig->m);
		for (page = 4; page < 12; page++)
			assert_true(posted(rig, AMI_PROVEN, page));
		assert_false(named(rig, 2) || named(rig, 3) || named(rig, 12));
		check_core(rig);
		no_complaint(rig);
		rig_free(rig);
	}
}

static void striding_queues(void **state)
{
	unsigned int page;

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = striding();

		machine_analyse(rig->m);
		for (page = 16; page < 20; page++)
			assert_true(posted(rig, AMI_POSSIBLE, page));
		for (page = 20; page < 24; page++)
			assert_true(posted(rig, AMI_LIKELY, page));
		assert_true(posted(rig, AMI_POSSIBLE, 24) &&
			    posted(rig, AMI_POSSIBLE, 25) &&
			    posted(rig, AMI_LIKELY, 26) &&
			    posted(rig, AMI_LIKELY, 27));
		for (page = 28; page < 32; page++)
			assert_false(named(rig, page));
		assert_true(posted(rig, AMI_LIKELY, OVERFLOW));
		check_core(rig);
		no_complaint(rig);
		rig_free(rig);
	}
}

/* With iommu=pt the device's addresses are the pages' own. */
static void untranslated(void **state)
{
	unsigned int i;

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = striding();

		rig_untranslated(rig);
		for (i = 0; i < POOL_PAGES; i++)
			rig_set(rig, machine_page(rig->m, RIG_BUFFER + IOVA(i)),
				AMI_F_page_dma_addr, RIG_BUFFER + IOVA(i));
		for (i = 0; i < 3; i++)
			rig_set(rig, at.fw[i], AMI_F_mlx5_fw_addr,
				RIG_BUFFER + IOVA(FIRMWARE + i));
		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_LIKELY, 20) &&
			    posted(rig, AMI_LIKELY, FIRMWARE));
		assert_false(named(rig, 28));
		assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 0);
		rig_free(rig);
	}
}

/* A program's buffer (AF_XDP) that the device has at this address. */
static uint64_t program_buffer(struct rig *rig, uint64_t dma)
{
	uint64_t buffer = machine_object(rig->m, 128);

	image_layout(rig->m->img)->field[AMI_F_xdp_buff_dma] =
		(struct ami_member){ .present = true, .offset = 80, .size = 8 };
	rig_set(rig, buffer, AMI_F_xdp_buff_dma, dma);
	return buffer;
}

static struct rig *cyclic_of_program(void)
{
	struct rig *rig;
	unsigned int i;

	of_program = true;
	rig = cyclic();
	of_program = false;
	rig_set(rig, at.rq, AMI_F_mlx5e_rq_xsk, at.mdev);
	for (i = 0; i < 16; i++)
		put_holder(rig, at.info + i *
			   size_of(rig, AMI_T_mlx5e_frag_info),
			   program_buffer(rig, IOVA(2 + i) +
					  (i % 2 ? 1024 : HEADROOM)));
	return rig;
}

/* Here they are an array of pointers, where pages have more. */
static struct rig *striding_of_program(void)
{
	unsigned int i, k;
	struct rig *rig;
	uint64_t page, size;

	of_program = true;
	rig = striding();
	of_program = false;
	page = size_of(rig, AMI_T_mlx5e_frag_page);
	size = size_of(rig, AMI_T_mlx5e_mpw_info) + 4 * (page ? page : 8);
	rig_set(rig, at.rq, AMI_F_mlx5e_rq_xsk, at.mdev);
	for (i = 0; i < 4; i++)
		for (k = 0; k < 4; k++)
			rig_set64(rig, rig_member(rig, at.info + i * size,
						  AMI_F_mlx5e_mpw_units) +
				  k * 8, program_buffer(rig, IOVA(16 + 4 * i +
								  k) + HEADROOM));
	return rig;
}

static void programs(void **state)
{
	struct rig *rig;
	unsigned int i;

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		rig = cyclic_of_program();
		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_PROVEN, 4) &&
			    posted(rig, AMI_PROVEN, 11));
		assert_false(named(rig, 2) || named(rig, 12));
		no_complaint(rig);
		rig_free(rig);
		rig = striding_of_program();
		machine_analyse(rig->m);
		for (i = 20; i < 24; i++)
			assert_true(posted(rig, AMI_LIKELY, i));
		assert_false(named(rig, 28));
		no_complaint(rig);
		rig_free(rig);
	}
}

/*
 * A CPU was stopped between its counters and the record for the device: nothing that
 * the device may have is left out.
 */
static void while_posting(void **state)
{
	struct rig *rig;
	unsigned int page;

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		rig = cyclic();
		rig_set(rig, at.rq, AMI_F_mlx5e_cyc_next, 15);
		machine_analyse(rig->m);
		for (page = 4; page < 8; page++)
			assert_true(posted(rig, AMI_POSSIBLE, page));
		for (page = 8; page < 12; page++)
			assert_true(posted(rig, AMI_PROVEN, page));
		for (page = 12; page < 16; page++)
			assert_true(posted(rig, AMI_POSSIBLE, page));
		assert_false(named(rig, 16) || named(rig, 2));
		rig_free(rig);
		rig = striding();
		rig_set(rig, at.rq, AMI_F_mlx5e_mpw_next, 78);
		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_POSSIBLE, 28) &&
			    posted(rig, AMI_LIKELY, 20));
		no_complaint(rig);
		rig_free(rig);
	}
}

/* An interface that is none of this driver's own kind. */
static void other_interface(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_7_3;
	rig = cyclic();
	rig_set(rig, at.priv, AMI_F_mlx5e_netdev, at.mdev);
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "driver-part-not-read"), 1);
	assert_false(rig_covered(rig, "mlx5_core") || named(rig, 4));
	assert_true(posted(rig, AMI_LIKELY, FIRMWARE));
	rig_free(rig);
}

/* The entry leads elsewhere: both places are taken, none is proven. */
static void elsewhere(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_12;
	rig = cyclic();
	put_segment(rig, 1, 0, 1536, IOVA(100));
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "descriptor-disagrees"), 1);
	assert_true(posted(rig, AMI_LIKELY, 100) && posted(rig, AMI_LIKELY, 4));
	rig_free(rig);
}

RIG_DAMAGE(many_channels, at.priv, mlx5e_nr_channels, UINT32_MAX)
RIG_DAMAGE(channels_gone, at.priv, mlx5e_channels, RIG_NOWHERE)
RIG_DAMAGE(many_classes, at.channel, mlx5e_ch_tcs, 255)
RIG_DAMAGE(strange_type, at.rq, mlx5e_rq_type, 77)
RIG_DAMAGE(huge_queue, rig_member(rig, at.rq, AMI_F_mlx5e_cyc_wq), mlx5_wq_last,
	   UINT32_MAX)
RIG_DAMAGE(odd_stride, rig_member(rig, at.rq, AMI_F_mlx5e_cyc_wq), mlx5_wq_stride,
	   3)
RIG_DAMAGE(too_many_used, at.rq, mlx5e_cyc_used, 9)
RIG_DAMAGE(many_frags, at.rq, mlx5e_cyc_nr_frags, 200)
RIG_DAMAGE(buffers_gone, at.rq, mlx5e_cyc_frags, RIG_NOWHERE)
RIG_DAMAGE(huge_cq, rig_member(rig, at.rq, AMI_F_mlx5e_rq_cq), mlx5_buf_count,
	   0x7fffffff)
RIG_DAMAGE(cq_gone, rig_member(rig, at.rq, AMI_F_mlx5e_rq_cq), mlx5_buf_frags,
	   RIG_NOWHERE)
RIG_DAMAGE(huge_commands, at.mdev, mlx5_cmd_size, 0x7fffffff)
RIG_DAMAGE(pool_gone, at.mdev, mlx5_cmd_pool, RIG_NOWHERE)
RIG_DAMAGE(eqs_gone, at.mdev, mlx5_eqs, RIG_NOWHERE)
RIG_DAMAGE(tracer_gone, at.mdev, mlx5_tracer, RIG_NOWHERE)
RIG_DAMAGE(ptp_gone, at.priv, mlx5e_ptp, RIG_NOWHERE)
RIG_DAMAGE(trap_gone, at.priv, mlx5e_trap, RIG_NOWHERE)
RIG_DAMAGE(mpw_beyond, at.rq, mlx5e_mpw_head, 4)
RIG_DAMAGE(mpw_used, at.rq, mlx5e_mpw_used, 5)
RIG_DAMAGE(mpw_shift, at.rq, mlx5e_mpw_shift, 60)
RIG_DAMAGE(mpw_info, at.rq, mlx5e_mpw_info, RIG_NOWHERE)

/* A node of the tree of firmware pages that leads back to the top. */
static void fw_circle(struct rig *rig)
{
	rig_set(rig, rig_member(rig, at.fw[2], AMI_F_mlx5_fw_node),
		AMI_F_rb_left, rig_member(rig, at.fw[1], AMI_F_mlx5_fw_node));
}

static void fw_gone(struct rig *rig)
{
	rig_set(rig, rig_member(rig, at.fw[2], AMI_F_mlx5_fw_node),
		AMI_F_rb_left, RIG_NOWHERE);
}

/* The list of large buffers is a circle of one. */
static void mpw_circle(struct rig *rig)
{
	const uint8_t segment[4] = { 0, 0, 0, 0 };

	machine_write(rig->m, image_va(RIG_BUFFER + IOVA(WORK)), segment,
		      sizeof(segment));
}

static const struct rig_damage of_cyclic[] = {
	{ "channels", many_channels, "driver-state-damaged" },
	{ "channels gone", channels_gone, "driver-state-unread" },
	{ "classes", many_classes, "driver-state-damaged" },
	{ "type", strange_type, "driver-state-damaged" },
	{ "size", huge_queue, "driver-state-damaged" },
	{ "stride", odd_stride, "driver-state-damaged" },
	{ "used", too_many_used, "driver-state-damaged" },
	{ "fragments", many_frags, "driver-state-damaged" },
	{ "CQ", huge_cq, "driver-state-damaged" },
	{ "CQ gone", cq_gone, "driver-state-unread" },
	{ "commands", huge_commands, "driver-state-damaged" },
	{ "pool gone", pool_gone, "driver-state-unread" },
	{ "EQs gone", eqs_gone, "driver-state-unread" },
	{ "tracer gone", tracer_gone, "driver-state-unread" },
	{ "PTP gone", ptp_gone, "driver-state-unread" },
	{ "trap gone", trap_gone, "driver-state-unread" },
	{ "firmware pages in a circle", fw_circle, "driver-state-unread" },
	{ "firmware pages gone", fw_gone, "driver-state-unread" },
};

static const struct rig_damage of_striding[] = {
	{ "head", mpw_beyond, "driver-state-damaged" },
	{ "used", mpw_used, "driver-state-damaged" },
	{ "page size", mpw_shift, "driver-state-damaged" },
	{ "circle", mpw_circle, "driver-state-damaged" },
	{ "info", mpw_info, "buffers-unknown" },
};

static void hostile(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		rig_survives(cyclic, of_cyclic,
			     sizeof(of_cyclic) / sizeof(of_cyclic[0]));
		rig_survives(striding, of_striding,
			     sizeof(of_striding) / sizeof(of_striding[0]));
	}
}

/* The driver's side is gone: the entries still have the addresses. */
static void one_side(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_7_3;
	rig = cyclic();
	buffers_gone(rig);
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_PROVEN, 4) && posted(rig, AMI_PROVEN, 11));
	rig_free(rig);
}

static void gaps(void **state)
{
	(void)state;
	real = REAL_6_1;
	rig_survives_gaps(cyclic_of_program);
	rig_survives_noise(cyclic_of_program);
	real = REAL_7_3;
	rig_survives_gaps(striding_of_program);
	rig_survives_noise(striding_of_program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cyclic_queues),
		cmocka_unit_test(striding_queues),
		cmocka_unit_test(untranslated), cmocka_unit_test(programs),
		cmocka_unit_test(while_posting),
		cmocka_unit_test(other_interface), cmocka_unit_test(elsewhere),
		cmocka_unit_test(hostile), cmocka_unit_test(one_side),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
