// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two page bitmaps of a kdump-compressed file, and what follows from them.
 */
#include <stdlib.h>
#include <string.h>

#include <amdiommu/fileio.h>
#include <dump/kdumphdr.h>

#define BLOCK		KDUMP_BLOCK
#define WORDS		(BLOCK / 8)
#define PFNS_PER_BLOCK	(8ull * BLOCK)
#define LAST_DESCS	1024u
#define NOT_CACHED	UINT64_MAX

/* Clear the bits of @block for page frames outside [@first, @end). */
static void mask_block(uint64_t *words, uint64_t block, uint64_t first,
		       uint64_t end)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		uint64_t pfn = block * PFNS_PER_BLOCK + 64 * i;

		if (pfn + 64 <= first || pfn >= end) {
			words[i] = 0;
			continue;
		}
		if (pfn < first)
			words[i] &= UINT64_MAX << (first - pfn);
		if (end - pfn < 64)
			words[i] &= (1ull << (end - pfn)) - 1;
	}
}

static bool read_block(int fd, const struct kdump_facts *facts,
		       unsigned int bitmap, uint64_t block, uint64_t *words)
{
	if (!ami_file_read_at(fd, words, BLOCK, facts->bitmap +
			  bitmap * facts->bitmap_size + block * BLOCK))
		return false;
	if (bitmap)
		mask_block(words, block, facts->first_pfn, facts->end_pfn);
	else
		mask_block(words, block, 0, facts->max_pfn);
	return true;
}

static int add_word(struct ramlist *ram, uint64_t pfn, uint64_t word)
{
	while (word) {
		unsigned int first = __builtin_ctzll(word);
		uint64_t rest = ~(word >> first);
		unsigned int run = rest ? __builtin_ctzll(rest) : 64;

		if (ramlist_add(ram, pfn + first, pfn + first + run))
			return -1;
		if (first + run >= 64)
			break;
		word &= UINT64_MAX << (first + run);
	}
	return 0;
}

int kdump_ram(int fd, const struct kdump_facts *facts, struct ramlist *ram)
{
	uint64_t words[WORDS], block;
	unsigned int i;

	for (block = 0; block * PFNS_PER_BLOCK < facts->max_pfn; block++) {
		if (!read_block(fd, facts, 0, block, words))
			return -1;
		for (i = 0; i < WORDS; i++)
			if (add_word(ram, block * PFNS_PER_BLOCK + 64 * i,
				     words[i]))
				return -1;
	}
	return 0;
}

static uint64_t count_bits(const uint64_t *words, uint64_t bits)
{
	uint64_t count = 0, i;

	for (i = 0; i < bits / 64; i++)
		count += __builtin_popcountll(words[i]);
	if (bits % 64)
		count += __builtin_popcountll(words[i] &
					      ((1ull << bits % 64) - 1));
	return count;
}

static uint64_t desc_offset(const struct kdump_facts *facts, uint64_t index)
{
	return facts->bitmap + facts->header.bitmap_blocks * (uint64_t)BLOCK +
	       index * sizeof(struct kdump_page_desc);
}

/* A descriptor that was never written is all zeros. */
static bool ends_inside(const struct kdump_facts *facts,
			const struct kdump_page_desc *desc)
{
	return desc->size && desc->offset <= facts->size &&
	       desc->size <= facts->size - desc->offset;
}

/*
 * Page data lies in the order of the descriptors, except that all zero pages
 * share the first one. So a few descriptors at the end show where the data
 * ends.
 */
static bool cut_off(int fd, const struct kdump_facts *facts, uint64_t total)
{
	struct kdump_page_desc desc;
	uint64_t n;

	for (n = 0; n < total && n < LAST_DESCS; n++)
		if (!ami_file_read_at(fd, &desc, sizeof(desc),
				  desc_offset(facts, total - 1 - n)) ||
		    !ends_inside(facts, &desc))
			return true;
	return false;
}

int kdump_index(int fd, struct kdump_facts *facts)
{
	uint64_t blocks = (facts->max_pfn + PFNS_PER_BLOCK - 1) /
			  PFNS_PER_BLOCK;
	uint64_t words[WORDS], block, total = 0;

	for (block = 0; block < KDUMP_CACHED; block++)
		facts->cached[block].block = NOT_CACHED;
	facts->rank = malloc((blocks + 1) * sizeof(*facts->rank));
	if (!facts->rank)
		return -1;
	for (block = 0; block < blocks; block++) {
		facts->rank[block] = total;
		if (!read_block(fd, facts, 1, block, words))
			return -1;
		total += count_bits(words, PFNS_PER_BLOCK);
	}
	facts->pages = total;
	facts->truncated = cut_off(fd, facts, total);
	return 0;
}

/* NULL: it cannot be read. */
static const uint64_t *bits_of(int fd, struct kdump_facts *facts,
			       uint64_t block)
{
	struct kdump_bits *bits = &facts->cached[block % KDUMP_CACHED];

	if (bits->block == block)
		return bits->words;
	bits->block = NOT_CACHED;
	if (!read_block(fd, facts, 1, block, bits->words))
		return NULL;
	bits->block = block;
	return bits->words;
}

static bool is_there(const uint64_t *words, uint64_t bit)
{
	return words[bit / 64] >> bit % 64 & 1;
}

enum ami_mem kdump_page_find(int fd, struct kdump_facts *facts, uint64_t pfn,
			     struct kdump_page_desc *desc)
{
	uint64_t block = pfn / PFNS_PER_BLOCK, bit = pfn % PFNS_PER_BLOCK;
	const uint64_t *words;
	uint64_t index;

	if (pfn < facts->first_pfn || pfn >= facts->end_pfn)
		return AMI_MEM_FILTERED;
	words = bits_of(fd, facts, block);
	if (!words)
		return AMI_MEM_ERROR;
	if (!is_there(words, bit))
		return AMI_MEM_FILTERED;
	index = facts->rank[block] + count_bits(words, bit);
	if (!ami_file_read_at(fd, desc, sizeof(*desc),
			  desc_offset(facts, index)) ||
	    !ends_inside(facts, desc))
		return AMI_MEM_ERROR;
	return AMI_MEM_OK;
}

size_t kdump_run_find(int fd, struct kdump_facts *facts, uint64_t pfn,
		      size_t count, struct kdump_page_desc *desc)
{
	uint64_t block = pfn / PFNS_PER_BLOCK, bit = pfn % PFNS_PER_BLOCK;
	const uint64_t *words;
	size_t n = 0, i;

	if (pfn < facts->first_pfn || pfn >= facts->end_pfn)
		return 0;
	words = bits_of(fd, facts, block);
	while (words && n < count && bit + n < PFNS_PER_BLOCK &&
	       is_there(words, bit + n))
		n++;
	if (!n || !ami_file_read_at(fd, desc, n * sizeof(*desc),
				desc_offset(facts, facts->rank[block] +
						   count_bits(words, bit))))
		return 0;
	for (i = 0; i < n && ends_inside(facts, &desc[i]); i++)
		;
	return i;
}
