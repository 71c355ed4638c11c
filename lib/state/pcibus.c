// SPDX-License-Identifier: GPL-2.0-or-later
/* The PCI buses, and each function on them. */
#include <stdlib.h>

#include "needs.h"
#include "pci.h"

#define MAX_BUSES	65536u

/* By the place its bus and number give it, and by the place in its name. */
static int read_function(struct ami_state *s, uint64_t pci_dev,
			 uint16_t segment, uint8_t bus)
{
	char where[AMI_BDF_TEXT], other[AMI_BDF_TEXT];
	struct ami_bdf bdf, named;
	uint64_t devfn;

	if (!state_fetch(s, "PCI device", pci_dev, AMI_F_pci_dev_devfn, &devfn)) {
		s->incomplete = true;
		return 0;
	}
	bdf = (struct ami_bdf){ segment, bus << 8 | (devfn & 0xff) };
	if (state_add_function(s, pci_dev, bdf))
		return -1;
	if (state_pci_name(s, ami_addr(s->kernel, pci_dev, AMI_F_pci_dev_dev),
			   &named) != PCI_NAME_BDF ||
	    (named.segment == bdf.segment && named.devid == bdf.devid))
		return 0;
	ami_finding_add_with(s->findings, AMI_FIND_PCI_CONTRADICTION,
			ami_bdf_text(bdf, where),
			AMI_FACTS(
				AMI_NAMES(DEVICE, ami_bdf_text(named, other))),
			"The name of this PCI function is %s. Its name or its address was overwritten, and both addresses count.",
			ami_bdf_text(named, other));
	return state_add_function(s, pci_dev, named);
}

/* One bus: its functions, then its child buses through a work list. */
struct bus_queue {
	uint64_t *va;
	size_t count;
	uint64_t left;		/* devices still allowed, on all buses */
	uint64_t *self;		/* bridges that lead to buses */
	size_t nr_self;
	bool self_unread;
};

static int queue_children(struct ami_state *s, struct bus_queue *q,
			  uint64_t head)
{
	struct ami_list_iter it;
	uint64_t node;

	ami_list_start(&it, s->kernel, head, MAX_BUSES);
	while (ami_list_next(&it, &node)) {
		enum vec_room room =
			vec_push(q->va, q->count, MAX_BUSES,
				 ami_container(s->kernel, node,
					       AMI_F_pci_bus_node));

		if (room == VEC_NO_MEMORY)
			return -1;
		it.broken |= room == VEC_FULL;
		if (room == VEC_FULL)
			break;
	}
	state_list_report(s, &it, "list of PCI buses");
	return 0;
}

/* The bridge in front of this bus. Root buses have none. */
static int note_bridge(struct ami_state *s, struct bus_queue *q, uint64_t bus)
{
	uint64_t self;

	if (ami_get(s->kernel, bus, AMI_F_pci_bus_self, &self) != AMI_MEM_OK) {
		q->self_unread = true;
		return 0;
	}
	if (!self)
		return 0;
	return vec_push(q->self, q->nr_self, MAX_BUSES, self) ? -1 : 0;
}

/*
 * Devices behind a VMD use the VMD's requester ID. They are in a segment that
 * no IOMMU knows, and their names say the same. All other devices are where
 * their names say.
 */
static int read_wide(struct ami_state *s, uint64_t pci_dev, uint64_t segment)
{
	uint64_t dev = ami_addr(s->kernel, pci_dev, AMI_F_pci_dev_dev);
	char where[AMI_BDF_TEXT] = "PCI";
	struct ami_bdf bdf;
	enum state_pci_name is = state_pci_name(s, dev, &bdf);

	if (is == PCI_NAME_WIDE)
		return 0;
	s->incomplete |= is == PCI_NAME_NONE;
	ami_finding_add_with(s->findings, AMI_FIND_PCI_SEGMENT_IMPOSSIBLE,
			is == PCI_NAME_BDF ? ami_bdf_text(bdf, where) : where,
			AMI_FACTS(AMI_SAYS(SEGMENT, segment)),
			"The bus of this PCI function is in segment %#llx, which no IOMMU knows: the kernel's structure of the bus was overwritten.",
			(unsigned long long)segment);
	return is == PCI_NAME_BDF ? state_add_function(s, pci_dev, bdf) : 0;
}

/* False: not in the dump. No device may then get another's address. */
static bool segment_of_bus(struct ami_state *s, uint64_t bus, uint64_t *segment)
{
	uint64_t sysdata;

	*segment = 0;
	return state_fetch_vital(s, "PCI bus", bus, AMI_F_pci_bus_sysdata,
				 &sysdata) &&
	       (!sysdata || state_fetch_vital(s, "PCI bus", sysdata,
					      AMI_F_pci_sysdata_domain, segment));
}

static int read_bus(struct ami_state *s, struct bus_queue *q, uint64_t bus)
{
	uint64_t number, segment, node;
	struct ami_list_iter it;
	int ret = note_bridge(s, q, bus);
	bool placed;

	if (!state_fetch(s, "PCI bus", bus, AMI_F_pci_bus_number, &number)) {
		s->incomplete = true;
		return ret;
	}
	placed = segment_of_bus(s, bus, &segment);
	ami_list_start(&it, s->kernel,
		       ami_addr(s->kernel, bus, AMI_F_pci_bus_devices), q->left);
	for (; placed && !ret && ami_list_next(&it, &node); q->left--) {
		uint64_t pci_dev = ami_container(s->kernel, node,
						 AMI_F_pci_dev_bus_list);

		ret = segment > UINT16_MAX ? read_wide(s, pci_dev, segment) :
		      read_function(s, pci_dev, segment, number);
	}
	if (ret)
		return ret;
	state_list_report(s, &it, "list of devices on a PCI bus");
	return queue_children(s, q, ami_addr(s->kernel, bus,
					     AMI_F_pci_bus_children));
}

/* How many lists and members turned out to be missing from the dump. */
static size_t count_gaps(const struct ami_state *s)
{
	return ami_findings_total(s->findings, AMI_FIND_LIST_CUT) +
	       ami_findings_total(s->findings, AMI_FIND_FIELD_UNREAD);
}

int state_read_pci(struct ami_state *s)
{
	uint64_t roots = ami_symbol(s->kernel, AMI_SYM_pci_root_buses);
	struct bus_queue q = { .left = MAX_DEVICES };
	size_t gaps = count_gaps(s), i;
	int ret = 0;

	if (!roots || state_misses_member(s, NEED_PCI)) {
		ami_finding_add(s->findings, AMI_FIND_PCI_UNKNOWN, "PCI",
				"The PCI buses cannot be found. Devices that the IOMMU driver does not manage are missing.");
		s->incomplete |= s->guard != AMI_GUARD_AMD;
		return 0;
	}
	ret = queue_children(s, &q, roots);
	for (i = 0; i < q.count && !ret; i++)
		ret = read_bus(s, &q, q.va[i]);
	ret = ret || state_find_lost_functions(s, count_gaps(s) > gaps);
	if (!ret && !q.self_unread)
		state_check_bridges(s, q.self, q.nr_self);
	free(q.va);
	free(q.self);
	return ret ? -1 : 0;
}
