/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a sentence says, as fields: for programs, which never parse sentences. */
#ifndef AMDIOMMU_FACT_H
#define AMDIOMMU_FACT_H

#include <stddef.h>
#include <stdint.h>

/** enum ami_fact_key - <amdiommu/facts.def>; SKIP: this one does not hold */
enum ami_fact_key {
	AMI_FACT_END,
	AMI_FACT_SKIP,
#define AMI_FACT(key, ...) AMI_FACT_##key,
#include <amdiommu/facts.def>
#undef AMI_FACT
	AMI_FACT_KEYS
};

/** enum ami_fact_form - LIST: words, a space or comma between */
enum ami_fact_form {
	AMI_FACT_NUMBER, AMI_FACT_HEX, AMI_FACT_TEXT, AMI_FACT_LIST
};

/** struct ami_fact_class - what holds for all facts of a key */
struct ami_fact_class {
	const char *name;
	enum ami_fact_form form;
	const char *meaning;
};

/** ami_fact_class() - the row of @key in the table */
const struct ami_fact_class *ami_fact_class(enum ami_fact_key key);

/** struct ami_fact - one field; the form of its key says which value it has */
struct ami_fact {
	enum ami_fact_key key;
	uint64_t value;
	const char *text;
};

/*
 * A list of facts as an argument:
 *
 *	AMI_FACTS(AMI_SAYS(PAGES, count), AMI_SAYS(PHYS, first),
 *		  AMI_SAYS_IF(found, IOVA, iova), AMI_NAMES(CLASS, "mapped"))
 */
#define AMI_FACTS(...) \
	((const struct ami_fact[]){ __VA_ARGS__, { AMI_FACT_END, 0, NULL } })
#define AMI_SAYS(key, value)	{ AMI_FACT_##key, (value), NULL }
#define AMI_NAMES(key, text)	{ AMI_FACT_##key, 0, (text) }
#define AMI_SAYS_IF(when, key, value) \
	{ (when) ? AMI_FACT_##key : AMI_FACT_SKIP, (value), NULL }
#define AMI_NAMES_IF(when, key, text) \
	{ (when) ? AMI_FACT_##key : AMI_FACT_SKIP, 0, (text) }

/** struct ami_facts - facts that somebody keeps; texts are owned */
struct ami_facts {
	struct ami_fact *list;
	size_t count;
};

/**
 * ami_facts_copy() - keep @from, a list up to AMI_FACT_END; NULL: none
 *
 * Facts that @to has already stay; texts are kept as they may be shown. Returns
 * -1 when out of memory; what was kept until then stays.
 */
int ami_facts_copy(struct ami_facts *to, const struct ami_fact *from);

/** ami_facts_free() - @facts is then empty */
void ami_facts_free(struct ami_facts *facts);

/** ami_facts_find() - the fact of that key, or NULL */
const struct ami_fact *ami_facts_find(const struct ami_facts *facts,
				      enum ami_fact_key key);

#endif
