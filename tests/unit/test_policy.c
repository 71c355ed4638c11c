// SPDX-License-Identifier: GPL-2.0-or-later
/* Who decided that a device is translated or not, and whether that holds. */
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
#define DOMAIN		5
#define DMA		0x3u
#define IDENTITY	0x4u
#define DMA_FQ		0xbu
#define UNMANAGED	0x1u

static uint64_t member(struct machine *m, uint64_t object, enum ami_field f)
{
	return object ? object + image_layout(m->img)->field[f].offset : 0;
}

static uint64_t make_domain(struct machine *m, uint32_t type)
{
	bool table = type != IDENTITY;

	return machine_domain(m, DOMAIN, type, table ? AMI_FORMAT_V1 :
			      AMI_FORMAT_NONE, table ?
			      machine_v1(m, 0x2000000, 8) : 0, table ? 3 : 0);
}

/* A device, and a group that is attached to @domain; returns its data. */
static uint64_t make_device(struct machine *m, uint16_t devid, uint64_t domain,
			    uint64_t own)
{
	uint64_t pci = machine_pci(m, devid, NVME);
	uint64_t group = machine_object(m, 256);
	uint64_t data = machine_dev_data(m, devid, domain);

	machine_set(m, data, AMI_F_dev_data_dev,
		    member(m, pci, AMI_F_pci_dev_dev));
	machine_set(m, data, AMI_F_dev_data_pdev, pci);
	machine_set(m, member(m, pci, AMI_F_pci_dev_dev), AMI_F_device_group,
		    group);
	machine_set(m, group, AMI_F_group_domain,
		    member(m, domain, AMI_F_pdom_domain));
	machine_set(m, group, AMI_F_group_default_domain,
		    member(m, own, AMI_F_pdom_domain));
	return data;
}

static void set_entry(struct machine *m, uint16_t devid, uint64_t root)
{
	const struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true,
		.mode = root ? 3 : 0, .host_root = root, .domain_id = DOMAIN,
	};

	machine_dte(m, devid, &dte);
}

static void set_policy(struct machine *m, uint32_t type, uint32_t cmd_line,
		       bool strict)
{
	machine_variable(m, AMI_SYM_iommu_def_domain_type, type);
	machine_variable(m, AMI_SYM_iommu_cmd_line, cmd_line);
	machine_variable(m, AMI_SYM_iommu_dma_strict, strict);
}

static void set_command_line(struct machine *m, const char *text)
{
	machine_variable(m, AMI_SYM_saved_command_line,
			 machine_string(m, text));
}

static const struct ami_device *device(const struct machine *m, uint16_t devid)
{
	const struct ami_device *d =
		ami_state_device(m->state, (struct ami_bdf){ 0, devid });

	assert_non_null(d);
	return d;
}

/* iommu=pt: reported once, by name. */
static void passes_by_command_line(struct machine *m)
{
	uint64_t identity = make_domain(m, IDENTITY);

	set_policy(m, IDENTITY, 1, false);
	set_command_line(m, "quiet iommu=pt password=secret");
	make_device(m, DEV, identity, identity);
	make_device(m, OTHER, identity, identity);
	set_entry(m, DEV, 0);
	set_entry(m, OTHER, 0);
	machine_analyse(m);
	assert_int_equal(m->state->policy.type, AMI_DOMAIN_IDENTITY);
	assert_int_equal(m->state->policy.by, AMI_POLICY_COMMAND_LINE);
	assert_string_equal(m->state->policy.words, "iommu=pt");
	assert_int_equal(device(m, DEV)->policy_by, AMI_POLICY_DEFAULT);
	assert_string_equal(machine_said_of(m, "not-translated-by-policy",
					    "kernel"),
			    "2 devices are not translated by configuration: iommu=pt.");
	assert_false(machine_found(m, "policy-contradicted"));
}

static void passes_by_build(struct machine *m)
{
	uint64_t identity = make_domain(m, IDENTITY);

	set_policy(m, IDENTITY, 0, false);
	make_device(m, DEV, identity, identity);
	set_entry(m, DEV, 0);
	machine_analyse(m);
	assert_int_equal(m->state->policy.by, AMI_POLICY_BUILD);
	assert_non_null(strstr(machine_said_of(m, "not-translated-by-policy",
					       "kernel"), "build"));
}

