// SPDX-License-Identifier: GPL-2.0-or-later
/* A hash table with open addressing, at most half full. */
#include <stdlib.h>
#include <string.h>

#include <common/index.h>

/* Keys are addresses: multiply, so that all their bits matter. */
static size_t slot_of(const struct ami_index *index, uint64_t key)
{
	size_t i = (key * 0x9e3779b97f4a7c15ull >> 32) % index->room;

	while (index->slot[i].next && index->slot[i].key != key)
		i = (i + 1) % index->room;
	return i;
}

bool ami_index_find(const struct ami_index *index, uint64_t key,
		    size_t *position)
{
	size_t i;

	if (!index->room)
		return false;
	i = slot_of(index, key);
	*position = index->slot[i].next - 1;
	return index->slot[i].next;
}

static bool grow_index(struct ami_index *index)
{
	struct ami_index more = { .room = index->room ? 2 * index->room : 64 };
	size_t i;

	more.slot = calloc(more.room, sizeof(*more.slot));
	if (!more.slot)
		return false;
	for (i = 0; i < index->room; i++)
		if (index->slot[i].next)
			more.slot[slot_of(&more, index->slot[i].key)] =
				index->slot[i];
	more.count = index->count;
	free(index->slot);
	*index = more;
	return true;
}

bool ami_index_add(struct ami_index *index, uint64_t key, size_t position)
{
	size_t i;

	if (2 * index->count >= index->room && !grow_index(index))
		return false;
	i = slot_of(index, key);
	index->slot[i].key = key;
	index->slot[i].next = position + 1;
	index->count++;
	return true;
}

void ami_index_free(struct ami_index *index)
{
	free(index->slot);
	memset(index, 0, sizeof(*index));
}
