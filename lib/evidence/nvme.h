/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/evidence: NVMe commands as the device reads them. */
#ifndef AMI_EVIDENCE_NVME_H
#define AMI_EVIDENCE_NVME_H

#include "block.h"

#define NVME_PAGE	4096u	/* NVME_CTRL_PAGE_SIZE */

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

void evidence_find_nvme(struct ami_evidence *ev);

#endif
