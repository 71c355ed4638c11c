// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network interfaces and the addresses that frames to them have. The addresses
 * stay out of extracts.
 */
#include <string.h>

#include <common/vec.h>
#include <kernel/device.h>

#include "content.h"

#define MAX_INTERFACES	65536u
#define MAX_PARENTS	8u

struct reader {
	struct ami_contents *c;
	const struct ami_state *s;
	struct ami_kernel *k;
	bool no_memory;
};

/* The device of the state that the interface is on, or that is above it. */
static void find_device(struct reader *r, struct ami_interface *i, uint64_t dev)
{
	unsigned int up;
	size_t n;

	for (up = 0; up < MAX_PARENTS && dev; up++) {
		for (n = 0; n < r->s->nr_devices; n++) {
			if (r->s->devices[n].dev != dev)
				continue;
			i->has_device = true;
			i->bdf = r->s->devices[n].bdf;
			return;
		}
		if (ami_get(r->k, dev, AMI_F_device_parent, &dev) != AMI_MEM_OK)
			return;
	}
}

static void add_mac(struct reader *r, uint64_t va)
{
	static const uint8_t none[AMI_MAC_SIZE];
	struct ami_mac mac = { .interface = r->c->nr_interfaces - 1 };
	size_t i;

	/* A group address is no interface's. */
	if (ami_read(r->k, va, mac.byte, sizeof(mac.byte)) != AMI_MEM_OK ||
	    mac.byte[0] & 1 ||
	    !memcmp(mac.byte, none, sizeof(none)))
		return;
	for (i = 0; i < r->c->nr_macs; i++)
		if (r->c->macs[i].interface == mac.interface &&
		    !memcmp(r->c->macs[i].byte, mac.byte, sizeof(mac.byte)))
			return;
	r->no_memory |= vec_push(r->c->macs, r->c->nr_macs,
				 2 * MAX_INTERFACES, mac) == VEC_NO_MEMORY;
}

static void add_macs(struct reader *r, uint64_t netdev)
{
	uint64_t len, at;

	if (ami_get(r->k, netdev, AMI_F_netdev_addr_len, &len) != AMI_MEM_OK ||
	    len != AMI_MAC_SIZE)
		return;
	if (ami_get(r->k, netdev, AMI_F_netdev_dev_addr, &at) == AMI_MEM_OK)
		add_mac(r, at);
	if (ami_has(r->k, AMI_F_netdev_perm_addr))
		add_mac(r, ami_addr(r->k, netdev, AMI_F_netdev_perm_addr));
}

static bool one_interface(void *ctx, uint64_t device)
{
	struct reader *r = ctx;
	uint64_t netdev = ami_container(r->k, device, AMI_F_netdev_dev);
	struct ami_interface i = { .name = "?" };

	ami_read_string(r->k, ami_addr(r->k, netdev, AMI_F_netdev_name), i.name,
			sizeof(i.name));
	find_device(r, &i, device);
	if (r->c->nr_interfaces == MAX_INTERFACES)
		return false;
	r->no_memory |= vec_push(r->c->interfaces, r->c->nr_interfaces,
				 MAX_INTERFACES, i) == VEC_NO_MEMORY;
	if (r->no_memory)
		return false;
	/* Other members lie beside an address: none of it is recorded. */
	ami_dump_record_pause(ami_kernel_dump(r->k), true);
	add_macs(r, netdev);
	ami_dump_record_pause(ami_kernel_dump(r->k), false);
	return !r->no_memory;
}

int content_interfaces_read(struct ami_contents *c, const struct ami_state *s)
{
	struct reader r = { .c = c, .s = s, .k = s->kernel };
	uint64_t class = ami_symbol(s->kernel, AMI_SYM_net_class);

	if (class && ami_has(s->kernel, AMI_F_netdev_dev))
		ami_device_each(s->kernel, class, one_interface, &r);
	return r.no_memory ? -1 : 0;
}
