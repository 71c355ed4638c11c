// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of disks, and the NVMe commands that carry them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers.h"
#include "nvme.h"

#define TAGS		8u
#define SET_SIZE	0x100u
#define IN_FLIGHT	1
#define COMPLETE	2
#define OP_READ		0
#define OP_WRITE	1
#define SECTOR		1000u
#define BYTES		0x3000u	/* of the request: three pages */
#define TAG		5u
#define DEPTH		16u
#define SLOT		3u	/* of the command in its queue */
#define LIST		(RIG_BUFFER + 40 * AMI_PAGE_SIZE)	/* PRPs, SGLs */
#define IOVA(phys)	((phys) - RIG_BUFFER)

/* What tests change; the latest rig's. */
static struct {
	uint64_t disk, queue, set, tags, bitmap, words, rqs, request, bio, vec;
	uint64_t dev, nvme_queue, sq, cq;
} at;

static void set_bitmap(struct rig *rig, uint64_t tags, enum ami_field f,
		       uint64_t bits)
{
	uint64_t queue = machine_object(rig->m, 64);
	uint64_t sb = rig_member(rig, queue, AMI_F_sbq_sb);

	at.words = rig_object(rig, AMI_T_sbitmap_word);
	rig_set(rig, at.words, AMI_F_sbitmap_word, bits);
	rig_set(rig, sb, AMI_F_sbitmap_shift, 6);
	rig_set(rig, sb, AMI_F_sbitmap_map_nr, 1);
	rig_set(rig, sb, AMI_F_sbitmap_map, at.words);
	rig_set(rig, tags, f, queue);
	at.bitmap = sb;
}

static void make_request(struct rig *rig)
{
	unsigned int i;

	/* The driver's own part follows. */
	at.request = machine_object(rig->m, 0x200);
	at.bio = rig_object(rig, AMI_T_bio);
	at.vec = machine_object(rig->m, 3 * 64);
	rig_set(rig, at.request, AMI_F_request_state, IN_FLIGHT);
	rig_set(rig, at.request, AMI_F_request_data_len, BYTES);
	rig_set(rig, at.request, AMI_F_request_sector, SECTOR);
	rig_set(rig, at.request, AMI_F_request_bio, at.bio);
	rig_set(rig, at.bio, AMI_F_bio_io_vec, at.vec);
	for (i = 0; i < 3; i++) {
		uint64_t vec = at.vec + i * image_layout(rig->m->img)
			       ->type_size[AMI_T_bio_vec];

		rig_set(rig, vec, AMI_F_bvec_page,
			rig_page(RIG_BUFFER + i * AMI_PAGE_SIZE));
		rig_set(rig, vec, AMI_F_bvec_len, AMI_PAGE_SIZE);
	}
	rig_set(rig, rig_member(rig, at.bio, AMI_F_bio_iter),
		AMI_F_bvec_iter_size, BYTES);
}

static uint64_t make_tags(struct rig *rig)
{
	uint64_t tags = rig_object(rig, AMI_T_blk_mq_tags);

	rig_set(rig, tags, AMI_F_tags_nr_tags, TAGS);
	set_bitmap(rig, tags, AMI_F_tags_reserved_bitmap, 0);
	set_bitmap(rig, tags, AMI_F_tags_bitmap, 1u << TAG);
	at.rqs = machine_object(rig->m, TAGS * 8);
	rig_set(rig, tags, AMI_F_tags_rqs, at.rqs);
	rig_set64(rig, at.rqs + 8 * TAG, at.request);
	return tags;
}

static void fill_set(struct rig *rig, uint64_t set)
{
	uint64_t array = machine_object(rig->m, 64);

	at.tags = make_tags(rig);
	at.set = set;
	rig_set64(rig, array, at.tags);
	rig_set(rig, set, AMI_F_tag_set_nr_hw_queues, 1);
	rig_set(rig, set, AMI_F_tag_set_tags, array);
}

