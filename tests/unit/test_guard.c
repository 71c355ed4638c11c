// SPDX-License-Identifier: GPL-2.0-or-later
/* Machines without a working AMD IOMMU: nothing restrains the devices. */
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
#define BRIDGE		0x060400u
#define HOST_BRIDGE	0x060000u

/* enum iommu_init_state; only that they differ matters */
enum { START, INITIALIZED, NOT_FOUND, FAILED, OFF };

static void set_enumerator(struct machine *m, enum ami_enumerator e, int value)
{
	image_layout(m->img)->enumerator[e].present = true;
	image_layout(m->img)->enumerator[e].value = value;
}

static void set_init_state(struct machine *m, int value)
{
	set_enumerator(m, AMI_E_IOMMU_START_STATE, START);
	set_enumerator(m, AMI_E_IOMMU_INITIALIZED, INITIALIZED);
	set_enumerator(m, AMI_E_IOMMU_NOT_FOUND, NOT_FOUND);
	set_enumerator(m, AMI_E_IOMMU_INIT_ERROR, FAILED);
	set_enumerator(m, AMI_E_IOMMU_CMDLINE_DISABLED, OFF);
	machine_variable(m, AMI_SYM_init_state, value);
}

static void empty_list(struct machine *m, enum ami_symbol y)
{
	machine_list_init(m, machine_variable(m, y, 0));
}

static void without_iommus(struct machine *m, int state)
{
	empty_list(m, AMI_SYM_amd_iommu_list);
	empty_list(m, AMI_SYM_amd_iommu_pci_seg_list);
	if (image_layout(m->img)->symbol[AMI_SYM_amd_iommu_dev_table])
		machine_variable(m, AMI_SYM_amd_iommu_dev_table, 0);
	set_init_state(m, state);
}

static const struct ami_device *device(const struct machine *m, uint16_t devid)
{
	const struct ami_device *d =
		ami_state_device(m->state, (struct ami_bdf){ 0, devid });

	assert_non_null(d);
	return d;
}

static void is_open(const struct machine *m, uint16_t devid,
		    enum ami_translation translation,
		    enum ami_certainty certainty)
{
	const struct ami_exposure *e =
		machine_exposure(m, devid, AMI_CLASS_PASSTHROUGH);

	assert_int_equal(device(m, devid)->translation, translation);
	assert_non_null(e);
	assert_true(e->all_ram);
	assert_int_equal(e->certainty, certainty);
}

/* The machine is set up so: no finding of a fault, never a claim of safety. */
static void has_verdict(const struct machine *m)
{
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
}

static void is_without(struct machine *m, enum ami_no_amd why)
{
	machine_pci(m, DEV, NVME);
	machine_analyse(m);
	assert_int_equal(m->state->guard, AMI_GUARD_NONE);
	assert_int_equal(m->state->no_amd, why);
	assert_true(machine_found(m, "no-iommu"));
	assert_false(machine_found(m, "device-without-iommu"));
	assert_false(machine_found(m, "field-missing"));
	is_open(m, DEV, AMI_TRANSLATION_NONE, AMI_PROVEN);
	has_verdict(m);
}

static void off(struct machine *m)
{
	without_iommus(m, OFF);
	is_without(m, AMI_NO_AMD_OFF);
}

static void not_found(struct machine *m)
{
	without_iommus(m, NOT_FOUND);
	is_without(m, AMI_NO_AMD_NOT_FOUND);
}

static void not_asked(struct machine *m)
{
	without_iommus(m, START);
	is_without(m, AMI_NO_AMD_NOT_ASKED);
}

static void failed(struct machine *m)
{
	without_iommus(m, FAILED);
	is_without(m, AMI_NO_AMD_FAILED);
}

static void forget_driver(struct machine *m)
{
	struct ami_layout *l = image_layout(m->img);
	int y, f;

	for (y = 0; y < AMI_NR_SYMBOLS; y++)
		if (strstr(ami_symbol_wants[y].name, "amd_iommu") ||
		    y == AMI_SYM_dev_data_list || y == AMI_SYM_irq_lookup_table ||
		    y == AMI_SYM_dev_table_size)
			l->symbol[y] = 0;
	for (f = 0; f < AMI_NR_CORE_FIELDS; f++)
		if (strstr(ami_field_wants[f].type, "amd_iommu") ||
		    !strcmp(ami_field_wants[f].type, "protection_domain"))
			l->field[f].present = false;
}

