// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/finding.h>

void ami_findings_free(struct ami_findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->list[i].where);
		free(f->list[i].text);
	}
	free(f->list);
	memset(f, 0, sizeof(*f));
}

/* Count one more of this code; false once enough of them are kept. */
static bool count_code(struct ami_findings *f, const char *code)
{
	size_t i;

	for (i = 0; i < f->codes; i++)
		if (!strcmp(f->seen[i].code, code))
			return f->seen[i].count++ < AMI_FINDINGS_PER_CODE;
	if (f->codes == AMI_FINDING_CODES)
		return true;
	f->seen[f->codes].code = code;
	f->seen[f->codes++].count = 1;
	return true;
}

static struct ami_finding *append(struct ami_findings *f)
{
	if (f->count == f->room) {
		size_t room = f->room ? 2 * f->room : 32;
		struct ami_finding *more;

		more = realloc(f->list, room * sizeof(*more));
		if (!more)
			return NULL;
		f->list = more;
		f->room = room;
	}
	return &f->list[f->count];
}

void ami_find(struct ami_findings *f, enum ami_severity severity,
	      const char *code, const char *where, const char *fmt, ...)
{
	struct ami_finding *one;
	char *text = NULL;
	va_list ap;

	if (!count_code(f, code))
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	one = append(f);
	if (one) {
		*one = (struct ami_finding){ severity, code, strdup(where),
					     text };
		if (one->where && one->text) {
			f->count++;
			return;
		}
		free(one->where);
	}
	free(text);
	f->lost++;
}

size_t ami_findings_total(const struct ami_findings *f, const char *code)
{
	size_t i;

	for (i = 0; i < f->codes; i++)
		if (!strcmp(f->seen[i].code, code))
			return f->seen[i].count;
	return 0;
}

bool ami_findings_full(const struct ami_findings *f, const char *code)
{
	return ami_findings_total(f, code) >= AMI_FINDINGS_PER_CODE;
}

enum ami_severity ami_findings_worst(const struct ami_findings *f)
{
	enum ami_severity worst = f->lost ? AMI_WARNING : AMI_INFO;
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].severity > worst)
			worst = f->list[i].severity;
	return worst;
}

void ami_findings_sort(struct ami_findings *f)
{
	struct ami_finding *sorted;
	size_t i, n = 0;
	int s;

	if (f->count < 2)
		return;
	sorted = malloc(f->room * sizeof(*sorted));
	if (!sorted)
		return;
	for (s = AMI_ERROR; s >= AMI_INFO; s--)
		for (i = 0; i < f->count; i++)
			if ((int)f->list[i].severity == s)
				sorted[n++] = f->list[i];
	free(f->list);
	f->list = sorted;
}

const char *ami_severity_name(enum ami_severity severity)
{
	static const char *const name[] = { "info", "warning", "error" };

	return name[severity];
}
