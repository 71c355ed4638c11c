// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that programs registered with devices, on machines that are laid out as
 * real kernels are: vfio's ranges, RDMA's regions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layouts.h"

#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)
#define PID		77u

static const struct layout_row vfio_rows[] = {
#include "layouts/vfio.inc"
};
static const struct layout_row rdma_rows[] = {
#include "layouts/rdma.inc"
};

static enum real_kernel real;
static struct {
	uint64_t core, group, container, data, dma[3], task;
	uint64_t ibdev, lists, mr, umem, sg;
} at;

/* include/linux/rbtree_types.h */
static void real_members(struct rig *rig)
{
	static const struct {
		enum ami_field field;
		uint32_t offset, size;
	} list[] = {
		{ AMI_F_rb_parent, 0, 8 }, { AMI_F_rb_right, 8, 8 },
		{ AMI_F_rb_left, 16, 8 }, { AMI_F_task_tgid, 8, 4 },
		{ AMI_F_task_comm, 16, 16 }, { AMI_F_class_name, 0, 8 },
		{ AMI_F_sg_page_link, 0, 8 }, { AMI_F_sg_dma, 16, 8 },
		{ AMI_F_sg_dma_length, 24, 4 },
	};
	size_t i;

	image_layout(rig->m->img)->type_size[AMI_T_scatterlist] = 32;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		image_layout(rig->m->img)->field[list[i].field] =
			(struct ami_member){
				.present = true, .offset = list[i].offset,
				.size = list[i].size,
			};
}

static uint64_t program(struct rig *rig)
{
	uint64_t task = machine_object(rig->m, 64);

	rig_set(rig, task, AMI_F_task_tgid, PID);
	machine_write(rig->m, rig_member(rig, task, AMI_F_task_comm), "guest", 6);
	return task;
}

static struct rig *open_rig(const char *driver, const struct layout_row *rows,
			    size_t count)
{
	struct rig *rig = rig_new(driver);

	rig_layout(rig, real, rows, count);
	real_members(rig);
	at.task = program(rig);
	return rig;
}

static void put_range(struct rig *rig, unsigned int n, unsigned int page,
		      unsigned int pages, unsigned int prot)
{
	at.dma[n] = machine_object(rig->m, 0x100);
	rig_set(rig, at.dma[n], AMI_F_vfio_iova, IOVA(page));
	rig_set(rig, at.dma[n], AMI_F_vfio_size, IOVA(pages));
	rig_set(rig, at.dma[n], AMI_F_vfio_prot, prot);
	rig_set(rig, at.dma[n], AMI_F_vfio_mapped, 1);
	rig_set(rig, at.dma[n], AMI_F_vfio_task, at.task);
}

/* Pages 2 and 3 for writing, 5 for reading, 8 to 15 for both. */
static struct rig *vfio(void)
{
	struct rig *rig = open_rig("vfio-pci", vfio_rows, sizeof(vfio_rows) /
				   sizeof(vfio_rows[0]));
	uint64_t vdev, top;
	unsigned int i;

	at.core = machine_object(rig->m, 0x1000);
	at.group = machine_object(rig->m, 0x800);
	at.container = machine_object(rig->m, 0x100);
	at.data = machine_object(rig->m, 0x200);
	vdev = rig_member(rig, at.core, AMI_F_vfio_core);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.core);
	rig_set(rig, vdev, AMI_F_vfio_group, at.group);
	rig_set(rig, at.group, AMI_F_vfio_container, at.container);
	rig_set(rig, at.container, AMI_F_vfio_data, at.data);
	put_range(rig, 0, 2, 2, 2);
	put_range(rig, 1, 5, 1, 1);
	put_range(rig, 2, 8, 8, 3);
	top = rig_member(rig, at.dma[1], AMI_F_vfio_node);
	rig_set64(rig, rig_member(rig, at.data, AMI_F_vfio_list), top);
	for (i = 0; i < 3; i += 2) {
		uint64_t node = rig_member(rig, at.dma[i], AMI_F_vfio_node);

		rig_set(rig, node, AMI_F_rb_parent, top | (i ? 1 : 0));
		rig_set(rig, top, i ? AMI_F_rb_right : AMI_F_rb_left, node);
	}
	return rig;
}

