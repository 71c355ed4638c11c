// SPDX-License-Identifier: GPL-2.0-or-later
/* Split virtqueues (VIRTIO 1.2, 2.7), and what both kinds share. */
#include <stdlib.h>
#include <string.h>

#include "vring.h"

#define NEXT		1u
#define WRITE		2u
#define INDIRECT	4u
#define MAX_PART	(1u << 30)
#define USED_HEADER	4u
#define RING_TAIL	2u	/* used_event, avail_event */

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct used_elem {
	uint32_t id, len;
};

/**
 * struct split - copies of one ring
 * @have: by descriptor: the device has the buffer that begins there
 */
struct split {
	struct vring *r;
	uint32_t num;
	uint64_t desc_va, avail_va, used_va, state_va, last;
	uint64_t each;		/* bytes of a state */
	uint32_t data;		/* offset of the buffer's token in it */
	struct desc *desc;
	uint8_t *avail, *used, *state;
	bool *have;
};

void *vring_load(struct vring *r, uint64_t va, uint64_t len)
{
	void *copy = malloc(len ? len : 1);
	enum ami_mem mem;

	if (!copy) {
		r->ev->collector->no_memory = true;
		return NULL;
	}
	mem = ami_kernel_address(va) ? ami_read(r->kernel, va, copy, len) :
	      AMI_MEM_UNMAPPED;
	if (mem == AMI_MEM_OK)
		return copy;
	r->mem = mem;
	free(copy);
	return NULL;
}

bool vring_get(struct vring *r, uint64_t va, enum ami_field f, uint64_t *value)
{
	enum ami_mem mem = ami_get(r->kernel, va, f, value);

	if (mem != AMI_MEM_OK)
		r->mem = mem;
	return mem == AMI_MEM_OK;
}

bool vring_spend(struct vring *r)
{
	if (!*r->budget)
		return false;
	--*r->budget;
	return true;
}

void vring_add(struct vring *r, uint64_t addr, uint64_t len)
{
	if (len > MAX_PART)
		r->bad++;
	else if (r->dma)
		evidence_add_dma(r->ev, r->device, addr, len);
	else
		evidence_add_span(r->ev, addr, len);
}

void vring_count_lost(struct vring *r, enum ami_mem mem)
{
	if (ami_mem_wild(mem))
		r->bad++;
	else
		r->unread++;
}

void vring_add_virtual(struct vring *r, uint64_t va, uint64_t len)
{
	r->unread += evidence_add_virtual(r->ev, va, len) != 0;
}

void *vring_indirect(struct vring *r, uint64_t addr, uint64_t len)
{
	struct ami_dump *dump = ami_kernel_dump(r->kernel);
	enum ami_mem mem;
	void *table;

	if (!len || len % sizeof(struct desc) ||
	    len / sizeof(struct desc) > VRING_MAX) {
		r->bad++;
		return NULL;
	}
	table = malloc(len);
	if (!table) {
		r->ev->collector->no_memory = true;
		return NULL;
	}
	mem = r->dma ? evidence_read_dma(r->ev, r->device, addr, table, len) :
	      ami_dump_read(dump, addr, table, len);
	if (mem != AMI_MEM_OK) {
		vring_count_lost(r, mem);
		free(table);
		return NULL;
	}
	return table;
}

/* A chain is not longer than its table. */
static void add_chain(struct vring *r, const struct desc *table, uint32_t num,
		      uint32_t at, bool inner)
{
	uint32_t steps;

	for (steps = 0; steps < num && vring_spend(r); steps++) {
		const struct desc *d = &table[at];

		if (d->flags & INDIRECT) {
			struct desc *list = inner ? NULL :
				vring_indirect(r, d->addr, d->len);

			r->bad += inner;
			if (list)
				add_chain(r, list, d->len / sizeof(*list), 0,
					  true);
			free(list);
		} else if (d->flags & WRITE) {
			vring_add(r, d->addr, d->len);
		}
		if (!(d->flags & NEXT))
			return;
		at = d->next;
		if (at >= num)
			break;
	}
	r->bad++;	/* it leaves the table, or does not end */
}

static bool load_rings(struct split *s)
{
	struct vring *r = s->r;

	if (!s->num || s->num > VRING_MAX || s->num & (s->num - 1) ||
	    s->each < sizeof(uint64_t) || s->each > 64 ||
	    s->data > s->each - sizeof(uint64_t))
		return false;
	s->desc = vring_load(r, s->desc_va, s->num * sizeof(*s->desc));
	s->avail = vring_load(r, s->avail_va, USED_HEADER + 2ull * s->num);
	s->used = vring_load(r, s->used_va, USED_HEADER +
			     (uint64_t)s->num * sizeof(struct used_elem));
	s->state = vring_load(r, s->state_va, s->num * s->each);
	s->have = calloc(s->num, sizeof(*s->have));
	return s->desc && s->avail && s->used && s->state && s->have;
}

