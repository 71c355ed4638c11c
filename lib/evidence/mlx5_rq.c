// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive queues of mlx5 interfaces. A cyclic one has a buffer, or a few, for each
 * frame. A striding one is a list of large buffers, each many strides: the device
 * fills one after another. Their pages were announced by commands (UMR) that are
 * soon overwritten, so the driver's state alone speaks for them.
 */
#include <stdlib.h>
#include <string.h>

#include "mlx5.h"
#include "nic.h"

#define CYCLIC		1u	/* MLX5_WQ_TYPE_CYCLIC */
#define STRIDING	2u	/* MLX5_WQ_TYPE_LINKED_LIST_STRIDING_RQ */
#define MAX_STRIDE	12u	/* a fragment is a page */
#define MAX_FRAGS	4u	/* MLX5E_MAX_RX_FRAGS */
#define SEGMENT		16u	/* struct mlx5_wqe_data_seg: length, key, address */
#define SEGMENT_ADDR	8u
#define NEXT_AT		2u	/* in struct mlx5_wqe_srq_next_seg */
#define MAX_PAGES	256u	/* of a large buffer; a kernel counts them in a byte */
#define UNIT		16u	/* bytes of the largest struct mlx5e_frag_page */
#define MIN_SHIFT	10u
#define MAX_SHIFT	16u
#define MAX_INFO	64u	/* bytes before the units */

bool mlx5_queue_open(struct reading *r, uint64_t va, struct mlx5_queue *q)
{
	uint64_t last, offset, stride, per_frag;

	*q = (struct mlx5_queue){ .r = r, .frag = UINT64_MAX };
	if (!reading_get(r, va, AMI_F_mlx5_wq_frags, &q->frags) ||
	    !reading_get(r, va, AMI_F_mlx5_wq_last, &last) ||
	    !reading_get(r, va, AMI_F_mlx5_wq_offset, &offset) ||
	    !reading_get(r, va, AMI_F_mlx5_wq_stride, &stride) ||
	    !reading_get(r, va, AMI_F_mlx5_wq_per_frag, &per_frag)) {
		r->lost = true;
		return false;
	}
	if (!q->frags)
		return false;
	if (!ami_kernel_address(q->frags) || last >= NIC_MAX_RING ||
	    last & (last + 1) || stride + per_frag != AMI_PAGE_SHIFT ||
	    stride < 4 || stride > MAX_STRIDE) {
		reading_damaged(r, "work queue", va);
		return false;
	}
	q->last = last;
	q->offset = offset;
	q->stride = stride;
	q->per_frag = per_frag;
	return true;
}

bool mlx5_queue_read(struct mlx5_queue *q, uint32_t index, void *buf, size_t len)
{
	struct ami_kernel *k = q->r->kernel;
	uint64_t at = (uint64_t)index + q->offset, frag = at >> q->per_frag;

	if (frag != q->frag) {
		q->frag = UINT64_MAX;
		if (ami_get(k, q->frags + frag * ami_type_size(k, AMI_T_mlx5_frag),
			    AMI_F_mlx5_frag_va, &q->at) != AMI_MEM_OK)
			return false;
		q->frag = frag;
	}
	at &= (1ull << q->per_frag) - 1;
	return ami_read(k, q->at + (at << q->stride), buf, len) == AMI_MEM_OK;
}

/*
 * The counter that the device was given, of 16 bits. While the driver posts, its
 * own runs ahead. False: it cannot be read.
 */
static bool read_doorbell(struct reading *r, uint64_t rq, enum ami_field db,
			  uint16_t *announced)
{
	uint64_t at;
	uint32_t raw;

	if (ami_get(r->kernel, rq, db, &at) != AMI_MEM_OK ||
	    ami_read_u32(r->kernel, at, &raw) != AMI_MEM_OK)
		return false;
	*announced = __builtin_bswap32(raw);
	return true;
}

/**
 * struct cyclic - a cyclic queue, being read
 * @buffers: of its buffers; @log: buffers of a frame, as the driver counts them
 * @holder: what leads to the page
 */
struct cyclic {
	struct reading *r;
	struct mlx5_queue wq;
	uint64_t buffers, nr_frags, log, xsk, headroom;
	uint32_t len[MAX_FRAGS];
	enum ami_field holder;
};

