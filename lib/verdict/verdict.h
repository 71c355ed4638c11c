/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/verdict. */
#ifndef AMI_VERDICT_PRIVATE_H
#define AMI_VERDICT_PRIVATE_H

#include <verdict/verdict.h>

/*
 * Finders: each adds findings and returns -1 if memory runs out. A new one is a
 * file of its own and a line in verdict.c.
 */
int verdict_find_unlisted(struct ami_exposures *ex);
int verdict_find_owners(struct ami_exposures *ex);
int verdict_find_differing(struct ami_exposures *ex);
int verdict_find_faults(struct ami_exposures *ex);
int verdict_find_taint(struct ami_exposures *ex);
int verdict_find_dropped(struct ami_exposures *ex);

/**
 * verdict_check_content() - does the content of pages contradict their owners?
 * @pages: of @e; those outside @free are of slabs
 */
void verdict_check_content(struct ami_exposures *ex,
			   const struct ami_exposure *e,
			   const struct ami_pfnset *pages,
			   const struct ami_pfnset *free);

#endif
