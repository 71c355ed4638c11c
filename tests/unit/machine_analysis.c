// SPDX-License-Identifier: GPL-2.0-or-later
/* A machine is analysed; what was found is looked up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parts.h"

/* The analysis is asked for its halves; what they found stays the machine's. */
static struct ami_analysis machine_halves(const struct machine *m)
{
	return (struct ami_analysis){
		.dump = m->dump, .kernel = m->kernel, .state = m->state,
		.incidents = m->incidents, .marks = m->marks,
		.state_pages = m->state_pages, .spill.fd = -1,
		.deep = m->deep,
	};
}

void machine_judge(struct machine *m)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis a = machine_halves(m);
	size_t i;

	ami_contents_free(m->contents);
	ami_exposures_free(m->ex);
	ami_evidence_free(m->evidence);
	ami_pfnset_free(m->evidence_pages);
	if (ami_analysis_judge(&a, &err))
		fail_msg("%s", err.text);
	m->evidence = a.evidence;
	m->evidence_pages = a.evidence_pages;
	m->ex = a.exposures;
	m->contents = a.contents;
	for (i = 0; i < m->ex->reasons.count; i++)
		print_message("# %s: %s\n", ami_verdict_name(m->ex->verdict),
			      m->ex->reasons.list[i].text);
}

void machine_analyse(struct machine *m)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis a;

	m->dump = image_dump(m->img);
	ami_dump_run(m->dump);
	m->kernel = image_kernel(m->img, m->dump);
	a = machine_halves(m);
	if (ami_analysis_state(&a, &err))
		fail_msg("%s", err.text);
	m->findings = a.findings;
	m->state = a.state;
	m->state->findings = &m->findings;
	m->state_pages = a.state_pages;
	m->incidents = a.incidents;
	machine_judge(m);
}

const struct ami_exposure *machine_exposure_at(const struct machine *m,
					       struct ami_bdf bdf,
					       enum ami_class class)
{
	size_t i;

	for (i = 0; i < m->ex->count; i++) {
		const struct ami_requester *r = &m->ex->list[i].requester;

		if (!r->is_iommu && r->bdf.devid == bdf.devid &&
		    r->bdf.segment == bdf.segment &&
		    m->ex->list[i].class == class)
			return &m->ex->list[i];
	}
	return NULL;
}

const struct ami_exposure *machine_exposure(const struct machine *m,
					    uint16_t devid,
					    enum ami_class class)
{
	return machine_exposure_at(m, (struct ami_bdf){ 0, devid }, class);
}

void machine_maps(const struct machine *m, uint16_t devid, uint64_t phys,
		  uint64_t pages)
{
	const struct ami_exposure *e;

	e = machine_exposure(m, devid, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_true(e->complete);
	assert_int_equal(e->count, pages);
	assert_true(ami_pfnset_has(e->pages, phys >> 12));
	assert_true(ami_pfnset_has(e->pages, (phys >> 12) + pages - 1));
}

const struct ami_device *machine_state_of(const struct machine *m,
				       uint16_t devid)
{
	return ami_state_device(m->state, (struct ami_bdf){ 0, devid });
}

enum ami_finding_code machine_code(const char *name)
{
	enum ami_finding_code code = ami_finding_code(name);

	if (code == AMI_NR_FINDINGS)
		fail_msg("there is no finding '%s'", name);
	return code;
}

bool machine_because(const struct machine *m, const char *code,
		     const char *text)
{
	size_t i;

	for (i = 0; i < m->ex->reasons.count; i++)
		if (!strcmp(m->ex->reasons.list[i].code, code) &&
		    strstr(m->ex->reasons.list[i].text, text))
			return true;
	return false;
}

bool machine_found(const struct machine *m, const char *code)
{
	return ami_findings_total(m->state->findings, machine_code(code)) > 0;
}

const char *machine_said_of(const struct machine *m, const char *code,
			    const char *where)
{
	const struct ami_findings *f = m->state->findings;
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].code == machine_code(code) &&
		    !strcmp(f->list[i].where, where))
			return f->list[i].text;
	return NULL;
}
