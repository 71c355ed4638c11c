// SPDX-License-Identifier: GPL-2.0-or-later
/* Page frames seen so far: a hash table of bitmaps, at most half full. */
#include <stdlib.h>
#include <string.h>

#include <amdiommu/pfnset.h>

#define FIRST_ROOM	64u
#define BITS		6u	/* low bits of a pfn: place in a bitmap */

static struct ami_pfnword *word_of(const struct ami_pfnseen *seen,
				   uint64_t key)
{
	size_t i = (key * 0x9e3779b97f4a7c15ull >> 20) & (seen->room - 1);

	while (seen->word[i].bits && seen->word[i].key != key)
		i = (i + 1) & (seen->room - 1);
	return &seen->word[i];
}

static bool grow_seen(struct ami_pfnseen *seen)
{
	struct ami_pfnseen more = {
		.room = seen->room ? 2 * seen->room : FIRST_ROOM,
		.used = seen->used,
	};
	size_t i;

	more.word = calloc(more.room, sizeof(*more.word));
	if (!more.word)
		return false;
	for (i = 0; i < seen->room; i++)
		if (seen->word[i].bits)
			*word_of(&more, seen->word[i].key) = seen->word[i];
	free(seen->word);
	*seen = more;
	return true;
}

int ami_pfnseen_add(struct ami_pfnseen *seen, unsigned int kind, uint64_t pfn)
{
	uint64_t key = pfn >> BITS << AMI_PFNSEEN_KIND_BITS | kind;
	uint64_t bit = 1ull << (pfn & ((1u << BITS) - 1));
	struct ami_pfnword *word;

	if (2 * seen->used >= seen->room && !grow_seen(seen))
		return -1;
	word = word_of(seen, key);
	if (word->bits & bit)
		return 0;
	seen->used += !word->bits;
	word->key = key;
	word->bits |= bit;
	return 1;
}

void ami_pfnseen_free(struct ami_pfnseen *seen)
{
	free(seen->word);
	memset(seen, 0, sizeof(*seen));
}
