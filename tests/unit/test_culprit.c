// SPDX-License-Identifier: GPL-2.0-or-later
/* Which device wrote over a page: by its interface, its path or its command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers.h"
#include "scene.h"

static uint64_t add_interface(struct rig *rig, const char *name, bool on_device)
{
	uint64_t netdev = machine_object(rig->m, 4096);
	uint64_t lower = rig_member(rig, netdev, AMI_F_netdev_lower);
	uint64_t address = machine_object(rig->m, 64);
	uint64_t dev = rig_member(rig, netdev, AMI_F_netdev_dev);

	machine_write(rig->m, address, scene_mac, sizeof(scene_mac));
	rig_set(rig, netdev, AMI_F_netdev_dev_addr, address);
	rig_set(rig, netdev, AMI_F_netdev_addr_len, sizeof(scene_mac));
	machine_write(rig->m, rig_member(rig, netdev, AMI_F_netdev_name), name,
		      strlen(name) + 1);
	rig_child(rig, dev, AMI_SYM_net_class);
	if (!on_device)
		rig_set(rig, dev, AMI_F_device_parent, 0);
	machine_list_init(rig->m, lower);
	return netdev;
}

static void put_above(struct rig *rig, uint64_t upper, uint64_t lower)
{
	uint64_t adjacent = machine_object(rig->m, 64);

	rig_set(rig, adjacent, AMI_F_adjacent_dev, lower);
	machine_list_add(rig->m, rig_member(rig, upper, AMI_F_netdev_lower),
			 rig_member(rig, adjacent, AMI_F_adjacent_list));
}

static struct rig *make_rig(struct scene *s)
{
	struct rig *rig = rig_new("nic");

	*s = (struct scene){ .m = rig->m };
	/* Members in the order of fields.h would lie on each other. */
	pages_place(rig->m, AMI_F_netdev_name, 512, 16);
	pages_place(rig->m, AMI_F_netdev_dev, 1024, 1024);
	pages_place(rig->m, AMI_F_netdev_lower, 2560, 16);
	pages_place(rig->m, AMI_F_adjacent_dev, 0, 8);
	pages_place(rig->m, AMI_F_adjacent_list, 16, 16);
	pages_make(rig->m);
	s->page[TOP] = image_alloc(rig->m->img, 1);
	s->page[TABLE] = image_alloc(rig->m->img, 1);
	pages_mark(rig->m, s->page[TOP], AMI_F_page_refcount, 1);
	image_write64(rig->m->img, s->page[TOP], s->page[TABLE] | 0x067);
	pages_process(rig->m, s->page[TOP], image_alloc(rig->m->img, 4));
	rig_untranslated(rig);
	return rig;
}

static void culprit_is(struct scene *s, enum ami_proof proof,
		       const char *interface)
{
	const struct ami_overwritten *w;
	struct ami_culprit c;

	machine_analyse(s->m);
	w = scene_at(s, s->page[TABLE]);
	assert_non_null(w);
	ami_culprit_find(s->m->ex, w, &c);
	assert_int_equal(c.proof, proof);
	if (proof != AMI_PROOF_NONE)
		assert_int_equal(c.device.devid, RIG_DEVICE);
	if (interface)
		assert_string_equal(s->m->contents->interfaces
				    [w->frame.interface].name, interface);
	else
		assert_int_equal(w->frame.interface, -1);
}

static void culprit_by_address(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	/* A bond has the address of the interface below it. */
	add_interface(rig, "bond0", false);
	add_interface(rig, "eth0", true);
	scene_put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_BOTH, "eth0");
	assert_non_null(machine_said_of(s.m, "frame-in-kernel-memory",
					"0000:00:02.0"));
	rig_free(rig);
}

static void culprit_by_path(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	scene_put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_PATH, NULL);
	rig_free(rig);
}

/* Two devices could. A command that is still in a queue of one names it. */
static void culprit_told(void **state)
{
	struct amdvi_dte dte = { .v = true, .tv = true, .ir = true, .iw = true };
	struct ami_past_read read = {
		.bdf.devid = RIG_DEVICE, .block = 8, .blocks = 8,
	};
	struct ami_overwritten w;
	struct ami_culprit c;
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	machine_device(s.m, 0x20, "other", 0);
	machine_dte(s.m, 0x20, &dte);
	image_write64(s.m->img, s.page[TABLE], 0x4b5349444241434dull);
	culprit_is(&s, AMI_PROOF_NONE, NULL);
	w = *scene_at(&s, s.page[TABLE]);
	w.has_read = true;
	w.read = read;
	ami_culprit_find(s.m->ex, &w, &c);
	assert_int_equal(c.proof, AMI_PROOF_TOLD);
	assert_int_equal(c.device.devid, RIG_DEVICE);
	assert_int_equal(c.able, 2);
	rig_free(rig);
}

/* The address of an interface that is on no device names none. */
static void culprit_of_bridge(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	add_interface(rig, "br0", false);
	scene_put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_PATH, "br0");
	rig_free(rig);
}

static void change_address(struct rig *rig, uint64_t netdev)
{
	uint64_t address = machine_object(rig->m, 64);

	machine_write(rig->m, address, (uint8_t[]){ 2, 1, 1, 1, 1, 1 }, 6);
	rig_set(rig, netdev, AMI_F_netdev_dev_addr, address);
}

/* A macvlan in a bridge, say: it has an address of its own. */
static void culprit_below(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);
	uint64_t top, bridge, eth;

	(void)state;
	top = add_interface(rig, "macvlan0", false);
	bridge = add_interface(rig, "br0", false);
	eth = add_interface(rig, "eth0", true);
	change_address(rig, bridge);
	change_address(rig, eth);
	put_above(rig, top, bridge);
	put_above(rig, bridge, eth);
	/* Of a guest, on no device. */
	put_above(rig, bridge, add_interface(rig, "tap0", false));
	scene_put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_BOTH, "macvlan0");
	rig_free(rig);
}

/* A second interface, on a device of its own that could write nothing. */
static uint64_t add_other(struct rig *rig)
{
	struct amdvi_dte blocked = { .v = true, .tv = true };
	uint64_t data = machine_device(rig->m, 0x20, "other", 0), dev;
	uint64_t netdev = add_interface(rig, "eth1", true);

	machine_dte(rig->m, 0x20, &blocked);
	image_read(rig->m->img, rig_member(rig, data, AMI_F_dev_data_dev) -
		   IMAGE_DIRECT_MAP, &dev, sizeof(dev));
	rig_set(rig, rig_member(rig, netdev, AMI_F_netdev_dev),
		AMI_F_device_parent, dev);
	change_address(rig, netdev);
	return netdev;
}

/* Below a bond of two devices none is named; nor where a link is broken. */
static void culprit_below_unknown(void **state)
{
	struct scene s;
	int broken;

	(void)state;
	for (broken = 0; broken < 2; broken++) {
		struct rig *rig = make_rig(&s);
		uint64_t bond = add_interface(rig, "bond0", false);
		uint64_t eth = add_interface(rig, "eth0", true);
		uint64_t other = add_other(rig);

		change_address(rig, eth);
		put_above(rig, bond, eth);
		put_above(rig, bond, broken ? 0 : other);
		scene_put_frame(&s, s.page[TABLE] + 128);
		culprit_is(&s, AMI_PROOF_PATH, "bond0");
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(culprit_by_address),
		cmocka_unit_test(culprit_by_path),
		cmocka_unit_test(culprit_told),
		cmocka_unit_test(culprit_of_bridge),
		cmocka_unit_test(culprit_below),
		cmocka_unit_test(culprit_below_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
