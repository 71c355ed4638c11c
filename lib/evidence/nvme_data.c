// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where an NVMe command makes the device write: PRP lists and SGLs, as in the
 * NVM Express Base Specification. All addresses are the device's.
 */
#include "nvme.h"

#define PRPS_PER_PAGE	(NVME_PAGE / 8)
#define PSDT_SHIFT	6	/* of flags: 0 is PRP */

#define SGL_DATA	0x0
#define SGL_BUCKET	0x1
#define SGL_SEGMENT	0x2
#define SGL_LAST	0x3
#define MAX_EMPTY	16u	/* segments without data, one after the other */
#define SGLS_AT_ONCE	(NVME_PAGE / 16)

struct sgl {
	uint64_t addr;
	uint32_t len;
	uint8_t reserved[3];
	uint8_t type;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static enum nvme_damage damage_by(enum ami_mem mem)
{
	if (mem == AMI_MEM_OK)
		return NVME_FINE;
	return ami_mem_wild(mem) ? NVME_NOWHERE : NVME_UNREAD;
}

/* The last entry of a full list leads to the next list, if more is to come. */
static enum nvme_damage add_prp_list(struct ami_evidence *ev,
				     const struct ami_device *device,
				     uint64_t list, uint64_t len,
				     struct budget *budget)
{
	uint64_t prp[PRPS_PER_PAGE], i;
	enum nvme_damage damage;
	bool empty = false;

	while (len) {
		uint64_t room = (NVME_PAGE - list % NVME_PAGE) / 8;
		uint64_t need = (len + NVME_PAGE - 1) / NVME_PAGE;
		uint64_t here = need > room ? room - 1 : need;

		/* A driver never makes two lists in a row that only lead on. */
		if (!room || (!here && empty) || !spend(budget))
			return NVME_LIST_LOOP;
		empty = !here;
		damage = damage_by(evidence_read_dma(ev, device, list, prp,
						     smaller(need, room) *
						     sizeof(*prp)));
		if (damage != NVME_FINE)
			return damage;
		for (i = 0; i < here && spend(budget); i++) {
			uint64_t part = smaller(len, NVME_PAGE);

			evidence_add_dma(ev, device, prp[i], part);
			len -= part;
		}
		if (i < here)
			return NVME_LIST_LOOP;
		if (len)
			list = prp[room - 1];
	}
	return NVME_FINE;
}

static enum nvme_damage add_prps(struct ami_evidence *ev,
				 const struct ami_device *device,
				 const uint64_t prp[2], uint64_t len,
				 struct budget *budget)
{
	uint64_t part = smaller(len, NVME_PAGE - prp[0] % NVME_PAGE);

	evidence_add_dma(ev, device, prp[0], part);
	len -= part;
	if (len > NVME_PAGE)
		return add_prp_list(ev, device, prp[1], len, budget);
	if (len)
		evidence_add_dma(ev, device, prp[1], len);
	return NVME_FINE;
}

/* A segment, up to a descriptor of another one, which becomes *@s. */
static enum nvme_damage add_sgl_segment(struct ami_evidence *ev,
					const struct ami_device *device,
					struct sgl *s, struct budget *budget)
{
	struct sgl d[SGLS_AT_ONCE];
	uint64_t at = s->addr, left = s->len / sizeof(*d), n, i;
	enum nvme_damage damage;

	for (; left; left -= n, at += n * sizeof(*d)) {
		n = smaller(left, SGLS_AT_ONCE);
		damage = damage_by(evidence_read_dma(ev, device, at, d,
						     n * sizeof(*d)));
		if (damage != NVME_FINE)
			return damage;
		for (i = 0; i < n; i++) {
			if (!spend(budget))
				return NVME_LIST_LOOP;
			*s = d[i];
			if (d[i].type >> 4 == SGL_DATA)
				evidence_add_dma(ev, device, d[i].addr, d[i].len);
			else if (d[i].type >> 4 != SGL_BUCKET)
				return NVME_FINE;
		}
	}
	return NVME_FINE;
}

static enum nvme_damage add_sgl(struct ami_evidence *ev,
				const struct ami_device *device, struct sgl s,
				struct budget *budget)
{
	const struct ami_transfer *open = &ev->collector->open;
	enum nvme_damage damage = NVME_FINE;
	unsigned int empty = 0;
	uint64_t before;

	if (s.type >> 4 == SGL_DATA)
		evidence_add_dma(ev, device, s.addr, s.len);
	while (damage == NVME_FINE && s.type >> 4 != SGL_DATA &&
	       s.type >> 4 != SGL_BUCKET) {
		if (s.type >> 4 != SGL_SEGMENT && s.type >> 4 != SGL_LAST)
			return NVME_BAD_SGL;
		if (s.len < sizeof(s))
			return NVME_BAD_SGL;
		before = open->bytes + open->unnamed;
		damage = add_sgl_segment(ev, device, &s, budget);
		empty = open->bytes + open->unnamed == before ? empty + 1 : 0;
		/* A driver makes no lists without data. */
		if (damage == NVME_FINE && empty > MAX_EMPTY)
			return NVME_LIST_LOOP;
	}
	return damage;
}

enum nvme_damage evidence_add_command(struct ami_evidence *ev,
				      const struct ami_device *device,
				      const struct nvme_command *c, uint64_t len,
				      struct budget *budget)
{
	struct sgl first = {
		.addr = c->data[0], .len = c->data[1],
		.type = c->data[1] >> 56,
	};

	if (!(c->flags >> PSDT_SHIFT))
		return add_prps(ev, device, c->data, len, budget);
	return add_sgl(ev, device, first, budget);
}
