// SPDX-License-Identifier: GPL-2.0-or-later
/* All readers of evidence, and what to say of devices without one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "bounce.h"
#include "drivers.h"
#include "nvme.h"
#include "vring.h"

/**
 * enum phase - the order in which readers run
 *
 * BOUNCE	bounce buffers: what later readers find in memory leads to them
 * BLOCK	requests of disks: drivers of disks build on them
 * DRIVERS	the state of single drivers and of virtio; covers their devices
 * GENERIC	what many drivers share, of devices that are not covered yet
 * WITNESS	the kernel's own list of mappings: what did all others miss?
 * REST		bounce buffers that nobody above explains
 */
enum phase { BOUNCE, BLOCK, DRIVERS, GENERIC, WITNESS, REST, PHASES };

/**
 * struct evidence_reader - reads what one subsystem or group of drivers keeps
 *
 * It collects transfers. What cannot be read becomes a finding, never silence.
 * Readers of one driver are in drivers.h.
 */
static const struct evidence_reader {
	enum phase phase;
	const char *name;
	void (*find)(struct ami_evidence *ev);
} subsystems[] = {
	{ BOUNCE, "swiotlb", evidence_find_bounces },
	{ BLOCK, BLOCK_PROVIDER, evidence_find_block },
	{ DRIVERS, "drivers", evidence_find_drivers },
	{ DRIVERS, "nvme", evidence_find_nvme },
	{ DRIVERS, "virtio", evidence_find_virtio },
	{ DRIVERS, "rdma", evidence_find_regions },
	{ GENERIC, "page_pool", evidence_find_page_pools },
	{ GENERIC, "coherent", evidence_find_managed },
	{ WITNESS, "dma-debug", evidence_find_dma_debug },
	{ REST, "swiotlb", evidence_name_bounces },
};

const char *ami_certainty_name(enum ami_certainty c)
{
	static const char *const name[] = { "proven", "likely", "possible" };

	return name[c];
}

static int by_address(const void *a, const void *b)
{
	const struct device_address *x = a, *y = b;

	return (x->dev > y->dev) - (x->dev < y->dev);
}

static struct ami_collector *new_collector(const struct ami_state *s)
{
	struct ami_collector *c = calloc(1, sizeof(*c));
	size_t i;

	if (!c)
		return NULL;
	c->by_address = calloc(s->nr_devices + 1, sizeof(*c->by_address));
	if (!c->by_address) {
		free(c);
		return NULL;
	}
	for (i = 0; i < s->nr_devices; i++) {
		if (!s->devices[i].dev)
			continue;
		c->by_address[c->nr_devices].dev = s->devices[i].dev;
		c->by_address[c->nr_devices++].device = &s->devices[i];
	}
	qsort(c->by_address, c->nr_devices, sizeof(*c->by_address),
	      by_address);
	return c;
}

static void free_collector(struct ami_collector *c)
{
	if (!c)
		return;
	free(c->open.spans);
	free(c->by_address);
	evidence_free_bounces(c->bounces);
	free(c);
}

/* If an ID is only another device's alias, that device's reader covers it. */
static bool needs_provider(const struct ami_device *d)
{
	return d->dev && ami_device_active(d) &&
	       d->translation != AMI_TRANSLATION_BLOCKED;
}

/* Does the USB host also serve disks? */
static bool has_usb_reads(const struct ami_evidence *ev,
			  const struct ami_device *d)
{
	size_t i;

	for (i = 0; d->class >> 8 == PCI_CLASS_USB && i < ev->count; i++)
		if (!memcmp(&ev->list[i].device, &d->bdf, sizeof(d->bdf)) &&
		    !strcmp(ev->list[i].provider, BLOCK_PROVIDER))
			return true;
	return false;
}

/* A reader exists, but did not finish. */
static const struct ami_coverage *partly_covered(const struct ami_evidence *ev,
						 const struct ami_device *d)
{
	size_t i;

	for (i = 0; i < ev->nr_coverage; i++)
		if (ev->coverage[i].partial &&
		    !memcmp(&ev->coverage[i].device, &d->bdf, sizeof(d->bdf)))
			return &ev->coverage[i];
	return NULL;
}

/*
 * For a disk controller without a reader, requests are known, queues are not.
 */