/* vring_init(): one piece of memory, its parts in a fixed order. */
static bool is_vring(uint64_t num, const uint64_t *part)
{
	uint64_t avail_end = part[1] + USED_HEADER + RING_TAIL + 2 * num;

	return num && num <= VRING_MAX && !(num & (num - 1)) &&
	       ami_kernel_address(part[0]) &&
	       part[1] == part[0] + num * sizeof(struct desc) &&
	       (part[2] == (avail_end + 63) / 64 * 64 ||
		part[2] == (avail_end + 4095) / 4096 * 4096);
}

/*
 * Without its type (5.10). The ring comes after the struct virtqueue, and the
 * driver's place before it. Two indexes follow, then the array of states, of
 * two words each.
 */
static bool shape_of_split(struct split *s)
{
	uint64_t words[64];
	size_t i, n = sizeof(words) / sizeof(words[0]);

	s->r->mem = ami_read(s->r->kernel, s->r->va +
			     ami_type_size(s->r->kernel, AMI_T_virtqueue),
			     words, sizeof(words));
	if (s->r->mem != AMI_MEM_OK)
		return false;
	for (i = 1; i + 5 < n; i++) {
		if (!is_vring((uint32_t)words[i], words + i + 1))
			continue;
		s->num = words[i];
		s->desc_va = words[i + 1];
		s->avail_va = words[i + 2];
		s->used_va = words[i + 3];
		s->state_va = words[i + 5];
		s->last = (uint16_t)words[i - 1];
		s->each = 2 * sizeof(uint64_t);
		return load_rings(s);
	}
	return false;
}

static bool load_split(struct split *s)
{
	struct vring *r = s->r;
	uint64_t num;

	if (!ami_has(r->kernel, AMI_F_vvq_num))
		return shape_of_split(s);
	if (!vring_get(r, r->va, AMI_F_vvq_num, &num) ||
	    !vring_get(r, r->va, AMI_F_vvq_desc, &s->desc_va) ||
	    !vring_get(r, r->va, AMI_F_vvq_avail, &s->avail_va) ||
	    !vring_get(r, r->va, AMI_F_vvq_used, &s->used_va) ||
	    !vring_get(r, r->va, AMI_F_vvq_state, &s->state_va) ||
	    !vring_get(r, r->va, AMI_F_vvq_last_used, &s->last) ||
	    num > VRING_MAX)
		return false;
	s->num = num;
	s->each = ami_type_size(r->kernel, AMI_T_vring_desc_state_split);
	s->data = ami_kernel_layout(r->kernel)->field[AMI_F_vstate_data].offset;
	return load_rings(s);
}

static uint16_t index_of(const uint8_t *ring)
{
	uint16_t index;

	memcpy(&index, ring + 2, sizeof(index));
	return index;
}

/*
 * The driver's state says which buffers are out. The device has given back
 * those that the used ring holds behind the driver's place in it. It has not
 * seen those that the avail ring does not name yet.
 */
static void find_owned(struct split *s)
{
	uint16_t used = index_of(s->used), i;
	uint16_t out = index_of(s->avail) - s->last;
	uint64_t data;
	uint32_t head;

	for (head = 0; head < s->num; head++) {
		memcpy(&data, s->state + head * s->each + s->data,
		       sizeof(data));
		s->have[head] = data;
		s->r->found += s->have[head];
	}
	s->r->wanted = out;
	s->r->slack = 1;
	if ((uint16_t)(used - s->last) > s->num) {
		s->r->bad++;
		return;
	}
	for (i = s->last; i != used; i++) {
		struct used_elem e;

		memcpy(&e, s->used + USED_HEADER + i % s->num * sizeof(e),
		       sizeof(e));
		if (e.id < s->num)
			s->have[e.id] = false;
	}
}

static void free_split(struct split *s)
{
	free(s->desc);
	free(s->avail);
	free(s->used);
	free(s->state);
	free(s->have);
}

bool vring_split_each(struct vring *r, const struct vring_walk *walk)
{
	struct split s = { .r = r };
	bool ok = load_split(&s);
	uint32_t head;

	if (ok) {
		find_owned(&s);
		for (head = 0; head < s.num; head++) {
			if (!s.have[head])
				continue;
			walk->begin(walk->ctx, head);
			add_chain(r, s.desc, s.num, head, false);
			walk->end(walk->ctx);
		}
		walk->begin(walk->ctx, VRING_MAX);
		vring_add_virtual(r, s.used_va, USED_HEADER + RING_TAIL +
				  (uint64_t)s.num * sizeof(struct used_elem));
		walk->end(walk->ctx);
	}
	free_split(&s);
	return ok;
}