static void add_disk(struct rig *rig, uint64_t set)
{
	uint64_t type = machine_object(rig->m, 64), device;

	at.disk = machine_object(rig->m, 0x800);
	device = rig_member(rig, at.disk, AMI_F_gendisk_part0_dev);
	rig_set(rig, type, AMI_F_device_type_name,
		machine_string(rig->m, "disk"));
	rig_set(rig, device, AMI_F_device_type, type);
	at.queue = machine_object(rig->m, 0x100);
	rig_set(rig, at.queue, AMI_F_queue_tag_set, set);
	rig_set(rig, at.disk, AMI_F_gendisk_queue, at.queue);
	rig_set(rig, at.request, AMI_F_request_disk, at.disk);
	machine_write(rig->m, rig_member(rig, at.disk, AMI_F_gendisk_name),
		      "sdx", 4);
	rig_child(rig, device, AMI_SYM_block_class);
}

/* Structures within structures come last: they are large. */
static struct rig *rig_with_disk(const char *driver)
{
	struct rig *rig = rig_new(driver);
	struct ami_layout *l = image_layout(rig->m->img);

	l->field[AMI_F_gendisk_part0_dev].offset = 0x200;
	l->field[AMI_F_bio_iter].offset = 0x100;
	l->field[AMI_F_bip_iter].offset = 0x100;
	l->type_size[AMI_T_bio] = 0x180;
	make_request(rig);
	return rig;
}

static struct rig *disk(void)
{
	struct rig *rig = rig_with_disk("aacraid");

	fill_set(rig, machine_object(rig->m, SET_SIZE));
	add_disk(rig, at.set);
	return rig;
}

static void command(struct rig *rig, const struct nvme_command *c)
{
	machine_write(rig->m, at.sq + SLOT * sizeof(*c), c, sizeof(*c));
}

/* Page 0 by PRP 1, pages 1 and 2 by a list. */
static struct nvme_command read_command(struct rig *rig)
{
	const uint64_t list[] = { 0x1000, 0x2000 };

	image_write(rig->m->img, LIST, list, sizeof(list));
	return (struct nvme_command){
		.opcode = 2, .cid = TAG, .data = { 0, IOVA(LIST) },
		.cdw10 = { SECTOR, 0, BYTES / 512 - 1 },
	};
}

static void make_queue(struct rig *rig, uint64_t dev)
{
	uint64_t size = image_layout(rig->m->img)->type_size[AMI_T_nvme_queue];
	uint64_t queues = machine_object(rig->m, 2 * size);

	at.nvme_queue = queues + size;
	at.sq = image_va(image_alloc(rig->m->img, 1));
	at.cq = image_va(image_alloc(rig->m->img, 1));
	rig_set(rig, dev, AMI_F_nvme_dev_queues, queues);
	rig_set(rig, dev, AMI_F_nvme_dev_nr_queues, 2);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_depth, DEPTH);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_sq, at.sq);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_cq, at.cq);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_sqes, 6);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_sq_tail, SLOT + 1);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_rung, SLOT + 1);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_cq_phase, 1);
}

static struct rig *nvme(void)
{
	struct rig *rig = rig_with_disk("nvme");
	struct nvme_command c = read_command(rig);

	rig_resize(rig, AMI_F_nvme_dev_tagset, SET_SIZE);
	rig_resize(rig, AMI_F_nvme_dev_admin_tagset, SET_SIZE);
	at.dev = machine_object(rig->m, 0x800);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.dev);
	rig_set(rig, at.dev, AMI_F_nvme_dev_dev, rig->dev);
	fill_set(rig, rig_member(rig, at.dev, AMI_F_nvme_dev_tagset));
	add_disk(rig, at.set);
	make_queue(rig, at.dev);
	command(rig, &c);
	return rig;
}

static bool inflight(const struct rig *rig, enum ami_certainty certainty,
		     unsigned int page)
{
	return rig_names(rig, AMI_CLASS_INFLIGHT, certainty,
			 RIG_BUFFER + page * AMI_PAGE_SIZE);
}

