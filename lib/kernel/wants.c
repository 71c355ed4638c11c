// SPDX-License-Identifier: GPL-2.0-or-later
/* amdiommu/fields.h and drivers.def as tables of names. */
#include <string.h>

#include "kernel.h"

#define FIELD(id, type, path)			{ #id, NULL, #type, path },
#define TYPE(id)				{ NULL, #id },
#define ENUMERATOR(id, type)			{ #id, #type },
#define SYMBOL(id, rests)			{ #id, AMI_RESTS_##rests },

const struct ami_field_want ami_field_wants[] = {
	AMI_FIELDS(FIELD)
#define AMI_M(id, module, type, path)	{ #id, #module, #type, path },
#include <amdiommu/drivers.def>
};
const struct ami_type_want ami_type_wants[] = {
	AMI_TYPES(TYPE)
#define AMI_S(id, module, type)		{ #module, #type },
#include <amdiommu/drivers.def>
};
const struct ami_enum_want ami_enum_wants[] = { AMI_ENUMERATORS(ENUMERATOR) };
const struct ami_symbol_want ami_symbol_wants[] = { AMI_SYMBOLS(SYMBOL) };

size_t kernel_name_length(const char *name)
{
	const char *suffix = strstr(name, ".llvm.");

	if (!suffix)
		suffix = strstr(name, ".lto_priv.");
	return suffix ? (size_t)(suffix - name) : strlen(name);
}
