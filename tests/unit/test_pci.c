// SPDX-License-Identifier: GPL-2.0-or-later
/* PCI functions that damage hides, moves, or makes look harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"
#include "render.h"

#define DEV		0x10u
#define OTHER		0x18u
#define NVME		0x010802u
#define NTB		0x068000u
#define HOST_BRIDGE	0x060000u
#define PCI_BRIDGE	0x060400u
#define DEVICE_ENTRY	0xe0u	/* of the list of devices: behind all else */

/* What tests change; of the latest machine. */
static struct {
	uint64_t pci, kset;
} at;

static uint64_t member(struct machine *m, uint64_t object, enum ami_field f)
{
	return object + image_layout(m->img)->field[f].offset;
}

static uint64_t dev_of(struct machine *m, uint64_t pci)
{
	return member(m, pci, AMI_F_pci_dev_dev);
}

/* No IOMMU is in charge of it: it reaches all memory. */
static void uncover(struct machine *m, uint16_t devid)
{
	image_write64(m->img, m->seg->rlookup + 8ull * devid, 0);
}

static void pass_through(struct machine *m, uint16_t devid)
{
	const struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .domain_id = 1,
	};

	machine_dte(m, devid, &dte);
}

static void name(struct machine *m, uint64_t pci, const char *text)
{
	machine_set(m, dev_of(m, pci), AMI_F_device_kobj_name,
		    machine_string(m, text));
}

static void set_segment(struct machine *m, uint64_t segment)
{
	uint64_t sysdata = machine_object(m, 64);

	machine_set(m, m->bus, AMI_F_pci_bus_sysdata, sysdata);
	machine_set(m, sysdata, AMI_F_pci_sysdata_domain, segment);
}

/* The driver core's list of all devices, with this one in it. */
static void enter_all_devices(struct machine *m, uint64_t pci)
{
	uint64_t bus = machine_object(m, 64), dev = dev_of(m, pci);

	image_layout(m->img)->field[AMI_F_kobject_entry].offset = DEVICE_ENTRY;
	at.kset = machine_object(m, 256);
	machine_list_init(m, member(m, at.kset, AMI_F_kset_list));
	machine_variable(m, AMI_SYM_devices_kset, at.kset);
	machine_set(m, bus, AMI_F_bus_type_name, machine_string(m, "pci"));
	machine_set(m, dev, AMI_F_device_bus, bus);
	machine_list_add(m, member(m, at.kset, AMI_F_kset_list),
			 member(m, member(m, dev, AMI_F_device_kobj),
				AMI_F_kobject_entry));
}

static void reaches_all(const struct machine *m, uint16_t devid)
{
	const struct ami_exposure *e =
		machine_exposure(m, devid, AMI_CLASS_PASSTHROUGH);

	assert_non_null(e);
	assert_true(e->all_ram);
}

static void is_verdict(const struct machine *m, enum ami_verdict verdict)
{
	assert_int_equal(m->ex->verdict, verdict);
}

/* Only what forwards for others does nothing by itself. */
static void class_06(struct machine *m)
{
	const uint32_t class[] = { NTB, HOST_BRIDGE, 0x060802 };
	size_t i = m->shape % 3;

	uncover(m, DEV);
	machine_pci(m, DEV, class[i]);
	machine_analyse(m);
	reaches_all(m, DEV);
	is_verdict(m, AMI_VERDICT_EXPOSED);
}

static void is_a_bridge(struct machine *m, uint64_t pci)
{
	machine_set(m, pci, AMI_F_pci_dev_class, PCI_BRIDGE);
	machine_set(m, pci, AMI_F_pci_dev_hdr_type, 1);
}

/* A disk whose header and class say bridge, and behind which is no bus. */
static void false_bridge(struct machine *m)
{
	uncover(m, DEV);
	is_a_bridge(m, machine_pci(m, DEV, NVME));
	machine_analyse(m);
	reaches_all(m, DEV);
	assert_true(machine_found(m, "pci-contradiction"));
	is_verdict(m, AMI_VERDICT_SUSPECT);
}

