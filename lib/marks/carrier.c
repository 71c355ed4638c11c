// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dump/fileio.h"
#include "../dump/kdumphdr.h"
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

/* Bytes of the note at @at, 0 when none is left. */
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

/* Descriptor of the note at @at behind its head; NULL: not marks. */
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

/* Notes without our own, which are renewed; returns how many bytes. */
static size_t copy_others(uint8_t *to, const uint8_t *at, size_t size)
{
	uint8_t *start = to;
	size_t n, len;

	for (; (n = note_size(at, size)); at += n, size -= n)
		if (!is_ours(at, &len))
			to = (uint8_t *)memcpy(to, at, n) + n;
	memcpy(to, at, size);
	return to + size - start;
}

/* [@old notes] + ours; crash shows content by 16 bytes at a time. */
static void *join_notes(const void *old, size_t old_size, const void *marks,
			size_t len, size_t *size)
{
	struct note_head head = {
		.n = { NAME_BYTES, DUMP_NAME_BYTES + padded(len, 16),
		       CARRIER_NOTE_TYPE },
		.name = CARRIER_NOTE_NAME, .dump_name = CARRIER_DUMP_NAME,
	};
	uint8_t *all = calloc(1, padded(old_size, 4) + sizeof(head) +
				 padded(len, 16));
	size_t start;

	if (!all)
		return NULL;
	start = padded(copy_others(all, old, old_size), 4);
	memcpy(all + start, &head, sizeof(head));
	memcpy(all + start + sizeof(head), marks, len);
	*size = start + sizeof(head) + padded(len, 16);
	return all;
}

static void *read_old(int fd, uint64_t offset, uint64_t size)
{
	void *old = size && size <= KDUMP_MAX_NOTES ? malloc(size) : NULL;

	if (old && !file_read_at(fd, old, size, offset)) {
		free(old);
		old = NULL;
	}
	return old;
}

/* patch[0] from the notes at @offset; false without them. */
static bool append_notes(int fd, uint64_t size, uint64_t offset, uint64_t len,
			 const void *marks, size_t marks_len,
			 struct carrier_patch *patch)
{
	void *old = read_old(fd, offset, len);

	if (!old)
		return false;
	patch->offset = (size + 7) & ~UINT64_C(7);
	patch->data = join_notes(old, len, marks, marks_len, &patch->len);
	free(old);
	return patch->data;
}

static bool patch_kdump(int fd, uint64_t size, const void *marks, size_t len,
			struct carrier_patch patch[2])
{
	struct kdump_header h;
	struct kdump_sub_header *sub = malloc(sizeof(*sub));

	patch[1].data = sub;
	if (!sub || !file_read_at(fd, &h, sizeof(h), 0) ||
	    h.header_version < 4 || h.block_size != KDUMP_BLOCK ||
	    !file_read_at(fd, sub, sizeof(*sub), KDUMP_BLOCK) ||
	    sub->split ||
	    !append_notes(fd, size, sub->offset_note, sub->size_note, marks,
			  len, &patch[0]))
		return false;
	/* VMCOREINFO lies in the notes, and moves with them. */
	if (sub->offset_vmcoreinfo >= sub->offset_note &&
	    sub->offset_vmcoreinfo - sub->offset_note < sub->size_note)
		sub->offset_vmcoreinfo += patch[0].offset - sub->offset_note;
	sub->offset_note = patch[0].offset;
	sub->size_note = patch[0].len;
	patch[1].offset = KDUMP_BLOCK;
	patch[1].len = sizeof(*sub);
	return true;
}

int carrier_patches(int fd, uint64_t size, const void *marks, size_t len,
		    struct carrier_patch patch[2], struct ami_error *err)
{
	char magic[8];
	bool ok = false;

	memset(patch, 0, 2 * sizeof(*patch));
	if (!file_read_at(fd, magic, sizeof(magic), 0))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "the dump cannot be read back");
	/* crash reads an ELF dump's notes only in front of its memory. */
	if (!memcmp(magic, ELFMAG, SELFMAG))
		return ami_error_set(err, AMI_ERR_DATA,
				     "notes of ELF dumps cannot be extended");
	if (!memcmp(magic, KDUMP_SIGNATURE, sizeof(magic)))
		ok = patch_kdump(fd, size, marks, len, patch);
	if (ok)
		return 0;
	free(patch[0].data);
	free(patch[1].data);
	return ami_error_set(err, AMI_ERR_DATA,
			     "the dump has no notes that could be extended");
}

bool carrier_apply(int fd, const struct carrier_patch patch[2])
{
	return file_write_synced(fd, patch[0].data, patch[0].len,
				 patch[0].offset) &&
	       file_write_at(fd, patch[1].data, patch[1].len, patch[1].offset);
}
