// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "state.h"

const char *ami_seen_name(enum ami_seen seen)
{
	static const char *const name[] = {
		"intact", "overwritten", "inconsistent", "unread", "none",
	};

	return name[seen];
}

const char *ami_entry_state_name(enum ami_entry_state state)
{
	static const char *const name[] = {
		"unused", "done", "unproven", "not-executed", "overwritten",
		"unread",
	};

	return name[state];
}

const char *ami_log_name(enum ami_log_kind kind)
{
	static const char *const name[] = { "event", "PPR", "GA" };

	return name[kind];
}

const char *ami_domain_kind_name(enum ami_domain_kind kind)
{
	static const char *const name[] = {
		"blocked", "unmanaged", "dma", "dma-fq", "identity", "sva",
		"nested", "unknown",
	};

	return name[kind];
}

const char *ami_translation_name(enum ami_translation t)
{
	static const char *const name[] = {
		"paging", "passthrough", "blocked", "none", "unknown",
		"other",
	};

	return name[t];
}

char *ami_bdf_text(struct ami_bdf bdf, char buf[AMI_BDF_TEXT])
{
	snprintf(buf, AMI_BDF_TEXT, "%04x:%02x:%02x.%x", bdf.segment,
		 bdf.devid >> 8, bdf.devid >> 3 & 31, bdf.devid & 7);
	return buf;
}

bool ami_bdf_parse(const char *text, struct ami_bdf *bdf)
{
	unsigned int seg = 0, bus, dev, fn;
	int end = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &seg, &bus, &dev, &fn,
		   &end) != 4 || text[end]) {
		end = 0;
		seg = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &dev, &fn, &end) != 3 ||
		    text[end])
			return false;
	}
	if (dev > 31 || fn > 7)
		return false;
	bdf->segment = seg;
	bdf->devid = bus << 8 | dev << 3 | fn;
	return true;
}
