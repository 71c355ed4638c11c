// SPDX-License-Identifier: GPL-2.0-or-later
/* Marks from a finished analysis. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "marks.h"

/**
 * struct copying - marks in the making
 * @pages, @set: the set of the exposure before: devices of one domain share it
 * @left_out: exposures whose pages, or that themselves, marks have no room for
 */
struct copying {
	struct ami_marks *marks;
	const struct ami_pfnset *pages;
	int set;
	size_t left_out;
};

static void describe_origin(struct ami_marks *m, bool in_capture)
{
	struct utsname u;

	m->made = ami_marks_clock();
	m->in_capture = in_capture;
	if (!uname(&u))
		snprintf(m->kernel, sizeof(m->kernel), "%s", u.release);
	snprintf(m->tool, sizeof(m->tool), "amdiommu " AMI_VERSION);
}

/* -1: it has none, or there is no room for it. */
static enum vec_room find_set(struct copying *c, const struct ami_exposure *e,
			      int *set)
{
	enum vec_room room = VEC_OK;

	*set = -1;
	if (!e->pages || e->all_ram)
		return VEC_OK;
	if (!e->borrowed || e->pages != c->pages) {
		room = marks_add_shared_set(c->marks, e->pages);
		c->pages = e->pages;
		c->set = room == VEC_OK ? (int)c->marks->nr_sets - 1 : -1;
	}
	*set = c->set;
	return room;
}

static int add_mark(struct copying *c, const struct ami_exposure *e)
{
	struct ami_mark mark = {
		.requester = e->requester, .class = e->class,
		.certainty = e->certainty, .all_ram = e->all_ram,
		.complete = e->complete, .count = e->count,
		.outside = e->outside, .nr_iovas = e->nr_iovas,
	};
	enum vec_room room;

	if (find_set(c, e, &mark.set) == VEC_NO_MEMORY)
		return -1;
	if (e->pages && !e->all_ram && mark.set < 0) {
		mark.complete = false;
		c->left_out++;
	}
	if (e->nr_iovas) {
		mark.iovas = calloc(e->nr_iovas, sizeof(*mark.iovas));
		if (!mark.iovas)
			return -1;
		memcpy(mark.iovas, e->iovas,
		       e->nr_iovas * sizeof(*mark.iovas));
	}
	room = vec_push(c->marks->list, c->marks->count, MARKS_MAX_LIST, mark);
	if (room != VEC_OK)
		free(mark.iovas);
	c->left_out += room == VEC_FULL;
	return room == VEC_NO_MEMORY ? -1 : 0;
}

static int add_finding(struct ami_marks *m, enum ami_severity severity,
		       enum ami_finding_code code, const char *where,
		       const char *text)
{
	const struct ami_marks_finding f = {
		.severity = severity,
		.code = strdup(ami_finding_class(code)->name),
		.where = strdup(where ? where : ""),
		.text = strdup(text ? text : ""),
	};

	if (f.code && f.where && f.text &&
	    !vec_push(m->findings, m->nr_findings, MARKS_MAX_FINDINGS, f))
		return 0;
	free(f.code);
	free(f.where);
	free(f.text);
	return -1;
}

static int report_left_out(const struct copying *c)
{
	char text[160];

	if (!c->left_out)
		return 0;
	snprintf(text, sizeof(text), "The marks have no room for the pages of %zu exposures: look for those in the dump itself.",
		 c->left_out);
	return add_finding(c->marks, AMI_WARNING, AMI_FIND_TOO_MANY, "marks",
			   text);
}

static int copy_reasons(char **to, size_t *count,
			const struct ami_reasons *from)
{
	size_t i;

	for (i = 0; i < from->count; i++) {
		to[i] = strdup(from->list[i].text);
		if (!to[i])
			return -1;
		++*count;
	}
	return 0;
}

static int copy_all(struct ami_marks *m, const struct ami_exposures *ex)
{
	const struct ami_findings *found = ex->state->findings;
	struct copying c = { .marks = m, .set = -1 };
	size_t i;

	/* Pages observed earlier have their own place, with their times. */
	for (i = 0; i < ex->count; i++)
		if (ex->list[i].class != AMI_CLASS_OBSERVED &&
		    add_mark(&c, &ex->list[i]))
			return -1;
	if (copy_reasons(m->reason, &m->nr_reasons, &ex->reasons) ||
	    copy_reasons(m->gap, &m->nr_gaps, &ex->gaps))
		return -1;
	for (i = 0; i < found->count; i++)
		if (add_finding(m, found->list[i].severity, found->list[i].code,
				found->list[i].where, found->list[i].text))
			return -1;
	return report_left_out(&c);
}

struct ami_marks *ami_marks_build(const struct ami_exposures *ex,
				  bool in_capture, struct ami_error *err)
{
	struct ami_marks *m = calloc(1, sizeof(*m));

	if (m) {
		ami_dump_identify(ami_kernel_dump(ex->state->kernel), &m->id);
		describe_origin(m, in_capture);
		m->capture = ex->state->capture;
		m->verdict = ex->verdict;
		m->has_coverage = true;
		m->covered = ex->covered;
	}
	if (m && !copy_all(m, ex))
		return m;
	ami_marks_free(m);
	ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return NULL;
}
