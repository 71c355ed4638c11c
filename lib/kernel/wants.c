// SPDX-License-Identifier: GPL-2.0-or-later
/* amdiommu/fields.h as tables of names. */
#include <amdiommu/kernel.h>

#define FIELD(id, type, path)	{ #id, #type, path },
#define TYPE(id)		#id,
#define ENUMERATOR(id, type)	{ #id, #type },
#define SYMBOL(id)		#id,

const struct ami_field_want ami_field_wants[] = { AMI_FIELDS(FIELD) };
const char *const ami_type_wants[] = { AMI_TYPES(TYPE) };
const struct ami_enum_want ami_enum_wants[] = { AMI_ENUMERATORS(ENUMERATOR) };
const char *const ami_symbol_wants[] = { AMI_SYMBOLS(SYMBOL) };
