// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include <amdiommu/display.h>
#include <amdiommu/error.h>

int ami_error_set(struct ami_error *err, enum ami_status status,
		  const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	if (!err)
		return -1;
	err->status = status;
	err->advice = AMI_ADVICE_NONE;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ami_display(text, err->text, sizeof(err->text));
	return -1;
}

int ami_error_advise(struct ami_error *err, enum ami_advice advice)
{
	if (err)
		err->advice = advice;
	return -1;
}
