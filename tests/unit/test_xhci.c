// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xHCI controllers on machines that are laid out as real kernels lay out the driver's
 * structures. TRBs are written as xHCI 1.2, 6.4 has them. A disk's endpoint 1 IN is
 * to fill pages 2 to 4; the end of its ring leads over a link TRB.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "layouts.h"

#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)
#define TRBS		256u
#define CYCLE		1u
#define TOGGLE		2u
#define CHAIN		(1u << 4)
#define IN		(1u << 16)
#define TYPE(n)		((uint32_t)(n) << 10)
#define NORMAL		TYPE(1)
#define SETUP		TYPE(2)
#define DATA		TYPE(3)
#define STATUS		TYPE(4)
#define LINK		TYPE(6)
#define TRANSFER	TYPE(32)
#define SUCCESS		(1u << 24)
#define STOPPED		(26u << 24)

enum page {
	READ = 2, CONTROL = 6, BOUNCE = 7, ELSEWHERE = 8, EVENTS = 20,
	CONTEXTS = 22, PADS = 24, PAD_LIST = 26, RINGS = 30, STREAM_CTX = 40, DEBUG = 42,
};

static const struct layout_row rows[] = {
#include "layouts/xhci.inc"
};

static enum real_kernel real;
static struct {
	uint64_t hcd, xhci, given, pad, slot, events, bulk, control, urb, td, eps, out;
	uint64_t segs[2];
	unsigned int pages;	/* of rings, used so far */
} at;

static uint64_t put_trb(struct rig *rig, uint64_t trbs, unsigned int n,
			uint64_t pointer, uint32_t status, uint32_t control)
{
	const uint32_t d[] = { (uint32_t)pointer, pointer >> 32, status,
			       control };

	machine_write(rig->m, trbs + n * sizeof(d), d, sizeof(d));
	return trbs + n * sizeof(d);
}

static uint64_t segment(struct rig *rig, uint64_t *trbs)
{
	uint64_t seg = machine_object(rig->m, 0x80);
	unsigned int page = RINGS + at.pages++;

	*trbs = image_va(RIG_BUFFER + IOVA(page));
	rig_set(rig, seg, AMI_F_xhci_seg_trbs, *trbs);
	rig_set(rig, seg, AMI_F_xhci_seg_dma, IOVA(page));
	rig_set(rig, seg, AMI_F_xhci_seg_next, seg);
	return seg;
}

/* Empty, of one segment. */
static uint64_t ring(struct rig *rig, unsigned int type, uint64_t *trbs)
{
	uint64_t va = machine_object(rig->m, 0x100);

	rig_set(rig, va, AMI_F_xhci_first_seg, segment(rig, trbs));
	rig_set(rig, va, AMI_F_xhci_dequeue, *trbs);
	rig_set(rig, va, AMI_F_xhci_enqueue, *trbs);
	rig_set(rig, va, AMI_F_xhci_cycle, 1);
	rig_set(rig, va, AMI_F_xhci_ring_type, type);
	machine_list_init(rig->m, rig_member(rig, va, AMI_F_xhci_ring_tds));
	return va;
}

static uint64_t urb(struct rig *rig, uint64_t on, uint64_t dma, uint64_t len)
{
	uint64_t va = machine_object(rig->m, 0x200);

	at.td = machine_object(rig->m, 0x100);
	rig_set(rig, va, AMI_F_xhci_urb_flags, 0x200);
	rig_set(rig, va, AMI_F_xhci_urb_dma, dma);
	rig_set(rig, va, AMI_F_xhci_urb_len, len);
	rig_set(rig, at.td, AMI_F_xhci_td_urb, va);
	machine_list_add(rig->m, rig_member(rig, on, AMI_F_xhci_ring_tds),
			 rig_member(rig, at.td, AMI_F_xhci_td_list));
	return va;
}

static uint64_t endpoint(struct rig *rig, unsigned int n)
{
	return at.eps + n * image_layout(rig->m->img)
		->type_size[AMI_T_xhci_virt_ep];
}

