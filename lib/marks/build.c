// SPDX-License-Identifier: GPL-2.0-or-later
/* Marks from a finished analysis. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "marks.h"

/* If several exposures share one set: devices of one domain. */
struct sharing {
	const struct ami_pfnset *pages;
	int set;
};

static void tell_origin(struct ami_marks *m, bool in_capture)
{
	struct utsname u;

	m->made = marks_clock();
	m->in_capture = in_capture;
	if (!uname(&u))
		snprintf(m->kernel, sizeof(m->kernel), "%s", u.release);
	snprintf(m->tool, sizeof(m->tool), "amdiommu " AMI_VERSION);
}

static int set_of(struct ami_marks *m, const struct ami_exposure *e,
		  struct sharing *last)
{
	if (!e->pages || e->all_ram)
		return -1;
	if (e->borrowed && e->pages == last->pages)
		return last->set;
	last->pages = e->pages;
	last->set = marks_add_shared_set(m, e->pages);
	return last->set;
}

static int add_mark(struct ami_marks *m, const struct ami_exposure *e,
		    struct sharing *last)
{
	struct ami_mark *mark = marks_append_slot((void **)&m->list, m->count,
						  sizeof(*mark));
	size_t size = e->nr_iovas * sizeof(*e->iovas);

	if (!mark)
		return -1;
	*mark = (struct ami_mark){
		.requester = e->requester, .class = e->class,
		.certainty = e->certainty, .all_ram = e->all_ram,
		.complete = e->complete, .count = e->count,
		.outside = e->outside, .set = set_of(m, e, last),
		.nr_iovas = e->nr_iovas,
	};
	m->count++;
	mark->iovas = size ? malloc(size) : NULL;
	if ((size && !mark->iovas) ||
	    (e->pages && !e->all_ram && mark->set < 0))
		return -1;
	if (size)
		memcpy(mark->iovas, e->iovas, size);
	return 0;
}

static int add_finding(struct ami_marks *m, const struct ami_finding *f)
{
	struct ami_marks_finding *mine;

	mine = marks_append_slot((void **)&m->findings, m->nr_findings,
				 sizeof(*mine));
	if (!mine)
		return -1;
	m->nr_findings++;
	mine->severity = f->severity;
	mine->code = strdup(ami_finding_class(f->code)->name);
	mine->where = strdup(f->where ? f->where : "");
	mine->text = strdup(f->text ? f->text : "");
	return mine->code && mine->where && mine->text ? 0 : -1;
}

static int copy_all(struct ami_marks *m, const struct ami_exposures *ex)
{
	struct sharing last = { NULL, -1 };
	size_t i;

	/* Pages observed earlier have their own place, with their times. */
	for (i = 0; i < ex->count; i++)
		if (ex->list[i].class != AMI_CLASS_OBSERVED &&
		    add_mark(m, &ex->list[i], &last))
			return -1;
	for (i = 0; i < ex->nr_reasons; i++) {
		m->reason[i] = strdup(ex->reason[i]);
		if (!m->reason[i])
			return -1;
		m->nr_reasons++;
	}
	for (i = 0; i < ex->state->findings->count; i++)
		if (add_finding(m, &ex->state->findings->list[i]))
			return -1;
	return 0;
}

struct ami_marks *ami_marks_build(const struct ami_exposures *ex,
				  bool in_capture, struct ami_error *err)
{
	struct ami_marks *m = calloc(1, sizeof(*m));

	if (m) {
		ami_dump_identify(ami_kernel_dump(ex->state->kernel), &m->id);
		tell_origin(m, in_capture);
		m->capture = ex->state->capture;
		m->verdict = ex->verdict;
	}
	if (m && !copy_all(m, ex))
		return m;
	ami_marks_free(m);
	ami_error_set(err, AMI_ERR_MEMORY,
		      "out of memory, or more sets of pages than marks can hold");
	return NULL;
}