/* Strict or lazy, and why. */
static void strictness(struct machine *m)
{
	uint64_t dma = make_domain(m, DMA_FQ);

	set_policy(m, DMA_FQ, 2, false);
	set_command_line(m, "iommu.strict=0");
	make_device(m, DEV, dma, dma);
	machine_analyse(m);
	assert_true(m->state->policy.strict_known);
	assert_false(m->state->policy.strict);
	assert_int_equal(m->state->policy.strict_by, AMI_POLICY_COMMAND_LINE);
	assert_int_equal(m->state->policy.by, AMI_POLICY_BUILD);
	assert_int_equal(device(m, DEV)->policy_by, AMI_POLICY_DEFAULT);
}

static void strict_by_hardware(struct machine *m)
{
	set_policy(m, DMA, 0, true);
	machine_variable(m, AMI_SYM_amd_iommu_np_cache, 1);
	machine_analyse(m);
	assert_true(m->state->policy.strict);
	assert_int_equal(m->state->policy.strict_by, AMI_POLICY_HARDWARE);
}

/* 5.10: its driver has a variable of its own, which the core's contradicts. */
static void strict_by_fullflush(struct machine *m)
{
	set_policy(m, DMA, 0, true);
	machine_variable(m, AMI_SYM_amd_iommu_unmap_flush, m->sme != 0);
	set_command_line(m, m->sme ? "amd_iommu=fullflush" : "quiet");
	machine_analyse(m);
	assert_int_equal(m->state->policy.strict, m->sme != 0);
	assert_int_equal(m->state->policy.strict_by, m->sme ?
			 AMI_POLICY_COMMAND_LINE : AMI_POLICY_BUILD);
}

/* The exceptions, each with its reason; none of them is a contradiction. */
static void exceptions(struct machine *m)
{
	uint64_t identity = make_domain(m, IDENTITY), dma = make_domain(m, DMA);
	uint64_t guest = make_domain(m, UNMANAGED);
	uint64_t pasid = make_device(m, DEV, identity, identity);

	set_policy(m, DMA_FQ, 0, false);
	machine_set(m, pasid, AMI_F_dev_data_iommu_v2, 1);
	machine_set(m, pasid, AMI_F_dev_data_flags, 7);
	make_device(m, OTHER, identity, identity);
	make_device(m, OTHER + 8, dma, dma);
	make_device(m, OTHER + 16, guest, dma);
	set_entry(m, DEV, 0);
	set_entry(m, OTHER, 0);
	machine_analyse(m);
	assert_int_equal(device(m, DEV)->policy_by, AMI_POLICY_PASID);
	assert_int_equal(device(m, OTHER)->policy_by, AMI_POLICY_GROUP);
	assert_int_equal(device(m, OTHER + 8)->policy_by, AMI_POLICY_GROUP);
	assert_int_equal(device(m, OTHER + 16)->policy_by, AMI_POLICY_OWNER);
	assert_non_null(strstr(machine_said_of(m, "not-translated-by-policy",
					       "0000:00:02.0"), "PASIDs"));
	assert_non_null(strstr(machine_said_of(m, "not-translated-by-policy",
					       "0000:00:03.0"), "group"));
	assert_false(machine_found(m, "policy-contradicted"));
}

/* As on every machine with such a device; no reader knows it. */
static void gpu(struct machine *m)
{
	uint64_t identity = make_domain(m, IDENTITY);
	uint64_t pasid = make_device(m, DEV, identity, identity);

	set_policy(m, DMA_FQ, 0, false);
	machine_set(m, pasid, AMI_F_dev_data_iommu_v2, 1);
	machine_set(m, pasid, AMI_F_dev_data_flags, 7);
	set_entry(m, DEV, 0);
	machine_analyse(m);
	assert_int_equal(device(m, DEV)->policy_by, AMI_POLICY_PASID);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
}