static uint64_t add_bus(struct machine *m, uint64_t parent, uint64_t bridge)
{
	uint64_t bus = machine_object(m, image_layout(m->img)
					 ->type_size[AMI_T_pci_bus]);

	machine_list_init(m, member(m, bus, AMI_F_pci_bus_children));
	machine_list_init(m, member(m, bus, AMI_F_pci_bus_devices));
	machine_set(m, bus, AMI_F_pci_bus_number, 1);
	machine_set(m, bus, AMI_F_pci_bus_self, bridge);
	machine_list_add(m, member(m, parent, AMI_F_pci_bus_children),
			 member(m, bus, AMI_F_pci_bus_node));
	return bus;
}

static void true_bridge(struct machine *m)
{
	uint64_t pci = machine_pci(m, DEV, PCI_BRIDGE);

	is_a_bridge(m, pci);
	add_bus(m, m->bus, pci);
	uncover(m, DEV);
	machine_analyse(m);
	assert_false(machine_found(m, "pci-contradiction"));
	is_verdict(m, AMI_VERDICT_TRUSTED);
}

/* Not even with a name: the place of the bus is lost. */
static void impossible_segment(struct machine *m)
{
	machine_pci(m, DEV, NVME);
	uncover(m, DEV);
	set_segment(m, m->sme ? 0x10000 : UINT32_MAX);
	machine_analyse(m);
	assert_true(machine_found(m, "pci-segment-impossible"));
	is_verdict(m, AMI_VERDICT_UNKNOWN);
}

/* Each bus in a segment of its own: what is read stays, the rest is reported. */
static void too_many_segments(struct machine *m)
{
	unsigned int segment, kept = 0;
	uint64_t root;

	machine_pci(m, DEV, NVME);
	uncover(m, DEV);
	root = m->bus;
	for (segment = 1; segment < 300; segment++) {
		m->bus = add_bus(m, root, 0);
		set_segment(m, segment);
		machine_pci(m, OTHER, NVME);
	}
	machine_analyse(m);
	assert_int_equal(ami_findings_total(&m->findings, AMI_FIND_TOO_MANY), 1);
	assert_true(m->state->incomplete);
	for (segment = 1; segment < 300; segment++)
		kept += !!ami_state_device(m->state, (struct ami_bdf){
				segment, 0x100 | OTHER });
	assert_int_equal(kept, 255);	/* and segment 0 */
	reaches_all(m, DEV);
	is_verdict(m, AMI_VERDICT_UNKNOWN);
}

/* Its name says where it is. */
static void named_in_impossible_segment(struct machine *m)
{
	name(m, machine_pci(m, DEV, NVME), "0000:00:02.0");
	uncover(m, DEV);
	set_segment(m, 0x10000);
	machine_analyse(m);
	assert_true(machine_found(m, "pci-segment-impossible"));
	reaches_all(m, DEV);
	is_verdict(m, AMI_VERDICT_SUSPECT);
}

/* Behind Intel VMD: the name agrees, its requests come as the controller's. */
static void behind_vmd(struct machine *m)
{
	name(m, machine_pci(m, DEV, NVME), "10000:00:02.0");
	set_segment(m, 0x10000);
	machine_analyse(m);
	assert_false(machine_found(m, "pci-segment-impossible"));
	is_verdict(m, AMI_VERDICT_TRUSTED);
}

/* One that reaches all memory takes the place of one that is blocked. */
static void two_in_one_place(struct machine *m)
{
	uint64_t pci;

	uncover(m, OTHER);
	machine_pci(m, DEV, NVME);
	pci = machine_pci(m, OTHER, NVME);
	machine_set(m, pci, AMI_F_pci_dev_devfn, DEV);
	machine_analyse(m);
	assert_true(machine_found(m, "pci-function-twice"));
	is_verdict(m, AMI_VERDICT_UNKNOWN);
}

