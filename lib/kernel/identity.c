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

/* include/uapi/linux/utsname.h: six texts of 65 bytes */
#define UTS_TEXT	65u
#define UTS_NODENAME	(1u * UTS_TEXT)
#define UTS_RELEASE	(2u * UTS_TEXT)

/*
 * Up to 5.10 VMCOREINFO does not say where the names begin: behind a counter of
 * four bytes. @name: where they begin
 */
static enum ami_mem find_names(struct ami_kernel *k, uint64_t *name)
{
	struct ami_dump *dump = ami_kernel_dump(k);
	uint64_t offset = sizeof(uint32_t);
	char release[UTS_TEXT];
	enum ami_mem mem;

	if (!ami_vmcoreinfo_number(dump, "SYMBOL(init_uts_ns)", 16, name))
		return AMI_MEM_NO_FIELD;
	ami_vmcoreinfo_number(dump, "OFFSET(uts_namespace.name)", 10, &offset);
	*name += offset;
	mem = ami_read_string(k, *name + UTS_RELEASE, release, sizeof(release));
	return mem != AMI_MEM_OK ? mem :
	       strcmp(release, ami_kernel_release(k)) ? AMI_MEM_DAMAGED :
							AMI_MEM_OK;
}

enum ami_mem ami_kernel_host(struct ami_kernel *k, char buf[AMI_HOST])
{
	struct ami_dump *dump = ami_kernel_dump(k);
	enum ami_mem mem;
	uint64_t name;

	buf[0] = '\0';
	ami_dump_record_pause(dump, true);
	mem = find_names(k, &name);
	if (mem == AMI_MEM_OK)
		mem = ami_read_string(k, name + UTS_NODENAME, buf, AMI_HOST);
	ami_dump_record_pause(dump, false);
	return mem == AMI_MEM_OK && !*buf ? AMI_MEM_NO_FIELD : mem;
}

const char *ami_taint_word(unsigned int bit)
{
	static const char *const word[] = {
		"proprietary-module", "forced-module", "cpu-out-of-spec",
		"forced-rmmod", "machine-check", "bad-page", "user", "die",
		"overridden-acpi-table", "warn", "crap", "firmware-workaround",
		"oot-module", "unsigned-module", "softlockup", "livepatch",
		"aux", "randstruct", "test", "fwctl",
	};

	return bit < sizeof(word) / sizeof(word[0]) ? word[bit] : NULL;
}

enum ami_mem ami_kernel_taint_mask(struct ami_kernel *k, uint64_t *mask)
{
	uint64_t at = ami_symbol(k, AMI_SYM_tainted_mask);

	return at ? ami_read_u64(k, at, mask) : AMI_MEM_NO_FIELD;
}

enum ami_mem ami_kernel_taint(struct ami_kernel *k, char *buf, size_t size)
{
	enum ami_mem mem;
	size_t bit, used = 0;
	uint64_t mask;

	mem = ami_kernel_taint_mask(k, &mask);
	if (mem != AMI_MEM_OK)
		return mem;
	buf[0] = '\0';
	for (bit = 0; taint_letter[bit]; bit++)
		if (mask >> bit & 1 && used + 3 < size)
			used += snprintf(buf + used, size - used, "%s%c",
					 used ? " " : "", taint_letter[bit]);
	return AMI_MEM_OK;
}
