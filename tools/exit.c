// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the command ends: exit codes, and failures in words. The library knows
 * neither exit codes nor options.
 */
#include <stdio.h>
#include <sysexits.h>

#include "command.h"

#define EX_SIGINT	130	/* as shells have it */

int tool_exit_code(enum ami_status status)
{
	switch (status) {
	case AMI_OK:
		return EX_OK;
	case AMI_ERR_USAGE:
		return EX_USAGE;
	case AMI_ERR_DATA:
		return EX_DATAERR;
	case AMI_ERR_INPUT:
		return EX_NOINPUT;
	case AMI_ERR_MEMORY:
		return EX_OSERR;
	case AMI_ERR_OUTPUT:
		return EX_CANTCREAT;
	case AMI_ERR_INTERRUPTED:
		return EX_SIGINT;
	}
	return EX_SOFTWARE;
}

int tool_check_code(enum ami_verdict verdict)
{
	switch (verdict) {
	case AMI_VERDICT_TRUSTED:
	case AMI_VERDICT_EXPOSED:
		return 0;
	case AMI_VERDICT_SUSPECT:
		return 1;
	case AMI_VERDICT_CORRUPT:
		return 2;
	case AMI_VERDICT_UNKNOWN:
		break;
	}
	return 3;
}

static const char *const advice_text[] = {
	[AMI_ADVICE_NONE] = "",
	[AMI_ADVICE_VMLINUX] = "; give the kernel's vmlinux with --vmlinux",
	[AMI_ADVICE_VMCOREINFO] = "; give it with --vmcoreinfo FILE, or the kernel's vmlinux with --vmlinux FILE",
	[AMI_ADVICE_DUMP] = "; name the vmcore, and a vmlinux with --vmlinux",
	[AMI_ADVICE_FOLDER] = "; name another folder (TMPDIR)",
};

char *tool_error_text(const struct ami_error *err, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", err->text, advice_text[err->advice]);
	return buf;
}

int tool_fail(const struct ami_error *err)
{
	char text[TOOL_ERROR];

	fprintf(stderr, "amdiommu: %s\n",
		tool_error_text(err, text, sizeof(text)));
	return tool_exit_code(err->status);
}