/* The same, alone there: its name still says where it was. */
static void moved(struct machine *m)
{
	uint64_t pci = machine_pci(m, OTHER, NVME);

	uncover(m, OTHER);
	name(m, pci, "0000:00:03.0");
	machine_set(m, pci, AMI_F_pci_dev_devfn, DEV);
	machine_analyse(m);
	assert_true(machine_found(m, "pci-contradiction"));
	reaches_all(m, OTHER);
	is_verdict(m, AMI_VERDICT_SUSPECT);
}

/* The bus's list is empty, the list of all devices is not. */
static void lost_by_its_bus(struct machine *m)
{
	uint64_t pci = machine_pci(m, DEV, NVME);

	uncover(m, DEV);
	name(m, pci, "0000:00:02.0");
	enter_all_devices(m, pci);
	machine_list_init(m, member(m, m->bus, AMI_F_pci_bus_devices));
	machine_analyse(m);
	assert_true(machine_found(m, "pci-function-lost"));
	reaches_all(m, DEV);
	is_verdict(m, AMI_VERDICT_SUSPECT);
}

/* And where nothing says where it was, what it could write is unknown. */
static void lost_without_name(struct machine *m)
{
	uint64_t pci = machine_pci(m, DEV, NVME);

	uncover(m, DEV);
	enter_all_devices(m, pci);
	machine_list_init(m, member(m, m->bus, AMI_F_pci_bus_devices));
	machine_analyse(m);
	assert_true(machine_found(m, "pci-function-lost"));
	is_verdict(m, AMI_VERDICT_UNKNOWN);
}

static void looped(struct machine *m, uint64_t head, uint64_t node)
{
	machine_write(m, m->sme ? head : node, &node, sizeof(node));
	machine_analyse(m);
	assert_true(machine_found(m, "list-damaged"));
	is_verdict(m, AMI_VERDICT_CORRUPT);
}

static void looped_devices(struct machine *m)
{
	uint64_t pci = machine_pci(m, DEV, NVME);

	machine_pci(m, OTHER, NVME);
	looped(m, member(m, m->bus, AMI_F_pci_bus_devices),
	       member(m, pci, AMI_F_pci_dev_bus_list));
}

/* The bus is its own child. */
static void looped_children(struct machine *m)
{
	machine_pci(m, DEV, NVME);
	looped(m, member(m, m->bus, AMI_F_pci_bus_children),
	       member(m, m->bus, AMI_F_pci_bus_node));
}

/* One bit of a flag must not make a dump trusted. */
static void idle_by_one_bit(struct machine *m)
{
	uint64_t pci = machine_pci(m, DEV, NVME);

	if (m->sme)
		uncover(m, DEV);
	else
		pass_through(m, DEV);
	machine_set(m, pci, AMI_F_pci_dev_is_busmaster, 0);
	machine_analyse(m);
	is_verdict(m, AMI_VERDICT_EXPOSED);
}

/* The only device at work, and zeros over the root of its table. */
static void empty_table(struct machine *m)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4, .host_root = image_alloc(m->img, 1),
	};

	machine_pci(m, DEV, NVME);
	machine_dte(m, DEV, &dte);
	machine_device(m, DEV, "nvme",
		       machine_domain(m, 4, 3, AMI_FORMAT_V1, dte.host_root,
				      2));
	machine_analyse(m);
	is_verdict(m, AMI_VERDICT_EXPOSED);
}

/*
 * Neither the driver's table of IOMMUs nor the device table is in the dump: an
 * active device may reach anything, and is not called idle.
 */
