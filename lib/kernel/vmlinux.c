// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols from .symtab, types from DWARF 4 and 5, both of a vmlinux file.
 *
 * The file must first prove that it is the dumped kernel: by its build ID if
 * the dump has one, else by the version in linux_banner.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choose.h"
#include "place.h"

#define MAX_DEPTH	16
#define MAX_MEMBERS	(64u << 10)	/* limit for one member */
#define BUILD_ID	20		/* VMCOREINFO pads shorter ones with 0 */

struct vmlinux {
	const char *path;
	struct ami_kernel *kernel;
	struct ami_error *err;
	int fd;
	Elf *elf;
	Dwarf *dwarf;
};

/* The reason, then the way out, which is always the same. */
__attribute__((format(printf, 2, 3)))
static int refuse(const struct vmlinux *v, const char *fmt, ...)
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

static int set_damaged_file(const struct vmlinux *v, const char *what)
{
	return refuse(v, "%s in %s is damaged or cut short", what, v->path);
}

static int bad_dwarf(const struct vmlinux *v)
{
	return refuse(v, "the debug information (DWARF) in %s is damaged, cut short or of an unknown version",
		      v->path);
}

/* ---- the file ---------------------------------------------------------- */

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
		return refuse(v, "%s is not for x86-64", v->path);
	if (ehdr.e_shoff && (elf_getshdrnum(v->elf, &sections) ||
			     !elf_getscn(v->elf, sections ? sections - 1 : 0)))
		return set_damaged_file(v, "the section table");
	return 0;
}

/* ---- is it the dumped kernel? ------------------------------------------ */

static void hex(const uint8_t id[BUILD_ID], char text[2 * BUILD_ID + 1])
{
	int i;

	for (i = 0; i < BUILD_ID; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
}

/* The dump's. False: VMCOREINFO has none, or nothing that can be one. */
static bool dump_build_id(const struct vmlinux *v, char text[2 * BUILD_ID + 1])
{
	return ami_vmcoreinfo_get(v->kernel->dump, "BUILD-ID", text,
				  2 * BUILD_ID + 1) &&
	       strspn(text, "0123456789abcdef") == 2 * BUILD_ID &&
	       strspn(text, "0") != 2 * BUILD_ID;
}

/* The file's. "": it has none. */
static void read_build_id(const struct vmlinux *v, char text[2 * BUILD_ID + 1])
{
	uint8_t id[BUILD_ID] = { 0 };
	const void *found;
	ssize_t len = dwelf_elf_gnu_build_id(v->elf, &found);

	text[0] = '\0';
	if (len <= 0)
		return;
	memcpy(id, found, len < BUILD_ID ? len : BUILD_ID);
	hex(id, text);
}

static int check_build_id(const struct vmlinux *v, const char *wanted)
{
	char text[2 * BUILD_ID + 1];

	read_build_id(v, text);
	if (!*text)
		return refuse(v, "%s is not the dumped kernel: it has no build ID, the dump's is %s",
			      v->path, wanted);
	if (strcmp(text, wanted))
		return refuse(v, "%s is not the dumped kernel: its build ID is %s, the dump's is %s",
			      v->path, text, wanted);
	return 0;
}

/* The string at @address, unless the file leaves that section out. */
static const char *string_at(Elf *elf, uint64_t address, size_t *max)
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

static int check_banner(const struct vmlinux *v, uint64_t address)
{
	static const char start[] = "Linux version ";
	const char *release = v->kernel->release, *banner;
	char text[128] = "";
	size_t max, len = 0;

	banner = address ? string_at(v->elf, address, &max) : NULL;
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
		return refuse(v, "it cannot be proved that %s is the dumped kernel: the dump has no build ID, and the Linux version is unknown for %s",
			      v->path, len ? "the dump" : "the file");
	if (strcmp(text, release))
		return refuse(v, "%s is not the dumped kernel: it is Linux %s, the dump is of Linux %s",
			      v->path, text, release);
	return 0;
}

/* ---- symbols ----------------------------------------------------------- */

/* @renamed: of wanted symbols that the linker gave a suffix */
struct symbols {
	uint64_t wanted[AMI_NR_SYMBOLS], renamed[AMI_NR_SYMBOLS];
	unsigned int renamings[AMI_NR_SYMBOLS];
	uint64_t banner, top_pgt, level2_pgt, sme_mask;
};

/* kallsyms is sorted, and its reader takes the first of equal names. */
static void take_lowest(uint64_t *slot, uint64_t value)
{
	if (value && (!*slot || value < *slot))
		*slot = value;
}

static void take_symbol(struct symbols *s, const char *name, uint64_t value)
{
	size_t len = kernel_name_length(name);
	int i;

	for (i = 0; i < AMI_NR_SYMBOLS; i++) {
		const char *wanted = ami_symbol_wants[i].name;

		if (strncmp(name, wanted, len) || wanted[len])
			continue;
		take_lowest(name[len] ? &s->renamed[i] : &s->wanted[i], value);
		s->renamings[i] += !!name[len];
	}
	if (!strcmp(name, "linux_banner"))
		take_lowest(&s->banner, value);
	else if (!strcmp(name, "init_top_pgt"))
		take_lowest(&s->top_pgt, value);
	else if (!strcmp(name, "level2_kernel_pgt"))
		take_lowest(&s->level2_pgt, value);
	else if (!strcmp(name, "sme_me_mask"))
		take_lowest(&s->sme_mask, value);
}

static int scan_symtab(const struct vmlinux *v, Elf_Scn *scn,
		       const GElf_Shdr *sh, struct symbols *s)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t i, count;

	if (!data || !data->d_buf || data->d_size < sh->sh_size)
		return set_damaged_file(v, "the symbol table");
	count = data->d_size / sizeof(Elf64_Sym);
	for (i = 1; i < count; i++) {
		const char *name;
		GElf_Sym sym;

		if (i > INT32_MAX || !gelf_getsym(data, i, &sym))
			return set_damaged_file(v, "the symbol table");
		if (sym.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(sym.st_info) > STT_FUNC)
			continue;
		name = elf_strptr(v->elf, sh->sh_link, sym.st_name);
		if (!name)
			return set_damaged_file(v, "the symbol table");
		take_symbol(s, name, sym.st_value);
	}
	return 0;
}

