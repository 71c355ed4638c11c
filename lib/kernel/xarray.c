// SPDX-License-Identifier: GPL-2.0-or-later
#include <kernel/xarray.h>

#define CHUNK_SHIFT	6	/* XA_CHUNK_SHIFT of every 64-bit kernel */
#define CHUNK_SIZE	64u
#define MAX_SHIFT	60
#define MAX_INTERNAL	4096u	/* below: sibling, retry and zero marks */

struct walk {
	struct ami_kernel *kernel;
	struct ami_xarray_walk met;
	uint64_t budget;
	bool (*fn)(void *ctx, uint64_t index, uint64_t entry);
	void *ctx;
};

static bool is_internal(uint64_t entry)
{
	return (entry & 3) == 2;
}

static bool visit_entry(struct walk *w, uint64_t entry, uint64_t index,
			unsigned int parent_shift);

static bool visit_node(struct walk *w, uint64_t node, uint64_t index,
		       unsigned int parent_shift)
{
	uint64_t slots[CHUNK_SIZE], shift;
	unsigned int i;

	if (ami_get(w->kernel, node, AMI_F_xa_node_shift, &shift) !=
	    AMI_MEM_OK || shift % CHUNK_SHIFT || shift >= parent_shift ||
	    !ami_has(w->kernel, AMI_F_xa_node_slots) ||
	    ami_read(w->kernel, ami_addr(w->kernel, node, AMI_F_xa_node_slots),
		     slots, sizeof(slots)) != AMI_MEM_OK) {
		w->met.unread++;
		return true;
	}
	for (i = 0; i < CHUNK_SIZE; i++)
		if (slots[i] && !visit_entry(w, slots[i],
					     index + ((uint64_t)i << shift), shift))
			return false;
	return true;
}

static bool visit_entry(struct walk *w, uint64_t entry, uint64_t index,
			unsigned int parent_shift)
{
	if (!w->budget--) {
		w->budget = 0;
		w->met.unread++;
		return false;
	}
	if (is_internal(entry) && entry > MAX_INTERNAL)
		return visit_node(w, entry - 2, index, parent_shift);
	if (is_internal(entry))
		return true;
	w->met.entries++;
	return w->fn(w->ctx, index, entry);
}

struct ami_xarray_walk ami_xarray_each(struct ami_kernel *kernel, uint64_t xa,
				       uint64_t max,
				       bool (*fn)(void *ctx, uint64_t index,
						  uint64_t entry),
				       void *ctx)
{
	struct walk w = {
		.kernel = kernel, .budget = max, .fn = fn, .ctx = ctx,
	};
	uint64_t head;

	if (ami_get(kernel, xa, AMI_F_xarray_head, &head) != AMI_MEM_OK)
		w.met.unread++;
	else if (head)
		visit_entry(&w, head, 0, MAX_SHIFT + CHUNK_SHIFT);
	return w.met;
}
