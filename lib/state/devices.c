// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices: the driver's iommu_dev_data of each segment, and every function on
 * the PCI buses, so that a device the IOMMU driver never met is listed too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "needs.h"
#include "pci.h"

#define MAX_BUSES	65536u
#define MAX_BUS_DEPTH	64
#define PCI_HEADER_BRIDGE	1
#define PCI_CLASS_BRIDGE	0x0604u
#define PCI_CLASS_HALF_BRIDGE	0x0609u	/* semi-transparent */

static int by_bdf(const void *a, const void *b)
{
	const struct ami_device *x = a, *y = b;
	uint32_t i = (uint32_t)x->bdf.segment << 16 | x->bdf.devid;
	uint32_t j = (uint32_t)y->bdf.segment << 16 | y->bdf.devid;

	return (i > j) - (i < j);
}

static struct ami_device_map *map_of(const struct ami_state *s,
				     uint16_t segment)
{
	size_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (s->maps[i].segment == segment)
			return &s->maps[i];
	return NULL;
}

static enum vec_room add_map(struct ami_state *s, uint16_t segment,
			     struct ami_device_map **map)
{
	enum vec_room room = vec_push(s->maps, s->nr_maps, MAX_SEGMENTS,
				      (struct ami_device_map){ segment, NULL });

	if (room != VEC_OK)
		return room;
	*map = &s->maps[s->nr_maps - 1];
	(*map)->position = calloc(65536, sizeof(*(*map)->position));
	return (*map)->position ? VEC_OK : VEC_NO_MEMORY;
}

void state_sort_devices(struct ami_state *s)
{
	size_t i;

	if (s->nr_devices)
		qsort(s->devices, s->nr_devices, sizeof(*s->devices), by_bdf);
	for (i = 0; i < s->nr_devices; i++) {
		struct ami_bdf bdf = s->devices[i].bdf;

		map_of(s, bdf.segment)->position[bdf.devid] = i + 1;
	}
}

const struct ami_device *ami_state_device(const struct ami_state *s,
					  struct ami_bdf bdf)
{
	const struct ami_device_map *map = map_of(s, bdf.segment);

	if (!map || !map->position[bdf.devid])
		return NULL;
	return &s->devices[map->position[bdf.devid] - 1];
}

static int segment_by_id(const struct ami_state *s, uint16_t id)
{
	size_t i;

	for (i = 0; i < s->nr_segments; i++)
		if (s->segments[i].id == id || !s->segments[i].va)
			return i;
	return -1;
}

static enum vec_room add_device(struct ami_state *s, struct ami_bdf bdf,
				uint32_t *position)
{
	enum vec_room room =
		vec_push(s->devices, s->nr_devices, MAX_DEVICES,
			 (struct ami_device){
		.bdf = bdf, .alias = bdf, .group = -1, .iommu = -1,
		.domain = -1, .segment = segment_by_id(s, bdf.segment),
		.dte_mem = AMI_MEM_ABSENT, .dte_seen = AMI_SEEN_UNREAD,
		.translation = AMI_TRANSLATION_UNKNOWN,
	});

	if (room == VEC_OK)
		*position = s->nr_devices;
	return room;
}

int state_device_at(struct ami_state *s, struct ami_bdf bdf,
		    struct ami_device **d)
{
	struct ami_device_map *map = map_of(s, bdf.segment);
	enum vec_room room = VEC_OK;

	*d = NULL;
	if (!map)
		room = add_map(s, bdf.segment, &map);
	if (room == VEC_OK && !map->position[bdf.devid])
		room = add_device(s, bdf, &map->position[bdf.devid]);
	if (room == VEC_OK)
		*d = &s->devices[map->position[bdf.devid] - 1];
	else if (room == VEC_FULL && !map)
		state_report_full(s, &s->devices_full, "PCI segments",
				  MAX_SEGMENTS);
	else if (room == VEC_FULL)
		state_report_full(s, &s->devices_full, "devices", MAX_DEVICES);
	return room == VEC_NO_MEMORY ? -1 : 0;
}

