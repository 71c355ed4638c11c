// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lies at a byte, as crash wants it: the virtual address, the slab object, the
 * module or area, the symbol.
 */
#include <inttypes.h>

#include "asked.h"

static const char *const use_name[] = {
	[AMI_USE_UNKNOWN] = NULL,
	[AMI_USE_ALLOCATED] = "allocated",
	[AMI_USE_FREE] = "free",
};

/** struct place - what is known; zeros and NULLs are not */
struct place {
	uint64_t va, offset, symbol_offset, caller_offset;
	struct ami_object object;
	bool has_object, has_area;
	struct ami_area area;
	enum ami_use use;
	const char *symbol, *caller;
};

static bool in_image(enum ami_owner is)
{
	return is == AMI_OWNER_TEXT || is == AMI_OWNER_RODATA ||
	       is == AMI_OWNER_DATA;
}

/* Where the kernel's own image has the byte. */
static uint64_t image_address(struct asking *a, uint64_t paddr)
{
	struct ami_kernel *k = a->v->a->kernel;
	uint64_t text = ami_symbol(k, AMI_SYM__text), phys;

	if (!text || ami_virt_to_phys(k, text, &phys) != AMI_MEM_OK)
		return 0;
	return text + (paddr - phys);
}

static void find_symbol_at(struct asking *a, struct place *p)
{
	const struct ami_symbols *all = answer_symbols(a);

	if (all)
		p->symbol = ami_symbols_at(all, p->va, &p->symbol_offset);
}

static void find_area(struct asking *a, uint64_t paddr, struct place *p)
{
	struct ami_owners *owners = a->v->a->exposures->owners;
	const struct ami_symbols *all = answer_symbols(a);
	uint64_t modules = 0, va = ami_owner_mapped_at(owners, paddr >>
						       AMI_PAGE_SHIFT);

	if (!va || !all)
		return;
	p->va = va + paddr % AMI_PAGE_SIZE;
	ami_symbols_find(all, "modules", &modules, 1);
	p->has_area = ami_owner_area(owners, modules, p->va, &p->area);
	if (p->has_area && p->area.caller)
		p->caller = ami_symbols_at(all, p->area.caller,
					   &p->caller_offset);
}

static void find_place(struct asking *a, uint64_t paddr, enum ami_owner is,
		       struct place *p)
{
	struct ami_owners *owners = a->v->a->exposures->owners;

	*p = (struct place){ .va = ami_phys_to_virt(a->v->a->kernel, paddr) };
	if (in_image(is)) {
		p->va = image_address(a, paddr);
		find_symbol_at(a, p);
		return;
	}
	if (ami_owner_in_slab(is) && ami_owner_object(owners, paddr, &p->object)) {
		p->has_object = true;
		p->use = ami_owner_use(owners, &p->object);
		return;
	}
	if (is == AMI_OWNER_VMALLOC || is == AMI_OWNER_MODULE ||
	    is == AMI_OWNER_COHERENT || is == AMI_OWNER_STACK)
		find_area(a, paddr, p);
}

static void area_text(struct view *v, const struct place *p)
{
	if (*p->area.module)
		report_wrapped(v, 9, 9, "module %s, %#" PRIx64 " bytes into its part at %#" PRIx64,
			       p->area.module, p->va - p->area.start,
			       p->area.start);
	else
		report_wrapped(v, 9, 9, "vmalloc area at %#" PRIx64 ", %#" PRIx64 " bytes%s%s",
			       p->area.start, p->area.size,
			       p->caller ? ", made by " : "",
			       p->caller ? p->caller : "");
}

void answer_place_text(struct asking *a, uint64_t paddr, enum ami_owner is)
{
	struct view *v = a->v;
	char text[560];
	struct place p;

	find_place(a, paddr, is, &p);
	if (p.va)
		fprintf(v->out, "virtual  %#" PRIx64 "\n", p.va);
	if (p.symbol) {
		fputs("symbol   ", v->out);
		answer_symbol_text(p.symbol, p.symbol_offset, text, sizeof(text));
		report_wrapped(v, 9, 9, "%s", text);
	}
	if (p.has_object && p.object.found)
		fprintf(v->out, "object   %#" PRIx64 ", %s\n", p.object.va,
			use_name[p.use] ? use_name[p.use] :
			"allocated or free is not known");
	if (p.has_area) {
		fputs("area     ", v->out);
		area_text(v, &p);
	}
}

static void object_json(struct view *v, const struct place *p)
{
	json_object_line(&v->j, "object");
	json_string(&v->j, "cache", p->object.name);
	if (p->object.found && p->object.va)
		json_hex(&v->j, "start", p->object.va);
	else
		json_null(&v->j, "start");
	json_known(&v->j, "slot_bytes", p->object.found, p->object.size);
	json_known(&v->j, "byte", p->object.found, p->object.offset);
	json_text(&v->j, "use", use_name[p->use]);
	json_close_object(&v->j);
}

static void area_json(struct view *v, const struct place *p)
{
	json_object_line(&v->j, "area");
	json_text(&v->j, "module", *p->area.module ? p->area.module : NULL);
	json_hex(&v->j, "start", p->area.start);
	json_number(&v->j, "bytes", p->area.size);
	json_text(&v->j, "caller", p->caller);
	json_close_object(&v->j);
}

void answer_place_json(struct asking *a, uint64_t paddr, enum ami_owner is)
{
	struct view *v = a->v;
	struct place p;

	find_place(a, paddr, is, &p);
	if (p.va)
		json_hex(&v->j, "virtual", p.va);
	else
		json_null(&v->j, "virtual");
	json_text(&v->j, "symbol", p.symbol);
	if (p.symbol)
		json_number(&v->j, "symbol_offset", p.symbol_offset);
	if (p.has_object)
		object_json(v, &p);
	else
		json_null(&v->j, "object");
	if (p.has_area)
		area_json(v, &p);
	else
		json_null(&v->j, "area");
}
