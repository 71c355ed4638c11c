// SPDX-License-Identifier: GPL-2.0-or-later
/* What the readers of drivers share: members, memory, what is to be said. */
#include <inttypes.h>

#include "reading.h"

bool reading_get(struct reading *r, uint64_t va, enum ami_field f,
		 uint64_t *value)
{
	enum ami_mem mem = ami_get(r->kernel, va, f, value);

	if (mem == AMI_MEM_OK)
		return true;
	ami_finding_add(r->ev->state->findings, AMI_FIND_DRIVER_STATE_UNREAD,
			r->where, "%s.%s of %s at %#" PRIx64 " cannot be read: %s.",
			ami_field_wants[f].type, ami_field_wants[f].path, r->name,
			va, ami_mem_text(mem));
	return false;
}

void reading_unread(struct reading *r, const char *what, uint64_t va,
		    enum ami_mem mem)
{
	ami_finding_add(r->ev->state->findings, AMI_FIND_DRIVER_STATE_UNREAD,
			r->where, "The %s of %s at %#" PRIx64 " is %s: what the device was to write there is not known.",
			what, r->name, va, ami_mem_text(mem));
	r->lost = true;
}

void reading_damaged(struct reading *r, const char *what, uint64_t va)
{
	r->lost = true;
	ami_finding_add(r->ev->state->findings, AMI_FIND_DRIVER_STATE_DAMAGED,
			r->where,
			"The %s of %s at %#" PRIx64 " has impossible values: what the device was to write there is not known.",
			what, r->name, va);
}

void reading_post_dma(struct reading *r, enum ami_certainty certainty,
		      uint64_t dma, uint64_t len, const char *what)
{
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED, certainty,
				r->reader->driver, "%s %s", r->name, what);
	evidence_add_dma(r->ev, r->device, dma, len);
	evidence_end_transfer(r->ev);
}

uint64_t reading_phys(struct reading *r, uint64_t va)
{
	uint64_t phys;

	return va && ami_virt_to_phys(r->kernel, va, &phys) == AMI_MEM_OK ?
	       phys : 0;
}

uint64_t reading_phys_of_page(struct reading *r, uint64_t page)
{
	uint64_t pfn;

	return page && ami_page_to_pfn(r->kernel, page, &pfn) ?
	       pfn << AMI_PAGE_SHIFT : 0;
}

uint64_t reading_phys_of_skb(struct reading *r, uint64_t skb)
{
	uint64_t data;

	if (!skb || ami_get(r->kernel, skb, AMI_F_sk_buff_data, &data) !=
	    AMI_MEM_OK)
		return 0;
	return reading_phys(r, data);
}