static void reads(void **state)
{
	struct rig *rig = disk();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 3);
	assert_true(inflight(rig, AMI_LIKELY, 0) &&
		    inflight(rig, AMI_LIKELY, 2));
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
	struct rig *rig = disk();

	(void)state;
	rig_class(rig, 0x0c0330);
	machine_analyse(rig->m);
	assert_true(inflight(rig, AMI_LIKELY, 0));
	assert_false(rig_covered(rig, "block"));
	assert_int_equal(rig_found(rig, "block-layer-only"), 1);
	assert_int_equal(rig_found(rig, "no-evidence-provider"), 0);
	rig_free(rig);
}

/* An INQUIRY and the like have no place on the disk. */
static void reads_no_sector(void **state)
{
	struct rig *rig = disk();

	(void)state;
	rig_set(rig, at.request, AMI_F_request_sector, UINT64_MAX);
	machine_analyse(rig->m);
	assert_non_null(strstr(rig->m->ex->evidence->list[0].what,
			       "read of 12 KiB, a command without a sector"));
	rig_free(rig);
}

/* Begun in the middle of its first segment, and a second bio behind it. */
static void reads_what_is_left(void **state)
{
	struct rig *rig = disk();
	uint64_t iter = rig_member(rig, at.bio, AMI_F_bio_iter);
	uint64_t bio = rig_object(rig, AMI_T_bio);

	(void)state;
	rig_set(rig, iter, AMI_F_bvec_iter_idx, 1);
	rig_set(rig, iter, AMI_F_bvec_iter_done, 0x800);
	rig_set(rig, iter, AMI_F_bvec_iter_size, 0x800);
	rig_set(rig, at.bio, AMI_F_bio_next, bio);
	rig_set(rig, bio, AMI_F_bio_io_vec, at.vec);
	rig_set(rig, rig_member(rig, bio, AMI_F_bio_iter),
		AMI_F_bvec_iter_size, 0x200);
	rig_set(rig, at.request, AMI_F_request_data_len, 0xa00);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(inflight(rig, AMI_LIKELY, 0) &&
		    inflight(rig, AMI_LIKELY, 1));
	assert_int_equal(rig->m->ex->evidence->list[0].bytes, 0xa00);
	assert_int_equal(rig_found(rig, "request-length"), 0);
	rig_free(rig);
}

/* Protection information has segments of its own. */
static void reads_integrity(void **state)
{
	struct rig *rig = disk();
	uint64_t bip = machine_object(rig->m, 0x180);
	uint64_t vec = rig_object(rig, AMI_T_bio_vec);

	(void)state;
	rig_set(rig, at.bio, AMI_F_bio_opf, 1u << 16);
	rig_set(rig, at.bio, AMI_F_bio_integrity, bip);
	rig_set(rig, bip, AMI_F_bip_vec, vec);
	rig_set(rig, rig_member(rig, bip, AMI_F_bip_iter),
		AMI_F_bvec_iter_size, 64);
	rig_set(rig, vec, AMI_F_bvec_page,
		rig_page(RIG_BUFFER + 9 * AMI_PAGE_SIZE));
	rig_set(rig, vec, AMI_F_bvec_len, 64);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 4);
	assert_true(inflight(rig, AMI_LIKELY, 9));
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
		{ IN_FLIGHT, OP_READ, 3, AMI_LIKELY },
		{ COMPLETE, OP_READ, 3, AMI_POSSIBLE },
		{ 0, OP_READ, 0, 0 },
		{ IN_FLIGHT, OP_WRITE, 0, 0 },
		{ IN_FLIGHT, 34, 3, AMI_LIKELY },	/* driver's own, in */
		{ IN_FLIGHT, 35, 0, 0 },		/* ... out */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct rig *rig = disk();

		rig_set(rig, at.request, AMI_F_request_state, want[i].state);
		rig_set(rig, at.request, AMI_F_request_cmd_flags,
			want[i].flags);
		machine_analyse(rig->m);
		assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT),
				 want[i].pages);
		if (want[i].pages)
			assert_true(inflight(rig, want[i].certainty, 0));
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
		struct rig *rig = disk();
		uint64_t clock = machine_object(rig->m, 128);
		uint64_t base = rig_member(rig, clock, AMI_F_tk_fast_base);

		image_layout(rig->m->img)->symbol[AMI_SYM_tk_fast_mono] = clock;
		rig_set(rig, base, AMI_F_tkr_base, 9000000);
		rig_set(rig, base, AMI_F_tkr_xtime_nsec, 1000000ull << 8);
		rig_set(rig, base, AMI_F_tkr_shift, 8);
		rig_set(rig, at.request, AMI_F_request_start_time,
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
	struct rig *rig = disk();

	(void)state;
	rig_set(rig, at.words, AMI_F_sbitmap_cleared, 1u << TAG);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 0);
	rig_free(rig);
}

