// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From devices and network interfaces to the reader of their driver. The list
 * of interfaces is walked once, for all of them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "drivers.h"
#include "hba.h"
#include "nic.h"

#define PRIV_ALIGN	32u	/* NETDEV_ALIGN, include/linux/netdevice.h */
#define MAX_INTERFACES	65536u

#define READER(name)	&reader_##name,
static const struct reader *const readers[] = { EVIDENCE_DRIVERS(READER) };

/**
 * struct interfaces - network interfaces and the devices that they belong to
 * @mem: why the list is not all
 */
struct interfaces {
	struct ami_evidence *ev;
	struct interface {
		const struct ami_device *device;
		uint64_t netdev;
	} *list;
	size_t count;
	enum ami_mem mem;
};

static bool take_interface(void *ctx, uint64_t device)
{
	struct interfaces *all = ctx;
	struct ami_evidence *ev = all->ev;
	const struct ami_device *above;
	enum vec_room room;
	enum ami_mem mem;

	above = evidence_device_above(ev, device, &mem);
	if (mem != AMI_MEM_OK)
		all->mem = mem;
	if (!above)
		return true;
	room = vec_push(all->list, all->count, MAX_INTERFACES,
			(struct interface){
		above, ami_container(ev->state->kernel, device,
				     AMI_F_netdev_dev),
	});
	if (room == VEC_FULL)
		all->mem = AMI_MEM_DAMAGED;
	return evidence_grown(ev, room) &&
	       !ami_dump_interrupted(ami_kernel_dump(ev->state->kernel));
}

static void walk_interfaces(struct interfaces *all)
{
	struct ami_kernel *k = all->ev->state->kernel;
	uint64_t class = ami_symbol(k, AMI_SYM_net_class);
	enum ami_mem mem = AMI_MEM_NO_FIELD;

	if (class && ami_has(k, AMI_F_netdev_dev))
		mem = ami_device_each(k, class, take_interface, all);
	if (mem != AMI_MEM_OK)
		all->mem = mem;
}

static bool has_driver(const struct ami_state *s, const char *driver)
{
	size_t i;

	for (i = 0; i < s->nr_devices; i++)
		if (!strcmp(s->devices[i].driver, driver))
			return true;
	return false;
}

/* Unknown interfaces may belong to any of the devices. */
static void doubt_driver(struct ami_evidence *ev, const char *driver,
			 enum ami_mem mem)
{
	size_t i;

	ami_finding_add_with(ev->state->findings, AMI_FIND_INTERFACES_UNREAD,
			driver,
			AMI_FACTS(AMI_NAMES(READ, ami_mem_text(mem)),
				  AMI_NAMES(DRIVER, driver)),
			"The list of network interfaces cannot be read to its end (%s): receive buffers of the driver %s are missing.",
			ami_mem_text(mem), driver);
	for (i = 0; i < ev->state->nr_devices; i++)
		if (!strcmp(ev->state->devices[i].driver, driver))
			evidence_cover_partly(ev, &ev->state->devices[i], driver);
}

/* @r: of an interface, or of a device, whose driver's own part is known */
static void run_reader(struct reading *r)
{
	const struct reader *reader = r->reader;

	if (ami_has(r->kernel, reader->needs)) {
		r->lost |= !reader->read(r);
	} else if (!reader->guess) {
		ami_finding_add_with(r->ev->state->findings,
				AMI_FIND_DRIVER_TYPES_MISSING, r->where,
				AMI_FACTS(AMI_NAMES(DRIVER, reader->driver)),
				"The dump does not describe the structures of the driver %s: what it had asked the device to write is not known.",
				reader->driver);
		return;
	} else if (!reader->guess(r)) {
		return;
	}
	if (r->lost)
		evidence_cover_partly(r->ev, r->device, reader->driver);
	else
		evidence_cover_device(r->ev, r->device, reader->driver);
	if (!ami_has(r->kernel, reader->needs))
		evidence_cover_guessed(r->ev, r->device);
}

