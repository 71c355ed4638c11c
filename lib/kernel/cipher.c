// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does the dump hold ciphertext? A host cannot read the memory of a guest with
 * SEV, nor a capture kernel without SME that of a kernel with it. All memory
 * looks random then, zero pages too. A machine in use never looks like that.
 */
#include "kernel.h"

#define SAMPLES		64u
#define ENOUGH		16u
#define NEAR		16u	/* page frames tried for one sample */
#define EXPECTED	(AMI_PAGE_SIZE / 256)

/* Chi-squared of its bytes: for random ones 255 on average, give or take 23. */
static bool is_random(const uint8_t *page)
{
	int count[256] = { 0 }, i, sum = 0;

	for (i = 0; i < (int)AMI_PAGE_SIZE; i++)
		count[page[i]]++;
	for (i = 0; i < 256; i++)
		sum += (count[i] - (int)EXPECTED) * (count[i] - (int)EXPECTED);
	sum /= (int)EXPECTED;
	return sum > 140 && sum < 370;
}

static void take_sample(struct ami_dump *dump, uint64_t pfn,
			unsigned int *seen, unsigned int *random)
{
	unsigned int i;

	for (i = 0; i < NEAR; i++) {
		enum ami_mem mem;
		const uint8_t *page = ami_dump_page(dump, pfn + i, &mem);

		if (!page)
			continue;
		++*seen;
		*random += is_random(page);
		ami_dump_unpage(dump, page);
		return;
	}
}

bool kernel_looks_encrypted(struct ami_dump *dump, unsigned int *seen,
			    unsigned int *random)
{
	const struct ami_dump_info *info = ami_dump_info(dump);
	uint64_t step = ami_dump_ram_pages(dump) / SAMPLES + 1, at, next = 0;
	size_t i;

	*seen = *random = 0;
	ami_dump_record_pause(dump, true);
	for (i = 0; i < info->nr_ram; i++) {
		for (at = next; at < info->ram[i].count; at += step)
			take_sample(dump, info->ram[i].first + at, seen,
				    random);
		next = at - info->ram[i].count;
	}
	ami_dump_record_pause(dump, false);
	return *seen >= ENOUGH && *random * 10 >= *seen * 9;
}
