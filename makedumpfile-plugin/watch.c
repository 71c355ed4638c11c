// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <amdiommu/marks.h>

#include "settings.h"
#include "watch.h"

#define PIECE		64u	/* pages read at once */
#define NO_HASH		0u	/* the page could not be read */

/* The file: struct watch_times, then runs: first, count, count hashes. */
struct hashing {
	struct ami_dump *dump;
	FILE *file;
	struct ami_pfnset *changed;	/* second reading */
	struct watch_times times;
	uint64_t max;
	bool failed;
	uint8_t data[PIECE * AMI_PAGE_SIZE];
	uint64_t hash[PIECE];
};

static uint64_t hash_page(const uint8_t *page)
{
	uint64_t hash = XXH3_64bits(page, AMI_PAGE_SIZE);

	return hash == NO_HASH ? 1 : hash;
}

static void hash_piece(struct hashing *h, uint64_t first, uint64_t count)
{
	bool whole = ami_dump_read(h->dump, first << AMI_PAGE_SHIFT, h->data,
				   count * AMI_PAGE_SIZE) == AMI_MEM_OK;
	uint64_t i;

	for (i = 0; i < count; i++) {
		uint8_t *page = h->data + i * AMI_PAGE_SIZE;

		h->hash[i] = whole ||
			     ami_dump_read(h->dump,
					   (first + i) << AMI_PAGE_SHIFT, page,
					   AMI_PAGE_SIZE) == AMI_MEM_OK ?
			     hash_page(page) : NO_HASH;
	}
}

static bool hash_run(void *ctx, uint64_t first, uint64_t count)
{
	struct hashing *h = ctx;
	uint64_t run[2] = { first, count }, n;

	if (count > h->max - h->times.pages) {
		run[1] = h->max - h->times.pages;
		h->times.beyond += count - run[1];
		count = run[1];
	}
	if (!count)
		return true;
	h->times.pages += count;
	if (fwrite(run, sizeof(run), 1, h->file) != 1)
		h->failed = true;
	for (; count && !h->failed; first += n, count -= n) {
		n = count < PIECE ? count : PIECE;
		hash_piece(h, first, n);
		if (fwrite(h->hash, sizeof(h->hash[0]), n, h->file) != n)
			h->failed = true;
	}
	return !h->failed;
}

static struct hashing *start_hashing(struct ami_dump *dump, int fd, const char *mode,
				     struct ami_error *err)
{
	struct hashing *h = calloc(1, sizeof(*h));
	int copy = dup(fd);

	if (h && copy >= 0 && !lseek(copy, 0, SEEK_SET))
		h->file = fdopen(copy, mode);
	if (h && h->file) {
		ami_dump_copy(dump);
		h->dump = dump;
		h->max = settings_number("AMDIOMMU_WATCH_PAGES");
		return h;
	}
	if (copy >= 0)
		close(copy);
	free(h);
	ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return NULL;
}

static int finish_hashing(struct hashing *h, const char *what, struct ami_error *err)
{
	bool ok = !fclose(h->file) && !h->failed;

	free(h);
	return ok ? 0 : ami_error_set(err, AMI_ERR_OUTPUT, "%s", what);
}

int watch_hash(struct ami_dump *dump, const struct ami_pfnset *pages, int fd,
	       struct ami_error *err)
{
	struct hashing *h = start_hashing(dump, fd, "w", err);

	if (!h)
		return -1;
	h->times.first_begin = ami_marks_clock();
	h->failed = fwrite(&h->times, sizeof(h->times), 1, h->file) != 1;
	ami_pfnset_ranges(pages, hash_run, h);
	h->times.first_end = ami_marks_clock();
	rewind(h->file);
	if (fwrite(&h->times, sizeof(h->times), 1, h->file) != 1)
		h->failed = true;
	return finish_hashing(h, "no room for the hashes of marked pages", err);
}

static bool compare_piece(struct hashing *h, uint64_t first, uint64_t count)
{
	uint64_t before[PIECE], i;

	if (fread(before, sizeof(before[0]), count, h->file) != count)
		return false;
	hash_piece(h, first, count);
	for (i = 0; i < count; i++)
		if (before[i] != NO_HASH && h->hash[i] != NO_HASH &&
		    before[i] != h->hash[i])
			ami_pfnset_add(h->changed, first + i, 1);
	return true;
}

static bool compare_run(struct hashing *h)
{
	uint64_t run[2], n;

	if (fread(run, sizeof(run), 1, h->file) != 1)
		return false;
	for (; run[1] && !h->failed; run[0] += n, run[1] -= n) {
		n = run[1] < PIECE ? run[1] : PIECE;
		h->failed = !compare_piece(h, run[0], n);
	}
	return !h->failed;
}

int watch_compare(struct ami_dump *dump, int fd, struct ami_pfnset *changed,
		  struct watch_times *times, struct ami_error *err)
{
	struct hashing *h = start_hashing(dump, fd, "r", err);

	if (!h)
		return -1;
	h->changed = changed;
	if (fread(&h->times, sizeof(h->times), 1, h->file) != 1)
		h->failed = true;
	h->times.second_begin = ami_marks_clock();
	while (!h->failed && compare_run(h))
		;
	h->times.second_end = ami_marks_clock();
	*times = h->times;
	return finish_hashing(h, "the hashes of marked pages cannot be read back",
			      err);
}
