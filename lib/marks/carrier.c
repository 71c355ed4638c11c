// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dump/fileio.h"
#include "../dump/kdumphdr.h"
#include "carrier.h"
#include "carrier_elf.h"

#define NAME_BYTES	8u	/* struct vmcoredd_header of linux/vmcore.h */
#define DUMP_NAME_BYTES	44u
#define COPY_BYTES	(1u << 20)

enum carrier_format {
	CARRIER_UNREADABLE, CARRIER_NO_DUMP, CARRIER_KDUMP, CARRIER_ELF,
};

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
 * @old notes + ours + what readers cannot get past; crash shows content by 16
 * bytes at a time.
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

	if (old && !file_read_at(fd, old, size, offset)) {
		free(old);
		old = NULL;
	}
	return old;
}

void *carrier_join(int fd, uint64_t offset, uint64_t old_size,
		   const void *marks, size_t len, size_t *size)
{
	void *old = read_old(fd, offset, old_size);
	void *all = old ? join_notes(old, old_size, marks, len, size) : NULL;

	free(old);
	return all;
}

struct carrier_patch *carrier_patch(struct carrier_plan *plan)
{
	struct carrier_patch *more =
		realloc(plan->patch, (plan->count + 1) * sizeof(*more));

	if (!more)
		return NULL;
	plan->patch = more;
	return memset(&more[plan->count++], 0, sizeof(*more));
}

static bool plan_kdump(int fd, uint64_t size, const void *marks, size_t len,
		       struct carrier_plan *plan)
{
	struct carrier_patch *notes = carrier_patch(plan), *head;
	struct kdump_sub_header *sub = malloc(sizeof(*sub));
	struct kdump_header h;
	uint64_t at = (size + 7) & ~UINT64_C(7);

	head = notes ? carrier_patch(plan) : NULL;
	if (!head) {
		free(sub);
		return false;
	}
	notes = head - 1;
	head->data = sub;
	if (!sub || !file_read_at(fd, &h, sizeof(h), 0) ||
	    h.header_version < 4 || h.block_size != KDUMP_BLOCK ||
	    !file_read_at(fd, sub, sizeof(*sub), KDUMP_BLOCK) || sub->split)
		return false;
	notes->offset = at;
	notes->data = carrier_join(fd, sub->offset_note, sub->size_note,
				   marks, len, &notes->len);
	if (!notes->data)
		return false;
	/* VMCOREINFO lies in the notes, and moves with them. */
	if (sub->offset_vmcoreinfo >= sub->offset_note &&
	    sub->offset_vmcoreinfo - sub->offset_note < sub->size_note)
		sub->offset_vmcoreinfo += at - sub->offset_note;
	sub->offset_note = at;
	sub->size_note = notes->len;
	head->offset = KDUMP_BLOCK;
	head->len = sizeof(*sub);
	return true;
}

static enum carrier_format format_of(int fd)
{
	char magic[8];

	if (!file_read_at(fd, magic, sizeof(magic), 0))
		return CARRIER_UNREADABLE;
	if (!memcmp(magic, ELFMAG, SELFMAG))
		return CARRIER_ELF;
	return memcmp(magic, KDUMP_SIGNATURE, sizeof(magic)) ?
	       CARRIER_NO_DUMP : CARRIER_KDUMP;
}

int carrier_plan(int fd, uint64_t size, const void *marks, size_t len,
		 struct carrier_plan *plan, struct ami_error *err)
{
	const char *why = "the dump has no notes that could be extended";
	bool ok = false;

	memset(plan, 0, sizeof(*plan));
	switch (format_of(fd)) {
	case CARRIER_UNREADABLE:
		return ami_error_set(err, AMI_ERR_INPUT,
				     "the dump cannot be read back");
	case CARRIER_ELF:
		ok = plan_elf(fd, size, marks, len, plan, &why);
		break;
	case CARRIER_KDUMP:
		ok = plan_kdump(fd, size, marks, len, plan);
		break;
	case CARRIER_NO_DUMP:
		break;
	}
	if (ok)
		return 0;
	carrier_plan_free(plan);
	return ami_error_set(err, AMI_ERR_DATA, "%s", why);
}

void carrier_plan_free(struct carrier_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		free(plan->patch[i].data);
	free(plan->patch);
	memset(plan, 0, sizeof(*plan));
}

/* Bytes of the dump to another place in it, by pieces. */
static bool copy_synced(int fd, const struct carrier_patch *p)
{
	size_t chunk = p->len < COPY_BYTES ? p->len : COPY_BYTES, done, n;
	uint8_t *buf = malloc(chunk);
	bool ok = buf;

	for (done = 0; ok && done < p->len; done += n) {
		n = p->len - done < chunk ? p->len - done : chunk;
		ok = file_read_at(fd, buf, n, p->from + done) &&
		     file_write_synced(fd, buf, n, p->offset + done);
	}
	free(buf);
	return ok;
}

bool carrier_apply(int fd, const struct carrier_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		const struct carrier_patch *p = &plan->patch[i];
		bool last = i + 1 == plan->count;

		if (!(!p->data ? copy_synced(fd, p) :
		      last ? file_write_at(fd, p->data, p->len, p->offset) :
		      file_write_synced(fd, p->data, p->len, p->offset)))
			return false;
	}
	return true;
}

bool carrier_notes_at(int fd, uint64_t *offset)
{
	struct kdump_sub_header sub;

	switch (format_of(fd)) {
	case CARRIER_ELF:
		return elf_notes_at(fd, offset);
	case CARRIER_KDUMP:
		if (!file_read_at(fd, &sub, sizeof(sub), KDUMP_BLOCK))
			return false;
		*offset = sub.offset_note;
		return true;
	default:
		return false;
	}
}

bool carrier_needs_beyond(int fd, uint64_t size)
{
	uint64_t notes;

	if (format_of(fd) == CARRIER_ELF)
		return elf_needs_beyond(fd, size);
	return !carrier_notes_at(fd, &notes) || notes >= size;
}