static void fetch_name(struct ami_state *s, struct ami_device *d)
{
	uint64_t name = 0, driver = 0;
	char where[AMI_BDF_TEXT];

	ami_bdf_text(d->bdf, where);
	if (!state_fetch(s, where, d->dev, AMI_F_device_kobj_name, &name) || !name)
		state_fetch(s, where, d->dev, AMI_F_device_init_name, &name);
	if (name)
		ami_read_string(s->kernel, name, d->name, sizeof(d->name));
	if (state_fetch(s, where, d->dev, AMI_F_device_driver, &driver) && !driver)
		return;
	if (driver &&
	    state_fetch(s, where, driver, AMI_F_device_driver_name, &name) && name &&
	    ami_read_string(s->kernel, name, d->driver,
			    sizeof(d->driver)) == AMI_MEM_OK)
		return;
	/*
	 * A driver is bound, though its name is unknown. It must not look like
	 * none.
	 */
	snprintf(d->driver, sizeof(d->driver), "?");
}

/* A bridge does nothing by itself. Damage must not turn a device into one. */
static void check_bridge(struct ami_state *s, struct ami_device *d,
			 const char *where)
{
	if (!d->is_bridge || d->class >> 8 == PCI_CLASS_BRIDGE ||
	    d->class >> 8 == PCI_CLASS_HALF_BRIDGE)
		return;
	d->is_bridge = false;
	ami_finding_add(s->findings, AMI_FIND_PCI_CONTRADICTION, where,
			"Its header is a PCI bridge's, its class %06x is not: taken as a device.",
			d->class);
}

static void fetch_pci(struct ami_state *s, struct ami_device *d)
{
	char where[AMI_BDF_TEXT];
	bool class_known;
	uint64_t v;

	ami_bdf_text(d->bdf, where);
	d->is_pci = true;
	if (state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_vendor, &v))
		d->vendor = v;
	if (state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_device, &v))
		d->device = v;
	class_known = state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_class, &v);
	d->class = v;
	if (state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_hdr_type, &v))
		d->is_bridge = (v & 0x7f) == PCI_HEADER_BRIDGE;
	if (class_known)
		check_bridge(s, d, where);
	d->busmaster_known = state_fetch(s, where, d->pci_dev,
					 AMI_F_pci_dev_is_busmaster, &v);
	d->busmaster = v;
	state_check_busmaster(s, d, where);
}

static void fetch_dev_data(struct ami_state *s, uint64_t va,
			   struct ami_device *d)
{
	char where[AMI_BDF_TEXT];
	uint64_t v, pdev = 0;

	ami_bdf_text(d->bdf, where);
	d->dev_data = va;
	if (state_fetch_vital(s, where, va, AMI_F_dev_data_ats_enabled, &v) ||
	    state_fetch_vital(s, where, va, AMI_F_dev_data_ats_510, &v))
		d->ats = v;
	if (state_fetch(s, where, va, AMI_F_dev_data_defer_attach, &v))
		d->deferred = v;
	state_fetch(s, where, va, AMI_F_dev_data_dev, &d->dev);
	if (state_fetch(s, where, va, AMI_F_dev_data_pdev, &pdev) && pdev &&
	    ami_has(s->kernel, AMI_F_pci_dev_dev))
		d->dev = ami_addr(s->kernel, pdev, AMI_F_pci_dev_dev);
}

static int read_dev_data(struct ami_state *s, size_t segment)
{
	uint64_t head = s->segments[segment].dev_data_head, node, devid;
	struct ami_list_iter it;

	if (!head || state_misses_member(s, NEED_DEV_DATA))
		return 0;
	ami_llist_start(&it, s->kernel, head, 65536);
	while (ami_list_next(&it, &node)) {
		uint64_t va = ami_container(s->kernel, node,
					    AMI_F_dev_data_node);
		struct ami_device *d;

		if (!state_fetch(s, "device data", va, AMI_F_dev_data_devid,
				 &devid)) {
			s->incomplete = true;
			s->devices_whole = false;
			continue;
		}
		if (state_device_at(s, (struct ami_bdf){
				s->segments[segment].id, devid }, &d))
			return -1;
		/*
		 * Unplugged devices stay listed. The newest entry comes first.
		 */
		if (d && !d->dev_data)
			fetch_dev_data(s, va, d);
	}
	state_list_report(s, &it, "list of device data");
	s->devices_whole &= it.mem == AMI_MEM_OK;
	return 0;
}

