// SPDX-License-Identifier: GPL-2.0-or-later
/* Members and enumerators of a type, from DWARF 4 and 5. */
#include <dwarf.h>
#include <string.h>

#include "vmlinux.h"

#define MAX_MEMBERS	(64u << 10)	/* limit for one member */

const char *vmlinux_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	return dwarf_formstring(dwarf_attr(die, DW_AT_name, &attr));
}

bool vmlinux_is_composite(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/*
 * Functions that return int: 1 = found, 0 = not there, -1 = damaged. What is
 * not understood must not look like what the kernel does not have.
 */

static int read_number(Dwarf_Die *die, unsigned int name, uint64_t *value)
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
bool vmlinux_type_of(Dwarf_Die *die, Dwarf_Die *type)
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
		has = read_number(&range, DW_AT_count, &count);
		if (!has) {
			has = read_number(&range, DW_AT_upper_bound, &count);
			count += has;
		}
		if (has < 0 || __builtin_mul_overflow(*length, count, length))
			return -1;
	}
	return ret < 0 ? -1 : 1;
}

/* Size of the type of the member (or array) @die. Always found, or damaged. */
static int read_size(Dwarf_Die *die, uint64_t *size)
{
	uint64_t count = 1, length;
	Dwarf_Die type;
	int depth, has;

	for (depth = 0; depth < MAX_DEPTH; depth++) {
		if (!vmlinux_type_of(die, &type))
			return -1;
		die = &type;
		if (dwarf_tag(die) != DW_TAG_array_type)
			break;
		if (array_length(die, &length) < 0 ||
		    __builtin_mul_overflow(count, length, &count))
			return -1;
	}
	has = read_number(die, DW_AT_byte_size, size);
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
	int has = read_number(member, DW_AT_bit_offset, &word);

	if (has <= 0)
		return has;
	from_top = (int64_t)word;
	has = read_number(member, DW_AT_byte_size, &storage);
	if (!has)
		has = read_size(member, &storage);
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
	if (read_number(member, DW_AT_bit_size, width) < 0 || *width > 64)
		return -1;
	has = read_number(member, DW_AT_data_bit_offset, bits);
	if (!has) {
		/* Absent in a union. */
		if (read_number(member, DW_AT_data_member_location, &bytes) < 0 ||
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
	const char *name = vmlinux_name(member);
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
	if (!vmlinux_type_of(member, &type))
		return -1;
	return vmlinux_is_composite(dwarf_tag(&type)) ?
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
		if (read_size(&s->member, &size) < 0)
			return -1;
		out->size = size;
	}
	out->present = true;
	return 1;
}

/* @member: the last one of the path */
int vmlinux_find_path(const Dwarf_Die *type, const char *path,
		      struct ami_member *out, Dwarf_Die *member)
{
	struct search s = { .budget = MAX_MEMBERS };
	Dwarf_Die in = *type;
	int ret;

	for (;;) {
		s.name = path;
		s.len = strcspn(path, ".");
		if (!vmlinux_is_composite(dwarf_tag(&in)))
			return 0;
		ret = find_member(&s, &in, s.bits, 0);
		if (ret <= 0)
			return ret;
		*member = s.member;
		if (!path[s.len])
			return take_member(&s, out);
		path += s.len + 1;
		if (!vmlinux_type_of(&s.member, &in))
			return -1;
	}
}

int vmlinux_find_enumerator(Dwarf_Die *type, const char *wanted,
			    int64_t *value)
{
	Dwarf_Die die;
	int ret;

	for (ret = dwarf_child(type, &die); !ret;
	     ret = dwarf_siblingof(&die, &die)) {
		const char *name = vmlinux_name(&die);
		uint64_t word;

		if (!name || strcmp(name, wanted))
			continue;
		if (read_number(&die, DW_AT_const_value, &word) <= 0)
			return -1;
		*value = (int64_t)word;
		return 1;
	}
	return ret < 0 ? -1 : 0;
}