/* CONFIG_AMD_IOMMU is off: neither symbols nor types. */
static void not_built(struct machine *m)
{
	forget_driver(m);
	is_without(m, AMI_NO_AMD_NOT_BUILT);
}

static uint64_t group_of(struct machine *m, uint64_t pci, uint32_t type)
{
	uint64_t group = machine_object(m, 256), domain = machine_object(m, 64);
	uint64_t dev = pci + image_layout(m->img)->field[AMI_F_pci_dev_dev].offset;

	machine_set(m, domain, AMI_F_iommu_domain_type, type);
	machine_set(m, group, AMI_F_group_default_domain, domain);
	machine_set(m, dev, AMI_F_device_group, group);
	return group;
}

static const struct ami_reason *reason_of(const struct ami_reasons *of,
					   const char *code)
{
	size_t i;

	for (i = 0; i < of->count; i++)
		if (!strcmp(of->list[i].code, code))
			return &of->list[i];
	return NULL;
}

static bool names_only(const struct ami_reason *reason, const uint16_t *devid,
		       size_t count)
{
	size_t i, k, found = 0;

	if (!reason || reason->nr_devices != count)
		return false;
	for (i = 0; i < count; i++)
		for (k = 0; k < count; k++)
			found += reason->devices[k].devid == devid[i];
	return found == count;
}

/* Only those that nothing bounds could write any page, whatever is read. */
static void is_split_by_reason(const struct machine *m)
{
	const uint16_t bounded[] = { DEV }, open[] = { OTHER, OTHER + 8 };
	const struct ami_reason *perhaps =
		reason_of(&m->ex->reasons, "other-tables");

	assert_true(names_only(perhaps, bounded, 1));
	assert_non_null(strstr(perhaps->text, "may be bounded by"));
	assert_non_null(strstr(perhaps->text, "an Intel IOMMU"));
	assert_true(names_only(reason_of(&m->ex->reasons, "untranslated"), open,
			       2));
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
	assert_true(names_only(reason_of(&m->ex->gaps, "other-tables"), bounded,
			       1));
}

static bool check_iova(void *ctx, const struct ami_writer *w)
{
	size_t *seen = ctx;
	bool elsewhere = w->exposure->requester.bdf.devid == DEV;

	assert_int_equal(w->has_iova, !elsewhere);
	++*seen;
	return true;
}

/* Tables that are not read lead from other addresses. */
static void has_no_iova(const struct machine *m)
{
	size_t seen = 0;

	ami_writers(m->ex, 0x1000, check_iova, &seen);
	assert_int_equal(seen, 3);
}

/* Its groups say which devices it translates, and which it passes. */
static void intel(struct machine *m)
{
	without_iommus(m, START);
	machine_variable(m, AMI_SYM_intel_iommu_enabled, 1);
	group_of(m, machine_pci(m, DEV, NVME), TYPE_DMA);
	group_of(m, machine_pci(m, OTHER, NVME), TYPE_IDENTITY);
	machine_pci(m, OTHER + 8, NVME);
	machine_analyse(m);
	assert_int_equal(m->state->guard, AMI_GUARD_OTHER);
	assert_string_equal(m->state->other, "Intel");
	assert_true(machine_found(m, "other-iommu"));
	assert_false(machine_found(m, "no-iommu"));
	is_open(m, DEV, AMI_TRANSLATION_OTHER, AMI_POSSIBLE);
	is_open(m, OTHER, AMI_TRANSLATION_PASSTHROUGH, AMI_PROVEN);
	is_open(m, OTHER + 8, AMI_TRANSLATION_NONE, AMI_PROVEN);
	has_verdict(m);
	is_split_by_reason(m);
	has_no_iova(m);
}

static void intel_off(struct machine *m)
{
	without_iommus(m, NOT_FOUND);
	machine_variable(m, AMI_SYM_intel_iommu_enabled, 0);
	is_without(m, AMI_NO_AMD_NOT_FOUND);
}

