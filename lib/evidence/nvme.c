// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NVMe: the commands of unfinished requests in the submission queues, and what
 * the controller writes by itself. The block layer makes a transfer likely. A
 * command proves it if the driver announced it (rang its doorbell), if the
 * controller has not answered it, and if it is about the same sectors.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvme.h"
#include "shape.h"

#define MAX_QUEUES	4097u
#define MAX_DEPTH	65536u
#define COMMAND_SHIFT	6
#define COMPLETION	sizeof(struct completion)
#define PHASE		1u
#define READ		0x02u	/* NVM command set: nlb is in cdw12 15:0 */
#define SECTOR_SHIFT	9
#define GENCTR_SHIFT	12	/* nvme_cid_install_genctr() */
#define MAX_HMB		65536u
#define CIDS		65536u
#define NO_SLOT		UINT32_MAX

struct completion {
	uint64_t result;
	uint16_t sq_head, sq_id, cid, status;
};

/**
 * enum standing - what a command is worth
 *
 * A queue keeps old commands until their slots are reused, and command IDs
 * return. A command for other sectors than its request's may be an old one.
 */
enum standing {
	OPEN,
	UNCLEAR,	/* its answer, if any, is not in the dump */
	ANSWERED,	/* before the panic, or since */
	NOT_RUNG,
	FOREIGN,
};

struct nvme {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	const struct ami_device *device;
	struct budget budget;
	uint64_t now;
	char name[AMI_BDF_TEXT];
	uint32_t qid;
	uint64_t depth, tail, rung;
	struct nvme_command *sq;
	uint8_t *unread;	/* by slot */
	uint64_t nr_unread;
	uint32_t *slot;		/* by command ID: the newest */
	uint8_t *answered;	/* by command ID */
	bool loaded;
	bool answers_unread;
	bool lost;		/* some transfers of this controller */
	uint64_t queue;
	uint64_t not_queued;	/* reads of this controller without a command */
};

static bool went_well(struct nvme *n, enum ami_mem mem)
{
	if (mem == AMI_MEM_OK)
		return true;
	ami_finding_add(n->ev->state->findings, AMI_FIND_NVME_UNREAD, n->name,
			"The structures of its NVMe driver cannot be read completely.");
	n->lost = true;
	return false;
}

static bool get(struct nvme *n, uint64_t va, enum ami_field f, uint64_t *value)
{
	return went_well(n, ami_get(n->k, va, f, value));
}

/* From the oldest slot to the newest. The next command goes to @tail. */
static void index_commands(struct nvme *n)
{
	uint64_t i, at = n->tail;

	memset(n->slot, 0xff, CIDS * sizeof(*n->slot));
	for (i = 0; i < n->depth; i++) {
		if (!n->unread[at])
			n->slot[n->sq[at].cid] = at;
		at = at + 1 == n->depth ? 0 : at + 1;
	}
}

/* Entries of the current phase are new to the driver. */
static void index_answers(struct nvme *n)
{
	uint64_t cq, head, phase, i;
	struct completion c;

	memset(n->answered, 0, CIDS);
	n->answers_unread = true;
	if (!get(n, n->queue, AMI_F_nvme_queue_cq, &cq) ||
	    !get(n, n->queue, AMI_F_nvme_queue_cq_head, &head) ||
	    !get(n, n->queue, AMI_F_nvme_queue_cq_phase, &phase))
		return;
	for (i = 0; i < n->depth && head < n->depth; i++) {
		if (ami_read(n->k, cq + head * COMPLETION, &c, sizeof(c)) !=
		    AMI_MEM_OK)
			return;
		if ((c.status & PHASE) != (phase & PHASE))
			break;
		n->answered[c.cid] = true;
		if (++head == n->depth) {
			head = 0;
			phase = !phase;
		}
	}
	n->answers_unread = false;
}

/*
 * Page by page: pages of slots that were never used hold zeros. An ELF dump
 * cannot tell them from pages that were left out. False: nothing is readable.
 */
static bool read_commands(struct nvme *n, uint64_t sq)
{
	uint64_t i, count;

	n->nr_unread = 0;
	for (i = 0; i < n->depth; i += count) {
		uint64_t va = sq + (i << COMMAND_SHIFT);
		bool bad;

		count = (AMI_PAGE_SIZE - va % AMI_PAGE_SIZE) >> COMMAND_SHIFT;
		if (!count)
			count = 1;
		if (count > n->depth - i)
			count = n->depth - i;
		bad = ami_read(n->k, va, &n->sq[i], count << COMMAND_SHIFT) !=
		      AMI_MEM_OK;
		memset(n->unread + i, bad, count);
		n->nr_unread += bad ? count : 0;
	}
	return n->nr_unread < n->depth;
}

