/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a view prints, for tests to look at. */
#ifndef RENDER_H
#define RENDER_H

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "machine.h"

/** render() - what @r prints; the caller frees it. NUL bytes fail */
char *render(const struct ami_analysis *a, const struct ami_request *r);

/** render_machine() - the same of a machine after machine_analyse() */
char *render_machine(struct machine *m, const struct ami_request *r);

/** has(), lacks() - fail unless @needle is, or is not, in @text */
void has(const char *text, const char *needle);
void lacks(const char *text, const char *needle);

#endif