static bool open_sizes(struct cyclic *c, uint64_t rq)
{
	struct ami_kernel *k = c->r->kernel;
	uint64_t at = ami_addr(k, rq, AMI_F_mlx5e_cyc_sizes), size, i;

	for (i = 0; i < c->nr_frags; i++) {
		if (!reading_get(c->r, at + i * ami_type_size(k,
				 AMI_T_mlx5e_frag_size),
				 AMI_F_mlx5e_frag_size, &size))
			return false;
		c->len[i] = nic_buffer_size(c->r, size);
	}
	return true;
}

static bool open_cyclic(struct cyclic *c, uint64_t rq)
{
	struct reading *r = c->r;

	c->holder = ami_has(r->kernel, AMI_F_mlx5e_frag_page) ?
		    AMI_F_mlx5e_frag_page : AMI_F_mlx5e_frag_au;
	if (!reading_get(r, rq, AMI_F_mlx5e_cyc_frags, &c->buffers) ||
	    !reading_get(r, rq, AMI_F_mlx5e_cyc_nr_frags, &c->nr_frags) ||
	    !reading_get(r, rq, AMI_F_mlx5e_cyc_log_frags, &c->log) ||
	    !reading_get(r, rq, AMI_F_mlx5e_rq_xsk, &c->xsk) ||
	    !reading_get(r, rq, AMI_F_mlx5e_rq_headroom, &c->headroom))
		return false;
	if (c->nr_frags > MAX_FRAGS || c->log > 2 || c->nr_frags > 1u << c->log ||
	    c->nr_frags * SEGMENT > 1u << c->wq.stride) {
		reading_damaged(r, "receive queue", rq);
		return false;
	}
	return open_sizes(c, rq);
}

/* What holds the page is its first member, in each kernel. */
static void read_frag(const struct cyclic *c, uint64_t index, uint32_t frag,
		      struct rx_slot *slot)
{
	struct ami_kernel *k = c->r->kernel;
	uint64_t at = c->buffers + ((index << c->log) + frag) *
		      ami_type_size(k, AMI_T_mlx5e_frag_info);
	uint64_t holder, page, offset, phys;

	if (ami_get(k, at, c->holder, &holder) != AMI_MEM_OK ||
	    ami_get(k, at, AMI_F_mlx5e_frag_offset, &offset) != AMI_MEM_OK ||
	    ami_read_u64(k, holder, &page) != AMI_MEM_OK)
		return;
	if (c->xsk) {
		slot->known = !page || ami_get(k, page, AMI_F_xdp_buff_dma,
					       &slot->dma) == AMI_MEM_OK;
		return;
	}
	slot->known = reading_pool_dma(c->r, page, &slot->dma) == AMI_MEM_OK;
	if (!slot->dma)
		return;
	if (!frag)
		offset += c->headroom;
	slot->dma += offset;
	phys = reading_phys_of_page(c->r, page);
	slot->phys = phys ? phys + offset : 0;
}

/* @held: the device may not know it */
static void add_frame(struct cyclic *c, uint32_t index, bool held,
		      struct rx_slots *slots)
{
	uint8_t raw[MAX_FRAGS * SEGMENT];
	uint64_t addr, i;
	bool seen = mlx5_queue_read(&c->wq, index, raw, c->nr_frags * SEGMENT);

	for (i = 0; i < c->nr_frags; i++) {
		struct rx_slot slot = {
			.seen = seen, .held = held, .len = c->len[i],
		};

		if (seen) {
			memcpy(&addr, raw + i * SEGMENT + SEGMENT_ADDR,
			       sizeof(addr));
			slot.addr = __builtin_bswap64(addr);
		}
		read_frag(c, index, i, &slot);
		nic_add_slot(c->r, slots, &slot);
	}
}

