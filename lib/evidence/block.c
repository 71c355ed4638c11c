// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disks: every request of all blk-mq drivers that was issued and not completed.
 * Their types belong to the kernel, so no driver's types are needed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"

#define MAX_DISKS	16384u
#define NO_SECTOR	UINT64_MAX	/* reads no place on the disk */
#define NAME		32
#define PCI_BASE_STORAGE	0x01

struct blocks {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	struct budget budget;
	uint64_t now;
	uint64_t *sets;		/* tag sets seen */
	size_t nr_sets, disks;
	bool lost;		/* something of an unknown device */
	/* where the walk is */
	const struct ami_device *device;
	char disk[NAME];
};

static void report_disk(struct blocks *b, enum ami_finding_code code, const char *what,
			enum ami_mem mem)
{
	/* What this kernel does not have is not damage. */
	(mem == AMI_MEM_NO_FIELD ? ami_finding_note_with : ami_finding_add_with)(
		b->ev->state->findings, code, b->disk[0] ? b->disk : "disks",
		AMI_FACTS(AMI_NAMES(OBJECT, what),
			  AMI_NAMES(READ, ami_mem_text(mem))),
		"%s cannot be followed (%s): what the disk was to write may be incomplete.",
		what, ami_mem_text(mem));
	if (b->device)
		evidence_cover_partly(b->ev, b->device, BLOCK_PROVIDER);
	else
		b->lost = true;
}

static void judge_bios(struct blocks *b, const struct request *rq,
		       enum bio_damage damage, uint64_t bytes)
{
	static const char *const text[] = {
		[BIO_UNREAD] = "has a bio or segment that is not in the dump",
		[BIO_NOWHERE] = "has a bio or segment at an impossible address",
		[BIO_LOOP] = "has a chain of bios without end",
		[BIO_BAD_PAGE] = "has a segment that is not a page",
		[BIO_BAD_ITER] = "begins past the end of a segment",
	};
	struct ami_findings *f = b->ev->state->findings;

	if (damage != BIO_FINE)
		evidence_cover_partly(b->ev, b->device, BLOCK_PROVIDER);
	if (damage != BIO_FINE)
		ami_finding_add_with(f, damage == BIO_UNREAD ?
				AMI_FIND_REQUEST_UNREAD :
				AMI_FIND_REQUEST_DAMAGED, b->disk,
				AMI_FACTS(AMI_SAYS(TAG, rq->tag),
					  AMI_NAMES(FAULT, text[damage])),
				"Tag %u %s; the pages it was to fill may be incomplete.",
				rq->tag, text[damage]);
	else if (bytes != rq->data_len && !b->budget.spent)
		ami_finding_add_with(f, AMI_FIND_REQUEST_LENGTH, b->disk,
				AMI_FACTS(AMI_SAYS(TAG, rq->tag),
					  AMI_SAYS(BYTES, bytes),
					  AMI_SAYS(EXPECTED, rq->data_len)),
				"Tag %u asks for %" PRIu64 " bytes, but its memory has %" PRIu64 ".",
				rq->tag, rq->data_len, bytes);
}

/*
 * The request's own queue has the name, because LUNs share their host's tags.
 */
static void request_name(struct blocks *b, uint64_t request, char name[NAME])
{
	uint64_t disk, q;

	if (ami_get(b->k, request, AMI_F_request_disk, &disk) != AMI_MEM_OK &&
	    (ami_get(b->k, request, AMI_F_request_q, &q) != AMI_MEM_OK ||
	     ami_get(b->k, q, AMI_F_queue_disk, &disk) != AMI_MEM_OK))
		disk = 0;
	if (!disk ||
	    ami_read_string(b->k, ami_addr(b->k, disk, AMI_F_gendisk_name),
			    name, NAME) != AMI_MEM_OK)
		snprintf(name, NAME, "%s", b->disk);
}

