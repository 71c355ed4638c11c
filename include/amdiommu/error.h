/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_ERROR_H
#define AMDIOMMU_ERROR_H

#include <stdarg.h>

/** enum ami_status - why an operation could not be carried out */
enum ami_status {
	AMI_OK,
	AMI_ERR_USAGE,		/* what was asked for makes no sense */
	AMI_ERR_DATA,		/* a dump, but not one that can be analysed */
	AMI_ERR_INPUT,		/* cannot be opened, or is not a dump */
	AMI_ERR_MEMORY,		/* out of memory */
	AMI_ERR_OUTPUT,		/* the result cannot be written */
	AMI_ERR_INTERRUPTED,	/* the user asked to stop */
};

/**
 * enum ami_advice - what the host could be given to get around a failure
 *
 * How a user gives it is known to the host alone.
 */
enum ami_advice {
	AMI_ADVICE_NONE,
	AMI_ADVICE_VMLINUX,	/* the vmlinux of the dumped kernel */
	AMI_ADVICE_VMCOREINFO,	/* VMCOREINFO, or that vmlinux */
	AMI_ADVICE_DUMP,	/* the dump; this may be its vmlinux */
	AMI_ADVICE_FOLDER,	/* another folder for temporary files */
};

/**
 * struct ami_error - a failure in one sentence
 * @status: class of the failure, AMI_OK when nothing failed
 * @text: what was tried, on what, why it failed, what to do; no newline
 * @advice: what would help besides, in words of the host
 *
 * Owned by the caller. Functions that take one fill it only on failure.
 */
struct ami_error {
	enum ami_status status;
	enum ami_advice advice;
	char text[480];
};

/** AMI_MUST_CHECK - of a function whose failure the caller must not pass over */
#define AMI_MUST_CHECK	__attribute__((warn_unused_result))

/** ami_error_set() - fill @err, which may be NULL. Always returns -1. */
int ami_error_set(struct ami_error *err, enum ami_status status,
		  const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** ami_error_advise() - add advice to @err, which may be NULL; returns -1 */
int ami_error_advise(struct ami_error *err, enum ami_advice advice);

#endif
