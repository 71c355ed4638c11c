// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packed virtqueues (VIRTIO 1.2, 2.8). The device overwrites descriptors when
 * it gives buffers back, in any order. If all descriptors of a buffer are still
 * in the ring, they count. Otherwise the driver's state counts, which does not
 * have addresses that the driver did not map itself.
 */
#include <stdlib.h>
#include <string.h>

#include "vring.h"

#define WRITE		2u
#define INDIRECT	4u
#define AVAIL		(1u << 7)
#define USED		(1u << 15)
#define WRAP		(1u << 15)	/* in last_used_idx, since 5.19 */
#define EVENT		4u
#define NOT_MAPPED	UINT64_MAX	/* DMA_MAPPING_ERROR: not by queue */
#define NO_SLOT		UINT32_MAX
#define LONG_BUFFER	32u	/* descriptors */

struct packed_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id;
	uint16_t flags;
};

/**
 * struct packed - copies of the ring, of states and extras of @num buffers
 * @slot: by buffer: the last of its descriptors in the ring, or NO_SLOT
 * @before: by descriptor: the previous one of the same buffer
 * @slots: by buffer: how many
 */
struct packed {
	struct vring *r;
	uint32_t num;
	uint64_t desc_va, device_va;
	struct packed_desc *desc;
	uint8_t *state, *extra;
	bool *have;
	uint32_t *slot, *before, *slots;
};

static uint64_t pick_field(const struct packed *p, const uint8_t *list,
			   enum ami_type t, uint32_t index, enum ami_field f)
{
	const struct ami_member *m =
		&ami_kernel_layout(p->r->kernel)->field[f];
	uint64_t each = ami_type_size(p->r->kernel, t), value = 0;

	if (m->present && m->size <= sizeof(value) &&
	    m->offset + m->size <= each)
		memcpy(&value, list + index * each + m->offset, m->size);
	return value;
}

static bool load_packed(struct packed *p)
{
	struct vring *r = p->r;
	uint64_t state = ami_type_size(r->kernel,
				       AMI_T_vring_desc_state_packed);
	uint64_t extra = ami_type_size(r->kernel, AMI_T_vring_desc_extra);
	uint64_t num, states, extras;

	if (!state || state > 64 || !extra || extra > 64 ||
	    !vring_get(r, r->va, AMI_F_vvq_pnum, &num) ||
	    !vring_get(r, r->va, AMI_F_vvq_pdesc, &p->desc_va) ||
	    !vring_get(r, r->va, AMI_F_vvq_pdevice, &p->device_va) ||
	    !vring_get(r, r->va, AMI_F_vvq_pstate, &states) ||
	    !vring_get(r, r->va, AMI_F_vvq_pextra, &extras) ||
	    !num || num > VRING_MAX)
		return false;
	p->num = num;
	p->desc = vring_load(r, p->desc_va, num * sizeof(*p->desc));
	p->state = vring_load(r, states, num * state);
	p->extra = vring_load(r, extras, num * extra);
	p->have = calloc(num, sizeof(*p->have));
	p->slot = malloc(num * sizeof(*p->slot));
	p->before = calloc(num, sizeof(*p->before));
	p->slots = calloc(num, sizeof(*p->slots));
	if (!p->have || !p->slot || !p->before || !p->slots)
		r->ev->collector->no_memory = true;
	return p->desc && p->state && p->extra && p->have && p->slot &&
	       p->before && p->slots;
}

static bool is_available(const struct packed_desc *d)
{
	return !(d->flags & AVAIL) != !(d->flags & USED);
}

/*
 * Between the driver's places for taking back and for adding, the device sees
 * the descriptors that are available and not used. Elsewhere, old ones look the
 * same.
 */
static void index_slots(struct packed *p)
{
	uint64_t used = 0, next = 0;
	uint32_t at, n;

	memset(p->slot, 0xff, p->num * sizeof(*p->slot));
	if (!vring_get(p->r, p->r->va, AMI_F_vvq_last_used, &used) ||
	    !vring_get(p->r, p->r->va, AMI_F_vvq_pnext, &next)) {
		p->r->unread++;
		return;
	}
	at = used & ~WRAP;
	for (n = 0; n < p->num && at < p->num; n++) {
		const struct packed_desc *d = &p->desc[at];

		/* Equal at first: a full ring. */
		if (at == next && (n || !is_available(d)))
			return;
		if (is_available(d) && d->id < p->num) {
			p->before[at] = p->slot[d->id];
			p->slot[d->id] = at;
			p->slots[d->id]++;
		}
		at = at + 1 == p->num ? 0 : at + 1;
	}
}

/*
 * From the driver's place on: descriptors that came back, but that the driver
 * has not seen.
 */
