// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads that are still in the submission queues of NVMe, whether completed or not.
 * A slot keeps its command until the queue has gone round. Without translation its
 * addresses are physical, so it says which page the disk was to fill, and from
 * where. With translation they are IOVAs that mean nothing once unmapped.
 */
#include <common/vec.h>

#include "nvme.h"

#define READ		0x02u
#define SGL		0xc0u	/* bits of flags: not PRPs */

static bool is_physical(void *ctx, const struct ami_route *route)
{
	bool *physical = ctx;

	*physical = route->identity;
	return *physical;
}

static bool is_untranslated(struct nvme *n)
{
	bool physical = false;

	return ami_device_untagged(n->ev->state, n->device, is_physical,
				   &physical) && physical;
}

/* Only its first page: a list of others may have new owners as well. */
static void note(struct nvme *n, const struct nvme_command *c)
{
	struct ami_evidence *ev = n->ev;
	struct ami_past_read r = {
		.bdf = n->device->bdf,
		.phys = c->data[0] & ~ami_kernel_sme(n->k),
		.block = (uint64_t)c->cdw10[1] << 32 | c->cdw10[0],
		.blocks = (c->cdw10[2] & 0xffff) + 1, .nsid = c->nsid,
	};

	evidence_grown(ev, vec_push(ev->past, ev->nr_past, AMI_MAX_PAST_READS,
				    r));
}

void evidence_nvme_past(struct nvme *n)
{
	uint64_t i;

	if (!is_untranslated(n) || !evidence_nvme_peek(n))
		return;
	for (i = 0; i < n->depth; i++) {
		const struct nvme_command *c = &n->sq[i];

		if (n->unread[i] || c->opcode != READ || c->flags & SGL ||
		    !c->nsid || !c->data[0])
			continue;
		note(n, c);
	}
}
