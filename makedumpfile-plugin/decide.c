// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decide.h"
#include "host.h"

struct header {
	uint64_t keeps, drops;
};

struct settling {
	struct ami_pfnset *dropped;
	FILE *out;
	uint64_t written;
	bool failed;
};

/* --- in the child --------------------------------------------------------------- */

static bool write_run(void *ctx, uint64_t first, uint64_t count)
{
	struct settling *s = ctx;
	struct ami_range range = { first, count };

	if (fwrite(&range, sizeof(range), 1, s->out) != 1)
		s->failed = true;
	s->written++;
	return !s->failed;
}

static bool undrop(void *ctx, uint64_t first, uint64_t count)
{
	ami_pfnset_remove(ctx, first, count);
	return true;
}

static void write_all(struct settling *s, const struct ami_pfnset *read)
{
	struct header h = { 0, 0 };

	if (fwrite(&h, sizeof(h), 1, s->out) != 1)
		s->failed = true;
	ami_pfnset_ranges(read, write_run, s);
	h.keeps = s->written;
	ami_pfnset_ranges(s->dropped, write_run, s);
	h.drops = s->written - h.keeps;
	rewind(s->out);
	if (fwrite(&h, sizeof(h), 1, s->out) != 1)
		s->failed = true;
}

int decide_write(const struct ami_analysis *a, const struct ami_pfnset *read,
		 int fd, struct ami_error *err)
{
	struct settling s = {
		.dropped = ami_analysis_owned(a, getenv("AMDIOMMU_EXCLUDE")),
	};
	int copy = dup(fd);

	if (copy >= 0)
		s.out = fdopen(copy, "w");
	if (s.out && s.dropped) {
		ami_pfnset_ranges(read, undrop, s.dropped);
		write_all(&s, read);
	}
	if (!s.out || !s.dropped || fclose(s.out) || s.failed)
		return ami_error_set(err, AMI_ERR_MEMORY,
				     "no room for the list of pages to keep");
	ami_pfnset_free(s.dropped);
	return 0;
}

/* --- in makedumpfile ------------------------------------------------------------ */

static bool ascending(const struct ami_range *r, size_t n)
{
	uint64_t end = 0;

	for (; n; n--, r++) {
		if (r->first < end || !r->count ||
		    r->count > AMI_PFN_LIMIT || r->first > AMI_PFN_LIMIT)
			return false;
		end = r->first + r->count;
	}
	return true;
}

bool decide_load(int fd, struct decisions *d)
{
	const struct header *h;
	struct stat st;
	uint64_t room;

	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(*h))
		return false;
	h = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (h == MAP_FAILED)
		return false;
	room = (st.st_size - sizeof(*h)) / sizeof(struct ami_range);
	d->keep = (const void *)(h + 1);
	if (h->keeps <= room && h->drops <= room - h->keeps) {
		d->keeps = h->keeps;
		d->drop = d->keep + d->keeps;
		d->drops = h->drops;
		if (ascending(d->keep, d->keeps) &&
		    ascending(d->drop, d->drops))
			return true;
	}
	munmap((void *)h, st.st_size);
	memset(d, 0, sizeof(*d));
	return false;
}

static bool in_ranges(const struct ami_range *r, size_t n, uint64_t pfn)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r[mid].first + r[mid].count <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && r[lo].first <= pfn;
}

int decide(const struct decisions *d, uint64_t pfn)
{
	if (in_ranges(d->keep, d->keeps, pfn))
		return PG_INCLUDE;
	return in_ranges(d->drop, d->drops, pfn) ? PG_EXCLUDE : PG_UNDECID;
}