/* Read the queue only if something in it is unfinished. */
static bool load_queue(struct nvme *n)
{
	uint64_t sq, shift;

	if (n->loaded)
		return n->depth;
	n->loaded = true;
	if (!get(n, n->queue, AMI_F_nvme_queue_sq, &sq) ||
	    !get(n, n->queue, AMI_F_nvme_queue_sqes, &shift) ||
	    !get(n, n->queue, AMI_F_nvme_queue_sq_tail, &n->tail) ||
	    !get(n, n->queue, AMI_F_nvme_queue_rung, &n->rung) ||
	    shift != COMMAND_SHIFT || n->tail >= n->depth ||
	    n->rung >= n->depth || !read_commands(n, sq)) {
		ami_finding_add(n->ev->state->findings,
				AMI_FIND_NVME_QUEUE_UNREAD, n->name,
				"Submission queue %u cannot be read (it may lie in the controller). Its commands are known only from the block layer.",
				n->qid);
		n->depth = 0;
		return false;
	}
	index_commands(n);
	index_answers(n);
	return true;
}

/* How many slots before the tail. */
static uint64_t before_tail(const struct nvme *n, uint64_t slot)
{
	return n->tail >= slot ? n->tail - slot : n->tail + n->depth - slot;
}

/*
 * The device does not know what lies between the last doorbell and the tail.
 * The tail itself holds the oldest command.
 */
static bool announced(const struct nvme *n, uint32_t slot)
{
	uint64_t before = before_tail(n, slot);

	return !before || before > before_tail(n, n->rung);
}

static bool command_id(struct nvme *n, const struct request *rq, uint16_t *cid)
{
	uint64_t genctr = 0;

	if (ami_has(n->k, AMI_F_nvme_request_genctr) &&
	    !get(n, rq->va + ami_type_size(n->k, AMI_T_request),
		 AMI_F_nvme_request_genctr, &genctr))
		return false;
	*cid = rq->tag | genctr << GENCTR_SHIFT;
	return true;
}

static void report_command(struct nvme *n, const struct request *rq,
			   enum ami_finding_code code, const char *what)
{
	ami_finding_add(n->ev->state->findings, code, n->name,
			"The command of queue %u, tag %u %s.", n->qid,
			rq->tag, what);
}

/* Is there a block size with which both lengths are the same? */
static bool same_sectors(const struct request *rq, const struct nvme_command *c)
{
	uint64_t blocks = (c->cdw10[2] & 0xffff) + 1;
	uint64_t first = (uint64_t)c->cdw10[1] << 32 | c->cdw10[0];
	uint64_t sectors = rq->data_len / blocks >> SECTOR_SHIFT;

	return sectors && rq->data_len % blocks == 0 &&
	       first == rq->sector / sectors;
}

static enum standing stands(const struct nvme *n, const struct request *rq,
			    const struct nvme_command *c, uint32_t slot)
{
	if (!(rq->flags & OP_MASK) && c->opcode == READ &&
	    !same_sectors(rq, c))
		return FOREIGN;
	if (!announced(n, slot))
		return NOT_RUNG;
	if (n->answered[c->cid])
		return ANSWERED;
	return n->answers_unread ? UNCLEAR : OPEN;
}

