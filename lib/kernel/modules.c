// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Types of modules. The kernel keeps the BTF of each loaded module in the list
 * btf_modules (kernel/bpf/btf.c, 5.11 and later). It extends the kernel's own.
 */
#include <string.h>

#include "btf.h"

#define MAX_MODULES	4096u
#define MAX_MODULE_BTF	(16u << 20)

/* Names of the modules of which something is wanted. */
struct modules {
	const char *name[MAX_WANTED_NAMES];
	bool done[MAX_WANTED_NAMES];
	size_t count;
};

/* Index of this module among the wanted ones. -1: not wanted. */
static int wanted(const struct modules *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (!m->done[i] && !strcmp(m->name[i], name))
			return i;
	return -1;
}

/* Drop what another driver's types of the same name gave. */
static void forget_module(struct ami_layout *layout, const char *module)
{
	int i;

	for (i = AMI_NR_CORE_FIELDS; i < AMI_NR_FIELDS; i++)
		if (kernel_same_module(ami_field_wants[i].module, module))
			layout->field[i] = (struct ami_member){ 0 };
	for (i = AMI_NR_CORE_TYPES; i < AMI_NR_TYPES; i++)
		if (kernel_same_module(ami_type_wants[i].module, module))
			layout->type_size[i] = 0;
}

/*
 * @entry: a struct btf_module, not checked yet. A loaded module's types are its
 * own, or missing.
 */
static void resolve_module(struct ami_kernel *k, uint64_t entry,
			   struct btf *base, struct btf_names *index,
			   struct modules *m)
{
	uint64_t module, type_info, data, size;
	const char *why;
	struct btf *btf;
	char name[64];
	int which;

	if (ami_get(k, entry, AMI_F_btf_module_module, &module) != AMI_MEM_OK ||
	    ami_read_string(k, ami_addr(k, module, AMI_F_module_name), name,
			    sizeof(name)) != AMI_MEM_OK)
		return;
	which = wanted(m, name);
	if (which < 0)
		return;
	m->done[which] = true;
	forget_module(&k->layout, m->name[which]);
	if (ami_get(k, entry, AMI_F_btf_module_btf, &type_info) != AMI_MEM_OK ||
	    ami_get(k, type_info, AMI_F_btf_data, &data) != AMI_MEM_OK ||
	    ami_get(k, type_info, AMI_F_btf_data_size, &size) != AMI_MEM_OK ||
	    size > MAX_MODULE_BTF)
		return;
	btf = btf_read(k, data, size, base, &why);
	if (!btf)
		return;
	btf_resolve(btf, m->name[which], index, true, &k->layout);
	btf__free(btf);
}

/* Did the kernel's own source answer for this driver? */
static bool is_resolved(const struct ami_layout *layout, const char *module)
{
	int i;

	for (i = AMI_NR_CORE_FIELDS; i < AMI_NR_FIELDS; i++)
		if (layout->field[i].present &&
		    kernel_same_module(ami_field_wants[i].module, module))
			return true;
	return false;
}

void modules_resolve(struct ami_kernel *k)
{
	uint64_t head = ami_symbol(k, AMI_SYM_btf_modules), node;
	struct modules m = { .count = 0 };
	struct ami_list_iter it;
	const char *why;
	struct btf_names index;
	struct btf *base;
	size_t i;

	m.count = kernel_wanted_modules(m.name);
	base = m.count ? btf_of_kernel(k, &why) : NULL;
	if (!base)
		return;
	btf_index(base, &index);
	if (head && k->layout.field[AMI_F_btf_module_list].present &&
	    k->layout.field[AMI_F_module_name].present) {
		ami_list_start(&it, k, head, MAX_MODULES);
		while (ami_list_next(&it, &node))
			resolve_module(k, ami_container(k, node,
							AMI_F_btf_module_list),
				       base, &index, &m);
	}
	for (i = 0; i < m.count; i++)
		if (!m.done[i] && !is_resolved(&k->layout, m.name[i]))
			btf_resolve(base, m.name[i], &index, false,
				    &k->layout);
}