/* virtio-iommu is a module: only the groups show it. */
static void unnamed_make(struct machine *m)
{
	without_iommus(m, NOT_FOUND);
	group_of(m, machine_pci(m, DEV, NVME), TYPE_DMA);
	machine_analyse(m);
	assert_int_equal(m->state->guard, AMI_GUARD_OTHER);
	is_open(m, DEV, AMI_TRANSLATION_OTHER, AMI_POSSIBLE);
	has_verdict(m);
}

/* VFIO's groups without an IOMMU have no default domain. */
static void noiommu_group(struct machine *m)
{
	uint64_t group;

	without_iommus(m, NOT_FOUND);
	group = group_of(m, machine_pci(m, DEV, NVME), TYPE_DMA);
	machine_set(m, group, AMI_F_group_default_domain, 0);
	machine_analyse(m);
	assert_int_equal(m->state->guard, AMI_GUARD_NONE);
	is_open(m, DEV, AMI_TRANSLATION_NONE, AMI_PROVEN);
}

static void xen(struct machine *m)
{
	without_iommus(m, NOT_FOUND);
	machine_variable(m, AMI_SYM_xen_domain_type, 1);
	machine_pci(m, DEV, NVME);
	machine_analyse(m);
	assert_int_equal(m->state->guard, AMI_GUARD_OTHER);
	is_open(m, DEV, AMI_TRANSLATION_OTHER, AMI_POSSIBLE);
	assert_non_null(strstr(machine_said_of(m, "other-iommu", "kernel"),
			       "Xen"));
}

static void passive(struct machine *m)
{
	uint64_t bridge;

	without_iommus(m, OFF);
	machine_set(m, machine_pci(m, 0, HOST_BRIDGE),
		    AMI_F_pci_dev_is_busmaster, 0);
	bridge = machine_pci(m, OTHER, BRIDGE);
	machine_set(m, bridge, AMI_F_pci_dev_hdr_type, 1);
	/* At work, whatever its class says. */
	machine_pci(m, DEV, HOST_BRIDGE);
	machine_analyse(m);
	assert_null(machine_exposure(m, 0, AMI_CLASS_PASSTHROUGH));
	is_open(m, DEV, AMI_TRANSLATION_NONE, AMI_PROVEN);
}

static void is_contradicted(struct machine *m)
{
	machine_pci(m, DEV, NVME);
	machine_analyse(m);
	assert_true(machine_found(m, "iommu-list-contradiction"));
	assert_int_equal(m->state->guard, AMI_GUARD_AMD);
	assert_true(m->ex->verdict == AMI_VERDICT_UNKNOWN ||
		    m->ex->verdict == AMI_VERDICT_CORRUPT);
}

/* The list alone was emptied: its tables are still there. */
static void emptied(struct machine *m)
{
	empty_list(m, AMI_SYM_amd_iommu_list);
	set_init_state(m, OFF);
	is_contradicted(m);
}

static void emptied_after_init(struct machine *m)
{
	without_iommus(m, INITIALIZED);
	is_contradicted(m);
}

/* One name of the kernel's table of symbols was overwritten. */
static void lost_symbol(struct machine *m)
{
	image_layout(m->img)->symbol[AMI_SYM_amd_iommu_list] = 0;
	is_contradicted(m);
}

/* A device of the driver core's list, on the bus of this name. */
static uint64_t core_device(struct machine *m, uint64_t kset, const char *name,
			    const char *on, uint64_t driver)
{
	const struct ami_member *f = image_layout(m->img)->field;
	uint64_t dev = machine_object(m, 512), bus = machine_object(m, 64);

	machine_set(m, bus, AMI_F_bus_type_name, machine_string(m, on));
	machine_set(m, dev, AMI_F_device_bus, bus);
	machine_set(m, dev, AMI_F_device_kobj_name, machine_string(m, name));
	machine_set(m, dev, AMI_F_device_driver, driver);
	machine_list_add(m, kset + f[AMI_F_kset_list].offset,
			 dev + f[AMI_F_device_kobj].offset +
			 f[AMI_F_kobject_entry].offset);
	return dev;
}

