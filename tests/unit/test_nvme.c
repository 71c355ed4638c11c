// SPDX-License-Identifier: GPL-2.0-or-later
/* NVMe commands that carry requests of disks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disks.h"

static void nvme_reads(void **state)
{
	struct rig *rig = disk_nvme();

	(void)state;
	machine_analyse(rig->m);
	assert_true(disk_inflight(rig, AMI_PROVEN, 0) &&
		    disk_inflight(rig, AMI_PROVEN, 1) &&
		    disk_inflight(rig, AMI_PROVEN, 2));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      disk.cq - IMAGE_DIRECT_MAP));
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
		struct rig *rig = disk_nvme();
		struct nvme_command c = {
			.opcode = 2, .cid = DISK_TAG + 1, .nsid = 1,
			.data = { 0x5010 }, .cdw10 = { 4096, 1, 7 },
		};
		const struct ami_past_read *past;

		machine_write(rig->m, disk.sq, &c, sizeof(c));
		c.opcode = 1;		/* a write */
		machine_write(rig->m, disk.sq + sizeof(c), &c, sizeof(c));
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
		struct rig *rig = disk_nvme();
		struct nvme_command c = disk_read_command(rig);
		uint64_t sq = image_alloc(rig->m->img, 2);

		disk.sq = image_va(sq);
		rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_sq, disk.sq);
		rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_depth,
			2 * in_page);
		disk_command(rig, &c);
		image_hide(rig->m->img, (sq >> AMI_PAGE_SHIFT) + hidden,
			   AMI_MEM_FILTERED);
		machine_analyse(rig->m);
		assert_int_equal(disk_inflight(rig, AMI_PROVEN, 0), hidden);
		assert_true(disk_inflight(rig, AMI_LIKELY, 0));
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

	machine_write(rig->m, disk.cq + slot * sizeof(c), c, sizeof(c));
}

static void not_rung(struct rig *rig)
{
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_rung, DISK_SLOT);
}

static void answered(struct rig *rig)
{
	answer(rig, 0, DISK_TAG + 1, 1);
	answer(rig, 1, DISK_TAG, 1);
}

/* From the last entry on, the phase is the other one. */
static void answered_behind_end(struct rig *rig)
{
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_cq_head, DISK_DEPTH - 1);
	answer(rig, DISK_DEPTH - 1, DISK_TAG + 1, 1);
	answer(rig, 0, DISK_TAG, 0);
	answer(rig, 1, DISK_TAG + 1, 1);
}

/* Of the round before: not an answer. */
static void old_answer(struct rig *rig)
{
	answer(rig, 0, DISK_TAG, 0);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_cq_phase, 1);
}

static void old_command(struct rig *rig)
{
	struct nvme_command c = disk_read_command(rig);

	c.cdw10[0]++;
	disk_command(rig, &c);
}

static void shorter_command(struct rig *rig)
{
	struct nvme_command c = disk_read_command(rig);

	c.cdw10[2]--;
	disk_command(rig, &c);
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
		struct rig *rig = disk_nvme();

		want[i].change(rig);
		machine_analyse(rig->m);
		assert_true(disk_inflight(rig, want[i].certainty, 0));
		assert_int_equal(disk_inflight(rig, AMI_PROVEN, 0),
				 want[i].certainty == AMI_PROVEN);
		assert_int_equal(rig_found(rig, "nvme-command-damaged"),
				 want[i].certainty == AMI_POSSIBLE);
		rig_free(rig);
	}
}

/* SGLs: data at page 5, the rest in a segment whose last leads on. */
static void nvme_sgl(void **state)
{
	struct rig *rig = disk_nvme();
	struct nvme_command c = disk_read_command(rig);
	const uint64_t list[] = {
		0x5000, 0x1000, 0, 0x10ull << 56 | 0x800,
		IOVA(DISK_LIST) + 0x100, 0x30ull << 56 | 16,
	};
	const uint64_t last[] = { 0x7000, 0x1000 };

	(void)state;
	c.flags = 1 << 6;
	c.data[0] = IOVA(DISK_LIST);
	c.data[1] = 0x20ull << 56 | sizeof(list);
	disk_command(rig, &c);
	image_write(rig->m->img, DISK_LIST, list, sizeof(list));
	image_write(rig->m->img, DISK_LIST + 0x100, last, sizeof(last));
	machine_analyse(rig->m);
	assert_true(disk_inflight(rig, AMI_PROVEN, 5));
	assert_true(disk_inflight(rig, AMI_PROVEN, 7));
	assert_int_equal(rig_found(rig, "nvme-command-damaged"), 0);
	/* Where the request's bios are not. */
	assert_int_equal(rig_found(rig, "nvme-block-disagree"), 1);
	rig_free(rig);
}

