// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices of which a reason says the same: the first few by name, all as data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "verdict.h"

#define NAMED	3u

const struct verdict_devices verdict_no_devices;

static bool keep_device(struct verdict_devices *d, struct ami_bdf bdf)
{
	return vec_push(d->list, d->count, SIZE_MAX, bdf) == VEC_OK;
}

void verdict_name_device(struct verdict_devices *d, const struct ami_state *s,
			 struct ami_bdf bdf)
{
	const struct ami_device *device = ami_state_device(s, bdf);
	size_t used = strlen(d->names);
	char who[AMI_BDF_TEXT];

	d->failed |= !keep_device(d, bdf);
	if (d->failed || d->count > NAMED)
		return;
	snprintf(d->names + used, sizeof(d->names) - used, "%s%s (%s)",
		 used ? ", " : "", ami_bdf_text(bdf, who),
		 device && device->driver[0] ? device->driver : "no driver");
}

const char *verdict_more_devices(const struct verdict_devices *d)
{
	return d->count > NAMED ? ", ..." : "";
}

void verdict_free_devices(struct verdict_devices *d)
{
	free(d->list);
	memset(d, 0, sizeof(*d));
}
