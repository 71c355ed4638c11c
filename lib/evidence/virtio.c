// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtio devices of all kinds: the buffers that their virtqueues gave them to
 * write. A disk's requests are transfers in flight. Buffers of a network card
 * or a console are filled whenever data comes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vring.h"

#define MAX_QUEUES	4096u
#define BUDGET		(4u << 20)	/* descriptors, all devices */

/* VIRTIO 1.2, 5 and 6 */
#define ID_BLOCK		2u
#define ID_SCSI			8u
#define ID_FS			26u
#define FEATURE_PLATFORM	33	/* addresses go through the IOMMU */
#define FEATURE_PACKED		34
#define SCSI_EVENT_QUEUE	1u

struct virtio {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	uint64_t budget;
	const struct ami_device *device;
	uint64_t va, id, features;
	enum ami_mem mem;	/* why a device may have been missed */
	const struct vring *ring;
	bool posted;		/* one transfer for all buffers of a queue */
	enum ami_certainty best;	/* not proven by shape alone */
};

static void report_queue(struct virtio *v, enum ami_finding_code code,
			 const char *queue, const char *what)
{
	char where[AMI_BDF_TEXT];

	ami_finding_add_with(v->ev->state->findings, code,
			ami_bdf_text(v->device->bdf, where),
			AMI_FACTS(
				AMI_NAMES(RING, queue),
				AMI_NAMES(FAULT, what)),
			"Its virtqueue %s %s: what the device was to write may be incomplete.",
			queue, what);
	evidence_cover_partly(v->ev, v->device, "virtio");
}

/* What the dump does not hold is not damage. */
static void complain_unread(struct virtio *v, const char *queue,
			    enum ami_mem mem)
{
	char what[80];

	snprintf(what, sizeof(what), "is %s", ami_mem_text(mem));
	report_queue(v, ami_mem_wild(mem) ? AMI_FIND_VIRTQUEUE_DAMAGED :
		     AMI_FIND_VIRTQUEUE_UNREAD, queue, what);
}

static bool is_request_queue(const struct virtio *v, uint32_t index)
{
	return v->id == ID_BLOCK || v->id == ID_FS ||
	       (v->id == ID_SCSI && index != SCSI_EVENT_QUEUE);
}

static void begin_head(void *ctx, uint32_t id)
{
	struct virtio *v = ctx;

	if (id == VRING_MAX)
		evidence_begin_transfer(v->ev, v->device, AMI_TRANSFER_POSTED,
					v->best, "virtio", "virtqueue %s: ring",
					v->ring->name);
	else if (!v->posted)
		evidence_begin_transfer(v->ev, v->device, AMI_TRANSFER_INFLIGHT,
					v->best, "virtio",
					"virtqueue %s: buffer %u", v->ring->name, id);
}

static void end_head(void *ctx)
{
	struct virtio *v = ctx;

	if (!v->posted)
		evidence_end_transfer(v->ev);
}

/* Buffers that wait for data are one transfer. The ring is another. */
static void begin_posted(void *ctx, uint32_t id)
{
	struct virtio *v = ctx;

	if (id != VRING_MAX)
		return;
	evidence_end_transfer(v->ev);
	begin_head(ctx, id);
}

static bool each_buffer(struct virtio *v, struct vring *r)
{
	struct vring_walk walk = { begin_head, end_head, v };
	bool ok;

	v->ring = r;
	v->posted = !is_request_queue(v, r->index);
	if (v->posted) {
		walk.begin = begin_posted;
		evidence_begin_transfer(v->ev, v->device, AMI_TRANSFER_POSTED,
					v->best, "virtio",
					"virtqueue %s: buffers to fill", r->name);
	}
	ok = v->features >> FEATURE_PACKED & 1 ? vring_packed_each(r, &walk) :
						 vring_split_each(r, &walk);
	if (v->posted)
		evidence_end_transfer(v->ev);
	return ok;
}

/*
 * The list of buffers that are out and the indexes lie apart: zeros over one of
 * them look like a queue at rest.
 */