/* SNP forbids what the driver would do with such a device. */
static void with_snp(struct machine *m)
{
	uint64_t dma = make_domain(m, DMA_FQ);
	uint64_t pasid = make_device(m, DEV, dma, dma);

	set_policy(m, DMA_FQ, 0, false);
	machine_variable(m, AMI_SYM_amd_iommu_snp_en, 1);
	machine_set(m, pasid, AMI_F_dev_data_iommu_v2, 1);
	machine_set(m, pasid, AMI_F_dev_data_flags, 7);
	make_device(m, OTHER, dma, dma);
	machine_analyse(m);
	assert_int_equal(device(m, DEV)->policy_by, AMI_POLICY_SNP);
	assert_int_equal(device(m, OTHER)->policy_by, AMI_POLICY_DEFAULT);
	assert_false(machine_found(m, "not-translated-by-policy"));
}

/* The group translates, driver and entry pass: no setting explains that. */
static void contradicted(struct machine *m)
{
	uint64_t identity = make_domain(m, IDENTITY);
	uint64_t dma = make_domain(m, m->sme ? DMA : DMA_FQ);
	uint64_t data = make_device(m, DEV, dma, dma);

	set_policy(m, DMA_FQ, 0, false);
	machine_set(m, data, AMI_F_dev_data_domain, identity);
	set_entry(m, DEV, 0);
	machine_analyse(m);
	assert_true(machine_found(m, "policy-contradicted"));
	assert_false(machine_found(m, "not-translated-by-policy"));
	assert_true(m->ex->verdict != AMI_VERDICT_TRUSTED &&
		    m->ex->verdict != AMI_VERDICT_EXPOSED);
}

/* Also where the driver's default is not known. */
static void contradicted_entry(struct machine *m)
{
	uint64_t dma = make_domain(m, DMA);

	make_device(m, DEV, dma, dma);
	set_entry(m, DEV, 0);
	machine_analyse(m);
	assert_true(machine_found(m, "policy-contradicted"));
}

static void agrees(struct machine *m)
{
	uint64_t root = machine_v1(m, 0x2000000, 8);
	uint64_t dma = machine_domain(m, DOMAIN, DMA, AMI_FORMAT_V1, root, 3);

	set_policy(m, DMA, 0, true);
	make_device(m, DEV, dma, dma);
	set_entry(m, DEV, root);
	machine_analyse(m);
	assert_false(machine_found(m, "policy-contradicted"));
	assert_false(machine_found(m, "not-translated-by-policy"));
}

static void in_words(struct machine *m)
{
	struct ami_request report = { .view = AMI_VIEW_REPORT, .iommu = -1 };
	struct ami_request one = {
		.view = AMI_VIEW_DEVICES, .iommu = -1, .has_bdf = true,
		.bdf = { 0, DEV },
	};
	struct ami_request json = report;
	char *text;

	json.json = true;
	passes_by_command_line(m);
	text = render_machine(m, &report);
	has(text, "POLICY   by default not translated (iommu=pt)");
	lacks(text, "secret");
	free(text);
	text = render_machine(m, &json);
	has(text, "\"domain_by\": \"command-line\"");
	has(text, "\"words\": \"iommu=pt\"");
	has(text, "\"policy\": {\"domain\": \"identity\", \"by\": \"default\"}");
	lacks(text, "secret");
	free(text);
	text = render_machine(m, &one);
	has(text, "policy       identity (as all devices)");
	free(text);
}

OVER_SHAPES(passes_by_command_line)
OVER_SHAPES(passes_by_build)
OVER_SHAPES(strictness)
OVER_SHAPES(strict_by_hardware)
OVER_SHAPES(strict_by_fullflush)
OVER_SHAPES(exceptions)
OVER_SHAPES(gpu)
OVER_SHAPES(with_snp)
OVER_SHAPES(contradicted)
OVER_SHAPES(contradicted_entry)
OVER_SHAPES(agrees)
OVER_SHAPES(in_words)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_passes_by_command_line),
		cmocka_unit_test(all_passes_by_build),
		cmocka_unit_test(all_strictness),
		cmocka_unit_test(all_strict_by_hardware),
		cmocka_unit_test(all_strict_by_fullflush),
		cmocka_unit_test(all_exceptions),
		cmocka_unit_test(all_gpu),
		cmocka_unit_test(all_with_snp),
		cmocka_unit_test(all_contradicted),
		cmocka_unit_test(all_contradicted_entry),
		cmocka_unit_test(all_agrees),
		cmocka_unit_test(all_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