static int find_symbols(const struct vmlinux *v, struct symbols *s)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(v->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			return scan_symtab(v, scn, &sh, s);
	return refuse(v, "%s is stripped: it has no symbol table (.symtab)",
		      v->path);
}

/* Where the kernel was loaded (KASLR). Absolute symbols do not move. */
static int move_symbols(const struct vmlinux *v, const struct symbols *s,
			uint64_t *symbol)
{
	const struct ami_dump *dump = v->kernel->dump;
	uint64_t file = s->wanted[AMI_SYM__stext], slide = 0, stext;
	int i;

	ami_vmcoreinfo_number(dump, "KERNELOFFSET", 16, &slide);
	if (!file)
		return refuse(v, "%s is not a Linux kernel: it has no symbol _stext",
			      v->path);
	if (!ami_vmcoreinfo_number(dump, "SYMBOL(_stext)", 16, &stext))
		return ami_error_set(v->err, AMI_ERR_DATA,
				     "VMCOREINFO of %s has no SYMBOL(_stext), so the place of the kernel in memory is unknown",
				     ami_dump_info(dump)->path);
	if (file + slide != stext)
		return refuse(v, "%s and the dump disagree on _stext: %#llx plus KERNELOFFSET %#llx is not %#llx; it is not the dumped kernel, or VMCOREINFO is damaged",
			      v->path, (unsigned long long)file,
			      (unsigned long long)slide,
			      (unsigned long long)stext);
	for (i = 0; i < AMI_NR_SYMBOLS; i++) {
		symbol[i] = s->wanted[i] || s->renamings[i] != 1 ?
			    s->wanted[i] : s->renamed[i];
		if (symbol[i] >= START_KERNEL_MAP)
			symbol[i] += slide;
		else if (!symbol[i] && s->renamings[i])
			symbol[i] = AMI_SYMBOL_UNREAD;
	}
	return 0;
}

static int resolve_symbols(const struct vmlinux *v, uint64_t *symbol)
{
	char build_id[2 * BUILD_ID + 1];
	struct symbols s = { .banner = 0 };
	bool identified = dump_build_id(v, build_id);

	if (identified && check_build_id(v, build_id))
		return -1;
	if (find_symbols(v, &s))
		return -1;
	if (!identified && check_banner(v, s.banner))
		return -1;
	return move_symbols(v, &s, symbol);
}

/* ---- the wanted types, wherever they are defined ----------------------- */