#define DAMAGE(name, object, field, value)				\
static void name(struct rig *rig)					\
{									\
	rig_set(rig, object, AMI_F_##field, value);			\
}

#define NOWHERE		image_va(0x7f0000000000)	/* not RAM */

DAMAGE(many_tags, at.tags, tags_nr_tags, 1ull << 32)
DAMAGE(more_reserved, at.tags, tags_nr_reserved, TAGS + 1)
DAMAGE(no_tags, at.tags, tags_bitmap, NOWHERE)
DAMAGE(wide_words, at.bitmap, sbitmap_shift, 60)
DAMAGE(no_words, at.bitmap, sbitmap_map, NOWHERE)
DAMAGE(many_queues, at.set, tag_set_nr_hw_queues, 1ull << 40)
DAMAGE(no_queues, at.set, tag_set_tags, NOWHERE)
DAMAGE(no_set, at.queue, queue_tag_set, NOWHERE)
DAMAGE(no_queue, at.disk, gendisk_queue, NOWHERE)
DAMAGE(no_bios, at.request, request_bio, NOWHERE)
DAMAGE(bio_loop, at.bio, bio_next, at.bio)
DAMAGE(no_segments, at.bio, bio_io_vec, NOWHERE)
DAMAGE(bad_page, at.vec, bvec_page, 0x4141414141414141)
DAMAGE(page_beyond, at.vec, bvec_page, rig_page(1ull << 46))
DAMAGE(other_length, at.request, request_data_len, BYTES + 512)
DAMAGE(far_segment, rig_member(rig, at.bio, AMI_F_bio_iter), bvec_iter_idx,
       1ull << 50)
DAMAGE(behind_segment, rig_member(rig, at.bio, AMI_F_bio_iter),
       bvec_iter_done, AMI_PAGE_SIZE + 1)
DAMAGE(endless, rig_member(rig, at.bio, AMI_F_bio_iter), bvec_iter_size,
       UINT64_MAX)

static void no_request(struct rig *rig)
{
	rig_set64(rig, at.rqs + 8 * TAG, NOWHERE);
}

static void null_request(struct rig *rig)
{
	rig_set64(rig, at.rqs + 8 * TAG, 0);
}

/* Many words are promised: the number of tags bounds what is read. */
static void many_words(struct rig *rig)
{
	rig_set(rig, at.bitmap, AMI_F_sbitmap_map_nr, UINT64_MAX);
	rig_set(rig, at.words, AMI_F_sbitmap_word, 0);
}

static void device_loop(struct rig *rig)
{
	uint64_t node = rig_member(rig, at.disk, AMI_F_gendisk_part0_dev);

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
	rig_survives(disk, list, sizeof(list) / sizeof(list[0]));
}

static void nvme_reads(void **state)
{
	struct rig *rig = nvme();

	(void)state;
	machine_analyse(rig->m);
	assert_true(inflight(rig, AMI_PROVEN, 0) &&
		    inflight(rig, AMI_PROVEN, 1) &&
		    inflight(rig, AMI_PROVEN, 2));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      at.cq - IMAGE_DIRECT_MAP));
	assert_true(rig_covered(rig, "nvme"));
	assert_int_equal(rig_found(rig, "nvme-block-disagree"), 0);
	rig_free(rig);
}

