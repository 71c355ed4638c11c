/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_ERROR_H
#define AMDIOMMU_ERROR_H

#include <stdarg.h>

/**
 * enum ami_status - why an operation could not be carried out
 *
 * The values are the exit codes of the stand-alone command, taken from
 * <sysexits.h> where one fits.
 */
enum ami_status {
	AMI_OK = 0,
	AMI_ERR_USAGE = 64,	/* the command line makes no sense */
	AMI_ERR_DATA = 65,	/* a dump, but not one that can be analysed */
	AMI_ERR_INPUT = 66,	/* not to be opened, or not a dump */
	AMI_ERR_MEMORY = 71,	/* out of memory */
	AMI_ERR_OUTPUT = 73,	/* the result can't be written */
	AMI_ERR_INTERRUPTED = 130,
};

/**
 * struct ami_error - a failure in one sentence
 * @status: class of the failure, AMI_OK when nothing failed
 * @text: what was tried, on what, why it failed, what to do; no newline
 *
 * Owned by the caller. Functions that take one fill it only on failure.
 */
struct ami_error {
	enum ami_status status;
	char text[480];
};

/** ami_error_set() - fill @err, which may be NULL. Always returns -1. */
int ami_error_set(struct ami_error *err, enum ami_status status,
		  const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
