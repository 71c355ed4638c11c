// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices, and the tables that their requests go through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parts.h"

uint64_t machine_dev_data(struct machine *m, uint16_t devid, uint64_t domain)
{
	uint64_t data = machine_structure(m, AMI_T_iommu_dev_data);
	uint64_t head = machine_global_tables(m) ?
			image_layout(m->img)->symbol[AMI_SYM_dev_data_list] :
			machine_member(m, m->seg->va, AMI_F_seg_dev_data_list);

	machine_set(m, data, AMI_F_dev_data_devid, devid);
	machine_set(m, data, AMI_F_dev_data_domain, domain);
	machine_set(m, data, AMI_F_dev_data_node, m->seg->last_dev_data);
	m->seg->last_dev_data = machine_member(m, data, AMI_F_dev_data_node);
	image_write64(m->img, machine_phys(head), m->seg->last_dev_data);
	return data;
}

uint64_t machine_device(struct machine *m, uint16_t devid, const char *driver,
			uint64_t domain)
{
	uint64_t data = machine_dev_data(m, devid, domain);
	uint64_t pci = machine_structure(m, AMI_T_pci_dev);
	uint64_t dev = machine_member(m, pci, AMI_F_pci_dev_dev);

	machine_set(m, data, AMI_F_dev_data_dev, dev);
	machine_set(m, data, AMI_F_dev_data_pdev, pci);
	machine_set(m, dev, AMI_F_device_kobj_name, machine_string(m, "device"));
	machine_list_init(m, machine_member(m, dev, AMI_F_device_devres));
	machine_list_init(m, machine_member(m, dev, AMI_F_device_dma_pools));
	if (driver) {
		uint64_t drv = machine_structure(m, AMI_T_device_driver);

		machine_set(m, drv, AMI_F_device_driver_name,
			    machine_string(m, driver));
		machine_set(m, dev, AMI_F_device_driver, drv);
	}
	return data;
}

static void make_bus(struct machine *m)
{
	m->bus = machine_structure(m, AMI_T_pci_bus);
	machine_list_init(m, machine_member(m, m->bus, AMI_F_pci_bus_children));
	machine_list_init(m, machine_member(m, m->bus, AMI_F_pci_bus_devices));
	machine_list_add(m, image_layout(m->img)->symbol[AMI_SYM_pci_root_buses],
			 machine_member(m, m->bus, AMI_F_pci_bus_node));
}

uint64_t machine_pci(struct machine *m, uint16_t devid, uint32_t class)
{
	uint64_t pci = machine_structure(m, AMI_T_pci_dev);

	if (!m->bus)
		make_bus(m);
	machine_set(m, pci, AMI_F_pci_dev_devfn, devid);
	machine_set(m, pci, AMI_F_pci_dev_class, class);
	machine_set(m, pci, AMI_F_pci_dev_is_busmaster, 1);
	machine_list_add(m, machine_member(m, m->bus, AMI_F_pci_bus_devices),
			 machine_member(m, pci, AMI_F_pci_dev_bus_list));
	return pci;
}

void machine_alias(struct machine *m, uint16_t devid, uint16_t alias)
{
	image_write(m->img, m->seg->alias + 2ull * devid, &alias, 2);
}

void machine_dte(struct machine *m, uint16_t devid,
		 const struct amdvi_dte *dte)
{
	uint64_t raw[4];

	amdvi_dte_encode(dte, m->sme, raw);
	image_write(m->img, m->seg->dev_table + 32ull * devid, raw, sizeof(raw));
}

struct amdvi_dte machine_paging(uint64_t root, unsigned int mode, uint16_t id)
{
	return (struct amdvi_dte){
		.v = true, .tv = true, .ir = true, .iw = true, .mode = mode,
		.host_root = root, .domain_id = id,
	};
}

uint64_t machine_v1(struct machine *m, uint64_t first_phys,
		    unsigned int pages)
{
	uint64_t root = image_alloc(m->img, 1), leaf = image_alloc(m->img, 1);
	unsigned int i;

	image_write64(m->img, root,
		      amdvi_v1_table(leaf, 1, true, true) | m->sme);
	for (i = 0; i < pages; i++)
		image_write64(m->img, leaf + 8 * i,
			      amdvi_v1_page(first_phys + i * 4096ull, 12, 1,
					    true, true) | m->sme);
	return root;
}

uint64_t machine_v2(struct machine *m, uint64_t first_phys,
		    unsigned int pages, unsigned int levels)
{
	uint64_t root = image_alloc(m->img, 1), table = root, next;
	unsigned int i;

	for (; levels > 1; levels--) {
		next = image_alloc(m->img, 1);
		image_write64(m->img, table,
			      amdvi_v2_table(next, true) | m->sme);
		table = next;
	}
	for (i = 0; i < pages; i++)
		image_write64(m->img, table + 8 * i,
			      amdvi_v2_page(first_phys + i * 4096ull, 12,
					    true) | m->sme);
	return root;
}

uint64_t machine_gcr3(struct machine *m, unsigned int glx, uint32_t pasid,
		      uint64_t guest_root)
{
	uint64_t root = image_alloc(m->img, 1), table = root, next;
	int level;

	for (level = glx; level > 0; level--) {
		next = image_alloc(m->img, 1);
		image_write64(m->img,
			      table + 8 * amdvi_gcr3_index(pasid, level),
			      next | m->sme | AMDVI_GCR3_V);
		table = next;
	}
	image_write64(m->img, table + 8 * amdvi_gcr3_index(pasid, 0),
		      guest_root | m->sme | AMDVI_GCR3_V);
	return root;
}