static uint64_t context(struct rig *rig, unsigned int page)
{
	uint64_t va = machine_object(rig->m, 0x40);

	rig_set(rig, va, AMI_F_xhci_ctx_size, 2048);
	rig_set(rig, va, AMI_F_xhci_ctx_dma, IOVA(page));
	return va;
}

static uint64_t first_segment(struct rig *rig, uint64_t on)
{
	uint64_t va;

	image_read(rig->m->img, rig_member(rig, on, AMI_F_xhci_first_seg) -
		   IMAGE_DIRECT_MAP, &va, sizeof(va));
	return va;
}

/* The read begins in the last TRB of a segment and goes on in the other. */
static void bulk_endpoint(struct rig *rig)
{
	uint64_t first, second;

	at.bulk = ring(rig, 2, &at.segs[0]);
	first = first_segment(rig, at.bulk);
	second = segment(rig, &at.segs[1]);
	rig_set(rig, first, AMI_F_xhci_seg_next, second);
	rig_set(rig, second, AMI_F_xhci_seg_next, first);
	put_trb(rig, at.segs[0], TRBS - 2, IOVA(READ), 4096,
		NORMAL | CHAIN | CYCLE);
	put_trb(rig, at.segs[0], TRBS - 1, IOVA(RINGS + at.pages - 1), 0,
		LINK | TOGGLE | CHAIN | CYCLE);
	put_trb(rig, at.segs[1], 0, IOVA(READ + 1), 8192, NORMAL);
	rig_set(rig, at.bulk, AMI_F_xhci_dequeue,
		at.segs[0] + 16 * (TRBS - 2));
	rig_set(rig, at.bulk, AMI_F_xhci_enqueue, at.segs[1] + 16);
	rig_set(rig, at.bulk, AMI_F_xhci_cycle, 0);
	at.urb = urb(rig, at.bulk, IOVA(READ), 3 * AMI_PAGE_SIZE);
	rig_set(rig, endpoint(rig, 2), AMI_F_xhci_ep_ring, at.bulk);
}

static void control_endpoint(struct rig *rig)
{
	uint64_t trbs;

	at.control = ring(rig, 0, &trbs);
	put_trb(rig, trbs, 0, 0x680, 8, SETUP | 1u << 6 | CYCLE);
	put_trb(rig, trbs, 1, IOVA(CONTROL), 18, DATA | IN | CYCLE);
	rig_set(rig, at.control, AMI_F_xhci_enqueue,
		put_trb(rig, trbs, 2, 0, 0, STATUS | CYCLE) + 16);
	urb(rig, at.control, IOVA(CONTROL), 18);
	rig_set(rig, endpoint(rig, 0), AMI_F_xhci_ep_ring, at.control);
}

static void event_rings(struct rig *rig)
{
	uint64_t ir = machine_object(rig->m, 0x80), list, seg;

	at.events = ring(rig, 6, &list);
	seg = first_segment(rig, at.events);
	rig_set(rig, seg, AMI_F_xhci_seg_dma, IOVA(EVENTS));
	rig_set(rig, seg, AMI_F_xhci_seg_trbs,
		image_va(RIG_BUFFER + IOVA(EVENTS)));
	rig_set(rig, at.events, AMI_F_xhci_dequeue,
		image_va(RIG_BUFFER + IOVA(EVENTS)));
	rig_set(rig, ir, AMI_F_xhci_ir_ring, at.events);
	if (real == REAL_6_1) {
		rig_set(rig, at.xhci, AMI_F_xhci_interrupter, ir);
		return;
	}
	list = machine_object(rig->m, 64);
	rig_set64(rig, list, ir);
	rig_set(rig, at.xhci, AMI_F_xhci_interrupters, list);
	rig_set(rig, at.xhci, AMI_F_xhci_max_interrupters, 2);
}

