// SPDX-License-Identifier: GPL-2.0-or-later
/* Disks on machines: requests of the block layer, and NVMe queues that carry them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disks.h"

struct disk_places disk;

static void set_bitmap(struct rig *rig, uint64_t tags, enum ami_field f,
		       uint64_t bits)
{
	uint64_t queue = machine_object(rig->m, 64);
	uint64_t sb = rig_member(rig, queue, AMI_F_sbq_sb);

	disk.words = rig_object(rig, AMI_T_sbitmap_word);
	rig_set(rig, disk.words, AMI_F_sbitmap_word, bits);
	rig_set(rig, sb, AMI_F_sbitmap_shift, 6);
	rig_set(rig, sb, AMI_F_sbitmap_map_nr, 1);
	rig_set(rig, sb, AMI_F_sbitmap_map, disk.words);
	rig_set(rig, tags, f, queue);
	disk.bitmap = sb;
}

static void make_request(struct rig *rig)
{
	unsigned int i;

	/* The driver's own part follows. */
	disk.request = machine_object(rig->m, 0x200);
	disk.bio = rig_object(rig, AMI_T_bio);
	disk.vec = machine_object(rig->m, 3 * 64);
	rig_set(rig, disk.request, AMI_F_request_state, DISK_IN_FLIGHT);
	rig_set(rig, disk.request, AMI_F_request_data_len, DISK_BYTES);
	rig_set(rig, disk.request, AMI_F_request_sector, DISK_SECTOR);
	rig_set(rig, disk.request, AMI_F_request_bio, disk.bio);
	rig_set(rig, disk.bio, AMI_F_bio_io_vec, disk.vec);
	for (i = 0; i < 3; i++) {
		uint64_t vec = disk.vec + i * image_layout(rig->m->img)
			       ->type_size[AMI_T_bio_vec];

		rig_set(rig, vec, AMI_F_bvec_page,
			rig_page(RIG_BUFFER + i * AMI_PAGE_SIZE));
		rig_set(rig, vec, AMI_F_bvec_len, AMI_PAGE_SIZE);
	}
	rig_set(rig, rig_member(rig, disk.bio, AMI_F_bio_iter),
		AMI_F_bvec_iter_size, DISK_BYTES);
}

static uint64_t make_tags(struct rig *rig)
{
	uint64_t tags = rig_object(rig, AMI_T_blk_mq_tags);

	rig_set(rig, tags, AMI_F_tags_nr_tags, DISK_TAGS);
	set_bitmap(rig, tags, AMI_F_tags_reserved_bitmap, 0);
	set_bitmap(rig, tags, AMI_F_tags_bitmap, 1u << DISK_TAG);
	disk.rqs = machine_object(rig->m, DISK_TAGS * 8);
	rig_set(rig, tags, AMI_F_tags_rqs, disk.rqs);
	rig_set64(rig, disk.rqs + 8 * DISK_TAG, disk.request);
	return tags;
}

static void fill_set(struct rig *rig, uint64_t set)
{
	uint64_t array = machine_object(rig->m, 64);

	disk.tags = make_tags(rig);
	disk.set = set;
	rig_set64(rig, array, disk.tags);
	rig_set(rig, set, AMI_F_tag_set_nr_hw_queues, 1);
	rig_set(rig, set, AMI_F_tag_set_tags, array);
}

static void add_disk(struct rig *rig, uint64_t set)
{
	uint64_t type = machine_object(rig->m, 64), device;

	disk.disk = machine_object(rig->m, 0x800);
	device = rig_member(rig, disk.disk, AMI_F_gendisk_part0_dev);
	rig_set(rig, type, AMI_F_device_type_name,
		machine_string(rig->m, "disk"));
	rig_set(rig, device, AMI_F_device_type, type);
	disk.queue = machine_object(rig->m, 0x100);
	rig_set(rig, disk.queue, AMI_F_queue_tag_set, set);
	rig_set(rig, disk.disk, AMI_F_gendisk_queue, disk.queue);
	rig_set(rig, disk.request, AMI_F_request_disk, disk.disk);
	machine_write(rig->m, rig_member(rig, disk.disk, AMI_F_gendisk_name),
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

struct rig *disk_rig(void)
{
	struct rig *rig = rig_with_disk("aacraid");

	fill_set(rig, machine_object(rig->m, DISK_SET_SIZE));
	add_disk(rig, disk.set);
	return rig;
}

void disk_command(struct rig *rig, const struct nvme_command *c)
{
	machine_write(rig->m, disk.sq + DISK_SLOT * sizeof(*c), c, sizeof(*c));
}

/* Page 0 by PRP 1, pages 1 and 2 by a list. */
struct nvme_command disk_read_command(struct rig *rig)
{
	const uint64_t list[] = { 0x1000, 0x2000 };

	image_write(rig->m->img, DISK_LIST, list, sizeof(list));
	return (struct nvme_command){
		.opcode = 2, .cid = DISK_TAG, .data = { 0, IOVA(DISK_LIST) },
		.cdw10 = { DISK_SECTOR, 0, DISK_BYTES / 512 - 1 },
	};
}

static void make_queue(struct rig *rig, uint64_t dev)
{
	uint64_t size = image_layout(rig->m->img)->type_size[AMI_T_nvme_queue];
	uint64_t queues = machine_object(rig->m, 2 * size);

	disk.nvme_queue = queues + size;
	disk.sq = image_va(image_alloc(rig->m->img, 1));
	disk.cq = image_va(image_alloc(rig->m->img, 1));
	rig_set(rig, dev, AMI_F_nvme_dev_queues, queues);
	rig_set(rig, dev, AMI_F_nvme_dev_nr_queues, 2);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_depth, DISK_DEPTH);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_sq, disk.sq);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_cq, disk.cq);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_sqes, 6);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_sq_tail, DISK_SLOT + 1);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_rung, DISK_SLOT + 1);
	rig_set(rig, disk.nvme_queue, AMI_F_nvme_queue_cq_phase, 1);
}

struct rig *disk_nvme(void)
{
	struct rig *rig = rig_with_disk("nvme");
	struct nvme_command c = disk_read_command(rig);

	rig_resize(rig, AMI_F_nvme_dev_tagset, DISK_SET_SIZE);
	rig_resize(rig, AMI_F_nvme_dev_admin_tagset, DISK_SET_SIZE);
	disk.dev = machine_object(rig->m, 0x800);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, disk.dev);
	rig_set(rig, disk.dev, AMI_F_nvme_dev_dev, rig->dev);
	fill_set(rig, rig_member(rig, disk.dev, AMI_F_nvme_dev_tagset));
	add_disk(rig, disk.set);
	make_queue(rig, disk.dev);
	disk_command(rig, &c);
	return rig;
}

bool disk_inflight(const struct rig *rig, enum ami_certainty certainty,
		   unsigned int page)
{
	return rig_names(rig, AMI_CLASS_INFLIGHT, certainty,
			 RIG_BUFFER + page * AMI_PAGE_SIZE);
}