static bool posted(const struct rig *rig, enum ami_certainty certainty,
		   unsigned int page)
{
	return rig_names(rig, AMI_CLASS_POSTED, certainty,
			 RIG_BUFFER + IOVA(page));
}

/* Is there a transfer with these words? */
static bool told(const struct rig *rig, const char *words)
{
	const struct ami_evidence *ev = rig->m->ex->evidence;
	size_t i;

	for (i = 0; i < ev->count; i++)
		if (strstr(ev->list[i].what, words))
			return true;
	return false;
}

static void ranges(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = vfio();

		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_POSSIBLE, 2) &&
			    posted(rig, AMI_POSSIBLE, 3) &&
			    posted(rig, AMI_POSSIBLE, 8) &&
			    posted(rig, AMI_POSSIBLE, 15));
		assert_false(posted(rig, AMI_POSSIBLE, 1) ||
			     posted(rig, AMI_POSSIBLE, 5) ||
			     posted(rig, AMI_POSSIBLE, 16));
		assert_true(told(rig, "8 KiB of guest (pid 77)"));
		assert_true(told(rig, "32 KiB of guest (pid 77)"));
		assert_true(rig_covered(rig, "vfio-pci"));
		assert_int_equal(rig_found(rig, "no-evidence-provider"), 0);
		rig_free(rig);
	}
}

/* No program has it open. */
static void unused(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_12;
	rig = vfio();
	rig_set(rig, at.group, AMI_F_vfio_container, 0);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 0);
	assert_true(rig_covered(rig, "vfio-pci"));
	rig_free(rig);
}

/* The program is gone from the dump, its memory is not. */
static void nameless(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_7_3;
	rig = vfio();
	rig_set(rig, at.dma[0], AMI_F_vfio_task, RIG_NOWHERE);
	machine_analyse(rig->m);
	assert_true(told(rig, "8 KiB of a program that is not known"));
	assert_true(posted(rig, AMI_POSSIBLE, 2));
	rig_free(rig);
}

static void through_iommufd(void **state)
{
	struct rig *rig;

	(void)state;
	for (real = REAL_6_12; real < REAL_KERNELS; real++) {
		rig = vfio();
		rig_set(rig, at.group, AMI_F_vfio_iommufd, at.data);
		machine_analyse(rig->m);
		assert_int_equal(rig_found(rig, "driver-part-not-read"), 1);
		assert_false(rig_covered(rig, "vfio-pci"));
		rig_free(rig);
	}
}

RIG_DAMAGE(no_group, rig_member(rig, at.core, AMI_F_vfio_core), vfio_group, RIG_NOWHERE)
RIG_DAMAGE(no_container, at.group, vfio_container, RIG_NOWHERE)
RIG_DAMAGE(no_data, at.container, vfio_data, RIG_NOWHERE)
RIG_DAMAGE(empty, at.dma[2], vfio_size, 0)
RIG_DAMAGE(beyond, at.dma[2], vfio_size, UINT64_MAX)
RIG_DAMAGE(overlapping, at.dma[2], vfio_iova, IOVA(3))
RIG_DAMAGE(circle, rig_member(rig, at.dma[2], AMI_F_vfio_node), rb_left,
	   rig_member(rig, at.dma[1], AMI_F_vfio_node))

static void hostile(void **state)
{
	static const struct rig_damage list[] = {
		{ "group", no_group, "driver-state-unread" },
		{ "container", no_container, "driver-state-unread" },
		{ "data", no_data, "driver-state-unread" },
		{ "empty", empty, "driver-state-damaged" },
		{ "beyond", beyond, "driver-state-damaged" },
		{ "overlapping", overlapping, "driver-state-damaged" },
		{ "circle", circle, "driver-state-unread" },
	};

	(void)state;
	for (real = 0; real < REAL_KERNELS; real++)
		rig_survives(vfio, list, sizeof(list) / sizeof(list[0]));
}