static void scratchpads(struct rig *rig)
{
	uint64_t list = machine_object(rig->m, 64);

	at.pad = machine_object(rig->m, 64);
	rig_set(rig, at.pad, AMI_F_xhci_sp_array, list);
	rig_set64(rig, list, IOVA(PADS));
	rig_set64(rig, list + 8, IOVA(PADS + 1));
	rig_set(rig, at.xhci, AMI_F_xhci_scratchpad, at.pad);
	rig_set64(rig, at.given, IOVA(PAD_LIST));
	rig_set(rig, at.xhci, AMI_F_xhci_hcs_params2, 2u << 27);
	rig_set(rig, at.xhci, AMI_F_xhci_page_size, AMI_PAGE_SIZE);
}

static void slots(struct rig *rig)
{
	uint64_t list = rig_member(rig, at.xhci, AMI_F_xhci_devs);

	at.slot = machine_object(rig->m, 0x1400);
	if (real == REAL_7_3) {
		list = machine_object(rig->m, 256);
		rig_set(rig, at.xhci, AMI_F_xhci_devs, list);
		rig_set(rig, at.xhci, AMI_F_xhci_max_slots, 8);
	}
	rig_set64(rig, list + 8 * 3, at.slot);
	at.out = context(rig, CONTEXTS);
	rig_set(rig, at.slot, AMI_F_xhci_slot_out, at.out);
	rig_set64(rig, at.given + 8 * 3, IOVA(CONTEXTS));
	at.eps = rig_member(rig, at.slot, AMI_F_xhci_slot_eps);
}

/* The member with the address of the list, which begins its structure if any. */
static enum ami_field context_list(void)
{
	return real == REAL_7_3 ? AMI_F_xhci_context_list : AMI_F_xhci_dcbaa;
}

static struct rig *host(void)
{
	struct rig *rig = rig_new("xhci_hcd");
	uint64_t trbs;

	rig_layout(rig, real, rows, sizeof(rows) / sizeof(rows[0]));
	at.pages = 0;
	at.hcd = machine_object(rig->m, 0x3000);
	at.xhci = rig_member(rig, at.hcd, AMI_F_xhci_priv);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.hcd);
	rig_set(rig, at.hcd, AMI_F_xhci_hcd_flags, 1);
	rig_set(rig, at.xhci, AMI_F_xhci_main, at.hcd);
	at.given = machine_object(rig->m, 0x1000);
	rig_set(rig, at.xhci, context_list(), at.given);
	event_rings(rig);
	scratchpads(rig);
	slots(rig);
	control_endpoint(rig);
	bulk_endpoint(rig);
	rig_set(rig, at.xhci, AMI_F_xhci_cmd_ring, ring(rig, 5, &trbs));
	return rig;
}

static bool names(const struct rig *rig, enum ami_class class,
		  enum ami_certainty certainty, unsigned int page)
{
	return rig_names(rig, class, certainty, RIG_BUFFER + IOVA(page));
}

static bool reads(const struct rig *rig, enum ami_certainty certainty)
{
	return names(rig, AMI_CLASS_INFLIGHT, certainty, READ) &&
	       names(rig, AMI_CLASS_INFLIGHT, certainty, READ + 1) &&
	       names(rig, AMI_CLASS_INFLIGHT, certainty, READ + 2);
}

static void check_areas(const struct rig *rig, enum ami_certainty certainty)
{
	assert_true(names(rig, AMI_CLASS_POSTED, certainty, EVENTS));
	assert_true(names(rig, AMI_CLASS_POSTED, certainty, CONTEXTS));
	assert_true(names(rig, AMI_CLASS_POSTED, certainty, PADS));
	assert_true(names(rig, AMI_CLASS_POSTED, certainty, PADS + 1));
	/* What the controller only reads is not named. */
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 4);
}

/* What it writes, and nothing else, on each kernel. */
static void whole(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = host();

		machine_analyse(rig->m);
		check_areas(rig, AMI_PROVEN);
		assert_true(reads(rig, AMI_PROVEN));
		assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_PROVEN, CONTROL));
		assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 4);
		assert_true(rig_covered(rig, "xhci_hcd"));
		assert_int_equal(rig_found(rig, "no-evidence-provider"), 0);
		assert_int_equal(rig_found(rig, "descriptor-disagrees"), 0);
		assert_int_equal(rig_found(rig, "driver-state-damaged"), 0);
		rig_free(rig);
	}
}