/*
 * A read that no request knows any more, at the other end of the queue. Its address
 * is a physical one only without translation.
 */
static void nvme_past_reads(void **state)
{
	int untranslated;

	(void)state;
	for (untranslated = 0; untranslated < 2; untranslated++) {
		struct rig *rig = nvme();
		struct nvme_command c = {
			.opcode = 2, .cid = TAG + 1, .nsid = 1,
			.data = { 0x5010 }, .cdw10 = { 4096, 1, 7 },
		};
		const struct ami_past_read *past;

		machine_write(rig->m, at.sq, &c, sizeof(c));
		c.opcode = 1;		/* a write */
		machine_write(rig->m, at.sq + sizeof(c), &c, sizeof(c));
		if (untranslated)
			rig_untranslated(rig);
		machine_analyse(rig->m);
		assert_int_equal(rig->m->evidence->nr_past, untranslated);
		past = rig->m->evidence->past;
		if (past) {
			assert_int_equal(past->phys, 0x5010);
			assert_int_equal(past->block, (1ull << 32) + 4096);
			assert_int_equal(past->blocks, 8);
			assert_int_equal(past->bdf.devid, RIG_DEVICE);
		}
		rig_free(rig);
	}
}

/* A page that an ELF dump left out, as it does with zeros, hides its own slots. */
static void nvme_page_left_out(void **state)
{
	const unsigned int in_page = AMI_PAGE_SIZE / sizeof(struct nvme_command);
	unsigned int hidden;

	(void)state;
	for (hidden = 0; hidden < 2; hidden++) {
		struct rig *rig = nvme();
		struct nvme_command c = read_command(rig);
		uint64_t sq = image_alloc(rig->m->img, 2);

		at.sq = image_va(sq);
		rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_sq, at.sq);
		rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_depth,
			2 * in_page);
		command(rig, &c);
		image_hide(rig->m->img, (sq >> AMI_PAGE_SHIFT) + hidden,
			   AMI_MEM_FILTERED);
		machine_analyse(rig->m);
		assert_int_equal(inflight(rig, AMI_PROVEN, 0), hidden);
		assert_true(inflight(rig, AMI_LIKELY, 0));
		assert_int_equal(rig_found(rig, "nvme-command-unread"),
				 !hidden);
		assert_int_equal(rig_found(rig, "nvme-queue-unread"), 0);
		rig_free(rig);
	}
}

static void answer(struct rig *rig, unsigned int slot, uint16_t cid,
		   uint16_t status)
{
	const uint16_t c[8] = { 0, 0, 0, 0, 0, 1, cid, status };

	machine_write(rig->m, at.cq + slot * sizeof(c), c, sizeof(c));
}

static void not_rung(struct rig *rig)
{
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_rung, SLOT);
}

static void answered(struct rig *rig)
{
	answer(rig, 0, TAG + 1, 1);
	answer(rig, 1, TAG, 1);
}

/* From the last entry on, the phase is the other one. */
static void answered_behind_end(struct rig *rig)
{
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_cq_head, DEPTH - 1);
	answer(rig, DEPTH - 1, TAG + 1, 1);
	answer(rig, 0, TAG, 0);
	answer(rig, 1, TAG + 1, 1);
}

/* Of the round before: not an answer. */
static void old_answer(struct rig *rig)
{
	answer(rig, 0, TAG, 0);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_cq_phase, 1);
}

static void old_command(struct rig *rig)
{
	struct nvme_command c = read_command(rig);

	c.cdw10[0]++;
	command(rig, &c);
}

static void shorter_command(struct rig *rig)
{
	struct nvme_command c = read_command(rig);

	c.cdw10[2]--;
	command(rig, &c);
}

