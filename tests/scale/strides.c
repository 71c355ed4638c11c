// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Evidence of a network card (mlx5) with hundreds of receive queues of 8192 strides,
 * all of them the device's. Time by the number of queues; and of a card whose queues
 * are all one, damaged to be as large as one can be.
 *
 * strides [QUEUES...] [damaged]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "layouts.h"
#include "sizes.h"

#define LARGE		64u	/* large buffers of a queue */
#define PAGES		64u	/* of each: 128 strides of 2 KiB */
#define FRAMES		16384u	/* that buffers are in */
#define STRIDING	2u
#define ENTRIES		65536u	/* of a damaged queue */
#define COPIES		4096u	/* of it */

static const struct layout_row mlx5_rows[] = {
#include "../unit/layouts/mlx5_core.inc"
};

struct plan {
	unsigned int queues;
	uint64_t priv, work, page;
};

static uint64_t size_of(struct rig *rig, enum ami_type t)
{
	return image_layout(rig->m->img)->type_size[t];
}

/* The list of large buffers is empty: all are the device's. */
static void put_queue(struct rig *rig, uint64_t rq, uint64_t work,
		      unsigned int entries)
{
	uint64_t wq = rig_member(rig, rq, AMI_F_mlx5e_mpw_wq);
	uint64_t frag = rig_object(rig, AMI_T_mlx5_frag);

	rig_set(rig, frag, AMI_F_mlx5_frag_va, work);
	rig_set(rig, wq, AMI_F_mlx5_wq_frags, frag);
	rig_set(rig, wq, AMI_F_mlx5_wq_last, entries - 1);
	rig_set(rig, wq, AMI_F_mlx5_wq_stride, 6);
	rig_set(rig, wq, AMI_F_mlx5_wq_per_frag, 6);
	rig_set(rig, rq, AMI_F_mlx5e_rq_type, STRIDING);
	rig_set(rig, rq, AMI_F_mlx5e_mpw_used, entries);
	rig_set(rig, rq, AMI_F_mlx5e_mpw_pages, PAGES);
	rig_set(rig, rq, AMI_F_mlx5e_mpw_shift, 12);
	rig_set(rig, rq, AMI_F_mlx5e_mpw_stride, 11);
}

static uint64_t channel(struct rig *rig, struct plan *p)
{
	uint64_t channel = machine_object(rig->m, 0x5000);
	uint64_t rq = rig_member(rig, channel, AMI_F_mlx5e_ch_rq);
	uint64_t page = size_of(rig, AMI_T_mlx5e_frag_page);
	uint64_t size = size_of(rig, AMI_T_mlx5e_mpw_info) + PAGES * page;
	uint64_t info = machine_object(rig->m, LARGE * size);
	unsigned int i, k;

	put_queue(rig, rq, p->work, LARGE);
	rig_set(rig, rq, AMI_F_mlx5e_mpw_info, info);
	for (i = 0; i < LARGE; i++)
		for (k = 0; k < PAGES; k++)
			rig_set64(rig, rig_member(rig, info + i * size,
						  AMI_F_mlx5e_mpw_units) +
				  k * page,
				  rig_page(RIG_BUFFER + (p->page++ % FRAMES) *
					   AMI_PAGE_SIZE));
	return channel;
}

/* @queues: 0: one, damaged, many times */
static struct rig *card(struct plan *p)
{
	unsigned int count = p->queues ? p->queues : COPIES, i;
	struct rig *rig = rig_open_interface("mlx5_core", REAL_7_3, mlx5_rows,
					     sizeof(mlx5_rows) /
					     sizeof(mlx5_rows[0]), 0x6000,
					     &p->priv);
	uint64_t mdev, list, one = 0;

	rig_untranslated(rig);
	rig_pool_pages(rig, FRAMES);
	for (i = 0; i < FRAMES; i++)
		rig_set(rig, machine_page(rig->m, RIG_BUFFER + (uint64_t)i *
					  AMI_PAGE_SIZE), AMI_F_page_dma_addr,
			RIG_BUFFER + (uint64_t)i * AMI_PAGE_SIZE);
	mdev = machine_object(rig->m, 0x60000);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, mdev);
	rig_set(rig, p->priv, AMI_F_mlx5e_mdev, mdev);
	list = machine_object(rig->m, 8 * count);
	p->work = image_va(image_alloc(rig->m->img, 1));
	rig_set(rig, p->priv, AMI_F_mlx5e_netdev, p->priv -
		(size_of(rig, AMI_T_net_device) + 31) / 32 * 32);
	if (image_layout(rig->m->img)->field[AMI_F_netdev_priv].present)
		rig_set(rig, p->priv, AMI_F_mlx5e_netdev, p->priv -
			rig_member(rig, 0, AMI_F_netdev_priv));
	rig_set(rig, p->priv, AMI_F_mlx5e_channels, list);
	rig_set(rig, p->priv, AMI_F_mlx5e_nr_channels, count);
	for (i = 0; i < count; i++) {
		if (!one || p->queues)
			one = channel(rig, p);
		rig_set64(rig, list + 8 * i, one);
	}
	if (!p->queues)
		put_queue(rig, rig_member(rig, one, AMI_F_mlx5e_ch_rq), p->work,
			  ENTRIES);
	return rig;
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void one_size(void **state)
{
	struct plan plan = { .queues = *(unsigned int *)*state }, *p = &plan;
	struct rig *rig = card(p);
	struct ami_error err = { .status = AMI_OK };
	struct ami_evidence *ev;
	double took;

	rig->m->dump = image_dump(rig->m->img);
	rig->m->kernel = image_kernel(rig->m->img, rig->m->dump);
	rig->m->state = ami_state_read(rig->m->kernel, &rig->m->findings, &err);
	assert_non_null(rig->m->state);
	/* Such a card is in a machine of 64 GiB or more. */
	if (p->queues)
		ami_budget_run(ami_dump_budget(rig->m->dump), 16u << 20);
	took = cpu();
	ev = ami_evidence_find(rig->m->state, false, &err);
	took = cpu() - took;
	assert_non_null(ev);
	assert_int_equal(rig_found(rig, "driver-state-unread") > 0, !p->queues);
	if (p->queues)
		print_message("%7u %9u %8.2f %8.2f\n", p->queues,
			      p->queues * LARGE * PAGES, took,
			      took / p->queues * 1e3);
	else
		print_message("damaged %9s %8.2f\n", "", took);
	ami_evidence_free(ev);
	rig_free(rig);
}

int main(int argc, char **argv)
{
	print_message("%7s %9s %8s %8s\n", "queues", "pages", "CPU s",
		      "ms/queue");
	return sizes_run(argc, argv, one_size);
}