static void one_request(void *ctx, uint32_t tag, uint64_t va)
{
	struct blocks *b = ctx;
	struct request rq = { .tag = tag };
	char name[NAME], size[24], at[40] = ", a command without a sector";
	enum bio_damage damage;
	bool completed;
	uint64_t bytes;
	enum ami_mem mem = evidence_request_read(b->k, va, &rq);

	if (mem != AMI_MEM_OK) {
		report_disk(b, AMI_FIND_REQUEST_UNREAD, "A request", mem);
		return;
	}
	completed = evidence_request_completed(b->k, &rq);
	if ((!completed && !evidence_request_issued(b->k, &rq)) ||
	    !evidence_request_reads(&rq) || !rq.data_len)
		return;
	request_name(b, va, name);
	if (rq.sector != NO_SECTOR)
		snprintf(at, sizeof(at), " at sector %" PRIu64, rq.sector);
	evidence_begin_transfer(b->ev, b->device, AMI_TRANSFER_INFLIGHT,
				completed ? AMI_POSSIBLE : AMI_LIKELY, BLOCK_PROVIDER,
				"%s tag %u: read of %s%s%s", name, tag,
				evidence_bytes_text(rq.data_len, size), at,
				completed ? ", completed" : "");
	evidence_transfer_age(b->ev, evidence_age_at(b->now, rq.start));
	damage = evidence_add_bios(b->ev, ami_addr(b->k, va, AMI_F_request_bio),
				   &b->budget, &bytes);
	judge_bios(b, &rq, damage, bytes);
	evidence_end_transfer(b->ev);
}

static void one_queue(void *ctx, uint32_t queue, uint64_t tags)
{
	struct blocks *b = ctx;
	enum ami_mem mem = evidence_tags_each(b->k, tags, &b->budget, one_request, b);

	(void)queue;
	evidence_note_requests(b->ev, tags);
	if (mem != AMI_MEM_OK)
		report_disk(b, AMI_FIND_DISK_QUEUE_UNREAD, "The list of its requests",
			    mem);
}

static bool seen(struct blocks *b, uint64_t set)
{
	size_t i;

	for (i = 0; i < b->nr_sets; i++)
		if (b->sets[i] == set)
			return true;
	b->sets[b->nr_sets++] = set;
	return false;
}

/* A USB host does much else that the block layer does not know. */
static bool speaks_for(const struct ami_device *d)
{
	return d->class >> 8 != PCI_CLASS_USB;
}

static void one_disk(struct blocks *b, uint64_t device, uint64_t disk)
{
	uint64_t queue, set;
	enum ami_mem mem, above;

	if (ami_read_string(b->k, ami_addr(b->k, disk, AMI_F_gendisk_name),
			    b->disk, sizeof(b->disk)) != AMI_MEM_OK)
		snprintf(b->disk, sizeof(b->disk), "?");
	b->device = evidence_device_above(b->ev, device, &above);
	mem = ami_get(b->k, disk, AMI_F_gendisk_queue, &queue);
	if (mem == AMI_MEM_OK)
		mem = ami_get(b->k, queue, AMI_F_queue_tag_set, &set);
	if (mem != AMI_MEM_OK) {
		report_disk(b, AMI_FIND_DISK_UNREAD, "Its queue", mem);
		return;
	}
	/* No tags: bios are passed on to other disks (dm, md, multipath). */
	if (set && above != AMI_MEM_OK)
		report_disk(b, AMI_FIND_DISK_UNREAD, "The device that it is on",
			    above);
	if (!set || !b->device)
		return;
	if (speaks_for(b->device))
		evidence_cover_device(b->ev, b->device, BLOCK_PROVIDER);
	if (seen(b, set))
		return;
	mem = evidence_tag_set_each(b->k, set, one_queue, b);
	if (mem != AMI_MEM_OK)
		report_disk(b, AMI_FIND_DISK_QUEUE_UNREAD, "The list of its queues", mem);
}

/* Whole disks and partitions have one class, but two types. */
static enum ami_mem is_disk(struct ami_kernel *k, uint64_t device, bool *is)
{
	uint64_t type, name;
	char text[8] = "";
	enum ami_mem mem = ami_get(k, device, AMI_F_device_type, &type);

