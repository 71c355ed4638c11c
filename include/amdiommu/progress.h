/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_PROGRESS_H
#define AMDIOMMU_PROGRESS_H

#include <stdio.h>
#include <time.h>

#include <amdiommu/dump.h>

/**
 * struct ami_progress - a line on a terminal while an analysis takes long
 * @to: the terminal; NULL if there is no terminal
 */
struct ami_progress {
	FILE *to;
	struct timespec next;
	bool shown;
};

/** ami_terminal() - is it a terminal that takes escape sequences (TERM)? */
bool ami_terminal(FILE *to);

/**
 * ami_progress_begin() - show progress of @dump on @to, once it takes long
 *
 * Does nothing unless @to is a terminal. @p must live as long as the dump.
 */
void ami_progress_begin(struct ami_progress *p, struct ami_dump *dump,
			FILE *to);

/** ami_progress_end() - clear the line, so that other output can follow */
void ami_progress_end(struct ami_progress *p);

#endif
