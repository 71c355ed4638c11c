// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From file to report: a machine of each shape is written as an ELF vmcore,
 * opened as the command opens one, and every view of it must say the same as
 * over the structures in memory, whose layout the test laid down itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"
#include "vmcore.h"

#define C_BIT		(1ull << 51)

static const struct amdvi_dte rw = {
	.v = true, .tv = true, .ir = true, .iw = true,
};

/* A disk behind v1 tables, a NIC behind v2, a GPU with PASIDs, an alias. */
static void populate(struct machine *m)
{
	uint64_t v1 = machine_v1(m, BUFFER, 7), dom, data;
	uint64_t v2 = machine_v2(m, BUFFER + 0x100000, 3, 4);
	struct amdvi_dte dte = rw;

	dte.mode = 2;
	dte.host_root = v1;
	dte.domain_id = 5;
	dom = machine_domain(m, 5, machine_has(m, AMI_F_iovad_fq) ? TYPE_DMA :
			     TYPE_DMA_FQ, AMI_FORMAT_V1, v1, 2);
	machine_lazy(m, dom, 0xff000, 3);
	data = machine_device(m, 0x10, "nvme", dom);
	machine_set(m, data, AMI_F_dev_data_ats_enabled, 1);
	machine_set(m, data, AMI_F_dev_data_ats_510, 1);
	machine_dte(m, 0x10, &dte);
	machine_dte(m, 0x11, &dte);
	machine_alias(m, 0x10, 0x11);

	dte = rw;
	dte.gv = dte.giov = true;
	dte.gcr3_root = machine_gcr3(m, 0, 0, v2);
	machine_device(m, 0x18, "nic", 0);
	machine_dte(m, 0x18, &dte);

	dte.giov = false;
	dte.glx = 2;
	dte.gcr3_root = machine_gcr3(m, 2, 0x12345, v2);
	machine_device(m, 0x20, NULL, 0);
	machine_dte(m, 0x20, &dte);
}

static char *view(const struct ami_analysis *a, enum ami_view view,
		    bool json)
{
	struct ami_request r = {
		.view = view, .json = json, .pages = true, .iommu = -1,
		.address = BUFFER + 0x1000, .has_bdf = view == AMI_VIEW_MAP,
		.bdf = { 0, 0x20 },
	};

	return render(a, &r);
}

/* Views that tell neither path nor format of the dump. */
static const enum ami_view same_views[] = {
	AMI_VIEW_DEVICES, AMI_VIEW_DOMAINS, AMI_VIEW_MAP, AMI_VIEW_WHO,
	AMI_VIEW_RING, AMI_VIEW_LOG, AMI_VIEW_IRQ, AMI_VIEW_FLUSHQ,
	AMI_VIEW_PAGES,
};

static void same_views_of(const struct ami_analysis *file,
			  const struct ami_analysis *memory)
{
	size_t i;
	int json;

	for (i = 0; i < sizeof(same_views) / sizeof(same_views[0]); i++)
		for (json = 0; json < 2; json++) {
			char *a = view(file, same_views[i], json);
			char *b = view(memory, same_views[i], json);

			assert_string_equal(a, b);
			free(a);
			free(b);
		}
}

/* Not memcmp(): the bytes between members hold anything. */
static bool same_member(const struct ami_member *a, const struct ami_member *b)
{
	return a->present == b->present && a->offset == b->offset &&
	       a->size == b->size && a->bit_offset == b->bit_offset &&
	       a->bit_size == b->bit_size;
}

static void same_layout(const struct ami_kernel *file,
			const struct ami_kernel *memory)
{
	const struct ami_layout *a = ami_kernel_layout(file);
	const struct ami_layout *b = ami_kernel_layout(memory);
	int i;

	for (i = 0; i < AMI_NR_FIELDS; i++)
		if (!same_member(&a->field[i], &b->field[i]))
			fail_msg("%s.%s", ami_field_wants[i].type,
				 ami_field_wants[i].path);
	for (i = 0; i < AMI_NR_SYMBOLS; i++)
		if (i != AMI_SYM__stext && a->symbol[i] != b->symbol[i])
			fail_msg("%s", ami_symbol_wants[i].name);
	assert_memory_equal(a->type_size, b->type_size, sizeof(a->type_size));
	for (i = 0; i < AMI_NR_ENUMERATORS; i++) {
		assert_int_equal(a->enumerator[i].present,
				 b->enumerator[i].present);
		assert_int_equal(a->enumerator[i].value,
				 b->enumerator[i].value);
	}
}

static void report_says(const struct ami_analysis *a)
{
	char *text = view(a, AMI_VIEW_REPORT, true);

	assert_non_null(strstr(text, "\"types\": \"BTF\""));
	assert_non_null(strstr(text, "\"driver\": \"nvme\""));
	assert_non_null(strstr(text, "\"ats\": true"));
	/* No domain has the guest table of 00:03.0. */
	assert_non_null(strstr(text, "\"value\": \"unknown\""));
	free(text);
	text = view(a, AMI_VIEW_WHO, true);
	assert_non_null(strstr(text, "0000:00:02.0"));
	assert_non_null(strstr(text, "0000:00:02.1"));
	free(text);
}

static void through_a_file(enum shape shape, uint64_t sme)
{
	struct machine *m = machine_new_sized(shape, sme, 0xff, 1 << 16);
	struct ami_analysis *a;

	populate(m);
	a = vmcore_open(m);
	machine_analyse(m);
	ami_findings_sort(m->state->findings);
	same_layout(a->kernel, m->kernel);
	report_says(a);
	same_views_of(a, &(struct ami_analysis){
		.dump = m->dump, .kernel = m->kernel, .state = m->state,
		.exposures = m->ex, .dmesg = a->dmesg,
	});
	ami_analysis_free(a);
	machine_free(m);
}

static void every_shape(void **state)
{
	int shape;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++) {
		print_message("# %s\n", shapes[shape].name);
		through_a_file(shape, 0);
		through_a_file(shape, C_BIT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