	*is = false;
	if (mem != AMI_MEM_OK || !type)
		return mem;
	mem = ami_get(k, type, AMI_F_device_type_name, &name);
	if (mem == AMI_MEM_OK)
		mem = ami_read_string(k, name, text, sizeof(text));
	*is = mem == AMI_MEM_OK && !strcmp(text, "disk");
	return mem;
}

static bool one_device(void *ctx, uint64_t device)
{
	struct blocks *b = ctx;
	enum ami_mem mem;
	uint64_t disk;
	bool is;

	b->disk[0] = '\0';
	b->device = NULL;
	mem = is_disk(b->k, device, &is);
	if (mem != AMI_MEM_OK)
		report_disk(b, AMI_FIND_DISK_UNREAD, "A disk or partition", mem);
	if (!is)
		return true;
	if (b->disks++ == MAX_DISKS) {
		b->budget.spent = true;
		return false;
	}
	if (ami_has(b->k, AMI_F_gendisk_part0_dev))
		disk = ami_container(b->k, device, AMI_F_gendisk_part0_dev);
	else
		mem = ami_get(b->k, ami_container(b->k, device,
						  AMI_F_bdev_device),
			      AMI_F_bdev_disk, &disk);
	if (mem == AMI_MEM_OK)
		one_disk(b, device, disk);
	else
		report_disk(b, AMI_FIND_DISK_UNREAD, "A disk", mem);
	return true;
}

static void name_limit(struct blocks *b)
{
	if (b->budget.spent)
		ami_finding_add(b->ev->state->findings,
				AMI_FIND_DISK_WORK_LIMIT, "disks",
				"It has more requests or segments than any machine has: its structures are damaged. The rest was not read.");
}

void evidence_find_tag_set(struct ami_evidence *ev, const struct ami_device *device,
			   uint64_t set, const char *label)
{
	struct blocks b = {
		.ev = ev, .k = ev->state->kernel, .device = device,
		.budget = { .left = BLOCK_BUDGET },
	};
	enum ami_mem mem;

	snprintf(b.disk, sizeof(b.disk), "%s", label);
	b.now = evidence_panic_clock(b.k);
	mem = evidence_tag_set_each(b.k, set, one_queue, &b);
	if (mem != AMI_MEM_OK)
		report_disk(&b, AMI_FIND_DISK_QUEUE_UNREAD, "The list of its queues", mem);
	name_limit(&b);
}

/* Unknown disks may belong to any of the controllers. */
static void doubt_disks(struct ami_evidence *ev)
{
	size_t i;

	evidence_cover_rest_partly(ev, BLOCK_PROVIDER);
	for (i = 0; i < ev->state->nr_devices; i++)
		if (ev->state->devices[i].class >> 16 == PCI_BASE_STORAGE)
			evidence_cover_partly(ev, &ev->state->devices[i],
					      BLOCK_PROVIDER);
}

void evidence_find_block(struct ami_evidence *ev)
{
	struct blocks b = {
		.ev = ev, .k = ev->state->kernel,
		.budget = { .left = BLOCK_BUDGET },
	};
	uint64_t class = ami_symbol(b.k, AMI_SYM_block_class);
	enum ami_mem mem;

	b.sets = calloc(MAX_DISKS, sizeof(*b.sets));
	if (!b.sets) {
		ev->collector->no_memory = true;
		return;
	}
	b.now = evidence_panic_clock(b.k);
	mem = class ? ami_device_each(b.k, class, one_device, &b) :
	      AMI_MEM_NO_FIELD;
	b.disk[0] = '\0';
	b.device = NULL;
	if (mem != AMI_MEM_OK)
		report_disk(&b, AMI_FIND_DISK_UNREAD, "The list of disks", mem);
	if (b.lost)
		doubt_disks(ev);
	name_limit(&b);
	free(b.sets);
}
