// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NVMe controllers: their queues, and what a controller writes by itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "nvme.h"
#include "shape.h"

#define MAX_QUEUES	4097u
#define MAX_HMB		65536u

/* Memory of the driver, by its own address. */
static void add_own(struct nvme *n, uint64_t va, uint64_t len)
{
	if (evidence_add_virtual(n->ev, va, len))
		evidence_nvme_well(n, AMI_MEM_UNMAPPED);
}

/* The device writes an entry for each command that it completes. */
static void post_completions(struct nvme *n)
{
	uint64_t cq;

	if (!evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_cq, &cq))
		return;
	if (!cq) {
		evidence_nvme_empty(n, "is online and has no completion queue");
		return;
	}
	evidence_begin_transfer(n->ev, n->device, AMI_TRANSFER_POSTED, AMI_PROVEN,
				"nvme", "completion queue %u", n->qid);
	add_own(n, cq, n->depth * sizeof(struct nvme_completion));
	evidence_end_transfer(n->ev);
}

static void one_queue(struct nvme *n, uint64_t queue, uint64_t tags)
{
	uint64_t depth;

	n->queue = queue;
	n->loaded = false;
	n->requests = 0;
	if (!evidence_nvme_get(n, queue, AMI_F_nvme_queue_depth, &n->depth))
		return;
	depth = n->depth;
	if (!depth) {
		evidence_nvme_empty(n, "is online and has no entries");
		return;
	}
	if (n->depth > MAX_DEPTH) {
		ami_finding_add_with(n->ev->state->findings,
				AMI_FIND_NVME_UNREAD, n->name,
				AMI_FACTS(AMI_SAYS(QUEUE, n->qid),
					  AMI_SAYS(SIZE, n->depth)),
				"Queue %u claims %" PRIu64 " entries.",
				n->qid, n->depth);
		n->lost = true;
		return;
	}
	post_completions(n);
	if (tags)
		evidence_nvme_well(n, evidence_tags_each(n->k, tags, &n->budget, evidence_nvme_request,
							 n));
	if (n->qid)
		evidence_nvme_past(n);
	evidence_nvme_count(n, depth);
}

/* Tags of queue @nr of a set; 0: no such queue, or unknown. */
static uint64_t tags_of(struct nvme *n, uint64_t set, uint64_t nr)
{
	uint64_t queues, list, tags;

	if (!evidence_nvme_get(n, set, AMI_F_tag_set_nr_hw_queues, &queues) ||
	    nr >= queues || !evidence_nvme_get(n, set, AMI_F_tag_set_tags, &list) ||
	    !evidence_nvme_well(n, ami_read_u64(n->k, list + 8 * nr, &tags)))
		return 0;
	return tags;
}

/* Queue 0 is the admin queue. Queue n has the tags of hardware queue n - 1. */
static void read_queues(struct nvme *n, uint64_t dev)
{
	uint64_t step = ami_type_size(n->k, AMI_T_nvme_queue);
	uint64_t array, count, set;

	if (!evidence_nvme_get(n, dev, AMI_F_nvme_dev_queues, &array) ||
	    !evidence_nvme_get(n, dev, AMI_F_nvme_dev_nr_queues, &count) ||
	    !evidence_nvme_get(n, dev, AMI_F_nvme_dev_online, &n->online) || !step)
		return;
	for (n->qid = 0; n->qid < count && n->qid < MAX_QUEUES; n->qid++) {
		set = ami_addr(n->k, dev, n->qid ? AMI_F_nvme_dev_tagset :
					  AMI_F_nvme_dev_admin_tagset);
		one_queue(n, array + n->qid * step,
			  tags_of(n, set, n->qid ? n->qid - 1 : 0));
	}
	evidence_nvme_empty(n, "is online and in no list");
}

/* Memory that the controller may use at any time. */
static void host_memory(struct nvme *n, uint64_t dev)
{
	struct {
		uint64_t addr;
		uint32_t pages;
		uint32_t reserved;
	} d;
	uint64_t count, list, i;

	if (!ami_has(n->k, AMI_F_nvme_dev_nr_hmb) ||
	    !evidence_nvme_get(n, dev, AMI_F_nvme_dev_nr_hmb, &count) || !count ||
	    !evidence_nvme_get(n, dev, AMI_F_nvme_dev_hmb, &list))
		return;
	evidence_begin_transfer(n->ev, n->device, AMI_TRANSFER_POSTED, AMI_LIKELY,
				"nvme", "host memory buffer");
	for (i = 0; i < count && i < MAX_HMB; i++) {
		if (!evidence_nvme_well(n, ami_read(n->k, list + i * sizeof(d), &d,
						    sizeof(d))))
			break;
		evidence_add_dma(n->ev, n->device, d.addr,
				 (uint64_t)d.pages * NVME_PAGE);
	}
	evidence_end_transfer(n->ev);
}

/* Where the controller says how far it has read (shadow doorbells). */
static void event_indexes(struct nvme *n, uint64_t dev)
{
	uint64_t eis, count, stride;

	if (!ami_has(n->k, AMI_F_nvme_dev_dbbuf_eis) ||
	    !evidence_nvme_get(n, dev, AMI_F_nvme_dev_dbbuf_eis, &eis) || !eis ||
	    !evidence_nvme_get(n, dev, AMI_F_nvme_dev_nr_queues, &count) ||
	    !evidence_nvme_get(n, dev, AMI_F_nvme_dev_db_stride, &stride) ||
	    count > MAX_QUEUES || stride > NVME_PAGE)
		return;
	evidence_begin_transfer(n->ev, n->device, AMI_TRANSFER_POSTED, AMI_PROVEN,
				"nvme", "shadow doorbell event indexes");
	add_own(n, eis, count * 8 * stride);
	evidence_end_transfer(n->ev);
}