static void take_used(struct packed *p)
{
	uint64_t place = 0, apart = 0;
	uint32_t at, n;
	bool wrap;

	if (!vring_get(p->r, p->r->va, AMI_F_vvq_last_used, &place) ||
	    (ami_has(p->r->kernel, AMI_F_vvq_pwrap) &&
	     !vring_get(p->r, p->r->va, AMI_F_vvq_pwrap, &apart))) {
		p->r->unread++;
		return;
	}
	at = place & ~WRAP;
	wrap = place & WRAP;
	if (ami_has(p->r->kernel, AMI_F_vvq_pwrap))
		wrap = apart;
	for (n = 0; n < p->num && at < p->num; n++) {
		const struct packed_desc *d = &p->desc[at];
		uint32_t step;

		if (!(d->flags & USED) != !(d->flags & AVAIL) ||
		    !(d->flags & USED) == wrap || d->id >= p->num)
			return;
		p->have[d->id] = false;
		step = pick_field(p, p->state, AMI_T_vring_desc_state_packed, d->id,
				  AMI_F_vpstate_num);
		at += step ? step : 1;
		if (at >= p->num) {
			at -= p->num;
			wrap = !wrap;
		}
	}
}

static void add_list(struct packed *p, const struct packed_desc *list,
		     uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n && vring_spend(p->r); i++)
		if (list[i].flags & WRITE)
			vring_add(p->r, list[i].addr, list[i].len);
}

/* The device only reads it, so the driver's copy is as good. */
static void add_known_list(struct packed *p, uint64_t va, uint64_t len)
{
	struct packed_desc *list;
	uint64_t n = len / sizeof(*list);

	if (!n || n > VRING_MAX) {
		p->r->bad++;
		return;
	}
	list = vring_load(p->r, va, n * sizeof(*list));
	if (list)
		add_list(p, list, n);
	else
		vring_count_lost(p->r, p->r->mem);
	free(list);
}

static void add_slots(struct packed *p, uint32_t id)
{
	uint32_t at;

	for (at = p->slot[id]; at != NO_SLOT && vring_spend(p->r);
	     at = p->before[at]) {
		const struct packed_desc *d = &p->desc[at];

		if (d->flags & INDIRECT) {
			struct packed_desc *list =
				vring_indirect(p->r, d->addr, d->len);

			if (list)
				add_list(p, list, d->len / sizeof(*list));
			free(list);
		} else if (d->flags & WRITE) {
			vring_add(p->r, d->addr, d->len);
		}
	}
}

static void add_known(struct packed *p, uint32_t id, uint64_t num)
{
	const enum ami_type extra = AMI_T_vring_desc_extra;
	uint32_t at = id;

	for (; num && at < p->num && vring_spend(p->r); num--) {
		uint64_t flags = pick_field(p, p->extra, extra, at,
					    AMI_F_vextra_flags);
		uint64_t addr = pick_field(p, p->extra, extra, at,
					   AMI_F_vextra_addr);
		uint64_t len = pick_field(p, p->extra, extra, at, AMI_F_vextra_len);

		if (addr == NOT_MAPPED)
			p->r->bad++;
		else if (flags & INDIRECT)
			add_known_list(p, pick_field(p, p->state,
						     AMI_T_vring_desc_state_packed,
						     id, AMI_F_vpstate_indir), len);
		else if (flags & WRITE)
			vring_add(p->r, addr, len);
		at = pick_field(p, p->extra, extra, at, AMI_F_vextra_next);
	}
	p->r->bad += num != 0;
}

static void add_buffer(struct packed *p, uint32_t id)
{
	uint64_t num = pick_field(p, p->state, AMI_T_vring_desc_state_packed, id,
				  AMI_F_vpstate_num);

	if (num && p->slots[id] == num)
		add_slots(p, id);
	else if (p->r->dma)
		add_known(p, id, num);
	else
		p->r->bad++;	/* the driver's state has only mapped buffers */
}

/* Descriptors of buffers that are out, and all but the free ones. */
static void count_out(struct packed *p)
{
	uint64_t free;
	uint32_t id;

	if (!vring_get(p->r, p->r->va, AMI_F_virtqueue_num_free, &free))
		return;
	p->r->wanted = free < p->num ? p->num - free : 0;
	for (id = 0; id < p->num; id++)
		if (p->have[id])
			p->r->found += pick_field(p, p->state,
						  AMI_T_vring_desc_state_packed,
						  id, AMI_F_vpstate_num);
	p->r->slack = p->r->found ? LONG_BUFFER : 1;
}

static void walk_packed(struct packed *p, const struct vring_walk *walk)
{
	uint32_t id;

	for (id = 0; id < p->num; id++)
		p->have[id] = pick_field(p, p->state, AMI_T_vring_desc_state_packed,
					 id, AMI_F_vpstate_data);
	count_out(p);
	take_used(p);
	index_slots(p);
	for (id = 0; id < p->num; id++) {
		if (!p->have[id])
			continue;
		walk->begin(walk->ctx, id);
		add_buffer(p, id);
		walk->end(walk->ctx);
	}
	walk->begin(walk->ctx, VRING_MAX);
	vring_add_virtual(p->r, p->desc_va,
			  (uint64_t)p->num * sizeof(*p->desc));
	vring_add_virtual(p->r, p->device_va, EVENT);
	walk->end(walk->ctx);
}

bool vring_packed_each(struct vring *r, const struct vring_walk *walk)
{
	struct packed p = { .r = r };
	bool ok = load_packed(&p);

	if (ok)
		walk_packed(&p, walk);
	free(p.desc);
	free(p.state);
	free(p.extra);
	free(p.have);
	free(p.slot);
	free(p.before);
	free(p.slots);
	return ok;
}