static void add_nvme_command(struct nvme *n, const struct request *rq,
			     const struct nvme_command *c, uint32_t slot)
{
	static const char *const text[] = {
		[NVME_UNREAD] = "has a list of addresses that is not in the dump",
		[NVME_NOWHERE] = "has a list of addresses that lies nowhere",
		[NVME_LIST_LOOP] = "has a list of addresses without end",
		[NVME_BAD_SGL] = "has a descriptor of unknown type",
	};
	static const struct {
		enum ami_certainty certainty;
		const char *text;
	} by[] = {
		[OPEN] = { AMI_PROVEN, "" },
		[UNCLEAR] = { AMI_LIKELY, ", if not answered (not in the dump)" },
		[ANSWERED] = { AMI_LIKELY, ", answered" },
		[NOT_RUNG] = { AMI_LIKELY, ", doorbell not rung" },
		[FOREIGN] = { AMI_POSSIBLE, ", not the sectors of its request" },
	};
	enum standing is = stands(n, rq, c, slot);
	enum nvme_damage damage;
	char size[24], opcode[24] = "read of";

	if (!n->qid || c->opcode != READ)
		snprintf(opcode, sizeof(opcode), "opcode %#x,", c->opcode);
	if (is == FOREIGN)
		report_command(n, rq, AMI_FIND_NVME_COMMAND_DAMAGED,
			       "is not about the sectors of its request: an old command, or a damaged one");
	evidence_begin_transfer(n->ev, n->device, AMI_TRANSFER_INFLIGHT,
				by[is].certainty, "nvme",
				"queue %u command %#x: %s %s%s", n->qid, c->cid, opcode,
				evidence_bytes_text(rq->data_len, size), by[is].text);
	evidence_transfer_age(n->ev, evidence_age_at(n->now, rq->start));
	damage = evidence_add_command(n->ev, n->device, c, rq->data_len, &n->budget);
	evidence_end_transfer(n->ev);
	if (damage == NVME_FINE)
		return;
	report_command(n, rq, damage == NVME_UNREAD ? AMI_FIND_NVME_COMMAND_UNREAD :
		       AMI_FIND_NVME_COMMAND_DAMAGED, text[damage]);
	n->lost = true;
}

static void one_request(void *ctx, uint32_t tag, uint64_t va)
{
	const struct nvme_command *c;
	struct request rq = { .tag = tag };
	struct nvme *n = ctx;
	uint32_t slot;
	uint16_t cid;

	if (!went_well(n, evidence_request_read(n->k, va, &rq)) ||
	    !evidence_request_issued(n->k, &rq) || !rq.data_len || !load_queue(n) ||
	    !command_id(n, &rq, &cid))
		return;
	slot = n->slot[cid];
	c = slot == NO_SLOT ? NULL : &n->sq[slot];
	if (!c && n->nr_unread) {
		ami_finding_add(n->ev->state->findings,
				AMI_FIND_NVME_COMMAND_UNREAD, n->name,
				"The command of queue %u, tag %u is not among those that can be read, %" PRIu64 " of %" PRIu64 " cannot: it is known from the block layer only.",
				n->qid, tag, n->nr_unread, n->depth);
		return;
	}
	if (!c) {
		n->not_queued += evidence_request_reads(&rq);
		return;
	}
	if (nvme_writes(c) != evidence_request_reads(&rq))
		report_command(n, &rq, AMI_FIND_NVME_COMMAND_DAMAGED,
			       "goes the other way than its request");
	if (nvme_writes(c))
		add_nvme_command(n, &rq, c, slot);
}

/* Memory of the driver, by its own address. */
static void add_own(struct nvme *n, uint64_t va, uint64_t len)
{
	if (evidence_add_virtual(n->ev, va, len))
		went_well(n, AMI_MEM_UNMAPPED);
}

/* The device writes an entry for each command that it completes. */
static void post_completions(struct nvme *n)
{
	uint64_t cq;

	if (!get(n, n->queue, AMI_F_nvme_queue_cq, &cq) || !cq)
		return;
	evidence_begin_transfer(n->ev, n->device, AMI_TRANSFER_POSTED, AMI_PROVEN,
				"nvme", "completion queue %u", n->qid);
	add_own(n, cq, n->depth * COMPLETION);
	evidence_end_transfer(n->ev);
}

static void one_queue(struct nvme *n, uint64_t queue, uint64_t tags)
{
	n->queue = queue;
	n->loaded = false;
	if (!get(n, queue, AMI_F_nvme_queue_depth, &n->depth) || !n->depth)
		return;
	if (n->depth > MAX_DEPTH) {
		ami_finding_add(n->ev->state->findings, AMI_FIND_NVME_UNREAD,
				n->name, "Queue %u claims %" PRIu64 " entries.",
				n->qid, n->depth);
		n->lost = true;
		return;
	}
	post_completions(n);
	if (tags)
		went_well(n, evidence_tags_each(n->k, tags, &n->budget, one_request,
						n));
}

/* Tags of queue @nr of a set; 0: no such queue, or unknown. */
static uint64_t tags_of(struct nvme *n, uint64_t set, uint64_t nr)
{
	uint64_t queues, list, tags;

	if (!get(n, set, AMI_F_tag_set_nr_hw_queues, &queues) ||
	    nr >= queues || !get(n, set, AMI_F_tag_set_tags, &list) ||
	    !went_well(n, ami_read_u64(n->k, list + 8 * nr, &tags)))
		return 0;
	return tags;
}