/* What only proves when nothing speaks against it. */
static void nvme_certainty(void **state)
{
	static const struct {
		void (*change)(struct rig *rig);
		enum ami_certainty certainty;
	} want[] = {
		{ not_rung, AMI_LIKELY },
		{ answered, AMI_LIKELY },
		{ answered_behind_end, AMI_LIKELY },
		{ old_answer, AMI_PROVEN },
		{ old_command, AMI_POSSIBLE },
		{ shorter_command, AMI_POSSIBLE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct rig *rig = nvme();

		want[i].change(rig);
		machine_analyse(rig->m);
		assert_true(inflight(rig, want[i].certainty, 0));
		assert_int_equal(inflight(rig, AMI_PROVEN, 0),
				 want[i].certainty == AMI_PROVEN);
		assert_int_equal(rig_found(rig, "nvme-command-damaged"),
				 want[i].certainty == AMI_POSSIBLE);
		rig_free(rig);
	}
}

/* SGLs: data at page 5, the rest in a segment whose last leads on. */
static void nvme_sgl(void **state)
{
	struct rig *rig = nvme();
	struct nvme_command c = read_command(rig);
	const uint64_t list[] = {
		0x5000, 0x1000, 0, 0x10ull << 56 | 0x800,
		IOVA(LIST) + 0x100, 0x30ull << 56 | 16,
	};
	const uint64_t last[] = { 0x7000, 0x1000 };

	(void)state;
	c.flags = 1 << 6;
	c.data[0] = IOVA(LIST);
	c.data[1] = 0x20ull << 56 | sizeof(list);
	command(rig, &c);
	image_write(rig->m->img, LIST, list, sizeof(list));
	image_write(rig->m->img, LIST + 0x100, last, sizeof(last));
	machine_analyse(rig->m);
	assert_true(inflight(rig, AMI_PROVEN, 5));
	assert_true(inflight(rig, AMI_PROVEN, 7));
	assert_int_equal(rig_found(rig, "nvme-command-damaged"), 0);
	/* Where the request's bios are not. */
	assert_int_equal(rig_found(rig, "nvme-block-disagree"), 1);
	rig_free(rig);
}

/* Two pages of a host memory buffer, and shadow doorbells. */
static void nvme_own_memory(void **state)
{
	struct rig *rig = nvme();
	uint64_t list = machine_object(rig->m, 16);
	uint64_t eis = image_va(image_alloc(rig->m->img, 1));
	const uint64_t d[] = { 0x20000, 2 };

	(void)state;
	machine_write(rig->m, list, d, sizeof(d));
	rig_set(rig, at.dev, AMI_F_nvme_dev_nr_hmb, 1);
	rig_set(rig, at.dev, AMI_F_nvme_dev_hmb, list);
	rig_set(rig, at.dev, AMI_F_nvme_dev_dbbuf_eis, eis);
	rig_set(rig, at.dev, AMI_F_nvme_dev_db_stride, 1);
	machine_analyse(rig->m);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_LIKELY,
			      RIG_BUFFER + 0x21000));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      eis - IMAGE_DIRECT_MAP));
	rig_free(rig);
}

/* A damaged count: 16 TiB of addresses that lead nowhere, then everywhere. */
static void endless_host_memory(void **state)
{
	int identity;

	(void)state;
	for (identity = 0; identity < 2; identity++) {
		struct rig *rig = nvme();
		uint64_t list = machine_object(rig->m, 16);
		const uint64_t d[] = { 0x40000000, UINT32_MAX };
		const struct ami_budget *b;

		machine_write(rig->m, list, d, sizeof(d));
		rig_set(rig, at.dev, AMI_F_nvme_dev_nr_hmb, 1);
		rig_set(rig, at.dev, AMI_F_nvme_dev_hmb, list);
		if (identity)
			rig_untranslated(rig);
		machine_analyse(rig->m);
		b = ami_dump_budget(rig->m->dump);
		if (b->nr_cut)
			fail_msg("%s ended", b->cut[0]);
		assert_true(b->used < b->limit / 20);
		assert_int_equal(rig_found(rig, "buffer-not-mapped"),
				 !identity);
		rig_free(rig);
	}
}