/* The same by physical addresses. */
static void untranslated(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_12;
	rig = host();
	rig_untranslated(rig);
	machine_analyse(rig->m);
	assert_true(rig_names(rig, AMI_CLASS_INFLIGHT, AMI_PROVEN, IOVA(READ)));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN, IOVA(EVENTS)));
	rig_free(rig);
}

static void event(struct rig *rig, uint64_t pointer, uint32_t code,
		  uint32_t cycle)
{
	put_trb(rig, image_va(RIG_BUFFER + IOVA(EVENTS)), 0, pointer, code,
		TRANSFER | cycle);
}

/* An event that the driver has not taken answers the read. */
static void answered(void **state)
{
	static const struct {
		uint32_t code, cycle;
		enum ami_certainty certainty;
	} list[] = {
		{ SUCCESS, CYCLE, AMI_LIKELY },
		{ SUCCESS, 0, AMI_PROVEN },		/* an old event */
		{ STOPPED, CYCLE, AMI_PROVEN },
	};
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig *rig = host();

		event(rig, IOVA(RINGS + 3), list[i].code, list[i].cycle);
		machine_analyse(rig->m);
		assert_true(reads(rig, list[i].certainty));
		assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_PROVEN,
				  CONTROL));
		rig_free(rig);
	}
}

#define CHANGE(name, object, field, value)				\
static void name(struct rig *rig)					\
{									\
	rig_set(rig, object, AMI_F_##field, value);			\
}

CHANGE(halted, at.xhci, xhci_state, 2)
CHANGE(suspended, at.hcd, xhci_hcd_flags, 0)
CHANGE(stopped, endpoint(rig, 2), xhci_ep_state, 2)

/* The cycle bit of the first TRB is written last. */
static void not_announced(struct rig *rig)
{
	put_trb(rig, at.segs[0], TRBS - 2, IOVA(READ), 4096, NORMAL | CHAIN);
}

static void asleep(void **state)
{
	static const struct {
		void (*make)(struct rig *rig);
		bool all;
	} list[] = {
		{ halted, true }, { suspended, true }, { stopped, false },
		{ not_announced, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig *rig;

		real = i % REAL_KERNELS;
		rig = host();
		list[i].make(rig);
		machine_analyse(rig->m);
		assert_true(reads(rig, AMI_POSSIBLE));
		check_areas(rig, list[i].all ? AMI_POSSIBLE : AMI_PROVEN);
		assert_true(rig_covered(rig, "xhci_hcd"));
		rig_free(rig);
	}
}

/* Memory in pieces, and a bounce buffer for what a segment's end would split. */
static void pieces(void **state)
{
	struct rig *rig;
	uint64_t list, first;

	(void)state;
	real = REAL_6_1;
	rig = host();
	list = rig_object(rig, AMI_T_scatterlist);
	rig_set(rig, list, AMI_F_sg_dma, IOVA(READ));
	rig_set(rig, list, AMI_F_sg_dma_length, 3 * AMI_PAGE_SIZE);
	rig_set(rig, at.urb, AMI_F_xhci_urb_sg, list);
	rig_set(rig, at.urb, AMI_F_xhci_urb_nr_sgs, 1);
	rig_set(rig, at.urb, AMI_F_xhci_urb_dma, IOVA(ELSEWHERE));
	put_trb(rig, at.segs[0], TRBS - 2, IOVA(BOUNCE), 512,
		NORMAL | CHAIN | CYCLE);
	first = first_segment(rig, at.bulk);
	rig_set(rig, first, AMI_F_xhci_seg_bounce, IOVA(BOUNCE));
	machine_analyse(rig->m);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_PROVEN, BOUNCE));
	assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_PROVEN, READ + 1));
	assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_POSSIBLE, READ));
	assert_int_equal(rig_found(rig, "descriptor-disagrees"), 0);
	rig_free(rig);
}

