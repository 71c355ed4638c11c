// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that people take for a vmcore, or that lie in its place. None can be
 * read: most do not say what is RAM, or hold no memory of the machine.
 */
#include <elf.h>
#include <string.h>

#include <amdiommu/fileio.h>
#include "formats.h"
#include <dump/kdumphdr.h>

#define HEAD_BYTES	1024u

/**
 * struct format - how to recognise a file, and what to do with it
 * @at, @magic, @len: bytes of the file
 * @name: what it is
 * @why: why it cannot be read; completes "it ..."
 * @way: what to do; FILE stands for the file
 */
struct format {
	size_t at;
	const char *magic;
	size_t len;
	const char *name;
	const char *why;
	const char *way;
};

#define MAGIC(bytes)	bytes, sizeof(bytes) - 1

#define PACKED		"is compressed as a whole, and the analysis reads pages everywhere in it"
#define NO_MAP		"mixes memory with the state of virtual devices"
#define OTHER_ARCH	"comes from another architecture; AMD IOMMUs exist on x86-64 only"
#define OTHER_MACHINE	"name a dump of an x86-64 machine"
#define OLD		"comes from kernels before 2.6.16; the oldest that can be read is 5.10"
#define OLD_WAY		"open it with crash"
#define DUMP_GUEST	"virsh dump --memory-only, or dump-guest-memory of QEMU's monitor"