static void name_one_uncovered(struct ami_evidence *ev,
			       const struct ami_device *d)
{
	struct ami_findings *f = ev->state->findings;
	const char *bound = ami_device_direct(d) ? "no table bounds it" :
			    ami_device_elsewhere(d) ?
			    "no table that is read bounds it" :
			    "only its mappings bound it";
	char where[AMI_BDF_TEXT];

	ami_bdf_text(d->bdf, where);
	if (partly_covered(ev, d))
		ami_finding_add_with(f, AMI_FIND_EVIDENCE_PARTIAL, where,
				AMI_FACTS(AMI_NAMES(DRIVER, d->driver)),
				"A part of what the driver %s had asked this device to write is missing from the dump, or damaged (other findings say what). Transfers may be missing, and %s.",
				d->driver, bound);
	else if (ami_evidence_covers(ev, d->bdf))
		ami_finding_add_with(f, AMI_FIND_BLOCK_LAYER_ONLY, where,
				AMI_FACTS(AMI_NAMES(DRIVER, d->driver)),
				"Its disk reads are known. No reader knows what else the driver %s had it write (completions, messages): %s.",
				d->driver, bound);
	else if (has_usb_reads(ev, d))
		ami_finding_add_with(f, AMI_FIND_BLOCK_LAYER_ONLY, where,
				AMI_FACTS(AMI_NAMES(DRIVER, d->driver)),
				"Reads of disks on its USB are known. No reader knows what else the driver %s had it write (for other USB devices, events): %s.",
				d->driver, bound);
	else
		ami_finding_add_with(f, AMI_FIND_NO_EVIDENCE_PROVIDER, where,
				AMI_FACTS(AMI_NAMES(DRIVER, d->driver)),
				"No reader knows what %s%s had asked this device to write; %s.",
				d->driver[0] ? "the driver " :
				"a driver that has left, or firmware,",
				d->driver, bound);
}

/* Readers find devices by the names of their drivers. */
static void doubt_unnamed_drivers(struct ami_evidence *ev)
{
	size_t i;

	for (i = 0; i < ev->state->nr_devices; i++)
		if (!strcmp(ev->state->devices[i].driver, "?"))
			evidence_cover_partly(ev, &ev->state->devices[i], "unnamed");
}

static void name_uncovered(struct ami_evidence *ev)
{
	const struct ami_state *s = ev->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++)
		if (needs_provider(&s->devices[i]) &&
		    !evidence_driver_covers(ev, s->devices[i].bdf))
			name_one_uncovered(ev, &s->devices[i]);
}

static int run_reader(struct ami_evidence *ev, const struct evidence_reader *r,
		      struct ami_error *err)
{
	struct ami_dump *dump = ami_kernel_dump(ev->state->kernel);

	ami_dump_doing(dump, r->name);
	r->find(ev);
	if (ev->collector->no_memory)
		return ami_error_set(err, AMI_ERR_MEMORY,
				     "out of memory while collecting evidence (%s)",
				     r->name);
	if (ami_dump_interrupted(dump))
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
	return 0;
}

static int run_readers(struct ami_evidence *ev, struct ami_error *err)
{
	enum phase phase;
	size_t i;

	for (phase = 0; phase < PHASES; phase++)
		for (i = 0; i < sizeof(subsystems) / sizeof(subsystems[0]); i++)
			if (subsystems[i].phase == phase &&
			    run_reader(ev, &subsystems[i], err))
				return -1;
	doubt_unnamed_drivers(ev);
	evidence_name_unnamed(ev);
	name_uncovered(ev);
	return 0;
}

struct ami_evidence *ami_evidence_find(const struct ami_state *state, bool deep,
				       struct ami_error *err)
{
	struct ami_evidence *ev = calloc(1, sizeof(*ev));
	int ret;

	if (ev) {
		ev->state = state;
		ev->deep = deep;
		ev->collector = new_collector(state);
		ev->request_pages = ami_pfnset_new();
	}
	if (!ev || !ev->collector || !ev->request_pages) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_evidence_free(ev);
		return NULL;
	}
	ret = run_readers(ev, err);
	if (!ret)
		evidence_keep_bounces(ev);
	free_collector(ev->collector);
	ev->collector = NULL;
	if (ret) {
		ami_evidence_free(ev);
		return NULL;
	}
	return ev;
}

void ami_evidence_free(struct ami_evidence *ev)
{
	size_t i;

	if (!ev)
		return;
	for (i = 0; i < ev->count; i++)
		free(ev->list[i].spans);
	for (i = 0; i < ev->nr_sets; i++) {
		ami_pfnset_free(ev->sets[i].pages);
		free(ev->sets[i].unnamed);
	}
	free_collector(ev->collector);
	ami_pfnset_free(ev->request_pages);
	free(ev->past);
	free(ev->by_origin);
	free(ev->by_slot);
	free(ev->list);
	free(ev->sets);
	free(ev->coverage);
	free(ev);
}