static bool find_priv(struct reading *r)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_net_device);

	if (ami_has(r->kernel, AMI_F_netdev_priv))
		r->priv = ami_addr(r->kernel, r->netdev, AMI_F_netdev_priv);
	else if (size)
		r->priv = r->netdev +
			  (size + PRIV_ALIGN - 1) / PRIV_ALIGN * PRIV_ALIGN;
	return r->priv;
}

static void read_interface(struct ami_evidence *ev, const struct reader *reader,
			   const struct interface *at)
{
	struct reading r = {
		.ev = ev, .kernel = ev->state->kernel, .reader = reader,
		.device = at->device, .netdev = at->netdev,
	};

	ami_bdf_text(r.device->bdf, r.where);
	if (ami_read_string(r.kernel, ami_addr(r.kernel, r.netdev,
					       AMI_F_netdev_name),
			    r.name, sizeof(r.name)) != AMI_MEM_OK)
		strcpy(r.name, "?");
	if (find_priv(&r))
		run_reader(&r);
	else
		ami_finding_add_with(ev->state->findings,
				AMI_FIND_DRIVER_TYPES_MISSING, r.where,
				AMI_FACTS(AMI_NAMES(INTERFACE, r.name),
					  AMI_NAMES(DRIVER, reader->driver)),
				"The dump does not describe network interfaces: the receive buffers of %s cannot be read.",
				r.name);
}

static void read_interfaces(struct ami_evidence *ev, const struct reader *reader,
			    const struct interfaces *all)
{
	struct ami_dump *dump = ami_kernel_dump(ev->state->kernel);
	size_t i;

	for (i = 0; i < all->count && !ami_dump_interrupted(dump); i++)
		if (!strcmp(all->list[i].device->driver, reader->driver))
			read_interface(ev, reader, &all->list[i]);
	if (all->mem != AMI_MEM_OK)
		doubt_driver(ev, reader->driver, all->mem);
}

static void read_device(struct ami_evidence *ev, const struct reader *reader,
			const struct ami_device *device)
{
	struct reading r = {
		.ev = ev, .kernel = ev->state->kernel, .reader = reader,
		.device = device,
	};
	enum ami_mem mem = ami_get(r.kernel, device->dev,
				   AMI_F_device_driver_data, &r.priv);

	strncpy(r.name, reader->driver, sizeof(r.name) - 1);
	ami_bdf_text(device->bdf, r.where);
	if (mem == AMI_MEM_OK) {
		run_reader(&r);
		return;
	}
	reading_unread(&r, "driver data", device->dev, mem);
	evidence_cover_partly(ev, device, reader->driver);
}

static void read_devices(struct ami_evidence *ev, const struct reader *reader)
{
	struct ami_dump *dump = ami_kernel_dump(ev->state->kernel);
	const struct ami_state *s = ev->state;
	size_t i;

	for (i = 0; i < s->nr_devices && !ami_dump_interrupted(dump); i++)
		if (!strcmp(s->devices[i].driver, reader->driver) &&
		    s->devices[i].dev)
			read_device(ev, reader, &s->devices[i]);
}

static void run_one(struct interfaces *all, const struct reader *reader,
		    bool *walked)
{
	struct ami_evidence *ev = all->ev;

	if (!has_driver(ev->state, reader->driver) ||
	    ev->collector->no_memory)
		return;
	ami_dump_doing(ami_kernel_dump(ev->state->kernel), reader->driver);
	if (reader->of == READ_DEVICE) {
		read_devices(ev, reader);
		return;
	}
	if (!*walked)
		walk_interfaces(all);
	*walked = true;
	read_interfaces(ev, reader, all);
}

void evidence_find_drivers(struct ami_evidence *ev)
{
	struct interfaces all = { .ev = ev, .mem = AMI_MEM_OK };
	const struct reader *row;
	bool walked = false;
	size_t i;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		run_one(&all, readers[i], &walked);
	for (row = hba_readers; row->driver; row++)
		run_one(&all, row, &walked);
	for (row = nic_readers; row->driver; row++)
		run_one(&all, row, &walked);
	free(all.list);
}
