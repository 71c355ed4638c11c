// SPDX-License-Identifier: GPL-2.0-or-later
/* What the readers of drivers share: members, memory, what is to be said. */
#include <inttypes.h>

#include "reading.h"

#define MAX_ENTRIES	65536u	/* drivers stop at 8192 */
#define MAX_ENTRY	(64u << 10)	/* bytes; an area is one entry */
#define NET_IOV	1ull	/* a netmem that is no page: include/net/netmem.h */

/* include/uapi/linux/if.h, and enum netdev_state_t of linux/netdevice.h */
#define IFF_UP		1u
#define LINK_START	(1u << 0)
#define LINK_PRESENT	(1u << 1)
#define LINK_NOCARRIER	(1u << 2)

bool reading_at_work(struct reading *r)
{
	uint64_t flags, state;

	/* A card without a link may have been suspended, and its rings freed. */
	return r->netdev &&
	       ami_get(r->kernel, r->netdev, AMI_F_netdev_flags, &flags) ==
	       AMI_MEM_OK &&
	       ami_get(r->kernel, r->netdev, AMI_F_netdev_state, &state) ==
	       AMI_MEM_OK && flags & IFF_UP &&
	       (state & (LINK_START | LINK_PRESENT | LINK_NOCARRIER)) ==
	       (LINK_START | LINK_PRESENT);
}

bool reading_none(struct reading *r, const char *what)
{
	if (!reading_at_work(r))
		return true;
	r->lost = true;
	ami_finding_add_with(r->ev->state->findings, AMI_FIND_BUFFERS_MISSING,
			     r->where,
			     AMI_FACTS(AMI_NAMES(INTERFACE, r->name),
				       AMI_NAMES(DRIVER, r->reader->driver),
				       AMI_NAMES(RING, what)),
			     "%s is up and has a link, but the state of the driver %s has no %s: what the device was to write there is not known.",
			     r->name, r->reader->driver, what);
	return false;
}

void reading_missing(struct reading *r, const char *what)
{
	r->lost = true;
	ami_finding_add_with(r->ev->state->findings, AMI_FIND_BUFFERS_MISSING,
			     r->where,
			     AMI_FACTS(AMI_NAMES(OBJECT, what),
				       READING_NAMES(r)),
			     "The device is at work, but the state of its driver %s has no %s: what the device was to write there is not known.",
			     r->reader->driver, what);
}

bool reading_get(struct reading *r, uint64_t va, enum ami_field f,
		 uint64_t *value)
{
	enum ami_mem mem = ami_get(r->kernel, va, f, value);

	if (mem == AMI_MEM_OK)
		return true;
	ami_finding_add_with(r->ev->state->findings,
			AMI_FIND_DRIVER_STATE_UNREAD, r->where,
			AMI_FACTS(AMI_NAMES(TYPE, ami_field_wants[f].type),
				  AMI_NAMES(MEMBER, ami_field_wants[f].path),
				  READING_NAMES(r),
				  AMI_SAYS(ADDRESS, va),
				  AMI_NAMES(READ, ami_mem_text(mem))),
			"%s.%s of %s at %#" PRIx64 " cannot be read: %s.",
			ami_field_wants[f].type, ami_field_wants[f].path, r->name,
			va, ami_mem_text(mem));
	return false;
}

void reading_unread(struct reading *r, const char *what, uint64_t va,
		    enum ami_mem mem)
{
	ami_finding_add_with(r->ev->state->findings,
			AMI_FIND_DRIVER_STATE_UNREAD, r->where,
			AMI_FACTS(AMI_NAMES(OBJECT, what),
				  READING_NAMES(r),
				  AMI_SAYS(ADDRESS, va),
				  AMI_NAMES(READ, ami_mem_text(mem))),
			"The %s of %s at %#" PRIx64 " is %s: what the device was to write there is not known.",
			what, r->name, va, ami_mem_text(mem));
	r->lost = true;
}

void reading_damaged(struct reading *r, const char *what, uint64_t va)
{
	r->lost = true;
	ami_finding_add_with(r->ev->state->findings,
			AMI_FIND_DRIVER_STATE_DAMAGED, r->where,
			AMI_FACTS(AMI_NAMES(OBJECT, what),
				  READING_NAMES(r),
				  AMI_SAYS(ADDRESS, va)),
			"The %s of %s at %#" PRIx64 " has impossible values: what the device was to write there is not known.",
			what, r->name, va);
}

bool reading_stopped(struct reading *r)
{
	bool stopped = ami_dump_stopped(ami_kernel_dump(r->kernel));

	r->lost |= stopped;
	return stopped;
}

void reading_left_out(struct reading *r, const char *what)
{
	r->lost = true;
	ami_finding_add_with(r->ev->state->findings,
			AMI_FIND_DRIVER_PART_NOT_READ, r->where,
			AMI_FACTS(AMI_NAMES(OBJECT, what), READING_NAMES(r)),
			"%s: the rest is read, the %s of the driver %s is not.",
			r->name, what, r->reader->driver);
}

void reading_post_dma(struct reading *r, enum ami_certainty certainty,
		      uint64_t dma, uint64_t len, const char *what)
{
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED, certainty,
				r->reader->driver, "%s %s", r->name, what);
	evidence_add_dma(r->ev, r->device, dma, len);
	evidence_end_transfer(r->ev);
}

bool reading_post_entries(struct reading *r, uint64_t object, enum ami_field dma,
			  uint64_t count, uint64_t size, const char *what)
{
	uint64_t at;

	if (!reading_get(r, object, dma, &at))
		return false;
	if (count > MAX_ENTRIES || size > MAX_ENTRY) {
		reading_damaged(r, what, object);
		return false;
	}
	if (at)
		reading_post_dma(r, AMI_PROVEN, at, count * size, what);
	return true;
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

enum ami_mem reading_pool_dma(struct reading *r, uint64_t page, uint64_t *dma)
{
	*dma = 0;
	if (!page || page & NET_IOV)
		return AMI_MEM_OK;
	return ami_get(r->kernel, page, AMI_F_page_dma_addr, dma);
}