/* The newest ones up to the counter are the device's. */
static bool read_cyclic(struct reading *r, uint64_t rq, const char *label)
{
	struct cyclic c = { .r = r };
	struct rx_slots slots = { .list = NULL };
	uint64_t next, used;
	uint16_t announced, n;

	if (!mlx5_queue_open(r, ami_addr(r->kernel, rq, AMI_F_mlx5e_cyc_wq),
			     &c.wq))
		return true;
	if (!open_cyclic(&c, rq) ||
	    !reading_get(r, rq, AMI_F_mlx5e_cyc_next, &next) ||
	    !reading_get(r, rq, AMI_F_mlx5e_cyc_used, &used))
		return false;
	if (used > c.wq.last + 1) {
		reading_damaged(r, "receive queue", rq);
		return false;
	}
	slots.each = c.nr_frags;
	slots.optional = c.xsk;		/* a program gives them */
	if (!read_doorbell(r, rq, AMI_F_mlx5e_cyc_db, &announced) ||
	    (uint16_t)(next - announced) > c.wq.last)
		announced = next;
	/* A CPU that was stopped while it posted may not have counted them. */
	for (n = announced - used; n != (uint16_t)next && !reading_stopped(r); n++)
		add_frame(&c, n & c.wq.last,
			  (uint16_t)(next - n) <= (uint16_t)(next - announced) ||
			  (uint16_t)(next - n) > used, &slots);
	nic_post_slots(r, &slots, label);
	return true;
}

/**
 * struct striding - a striding queue, being read
 * @info: what the driver keeps of each large buffer, @size: bytes of one
 * @unit: bytes from page to page in it, @units: where the first is
 * @shift, @stride: bytes of a page and of a stride, as shifts
 * @state: of each large buffer
 */
struct striding {
	struct reading *r;
	struct mlx5_queue wq;
	uint64_t info, size, pages, shift, stride, xsk, headroom, unit, units;
	enum state { POSTED, COMING, FREE } *state;
};

static bool open_striding(struct striding *s, uint64_t rq)
{
	struct reading *r = s->r;
	struct ami_kernel *k = r->kernel;

	if (!ami_has(k, AMI_F_mlx5e_mpw_units)) {
		reading_left_out(r, "striding receive queues of this kernel");
		return false;
	}
	s->unit = ami_type_size(k, AMI_T_mlx5e_frag_page);
	if (!s->unit)
		s->unit = sizeof(uint64_t);
	if (!reading_get(r, rq, AMI_F_mlx5e_mpw_info, &s->info) ||
	    !reading_get(r, rq, AMI_F_mlx5e_mpw_pages, &s->pages) ||
	    !reading_get(r, rq, AMI_F_mlx5e_mpw_shift, &s->shift) ||
	    !reading_get(r, rq, AMI_F_mlx5e_mpw_stride, &s->stride) ||
	    !reading_get(r, rq, AMI_F_mlx5e_rq_xsk, &s->xsk) ||
	    !reading_get(r, rq, AMI_F_mlx5e_rq_headroom, &s->headroom))
		return false;
	s->size = ami_type_size(k, AMI_T_mlx5e_mpw_info) + s->pages * s->unit;
	if (s->xsk)
		s->unit = sizeof(uint64_t);	/* there is room for pages */
	s->units = ami_addr(k, 0, AMI_F_mlx5e_mpw_units);
	if (s->shift < MIN_SHIFT || s->shift > MAX_SHIFT || s->stride > 16 ||
	    s->unit > UNIT || s->units > MAX_INFO || s->pages >= MAX_PAGES ||
	    s->headroom >> s->shift) {
		reading_damaged(r, "striding receive queue", rq);
		return false;
	}
	return true;
}

/*
 * All large buffers are in one list, a circle. From its head on come those that the
 * device does not have: first those whose pages are being announced.
 */
static bool find_free(struct striding *s, uint64_t rq)
{
	uint64_t head, used, coming, next, i;
	uint8_t raw[NEXT_AT + 2];
	uint16_t announced;
	bool busy;

	if (!reading_get(s->r, rq, AMI_F_mlx5e_mpw_head, &head) ||
	    !reading_get(s->r, rq, AMI_F_mlx5e_mpw_used, &used) ||
	    !reading_get(s->r, rq, AMI_F_mlx5e_mpw_next, &next) ||
	    !reading_get(s->r, rq, AMI_F_mlx5e_mpw_coming, &coming))
		return false;
	/* A CPU was stopped while it moved some over: none is surely free. */
	busy = read_doorbell(s->r, rq, AMI_F_mlx5e_mpw_db, &announced) &&
	       announced != (uint16_t)next;
	if (used > s->wq.last + 1) {
		reading_damaged(s->r, "striding receive queue", rq);
		return false;
	}
	for (i = used; i <= s->wq.last; i++) {
		if (head > s->wq.last || s->state[head] != POSTED) {
			if (!busy)
				reading_damaged(s->r,
						"list of a striding receive queue",
						rq);
			return true;	/* the rest count as posted */
		}
		s->state[head] = busy || i - used < coming ? COMING : FREE;
		if (!mlx5_queue_read(&s->wq, head, raw, sizeof(raw))) {
			reading_unread(s->r, "list of a striding receive queue",
				       rq, AMI_MEM_FILTERED);
			return true;
		}
		head = raw[NEXT_AT] << 8 | raw[NEXT_AT + 1];
	}
	return true;
}

