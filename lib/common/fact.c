// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>
#include <amdiommu/display.h>
#include <amdiommu/fact.h>

static const struct ami_fact_class class[AMI_FACT_KEYS] = {
#define AMI_FACT(key, name, form, meaning) \
	[AMI_FACT_##key] = { name, AMI_FACT_##form, meaning },
#include <amdiommu/facts.def>
#undef AMI_FACT
};

const struct ami_fact_class *ami_fact_class(enum ami_fact_key key)
{
	return &class[key];
}

const struct ami_fact *ami_facts_find(const struct ami_facts *facts,
				      enum ami_fact_key key)
{
	size_t i;

	for (i = 0; i < facts->count; i++)
		if (facts->list[i].key == key)
			return &facts->list[i];
	return NULL;
}

static bool is_text(const struct ami_fact *f)
{
	return class[f->key].form == AMI_FACT_TEXT ||
	       class[f->key].form == AMI_FACT_LIST;
}

/* A text that is not known is no fact. */
static bool has_fact(const struct ami_facts *to, const struct ami_fact *f)
{
	return f->key != AMI_FACT_SKIP && !ami_facts_find(to, f->key) &&
	       (!is_text(f) || (f->text && *f->text));
}

static int append_fact(struct ami_facts *to, const struct ami_fact *f)
{
	char *text = is_text(f) ? ami_display_copy(f->text) : NULL;

	if ((text || !is_text(f)) &&
	    vec_push(to->list, to->count, SIZE_MAX,
		     (struct ami_fact){ f->key, f->value, text }) == VEC_OK)
		return 0;
	free(text);
	return -1;
}

int ami_facts_copy(struct ami_facts *to, const struct ami_fact *from)
{
	for (; from && from->key != AMI_FACT_END; from++)
		if (has_fact(to, from) && append_fact(to, from))
			return -1;
	return 0;
}

void ami_facts_free(struct ami_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->count; i++)
		free((char *)facts->list[i].text);
	free(facts->list);
	memset(facts, 0, sizeof(*facts));
}