/* What drivers keep beside the core's part; numbers of the user interface. */
static const struct adapter {
	unsigned int id;
	enum ami_field region, umem;
} adapters[] = {
	{ 1, AMI_F_mr_in_mlx5, AMI_F_mr_mlx5 },
	{ 2, AMI_F_mr_in_mlx4, AMI_F_mr_mlx4 },
	{ 6, AMI_F_mr_in_bnxt, AMI_F_mr_bnxt },
	{ 9, AMI_F_mr_in_irdma, AMI_F_mr_irdma },
	{ 11, AMI_F_mr_in_qedr, AMI_F_mr_qedr },
};

static const struct adapter *adapter;

/* Two bits of one byte; the rows of layouts have no bits. */
static void real_bits(struct rig *rig)
{
	static const enum ami_field fields[][2] = {
		{ AMI_F_ib_umem_writable, AMI_F_ib_umem_odp },
		{ AMI_F_uverbs_umem_writable, AMI_F_uverbs_umem_odp },
		{ AMI_F_core_umem_writable, AMI_F_core_umem_odp },
	};
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 2; k++) {
			struct ami_member *m = &image_layout(rig->m->img)->
						field[fields[i][k]];

			m->bit_size = m->present;
			m->bit_offset = m->present ? k : 0;
		}
}

/* struct ib_umem in each module that describes it */
static void put_umem(struct rig *rig, bool writable, bool on_demand)
{
	uint64_t more = machine_object(rig->m, 64), table;
	struct ami_layout *l = image_layout(rig->m->img);

	at.umem = machine_object(rig->m, 0x100);
	at.sg = machine_object(rig->m, 64);
	rig_set(rig, at.umem, AMI_F_ib_umem_writable, writable);
	if (on_demand)
		machine_write(rig->m, rig_member(rig, at.umem, AMI_F_ib_umem_odp),
			      (uint8_t[]){ 3 }, 1);
	table = rig_member(rig, at.umem, AMI_F_ib_umem_table);
	rig_set(rig, table, AMI_F_ib_sg_list, at.sg);
	rig_set(rig, table, AMI_F_ib_sg_count, 2);
	rig_set(rig, at.sg, AMI_F_sg_dma, IOVA(2));
	rig_set(rig, at.sg, AMI_F_sg_dma_length, 4096);
	/* The second entry only leads to more: bit 0. */
	rig_set(rig, at.sg + l->type_size[AMI_T_scatterlist], AMI_F_sg_page_link, more | 1);
	rig_set(rig, more, AMI_F_sg_dma, IOVA(4));
	rig_set(rig, more, AMI_F_sg_dma_length, 8192);
	rig_set(rig, more, AMI_F_sg_page_link, 2);
}

static struct rig *rdma_of(bool writable, bool on_demand)
{
	struct rig *rig = open_rig("irdma", rdma_rows, sizeof(rdma_rows) /
				   sizeof(rdma_rows[0]));
	uint64_t class = machine_object(rig->m, 64), own, device;
	size_t list = image_layout(rig->m->img)->type_size[AMI_T_ib_list];

	real_bits(rig);
	at.ibdev = machine_object(rig->m, 0x3000);
	at.lists = machine_object(rig->m, 0x200);
	own = machine_object(rig->m, 0x1000);
	at.mr = rig_member(rig, own, adapter->region);
	put_umem(rig, writable, on_demand);
	rig_set(rig, class, AMI_F_class_name,
		machine_string(rig->m, "infiniband"));
	device = rig_member(rig, at.ibdev, AMI_F_ib_dev);
	rig_child(rig, device, AMI_SYM_net_class);
	rig_set(rig, device, AMI_F_device_class, class);
	rig_set(rig, at.ibdev, AMI_F_ib_dma_device, rig->dev);
	rig_set(rig, at.ibdev, AMI_F_ib_driver_id, adapter->id);
	rig_set(rig, at.ibdev, AMI_F_ib_resources, at.lists);
	rig_set(rig, own, adapter->umem, at.umem);
	rig_set(rig, at.mr, AMI_F_ib_mr_key, 0x1234);
	/* RDMA_RESTRACK_MR is the fifth list. */
	rig_set(rig, rig_member(rig, at.lists + 4 * list, AMI_F_ib_list),
		AMI_F_xarray_head, rig_member(rig, at.mr, AMI_F_ib_mr_entry));
	rig_set(rig, rig_member(rig, at.mr, AMI_F_ib_mr_entry), AMI_F_ib_task,
		at.task);
	return rig;
}

