// SPDX-License-Identifier: GPL-2.0-or-later
/* What readers collect into: transfers with their spans, sets of pages. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"

#define MAX_PARENTS	32
#define MAX_VIRTUAL	(64u << 20)

static struct ami_evidence_set *set_of(struct ami_evidence *ev,
				       const struct ami_transfer *t)
{
	struct ami_evidence_set *set;
	size_t i;

	evidence_spend(ev, ev->nr_sets * AMI_COST_ENTRY);
	for (i = ev->nr_sets; i--; ) {
		set = &ev->sets[i];
		if (!memcmp(&set->device, &t->device, sizeof(t->device)) &&
		    set->kind == t->kind && set->certainty == t->certainty)
			return set;
	}
	if (!evidence_grown(ev, vec_reserve(ev->sets, ev->nr_sets, SIZE_MAX)))
		return NULL;
	set = &ev->sets[ev->nr_sets];
	*set = (struct ami_evidence_set){
		.device = t->device, .kind = t->kind,
		.certainty = t->certainty, .pages = ami_pfnset_new(),
	};
	if (!set->pages) {
		ev->collector->no_memory = true;
		return NULL;
	}
	ev->nr_sets++;
	return set;
}

void evidence_begin_transfer(struct ami_evidence *ev, const struct ami_device *device,
			     enum ami_transfer_kind kind, enum ami_certainty certainty,
			     const char *provider, const char *fmt, ...)
{
	struct ami_transfer *t = &ev->collector->open;
	va_list ap;

	*t = (struct ami_transfer){
		.device = device->bdf, .kind = kind, .certainty = certainty,
		.provider = provider, .age_ms = -1,
	};
	va_start(ap, fmt);
	vsnprintf(t->what, sizeof(t->what), fmt, ap);
	va_end(ap);
	ev->collector->set = set_of(ev, t);
}

void evidence_transfer_age(struct ami_evidence *ev, int64_t age_ms)
{
	ev->collector->open.age_ms = age_ms;
}

static void list_span(struct ami_evidence *ev, uint64_t phys, uint64_t len)
{
	struct ami_transfer *t = &ev->collector->open;
	struct ami_span *last = t->nr_spans ? &t->spans[t->nr_spans - 1] : NULL;

	if (last && last->phys + last->len == phys) {
		last->len += len;
		return;
	}
	if (ev->nr_spans == AMI_MAX_SPANS) {
		t->more++;
		return;
	}
	if (evidence_grown(ev, vec_push(t->spans, t->nr_spans, AMI_MAX_SPANS,
					(struct ami_span){ phys, len })))
		ev->nr_spans++;
}

void evidence_add_span(struct ami_evidence *ev, uint64_t phys, uint64_t len)
{
	struct ami_evidence_set *set = ev->collector->set;
	uint64_t first = phys >> AMI_PAGE_SHIFT;

	if (!len || len - 1 > UINT64_MAX - phys || !set ||
	    !evidence_spend(ev, AMI_COST_BLOCK))
		return;
	ami_pfnset_add(set->pages, first,
		       ((phys + len - 1) >> AMI_PAGE_SHIFT) - first + 1);
	ev->collector->open.bytes += len;
	list_span(ev, phys, len);
}

uint64_t evidence_add_virtual(struct ami_evidence *ev, uint64_t va, uint64_t len)
{
	uint64_t part, phys, lost = 0;

	if (len - 1 > UINT64_MAX - va || len > MAX_VIRTUAL)
		return len;
	for (; len; va += part, len -= part) {
		part = AMI_PAGE_SIZE - va % AMI_PAGE_SIZE;
		if (part > len)
			part = len;
		if (ami_virt_to_phys(ev->state->kernel, va, &phys) ==
		    AMI_MEM_OK)
			evidence_add_span(ev, phys, part);
		else
			lost += part;
	}
	return lost;
}

char *evidence_bytes_text(uint64_t bytes, char buf[24])
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB" };
	unsigned int i = 0;

	while (i < 3 && bytes && !(bytes % 1024)) {
		bytes /= 1024;
		i++;
	}
	snprintf(buf, 24, "%" PRIu64 " %s", bytes, unit[i]);
	return buf;
}

void evidence_end_transfer(struct ami_evidence *ev)
{
	struct ami_transfer *t = &ev->collector->open;
	enum vec_room room = VEC_NO_MEMORY;

	if ((t->bytes || t->unnamed) && !ev->collector->no_memory) {
		room = vec_push(ev->list, ev->count, AMI_MAX_TRANSFERS, *t);
		evidence_grown(ev, room);
	}
	if (room == VEC_FULL) {
		ev->nr_spans -= t->nr_spans;
		ev->dropped++;
	}
	if (room != VEC_OK)
		free(t->spans);
	*t = (struct ami_transfer){ .spans = NULL };
}

static uint32_t key_of(struct ami_bdf device)
{
	return (uint32_t)device.segment << 16 | device.devid;
}

/* Its place in the list, or where it belongs: ascending by device. */
static size_t place_of(const struct ami_evidence *ev, struct ami_bdf device)
{
	size_t low = 0, high = ev->nr_coverage;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (key_of(ev->coverage[mid].device) < key_of(device))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct ami_coverage *coverage_of(const struct ami_evidence *ev,
					struct ami_bdf device)
{
	size_t at = place_of(ev, device);

	return at < ev->nr_coverage &&
	       key_of(ev->coverage[at].device) == key_of(device) ?
	       &ev->coverage[at] : NULL;
}

bool ami_evidence_covers(const struct ami_evidence *ev, struct ami_bdf device)
{
	const struct ami_coverage *c = coverage_of(ev, device);

	return c && !c->partial;
}

bool evidence_driver_covers(const struct ami_evidence *ev, struct ami_bdf device)
{
	const struct ami_coverage *c = coverage_of(ev, device);

	return c && !c->partial && strcmp(c->provider, BLOCK_PROVIDER);
}

bool ami_evidence_finished(const struct ami_evidence *ev,
			   struct ami_bdf device)
{
	const struct ami_coverage *c = coverage_of(ev, device);

	return evidence_driver_covers(ev, device) && !c->guessed;
}

void evidence_cover_guessed(struct ami_evidence *ev,
			    const struct ami_device *device)
{
	struct ami_coverage *c = coverage_of(ev, device->bdf);

	if (c)
		c->guessed = true;
}

void evidence_cover_device(struct ami_evidence *ev, const struct ami_device *device,
			   const char *provider)
{
	struct ami_coverage *c = coverage_of(ev, device->bdf);
	size_t at;

	if (c && !strcmp(c->provider, BLOCK_PROVIDER))
		c->provider = provider;
	if (c)
		return;
	if (!evidence_grown(ev, vec_reserve(ev->coverage, ev->nr_coverage,
					    SIZE_MAX)))
		return;
	at = place_of(ev, device->bdf);
	c = &ev->coverage[at];
	memmove(c + 1, c, (ev->nr_coverage - at) * sizeof(*c));
	*c = (struct ami_coverage){
		.device = device->bdf, .provider = provider,
	};
	ev->nr_coverage++;
}

void evidence_cover_partly(struct ami_evidence *ev, const struct ami_device *device,
			   const char *provider)
{
	struct ami_coverage *c;

	if (!coverage_of(ev, device->bdf))
		evidence_cover_device(ev, device, provider);
	c = coverage_of(ev, device->bdf);
	if (c)
		c->partial = true;
}

void evidence_cover_rest_partly(struct ami_evidence *ev, const char *provider)
{
	size_t i;

	for (i = 0; i < ev->nr_coverage; i++)
		ev->coverage[i].partial |= !strcmp(ev->coverage[i].provider,
						   provider);
}

static const struct ami_device *device_at(const struct ami_collector *c,
					  uint64_t dev)
{
	size_t low = 0, high = c->nr_devices;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->by_address[mid].dev == dev)
			return c->by_address[mid].device;
		if (c->by_address[mid].dev < dev)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const struct ami_device *evidence_device_above(const struct ami_evidence *ev,
					       uint64_t dev, enum ami_mem *mem)
{
	int i;

	*mem = AMI_MEM_OK;
	for (i = 0; i < MAX_PARENTS && dev; i++) {
		const struct ami_device *d = device_at(ev->collector, dev);

		if (d)
			return d;
		*mem = ami_get(ev->state->kernel, dev, AMI_F_device_parent,
			       &dev);
		if (*mem != AMI_MEM_OK)
			return NULL;
	}
	return NULL;
}
