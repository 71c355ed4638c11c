// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel may have two structures of one name: e1000 and e1000e, both built
 * in, define struct e1000_adapter. The name alone does not say which one is
 * meant.
 */
#include <stdlib.h>
#include <string.h>

#include "choose.h"

bool kernel_same_module(const char *wanted, const char *module)
{
	return wanted == module || (wanted && module && !strcmp(wanted, module));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t kernel_sort_names(const char **names, size_t count)
{
	size_t i, unique = 0;

	qsort(names, count, sizeof(*names), by_name);
	for (i = 0; i < count; i++)
		if (!unique || strcmp(names[unique - 1], names[i]))
			names[unique++] = names[i];
	return unique;
}

int kernel_find_name(const char *const *names, size_t count, const char *name)
{
	const char *const *found = bsearch(&name, names, count,
					   sizeof(*names), by_name);

	return found ? found - names : -1;
}

size_t kernel_wanted_names(const char *module, const char *name[MAX_WANTED_NAMES])
{
	size_t count = 0;
	int i;

	for (i = 0; i < AMI_NR_FIELDS; i++)
		if (kernel_same_module(ami_field_wants[i].module, module))
			name[count++] = ami_field_wants[i].type;
	for (i = 0; i < AMI_NR_TYPES; i++)
		if (kernel_same_module(ami_type_wants[i].module, module))
			name[count++] = ami_type_wants[i].name;
	return kernel_sort_names(name, count);
}

size_t kernel_wanted_modules(const char *name[MAX_WANTED_NAMES])
{
	size_t count = 0;
	int i;

	for (i = AMI_NR_CORE_FIELDS; i < AMI_NR_FIELDS; i++)
		name[count++] = ami_field_wants[i].module;
	return kernel_sort_names(name, count);
}

static bool is_wanted(const struct type_choice *c, int field)
{
	const struct ami_field_want *want = &ami_field_wants[field];

	return kernel_same_module(want->module, c->module) &&
	       !strcmp(want->type, c->name);
}

/** struct fit - how much of what is wanted a type has */
struct fit {
	unsigned int wanted, present, companions;
};

static int measure_fit(const struct type_choice *c, size_t i, struct fit *fit)
{
	int field, found;

	memset(fit, 0, sizeof(*fit));
	for (field = 0; field < AMI_NR_FIELDS; field++) {
		struct ami_member member;
		bool companion = false;

		if (!is_wanted(c, field))
			continue;
		found = c->resolve(c->ctx, i, ami_field_wants[field].path,
				   &member, &companion);
		if (found < 0)
			return -1;
		fit->wanted++;
		fit->present += found;
		fit->companions += found && companion;
	}
	return 0;
}

static int compare_fit(const struct fit *a, const struct fit *b)
{
	if (a->companions != b->companions)
		return a->companions > b->companions ? 1 : -1;
	return (a->present > b->present) - (a->present < b->present);
}

static bool same_place(const struct ami_member *a, const struct ami_member *b)
{
	return a->present == b->present && a->offset == b->offset &&
	       a->size == b->size && a->bit_offset == b->bit_offset &&
	       a->bit_size == b->bit_size;
}

/* Are these copies of one structure, as far as wanted members show? */
static bool are_equal(const struct type_choice *c, size_t i, size_t k)
{
	int field;

	if (c->size(c->ctx, i) != c->size(c->ctx, k))
		return false;
	for (field = 0; field < AMI_NR_FIELDS; field++) {
		const char *path = ami_field_wants[field].path;
		struct ami_member a = { 0 }, b = { 0 };
		bool companion;

		if (!is_wanted(c, field))
			continue;
		c->resolve(c->ctx, i, path, &a, &companion);
		c->resolve(c->ctx, k, path, &b, &companion);
		if (!same_place(&a, &b))
			return false;
	}
	return true;
}

static void take_type(const struct type_choice *c, size_t i,
		 struct ami_layout *layout)
{
	bool companion;
	int k;

	for (k = 0; k < AMI_NR_TYPES; k++)
		if (kernel_same_module(ami_type_wants[k].module, c->module) &&
		    !strcmp(ami_type_wants[k].name, c->name))
			layout->type_size[k] = c->size(c->ctx, i);
	for (k = 0; k < AMI_NR_FIELDS; k++)
		if (is_wanted(c, k))
			c->resolve(c->ctx, i, ami_field_wants[k].path,
				   &layout->field[k], &companion);
}

static void doubt_type(const struct type_choice *c, struct ami_layout *layout)
{
	int field;

	for (field = 0; field < AMI_NR_FIELDS; field++)
		if (is_wanted(c, field))
			layout->field[field] = (struct ami_member){
				.doubt = AMI_DOUBT_SAME_NAME,
			};
}

/* Does the type belong to another driver, and has the name by chance? */
static bool is_stranger(const struct type_choice *c, const struct fit *fit)
{
	return c->doubtful && fit->present < fit->wanted && !fit->companions;
}

int kernel_choose_type(const struct type_choice *c, struct ami_layout *layout)
{
	struct fit best, fit;
	bool ambiguous = c->count > MAX_SAME_NAME;
	size_t i, right = 0;
	int order;

	if (!c->count)
		return 0;
	if (measure_fit(c, 0, &best))
		return -1;
	for (i = 1; i < c->count && !ambiguous; i++) {
		if (measure_fit(c, i, &fit))
			return -1;
		order = compare_fit(&fit, &best);
		if (order > 0) {
			best = fit;
			right = i;
		}
	}
	for (i = 0; i < c->count && !ambiguous; i++) {
		if (i == right || measure_fit(c, i, &fit))
			continue;
		ambiguous = !compare_fit(&fit, &best) &&
			    !are_equal(c, i, right);
	}
	if (ambiguous)
		doubt_type(c, layout);
	else if (!is_stranger(c, &best))
		take_type(c, right, layout);
	return 0;
}