/* Without types: both addresses of what a queue shares, doorbell, depth. */
static void nvme_by_shape(void **state)
{
	struct rig *rig = nvme();
	uint64_t queues = machine_object(rig->m, 0x200);
	uint64_t dev = machine_object(rig->m, 0x800);
	uint64_t sq = RIG_BUFFER + 50 * AMI_PAGE_SIZE;
	uint64_t cq = sq + AMI_PAGE_SIZE, own = cq + AMI_PAGE_SIZE;
	const uint64_t words[] = {
		dev, 0, image_va(sq), image_va(cq), IOVA(sq), IOVA(cq), 0,
		DEPTH,
	};
	const uint64_t shared[] = { image_va(own), IOVA(own) };

	(void)state;
	image_layout(rig->m->img)->field[AMI_F_nvme_dev_queues].present = false;
	rig_set(rig, rig->dev, AMI_F_device_driver_data, dev);
	rig_set64(rig, dev, queues);
	machine_write(rig->m, dev + 0x400, shared, sizeof(shared));
	machine_write(rig->m, queues, words, sizeof(words));
	machine_write(rig->m, queues + 0x80, words, sizeof(words));
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 2);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_POSSIBLE, cq));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_POSSIBLE, own));
	assert_int_equal(rig_found(rig, "nvme-types-missing"), 1);
	assert_true(rig_covered(rig, "block"));
	rig_free(rig);
}

DAMAGE(deep_queue, at.nvme_queue, nvme_queue_depth, 1ull << 32)
DAMAGE(tail_beyond, at.nvme_queue, nvme_queue_sq_tail, DEPTH)
DAMAGE(bell_beyond, at.nvme_queue, nvme_queue_rung, DEPTH)
DAMAGE(other_entries, at.nvme_queue, nvme_queue_sqes, 200)
DAMAGE(no_sq, at.nvme_queue, nvme_queue_sq, NOWHERE)
DAMAGE(no_nvme_queues, at.dev, nvme_dev_queues, NOWHERE)

static void change_command(struct rig *rig, uint8_t flags, uint64_t first,
			   uint64_t second)
{
	struct nvme_command c = read_command(rig);

	c.flags = flags;
	c.data[0] = first;
	c.data[1] = second;
	command(rig, &c);
}

static void prp_nowhere(struct rig *rig)
{
	change_command(rig, 0, 0, 0x123456789000);
}

/* The last entry of a full list is the list itself. */
static void prp_loop(struct rig *rig)
{
	change_command(rig, 0, 0, IOVA(LIST) + AMI_PAGE_SIZE - 8);
	image_write64(rig->m->img, LIST + AMI_PAGE_SIZE - 8,
		      IOVA(LIST) + AMI_PAGE_SIZE - 8);
}

static void sgl_unknown(struct rig *rig)
{
	change_command(rig, 1 << 6, IOVA(LIST), 0x70ull << 56 | 32);
}

static void sgl_loop(struct rig *rig)
{
	const uint64_t self[] = { IOVA(LIST), 0x20ull << 56 | 16 };

	change_command(rig, 1 << 6, self[0], self[1]);
	image_write(rig->m->img, LIST, self, sizeof(self));
}

static void sgl_nowhere(struct rig *rig)
{
	change_command(rig, 1 << 6, 1ull << 40, 0x20ull << 56 | UINT32_MAX);
}

static void sgl_short(struct rig *rig)
{
	change_command(rig, 1 << 6, IOVA(LIST), 0x20ull << 56 | 8);
}

static void data_unmapped(struct rig *rig)
{
	change_command(rig, 0, 1ull << 40, IOVA(LIST));
}

static void wrong_way(struct rig *rig)
{
	struct nvme_command c = read_command(rig);

	c.opcode = 1;
	command(rig, &c);
}

static void no_command(struct rig *rig)
{
	const struct nvme_command none = { .cid = TAG + 1 };

	command(rig, &none);
}

