// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an AHCI controller writes besides data: received FISes, and the byte
 * counts in its command headers (AHCI 1.3.1, 4.2). The block layer knows the
 * data itself. Driver: drivers/ata/libahci.c.
 */
#include <stdio.h>

#include "drivers.h"

#define HOST_STARTED	2u	/* ATA_HOST_STARTED */
#define MAX_PORTS	32u
#define COMMAND_LIST	1024u
#define FIS_AREA	256u
#define SWITCHED	16u	/* areas of a port with FIS-based switching */

/* @active: the controller has this port, and its driver has started it */
static bool one_port(struct reading *r, unsigned int number, uint64_t port,
		     bool active)
{
	uint64_t priv, list = 0, fis = 0, switched = 0;
	enum ami_mem mem;
	char what[40];

	if (ami_get(r->kernel, port, AMI_F_ata_port_private, &priv) !=
	    AMI_MEM_OK)
		return false;
	if (priv &&
	    (ami_get(r->kernel, priv, AMI_F_ahci_cmd_slot_dma, &list) !=
	     AMI_MEM_OK ||
	     ami_get(r->kernel, priv, AMI_F_ahci_rx_fis_dma, &fis) != AMI_MEM_OK))
		return false;
	if (active && (!list || !fis)) {
		snprintf(what, sizeof(what), "%s of port %u", list ?
			 "received FISes" : "command list", number);
		reading_missing(r, what);
	}
	if (!list && !fis)
		return true;
	mem = ami_get(r->kernel, priv, AMI_F_ahci_fbs, &switched);
	if (mem != AMI_MEM_OK && mem != AMI_MEM_NO_FIELD)
		switched = true;	/* the larger area */
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED, AMI_PROVEN,
				"ahci", "port %u: command list and received FISes",
				number);
	if (list)
		evidence_add_dma(r->ev, r->device, list, COMMAND_LIST);
	if (fis)
		evidence_add_dma(r->ev, r->device, fis,
				 switched ? SWITCHED * FIS_AREA : FIS_AREA);
	evidence_end_transfer(r->ev);
	return true;
}

/*
 * Ports that the driver has started: all that the controller has. Their structures
 * lie elsewhere; zeros over one of them look like a port that is not there.
 */
static bool started_ports(struct reading *r, uint64_t *map)
{
	uint64_t flags, host;

	*map = 0;
	if (!reading_get(r, r->priv, AMI_F_ata_host_flags, &flags))
		return false;
	return !(flags & HOST_STARTED) ||
	       (reading_get(r, r->priv, AMI_F_ata_host_private, &host) &&
		reading_get(r, host, AMI_F_ahci_port_map, map));
}

static bool all_ports(struct reading *r)
{
	uint64_t back, count, ports, port, i, started;
	bool complete = started_ports(r, &started);

	if (ami_get(r->kernel, r->priv, AMI_F_ata_host_dev, &back) !=
	    AMI_MEM_OK ||
	    ami_get(r->kernel, r->priv, AMI_F_ata_host_n_ports, &count) !=
	    AMI_MEM_OK || back != r->device->dev || count > MAX_PORTS)
		return false;
	ports = ami_addr(r->kernel, r->priv, AMI_F_ata_host_ports);
	for (i = 0; i < count; i++)
		complete &= ami_read_u64(r->kernel, ports + 8 * i, &port) ==
			    AMI_MEM_OK && one_port(r, i, port, started >> i & 1);
	if (started >> count)
		reading_missing(r, "ports");
	return complete;
}

static bool read_ahci(struct reading *r)
{
	if (all_ports(r))
		return true;
	ami_finding_add(r->ev->state->findings, AMI_FIND_AHCI_UNREAD, r->where,
			"The structures of its AHCI driver cannot be read, or have impossible values: received FISes may be missing.");
	return false;
}

const struct reader reader_ahci = {
	.driver = "ahci", .of = READ_DEVICE, .needs = AMI_F_ahci_rx_fis_dma,
	.read = read_ahci,
};