/*
 * Two functions at one address: the address of one of them is unknown, and it
 * could write.
 */
static void merge_function(struct ami_state *s, struct ami_device *d,
			   uint64_t pci_dev)
{
	struct ami_device other = *d;
	char where[AMI_BDF_TEXT];

	other.pci_dev = pci_dev;
	fetch_pci(s, &other);
	d->busmaster |= other.busmaster;
	d->busmaster_known &= other.busmaster_known;
	d->is_bridge &= other.is_bridge;
	s->incomplete = true;
	ami_finding_add(s->findings, AMI_FIND_PCI_FUNCTION_TWICE,
			ami_bdf_text(d->bdf, where),
			"Two PCI functions are in this place: the place of one of them was overwritten, and what that could write is unknown.");
}

int state_add_function(struct ami_state *s, uint64_t pci_dev, struct ami_bdf bdf)
{
	struct ami_device *d;

	if (state_device_at(s, bdf, &d))
		return -1;
	if (!d)
		return 0;
	if (d->pci_dev && d->pci_dev != pci_dev) {
		merge_function(s, d, pci_dev);
		return 0;
	}
	d->pci_dev = pci_dev;
	if (!d->dev)
		d->dev = ami_addr(s->kernel, pci_dev, AMI_F_pci_dev_dev);
	fetch_pci(s, d);
	return 0;
}

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
	ami_finding_add(s->findings, AMI_FIND_PCI_CONTRADICTION,
			ami_bdf_text(bdf, where),
			"By its name this PCI function is %s: either was overwritten, and both places are looked at.",
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
	ami_finding_add(s->findings, AMI_FIND_PCI_SEGMENT_IMPOSSIBLE,
			is == PCI_NAME_BDF ? ami_bdf_text(bdf, where) : where,
			"The bus of this PCI function is in segment %#llx, which no IOMMU knows: what the kernel keeps of the bus was overwritten.",
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

static int read_pci(struct ami_state *s)
{
	uint64_t roots = ami_symbol(s->kernel, AMI_SYM_pci_root_buses);
	struct bus_queue q = { .left = MAX_DEVICES };
	size_t gaps = count_gaps(s), i;
	int ret = 0;

	if (!roots || state_misses_member(s, NEED_PCI)) {
		ami_finding_add(s->findings, AMI_FIND_PCI_UNKNOWN, "PCI",
				"The PCI buses cannot be found; devices that its IOMMU driver does not manage stay unseen.");
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

/* The driver keeps data only of devices for which it found an IOMMU. */
static void check_iommu(struct ami_state *s, const struct ami_device *d,
			uint64_t va)
{
	char where[AMI_BDF_TEXT];

	if (d->iommu >= 0 || (!va && !d->dev_data))
		return;
	s->incomplete = true;
	if (!s->iommus_whole)
		return;	/* the list's finding says it */
	ami_finding_add(s->findings, AMI_FIND_IOMMU_OF_DEVICE_UNKNOWN,
			ami_bdf_text(d->bdf, where),
			"The driver's table of IOMMUs by device has %#llx for it, which is not one of the known IOMMUs: an IOMMU is missing from the list, or the table was overwritten.",
			(unsigned long long)va);
}

/* The device's entry of @size bytes. */
static bool fetch_lookup(struct ami_state *s, const struct ami_device *d,
			 uint64_t table, void *entry, size_t size)
{
	uint64_t at = table + size * d->bdf.devid;
	enum ami_mem mem = ami_read(s->kernel, at, entry, size);
	char where[AMI_BDF_TEXT];

	if (mem == AMI_MEM_OK)
		return true;
	s->incomplete = true;
	ami_finding_add(s->findings, AMI_FIND_LOOKUP_UNREAD,
			ami_bdf_text(d->bdf, where),
			"Its entry at %#llx in a table by device ID is %s: which IOMMU serves it, or as whom it makes requests, is unknown.",
			(unsigned long long)at, ami_mem_text(mem));
	return false;
}

/*
 * rlookup_table[devid]: the IOMMU in charge, or NULL. Devices that the
 * firmware's table leaves out have NULL, and so have those that the driver gave
 * up on (iommu_ignore_device()).
 */
static void find_iommu(struct ami_state *s, struct ami_device *d)
{
	const struct ami_segment *seg;
	uint64_t va;
	size_t i;

	d->uncovered = d->segment < 0 && s->segments_whole;
	if (d->segment < 0)
		return;
	seg = &s->segments[d->segment];
	if (seg->rlookup_table && seg->last_bdf_known &&
	    d->bdf.devid > seg->last_bdf)
		d->uncovered = true;
	if (!seg->rlookup_table || d->bdf.devid > seg->last_bdf)
		return;
	if (!fetch_lookup(s, d, seg->rlookup_table, &va, sizeof(va)))
		return;
	d->uncovered = !va;
	for (i = 0; i < s->nr_iommus; i++)
		if (va && s->iommus[i].va == va)
			d->iommu = i;
	check_iommu(s, d, va);
}

static void find_alias(struct ami_state *s, struct ami_device *d)
{
	const struct ami_segment *seg;
	uint16_t alias;

	if (d->segment < 0)
		return;
	seg = &s->segments[d->segment];
	if (!seg->alias_table || d->bdf.devid > seg->last_bdf)
		return;
	if (fetch_lookup(s, d, seg->alias_table, &alias, sizeof(alias)))
		d->alias.devid = alias;
}

/* The alias is a requester too. Its DTE is a copy of the device's own. */
static int add_aliases(struct ami_state *s)
{
	struct ami_bdf *todo = NULL;
	struct ami_device *added;
	size_t n = 0, i;
	int ret = 0;

	for (i = 0; i < s->nr_devices && !ret; i++) {
		find_alias(s, &s->devices[i]);
		if (s->devices[i].alias.devid == s->devices[i].bdf.devid)
			continue;
		if (vec_push(todo, n, s->nr_devices, s->devices[i].alias))
			ret = -1;
	}
	for (i = 0; i < n && !ret; i++)
		ret = state_device_at(s, todo[i], &added);
	free(todo);
	return ret;
}

/*
 * An unplugged device is in no list. But while an invalidation is not proven,
 * the IOMMU may still have its entry or its translations.
 */
static int add_flushed(struct ami_state *s, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	struct ami_device *added;
	uint32_t i;

	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		const struct amdvi_command *c = &ring->entry[i];

		if (!ami_outstanding(ring, i) ||
		    (c->opcode != AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY &&
		     c->opcode != AMDVI_CMD_INVALIDATE_IOTLB_PAGES) ||
		    iommu->segment < 0 ||
		    c->devid > s->segments[iommu->segment].last_bdf)
			continue;
		if (state_device_at(s, (struct ami_bdf){ iommu->bdf.segment,
							 c->devid }, &added))
			return -1;
	}
	return 0;
}

int state_read_devices(struct ami_state *s)
{
	size_t i;

	s->devices_whole = true;
	for (i = 0; i < s->nr_segments; i++)
		if (read_dev_data(s, i))
			return -1;
	for (i = 0; i < s->nr_iommus; i++)
		if (add_flushed(s, &s->iommus[i]))
			return -1;
	if (read_pci(s) || add_aliases(s))
		return -1;
	for (i = 0; i < s->nr_devices; i++) {
		struct ami_device *d = &s->devices[i];

		if (d->dev) {
			fetch_name(s, d);
			state_read_group(s, d);
		}
		find_iommu(s, d);
	}
	return 0;
}