static void hostile_nvme(void **state)
{
	static const struct rig_damage list[] = {
		{ "deep queue", deep_queue, "nvme-unread" },
		{ "tail beyond", tail_beyond, "nvme-queue-unread" },
		{ "doorbell beyond", bell_beyond, "nvme-queue-unread" },
		{ "other entries", other_entries, "nvme-queue-unread" },
		{ "no queue memory", no_sq, "nvme-queue-unread" },
		{ "no queues", no_nvme_queues, "nvme-unread" },
		{ "PRP list nowhere", prp_nowhere, "nvme-command-damaged" },
		{ "PRP list in a loop", prp_loop, "nvme-command-damaged" },
		{ "SGL of unknown type", sgl_unknown, "nvme-command-damaged" },
		{ "SGL in a loop", sgl_loop, "nvme-command-damaged" },
		{ "SGL nowhere", sgl_nowhere, "nvme-command-damaged" },
		{ "SGL too short", sgl_short, "nvme-command-damaged" },
		{ "data not mapped", data_unmapped, "buffer-not-mapped" },
		{ "the other way", wrong_way, "nvme-command-damaged" },
		{ "not queued", no_command, "nvme-request-not-queued" },
	};

	(void)state;
	rig_survives(nvme, list, sizeof(list) / sizeof(list[0]));
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	(void)state;
	rig_survives_gaps(disk);
	rig_survives_gaps(nvme);
}

/* The driver says that both queues are online. */
static struct rig *online(void)
{
	struct rig *rig = nvme();
	uint64_t size = image_layout(rig->m->img)->type_size[AMI_T_nvme_queue];
	uint64_t admin = at.nvme_queue - size;

	rig_set(rig, admin, AMI_F_nvme_queue_depth, DEPTH);
	rig_set(rig, admin, AMI_F_nvme_queue_cq, at.cq);
	rig_set(rig, at.dev, AMI_F_nvme_dev_online, 2);
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_cq_head, SLOT);
	return rig;
}

static void set_head(struct rig *rig, unsigned int answers)
{
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_cq_head, answers);
}

/* One request is out, and one more may be on its way to or from the driver. */
static void nothing_missing(struct rig *rig)
{
	set_head(rig, SLOT - 1);
}

static void requests_missing(struct rig *rig)
{
	set_head(rig, SLOT - 2);
}

static void without_entries(struct rig *rig)
{
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_depth, 0);
}

static void without_answers(struct rig *rig)
{
	rig_set(rig, at.nvme_queue, AMI_F_nvme_queue_cq, 0);
}

static void not_listed(struct rig *rig)
{
	rig_set(rig, at.dev, AMI_F_nvme_dev_nr_queues, 0);
}

static void zeroed_queues(void **state)
{
	static const struct {
		void (*damage)(struct rig *rig);
		bool missing;
	} list[] = {
		{ nothing_missing, false }, { requests_missing, true },
		{ without_entries, true }, { without_answers, true }, { not_listed, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig *rig = online();

		list[i].damage(rig);
		machine_analyse(rig->m);
		assert_int_equal(rig_found(rig, "buffers-missing"),
				 list[i].missing);
		assert_int_equal(rig_covered(rig, "nvme"), !list[i].missing);
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_queues),
		cmocka_unit_test(reads),
		cmocka_unit_test(reads_by_usb),
		cmocka_unit_test(reads_no_sector),
		cmocka_unit_test(reads_what_is_left),
		cmocka_unit_test(reads_integrity), cmocka_unit_test(by_state),
		cmocka_unit_test(age), cmocka_unit_test(tag_given_back),
		cmocka_unit_test(hostile_disks), cmocka_unit_test(nvme_reads),
		cmocka_unit_test(nvme_page_left_out),
		cmocka_unit_test(nvme_certainty), cmocka_unit_test(nvme_sgl),
		cmocka_unit_test(nvme_past_reads),
		cmocka_unit_test(nvme_own_memory),
		cmocka_unit_test(endless_host_memory),
		cmocka_unit_test(nvme_by_shape),
		cmocka_unit_test(hostile_nvme),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
