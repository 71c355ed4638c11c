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
#define MAX_LOWER	256u	/* interfaces below one */

struct reader {
	struct ami_contents *c;
	const struct ami_state *s;
	struct ami_kernel *k;
	bool no_memory;
};

/* The device of the state that a struct device is, or that is above it. */
static bool find_device(const struct reader *r, uint64_t dev,
			struct ami_bdf *bdf)
{
	unsigned int up;
	size_t n;

	for (up = 0; up < MAX_PARENTS && dev; up++) {
		for (n = 0; n < r->s->nr_devices; n++) {
			if (r->s->devices[n].dev != dev)
				continue;
			*bdf = r->s->devices[n].bdf;
			return true;
		}
		if (ami_get(r->k, dev, AMI_F_device_parent, &dev) != AMI_MEM_OK)
			return false;
	}
	return false;
}

/**
 * struct below - what the interfaces below one are on
 * @left: of them that may still be visited
 * @known: all of them are on @bdf, or on no device
 */
struct below {
	unsigned int left;
	bool any, known;
	struct ami_bdf bdf;
};

static void add_below(const struct reader *r, uint64_t netdev,
		      struct below *b);

static void add_lower(const struct reader *r, uint64_t adjacent,
		      struct below *b)
{
	struct ami_bdf bdf;
	uint64_t netdev;

	if (!b->left || ami_get(r->k, adjacent, AMI_F_adjacent_dev, &netdev) !=
			AMI_MEM_OK) {
		b->known = false;
		return;
	}
	b->left--;
	if (!find_device(r, ami_addr(r->k, netdev, AMI_F_netdev_dev), &bdf)) {
		add_below(r, netdev, b);
		return;
	}
	b->known &= !b->any || !memcmp(&b->bdf, &bdf, sizeof(bdf));
	b->bdf = bdf;
	b->any = true;
}

/* netdev_for_each_lower_dev(); such links never lead back (dev->upper_level). */
static void add_below(const struct reader *r, uint64_t netdev, struct below *b)
{
	struct ami_list_iter it;
	uint64_t node;

	ami_list_start(&it, r->k, ami_addr(r->k, netdev, AMI_F_netdev_lower),
		       b->left + 1);
	while (b->known && ami_list_next(&it, &node))
		add_lower(r, ami_container(r->k, node, AMI_F_adjacent_list), b);
	b->known &= it.mem == AMI_MEM_OK && !it.broken;
}

/*
 * A VLAN, a macvlan or a bridge has no device of its own. What is for it comes in
 * below it. A bond of several devices names none.
 */
static void find_below(const struct reader *r, struct ami_interface *i,
		       uint64_t netdev)
{
	struct below b = { .left = MAX_LOWER, .known = true };

	if (!ami_has(r->k, AMI_F_netdev_lower) ||
	    !ami_has(r->k, AMI_F_adjacent_dev) ||
	    !ami_has(r->k, AMI_F_adjacent_list))
		return;
	add_below(r, netdev, &b);
	i->has_device = b.any && b.known;
	i->bdf = b.bdf;
}

static void add_mac(struct reader *r, uint64_t va)
{
	static const uint8_t none[AMI_MAC_SIZE];
	struct ami_mac mac = { .interface = r->c->nr_interfaces - 1 };
	size_t i;

	/* No interface has a group address. */
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
	i.has_device = i.direct = find_device(r, device, &i.bdf);
	if (!i.direct)
		find_below(r, &i, netdev);
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
