/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owners of exposed pages, counted. Private to lib/exposure. */
#ifndef AMI_TALLY_H
#define AMI_TALLY_H

#include "exposure.h"

/**
 * struct tally - exposures that share a set of pages, counted once
 * @classes: a bit for each class that they belong to
 * @next: its lowest page that is not counted yet
 * @first: first page of each owner; AMI_PFN_LIMIT if there is none
 */
struct tally {
	const struct ami_pfnset *pages;
	uint32_t classes;
	uint64_t next;
	uint64_t count[AMI_OWNERS], first[AMI_OWNERS];
};

/**
 * struct tallies - all of them
 * @of: position + 1 in @list for each exposure, 0: it names no pages
 * @contents: pages whose content may contradict their owner
 * @free: those of @contents that are free
 */
struct tallies {
	struct tally *list;
	size_t nr;
	size_t *of;
	struct ami_pfnset *contents, *free;
};

/**
 * exposure_tally_owners() - also fills in class_owners; -1: no memory. Always
 * free it
 */
int exposure_tally_owners(struct ami_exposures *ex, struct tallies *t);
void exposure_tallies_free(struct tallies *t);

#endif
