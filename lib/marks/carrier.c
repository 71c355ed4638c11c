// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/fileio.h>
#include <dump/kdumphdr.h>
#include "carrier.h"

#define NAME_BYTES	8u	/* struct vmcoredd_header of linux/vmcore.h */
#define DUMP_NAME_BYTES	44u

struct note_head {
	Elf64_Nhdr n;
	char name[NAME_BYTES];
	char dump_name[DUMP_NAME_BYTES];
};

static size_t padded(size_t len, size_t to)
{
	return (len + to - 1) & ~(to - 1);
}

/* Bytes of the note at @at; 0: none is left. */
static size_t note_size(const uint8_t *at, size_t left)
{
	Elf64_Nhdr n;
	uint64_t size;

	if (left < sizeof(n))
		return 0;
	memcpy(&n, at, sizeof(n));
	size = sizeof(n) + padded(n.n_namesz, 4) + padded(n.n_descsz, 4);
	return size <= left ? size : 0;
}

/* Descriptor of the note at @at, after its head; NULL: not marks. */
static const uint8_t *is_ours(const uint8_t *at, size_t *len)
{
	struct note_head head;
	Elf64_Nhdr n;

	memcpy(&n, at, sizeof(n));
	if (n.n_type != CARRIER_NOTE_TYPE ||
	    (n.n_namesz != NAME_BYTES &&
	     n.n_namesz != sizeof(CARRIER_NOTE_NAME)) ||
	    n.n_descsz < DUMP_NAME_BYTES)
		return NULL;
	memcpy(&head, at, sizeof(head));
	if (strncmp(head.name, CARRIER_NOTE_NAME, NAME_BYTES) ||
	    strncmp(head.dump_name, CARRIER_DUMP_NAME, DUMP_NAME_BYTES))
		return NULL;
	*len = n.n_descsz - DUMP_NAME_BYTES;
	return at + sizeof(head);
}

const uint8_t *carrier_note(const void *notes, size_t size, size_t *len)
{
	const uint8_t *at = notes, *found;
	size_t n;

	for (; (n = note_size(at, size)); at += n, size -= n) {
		found = is_ours(at, len);
		if (found)
			return found;
	}
	return NULL;
}

/* Copy the notes except ours, which is renewed. Returns how many bytes. */
static size_t copy_others(uint8_t *to, const uint8_t *at, size_t size,
			  size_t *taken)
{
	uint8_t *start = to;
	size_t n, len;

	for (*taken = 0; (n = note_size(at + *taken, size - *taken));
	     *taken += n)
		if (!is_ours(at + *taken, &len))
			to = (uint8_t *)memcpy(to, at + *taken, n) + n;
	return to - start;
}

/*
 * @old notes, ours, and padding for readers: crash prints content in units of
 * 16 bytes.
 */
static void *join_notes(const uint8_t *old, size_t old_size, const void *marks,
			size_t len, size_t *size)
{
	struct note_head head = {
		.n = { NAME_BYTES, DUMP_NAME_BYTES + padded(len, 16),
		       CARRIER_NOTE_TYPE },
		.name = CARRIER_NOTE_NAME, .dump_name = CARRIER_DUMP_NAME,
	};
	uint8_t *all = calloc(1, padded(old_size, 4) + sizeof(head) +
				 padded(len, 16));
	size_t at, taken;

	if (!all)
		return NULL;
	at = copy_others(all, old, old_size, &taken);
	memcpy(all + at, &head, sizeof(head));
	at += sizeof(head);
	memcpy(all + at, marks, len);
	at += padded(len, 16);
	memcpy(all + at, old + taken, old_size - taken);
	*size = at + old_size - taken;
	return all;
}

/* The notes at @offset of the dump, malloc'ed. */
static void *read_old(int fd, uint64_t offset, uint64_t size)
{
	void *old = size && size <= KDUMP_MAX_NOTES ? malloc(size) : NULL;

	if (old && !ami_file_read_at(fd, old, size, offset)) {
		free(old);
		old = NULL;
	}
	return old;
}