static struct rig *rdma(void)
{
	return rdma_of(true, false);
}

static bool is_built(const struct rig *rig)
{
	return image_layout(rig->m->img)->field[adapter->umem].present;
}

static void regions(void **state)
{
	(void)state;
	for (adapter = adapters; adapter < adapters + 5; adapter++)
		for (real = 0; real < REAL_KERNELS; real++) {
			struct rig *rig = rdma();

			machine_analyse(rig->m);
			assert_int_equal(posted(rig, AMI_LIKELY, 2),
					 is_built(rig));
			assert_int_equal(posted(rig, AMI_LIKELY, 4) &&
					 posted(rig, AMI_LIKELY, 5),
					 is_built(rig));
			assert_false(posted(rig, AMI_LIKELY, 3) ||
				     posted(rig, AMI_LIKELY, 6));
			if (is_built(rig))
				assert_true(told(rig,
						 "region 0x1234 of guest (pid 77)"));
			assert_int_equal(rig_found(rig, "driver-part-not-read"),
					 1);
			assert_int_equal(rig_found(rig, "evidence-partial"), 1);
			rig_free(rig);
		}
}

/* A peer may only read the one; the other's pages come and go. */
static void other_regions(void **state)
{
	(void)state;
	adapter = adapters;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = rdma_of(false, false);

		machine_analyse(rig->m);
		assert_false(posted(rig, AMI_LIKELY, 2));
		rig_free(rig);
		rig = rdma_of(true, true);
		machine_analyse(rig->m);
		assert_false(posted(rig, AMI_LIKELY, 2));
		assert_int_equal(rig_found(rig, "driver-part-not-read"), 1);
		rig_free(rig);
	}
}

/* A list that leads to itself, or nowhere: what was read stays. */
static void damaged_regions(void **state)
{
	struct rig *rig;
	uint64_t next;

	(void)state;
	adapter = adapters;
	real = REAL_7_3;
	rig = rdma();
	next = at.sg + image_layout(rig->m->img)->type_size[AMI_T_scatterlist];
	rig_set(rig, next, AMI_F_sg_page_link, next | 1);
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_LIKELY, 2));
	rig_free(rig);
	rig = rdma();
	rig_set(rig, at.ibdev, AMI_F_ib_resources, RIG_NOWHERE);
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "driver-part-not-read"), 1);
	assert_false(posted(rig, AMI_LIKELY, 2));
	rig_free(rig);
}

static void gaps(void **state)
{
	(void)state;
	real = REAL_7_3;
	rig_survives_gaps(vfio);
	rig_survives_noise(vfio);
}

/* The program made it a bus master; the kernel's flag does not follow. */
static void master_by_program(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_1;
	rig = vfio();
	rig_class(rig, 0x020000);
	rig_set(rig, rig->dev - rig_member(rig, 0, AMI_F_pci_dev_dev),
		AMI_F_pci_dev_is_busmaster, 0);
	machine_analyse(rig->m);
	assert_true(rig_pages(rig, AMI_CLASS_POSTED));
	assert_int_equal(rig_found(rig, "bus-master-contradiction"), 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(master_by_program),
		cmocka_unit_test(ranges), cmocka_unit_test(unused),
		cmocka_unit_test(nameless), cmocka_unit_test(through_iommufd),
		cmocka_unit_test(hostile), cmocka_unit_test(regions),
		cmocka_unit_test(other_regions),
		cmocka_unit_test(damaged_regions), cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
