// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>
#include <amdiommu/finding.h>
#include <common/vec.h>

void ami_findings_free(struct ami_findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->list[i].where);
		free(f->list[i].text);
		ami_facts_free(&f->list[i].facts);
	}
	free(f->list);
	memset(f, 0, sizeof(*f));
}

static const struct ami_finding_class class[AMI_NR_FINDINGS] = {
#define AMI_FINDING(code, name, severity, effect, covers, kind, meaning, advice) \
	[AMI_FIND_##code] = { name, AMI_##severity, AMI_EFFECT_##effect, \
			      AMI_COVERS_##covers, AMI_KIND_##kind, meaning, \
			      advice },
#include <amdiommu/findings.def>
#undef AMI_FINDING
};

/* A place of a known form is a fact as well: a device, an IOMMU, a domain. */
static int add_place(struct ami_facts *facts, const char *where)
{
	unsigned int a, b, c, d;
	int end = 0;

	if ((sscanf(where, "%4x:%2x:%2x.%1x%n", &a, &b, &c, &d, &end) == 4 ||
	     sscanf(where, "iommu%u%n", &a, &end) == 1) && !where[end])
		return ami_facts_copy(facts, AMI_FACTS(
					      AMI_NAMES(REQUESTER, where)));
	if (sscanf(where, "domain %u%n", &a, &end) == 1 && !where[end])
		return ami_facts_copy(facts, AMI_FACTS(AMI_SAYS(DOMAIN, a)));
	return 0;
}

/* Keep one more, unless enough findings of this code are kept. */
static void add_finding(struct ami_findings *f, struct ami_finding one,
			const char *where, const struct ami_fact *facts,
			const char *fmt, va_list ap)
{
	if (f->total[one.code]++ >= AMI_FINDINGS_PER_CODE)
		return;
	one.text = ami_display_format(fmt, ap);
	one.where = ami_display_copy(where);
	if (one.text && one.where && !ami_facts_copy(&one.facts, facts) &&
	    !add_place(&one.facts, one.where) &&
	    vec_push(f->list, f->count, SIZE_MAX, one) == VEC_OK)
		return;
	ami_facts_free(&one.facts);
	free(one.where);
	free(one.text);
	f->lost++;
}

static struct ami_finding of_class(enum ami_finding_code code)
{
	return (struct ami_finding){ .severity = class[code].severity,
				     .code = code };
}

static struct ami_finding noted(struct ami_findings *f,
				enum ami_finding_code code)
{
	f->noted[code]++;
	return (struct ami_finding){ .severity = AMI_INFO, .code = code };
}

void ami_finding_add_with(struct ami_findings *f, enum ami_finding_code code,
			  const char *where, const struct ami_fact *facts,
			  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_finding(f, of_class(code), where, facts, fmt, ap);
	va_end(ap);
}

void ami_finding_note_with(struct ami_findings *f, enum ami_finding_code code,
			   const char *where, const struct ami_fact *facts,
			   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_finding(f, noted(f, code), where, facts, fmt, ap);
	va_end(ap);
}

void ami_finding_add(struct ami_findings *f, enum ami_finding_code code,
		     const char *where, const char *text)
{
	ami_finding_add_with(f, code, where, NULL, "%s", text);
}

void ami_finding_note(struct ami_findings *f, enum ami_finding_code code,
		      const char *where, const char *text)
{
	ami_finding_note_with(f, code, where, NULL, "%s", text);
}

size_t ami_findings_total(const struct ami_findings *f,
			  enum ami_finding_code code)
{
	return f->total[code];
}

size_t ami_findings_effective(const struct ami_findings *f,
			      enum ami_finding_code code)
{
	return f->total[code] - f->noted[code];
}

bool ami_findings_full(const struct ami_findings *f,
		       enum ami_finding_code code)
{
	return f->total[code] >= AMI_FINDINGS_PER_CODE;
}

bool ami_findings_have(const struct ami_findings *f,
		       enum ami_finding_effect effect)
{
	unsigned int code;

	for (code = 0; code < AMI_NR_FINDINGS; code++)
		if (ami_findings_effective(f, code) &&
		    class[code].effect == effect)
			return true;
	return false;
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
	sorted = calloc(f->count, sizeof(*sorted));
	if (!sorted)
		return;
	for (s = AMI_ERROR; s >= AMI_INFO; s--)
		for (i = 0; i < f->count; i++)
			if ((int)f->list[i].severity == s)
				sorted[n++] = f->list[i];
	memcpy(f->list, sorted, n * sizeof(*sorted));
	free(sorted);
}

const char *ami_severity_name(enum ami_severity severity)
{
	static const char *const name[] = { "info", "warning", "error" };

	return name[severity];
}

const char *ami_finding_effect_name(enum ami_finding_effect effect)
{
	static const char *const name[] = { "none", "gap", "unknown",
					    "suspect", "corrupt" };

	return name[effect];
}

const char *ami_finding_covers_name(enum ami_finding_covers covers)
{
	static const char *const name[] = { "all", "part" };

	return name[covers];
}

const char *ami_finding_kind_name(enum ami_finding_kind kind)
{
	static const char *const name[] = { "configuration", "finding",
					    "missing", "damage" };

	return name[kind];
}

const struct ami_finding_class *ami_finding_class(enum ami_finding_code code)
{
	return &class[code];
}

enum ami_finding_code ami_finding_code(const char *name)
{
	unsigned int code;

	for (code = 0; code < AMI_NR_FINDINGS; code++)
		if (!strcmp(class[code].name, name))
			break;
	return code;
}