static void *join_old(int fd, uint64_t offset, uint64_t old_size,
		      const void *marks, size_t len, size_t *size)
{
	void *old = read_old(fd, offset, old_size);
	void *all = old ? join_notes(old, old_size, marks, len, size) : NULL;

	free(old);
	return all;
}

/*
 * VMCOREINFO is one of the notes, and is found at the same place among the new
 * ones. Otherwise it stays where it is: headers that are damaged may say that
 * it ends past the notes, or lies between them.
 */
static bool is_copied(int fd, const struct kdump_sub_header *old,
		      const struct carrier_patch *notes)
{
	uint64_t at = old->offset_vmcoreinfo - old->offset_note;
	uint64_t size = old->size_vmcoreinfo;
	void *content;
	bool same;

	if (!size || old->offset_vmcoreinfo < old->offset_note ||
	    at > notes->len || size > notes->len - at)
		return false;
	content = read_old(fd, old->offset_vmcoreinfo, size);
	same = content && !memcmp(content, (const uint8_t *)notes->data + at,
				  size);
	free(content);
	return same;
}

/*
 * The notes and ours go to @at, the end of the dump. The headers then say where
 * they are.
 */
static bool plan_patches(int fd, uint64_t at, const struct kdump_sub_header *old,
			 const void *marks, size_t len,
			 struct carrier_plan *plan)
{
	struct kdump_sub_header *sub = malloc(sizeof(*sub));

	plan->head = (struct carrier_patch){ KDUMP_BLOCK, sizeof(*sub), sub };
	plan->notes.offset = at;
	plan->notes.data = join_old(fd, old->offset_note, old->size_note, marks,
				    len, &plan->notes.len);
	if (!sub || !plan->notes.data)
		return false;
	*sub = *old;
	if (is_copied(fd, old, &plan->notes))
		sub->offset_vmcoreinfo += at - old->offset_note;
	sub->offset_note = at;
	sub->size_note = plan->notes.len;
	return true;
}

static bool is_kdump(int fd)
{
	char magic[8];

	return ami_file_read_at(fd, magic, sizeof(magic), 0) &&
	       !memcmp(magic, KDUMP_SIGNATURE, sizeof(magic));
}

static bool takes_note(int fd, struct kdump_sub_header *sub)
{
	struct kdump_header h;

	return is_kdump(fd) && ami_file_read_at(fd, &h, sizeof(h), 0) &&
	       h.header_version >= 4 && h.block_size == KDUMP_BLOCK &&
	       ami_file_read_at(fd, sub, sizeof(*sub), KDUMP_BLOCK) && !sub->split;
}

int carrier_plan(int fd, uint64_t size, const void *marks, size_t len,
		 struct carrier_plan *plan, struct ami_error *err)
{
	uint64_t at = (size + 7) & ~UINT64_C(7);
	struct kdump_sub_header sub;

	memset(plan, 0, sizeof(*plan));
	if (takes_note(fd, &sub) &&
	    plan_patches(fd, at, &sub, marks, len, plan))
		return 0;
	carrier_plan_free(plan);
	return ami_error_set(err, AMI_ERR_DATA,
			     "the dump has no notes that could be extended");
}

void carrier_plan_free(struct carrier_plan *plan)
{
	free(plan->notes.data);
	free(plan->head.data);
	memset(plan, 0, sizeof(*plan));
}

bool carrier_apply(int fd, const struct carrier_plan *plan)
{
	const struct carrier_patch *notes = &plan->notes, *head = &plan->head;

	return ami_file_write_synced(fd, notes->data, notes->len, notes->offset) &&
	       ami_file_write_at(fd, head->data, head->len, head->offset);
}

bool carrier_notes_at(int fd, uint64_t *offset)
{
	struct kdump_sub_header sub;

	if (!is_kdump(fd) || !ami_file_read_at(fd, &sub, sizeof(sub), KDUMP_BLOCK))
		return false;
	*offset = sub.offset_note;
	return true;
}