/* Hyper-V's and Xen's devices write memory; no bus of PCI leads to them. */
static void off_pci(struct machine *m)
{
	uint64_t kset = machine_object(m, 256), driver = machine_object(m, 64);
	uint64_t dev;

	image_layout(m->img)->field[AMI_F_kobject_entry].offset = 0xe0;
	without_iommus(m, NOT_FOUND);
	machine_list_init(m, kset + image_layout(m->img)->
			  field[AMI_F_kset_list].offset);
	machine_variable(m, AMI_SYM_devices_kset, kset);
	machine_set(m, driver, AMI_F_device_driver_name,
		    machine_string(m, "hv_netvsc"));
	core_device(m, kset, "vmbus_1", "vmbus", driver);
	core_device(m, kset, "vmbus_2", "vmbus", 0);
	core_device(m, kset, "vif-0", "xen", driver);
	core_device(m, kset, "serial8250", "platform", driver);
	dev = core_device(m, kset, "virtio0", "virtio", driver);
	machine_set(m, dev, AMI_F_device_parent,
		    core_device(m, kset, "LNRO0005:00", "platform", driver));
	machine_analyse(m);
	assert_non_null(strstr(machine_said_of(m, "device-off-pci", "vmbus_1"),
			       "hv_netvsc"));
	assert_null(machine_said_of(m, "device-off-pci", "vmbus_2"));
	assert_non_null(machine_said_of(m, "device-off-pci", "vif-0"));
	assert_null(machine_said_of(m, "device-off-pci", "serial8250"));
	assert_non_null(machine_said_of(m, "device-off-pci", "virtio0"));
	assert_true(m->ex->verdict != AMI_VERDICT_TRUSTED);
}

/* Nothing bounds the devices, and which there are is not known. */
static void unknown_devices(struct machine *m)
{
	without_iommus(m, OFF);
	image_layout(m->img)->symbol[AMI_SYM_pci_root_buses] = 0;
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

/* The first lines say it, and views of what is not there say why. */
static void in_words(struct machine *m)
{
	struct ami_request report = { .view = AMI_VIEW_REPORT, .iommu = -1 };
	struct ami_request ring = { .view = AMI_VIEW_RING, .iommu = -1 };
	struct ami_request json = report;
	char *text, *at;

	json.json = true;

	off(m);
	text = render_machine(m, &report);
	at = strstr(text, "nothing restrained");
	assert_non_null(at);
	assert_true(at < strstr(text, "DUMP"));
	free(text);
	text = render_machine(m, &json);
	has(text, "\"guard\": \"none\"");
	has(text, "\"no_amd_iommu\": \"amd_iommu=off\"");
	has(text, "\"dte_state\": \"none\",\n");
	free(text);
	text = render_machine(m, &ring);
	assert_non_null(strstr(text, "amd_iommu=off"));
	free(text);
}

OVER_SHAPES(off)
OVER_SHAPES(not_found)
OVER_SHAPES(not_asked)
OVER_SHAPES(failed)
OVER_SHAPES(not_built)
OVER_SHAPES(intel)
OVER_SHAPES(intel_off)
OVER_SHAPES(unnamed_make)
OVER_SHAPES(noiommu_group)
OVER_SHAPES(xen)
OVER_SHAPES(passive)
OVER_SHAPES(emptied)
OVER_SHAPES(emptied_after_init)
OVER_SHAPES(lost_symbol)
OVER_SHAPES(off_pci)
OVER_SHAPES(unknown_devices)
OVER_SHAPES(in_words)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_off),
		cmocka_unit_test(all_not_found),
		cmocka_unit_test(all_not_asked),
		cmocka_unit_test(all_failed),
		cmocka_unit_test(all_not_built),
		cmocka_unit_test(all_intel),
		cmocka_unit_test(all_intel_off),
		cmocka_unit_test(all_unnamed_make),
		cmocka_unit_test(all_noiommu_group),
		cmocka_unit_test(all_xen),
		cmocka_unit_test(all_passive),
		cmocka_unit_test(all_emptied),
		cmocka_unit_test(all_emptied_after_init),
		cmocka_unit_test(all_lost_symbol),
		cmocka_unit_test(all_off_pci),
		cmocka_unit_test(all_unknown_devices),
		cmocka_unit_test(all_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