/* A TRB and its URB name different memory: both count, and nobody is damaged. */
static void disagree(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_12;
	rig = host();
	put_trb(rig, at.segs[1], 0, IOVA(ELSEWHERE), 8192, NORMAL);
	machine_analyse(rig->m);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_LIKELY, ELSEWHERE));
	assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_POSSIBLE, READ + 2));
	assert_int_equal(rig_found(rig, "descriptor-disagrees"), 1);
	rig_free(rig);
}

static struct rig *streams(void)
{
	struct rig *rig = host();
	uint64_t info = machine_object(rig->m, 0x80);
	uint64_t list = machine_object(rig->m, 64), trbs, on = ring(rig, 4, &trbs);

	rig_set(rig, endpoint(rig, 4), AMI_F_xhci_ep_streams, info);
	rig_set(rig, info, AMI_F_xhci_stream_rings, list);
	rig_set(rig, info, AMI_F_xhci_nr_streams, 3);
	rig_set(rig, info, AMI_F_xhci_nr_stream_ctxs, 4);
	rig_set(rig, info, AMI_F_xhci_stream_ctxs, IOVA(STREAM_CTX));
	rig_set64(rig, list + 16, on);
	rig_set(rig, on, AMI_F_xhci_enqueue,
		put_trb(rig, trbs, 0, IOVA(ELSEWHERE), 4096, NORMAL | CYCLE) +
		16);
	urb(rig, on, IOVA(ELSEWHERE), 4096);
	return rig;
}

static void of_streams(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = streams();

		machine_analyse(rig->m);
		assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_PROVEN,
				  ELSEWHERE));
		assert_true(names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
				  STREAM_CTX));
		assert_true(rig_covered(rig, "xhci_hcd"));
		rig_free(rig);
	}
}

/* The debug capability: data from the other host, and no URBs. */
static void debug(void **state)
{
	struct rig *rig;
	uint64_t dbc, trbs, on;

	(void)state;
	real = REAL_7_3;
	rig = host();
	dbc = machine_object(rig->m, 0x400);
	on = ring(rig, 2, &trbs);
	rig_set(rig, at.xhci, AMI_F_xhci_dbc, dbc);
	rig_set(rig, dbc, AMI_F_xhci_dbc_out, on);
	rig_set(rig, dbc, AMI_F_xhci_dbc_ctx, context(rig, DEBUG));
	rig_set(rig, on, AMI_F_xhci_enqueue,
		put_trb(rig, trbs, 0, IOVA(ELSEWHERE), 4096, NORMAL | CYCLE) +
		16);
	machine_analyse(rig->m);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, AMI_PROVEN, ELSEWHERE));
	assert_true(names(rig, AMI_CLASS_POSTED, AMI_PROVEN, DEBUG));
	assert_int_equal(rig_found(rig, "descriptor-disagrees"), 0);
	rig_free(rig);
}

/* Up to 6.0 the ring is in the controller's structure. */
static void old_kernel(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_1;
	rig = host();
	image_layout(rig->m->img)->field[AMI_F_xhci_event_ring] =
		image_layout(rig->m->img)->field[AMI_F_xhci_interrupter];
	rig_set(rig, at.xhci, AMI_F_xhci_event_ring, at.events);
	machine_analyse(rig->m);
	check_areas(rig, AMI_PROVEN);
	assert_true(reads(rig, AMI_PROVEN));
	rig_free(rig);
}

CHANGE(bad_dequeue, at.bulk, xhci_dequeue, at.segs[0] + 8)
CHANGE(bad_enqueue, at.bulk, xhci_enqueue, at.events)
CHANGE(ring_nowhere, at.bulk, xhci_first_seg, RIG_NOWHERE)
CHANGE(urb_nowhere, at.td, xhci_td_urb, RIG_NOWHERE)
CHANGE(bad_page_size, at.xhci, xhci_page_size, 4097)
CHANGE(many_interrupters, at.xhci, xhci_max_interrupters, 0xffff)
CHANGE(bad_context, at.out, xhci_ctx_size, 0x7fffffff)
CHANGE(other_hcd, at.xhci, xhci_main, at.slot)
CHANGE(pad_nowhere, at.xhci, xhci_scratchpad, RIG_NOWHERE)