static void one_controller(struct nvme *n)
{
	uint64_t dev, back;

	n->lost = false;
	ami_bdf_text(n->device->bdf, n->name);
	if (!evidence_nvme_get(n, n->device->dev, AMI_F_device_driver_data, &dev)) {
		evidence_cover_partly(n->ev, n->device, "nvme");
		return;
	}
	/* From 6.4 on, this is the last step of its probe. */
	if (!dev) {
		ami_finding_note(n->ev->state->findings, AMI_FIND_NVME_UNREAD,
				 n->name, "Its driver was still setting it up. Where its queues are is not recorded yet, so only its mappings bound it.");
		return;
	}
	if (!evidence_nvme_get(n, dev, AMI_F_nvme_dev_dev, &back) ||
	    !evidence_nvme_well(n, back == n->device->dev ? AMI_MEM_OK :
				AMI_MEM_DAMAGED)) {
		evidence_cover_partly(n->ev, n->device, "nvme");
		return;
	}
	evidence_find_tag_set(n->ev, n->device,
			      ami_addr(n->k, dev, AMI_F_nvme_dev_admin_tagset),
			      "admin queue");
	read_queues(n, dev);
	host_memory(n, dev);
	event_indexes(n, dev);
	(n->lost ? evidence_cover_partly : evidence_cover_device)(n->ev, n->device, "nvme");
}

static bool same_device(const struct nvme *n, const struct ami_evidence_set *s)
{
	return s->kind == AMI_TRANSFER_INFLIGHT &&
	       !memcmp(&s->device, &n->device->bdf, sizeof(s->device));
}

/* Remove from @told what requests ask for as well. */
static void leave_extra(struct nvme *n, struct ami_pfnset *told)
{
	size_t i;

	for (i = 0; i < n->ev->nr_sets; i++) {
		const struct ami_evidence_set *s = &n->ev->sets[i];

		if (same_device(n, s) && s->certainty != AMI_PROVEN)
			ami_pfnset_subtract(told, s->pages);
	}
}

/* A device that was asked to write where no request asks it to: a danger. */
static void cross_check(struct nvme *n)
{
	struct ami_pfnset *told = ami_pfnset_new();
	uint64_t extra, first;
	size_t i;

	if (!told) {
		n->ev->collector->no_memory = true;
		return;
	}
	for (i = 0; i < n->ev->nr_sets; i++)
		if (same_device(n, &n->ev->sets[i]) &&
		    n->ev->sets[i].certainty == AMI_PROVEN)
			ami_pfnset_union(told, n->ev->sets[i].pages);
	leave_extra(n, told);
	extra = ami_pfnset_count(told);
	first = extra ? ami_pfnset_first(told) << AMI_PAGE_SHIFT : 0;
	/* Unreadable requests are not a contradiction. */
	if (extra && ami_evidence_covers(n->ev, n->device->bdf))
		ami_finding_add_with(n->ev->state->findings,
				AMI_FIND_NVME_BLOCK_DISAGREE, n->name,
				AMI_FACTS(AMI_SAYS(PAGES, extra),
					  AMI_SAYS(PHYS, first)),
				"NVMe commands let the device write %" PRIu64 " pages (the first at %#" PRIx64 ") that no unfinished request asks for: these are bounce buffers, or commands are damaged.",
				extra, first);
	ami_pfnset_free(told);
	if (n->not_queued)
		ami_finding_add_with(n->ev->state->findings,
				AMI_FIND_NVME_REQUEST_NOT_QUEUED, n->name,
				AMI_FACTS(AMI_SAYS(COUNT, n->not_queued)),
				"%" PRIu64 " unfinished reads have no command in their submission queue: they were started and not yet handed to the controller.",
				n->not_queued);
}

static void one_device(struct nvme *n)
{
	unsigned int queues;

	n->not_queued = 0;
	if (ami_has(n->k, AMI_F_nvme_dev_queues)) {
		one_controller(n);
		cross_check(n);
		return;
	}
	queues = evidence_guess_completions(n->ev, n->device);
	ami_finding_add_with(n->ev->state->findings,
			AMI_FIND_NVME_TYPES_MISSING,
			ami_bdf_text(n->device->bdf, n->name),
			AMI_FACTS(AMI_SAYS(COUNT, queues)),
			"The types of its NVMe driver are not in the dump. Unfinished reads are known from the block layer only, and %u completion queues by their shape. The host memory buffer is not known.",
			queues);
}

void evidence_find_nvme(struct ami_evidence *ev)
{
	struct nvme n = {
		.ev = ev, .k = ev->state->kernel,
		.budget = { .left = BLOCK_BUDGET },
	};
	size_t i;

	n.sq = malloc(MAX_DEPTH << COMMAND_SHIFT);
	n.unread = malloc(MAX_DEPTH);
	n.slot = malloc(CIDS * sizeof(*n.slot));
	n.now = evidence_panic_clock(n.k);
	n.answered = malloc(CIDS);
	if (!n.sq || !n.unread || !n.slot || !n.answered)
		ev->collector->no_memory = true;
	else
		for (i = 0; i < ev->state->nr_devices; i++) {
			n.device = &ev->state->devices[i];
			if (!strcmp(n.device->driver, "nvme") && n.device->dev)
				one_device(&n);
		}
	free(n.sq);
	free(n.unread);
	free(n.slot);
	free(n.answered);
}
