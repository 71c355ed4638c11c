// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's code in its file, kept to be compared with what the dump has. */
#include <fcntl.h>
#include <string.h>

#include "vmlinux.h"

/* The file was proved to be the dumped kernel; its section table was not. */
static bool is_code(Elf *elf, size_t names, const GElf_Shdr *sh)
{
	const char *name = elf_strptr(elf, names, sh->sh_name);

	return name && !strcmp(name, ".text") && sh->sh_type == SHT_PROGBITS &&
	       sh->sh_flags & SHF_EXECINSTR && sh->sh_addr >= START_KERNEL_MAP &&
	       sh->sh_size;
}

void vmlinux_keep_text(const struct vmlinux *v)
{
	struct ami_kernel *k = v->kernel;
	uint64_t slide = 0;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	size_t names;

	ami_vmcoreinfo_number(k->dump, "KERNELOFFSET", 16, &slide);
	if (elf_getshdrstrndx(v->elf, &names))
		return;
	while ((scn = elf_nextscn(v->elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || !is_code(v->elf, names, &sh))
			continue;
		k->text = (struct kernel_text){
			.fd = fcntl(v->fd, F_DUPFD_CLOEXEC, 0),
			.offset = sh.sh_offset, .size = sh.sh_size,
			.phys = sh.sh_addr + slide - START_KERNEL_MAP +
				k->phys_base,
		};
		if (k->text.fd < 0)
			k->text.size = 0;
		return;
	}
}
