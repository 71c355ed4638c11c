// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A submission queue of NVMe: its commands by ID, which of them the driver
 * announced (rang its doorbell), and which the controller answered.
 */
#include <string.h>

#include "nvme.h"

#define PHASE		1u

bool evidence_nvme_well(struct nvme *n, enum ami_mem mem)
{
	if (mem == AMI_MEM_OK)
		return true;
	ami_finding_add(n->ev->state->findings, AMI_FIND_NVME_UNREAD, n->name,
			"The structures of its NVMe driver cannot be read completely.");
	n->lost = true;
	return false;
}

bool evidence_nvme_get(struct nvme *n, uint64_t va, enum ami_field f, uint64_t *value)
{
	return evidence_nvme_well(n, ami_get(n->k, va, f, value));
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
	struct nvme_completion c;

	memset(n->answered, 0, CIDS);
	n->answers_unread = true;
	if (!evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_cq, &cq) ||
	    !evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_cq_head, &head) ||
	    !evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_cq_phase, &phase))
		return;
	for (i = 0; i < n->depth && head < n->depth; i++) {
		if (ami_read(n->k, cq + head * sizeof(c), &c, sizeof(c)) !=
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

/* Nobody needs them, so their pages stay out of extracts. */
bool evidence_nvme_peek(struct nvme *n)
{
	struct ami_dump *dump = ami_kernel_dump(n->k);
	uint64_t sq, shift;
	bool read;

	if (n->loaded)
		return n->depth;
	if (ami_get(n->k, n->queue, AMI_F_nvme_queue_sq, &sq) != AMI_MEM_OK ||
	    ami_get(n->k, n->queue, AMI_F_nvme_queue_sqes, &shift) !=
	    AMI_MEM_OK || shift != COMMAND_SHIFT)
		return false;
	ami_dump_record_pause(dump, true);
	read = read_commands(n, sq);
	ami_dump_record_pause(dump, false);
	return read;
}

bool evidence_nvme_load(struct nvme *n)
{
	uint64_t sq, shift;

	if (n->loaded)
		return n->depth;
	n->loaded = true;
	if (!evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_sq, &sq) ||
	    !evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_sqes, &shift) ||
	    !evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_sq_tail, &n->tail) ||
	    !evidence_nvme_get(n, n->queue, AMI_F_nvme_queue_rung, &n->rung) ||
	    shift != COMMAND_SHIFT || n->tail >= n->depth ||
	    n->rung >= n->depth || !read_commands(n, sq)) {
		ami_finding_add_with(n->ev->state->findings,
				AMI_FIND_NVME_QUEUE_UNREAD, n->name,
				AMI_FACTS(AMI_SAYS(QUEUE, n->qid)),
				"Submission queue %u cannot be read (it may be in the controller). Its commands are known only from the block layer.",
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
bool evidence_nvme_announced(const struct nvme *n, uint32_t slot)
{
	uint64_t before = before_tail(n, slot);

	return !before || before > before_tail(n, n->rung);
}