static void nothing_in_the_dump(struct machine *m)
{
	const struct ami_exposure *e;

	machine_pci(m, DEV, NVME);
	image_hide(m->img, m->seg->rlookup >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	image_hide(m->img, m->seg->dev_table >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	machine_analyse(m);
	e = machine_exposure(m, DEV, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_false(e->complete);
	is_verdict(m, AMI_VERDICT_UNKNOWN);
}

/* Its interrupts are writes: it is at work. */
static void idle_with_msi(struct machine *m)
{
	uint64_t pci = machine_pci(m, DEV, NVME);

	pass_through(m, DEV);
	machine_set(m, pci, AMI_F_pci_dev_is_busmaster, 0);
	machine_set(m, pci, m->sme ? AMI_F_pci_dev_msi_enabled :
		    AMI_F_pci_dev_msix_enabled, 1);
	machine_analyse(m);
	assert_true(machine_found(m, "bus-master-contradiction"));
	is_verdict(m, AMI_VERDICT_EXPOSED);
}

static void not_called_idle(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_request r = { .view = AMI_VIEW_REPORT, .iommu = -1 };
	char *text;

	(void)state;
	nothing_in_the_dump(m);
	text = render_machine(m, &r);
	lacks(text, "could write nothing");
	lacks(text, "not active");
	free(text);
	r.view = AMI_VIEW_DEVICES;
	r.json = true;
	text = render_machine(m, &r);
	has(text, "\"complete\": false");
	lacks(text, "\"complete\": true");
	free(text);
	machine_free(m);
}

/* Only what the driver has taken on is in a group; then it has data of it. */
static void lost_by_the_driver(struct machine *m)
{
	const struct amdvi_dte none = { .v = true, .tv = true };
	uint64_t pci = machine_pci(m, DEV, NVME);

	machine_dte(m, DEV, &none);
	machine_pci(m, OTHER, NVME);
	machine_dte(m, OTHER, &none);
	machine_set(m, dev_of(m, pci), AMI_F_device_group,
		    machine_object(m, 64));
	machine_analyse(m);
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_DEVICE_UNKNOWN_TO_DRIVER),
			 1);
	assert_int_equal(ami_state_device(m->state, (struct ami_bdf){ 0, DEV })
			 ->translation, AMI_TRANSLATION_UNKNOWN);
	assert_int_equal(ami_state_device(m->state, (struct ami_bdf){ 0, OTHER })
			 ->translation, AMI_TRANSLATION_BLOCKED);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

OVER_SHAPES(class_06)
OVER_SHAPES(false_bridge)
OVER_SHAPES(true_bridge)
OVER_SHAPES(impossible_segment)
OVER_SHAPES(too_many_segments)
OVER_SHAPES(named_in_impossible_segment)
OVER_SHAPES(behind_vmd)
OVER_SHAPES(two_in_one_place)
OVER_SHAPES(moved)
OVER_SHAPES(lost_by_its_bus)
OVER_SHAPES(lost_without_name)
OVER_SHAPES(looped_devices)
OVER_SHAPES(looped_children)
OVER_SHAPES(idle_by_one_bit)
OVER_SHAPES(idle_with_msi)
OVER_SHAPES(empty_table)
OVER_SHAPES(nothing_in_the_dump)
OVER_SHAPES(lost_by_the_driver)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_class_06),
		cmocka_unit_test(all_false_bridge),
		cmocka_unit_test(all_true_bridge),
		cmocka_unit_test(all_impossible_segment),
		cmocka_unit_test(all_too_many_segments),
		cmocka_unit_test(all_named_in_impossible_segment),
		cmocka_unit_test(all_behind_vmd),
		cmocka_unit_test(all_two_in_one_place),
		cmocka_unit_test(all_moved),
		cmocka_unit_test(all_lost_by_its_bus),
		cmocka_unit_test(all_lost_without_name),
		cmocka_unit_test(all_looped_devices),
		cmocka_unit_test(all_looped_children),
		cmocka_unit_test(all_idle_by_one_bit),
		cmocka_unit_test(all_idle_with_msi),
		cmocka_unit_test(all_empty_table),
		cmocka_unit_test(all_nothing_in_the_dump),
		cmocka_unit_test(all_lost_by_the_driver),
		cmocka_unit_test(not_called_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
