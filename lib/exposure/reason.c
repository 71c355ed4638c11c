// SPDX-License-Identifier: GPL-2.0-or-later
/* Reasons of the verdict and of coverage: kept with the exposures. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <exposure/reason.h>

static const struct {
	const char *name;
	enum ami_finding_kind kind;
} class[AMI_NR_REASONS] = {
#define AMI_REASON(code, name, kind, meaning) \
	[AMI_REASON_##code] = { name, AMI_KIND_##kind },
#include <amdiommu/reasons.def>
#undef AMI_REASON
};

const char *ami_reason_name(enum ami_reason_code code)
{
	return class[code].name;
}

enum ami_finding_kind ami_reason_kind(enum ami_reason_code code)
{
	return class[code].kind;
}

static int copy_devices(struct ami_reason *to, const struct ami_bdf *devices,
			size_t count)
{
	if (!count)
		return 0;
	to->devices = malloc(count * sizeof(*devices));
	if (!to->devices)
		return -1;
	memcpy(to->devices, devices, count * sizeof(*devices));
	to->nr_devices = count;
	return 0;
}

int ami_reasons_add(struct ami_reasons *r, const char *code,
		    enum ami_finding_kind kind, const struct ami_bdf *devices,
		    size_t nr_devices, const struct ami_fact *facts,
		    const char *fmt, ...)
{
	struct ami_reason *one;
	va_list ap;
	int n;

	if (r->count == AMI_MAX_REASONS) {
		r->dropped++;
		return 0;
	}
	one = &r->list[r->count++];
	*one = (struct ami_reason){ .code = code, .kind = kind };
	va_start(ap, fmt);
	n = vasprintf(&one->text, fmt, ap);
	va_end(ap);
	if (n < 0)
		one->text = NULL;
	return n < 0 || ami_facts_copy(&one->facts, facts) ||
	       copy_devices(one, devices, nr_devices) ? -1 : 0;
}

int ami_reason_place(struct ami_reason *reason, const char *where)
{
	reason->where = strdup(where);
	return reason->where ? 0 : -1;
}

void ami_reasons_free(struct ami_reasons *r)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		free(r->list[i].text);
		free(r->list[i].where);
		free(r->list[i].devices);
		ami_facts_free(&r->list[i].facts);
	}
	memset(r, 0, sizeof(*r));
}
