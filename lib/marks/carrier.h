/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks as an ELF note in a kdump-compressed dump. The old notes and ours are
 * appended. Then one write to the sub-header makes them the dump's notes.
 */
#ifndef AMI_CARRIER_H
#define AMI_CARRIER_H

#include <amdiommu/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The type of the kernel's own device dumps in vmcores: crash lists them with
 * dev -V.
 */
#define CARRIER_NOTE_TYPE	0x700u	/* NT_VMCOREDD */
#define CARRIER_NOTE_NAME	"LINUX"
#define CARRIER_DUMP_NAME	"amdiommu-marks"

/** carrier_note() - the marks in a dump's notes; NULL: none */
const uint8_t *carrier_note(const void *notes, size_t size, size_t *len);

/**
 * struct carrier_patch - bytes for an offset of the dump
 * @data: malloc'ed
 */
struct carrier_patch {
	uint64_t offset;
	size_t len;
	void *data;
};

/**
 * struct carrier_plan - what to write to a dump so that it carries marks
 * @notes: after all of the dump; written to disk first
 * @head: the sub-header that points there, one write within one sector
 */
struct carrier_plan {
	struct carrier_patch notes, head;
};

/**
 * carrier_plan() - plan how the dump gets @marks
 * @fd: the dump, or as much of its beginning as holds headers and notes
 * @size: size of the dump
 *
 * Changes nothing. Returns -1 with @err filled (AMI_ERR_DATA: the file
 * cannot take a note), or @plan, to be freed with carrier_plan_free().
 */
int carrier_plan(int fd, uint64_t size, const void *marks, size_t len,
		 struct carrier_plan *plan, struct ami_error *err);
void carrier_plan_free(struct carrier_plan *plan);

/**
 * carrier_apply() - carry out the plan
 *
 * A crash at any time leaves the old notes or the new ones, never a mixture.
 * Does not wait for the last write to reach the disk, nor for the rest of
 * the dump. False with errno set.
 */
bool carrier_apply(int fd, const struct carrier_plan *plan);

/** carrier_notes_at() - where the dump's headers say its notes are */
bool carrier_notes_at(int fd, uint64_t *offset);

#endif
