/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/evidence: NVMe commands as the device reads them. */
#ifndef AMI_EVIDENCE_NVME_H
#define AMI_EVIDENCE_NVME_H

#include "block.h"

#define NVME_PAGE	4096u	/* NVME_CTRL_PAGE_SIZE */
#define MAX_DEPTH	65536u
#define COMMAND_SHIFT	6
#define CIDS		65536u
#define NO_SLOT		UINT32_MAX

/** struct nvme_command - NVM Express Base Specification, Common Command Format */
struct nvme_command {
	uint8_t opcode;
	uint8_t flags;		/* bits 7:6: PRPs or SGL */
	uint16_t cid;
	uint32_t nsid;
	uint64_t reserved;
	uint64_t metadata;
	uint64_t data[2];	/* PRP 1 and 2, or an SGL descriptor */
	uint32_t cdw10[6];
};

/** nvme_writes() - does the device write to memory for this command? */
static inline bool nvme_writes(const struct nvme_command *c)
{
	return c->opcode & 2;
}

/** struct nvme_completion - an entry of a completion queue */
struct nvme_completion {
	uint64_t result;
	uint16_t sq_head, sq_id, cid, status;
};

/** enum nvme_damage - why a command's buffer could not be named */
enum nvme_damage {
	NVME_FINE,
	NVME_UNREAD,	/* a PRP list or SGL segment is not in the dump */
	NVME_NOWHERE,	/* it has an impossible address */
	NVME_LIST_LOOP,	/* it does not end */
	NVME_BAD_SGL,	/* a descriptor of no known type */
};

/**
 * evidence_add_command() - add the @len bytes that the command's data pointer
 * leads to
 */
enum nvme_damage evidence_add_command(struct ami_evidence *ev,
				      const struct ami_device *device,
				      const struct nvme_command *command, uint64_t len,
				      struct budget *budget);

/** struct nvme - a controller, and the queue of it that is being read */
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
	uint64_t online;	/* queues of this controller */
	uint64_t requests;	/* of this queue */
};

/** evidence_nvme_well() - was it read? If not, the controller gets a finding */
bool evidence_nvme_well(struct nvme *n, enum ami_mem mem);

/** evidence_nvme_get() - ami_get() with evidence_nvme_well() */
bool evidence_nvme_get(struct nvme *n, uint64_t va, enum ami_field f,
		       uint64_t *value);

/** evidence_nvme_load() - read the queue, only if something in it is unfinished */
bool evidence_nvme_load(struct nvme *n);

/** evidence_nvme_peek() - commands of a queue, also if all are finished */
bool evidence_nvme_peek(struct nvme *n);

/** evidence_nvme_past() - note the reads that are still in a queue */
void evidence_nvme_past(struct nvme *n);

/** evidence_nvme_announced() - did the driver ring the doorbell for @slot? */
bool evidence_nvme_announced(const struct nvme *n, uint32_t slot);

/** evidence_nvme_request() - the command of an unfinished request */
void evidence_nvme_request(void *ctx, uint32_t tag, uint64_t va);

/** evidence_nvme_empty() - part of a queue is missing: is the queue online? */
void evidence_nvme_empty(struct nvme *n, const char *what);

/** evidence_nvme_count() - has each command that is out a request? */
void evidence_nvme_count(struct nvme *n, uint64_t depth);

void evidence_find_nvme(struct ami_evidence *ev);

#endif
