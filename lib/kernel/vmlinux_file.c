// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A vmlinux file: opened, and held against the dump. The file must first prove
 * that it is the dumped kernel: by its build ID if the dump has one, else by
 * the version in linux_banner.
 */
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmlinux.h"

int vmlinux_refuse(const struct vmlinux *v, const char *fmt, ...)
{
	const char *release = v->kernel->release;
	char why[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (!*release)
		return ami_error_set(v->err, AMI_ERR_DATA,
				     "%s; take the vmlinux from the debug package of the dumped kernel",
				     why);
	return ami_error_set(v->err, AMI_ERR_DATA,
			     "%s; take the vmlinux from the debug package of Linux %s (Debian: linux-image-%s-dbg, Fedora and RHEL: kernel-debuginfo)",
			     why, release, release);
}

int vmlinux_damaged(const struct vmlinux *v, const char *what)
{
	return vmlinux_refuse(v, "%s in %s is damaged or cut short", what, v->path);
}

int vmlinux_bad_dwarf(const struct vmlinux *v)
{
	return vmlinux_refuse(v, "the debug information (DWARF) in %s is damaged or cut short, or its version is unknown",
			      v->path);
}

static int open_file(struct vmlinux *v)
{
	struct stat st;

	/* A FIFO would make open() wait for a writer. */
	v->fd = open(v->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (v->fd < 0)
		return ami_error_set(v->err, AMI_ERR_INPUT,
				     "cannot open the vmlinux file %s: %s",
				     v->path, strerror(errno));
	if (fstat(v->fd, &st))
		return ami_error_set(v->err, AMI_ERR_INPUT,
				     "cannot examine the vmlinux file %s: %s",
				     v->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ami_error_set(v->err, AMI_ERR_INPUT,
				     "%s is %s; a vmlinux file is needed",
				     v->path, S_ISDIR(st.st_mode) ?
				     "a directory" : "not a regular file");
	return 0;
}

static int open_elf(struct vmlinux *v)
{
	GElf_Ehdr ehdr;
	size_t sections;

	elf_version(EV_CURRENT);
	v->elf = elf_begin(v->fd, ELF_C_READ_MMAP, NULL);
	if (!v->elf || elf_kind(v->elf) != ELF_K_ELF ||
	    !gelf_getehdr(v->elf, &ehdr))
		return ami_error_set(v->err, AMI_ERR_INPUT,
				     "%s is not an ELF file; a vmlinux with debug information is needed, not the compressed vmlinuz or bzImage",
				     v->path);
	if (ehdr.e_machine != EM_X86_64 ||
	    ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return vmlinux_refuse(v, "%s is not for x86-64", v->path);
	if (ehdr.e_shoff && (elf_getshdrnum(v->elf, &sections) ||
			     !elf_getscn(v->elf, sections ? sections - 1 : 0)))
		return vmlinux_damaged(v, "the section table");
	return 0;
}

int vmlinux_open(struct vmlinux *v)
{
	return open_file(v) || open_elf(v) ? -1 : 0;
}

void vmlinux_close(struct vmlinux *v)
{
	dwarf_end(v->dwarf);
	elf_end(v->elf);
	if (v->fd >= 0)
		close(v->fd);
}

static void print_hex(const uint8_t id[BUILD_ID], char text[BUILD_ID_TEXT])
{
	int i;

	for (i = 0; i < BUILD_ID; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
}

bool vmlinux_dump_build_id(const struct vmlinux *v, char text[BUILD_ID_TEXT])
{
	return ami_vmcoreinfo_get(v->kernel->dump, "BUILD-ID", text,
				  BUILD_ID_TEXT) &&
	       strspn(text, "0123456789abcdef") == 2 * BUILD_ID &&
	       strspn(text, "0") != 2 * BUILD_ID;
}

void vmlinux_build_id(const struct vmlinux *v, char text[BUILD_ID_TEXT])
{
	uint8_t id[BUILD_ID] = { 0 };
	const void *found;
	ssize_t len = dwelf_elf_gnu_build_id(v->elf, &found);

	text[0] = '\0';
	if (len <= 0)
		return;
	memcpy(id, found, len < BUILD_ID ? len : BUILD_ID);
	print_hex(id, text);
}

int vmlinux_check_build_id(const struct vmlinux *v, const char *wanted)
{
	char text[BUILD_ID_TEXT];

	vmlinux_build_id(v, text);
	if (!*text)
		return vmlinux_refuse(v, "%s is not the dumped kernel: it has no build ID, the dump's is %s",
				      v->path, wanted);
	if (strcmp(text, wanted))
		return vmlinux_refuse(v, "%s is not the dumped kernel: its build ID is %s, the dump's is %s",
				      v->path, text, wanted);
	return 0;
}

const char *vmlinux_string_at(Elf *elf, uint64_t address, size_t *max)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_ALLOC) ||
		    sh.sh_type == SHT_NOBITS || address < sh.sh_addr ||
		    address - sh.sh_addr >= sh.sh_size)
			continue;
		address -= sh.sh_addr;
		data = elf_rawdata(scn, NULL);
		if (!data || !data->d_buf || address >= data->d_size)
			return NULL;
		*max = data->d_size - address;
		return (const char *)data->d_buf + address;
	}
	return NULL;
}

int vmlinux_check_banner(const struct vmlinux *v, uint64_t address)
{
	static const char start[] = "Linux version ";
	const char *release = v->kernel->release, *banner;
	char text[128] = "";
	size_t max, len = 0;

	banner = address ? vmlinux_string_at(v->elf, address, &max) : NULL;
	if (banner && max > strlen(start) &&
	    !memcmp(banner, start, strlen(start))) {
		banner += strlen(start);
		max -= strlen(start);
		for (; len < max && len < sizeof(text) - 1; len++) {
			if (banner[len] <= ' ' || banner[len] > '~')
				break;
			text[len] = banner[len];
		}
	}
	if (!len || !*release)
		return vmlinux_refuse(v, "it cannot be proved that %s is the dumped kernel: the dump has no build ID, and the Linux version is unknown for %s",
				      v->path, len ? "the dump" : "the file");
	if (strcmp(text, release))
		return vmlinux_refuse(v, "%s is not the dumped kernel: it is Linux %s, and the dump comes from Linux %s",
				      v->path, text, release);
	return 0;
}
