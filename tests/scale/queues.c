// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Evidence of a machine with thousands of queues, all of them full: disks with
 * hardware queues of requests, each to 16 pages. Time and memory by the number
 * of queues.
 *
 * queues [QUEUES...]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "drivers.h"
#include "sizes.h"

#define QUEUES_EACH	64u	/* of a disk */
#define DEPTH		64u
#define PAGES		16u	/* of a request */
#define IN_FLIGHT	1
#define FIRST		0x20000u	/* page frame */

struct plan {
	unsigned int queues;
	uint64_t pfn;
};

static uint64_t request(struct rig *rig, struct plan *p)
{
	uint64_t rq = rig_object(rig, AMI_T_request);
	uint64_t bio = machine_object(rig->m, 0x140);
	uint64_t vec = rig_object(rig, AMI_T_bio_vec);

	rig_set(rig, rq, AMI_F_request_state, IN_FLIGHT);
	rig_set(rig, rq, AMI_F_request_data_len, PAGES * AMI_PAGE_SIZE);
	rig_set(rig, rq, AMI_F_request_bio, bio);
	rig_set(rig, bio, AMI_F_bio_io_vec, vec);
	rig_set(rig, rig_member(rig, bio, AMI_F_bio_iter),
		AMI_F_bvec_iter_size, PAGES * AMI_PAGE_SIZE);
	rig_set(rig, vec, AMI_F_bvec_page,
		rig_page((FIRST + p->pfn % FIRST) << AMI_PAGE_SHIFT));
	rig_set(rig, vec, AMI_F_bvec_len, PAGES * AMI_PAGE_SIZE);
	p->pfn += 2 * PAGES;
	return rq;
}

static uint64_t bitmap(struct rig *rig, uint64_t bits)
{
	uint64_t queue = machine_object(rig->m, 64);
	uint64_t sb = rig_member(rig, queue, AMI_F_sbq_sb);
	uint64_t word = rig_object(rig, AMI_T_sbitmap_word);

	rig_set(rig, word, AMI_F_sbitmap_word, bits);
	rig_set(rig, sb, AMI_F_sbitmap_shift, 6);
	rig_set(rig, sb, AMI_F_sbitmap_map_nr, 1);
	rig_set(rig, sb, AMI_F_sbitmap_map, word);
	return queue;
}

static uint64_t tags(struct rig *rig, struct plan *p)
{
	uint64_t tags = rig_object(rig, AMI_T_blk_mq_tags);
	uint64_t rqs = machine_object(rig->m, 8 * DEPTH);
	unsigned int i;

	rig_set(rig, tags, AMI_F_tags_nr_tags, DEPTH);
	rig_set(rig, tags, AMI_F_tags_reserved_bitmap, bitmap(rig, 0));
	rig_set(rig, tags, AMI_F_tags_bitmap, bitmap(rig, UINT64_MAX));
	rig_set(rig, tags, AMI_F_tags_rqs, rqs);
	for (i = 0; i < DEPTH; i++)
		rig_set64(rig, rqs + 8 * i, request(rig, p));
	return tags;
}

static void disk(struct rig *rig, struct plan *p)
{
	uint64_t set = machine_object(rig->m, 0x100);
	uint64_t array = machine_object(rig->m, 8 * QUEUES_EACH);
	uint64_t queue = machine_object(rig->m, 0x100);
	uint64_t disk = machine_object(rig->m, 0x800);
	uint64_t type = machine_object(rig->m, 64);
	uint64_t device = rig_member(rig, disk, AMI_F_gendisk_part0_dev);
	unsigned int i;

	for (i = 0; i < QUEUES_EACH; i++)
		rig_set64(rig, array + 8 * i, tags(rig, p));
	rig_set(rig, set, AMI_F_tag_set_nr_hw_queues, QUEUES_EACH);
	rig_set(rig, set, AMI_F_tag_set_tags, array);
	rig_set(rig, queue, AMI_F_queue_tag_set, set);
	rig_set(rig, disk, AMI_F_gendisk_queue, queue);
	rig_set(rig, type, AMI_F_device_type_name,
		machine_string(rig->m, "disk"));
	rig_set(rig, device, AMI_F_device_type, type);
	rig_child(rig, device, AMI_SYM_block_class);
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double find(struct rig *rig, struct plan *p)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_evidence *ev;
	double start, took;

	rig->m->dump = image_dump(rig->m->img);
	rig->m->kernel = image_kernel(rig->m->img, rig->m->dump);
	rig->m->state = ami_state_read(rig->m->kernel, &rig->m->findings,
				       &err);
	assert_non_null(rig->m->state);
	start = cpu();
	ev = ami_evidence_find(rig->m->state, false, &err);
	took = cpu() - start;
	assert_non_null(ev);
	assert_int_equal(ev->count + ev->dropped, p->queues * DEPTH);
	ami_evidence_free(ev);
	return took;
}

static void one_size(void **state)
{
	struct plan plan = { .queues = *(unsigned int *)*state }, *p = &plan;
	struct rig *rig = rig_new("unknown");
	struct ami_layout *l = image_layout(rig->m->img);
	struct rusage before, after;
	unsigned int i;
	double took;

	l->field[AMI_F_gendisk_part0_dev].offset = 0x200;
	l->field[AMI_F_bio_iter].offset = 0x100;
	for (i = 0; i < p->queues / QUEUES_EACH; i++)
		disk(rig, p);
	getrusage(RUSAGE_SELF, &before);
	took = find(rig, p);
	getrusage(RUSAGE_SELF, &after);
	print_message("%7u %9u %8.2f %8.2f %9ld\n", p->queues,
		      p->queues * DEPTH, took, took / p->queues * 1e3,
		      (after.ru_maxrss - before.ru_maxrss) / 1024);
	rig_free(rig);
}

int main(int argc, char **argv)
{
	print_message("%7s %9s %8s %8s %9s\n", "queues", "requests", "CPU s",
		      "ms/queue", "MiB more");
	return sizes_run(argc, argv, one_size);
}
