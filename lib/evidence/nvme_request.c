// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NVMe: the commands of unfinished requests. The block layer makes a transfer
 * likely. A command proves it if the driver announced it, if the controller has
 * not answered it, and if it is about the same sectors.
 */
#include <inttypes.h>
#include <stdio.h>

#include "nvme.h"

#define READ		0x02u	/* NVM command set: nlb is in cdw12 15:0 */
#define SECTOR_SHIFT	9
#define GENCTR_SHIFT	12	/* nvme_cid_install_genctr() */

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

static bool command_id(struct nvme *n, const struct request *rq, uint16_t *cid)
{
	uint64_t genctr = 0;

	if (ami_has(n->k, AMI_F_nvme_request_genctr) &&
	    !evidence_nvme_get(n, rq->va + ami_type_size(n->k, AMI_T_request),
			       AMI_F_nvme_request_genctr, &genctr))
		return false;
	*cid = rq->tag | genctr << GENCTR_SHIFT;
	return true;
}

static void report_command(struct nvme *n, const struct request *rq,
			   enum ami_finding_code code, const char *what)
{
	ami_finding_add_with(n->ev->state->findings, code, n->name,
			AMI_FACTS(AMI_SAYS(QUEUE, n->qid),
				  AMI_SAYS(TAG, rq->tag),
				  AMI_NAMES(FAULT, what)),
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

static enum standing judge_command(const struct nvme *n, const struct request *rq,
				   const struct nvme_command *c, uint32_t slot)
{
	if (!(rq->flags & OP_MASK) && c->opcode == READ &&
	    !same_sectors(rq, c))
		return FOREIGN;
	if (!evidence_nvme_announced(n, slot))
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
		[NVME_NOWHERE] = "has a list of addresses that is not in memory",
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
	enum standing is = judge_command(n, rq, c, slot);
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

void evidence_nvme_request(void *ctx, uint32_t tag, uint64_t va)
{
	const struct nvme_command *c;
	struct request rq = { .tag = tag };
	struct nvme *n = ctx;
	uint32_t slot;
	uint16_t cid;

	n->requests++;
	if (!evidence_nvme_well(n, evidence_request_read(n->k, va, &rq)) ||
	    !evidence_request_issued(n->k, &rq) || !rq.data_len || !evidence_nvme_load(n) ||
	    !command_id(n, &rq, &cid))
		return;
	slot = n->slot[cid];
	c = slot == NO_SLOT ? NULL : &n->sq[slot];
	if (!c && n->nr_unread) {
		ami_finding_add_with(n->ev->state->findings,
				AMI_FIND_NVME_COMMAND_UNREAD, n->name,
				AMI_FACTS(AMI_SAYS(QUEUE, n->qid),
					  AMI_SAYS(TAG, tag),
					  AMI_SAYS(COUNT, n->nr_unread),
					  AMI_SAYS(OF, n->depth)),
				"The command of queue %u, tag %u is not among those that can be read (%" PRIu64 " of %" PRIu64 " cannot). It is known from the block layer only.",
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
