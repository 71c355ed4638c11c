// SPDX-License-Identifier: GPL-2.0-or-later
/* Admin queues of i40e, iavf and ice devices. */
#include "intel_admin.h"

#define MAX_COUNT	4096u	/* drivers stop at 256 */
#define MAX_BUFFER	65536u

/**
 * struct admin - members of a driver's admin queue
 * @desc: its ring; @buffers: pointer to an array of them; both as @memory
 * @dma, @size: members of a piece of memory
 */
struct admin {
	enum ami_field receive, send, desc, buffers, count, dma, size;
	enum ami_type memory;
};

#define ADMIN(driver) {							\
	AMI_F_##driver##_aq_receive, AMI_F_##driver##_aq_send,		\
	AMI_F_##driver##_aq_desc, AMI_F_##driver##_aq_buffers,		\
	AMI_F_##driver##_aq_count, AMI_F_##driver##_mem_dma,		\
	AMI_F_##driver##_mem_size, AMI_T_##driver##_mem,		\
}

static const struct admin admins[] = {
	[ADMIN_I40E] = ADMIN(i40e), [ADMIN_IAVF] = ADMIN(iavf),
	[ADMIN_ICE] = ADMIN(ice),
};

bool evidence_admin_memory(struct reading *r, enum admin_of of, uint64_t va,
			   uint64_t max)
{
	const struct admin *a = &admins[of];
	uint64_t dma, size;

	if (!reading_get(r, va, a->dma, &dma) ||
	    !reading_get(r, va, a->size, &size))
		return false;
	if (dma && size > max) {
		reading_damaged(r, "memory shared with the device", va);
		return false;
	}
	if (dma)
		evidence_add_dma(r->ev, r->device, dma, size);
	return true;
}

static bool add_ring(struct reading *r, enum admin_of of, uint64_t ring)
{
	const struct admin *a = &admins[of];
	uint64_t entry = ami_type_size(r->kernel, a->memory), list, count, i;
	bool complete = evidence_admin_memory(r, of, ami_addr(r->kernel, ring,
							      a->desc),
					      MAX_COUNT * 32);

	if (!reading_get(r, ring, a->count, &count) ||
	    !reading_get(r, ring, a->buffers, &list))
		return false;
	if (count > MAX_COUNT || !entry) {
		reading_damaged(r, "admin queue", ring);
		return false;
	}
	for (i = 0; list && i < count; i++)
		complete &= evidence_admin_memory(r, of, list + i * entry,
						  MAX_BUFFER);
	return complete;
}

/* Events come at any time; answers only to commands. */
bool evidence_admin_queue(struct reading *r, enum admin_of of, uint64_t queue,
			  const char *name)
{
	const struct admin *a = &admins[of];
	bool complete;

	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_PROVEN, r->reader->driver,
				"%s %s for events", r->name, name);
	complete = add_ring(r, of, ami_addr(r->kernel, queue, a->receive));
	evidence_end_transfer(r->ev);
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_LIKELY, r->reader->driver,
				"%s %s for commands", r->name, name);
	complete &= add_ring(r, of, ami_addr(r->kernel, queue, a->send));
	evidence_end_transfer(r->ev);
	return complete;
}

bool evidence_iavf_admin(struct reading *r)
{
	return evidence_admin_queue(r, ADMIN_IAVF, ami_addr(r->kernel,
			  ami_addr(r->kernel, r->priv, AMI_F_iavf_hw),
			  AMI_F_iavf_aq), "admin queue");
}
