// SPDX-License-Identifier: GPL-2.0-or-later
/* amdiommu/fields.h as tables of names. */
#include <amdiommu/kernel.h>

#define FIELD(id, type, path)			{ #id, NULL, #type, path },
#define MODULE_FIELD(id, module, type, path)	{ #id, #module, #type, path },
#define TYPE(id)				{ NULL, #id },
#define MODULE_TYPE(id, module, type)		{ #module, #type },
#define ENUMERATOR(id, type)			{ #id, #type },
#define SYMBOL(id, rests)			{ #id, AMI_RESTS_##rests },

const struct ami_field_want ami_field_wants[] = {
	AMI_FIELDS(FIELD) AMI_MODULE_FIELDS(MODULE_FIELD)
};
const struct ami_type_want ami_type_wants[] = {
	AMI_TYPES(TYPE) AMI_MODULE_TYPES(MODULE_TYPE)
};
const struct ami_enum_want ami_enum_wants[] = { AMI_ENUMERATORS(ENUMERATOR) };
const struct ami_symbol_want ami_symbol_wants[] = { AMI_SYMBOLS(SYMBOL) };
