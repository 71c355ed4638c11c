// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disks.h"

static void reads(void **state)
{
	struct rig *rig = disk_rig();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 3);
	assert_true(disk_inflight(rig, AMI_LIKELY, 0) &&
		    disk_inflight(rig, AMI_LIKELY, 2));
	assert_true(rig_covered(rig, "block"));
	assert_int_equal(rig_found(rig, "evidence-partial"), 0);
	assert_int_equal(rig_found(rig, "block-layer-only"), 1);
	assert_int_equal(rig_found(rig, "no-evidence-provider"), 0);
	assert_int_equal(rig_found(rig, "request-length"), 0);
	assert_non_null(strstr(rig->m->ex->evidence->list[0].what,
			       "sdx tag 5: read of 12 KiB at sector 1000"));
	rig_free(rig);
}

/* The device is a USB host; its disk is not all that it serves. */
static void reads_by_usb(void **state)
{
	struct rig *rig = disk_rig();

	(void)state;
	rig_class(rig, 0x0c0330);
	machine_analyse(rig->m);
	assert_true(disk_inflight(rig, AMI_LIKELY, 0));
	assert_false(rig_covered(rig, "block"));
	assert_int_equal(rig_found(rig, "block-layer-only"), 1);
	assert_int_equal(rig_found(rig, "no-evidence-provider"), 0);
	rig_free(rig);
}

/* An INQUIRY and the like have no place on the disk. */
static void reads_no_sector(void **state)
{
	struct rig *rig = disk_rig();

	(void)state;
	rig_set(rig, disk.request, AMI_F_request_sector, UINT64_MAX);
	machine_analyse(rig->m);
	assert_non_null(strstr(rig->m->ex->evidence->list[0].what,
			       "read of 12 KiB, a command without a sector"));
	rig_free(rig);
}

/* Begun in the middle of its first segment, and a second bio behind it. */
static void reads_what_is_left(void **state)
{
	struct rig *rig = disk_rig();
	uint64_t iter = rig_member(rig, disk.bio, AMI_F_bio_iter);
	uint64_t bio = rig_object(rig, AMI_T_bio);

	(void)state;
	rig_set(rig, iter, AMI_F_bvec_iter_idx, 1);
	rig_set(rig, iter, AMI_F_bvec_iter_done, 0x800);
	rig_set(rig, iter, AMI_F_bvec_iter_size, 0x800);
	rig_set(rig, disk.bio, AMI_F_bio_next, bio);
	rig_set(rig, bio, AMI_F_bio_io_vec, disk.vec);
	rig_set(rig, rig_member(rig, bio, AMI_F_bio_iter),
		AMI_F_bvec_iter_size, 0x200);
	rig_set(rig, disk.request, AMI_F_request_data_len, 0xa00);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(disk_inflight(rig, AMI_LIKELY, 0) &&
		    disk_inflight(rig, AMI_LIKELY, 1));
	assert_int_equal(rig->m->ex->evidence->list[0].bytes, 0xa00);
	assert_int_equal(rig_found(rig, "request-length"), 0);
	rig_free(rig);
}

/* Protection information has segments of its own. */
static void reads_integrity(void **state)
{
	struct rig *rig = disk_rig();
	uint64_t bip = machine_object(rig->m, 0x180);
	uint64_t vec = rig_object(rig, AMI_T_bio_vec);

	(void)state;
	rig_set(rig, disk.bio, AMI_F_bio_opf, 1u << 16);
	rig_set(rig, disk.bio, AMI_F_bio_integrity, bip);
	rig_set(rig, bip, AMI_F_bip_vec, vec);
	rig_set(rig, rig_member(rig, bip, AMI_F_bip_iter),
		AMI_F_bvec_iter_size, 64);
	rig_set(rig, vec, AMI_F_bvec_page,
		rig_page(RIG_BUFFER + 9 * AMI_PAGE_SIZE));
	rig_set(rig, vec, AMI_F_bvec_len, 64);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 4);
	assert_true(disk_inflight(rig, AMI_LIKELY, 9));
	assert_int_equal(rig_found(rig, "request-length"), 0);
	rig_free(rig);
}

static void by_state(void **state)
{
	static const struct {
		uint64_t state, flags;
		uint64_t pages;
		enum ami_certainty certainty;
	} want[] = {
		{ DISK_IN_FLIGHT, DISK_OP_READ, 3, AMI_LIKELY },
		{ DISK_COMPLETE, DISK_OP_READ, 3, AMI_POSSIBLE },
		{ 0, DISK_OP_READ, 0, 0 },
		{ DISK_IN_FLIGHT, DISK_OP_WRITE, 0, 0 },
		{ DISK_IN_FLIGHT, 34, 3, AMI_LIKELY },	/* driver's own, in */
		{ DISK_IN_FLIGHT, 35, 0, 0 },		/* ... out */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct rig *rig = disk_rig();

		rig_set(rig, disk.request, AMI_F_request_state, want[i].state);
		rig_set(rig, disk.request, AMI_F_request_cmd_flags,
			want[i].flags);
		machine_analyse(rig->m);
		assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT),
				 want[i].pages);
		if (want[i].pages)
			assert_true(disk_inflight(rig, want[i].certainty, 0));
		rig_free(rig);
	}
}

