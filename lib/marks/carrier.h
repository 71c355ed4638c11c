/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks as an ELF note in a dump. The old notes and ours are written where
 * nothing of the dump is; then one write to a header makes them its notes.
 */
#ifndef AMI_CARRIER_H
#define AMI_CARRIER_H

#include <amdiommu/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As the kernel's own device dumps in vmcores: crash lists them, dev -V. */
#define CARRIER_NOTE_TYPE	0x700u	/* NT_VMCOREDD */
#define CARRIER_NOTE_NAME	"LINUX"
#define CARRIER_DUMP_NAME	"amdiommu-marks"

/** carrier_note() - the marks in a dump's notes, NULL when there are none. */
const uint8_t *carrier_note(const void *notes, size_t size, size_t *len);

/**
 * struct carrier_patch - bytes that belong at an offset of the dump
 * @data: malloc'ed; NULL: the dump's own @len bytes at @from
 */
struct carrier_patch {
	uint64_t offset;
	size_t len;
	void *data;
	uint64_t from;
};

/**
 * struct carrier_plan - what to write to a dump so that it carries marks
 * @patch: in this order, each on the disk before the next; the last makes the
 *	marks count, and is one write within one sector
 */
struct carrier_plan {
	struct carrier_patch *patch;
	size_t count;
};

/**
 * carrier_plan() - how the dump gets @marks
 * @fd: of the dump, or of as much of its beginning as holds headers and notes
 * @size: of the dump
 *
 * Changes nothing. Returns -1 with @err filled, or @plan, to be freed with
 * carrier_plan_free().
 */
int carrier_plan(int fd, uint64_t size, const void *marks, size_t len,
		 struct carrier_plan *plan, struct ami_error *err);
void carrier_plan_free(struct carrier_plan *plan);

/**
 * carrier_apply() - write all of it
 *
 * A crash at any instant leaves the old notes or the new ones, never half of
 * them, and all memory. Nobody waits for the last write, nor for the rest of the
 * dump. False with errno set.
 */
bool carrier_apply(int fd, const struct carrier_plan *plan);

/** carrier_notes_at() - where its headers say the dump's notes lie. */
bool carrier_notes_at(int fd, uint64_t *offset);

/**
 * carrier_needs_beyond() - is anything of the dump, as its headers tell it, at
 * @size or beyond? Where that cannot be told, yes.
 */
bool carrier_needs_beyond(int fd, uint64_t size);

/**
 * carrier_join() - the notes at @offset, and @marks as one more
 *
 * Marks that were there are left out. Returns malloc'ed @size bytes, or NULL.
 */
void *carrier_join(int fd, uint64_t offset, uint64_t old_size,
		   const void *marks, size_t len, size_t *size);

/** carrier_patch() - one more, zeroed, at the end of @plan; NULL: no memory. */
struct carrier_patch *carrier_patch(struct carrier_plan *plan);

#endif
