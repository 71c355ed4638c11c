// SPDX-License-Identifier: GPL-2.0-or-later
/* Complete sets wait in a file where memory is short. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pfncode.h"

/* Most machines need no file. It is much slower. */
#define KEEP_BYTES	(1u << 20)

int ami_spill_open(struct ami_spill *spill, const char *folder)
{
	char *name = NULL;

	*spill = (struct ami_spill){ .fd = -1, .keep = KEEP_BYTES };
	spill->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	/* Not all file systems support files without a name. */
	if (spill->fd < 0 && asprintf(&name, "%s/amdiommu.XXXXXX",
				      folder) >= 0) {
		spill->fd = mkostemp(name, O_CLOEXEC);
		if (spill->fd >= 0)
			unlink(name);
		free(name);
	}
	return spill->fd < 0 ? -1 : 0;
}

void ami_spill_close(struct ami_spill *spill)
{
	if (spill->fd >= 0)
		close(spill->fd);
	spill->fd = -1;
}

static bool write_block(struct ami_spill *spill, const struct pfn_block *b)
{
	ssize_t n;

	do
		n = pwrite(spill->fd, b->code, b->len, spill->size);
	while (n < 0 && errno == EINTR);
	return n == b->len;
}

static bool kept(struct ami_spill *spill, const struct ami_pfnset *set)
{
	size_t bytes = 0, i;

	for (i = 0; i < set->nr && bytes <= spill->keep; i++)
		bytes += set->block[i].len;
	if (bytes > spill->keep)
		return false;
	spill->keep -= bytes;
	return true;
}

void ami_pfnset_spill(struct ami_pfnset *set, struct ami_spill *spill)
{
	uint64_t offset = spill->size;
	size_t i;

	if (set->spill || set->failed || kept(spill, set))
		return;
	for (i = 0; i < set->nr; i++) {
		/* The disk is full: the block stays in memory. */
		if (!write_block(spill, &set->block[i])) {
			spill->size = offset;
			return;
		}
		spill->size += set->block[i].len;
	}
	for (i = 0; i < set->nr; i++) {
		free(set->block[i].code);
		set->block[i].offset = offset;
		offset += set->block[i].len;
	}
	set->spill = spill;
}

bool pfn_fetch(struct ami_spill *spill, const struct pfn_block *b,
	       uint8_t code[BLOCK_BYTES])
{
	ssize_t n;

	do
		n = pread(spill->fd, code, b->len, b->offset);
	while (n < 0 && errno == EINTR);
	if (n == b->len)
		return true;
	spill->failed = true;
	return false;
}