static bool number_agrees(struct virtio *v, const struct vring *r)
{
	char where[AMI_BDF_TEXT];

	if (r->found + r->slack >= r->wanted &&
	    r->wanted + r->slack >= r->found)
		return true;
	ami_finding_add_with(v->ev->state->findings, AMI_FIND_BUFFERS_MISSING,
			     ami_bdf_text(v->device->bdf, where),
			     AMI_FACTS(AMI_NAMES(RING, r->name),
				       AMI_SAYS(COUNT, r->found),
				       AMI_SAYS(EXPECTED, r->wanted)),
			     "The driver's list of its virtqueue %s has %u buffers (or their descriptors), but its indexes say that %u are out: what the device was to write may be incomplete.",
			     r->name, r->found, r->wanted);
	evidence_cover_partly(v->ev, v->device, "virtio");
	return false;
}

static bool one_queue(struct virtio *v, uint64_t va)
{
	struct vring r = {
		.kernel = v->k, .ev = v->ev, .device = v->device, .va = va,
		.dma = v->features >> FEATURE_PLATFORM & 1,
		.budget = &v->budget,
	};
	uint64_t name, index = 0;

	if (ami_get(v->k, va, AMI_F_virtqueue_name, &name) != AMI_MEM_OK ||
	    ami_read_string(v->k, name, r.name, sizeof(r.name)) != AMI_MEM_OK)
		snprintf(r.name, sizeof(r.name), "at %#" PRIx64, va);
	r.mem = ami_get(v->k, va, AMI_F_virtqueue_index, &index);
	r.index = index;
	if (r.mem != AMI_MEM_OK || !each_buffer(v, &r)) {
		if (r.mem != AMI_MEM_OK)
			complain_unread(v, r.name, r.mem);
		else
			report_queue(v, AMI_FIND_VIRTQUEUE_DAMAGED, r.name,
				     "has impossible values");
		return false;
	}
	if (r.bad)
		report_queue(v, AMI_FIND_VIRTQUEUE_DAMAGED, r.name,
			     "has descriptors that cannot be");
	if (r.unread)
		report_queue(v, AMI_FIND_VIRTQUEUE_UNREAD, r.name,
			     ami_device_elsewhere(v->device) ?
			     "has lists of descriptors behind tables that are not read" :
			     "has descriptors that are not in the dump");
	return number_agrees(v, &r) && !r.unread;
}

/* All drivers of virtio devices have queues. */
static bool queues_missing(struct virtio *v)
{
	uint64_t driver = 0;
	char where[AMI_BDF_TEXT];

	if (ami_get(v->k, ami_addr(v->k, v->va, AMI_F_virtio_device_dev),
		    AMI_F_device_driver, &driver) != AMI_MEM_OK || !driver)
		return false;
	ami_finding_add(v->ev->state->findings, AMI_FIND_BUFFERS_MISSING,
			ami_bdf_text(v->device->bdf, where),
			"A driver is bound to its virtio device, and the device has no virtqueue: what it was to write is not known.");
	evidence_cover_partly(v->ev, v->device, "virtio");
	return true;
}

static void one_virtio(struct virtio *v)
{
	uint64_t head = ami_addr(v->k, v->va, AMI_F_virtio_device_vqs), node;
	struct ami_list_iter it;
	bool complete = true, any = false;
	enum ami_mem mem;

	mem = ami_get(v->k, v->va, AMI_F_virtio_device_id, &v->id);
	if (mem == AMI_MEM_OK)
		mem = ami_get(v->k, v->va, AMI_F_virtio_device_features,
			      &v->features);
	if (mem != AMI_MEM_OK) {
		complain_unread(v, "list", mem);
		return;
	}
	ami_list_start(&it, v->k, head, MAX_QUEUES);
	while (ami_list_next(&it, &node)) {
		complete &= one_queue(v, ami_container(v->k, node,
						       AMI_F_virtqueue_list));
		any = true;
	}
	if (it.mem != AMI_MEM_OK)
		complain_unread(v, "list", it.mem);
	else if (it.broken)
		report_queue(v, AMI_FIND_VIRTQUEUE_DAMAGED, "list", "is broken");
	if (complete && !it.broken && it.mem == AMI_MEM_OK &&
	    (any || !queues_missing(v)))
		evidence_cover_device(v->ev, v->device, "virtio");
	if (v->best != AMI_PROVEN)
		evidence_cover_guessed(v->ev, v->device);
}