static const struct format formats[] = {
	{ 0, MAGIC("\x1f\x8b"), "a gzip file", PACKED,
	  "unpack it: gzip -dc FILE >vmcore" },
	{ 0, MAGIC("\xfd" "7zXZ"), "an xz file", PACKED,
	  "unpack it: xz -dc FILE >vmcore" },
	{ 0, MAGIC("\x28\xb5\x2f\xfd"), "a zstd file", PACKED,
	  "unpack it: zstd -dc FILE >vmcore" },
	{ 0, MAGIC("BZh"), "a bzip2 file", PACKED,
	  "unpack it: bzip2 -dc FILE >vmcore" },
	{ 0, MAGIC("\x04\x22\x4d\x18"), "an lz4 file", PACKED,
	  "unpack it: lz4 -dc FILE >vmcore" },
	{ 0, MAGIC("\x02\x21\x4c\x18"), "an lz4 file (legacy form)", PACKED,
	  "unpack it: lz4 -dc FILE >vmcore" },
	{ 0, MAGIC("\x89LZO\0\r\n\x1a\n"), "an lzop file", PACKED,
	  "unpack it: lzop -dc FILE >vmcore" },
	{ 0, MAGIC("\x5d\0\0"), "an lzma file", PACKED,
	  "unpack it: xz -dc --format=lzma FILE >vmcore" },
	{ 0, MAGIC("LZIP"), "an lzip file", PACKED,
	  "unpack it: lzip -dc FILE >vmcore" },
	{ 0, MAGIC("7z\xbc\xaf\x27\x1c"), "a 7z archive", PACKED,
	  "unpack it: 7z x FILE" },
	{ 0, MAGIC("PK\x03\x04"), "a zip archive", PACKED,
	  "unpack it: unzip FILE" },
	{ 257, MAGIC("ustar"), "a tar archive", "is packed",
	  "unpack it: tar xf FILE" },
	{ 0, MAGIC("ProblemType: "), "an apport report",
	  "holds the dump packed as text",
	  "unpack it: apport-unpack FILE FOLDER; then name FOLDER/VmCore" },
	{ 0, MAGIC("LibvirtQemudSave"), "a domain saved with virsh save", NO_MAP,
	  "virsh restore FILE, then virsh dump --memory-only DOMAIN vmcore" },
	{ 0, MAGIC("LibvirtQemudPart"),
	  "a domain that virsh save could not finish saving", NO_MAP,
	  "save it again, or use virsh dump --memory-only DOMAIN vmcore" },
	{ 0, MAGIC("QEVM"), "a state or migration stream of QEMU", NO_MAP,
	  "start the same QEMU with -S -incoming 'exec:cat FILE', then dump-guest-memory vmcore in its monitor" },
	{ 0, MAGIC("QFI\xfb"), "a disk image of QEMU (qcow2)",
	  "is a disk; a snapshot in it " NO_MAP,
	  "start QEMU with -S -loadvm SNAPSHOT, then dump-guest-memory vmcore in its monitor" },
	{ 0, MAGIC("\xd0\xbe\xd2\xbe"), "a VMware state (vmss, vmsn)", NO_MAP,
	  "convert it: vmss2core -N6 FILE (with the vmem file beside it), then name vmss.core" },
	{ 0, MAGIC("\xd0\xbe\xd0\xbe"), "a VMware state (vmss, vmsn)", NO_MAP,
	  "convert it: vmss2core -N6 FILE (with the vmem file beside it), then name vmss.core" },
	{ 0, MAGIC("\xd1\xba\xd1\xba"), "a VMware state (vmss, vmsn)", NO_MAP,
	  "convert it: vmss2core -N6 FILE (with the vmem file beside it), then name vmss.core" },
	{ 0, MAGIC("\xd2\xbe\xd2\xbe"), "a VMware state (vmss, vmsn)", NO_MAP,
	  "convert it: vmss2core -N6 FILE (with the vmem file beside it), then name vmss.core" },
	{ 0, MAGIC("\xd3\xbe\xd3\xbe"), "a VMware state (vmss, vmsn)", NO_MAP,
	  "convert it: vmss2core -N6 FILE (with the vmem file beside it), then name vmss.core" },
	{ 0, MAGIC("\x7fVirtualBox SavedState"), "a state saved by VirtualBox",
	  NO_MAP,
	  "start the machine paused, then VBoxManage debugvm NAME dumpvmcore --filename=vmcore" },
	{ 0, MAGIC("EMiL"), "a memory image of LiME",
	  "was taken while the kernel ran: its tables and queues do not fit together",
	  "let kdump write a vmcore, or in a virtual machine " DUMP_GUEST },
	{ 0, MAGIC("AVML"), "a memory image of AVML",
	  "was taken while the kernel ran: its tables and queues do not fit together",
	  "let kdump write a vmcore, or in a virtual machine " DUMP_GUEST },
	{ 0, MAGIC("LinuxGuestRecord"), "a domain saved by Xen (xl save)",
	  "comes from a guest whose IOMMU belongs to the hypervisor",
	  "let the guest write a vmcore with kdump" },
	{ 0, MAGIC("Xen saved domain, xl format"),
	  "a domain saved by Xen (xl save)",
	  "comes from a guest whose IOMMU belongs to the hypervisor",
	  "let the guest write a vmcore with kdump" },
	{ 0, MAGIC("\xed\xeb\x0f\xf0"), "a domain dumped by Xen (xm dump-core)",
	  "comes from a guest whose IOMMU belongs to the hypervisor",
	  "let the guest write a vmcore with kdump" },
	{ 0, MAGIC("\xee\xeb\x0f\xf0"), "a domain dumped by Xen (xm dump-core)",
	  "comes from a guest whose IOMMU belongs to the hypervisor",
	  "let the guest write a vmcore with kdump" },
	{ 0, MAGIC("DISKDUMP"), "a dump of diskdump", OLD, OLD_WAY },
	{ 0, MAGIC("\xed\x23\x8f\x61\x73\x01\x19\xa8"), "a dump of LKCD", OLD,
	  OLD_WAY },
	{ 0, MAGIC("\xcd\x23\x8f\x61\x73\x01\x19\xa8"), "a live dump of LKCD",
	  OLD, OLD_WAY },
	{ 0, MAGIC("\xa8\x19\x01\x73\x61\x8f\x23\xed"),
	  "a dump of LKCD from a big-endian machine", OTHER_ARCH,
	  OTHER_MACHINE },
	{ 0, MAGIC("\xa8\x19\x01\x73\x61\x8f\x23\xfd"), "an s390 dump",
	  OTHER_ARCH, OTHER_MACHINE },
	{ 0, MAGIC("PAGEDU64"), "a dump of Windows",
	  "comes from another operating system", "name a dump of a Linux kernel" },
	{ 0, MAGIC("PAGEDUMP"), "a dump of 32-bit Windows",
	  "comes from another operating system", "name a dump of a Linux kernel" },
	{ 0, MAGIC("MDMP"), "a minidump",
	  "holds one process, not the machine",
	  "name the vmcore of the machine" },
	{ 0x202, MAGIC("HdrS"), "a kernel image (vmlinuz, bzImage)",
	  "is a program, not a dump", "name the vmcore" },
	{ 0, MAGIC("\xed\xab\xee\xdb"), "an RPM package", "is packed",
	  "unpack it: rpm2cpio FILE | cpio -id" },
	{ 0, MAGIC("!<arch>\ndebian"), "a Debian package", "is packed",
	  "unpack it: dpkg-deb -x FILE FOLDER" },
};