/* By the clock of the last tick: 5 ms before; from the future: unknown. */
static void age(void **state)
{
	static const struct {
		uint64_t start;
		int64_t age;
	} want[] = {
		{ 5000000, 5 }, { 10500000, 0 }, { 10000000000, -1 }, { 0, -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct rig *rig = disk_rig();
		uint64_t clock = machine_object(rig->m, 128);
		uint64_t base = rig_member(rig, clock, AMI_F_tk_fast_base);

		image_layout(rig->m->img)->symbol[AMI_SYM_tk_fast_mono] = clock;
		rig_set(rig, base, AMI_F_tkr_base, 9000000);
		rig_set(rig, base, AMI_F_tkr_xtime_nsec, 1000000ull << 8);
		rig_set(rig, base, AMI_F_tkr_shift, 8);
		rig_set(rig, disk.request, AMI_F_request_start_time,
			want[i].start);
		machine_analyse(rig->m);
		assert_int_equal(rig->m->ex->evidence->list[0].age_ms,
				 want[i].age);
		rig_free(rig);
	}
}

/* Tags that were given back keep their bit in the word. */
static void tag_given_back(void **state)
{
	struct rig *rig = disk_rig();

	(void)state;
	rig_set(rig, disk.words, AMI_F_sbitmap_cleared, 1u << DISK_TAG);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 0);
	rig_free(rig);
}

RIG_DAMAGE(many_tags, disk.tags, tags_nr_tags, 1ull << 32)
RIG_DAMAGE(more_reserved, disk.tags, tags_nr_reserved, DISK_TAGS + 1)
RIG_DAMAGE(no_tags, disk.tags, tags_bitmap, RIG_NOWHERE)
RIG_DAMAGE(wide_words, disk.bitmap, sbitmap_shift, 60)
RIG_DAMAGE(no_words, disk.bitmap, sbitmap_map, RIG_NOWHERE)
RIG_DAMAGE(many_queues, disk.set, tag_set_nr_hw_queues, 1ull << 40)
RIG_DAMAGE(no_queues, disk.set, tag_set_tags, RIG_NOWHERE)
RIG_DAMAGE(no_set, disk.queue, queue_tag_set, RIG_NOWHERE)
RIG_DAMAGE(no_queue, disk.disk, gendisk_queue, RIG_NOWHERE)
RIG_DAMAGE(no_bios, disk.request, request_bio, RIG_NOWHERE)
RIG_DAMAGE(bio_loop, disk.bio, bio_next, disk.bio)
RIG_DAMAGE(no_segments, disk.bio, bio_io_vec, RIG_NOWHERE)
RIG_DAMAGE(bad_page, disk.vec, bvec_page, 0x4141414141414141)
RIG_DAMAGE(page_beyond, disk.vec, bvec_page, rig_page(1ull << 46))
RIG_DAMAGE(other_length, disk.request, request_data_len, DISK_BYTES + 512)
RIG_DAMAGE(far_segment, rig_member(rig, disk.bio, AMI_F_bio_iter), bvec_iter_idx,
	   1ull << 50)
RIG_DAMAGE(behind_segment, rig_member(rig, disk.bio, AMI_F_bio_iter),
	   bvec_iter_done, AMI_PAGE_SIZE + 1)
RIG_DAMAGE(endless, rig_member(rig, disk.bio, AMI_F_bio_iter), bvec_iter_size,
	   UINT64_MAX)

static void no_request(struct rig *rig)
{
	rig_set64(rig, disk.rqs + 8 * DISK_TAG, RIG_NOWHERE);
}

static void null_request(struct rig *rig)
{
	rig_set64(rig, disk.rqs + 8 * DISK_TAG, 0);
}

/* Many words are promised: the number of tags bounds what is read. */
static void many_words(struct rig *rig)
{
	rig_set(rig, disk.bitmap, AMI_F_sbitmap_map_nr, UINT64_MAX);
	rig_set(rig, disk.words, AMI_F_sbitmap_word, 0);
}

static void device_loop(struct rig *rig)
{
	uint64_t node = rig_member(rig, disk.disk, AMI_F_gendisk_part0_dev);

	node = rig_member(rig, rig_member(rig, node, AMI_F_device_kobj),
			  AMI_F_kobject_entry);
	rig_set64(rig, node, node);
}

static void hostile_disks(void **state)
{
	static const struct rig_damage list[] = {
		{ "many tags", many_tags, "disk-queue-unread" },
		{ "more reserved", more_reserved, "disk-queue-unread" },
		{ "no tags", no_tags, "disk-queue-unread" },
		{ "wide words", wide_words, "disk-queue-unread" },
		{ "no words", no_words, "disk-queue-unread" },
		{ "many queues", many_queues, "disk-queue-unread" },
		{ "no queues", no_queues, "disk-queue-unread" },
		{ "no tag set", no_set, "disk-queue-unread" },
		{ "no queue", no_queue, "disk-unread" },
		{ "no request", no_request, "request-unread" },
		{ "no bios", no_bios, "request-damaged" },
		{ "bios in a loop", bio_loop, "request-damaged" },
		{ "no segments", no_segments, "request-damaged" },
		{ "bad page", bad_page, "request-damaged" },
		{ "page beyond RAM", page_beyond, "request-damaged" },
		{ "far segment", far_segment, "request-damaged" },
		{ "behind its segment", behind_segment, "request-damaged" },
		{ "endless", endless, "request-damaged" },
		{ "another length", other_length, "request-length" },
		{ "devices in a loop", device_loop, "disk-unread" },
		{ "many words", many_words, NULL },
		{ "no request yet", null_request, NULL },
	};

	(void)state;
	rig_survives(disk_rig, list, sizeof(list) / sizeof(list[0]));
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	(void)state;
	rig_survives_gaps(disk_rig);
	rig_survives_noise(disk_rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(reads_by_usb),
		cmocka_unit_test(reads_no_sector),
		cmocka_unit_test(reads_what_is_left),
		cmocka_unit_test(reads_integrity),
		cmocka_unit_test(by_state),
		cmocka_unit_test(age),
		cmocka_unit_test(tag_given_back),
		cmocka_unit_test(hostile_disks),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
