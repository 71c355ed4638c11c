// SPDX-License-Identifier: GPL-2.0-or-later
/* What an extract takes from this dump, and what one has in place of pages. */
#include <stdlib.h>

#include "handle.h"

int ami_dump_record(struct ami_dump *dump)
{
	if (dump->recording)
		return 0;
	if (ami_record_init(&dump->record))
		return -1;
	dump->recording = true;
	return 0;
}

bool ami_dump_recording(const struct ami_dump *dump)
{
	return dump->recording && !dump->paused;
}

void ami_dump_record_pause(struct ami_dump *dump, bool pause)
{
	dump->paused += pause ? 1 : -1;
}

void ami_dump_withhold(struct ami_dump *dump, uint64_t paddr, uint64_t len)
{
	if (!dump->recording || paddr + len < paddr)
		return;
	while (len) {
		uint64_t part = AMI_PAGE_SIZE - paddr % AMI_PAGE_SIZE;

		if (part > len)
			part = len;
		dump_withheld_add_span(&dump->withheld, paddr, part);
		paddr += part;
		len -= part;
	}
}

void ami_dump_content_add(struct ami_dump *dump, const struct ami_content *c)
{
	if (dump->recording)
		dump_withheld_add_content(&dump->withheld, c);
}

const struct ami_content *ami_dump_contents(const struct ami_dump *dump,
					    uint64_t pfn, size_t *count)
{
	const struct ami_content *all = dump->info.content;
	size_t low = 0, high = dump->info.nr_contents;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (all[mid].pfn < pfn)
			low = mid + 1;
		else
			high = mid;
	}
	*count = 0;
	while (low + *count < dump->info.nr_contents &&
	       all[low + *count].pfn == pfn)
		++*count;
	return *count ? &all[low] : NULL;
}

void ami_dump_carry(struct ami_dump *dump, char *lines)
{
	free(dump->withheld.lines);
	dump->withheld.lines = lines;
}

const struct ami_withheld *dump_withheld(struct ami_dump *dump)
{
	dump_withheld_sort(&dump->withheld);
	return dump->withheld.failed ? NULL : &dump->withheld;
}

struct ami_granules *ami_dump_recorded(const struct ami_dump *dump,
				       size_t *count)
{
	return dump->recording ? ami_record_sorted(&dump->record, count) : NULL;
}
