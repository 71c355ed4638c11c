/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/analysis. */
#ifndef AMI_ANALYSIS_PRIVATE_H
#define AMI_ANALYSIS_PRIVATE_H

#include <analysis/analysis.h>

/** analysis_check_commands() - do pending commands concern unknown devices? */
void analysis_check_commands(struct ami_state *s);

/** analysis_check_evidence() - devices with transfers to do are active */
void analysis_check_evidence(struct ami_state *s,
			     const struct ami_evidence *ev);

/** analysis_check_ram() - mappings to possible RAM make the state incomplete */
void analysis_check_ram(struct ami_state *s, const struct ami_exposures *ex);

#endif