/* Different definitions of one name. One in a header is in many units. */
struct wanted_type {
	size_t count;
	Dwarf_Die die[MAX_SAME_NAME];
	uint64_t size[MAX_SAME_NAME];
	int line[MAX_SAME_NAME];
};

#define MAX_WANTED	(MAX_WANTED_NAMES + AMI_NR_ENUMERATORS)

/* Names are sorted and unique. */
struct wanted_types {
	const char *name[MAX_WANTED];
	struct wanted_type type[MAX_WANTED];
	size_t count;
	bool any;
};

static void collect_types(struct wanted_types *w)
{
	size_t i;

	for (i = 0; i < AMI_NR_FIELDS; i++)
		w->name[w->count++] = ami_field_wants[i].type;
	for (i = 0; i < AMI_NR_TYPES; i++)
		w->name[w->count++] = ami_type_wants[i].name;
	for (i = 0; i < AMI_NR_ENUMERATORS; i++)
		w->name[w->count++] = ami_enum_wants[i].type;
	w->count = kernel_sort_names(w->name, w->count);
}

static struct wanted_type *wanted_type(struct wanted_types *w,
				       const char *name)
{
	int at = kernel_find_name(w->name, w->count, name);

	return at < 0 ? NULL : &w->type[at];
}

static const char *own_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	return dwarf_formstring(dwarf_attr(die, DW_AT_name, &attr));
}

static bool is_composite(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

static void add_definition(struct wanted_type *t, Dwarf_Die *die)
{
	Dwarf_Word size = 0;
	Dwarf_Attribute attr;
	int line = 0;
	size_t i;

	if (dwarf_attr(die, DW_AT_byte_size, &attr))
		dwarf_formudata(&attr, &size);
	dwarf_decl_line(die, &line);
	for (i = 0; i < t->count && i < MAX_SAME_NAME; i++)
		if (t->size[i] == size && t->line[i] == line)
			return;
	if (i < MAX_SAME_NAME) {
		t->die[i] = *die;
		t->size[i] = size;
		t->line[i] = line;
	}
	if (t->count <= MAX_SAME_NAME)
		t->count++;
}

/* No name is both a structure's and an enumeration's: see fields.h. */
static void consider(struct wanted_types *w, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	struct wanted_type *t;
	const char *name;

	if (!is_composite(tag) && tag != DW_TAG_enumeration_type)
		return;
	name = own_name(die);
	t = name ? wanted_type(w, name) : NULL;
	if (!t || dwarf_hasattr(die, DW_AT_declaration))
		return;
	add_definition(t, die);
	w->any = true;
}

/* C types that other files can share are at the top level of a unit. */
static int scan_unit(struct wanted_types *w, Dwarf_Die *unit)
{
	Dwarf_Die die;
	int ret;

	for (ret = dwarf_child(unit, &die); !ret;
	     ret = dwarf_siblingof(&die, &die))
		consider(w, &die);
	return ret < 0 ? -1 : 0;
}

static int find_types(const struct vmlinux *v, struct wanted_types *w)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	int ret = 0;

	for (;;) {
		ret = dwarf_get_units(v->dwarf, cu, &cu, NULL, NULL, &unit,
				      NULL);
		if (ret)
			break;
		if (ami_dump_interrupted(v->kernel->dump))
			return ami_error_set(v->err, AMI_ERR_INTERRUPTED,
					     "interrupted");
		if (scan_unit(w, &unit))
			return bad_dwarf(v);
	}
	if (ret < 0)
		return bad_dwarf(v);
	if (!w->any)
		return refuse(v, "%s has no debug information (DWARF) on types",
			      v->path);
	return 0;
}

/* ---- members ----------------------------------------------------------- */

/*
 * Functions that return int: 1 = found, 0 = not there, -1 = damaged. What is
 * not understood must not look like what the kernel does not have.
 */

static int number(Dwarf_Die *die, unsigned int name, uint64_t *value)
{
	Dwarf_Attribute attr;
	Dwarf_Word word;

	if (!dwarf_attr(die, name, &attr))
		return 0;
	if (dwarf_formudata(&attr, &word))
		return -1;
	*value = word;
	return 1;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	return dwarf_formref_die(dwarf_attr(die, DW_AT_type, &attr), type);
}

