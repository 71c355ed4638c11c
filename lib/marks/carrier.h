/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks as an ELF note in a kdump-compressed dump. The old notes and ours are
 * appended; then one write to the sub-header makes them the dump's notes.
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
 * @data: malloc'ed
 */
struct carrier_patch {
	uint64_t offset;
	size_t len;
	void *data;
};

/**
 * struct carrier_plan - what to write to a dump so that it carries marks
 * @notes: behind all of the dump; on the disk before
 * @head: the sub-header that points there, one write within one sector
 */
struct carrier_plan {
	struct carrier_patch notes, head;
};

/**
 * carrier_plan() - how the dump gets @marks
 * @fd: of the dump, or of as much of its beginning as holds headers and notes
 * @size: of the dump
 *
 * Changes nothing. Returns -1 with @err filled (AMI_ERR_DATA: the file is not
 * one that takes a note), or @plan, to be freed with carrier_plan_free().
 */
int carrier_plan(int fd, uint64_t size, const void *marks, size_t len,
		 struct carrier_plan *plan, struct ami_error *err);
void carrier_plan_free(struct carrier_plan *plan);

/**
 * carrier_apply() - write all of it
 *
 * A crash at any instant leaves the old notes or the new ones, never half of
 * them. Nobody waits for the last write, nor for the rest of the dump. False
 * with errno set.
 */
bool carrier_apply(int fd, const struct carrier_plan *plan);

/** carrier_notes_at() - where its headers say the dump's notes lie. */
bool carrier_notes_at(int fd, uint64_t *offset);

#endif