/* Two pages of a host memory buffer, and shadow doorbells. */
static void nvme_own_memory(void **state)
{
	struct rig *rig = disk_nvme();
	uint64_t list = machine_object(rig->m, 16);
	uint64_t eis = image_va(image_alloc(rig->m->img, 1));
	const uint64_t d[] = { 0x20000, 2 };

	(void)state;
	machine_write(rig->m, list, d, sizeof(d));
	rig_set(rig, disk.dev, AMI_F_nvme_dev_nr_hmb, 1);
	rig_set(rig, disk.dev, AMI_F_nvme_dev_hmb, list);
	rig_set(rig, disk.dev, AMI_F_nvme_dev_dbbuf_eis, eis);
	rig_set(rig, disk.dev, AMI_F_nvme_dev_db_stride, 1);
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
		struct rig *rig = disk_nvme();
		uint64_t list = machine_object(rig->m, 16);
		const uint64_t d[] = { 0x40000000, UINT32_MAX };
		const struct ami_budget *b;

		machine_write(rig->m, list, d, sizeof(d));
		rig_set(rig, disk.dev, AMI_F_nvme_dev_nr_hmb, 1);
		rig_set(rig, disk.dev, AMI_F_nvme_dev_hmb, list);
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
	struct rig *rig = disk_nvme();
	uint64_t queues = machine_object(rig->m, 0x200);
	uint64_t dev = machine_object(rig->m, 0x800);
	uint64_t sq = RIG_BUFFER + 50 * AMI_PAGE_SIZE;
	uint64_t cq = sq + AMI_PAGE_SIZE, own = cq + AMI_PAGE_SIZE;
	const uint64_t words[] = {
		dev, 0, image_va(sq), image_va(cq), IOVA(sq), IOVA(cq), 0,
		DISK_DEPTH,
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

RIG_DAMAGE(deep_queue, disk.nvme_queue, nvme_queue_depth, 1ull << 32)
RIG_DAMAGE(tail_beyond, disk.nvme_queue, nvme_queue_sq_tail, DISK_DEPTH)
RIG_DAMAGE(bell_beyond, disk.nvme_queue, nvme_queue_rung, DISK_DEPTH)
RIG_DAMAGE(other_entries, disk.nvme_queue, nvme_queue_sqes, 200)
RIG_DAMAGE(no_sq, disk.nvme_queue, nvme_queue_sq, RIG_NOWHERE)
RIG_DAMAGE(no_nvme_queues, disk.dev, nvme_dev_queues, RIG_NOWHERE)

static void change_command(struct rig *rig, uint8_t flags, uint64_t first,
			   uint64_t second)
{
	struct nvme_command c = disk_read_command(rig);

	c.flags = flags;
	c.data[0] = first;
	c.data[1] = second;
	disk_command(rig, &c);
}

static void prp_nowhere(struct rig *rig)
{
	change_command(rig, 0, 0, 0x123456789000);
}

/* The last entry of a full list is the list itself. */
static void prp_loop(struct rig *rig)
{
	change_command(rig, 0, 0, IOVA(DISK_LIST) + AMI_PAGE_SIZE - 8);
	image_write64(rig->m->img, DISK_LIST + AMI_PAGE_SIZE - 8,
		      IOVA(DISK_LIST) + AMI_PAGE_SIZE - 8);
}

static void sgl_unknown(struct rig *rig)
{
	change_command(rig, 1 << 6, IOVA(DISK_LIST), 0x70ull << 56 | 32);
}

static void sgl_loop(struct rig *rig)
{
	const uint64_t self[] = { IOVA(DISK_LIST), 0x20ull << 56 | 16 };

	change_command(rig, 1 << 6, self[0], self[1]);
	image_write(rig->m->img, DISK_LIST, self, sizeof(self));
}

static void sgl_nowhere(struct rig *rig)
{
	change_command(rig, 1 << 6, 1ull << 40, 0x20ull << 56 | UINT32_MAX);
}

static void sgl_short(struct rig *rig)
{
	change_command(rig, 1 << 6, IOVA(DISK_LIST), 0x20ull << 56 | 8);
}

static void data_unmapped(struct rig *rig)
{
	change_command(rig, 0, 1ull << 40, IOVA(DISK_LIST));
}

static void wrong_way(struct rig *rig)
{
	struct nvme_command c = disk_read_command(rig);

	c.opcode = 1;
	disk_command(rig, &c);
}

static void no_command(struct rig *rig)
{
	const struct nvme_command none = { .cid = DISK_TAG + 1 };

	disk_command(rig, &none);
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
	rig_survives(disk_nvme, list, sizeof(list) / sizeof(list[0]));
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	(void)state;
	rig_survives_gaps(disk_nvme);
	rig_survives_noise(disk_nvme);
}

/* The driver says that both queues are online. */
static struct rig *online(void)
{
	struct rig *rig = disk_nvme();
	uint64_t size = image_layout(rig->m->img)->type_size[AMI_T_nvme_queue];
	uint64_t admin = disk.nvme_queue - size;

	rig_set(rig, admin, AMI_F_nvme_queue_depth, DISK_DEPTH);
	rig_set(rig, admin, AMI_F_nvme_queue_cq, disk.cq);
	rig_set(rig, disk.dev, AMI_F_nvme_dev_online, 2);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_cq_head, DISK_SLOT);
	return rig;
}

static void set_head(struct rig *rig, unsigned int answers)
{
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_cq_head, answers);
}

/* One request is out, and one more may be on its way to or from the driver. */
static void nothing_missing(struct rig *rig)
{
	set_head(rig, DISK_SLOT - 1);
}

static void requests_missing(struct rig *rig)
{
	set_head(rig, DISK_SLOT - 2);
}

static void without_entries(struct rig *rig)
{
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_depth, 0);
}

static void without_answers(struct rig *rig)
{
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_cq, 0);
}

static void not_listed(struct rig *rig)
{
	rig_set(rig, disk.dev, AMI_F_nvme_dev_nr_queues, 0);
}

static void zeroed_queues(void **state)
{
	static const struct {
		void (*damage)(struct rig *rig);
		bool missing;
	} list[] = {
		{ nothing_missing, false }, { requests_missing, true },
		{ without_entries, true }, { without_answers, true },
		{ not_listed, true },
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
		cmocka_unit_test(nvme_reads),
		cmocka_unit_test(nvme_page_left_out),
		cmocka_unit_test(nvme_certainty),
		cmocka_unit_test(nvme_sgl),
		cmocka_unit_test(nvme_past_reads),
		cmocka_unit_test(nvme_own_memory),
		cmocka_unit_test(endless_host_memory),
		cmocka_unit_test(nvme_by_shape),
		cmocka_unit_test(hostile_nvme),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
