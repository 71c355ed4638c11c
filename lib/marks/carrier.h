/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks as an ELF note in a dump. The old notes and ours are appended to the
 * dump; then one write to a header makes them the dump's notes.
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

/** struct carrier_patch - bytes that belong at an offset of the dump */
struct carrier_patch {
	uint64_t offset;
	size_t len;
	void *data;	/* malloc'ed */
};

/**
 * carrier_patches() - what to write to a dump so that it carries @marks
 * @fd: of the dump, or of as much of its beginning as holds headers and notes
 * @size: of the dump
 *
 * @patch[0] is appended, @patch[1] makes it count. Returns -1 with @err
 * filled; else both need to be freed.
 */
int carrier_patches(int fd, uint64_t size, const void *marks, size_t len,
		    struct carrier_patch patch[2], struct ami_error *err);

/**
 * carrier_apply() - write both, the first on the disk before the second
 *
 * A crash in between leaves the old notes or the new ones, never half of them:
 * what is appended counts only when the one sector with the headers is written.
 * Nobody waits for that, nor for the rest of the dump. False with errno set.
 */
bool carrier_apply(int fd, const struct carrier_patch patch[2]);

#endif