static void read_unit(const struct striding *s, uint64_t page,
		      struct rx_slot *slot)
{
	struct ami_kernel *k = s->r->kernel;

	slot->len = 1u << s->shift;
	if (!s->xsk) {
		slot->known = reading_pool_dma(s->r, page, &slot->dma) ==
			       AMI_MEM_OK;
		slot->phys = slot->dma ? reading_phys_of_page(s->r, page) : 0;
		return;
	}
	slot->len -= s->headroom;
	slot->known = !page || ami_get(k, page, AMI_F_xdp_buff_dma,
				       &slot->dma) == AMI_MEM_OK;
}

static void add_large(struct striding *s, uint32_t index, struct rx_slots *slots)
{
	uint8_t raw[MAX_PAGES * UNIT];
	uint64_t at = s->info + index * s->size, consumed = 0, page, i;
	bool read = ami_get(s->r->kernel, at, AMI_F_mlx5e_mpw_consumed,
			    &consumed) == AMI_MEM_OK &&
		    ami_read(s->r->kernel, at + s->units, raw,
			     s->pages * s->unit) == AMI_MEM_OK;

	for (i = 0; i < s->pages; i++) {
		struct rx_slot slot = {
			.alone = true, .held = s->state[index] == COMING,
			.used = i < consumed << s->stride >> s->shift,
		};

		memcpy(&page, raw + i * s->unit, sizeof(page));
		if (read)
			read_unit(s, page, &slot);
		nic_add_slot(s->r, slots, &slot);
	}
}

/* Parts of large buffers that no page is behind lead to this page. */
static bool post_overflow(struct reading *r, uint64_t rq)
{
	uint64_t dma;

	if (!reading_get(r, rq, AMI_F_mlx5e_rq_overflow, &dma))
		return false;
	if (dma)
		reading_post_dma(r, AMI_LIKELY, dma, AMI_PAGE_SIZE,
				 "page past the ends of buffers");
	return true;
}

static bool post_striding(struct striding *s, uint64_t rq, const char *label)
{
	struct rx_slots slots = { .list = NULL };
	uint64_t shampo;
	uint32_t i;

	if (!open_striding(s, rq) || !find_free(s, rq) ||
	    !reading_get(s->r, rq, AMI_F_mlx5e_mpw_shampo, &shampo))
		return false;
	if (shampo)
		reading_left_out(s->r, "buffers for headers alone");
	slots.each = s->pages;
	slots.optional = s->xsk;
	for (i = 0; i <= s->wq.last && !reading_stopped(s->r); i++)
		if (s->state[i] != FREE)
			add_large(s, i, &slots);
	nic_post_slots(s->r, &slots, label);
	return post_overflow(s->r, rq);
}

static bool read_striding(struct reading *r, uint64_t rq, const char *label)
{
	struct striding s = { .r = r };
	bool complete;

	if (!mlx5_queue_open(r, ami_addr(r->kernel, rq, AMI_F_mlx5e_mpw_wq),
			     &s.wq))
		return true;
	s.state = calloc(s.wq.last + 1, sizeof(*s.state));
	if (!s.state) {
		r->ev->collector->no_memory = true;
		return false;
	}
	complete = post_striding(&s, rq, label);
	free(s.state);
	return complete;
}

bool mlx5_receive_queue(struct reading *r, uint64_t rq, const char *label)
{
	uint64_t type;

	if (!reading_get(r, rq, AMI_F_mlx5e_rq_type, &type))
		return false;
	if (type == STRIDING)
		return read_striding(r, rq, label);
	if (type == CYCLIC)
		return read_cyclic(r, rq, label);
	if (type)
		reading_damaged(r, "type of a receive queue", rq);
	return true;	/* 0: none was ever opened */
}
