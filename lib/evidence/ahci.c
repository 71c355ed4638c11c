// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an AHCI controller writes besides data: received FISes and the byte
 * counts in its command headers (AHCI 1.3.1, 4.2). The data itself is known from
 * the block layer. Driver: drivers/ata/libahci.c.
 */
#include <string.h>

#include "evidence.h"

#define MAX_PORTS	32u
#define COMMAND_LIST	1024u
#define FIS_AREA	256u
#define SWITCHED	16u	/* areas of a port with FIS-based switching */

struct ahci {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	const struct ami_device *device;
};

static bool one_port(struct ahci *a, unsigned int number, uint64_t port)
{
	uint64_t priv, list, fis, switched = 0;
	enum ami_mem mem;

	if (ami_get(a->k, port, AMI_F_ata_port_private, &priv) != AMI_MEM_OK)
		return false;
	if (!priv)
		return true;	/* not implemented, or not started */
	if (ami_get(a->k, priv, AMI_F_ahci_cmd_slot_dma, &list) !=
	    AMI_MEM_OK ||
	    ami_get(a->k, priv, AMI_F_ahci_rx_fis_dma, &fis) != AMI_MEM_OK)
		return false;
	mem = ami_get(a->k, priv, AMI_F_ahci_fbs, &switched);
	if (mem != AMI_MEM_OK && mem != AMI_MEM_NO_FIELD)
		switched = true;	/* the larger area */
	evidence_begin_transfer(a->ev, a->device, AMI_TRANSFER_POSTED, AMI_PROVEN,
				"ahci", "port %u: command list and received FISes",
				number);
	evidence_add_dma(a->ev, a->device, list, COMMAND_LIST);
	evidence_add_dma(a->ev, a->device, fis, switched ? SWITCHED * FIS_AREA :
						  FIS_AREA);
	evidence_end_transfer(a->ev);
	return true;
}

static bool all_ports(struct ahci *a)
{
	uint64_t host, back, count, ports, port, i;
	bool complete = true;

	if (ami_get(a->k, a->device->dev, AMI_F_device_driver_data, &host) !=
	    AMI_MEM_OK ||
	    ami_get(a->k, host, AMI_F_ata_host_dev, &back) != AMI_MEM_OK ||
	    ami_get(a->k, host, AMI_F_ata_host_n_ports, &count) !=
	    AMI_MEM_OK || back != a->device->dev || count > MAX_PORTS)
		return false;
	ports = ami_addr(a->k, host, AMI_F_ata_host_ports);
	for (i = 0; i < count; i++)
		complete &= ami_read_u64(a->k, ports + 8 * i, &port) ==
			    AMI_MEM_OK && one_port(a, i, port);
	return complete;
}

void evidence_find_ahci(struct ami_evidence *ev)
{
	struct ahci a = { .ev = ev, .k = ev->state->kernel };
	char where[AMI_BDF_TEXT];
	size_t i;

	if (!ami_has(a.k, AMI_F_ata_host_ports) ||
	    !ami_has(a.k, AMI_F_ahci_rx_fis_dma))
		return;
	for (i = 0; i < ev->state->nr_devices; i++) {
		a.device = &ev->state->devices[i];
		if (strcmp(a.device->driver, "ahci") || !a.device->dev)
			continue;
		if (all_ports(&a)) {
			evidence_cover_device(ev, a.device, "ahci");
		} else {
			evidence_cover_partly(ev, a.device, "ahci");
			ami_finding_add(ev->state->findings,
					AMI_FIND_AHCI_UNREAD,
					ami_bdf_text(a.device->bdf, where),
					"The structures of its AHCI driver cannot be read, or have impossible values: received FISes may be missing.");
		}
	}
}
