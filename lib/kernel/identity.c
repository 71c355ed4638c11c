// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kernel it was, and how it was booted. */
#include <stdio.h>
#include <string.h>

#include <kernel/identity.h>

/* kernel/panic.c: taint_flags[], by bit. */
static const char taint_letter[] = "PFSRMBUDAWCIOELKXTNJ";

enum ami_mem ami_command_line(struct ami_kernel *k, char buf[AMI_COMMAND_LINE])
{
	uint64_t at = ami_symbol(k, AMI_SYM_saved_command_line), text;
	struct ami_dump *dump = ami_kernel_dump(k);
	enum ami_mem mem;

	if (!at)
		return AMI_MEM_NO_FIELD;
	ami_dump_record_pause(dump, true);
	mem = ami_read_u64(k, at, &text);
	if (mem == AMI_MEM_OK)
		mem = ami_read_string(k, text, buf, AMI_COMMAND_LINE);
	ami_dump_record_pause(dump, false);
	return mem;
}

enum ami_mem ami_kernel_build(struct ami_kernel *k, char *buf, size_t size)
{
	uint64_t at = ami_symbol(k, AMI_SYM_linux_banner);
	struct ami_dump *dump = ami_kernel_dump(k);
	char banner[512], *build;
	enum ami_mem mem;

	if (!at)
		return AMI_MEM_NO_FIELD;
	ami_dump_record_pause(dump, true);
	mem = ami_read_string(k, at, banner, sizeof(banner));
	ami_dump_record_pause(dump, false);
	if (mem != AMI_MEM_OK)
		return mem;
	/* "Linux version RELEASE (USER@HOST) (COMPILER) #1 ...", then '\n' */
	build = strchr(banner, '#');
	snprintf(buf, size, "%s", build ? build : "");
	if (*buf && buf[strlen(buf) - 1] == '?')
		buf[strlen(buf) - 1] = '\0';
	return AMI_MEM_OK;
}

enum ami_mem ami_kernel_taint(struct ami_kernel *k, char *buf, size_t size)
{
	uint64_t at = ami_symbol(k, AMI_SYM_tainted_mask), mask;
	enum ami_mem mem;
	size_t bit, used = 0;

	if (!at)
		return AMI_MEM_NO_FIELD;
	mem = ami_read_u64(k, at, &mask);
	if (mem != AMI_MEM_OK)
		return mem;
	buf[0] = '\0';
	for (bit = 0; taint_letter[bit]; bit++)
		if (mask >> bit & 1 && used + 3 < size)
			used += snprintf(buf + used, size - used, "%s%c",
					 used ? " " : "", taint_letter[bit]);
	return AMI_MEM_OK;
}
