// SPDX-License-Identifier: GPL-2.0-or-later
/* Large machines: several PCI segments and IOMMUs, all 65 536 device IDs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "vmcore.h"

#define DEVICES		65536u
#define DOMAINS		60000u

static const struct amdvi_dte rw = {
	.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
};

static void attach(struct machine *m, uint16_t devid, uint16_t id,
		   uint64_t domain, uint64_t root)
{
	struct amdvi_dte dte = rw;

	dte.host_root = root;
	dte.domain_id = id;
	machine_dev_data(m, devid, domain);
	machine_dte(m, devid, &dte);
}

/* A domain with one page of its own, but for the first, which has more. */
static void own_domain(struct machine *m, uint16_t devid, uint64_t phys,
		       unsigned int pages)
{
	uint64_t root = machine_v1(m, phys, pages);

	attach(m, devid, 9, machine_domain(m, 9, TYPE_DMA, AMI_FORMAT_V1,
					   root, 2), root);
}

static void reaches(const struct machine *m, uint16_t segment, uint16_t devid,
		    uint64_t phys, uint64_t pages)
{
	const struct ami_exposure *e;

	e = machine_exposure_at(m, (struct ami_bdf){ segment, devid },
				AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_int_equal(e->certainty, AMI_PROVEN);
	assert_int_equal(e->count, pages);
	assert_true(ami_pfnset_has(e->pages, phys >> 12));
}

static const struct ami_device *device(const struct machine *m,
				       uint16_t segment, uint16_t devid)
{
	return ami_state_device(m->state, (struct ami_bdf){ segment, devid });
}

/*
 * Two segments, three IOMMUs, the same device and domain IDs in each: nothing
 * may be taken for its namesake. Aliases stay within their segment. An
 * invalidation on one IOMMU's ring concerns only what that one serves.
 */
static void segments_apart(void **state)
{
	struct machine *m = machine_new_sized(SHAPE_6_12, 0, 0xff, 1 << 18);
	uint64_t second, third;
	struct amdvi_command c = {
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES, .domain_id = 9,
		.address = 0x5000,
	};
	uint32_t w[4];

	(void)state;
	own_domain(m, 0x10, BUFFER, 1);
	machine_alias(m, 0x10, 0x11);
	machine_segment(m, 1, 0x3ff);
	second = machine_iommu(m, 2, 0, 0x1ff);
	third = machine_iommu(m, 0x202, 0x200, 0x3ff);
	own_domain(m, 0x10, BUFFER + 0x10000, 2);
	own_domain(m, 0x210, BUFFER + 0x20000, 3);
	machine_alias(m, 0x210, 0x211);
	amdvi_command_encode(&c, 0, w);
	image_write(m->img, machine_ring_of(m, third), w, sizeof(w));
	machine_set(m, third, AMI_F_amd_iommu_cmd_buf_tail, sizeof(w));
	machine_set(m, third, AMI_F_amd_iommu_need_sync, 1);
	vmcore_analyse(m);
	assert_int_equal(m->state->nr_segments, 2);
	assert_int_equal(m->state->nr_iommus, 3);
	reaches(m, 0, 0x10, BUFFER, 1);
	reaches(m, 1, 0x10, BUFFER + 0x10000, 2);
	reaches(m, 1, 0x210, BUFFER + 0x20000, 3);
	assert_int_equal(m->state->iommus[device(m, 1, 0x10)->iommu].va,
			 second);
	assert_int_equal(device(m, 0, 0x10)->alias.devid, 0x11);
	assert_int_equal(device(m, 1, 0x210)->alias.segment, 1);
	assert_non_null(device(m, 0, 0x11));
	assert_int_equal(device(m, 0, 0x11)->domain,
			 device(m, 0, 0x10)->domain);
	assert_null(device(m, 1, 0x11));
	assert_non_null(device(m, 1, 0x211));
	assert_null(machine_exposure_at(m, (struct ami_bdf){ 1, 0x10 },
					AMI_CLASS_STALE));
	assert_non_null(machine_exposure_at(m, (struct ami_bdf){ 1, 0x210 },
					    AMI_CLASS_STALE));
	machine_free(m);
}

/* All that can be printed. */
static void render(struct machine *m, enum ami_view view, bool json)
{
	struct ami_error err;
	struct ami_analysis a = {
		.dump = m->dump, .kernel = m->kernel, .state = m->state,
		.incidents = m->incidents, .exposures = m->ex,
		.dmesg = m->incidents->dmesg,
	};
	struct ami_request r = { .view = view, .json = json, .iommu = -1 };
	FILE *out = fopen("/dev/null", "w");

	assert_non_null(out);
	assert_int_equal(ami_render(&a, &r, out, &err), 0);
	r.bug = view == AMI_VIEW_REPORT && !json;
	if (r.bug)
		assert_int_equal(ami_render(&a, &r, out, &err), 0);
	fclose(out);
}

static void render_all(struct machine *m)
{
	int json;

	for (json = 0; json < 2; json++) {
		render(m, AMI_VIEW_REPORT, json);
		render(m, AMI_VIEW_DEVICES, json);
		render(m, AMI_VIEW_DOMAINS, json);
		render(m, AMI_VIEW_FLUSHQ, json);
	}
}

static bool count_way(void *ctx, const struct ami_writer *w)
{
	(void)w;
	++*(unsigned int *)ctx;
	return true;
}

/* Every ID is in use, nearly each device with a domain and table of its own. */
static void all_device_ids(void **state)
{
	struct machine *m = machine_new_sized(SHAPE_7, 0, 0xffff, 1 << 19);
	uint64_t leaf = machine_v1(m, BUFFER, 1), pde, root = 0, dom = 0;
	unsigned int ways = 0;
	uint32_t i;

	(void)state;
	image_read(m->img, leaf, &pde, sizeof(pde));
	for (i = 0; i < DEVICES; i++) {
		if (i < DOMAINS) {
			root = image_alloc(m->img, 1);
			dom = machine_domain(m, 1 + i, TYPE_DMA,
					     AMI_FORMAT_V1, root, 2);
		}
		if (i < DOMAINS && i % 1000 == 0)
			image_write64(m->img, root, pde);
		attach(m, i, i < DOMAINS ? 1 + i : DOMAINS, dom, root);
	}
	vmcore_analyse(m);
	ami_writers(m->ex, BUFFER, count_way, &ways);
	render_all(m);
	assert_int_equal(m->state->nr_devices, DEVICES);
	assert_int_equal(m->state->nr_domains, DOMAINS);
	assert_int_equal(ways, DOMAINS / 1000);
	reaches(m, 0, 59000, BUFFER, 1);
	machine_free(m);
}

/* All in one domain with much scattered memory: one set, not 65 536. */
static void one_domain_for_all(void **state)
{
	struct machine *m = machine_new_sized(SHAPE_6_1, 0, 0xffff, 1 << 19);
	uint64_t root = image_alloc(m->img, 1), leaf, dom;
	uint32_t i, k;

	(void)state;
	for (i = 0; i < 256; i++) {
		leaf = image_alloc(m->img, 1);
		image_write64(m->img, root + 8 * i,
			      amdvi_v1_table(leaf, 1, true, true));
		for (k = 0; k < 512; k++)
			image_write64(m->img, leaf + 8 * k,
				      amdvi_v1_page((i * 512ull + k) * 8192,
						    12, 1, true, true));
	}
	dom = machine_domain(m, 9, TYPE_DMA, AMI_FORMAT_V1, root, 2);
	for (i = 0; i < DEVICES; i++)
		attach(m, i, 9, dom, root);
	machine_analyse(m);
	render_all(m);
	assert_int_equal(m->ex->nr_trees, 1);
	reaches(m, 0, 0xffff, 8192, 256 * 512);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_apart),
		cmocka_unit_test(all_device_ids),
		cmocka_unit_test(one_domain_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