/* An unread list of devices does not matter for devices of another bus. */
static bool on_virtio_bus(struct virtio *v, uint64_t device)
{
	char text[16] = "";
	uint64_t bus, name;
	enum ami_mem mem = ami_get(v->k, device, AMI_F_device_bus, &bus);

	if (mem == AMI_MEM_OK && !bus)
		return false;
	if (mem == AMI_MEM_OK)
		mem = ami_get(v->k, bus, AMI_F_bus_type_name, &name);
	if (mem == AMI_MEM_OK)
		mem = ami_read_string(v->k, name, text, sizeof(text));
	if (mem != AMI_MEM_OK)
		v->mem = mem;
	return mem == AMI_MEM_OK && !strcmp(text, "virtio");
}

static bool try_device(void *ctx, uint64_t device)
{
	struct virtio *v = ctx;
	enum ami_mem mem;

	if (on_virtio_bus(v, device)) {
		v->device = evidence_device_above(v->ev, device, &mem);
		v->va = ami_container(v->k, device, AMI_F_virtio_device_dev);
		if (mem != AMI_MEM_OK)
			v->mem = mem;
		if (v->device)
			one_virtio(v);
	}
	return v->budget && !ami_dump_interrupted(ami_kernel_dump(v->k));
}

static bool is_virtio(const struct ami_device *d)
{
	return !strncmp(d->driver, "virtio", 6);
}

static bool any_virtio(const struct ami_state *s)
{
	size_t i;

	for (i = 0; i < s->nr_devices; i++)
		if (is_virtio(&s->devices[i]))
			return true;
	return false;
}

/* Unknown virtio devices may be any of these. */
static void doubt_virtio(struct virtio *v, enum ami_mem mem)
{
	size_t i;

	ami_finding_add_with(v->ev->state->findings, ami_mem_wild(mem) ?
			AMI_FIND_VIRTQUEUE_DAMAGED : AMI_FIND_VIRTQUEUE_UNREAD,
			"virtio",
			AMI_FACTS(AMI_NAMES(READ, ami_mem_text(mem))),
			"The list of devices cannot be read to its end (%s): virtio devices may be missing.",
			ami_mem_text(mem));
	for (i = 0; i < v->ev->state->nr_devices; i++)
		if (is_virtio(&v->ev->state->devices[i]))
			evidence_cover_partly(v->ev, &v->ev->state->devices[i],
					      "virtio");
}

void evidence_find_virtio(struct ami_evidence *ev)
{
	struct virtio v = {
		.ev = ev, .k = ev->state->kernel, .budget = BUDGET,
	};
	bool typed = ami_has(v.k, AMI_F_vvq_num);
	enum ami_mem mem = AMI_MEM_NO_FIELD;

	if (!any_virtio(ev->state))
		return;
	v.best = typed ? AMI_PROVEN : AMI_POSSIBLE;
	if (ami_has(v.k, AMI_F_virtqueue_list) &&
	    ami_has(v.k, AMI_F_virtio_device_vqs))
		mem = ami_device_each(v.k, 0, try_device, &v);
	if (mem == AMI_MEM_NO_FIELD || !typed)
		ami_finding_add(ev->state->findings,
				AMI_FIND_DRIVER_TYPES_MISSING, "virtio",
				mem == AMI_MEM_NO_FIELD ?
				"The dump does not describe virtio devices: what their virtqueues hold is not known." :
				"The dump does not describe virtqueues (kernels before 5.11 do not, for modules). They are recognised by their shape: what they hold is possible, and may be incomplete.");
	if (mem == AMI_MEM_OK)
		mem = v.mem;
	if (mem != AMI_MEM_OK && mem != AMI_MEM_NO_FIELD)
		doubt_virtio(&v, mem);
	if (!v.budget)
		ami_finding_add(ev->state->findings,
				AMI_FIND_VIRTQUEUE_WORK_LIMIT, "virtio",
				"There are more descriptors than any machine has: virtqueues are damaged. The rest was not read.");
}
