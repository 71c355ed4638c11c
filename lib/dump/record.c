// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define INITIAL_SLOTS	4096u

uint64_t ami_granule_mask(size_t offset, size_t len)
{
	size_t first, last;

	if (!len || offset >= AMI_PAGE_SIZE)
		return 0;
	if (len > AMI_PAGE_SIZE - offset)
		len = AMI_PAGE_SIZE - offset;
	first = offset / AMI_GRANULE;
	last = (offset + len - 1) / AMI_GRANULE;
	return (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
}

int ami_record_init(struct ami_record *rec)
{
	memset(rec, 0, sizeof(*rec));
	rec->slots = calloc(INITIAL_SLOTS, sizeof(*rec->slots));
	if (!rec->slots)
		return -1;
	rec->nr_slots = INITIAL_SLOTS;
	return 0;
}

void ami_record_free(struct ami_record *rec)
{
	free(rec->slots);
	memset(rec, 0, sizeof(*rec));
}

static struct ami_granules *find_slot(const struct ami_record *rec,
				      uint64_t pfn)
{
	size_t i = (pfn * 0x9e3779b97f4a7c15ull) >> 32;

	for (;; i++) {
		struct ami_granules *slot = &rec->slots[i & (rec->nr_slots - 1)];

		if (!slot->mask || slot->pfn == pfn)
			return slot;
	}
}

static bool grow_record(struct ami_record *rec)
{
	struct ami_record bigger = { .nr_slots = rec->nr_slots * 2 };
	size_t i;

	bigger.slots = calloc(bigger.nr_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (i = 0; i < rec->nr_slots; i++)
		if (rec->slots[i].mask)
			*find_slot(&bigger, rec->slots[i].pfn) = rec->slots[i];
	free(rec->slots);
	rec->slots = bigger.slots;
	rec->nr_slots = bigger.nr_slots;
	return true;
}

void ami_record_add(struct ami_record *rec, uint64_t pfn, uint64_t mask)
{
	struct ami_granules *slot;

	if (!mask)
		return;
	slot = find_slot(rec, pfn);
	if (!slot->mask) {
		if (rec->used * 2 >= rec->nr_slots) {
			if (!grow_record(rec)) {
				rec->overflow = true;
				return;
			}
			slot = find_slot(rec, pfn);
		}
		slot->pfn = pfn;
		rec->used++;
	}
	slot->mask |= mask;
}

uint64_t ami_record_mask(const struct ami_record *rec, uint64_t pfn)
{
	return find_slot(rec, pfn)->mask;
}

static int by_pfn(const void *a, const void *b)
{
	const struct ami_granules *x = a, *y = b;

	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

struct ami_granules *ami_record_sorted(const struct ami_record *rec,
				       size_t *count)
{
	struct ami_granules *out;
	size_t i, n = 0;

	if (rec->overflow)
		return NULL;
	out = malloc((rec->used + 1) * sizeof(*out));
	if (!out)
		return NULL;
	for (i = 0; i < rec->nr_slots; i++)
		if (rec->slots[i].mask)
			out[n++] = rec->slots[i];
	qsort(out, n, sizeof(*out), by_pfn);
	*count = n;
	return out;
}