/* Queue 0 is the admin queue. Queue n has the tags of hardware queue n - 1. */
static void queues(struct nvme *n, uint64_t dev)
{
	uint64_t step = ami_type_size(n->k, AMI_T_nvme_queue);
	uint64_t array, count, set;

	if (!get(n, dev, AMI_F_nvme_dev_queues, &array) ||
	    !get(n, dev, AMI_F_nvme_dev_nr_queues, &count) || !step)
		return;
	for (n->qid = 0; n->qid < count && n->qid < MAX_QUEUES; n->qid++) {
		set = ami_addr(n->k, dev, n->qid ? AMI_F_nvme_dev_tagset :
					  AMI_F_nvme_dev_admin_tagset);
		one_queue(n, array + n->qid * step,
			  tags_of(n, set, n->qid ? n->qid - 1 : 0));
	}
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
	    !get(n, dev, AMI_F_nvme_dev_nr_hmb, &count) || !count ||
	    !get(n, dev, AMI_F_nvme_dev_hmb, &list))
		return;
	evidence_begin_transfer(n->ev, n->device, AMI_TRANSFER_POSTED, AMI_LIKELY,
				"nvme", "host memory buffer");
	for (i = 0; i < count && i < MAX_HMB; i++) {
		if (!went_well(n, ami_read(n->k, list + i * sizeof(d), &d,
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
	    !get(n, dev, AMI_F_nvme_dev_dbbuf_eis, &eis) || !eis ||
	    !get(n, dev, AMI_F_nvme_dev_nr_queues, &count) ||
	    !get(n, dev, AMI_F_nvme_dev_db_stride, &stride) ||
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
	if (!get(n, n->device->dev, AMI_F_device_driver_data, &dev)) {
		evidence_cover_partly(n->ev, n->device, "nvme");
		return;
	}
	/* From 6.4 on, this is the last step of its probe. */
	if (!dev) {
		ami_finding_note(n->ev->state->findings, AMI_FIND_NVME_UNREAD,
				 n->name, "Its driver was still setting it up. Where its queues are is not recorded yet, so only its mappings bound it.");
		return;
	}
	if (!get(n, dev, AMI_F_nvme_dev_dev, &back) ||
	    !went_well(n, back == n->device->dev ? AMI_MEM_OK :
		       AMI_MEM_DAMAGED)) {
		evidence_cover_partly(n->ev, n->device, "nvme");
		return;
	}
	evidence_find_tag_set(n->ev, n->device,
			      ami_addr(n->k, dev, AMI_F_nvme_dev_admin_tagset),
			      "admin queue");
	queues(n, dev);
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

/* A device that was told to write where no request asks it to: a danger. */
static void cross_check(struct nvme *n)
{
	struct ami_pfnset *told = ami_pfnset_new();
	uint64_t extra;
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
	/* Unreadable requests are not a contradiction. */
	if (extra && ami_evidence_covers(n->ev, n->device->bdf))
		ami_finding_add(n->ev->state->findings,
				AMI_FIND_NVME_BLOCK_DISAGREE, n->name,
				"NVMe commands let the device write %" PRIu64 " pages (the first is frame %#" PRIx64 ") that no unfinished request asks for: bounce buffers, or damaged commands.",
				extra, ami_pfnset_first(told));
	ami_pfnset_free(told);
	if (n->not_queued)
		ami_finding_add(n->ev->state->findings,
				AMI_FIND_NVME_REQUEST_NOT_QUEUED, n->name,
				"%" PRIu64 " unfinished reads have no command in their submission queue: started, and not yet handed to the controller.",
				n->not_queued);
}

static void one_device(struct nvme *n)
{
	n->not_queued = 0;
	if (ami_has(n->k, AMI_F_nvme_dev_queues)) {
		one_controller(n);
		cross_check(n);
		return;
	}
	ami_finding_add(n->ev->state->findings, AMI_FIND_NVME_TYPES_MISSING,
			ami_bdf_text(n->device->bdf, n->name),
			"The types of its NVMe driver are not in the dump: unfinished reads are known from the block layer only, %u completion queues by their shape, the host memory buffer is not.",
			evidence_guess_completions(n->ev, n->device));
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
