// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include <amdiommu/error.h>

int ami_error_set(struct ami_error *err, enum ami_status status,
		  const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->status = status;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}
