// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device's data moved, its DTE swapped with another: its IOMMU group still
 * shows what it was attached to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "machine.h"

#define DEV		0x10u
#define OTHER		0x18u
#define NVME		0x010802u
#define ID		5u
#define OTHER_ID	6u
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

enum data { OWN, NO_DOMAIN, OTHER_DOMAIN, NO_DATA };
enum entry { HAS_TABLE, OF_OTHER, BLOCKS, PASSES };
enum group { PAGING, IDENTITY, BLOCKED, ONLY_DEFAULT, NO_GROUP };

#define FINE	AMI_TRANSLATION_PAGING, false
#define DOUBT	AMI_TRANSLATION_UNKNOWN, true
#define BLOCK	AMI_TRANSLATION_BLOCKED, false
#define MORE	AMI_TRANSLATION_PASSTHROUGH, true

static const struct {
	enum data data;
	enum entry entry;
	enum group group;
	enum ami_translation translation;
	bool found;
} rows[] = {
	{ OWN, HAS_TABLE, PAGING, FINE },
	{ OWN, HAS_TABLE, ONLY_DEFAULT, FINE },
	{ OWN, HAS_TABLE, NO_GROUP, FINE },
	/* The program that claims a group blocks it. */
	{ NO_DOMAIN, BLOCKS, BLOCKED, BLOCK },
	{ NO_DOMAIN, BLOCKS, NO_GROUP, BLOCK },
	{ NO_DATA, BLOCKS, NO_GROUP, BLOCK },
	/* The driver's data moved. */
	{ NO_DOMAIN, HAS_TABLE, PAGING, AMI_TRANSLATION_PAGING, true },
	{ NO_DATA, HAS_TABLE, PAGING, AMI_TRANSLATION_PAGING, true },
	{ NO_DATA, HAS_TABLE, NO_GROUP, FINE },
	/* That, and its DTE swapped. */
	{ NO_DOMAIN, BLOCKS, PAGING, DOUBT },
	{ NO_DOMAIN, BLOCKS, IDENTITY, DOUBT },
	{ NO_DOMAIN, BLOCKS, ONLY_DEFAULT, DOUBT },
	{ NO_DOMAIN, OF_OTHER, PAGING, DOUBT },
	{ NO_DOMAIN, OF_OTHER, IDENTITY, DOUBT },
	{ NO_DOMAIN, PASSES, PAGING, MORE },
	{ NO_DATA, BLOCKS, PAGING, DOUBT },
	{ NO_DATA, BLOCKS, IDENTITY, DOUBT },
	{ NO_DATA, BLOCKS, ONLY_DEFAULT, DOUBT },
	{ NO_DATA, BLOCKS, BLOCKED, DOUBT },
	{ NO_DATA, OF_OTHER, PAGING, DOUBT },
	/* Both of another device. */
	{ OTHER_DOMAIN, OF_OTHER, PAGING, DOUBT },
	{ OTHER_DOMAIN, OF_OTHER, IDENTITY, DOUBT },
	{ OTHER_DOMAIN, OF_OTHER, ONLY_DEFAULT, DOUBT },
};

struct parts {
	uint64_t domain, other, identity, blocked;
	uint64_t root, other_root;
};

static void make_domains(struct machine *m, struct parts *p)
{
	p->root = machine_v1(m, 0x2000000, 8);
	p->other_root = machine_v1(m, 0x3000000, 8);
	p->domain = machine_domain(m, ID, 0x3, AMI_FORMAT_V1, p->root, 3);
	p->other = machine_domain(m, OTHER_ID, 0x3, AMI_FORMAT_V1,
				  p->other_root, 3);
	p->identity = machine_domain(m, 7, 0x4, AMI_FORMAT_NONE, 0, 0);
	p->blocked = machine_domain(m, 0, 0, AMI_FORMAT_NONE, 0, 0);
}

static uint64_t member(struct machine *m, uint64_t object, enum ami_field f)
{
	return object ? object + image_layout(m->img)->field[f].offset : 0;
}

static void make_group(struct machine *m, const struct parts *p, uint64_t pci,
		       enum group which)
{
	uint64_t group = machine_object(m, 128), domain = 0;

