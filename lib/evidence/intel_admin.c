// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What i40e and ice devices write besides the rings of interfaces: admin queues, rings
 * of functions without an interface (flow director), and, of i40e, the memory in which
 * the device keeps its own state.
 */
#include "drivers.h"
#include "intel_admin.h"
#include "nic.h"

#define MAX_DIRECT	(4u << 20)	/* a segment has 2 MiB */
#define MAX_VSIS	4096u
#define MAX_SEGMENTS	8192u
#define PAGES		512u	/* of a segment */
#define PAGED		1u	/* I40E_SD_TYPE_PAGED */
#define DIRECT		2u

/* Those of interfaces are read with them. */
static bool read_vsi(struct reading *r, const struct nic_shape *shape,
		     uint64_t vsi, enum ami_field netdev)
{
	uint64_t interface;

	return reading_get(r, vsi, netdev, &interface) &&
	       (interface || nic_read_rings(r, shape, vsi));
}

static bool read_vsis(struct reading *r, const struct nic_shape *shape,
		      enum ami_field list, enum ami_field number,
		      enum ami_field netdev)
{
	uint64_t vsis, count, i, vsi;
	bool complete = true;
	enum ami_mem mem;

	if (!reading_get(r, r->priv, list, &vsis) ||
	    !reading_get(r, r->priv, number, &count))
		return false;
	if (count > MAX_VSIS) {
		reading_damaged(r, "number of virtual stations", r->priv);
		return false;
	}
	for (i = 0; vsis && i < count; i++) {
		mem = ami_read_u64(r->kernel, vsis + 8 * i, &vsi);
		if (mem != AMI_MEM_OK)
			reading_unread(r, "pointer to a virtual station",
				       vsis + 8 * i, mem);
		else if (vsi)
			complete &= read_vsi(r, shape, vsi, netdev);
	}
	return complete;
}

static bool add_pages(struct reading *r, uint64_t list)
{
	uint64_t entry = ami_type_size(r->kernel, AMI_T_i40e_pd), i, at, valid;

	for (i = 0; list && i < PAGES; i++) {
		at = list + i * entry;
		if (!reading_get(r, at, AMI_F_i40e_pd_valid, &valid) ||
		    (valid && !evidence_admin_memory(r, ADMIN_I40E,
					  ami_addr(r->kernel, at,
						   AMI_F_i40e_pd_page),
					  MAX_DIRECT)))
			return false;
	}
	return true;
}

static bool add_segment(struct reading *r, uint64_t at)
{
	uint64_t valid, type, list;

	if (!reading_get(r, at, AMI_F_i40e_sd_valid, &valid) ||
	    !reading_get(r, at, AMI_F_i40e_sd_type, &type))
		return false;
	if (!valid)
		return true;
	if (type == DIRECT)
		return evidence_admin_memory(r, ADMIN_I40E,
				  ami_addr(r->kernel, at, AMI_F_i40e_sd_direct),
				  MAX_DIRECT);
	return type != PAGED ||
	       (reading_get(r, at, AMI_F_i40e_sd_paged, &list) &&
		add_pages(r, list));
}

/* Host memory cache. */
static bool read_hmc(struct reading *r, uint64_t hw)
{
	uint64_t entry = ami_type_size(r->kernel, AMI_T_i40e_sd), list, count, i;
	bool complete = entry;

	if (!reading_get(r, hw, AMI_F_i40e_hmc, &list) ||
	    !reading_get(r, hw, AMI_F_i40e_nr_hmc, &count))
		return false;
	if (count > MAX_SEGMENTS) {
		reading_damaged(r, "host memory cache", hw);
		return false;
	}
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_PROVEN, r->reader->driver,
				"%s memory for the device's own state", r->name);
	for (i = 0; list && i < count && entry; i++)
		complete &= add_segment(r, list + i * entry);
	evidence_end_transfer(r->ev);
	return complete;
}

static bool read_i40e(struct reading *r)
{
	uint64_t hw = ami_addr(r->kernel, r->priv, AMI_F_i40e_hw);
	bool complete;

	complete = evidence_admin_queue(r, ADMIN_I40E, ami_addr(r->kernel, hw,
						       AMI_F_i40e_aq),
			      "admin queue");
	complete &= read_hmc(r, hw);
	return read_vsis(r, &nic_shape_i40e, AMI_F_i40e_vsis,
			 AMI_F_i40e_nr_vsis, AMI_F_i40e_vsi_netdev) && complete;
}

static bool read_ice(struct reading *r)
{
	static const struct {
		enum ami_field queue;
		const char *name;
	} queues[] = {
		{ AMI_F_ice_aq, "admin queue" },
		{ AMI_F_ice_sbq, "sideband queue" },
		{ AMI_F_ice_mailbox, "mailbox queue" },
	};
	uint64_t hw = ami_addr(r->kernel, r->priv, AMI_F_ice_hw);
	bool complete = true;
	size_t i;

	for (i = 0; i < sizeof(queues) / sizeof(queues[0]); i++)
		complete &= evidence_admin_queue(r, ADMIN_ICE,
				       ami_addr(r->kernel, hw, queues[i].queue),
				       queues[i].name);
	return read_vsis(r, &nic_shape_ice, AMI_F_ice_vsis, AMI_F_ice_nr_vsis,
			 AMI_F_ice_vsi_netdev) && complete;
}

const struct reader reader_i40e = {
	.driver = "i40e", .of = READ_DEVICE, .needs = AMI_F_i40e_vsis,
	.read = read_i40e,
};

const struct reader reader_ice = {
	.driver = "ice", .of = READ_DEVICE, .needs = AMI_F_ice_vsis,
	.read = read_ice,
};