/* Is it the kernel's log, saved as text beside the dump? */
static bool is_log(const char *head)
{
	return (head[0] == '[' || head[0] == '<') &&
	       strstr(head, "Linux version ");
}

static int refuse_unknown(const char *path, const char *head,
			  struct ami_error *err)
{
	if (is_log(head))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s is not a dump: it is the text of a kernel log; name the vmcore beside it",
				     path);
	return ami_error_set(err, AMI_ERR_INPUT,
			     "%s is not a dump; name a vmcore: ELF or kdump-compressed, also flattened",
			     path);
}

int dump_format_refuse(int fd, const char *path, struct ami_error *err)
{
	char head[HEAD_BYTES + 1] = "";
	uint64_t size = ami_file_size(fd);
	size_t i, have = size < HEAD_BYTES ? size : HEAD_BYTES;

	if (!have || !ami_file_read_at(fd, head, have, 0))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s is empty; copy the dump again, and check whether the disk was full",
				     path);
	head[have] = '\0';
	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct format *f = &formats[i];

		if (f->at + f->len <= have &&
		    !memcmp(head + f->at, f->magic, f->len))
			return ami_error_set(err, AMI_ERR_INPUT,
					     "%s cannot be read: it is %s, which %s; %s",
					     path, f->name, f->why, f->way);
	}
	return refuse_unknown(path, head, err);
}

const char *dump_format_machine(unsigned int machine)
{
	static const struct {
		unsigned int machine;
		const char *name;
	} machines[] = {
		{ EM_386, "32-bit x86" }, { EM_ARM, "32-bit ARM" },
		{ EM_AARCH64, "arm64" }, { EM_PPC, "32-bit PowerPC" },
		{ EM_PPC64, "ppc64" }, { EM_S390, "s390" },
		{ EM_RISCV, "RISC-V" }, { EM_MIPS, "MIPS" },
		{ EM_IA_64, "ia64" }, { EM_SPARCV9, "sparc64" },
		{ EM_ALPHA, "Alpha" }, { 258, "LoongArch" },
	};
	size_t i;

	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return NULL;
}

bool dump_format_foreign_machine(const char *machine)
{
	static const char *const foreign[] = {
		"aarch64", "alpha", "arm", "i386", "i486", "i586", "i686",
		"ia64", "loongarch", "mips", "parisc", "ppc", "riscv", "s390",
		"sparc",
	};
	size_t i;

	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (!strncmp(machine, foreign[i], strlen(foreign[i])))
			return true;
	return false;
}

/* Notes of a process: its mapped files, its auxiliary vector. */
#define NOTE_FILE	0x46494c45u
#define NOTE_TASKSTRUCT	4u

static bool has_note(const void *notes, size_t size, const char *name,
		     uint32_t type)
{
	return kdump_note_find(notes, size, name, type, &size);
}

int dump_format_refuse_notes(const void *notes, size_t size, const char *path,
			     struct ami_error *err)
{
	if (!notes)
		return 0;
	if (has_note(notes, size, "CORE", NOTE_FILE) ||
	    has_note(notes, size, "CORE", NT_AUXV))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s cannot be read: it is the core dump of a process, not of the machine; name the vmcore",
				     path);
	if (has_note(notes, size, "CORE", NOTE_TASKSTRUCT))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s cannot be read: it is the memory of a live kernel (/proc/kcore), which changes while it is read; let kdump write a vmcore, or look at the machine with crash",
				     path);
	if (has_note(notes, size, "VMCOREINFO_XEN", 0))
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s cannot be read: it comes from a Xen host, whose IOMMU belongs to the hypervisor, not to Linux; open it with crash and xen-syms",
				     path);
	return 0;
}