	if (which == NO_GROUP)
		return;
	machine_set(m, member(m, pci, AMI_F_pci_dev_dev), AMI_F_device_group,
		    group);
	if (which == PAGING)
		domain = p->domain;
	else if (which == IDENTITY)
		domain = p->identity;
	else if (which == BLOCKED)
		domain = p->blocked;
	machine_set(m, group, AMI_F_group_domain,
		    member(m, domain, AMI_F_pdom_domain));
	machine_set(m, group, AMI_F_group_default_domain,
		    member(m, p->domain, AMI_F_pdom_domain));
}

static void make_data(struct machine *m, const struct parts *p, uint64_t pci,
		      enum data which)
{
	uint64_t data;

	if (which == NO_DATA)
		return;
	data = machine_dev_data(m, DEV, which == OWN ? p->domain :
				which == OTHER_DOMAIN ? p->other : 0);
	machine_set(m, data, AMI_F_dev_data_dev,
		    member(m, pci, AMI_F_pci_dev_dev));
	machine_set(m, data, AMI_F_dev_data_pdev, pci);
}

static void make_entry(struct machine *m, const struct parts *p,
		       enum entry which)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 3,
		.host_root = p->root, .domain_id = ID,
	};

	if (which == OF_OTHER) {
		dte.host_root = p->other_root;
		dte.domain_id = OTHER_ID;
	} else if (which == PASSES) {
		dte.mode = 0;
		dte.host_root = 0;
		dte.domain_id = 7;
	} else if (which == BLOCKS) {
		dte = (struct amdvi_dte){ .v = true, .tv = true };
	}
	machine_dte(m, DEV, &dte);
}

static void row(struct machine *m, size_t i)
{
	const struct ami_device *d;
	struct parts p;
	uint64_t pci;

	make_domains(m, &p);
	pci = machine_pci(m, DEV, NVME);
	make_group(m, &p, pci, rows[i].group);
	make_data(m, &p, pci, rows[i].data);
	make_entry(m, &p, rows[i].entry);
	machine_analyse(m);
	d = ami_state_device(m->state, (struct ami_bdf){ 0, DEV });
	if (d->translation != rows[i].translation ||
	    machine_found(m, "device-unknown-to-driver") != rows[i].found)
		fail_msg("row %zu of shape %d: %s, %s", i, m->shape,
			 ami_translation_name(d->translation),
			 machine_found(m, "device-unknown-to-driver") ?
			 "found" : "not found");
	if (d->translation == AMI_TRANSLATION_UNKNOWN)
		assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

static void all_rows(void **state)
{
	enum shape shape;
	size_t i;
	int sme;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++)
		for (sme = 0; sme < 2; sme++)
			for (i = 0; i < COUNT(rows); i++) {
				struct machine *m = machine_new_sized(shape,
						sme ? MACHINE_SME : 0, 0xff,
						MACHINE_PAGES);

				row(m, i);
				machine_free(m);
			}
}

/* A domain's list of devices; @other: it leads to that of another domain. */
static void with_list(enum shape shape, bool other)
{
	struct machine *m = machine_new_sized(shape, MACHINE_SME, 0xff,
					      MACHINE_PAGES);
	uint64_t node = machine_object(m, 16), back;
	struct parts p;

	make_domains(m, &p);
	make_data(m, &p, machine_pci(m, DEV, NVME), OWN);
	make_entry(m, &p, HAS_TABLE);
	back = member(m, other ? p.other : p.domain, AMI_F_pdom_devices);
	machine_set(m, p.domain, AMI_F_pdom_devices, node);
	machine_write(m, node + 8, &back, sizeof(back));
	machine_analyse(m);
	assert_int_equal(machine_found(m, "domain-contradiction"), other);
	assert_int_equal(m->ex->verdict == AMI_VERDICT_UNKNOWN, other);
	machine_free(m);
}

/* Two domains were swapped, while their DTEs are the capture kernel's. */
static void swapped_domains(void **state)
{
	enum shape shape;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++) {
		with_list(shape, false);
		with_list(shape, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_rows),
		cmocka_unit_test(swapped_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