/* Typedefs and qualifiers come between a member and its type. */
static bool stripped_type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	int depth;

	if (!type_of(die, type))
		return false;
	for (depth = 0; depth < MAX_DEPTH; depth++) {
		switch (dwarf_tag(type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!type_of(type, type))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

/* The product of all dimensions. 0 for a flexible array, as in BTF. */
static int array_length(Dwarf_Die *array, uint64_t *length)
{
	Dwarf_Die range;
	int ret;

	*length = 1;
	for (ret = dwarf_child(array, &range); !ret;
	     ret = dwarf_siblingof(&range, &range)) {
		uint64_t count = 0;
		int has;

		if (dwarf_tag(&range) != DW_TAG_subrange_type)
			continue;
		has = number(&range, DW_AT_count, &count);
		if (!has) {
			has = number(&range, DW_AT_upper_bound, &count);
			count += has;
		}
		if (has < 0 || __builtin_mul_overflow(*length, count, length))
			return -1;
	}
	return ret < 0 ? -1 : 1;
}

/* Size of the type of the member (or array) @die. Always found, or damaged. */
static int size_of(Dwarf_Die *die, uint64_t *size)
{
	uint64_t count = 1, length;
	Dwarf_Die type;
	int depth, has;

	for (depth = 0; depth < MAX_DEPTH; depth++) {
		if (!stripped_type_of(die, &type))
			return -1;
		die = &type;
		if (dwarf_tag(die) != DW_TAG_array_type)
			break;
		if (array_length(die, &length) < 0 ||
		    __builtin_mul_overflow(count, length, &count))
			return -1;
	}
	has = number(die, DW_AT_byte_size, size);
	if (!has && dwarf_tag(die) == DW_TAG_pointer_type) {
		*size = 8;
		has = 1;
	}
	if (has <= 0 || __builtin_mul_overflow(*size, count, size))
		return -1;
	return *size <= UINT32_MAX ? 1 : -1;
}

/*
 * DWARF 2 and 3, and GCC as long as it writes DWARF 4: DW_AT_bit_offset counts
 * from the highest bit of the storage unit down to the highest of the field. It
 * is negative if a packed field reaches beyond its storage unit.
 */
static int old_bit_offset(Dwarf_Die *member, uint64_t width, uint64_t *bits)
{
	uint64_t word, storage;
	int64_t from_top, first;
	int has = number(member, DW_AT_bit_offset, &word);

	if (has <= 0)
		return has;
	from_top = (int64_t)word;
	has = number(member, DW_AT_byte_size, &storage);
	if (!has)
		has = size_of(member, &storage);
	if (has < 0 || storage > 8 || from_top < -64 || from_top > 64)
		return -1;
	first = (int64_t)(*bits + storage * 8 - width) - from_top;
	if (first < 0)
		return -1;
	*bits = first;
	return 1;
}

/*
 * In bits from the start of the structure. @width is 0 if it is not a bit
 * field.
 */
static int member_place(Dwarf_Die *member, uint64_t *bits, uint64_t *width)
{
	uint64_t bytes = 0;
	int has;

	*width = 0;
	if (number(member, DW_AT_bit_size, width) < 0 || *width > 64)
		return -1;
	has = number(member, DW_AT_data_bit_offset, bits);
	if (!has) {
		/* Absent in a union. */
		if (number(member, DW_AT_data_member_location, &bytes) < 0 ||
		    bytes > UINT32_MAX)
			return -1;
		*bits = bytes * 8;
		if (*width)
			has = old_bit_offset(member, *width, bits);
	}
	return has < 0 || *bits / 8 > UINT32_MAX ? -1 : 1;
}

struct search {
	const char *name;
	size_t len;
	unsigned int budget;
	uint64_t bits;		/* where the member was found */
	uint64_t width;
	Dwarf_Die member;
};

static int find_member(struct search *s, Dwarf_Die *in, uint64_t bits,
		       int depth);

/*
 * A member without a name: its members count as those of the outer structure.
 */
static int try_member(struct search *s, Dwarf_Die *member, uint64_t bits,
		      int depth)
{
	const char *name = own_name(member);
	uint64_t at, width;
	Dwarf_Die type;

	if (name && (strncmp(name, s->name, s->len) || name[s->len]))
		return 0;
	if (member_place(member, &at, &width) < 0)
		return -1;
	if (name) {
		s->bits = bits + at;
		s->width = width;
		s->member = *member;
		return 1;
	}
	if (!stripped_type_of(member, &type))
		return -1;
	return is_composite(dwarf_tag(&type)) ?
	       find_member(s, &type, bits + at, depth + 1) : 0;
}

static int find_member(struct search *s, Dwarf_Die *in, uint64_t bits,
		       int depth)
{
	Dwarf_Die member;
	int ret, found;

	if (depth > MAX_DEPTH)
		return -1;
	for (ret = dwarf_child(in, &member); !ret;
	     ret = dwarf_siblingof(&member, &member)) {
		if (!s->budget--)
			return -1;
		if (dwarf_tag(&member) != DW_TAG_member)
			continue;
		found = try_member(s, &member, bits, depth);
		if (found)
			return found;
	}
	return ret < 0 ? -1 : 0;
}

static int take_member(struct search *s, struct ami_member *out)
{
	uint64_t size;

	if (s->bits / 8 > UINT32_MAX)
		return -1;
	out->offset = s->bits / 8;
	out->bit_size = s->width;
	if (s->width) {
		out->bit_offset = s->bits % 8;
		out->size = (out->bit_offset + out->bit_size + 7u) / 8;
	} else {
		if (size_of(&s->member, &size) < 0)
			return -1;
		out->size = size;
	}
	out->present = true;
	return 1;
}

/* @member: the last one of the path */
static int resolve_path(const Dwarf_Die *type, const char *path,
			struct ami_member *out, Dwarf_Die *member)
{
	struct search s = { .budget = MAX_MEMBERS };
	Dwarf_Die in = *type;
	int ret;

	for (;;) {
		s.name = path;
		s.len = strcspn(path, ".");
		if (!is_composite(dwarf_tag(&in)))
			return 0;
		ret = find_member(&s, &in, s.bits, 0);
		if (ret <= 0)
			return ret;
		*member = s.member;
		if (!path[s.len])
			return take_member(&s, out);
		path += s.len + 1;
		if (!stripped_type_of(&s.member, &in))
			return -1;
	}
}

/* ---- enumerators ------------------------------------------------------- */

static int resolve_enumerator(Dwarf_Die *type, const char *wanted,
			      int64_t *value)
{
	Dwarf_Die die;
	int ret;

	for (ret = dwarf_child(type, &die); !ret;
	     ret = dwarf_siblingof(&die, &die)) {
		const char *name = own_name(&die);
		uint64_t word;

		if (!name || strcmp(name, wanted))
			continue;
		if (number(&die, DW_AT_const_value, &word) <= 0)
			return -1;
		*value = (int64_t)word;
		return 1;
	}
	return ret < 0 ? -1 : 0;
}

/* ---- all together ------------------------------------------------------ */

/** struct choice - the definitions of one name, for kernel_choose_type() */
struct choice {
	struct wanted_type *types;
	const char *const *names;	/* everything wanted of the module */
	size_t nr_names, name;
};

/* Does the member lead to a wanted structure of another name? */
static bool leads_to_wanted(const struct choice *c, Dwarf_Die *member)
{
	Dwarf_Die type = *member;
	const char *name;
	int depth;

	for (depth = 0; depth < MAX_DEPTH; depth++) {
		if (!stripped_type_of(&type, &type))
			return false;
		if (dwarf_tag(&type) != DW_TAG_pointer_type &&
		    dwarf_tag(&type) != DW_TAG_array_type)
			break;
	}
	name = is_composite(dwarf_tag(&type)) ? own_name(&type) : NULL;
	return name && strcmp(name, c->names[c->name]) &&
	       kernel_find_name(c->names, c->nr_names, name) >= 0;
}

static int resolve_in(void *ctx, size_t i, const char *path,
		      struct ami_member *out, bool *companion)
{
	const struct choice *c = ctx;
	Dwarf_Die member;
	int ret = resolve_path(&c->types->die[i], path, out, &member);

	if (ret > 0)
		*companion = leads_to_wanted(c, &member);
	return ret;
}

static uint64_t size_in(void *ctx, size_t i)
{
	return ((const struct choice *)ctx)->types->size[i];
}

/* If the driver is not built in, the name is missing, or another driver's. */
static int fill_module(struct wanted_types *w, const char *module,
		       struct ami_layout *layout)
{
	const char *name[MAX_WANTED_NAMES];
	struct choice choice = {
		.names = name, .nr_names = kernel_wanted_names(module, name),
	};
	struct type_choice c = {
		.module = module, .resolve = resolve_in, .size = size_in,
		.ctx = &choice,
	};
	size_t i;

	for (i = 0; module && i < choice.nr_names; i++)
		c.doubtful |= !wanted_type(w, name[i])->count;
	for (; choice.name < choice.nr_names; choice.name++) {
		c.name = name[choice.name];
		choice.types = wanted_type(w, c.name);
		c.count = choice.types->count;
		if (kernel_choose_type(&c, layout))
			return -1;
	}
	return 0;
}

static int fill_enumerators(struct wanted_types *w, struct ami_layout *layout)
{
	int i, ret;

	for (i = 0; i < AMI_NR_ENUMERATORS; i++) {
		struct wanted_type *t = wanted_type(w, ami_enum_wants[i].type);

		if (!t->count)
			continue;
		ret = resolve_enumerator(&t->die[0], ami_enum_wants[i].id,
					 &layout->enumerator[i].value);
		if (ret < 0)
			return -1;
		layout->enumerator[i].present = ret;
	}
	return 0;
}

static int fill_layout(struct wanted_types *w, struct ami_layout *layout)
{
	const char *module[MAX_WANTED_NAMES];
	size_t i, count = kernel_wanted_modules(module);

	if (fill_module(w, NULL, layout) || fill_enumerators(w, layout))
		return -1;
	for (i = 0; i < count; i++)
		if (fill_module(w, module[i], layout))
			return -1;
	return 0;
}

static int read_types(struct vmlinux *v, struct wanted_types *w,
		      struct ami_layout *layout)
{
	collect_types(w);
	if (find_types(v, w))
		return -1;
	return fill_layout(w, layout) ? bad_dwarf(v) : 0;
}

static int resolve_types(struct vmlinux *v, struct ami_layout *layout)
{
	struct wanted_types *w;
	int ret;

	v->dwarf = dwarf_begin_elf(v->elf, DWARF_C_READ, NULL);
	if (!v->dwarf)
		return refuse(v, "%s has no debug information (DWARF)",
			      v->path);
	w = calloc(1, sizeof(*w));
	if (!w)
		return ami_error_set(v->err, AMI_ERR_MEMORY, "out of memory");
	ret = read_types(v, w, layout);
	free(w);
	return ret;
}

static int resolve_vmlinux(void *ctx, struct ami_kernel *k, struct ami_layout *layout,
			   struct ami_error *err)
{
	struct vmlinux v = { .path = ctx, .kernel = k, .err = err };
	int ret = -1;

	if (!open_file(&v) && !open_elf(&v) &&
	    !resolve_symbols(&v, layout->symbol))
		ret = resolve_types(&v, layout);
	dwarf_end(v.dwarf);
	elf_end(v.elf);
	if (v.fd >= 0)
		close(v.fd);
	return ret;
}

/* ---- where the kernel lies, of a dump that does not say ----------------- */

static int place_by(struct vmlinux *v, const struct symbols *s)
{
	struct kernel_file file = {
		.banner_at = s->banner, .stext = s->wanted[AMI_SYM__stext],
		.top_pgt = s->top_pgt, .level2_pgt = s->level2_pgt,
		.sme_mask = s->sme_mask,
	};
	const char *banner;
	size_t max = 0;
	char *text;
	bool found;

	banner = s->banner ? string_at(v->elf, s->banner, &max) : NULL;
	text = banner ? strndup(banner, max) : NULL;
	if (!text || strncmp(text, "Linux version ", 14)) {
		free(text);
		return refuse(v, "%s has no linux_banner", v->path);
	}
	file.banner = text;
	read_build_id(v, file.build_id);
	found = kernel_place_kernel(v->kernel->dump, &file);
	free(text);
	return found ? 0 :
	       refuse(v, "the kernel of %s is not in %s, which holds no VMCOREINFO that would say where its kernel lies",
		      v->path, ami_dump_info(v->kernel->dump)->path);
}

static int place(void *ctx, struct ami_kernel *k, struct ami_error *err)
{
	struct vmlinux v = { .path = ctx, .kernel = k, .err = err };
	struct symbols s = { .banner = 0 };
	int ret = -1;

	if (!open_file(&v) && !open_elf(&v) && !find_symbols(&v, &s))
		ret = place_by(&v, &s);
	elf_end(v.elf);
	if (v.fd >= 0)
		close(v.fd);
	return ret;
}

struct ami_layout_source ami_layout_vmlinux(const char *path)
{
	return (struct ami_layout_source){
		.name = "DWARF",
		.resolve = resolve_vmlinux,
		.ctx = (void *)path,
		.place = place,
	};
}
