// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <amdiommu/display.h>

#include "marks.h"

uint64_t ami_marks_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

/* Takes over @set, also on failure. */
static enum vec_room append_set(struct ami_marks *m, struct ami_pfnset *set,
				size_t max)
{
	enum vec_room room = VEC_NO_MEMORY;

	if (set)
		room = vec_push(m->sets, m->nr_sets, max, set);
	if (room != VEC_OK)
		ami_pfnset_free(set);
	return room;
}

enum vec_room marks_add_set(struct ami_marks *m)
{
	return append_set(m, ami_pfnset_new(), MARKS_MAX_SETS);
}

enum vec_room marks_add_shared_set(struct ami_marks *m, struct ami_pfnset *set)
{
	return append_set(m, ami_pfnset_share(set),
			  MARKS_MAX_SETS - MARKS_MAX_OBSERVED);
}

int ami_marks_observe(struct ami_marks *m, const struct ami_pfnset *pages,
		      const struct ami_observation *o)
{
	struct ami_observation mine = *o;

	if (marks_add_set(m))
		return -1;
	mine.set = m->nr_sets - 1;
	ami_pfnset_union(m->sets[mine.set], pages);
	ami_pfnset_compact(m->sets[mine.set]);
	return vec_push(m->observed, m->nr_observed, SIZE_MAX, mine) ? -1 : 0;
}

void ami_marks_free(struct ami_marks *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->nr_sets; i++)
		ami_pfnset_free(m->sets[i]);
	for (i = 0; i < m->count; i++)
		free(m->list[i].iovas);
	for (i = 0; i < m->nr_saved; i++)
		free(m->saved[i].data);
	for (i = 0; i < m->nr_reasons; i++)
		free(m->reason[i]);
	for (i = 0; i < m->nr_gaps; i++)
		free(m->gap[i]);
	for (i = 0; i < m->nr_findings; i++) {
		free(m->findings[i].code);
		free(m->findings[i].where);
		free(m->findings[i].text);
	}
	free(m->findings);
	free(m->observed);
	free(m->saved);
	free(m->list);
	free(m->sets);
	free(m);
}

struct ami_pfnset *ami_marks_pages(const struct ami_marks *m, int class)
{
	struct ami_pfnbatch all = { .set = ami_pfnset_new() };
	bool *done = calloc(m->nr_sets + 1, sizeof(*done));
	size_t i;

	for (i = 0; all.set && done && i < m->count; i++) {
		const struct ami_mark *mark = &m->list[i];

		/* Many marks may have the same set. */
		if (mark->set < 0 || done[mark->set] ||
		    (class != AMI_CLASSES && (int)mark->class != class))
			continue;
		done[mark->set] = true;
		ami_pfnbatch_join(&all, m->sets[mark->set]);
	}
	if (all.set)
		ami_pfnbatch_flush(&all);
	if (!done) {
		ami_pfnset_free(all.set);
		all.set = NULL;
	}
	free(done);
	return all.set;
}

/* --- which crash -------------------------------------------------------------- */

/*
 * Shown in messages, and kept in marks, whose readers refuse other characters.
 */
static void identify_text(const struct ami_dump *dump, const char *key,
			  char *buf, size_t size)
{
	char raw[128];

	*buf = '\0';
	if (ami_vmcoreinfo_get(dump, key, raw, sizeof(raw)))
		ami_display(raw, buf, size);
}

void ami_dump_identify(const struct ami_dump *dump, struct ami_dump_id *id)
{
	memset(id, 0, sizeof(*id));
	identify_text(dump, "OSRELEASE", id->release, sizeof(id->release));
	identify_text(dump, "BUILD-ID", id->build_id, sizeof(id->build_id));
	ami_vmcoreinfo_number(dump, "CRASHTIME", 10, &id->crash_time);
	ami_vmcoreinfo_number(dump, "KERNELOFFSET", 16, &id->kernel_offset);
	ami_vmcoreinfo_number(dump, "NUMBER(phys_base)", 10, &id->phys_base);
	id->max_pfn = ami_dump_info(dump)->max_pfn;
}

static void describe_id(const struct ami_dump_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "Linux %s, build %.12s, crash time %llu, kernel offset %#llx",
		 id->release[0] ? id->release : "unknown",
		 id->build_id[0] ? id->build_id : "unknown",
		 (unsigned long long)id->crash_time,
		 (unsigned long long)id->kernel_offset);
}

static bool differs(const char *a, const char *b)
{
	return *a && *b && strcmp(a, b);
}

/*
 * A field that one side does not have says nothing. Two kernels without a crash
 * time do not share a crash because both have 0. max_pfn is left out: ELF and
 * kdump headers count differently.
 */
static enum ami_bound compare_ids(const struct ami_dump_id *a,
				  const struct ami_dump_id *b)
{
	if (differs(a->release, b->release) ||
	    differs(a->build_id, b->build_id) ||
	    a->phys_base != b->phys_base ||
	    a->kernel_offset != b->kernel_offset)
		return AMI_BOUND_OTHER;
	if (a->crash_time && b->crash_time && a->crash_time != b->crash_time)
		return AMI_BOUND_OTHER;
	return a->crash_time && b->crash_time && *a->release && *b->release ?
	       AMI_BOUND_SAME : AMI_BOUND_UNPROVED;
}

enum ami_bound ami_marks_bind(const struct ami_marks *m,
			      const struct ami_dump *dump,
			      struct ami_error *err)
{
	char ours[200], theirs[200];
	enum ami_bound bound;
	struct ami_dump_id id;

	ami_dump_identify(dump, &id);
	bound = compare_ids(&m->id, &id);
	describe_id(&m->id, ours, sizeof(ours));
	describe_id(&id, theirs, sizeof(theirs));
	if (bound == AMI_BOUND_OTHER)
		ami_error_set(err, AMI_ERR_DATA, "they belong to another dump (%s; this dump: %s)",
			      ours, theirs);
	else if (bound == AMI_BOUND_UNPROVED)
		ami_error_set(err, AMI_ERR_DATA, "nothing proves that they belong to this crash, because the crash time is not in both (%s; this dump: %s); they are used only if their file is named",
			      ours, theirs);
	return bound;
}
