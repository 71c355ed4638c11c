// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of devices: each is found by its BDF. */
#include <stdlib.h>

#include "state.h"

static int by_bdf(const void *a, const void *b)
{
	const struct ami_device *x = a, *y = b;
	uint32_t i = (uint32_t)x->bdf.segment << 16 | x->bdf.devid;
	uint32_t j = (uint32_t)y->bdf.segment << 16 | y->bdf.devid;

	return (i > j) - (i < j);
}

static struct ami_device_map *map_of(const struct ami_state *s,
				     uint16_t segment)
{
	size_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (s->maps[i].segment == segment)
			return &s->maps[i];
	return NULL;
}

static enum vec_room add_map(struct ami_state *s, uint16_t segment,
			     struct ami_device_map **map)
{
	enum vec_room room = vec_push(s->maps, s->nr_maps, MAX_SEGMENTS,
				      (struct ami_device_map){ segment, NULL });

	if (room != VEC_OK)
		return room;
	*map = &s->maps[s->nr_maps - 1];
	(*map)->position = calloc(65536, sizeof(*(*map)->position));
	return (*map)->position ? VEC_OK : VEC_NO_MEMORY;
}

void state_sort_devices(struct ami_state *s)
{
	size_t i;

	if (s->nr_devices)
		qsort(s->devices, s->nr_devices, sizeof(*s->devices), by_bdf);
	for (i = 0; i < s->nr_devices; i++) {
		struct ami_bdf bdf = s->devices[i].bdf;

		map_of(s, bdf.segment)->position[bdf.devid] = i + 1;
	}
}

const struct ami_device *ami_state_device(const struct ami_state *s,
					  struct ami_bdf bdf)
{
	const struct ami_device_map *map = map_of(s, bdf.segment);

	if (!map || !map->position[bdf.devid])
		return NULL;
	return &s->devices[map->position[bdf.devid] - 1];
}

static int segment_by_id(const struct ami_state *s, uint16_t id)
{
	size_t i;

	for (i = 0; i < s->nr_segments; i++)
		if (s->segments[i].id == id || !s->segments[i].va)
			return i;
	return -1;
}

static enum vec_room add_device(struct ami_state *s, struct ami_bdf bdf,
				uint32_t *position)
{
	enum vec_room room =
		vec_push(s->devices, s->nr_devices, MAX_DEVICES,
			 (struct ami_device){
		.bdf = bdf, .alias = bdf, .group = -1, .iommu = -1,
		.domain = -1, .segment = segment_by_id(s, bdf.segment),
		.dte_mem = AMI_MEM_ABSENT, .dte_seen = AMI_SEEN_UNREAD,
		.translation = AMI_TRANSLATION_UNKNOWN,
	});

	if (room == VEC_OK)
		*position = s->nr_devices;
	return room;
}

int state_device_at(struct ami_state *s, struct ami_bdf bdf,
		    struct ami_device **d)
{
	struct ami_device_map *map = map_of(s, bdf.segment);
	enum vec_room room = VEC_OK;

	*d = NULL;
	if (!map)
		room = add_map(s, bdf.segment, &map);
	if (room == VEC_OK && !map->position[bdf.devid])
		room = add_device(s, bdf, &map->position[bdf.devid]);
	if (room == VEC_OK)
		*d = &s->devices[map->position[bdf.devid] - 1];
	else if (room == VEC_FULL && !map)
		state_report_full(s, &s->devices_full, "PCI segments",
				  MAX_SEGMENTS);
	else if (room == VEC_FULL)
		state_report_full(s, &s->devices_full, "devices", MAX_DEVICES);
	return room == VEC_NO_MEMORY ? -1 : 0;
}

bool ami_believes_dte(const struct ami_device *d)
{
	return d->dte_mem == AMI_MEM_OK &&
	       d->dte_seen != AMI_SEEN_OVERWRITTEN;
}

bool state_is_iommu(const struct ami_state *s, struct ami_bdf bdf)
{
	size_t i;

	for (i = 0; i < s->nr_iommus; i++)
		if (s->iommus[i].bdf.segment == bdf.segment &&
		    s->iommus[i].bdf.devid == bdf.devid)
			return true;
	return false;
}