/* A circle that never comes back to its start. */
static void endless(struct rig *rig)
{
	uint64_t trbs, on = ring(rig, 2, &trbs), first, last;

	last = segment(rig, &trbs);
	first = first_segment(rig, on);
	rig_set(rig, first, AMI_F_xhci_seg_next, last);
	rig_set(rig, endpoint(rig, 6), AMI_F_xhci_ep_ring, on);
}

static void hostile(void **state)
{
	static const struct rig_damage list[] = {
		{ "dequeue", bad_dequeue, "driver-state-damaged" },
		{ "enqueue", bad_enqueue, "driver-state-damaged" },
		{ "ring nowhere", ring_nowhere, "driver-state-unread" },
		{ "URB nowhere", urb_nowhere, "driver-state-unread" },
		{ "page size", bad_page_size, "driver-state-damaged" },
		{ "interrupters", many_interrupters, "driver-state-damaged" },
		{ "contexts", bad_context, "driver-state-damaged" },
		{ "other hcd", other_hcd, "driver-state-damaged" },
		{ "scratchpads", pad_nowhere, "driver-state-unread" },
		{ "endless", endless, "driver-state-damaged" },
	};

	(void)state;
	real = REAL_7_3;
	rig_survives(host, list, sizeof(list) / sizeof(list[0]));
}

CHANGE(no_scratchpads, at.xhci, xhci_scratchpad, 0)
CHANGE(no_slots, at.xhci, xhci_devs, 0)
CHANGE(few_slots, at.xhci, xhci_max_slots, 2)

static void no_list(struct rig *rig)
{
	rig_set(rig, at.xhci, context_list(), 0);
}

CHANGE(no_events, at.xhci, xhci_max_interrupters, 0)

static void no_events_asleep(struct rig *rig)
{
	no_events(rig);
	halted(rig);
}

static void no_slot(struct rig *rig)
{
	uint64_t list;

	image_read(rig->m->img, rig_member(rig, at.xhci, AMI_F_xhci_devs) -
		   IMAGE_DIRECT_MAP, &list, sizeof(list));
	rig_set64(rig, list + 8 * 3, 0);
}

/* Zeros over what the driver has, against what the controller was given. */
static void zeroed(void **state)
{
	static const struct {
		void (*damage)(struct rig *rig);
		bool missing;
	} list[] = {
		{ no_scratchpads, true }, { no_slots, true }, { few_slots, true },
		{ no_slot, true }, { no_list, true }, { no_events, true },
		{ no_events_asleep, false },
	};
	size_t i;

	(void)state;
	real = REAL_7_3;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig *rig = host();

		list[i].damage(rig);
		machine_analyse(rig->m);
		assert_int_equal(rig_found(rig, "buffers-missing"),
				 list[i].missing);
		assert_int_equal(rig_covered(rig, "xhci_hcd"), !list[i].missing);
		rig_free(rig);
	}
}

/* TRBs that cannot be read: what URBs had mapped still counts. */
static void without_trbs(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_1;
	rig = host();
	ring_nowhere(rig);
	machine_analyse(rig->m);
	assert_true(reads(rig, AMI_LIKELY));
	assert_false(rig_covered(rig, "xhci_hcd"));
	assert_int_equal(rig_found(rig, "evidence-partial"), 1);
	assert_int_equal(rig_found(rig, "driver-state-damaged"), 0);
	rig_free(rig);
}

static void gaps(void **state)
{
	(void)state;
	real = REAL_7_3;
	rig_survives_gaps(streams);
	rig_survives_noise(streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(untranslated),
		cmocka_unit_test(answered), cmocka_unit_test(asleep),
		cmocka_unit_test(pieces), cmocka_unit_test(disagree),
		cmocka_unit_test(of_streams), cmocka_unit_test(debug),
		cmocka_unit_test(old_kernel), cmocka_unit_test(hostile),
		cmocka_unit_test(without_trbs), cmocka_unit_test(zeroed),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
