// SPDX-License-Identifier: GPL-2.0-or-later
/* From an address to everybody who could have written there. */
#include <inttypes.h>
#include <string.h>

#include "view.h"

struct answer {
	struct view *v;
	size_t count;
	bool headed;
};

static void heading(struct answer *a)
{
	if (!a->headed)
		fprintf(a->v->out, "%-12s  %-16s  %-11s  %-9s  %s\n", "WRITER",
			"DRIVER", "CLASS", "CERTAINTY", "IOVA");
	a->headed = true;
}

static const char *driver_of(const struct view *v, struct ami_requester r)
{
	const struct ami_device *d;

	if (r.is_iommu)
		return "semaphore or log";
	d = ami_state_device(v->a->state, r.bdf);
	return d && d->driver[0] ? d->driver : "no driver";
}

static bool one_writer(void *ctx, const struct ami_writer *w)
{
	struct answer *a = ctx;
	struct view *v = a->v;
	const struct ami_exposure *e = w->exposure;
	char who[AMI_REQUESTER_TEXT];

	ami_requester_text(e->requester, who);
	a->count++;
	if (v->r->json) {
		json_object_line(&v->j, NULL);
		json_string(&v->j, "requester", who);
		json_string(&v->j, "class", ami_class_name(e->class));
		json_string(&v->j, "certainty",
			    ami_certainty_name(e->certainty));
		if (w->has_iova)
			json_hex(&v->j, "iova", w->iova);
		else
			json_null(&v->j, "iova");
		json_close_object(&v->j);
		return true;
	}
	heading(a);
	fprintf(v->out, "%-12s  %-16.16s  %-11s  %-9s  ", who,
		driver_of(v, e->requester), ami_class_name(e->class),
		ami_certainty_name(e->certainty));
	if (w->has_iova)
		fprintf(v->out, "%#" PRIx64 "\n", w->iova);
	else
		fputs("-\n", v->out);
	return true;
}

/* Requesters whose pages cannot all be named: they may reach any page. */
static size_t unnamed(struct answer *a)
{
	struct view *v = a->v;
	const struct ami_exposures *ex = v->a->exposures;
	char who[AMI_REQUESTER_TEXT];
	size_t i, n = 0;

	if (v->r->json)
		json_array(&v->j, "incomplete");
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->complete)
			continue;
		n++;
		ami_requester_text(e->requester, who);
		if (v->r->json) {
			json_object_line(&v->j, NULL);
			json_string(&v->j, "requester", who);
			json_string(&v->j, "class", ami_class_name(e->class));
			json_close_object(&v->j);
		} else {
			heading(a);
			fprintf(v->out, "%-12s  %-16.16s  %-11s  %-9s  %s\n",
				who, driver_of(v, e->requester),
				ami_class_name(e->class), "possible",
				"pages not known");
		}
	}
	if (v->r->json)
		json_close_array(&v->j);
	return n;
}

static void nobody_text(struct view *v, uint64_t pfn, size_t unknown)
{
	enum ami_verdict verdict = v->a->exposures->verdict;

	if (!ami_dump_ram(v->a->dump, pfn))
		wrapped(v, 0, 0, "No RAM of this dump has this address.");
	else if (unknown || verdict == AMI_VERDICT_CORRUPT ||
		 verdict == AMI_VERDICT_UNKNOWN)
		wrapped(v, 0, 0, "No known translation leads here, but the state is incomplete or damaged (see report): this does not prove that no device wrote the page.");
	else
		wrapped(v, 0, 0, "No device could write this page through the IOMMU at the panic.");
}

static int physical(struct view *v, uint64_t *paddr)
{
	enum ami_mem mem;

	*paddr = v->r->address;
	if (!ami_kernel_address(v->r->address))
		return 0;
	mem = ami_virt_to_phys(v->a->kernel, v->r->address, paddr);
	if (mem == AMI_MEM_OK)
		return 0;
	return ami_error_set(v->err, AMI_ERR_DATA,
			     "the virtual address %#" PRIx64 " is %s",
			     v->r->address, ami_mem_text(mem));
}

/* What lay at the address, as far as the kernel's own books tell. */
static void owner(struct view *v, uint64_t paddr)
{
	char text[AMI_OWNER_TEXT_SIZE];
	enum ami_owner is;

	if (!ami_dump_ram(v->a->dump, paddr >> AMI_PAGE_SHIFT))
		return;
	is = ami_owner_describe(v->a->exposures->owners, paddr, text,
				sizeof(text));
	if (v->r->json) {
		json_string(&v->j, "owner", ami_owner_name(is));
		json_string(&v->j, "owner_text", text);
	} else {
		fprintf(v->out, "owner    %s\n", text);
	}
}

int who_view(struct view *v)
{
	struct answer a = { .v = v };
	uint64_t paddr;
	size_t unknown;

	if (physical(v, &paddr))
		return -1;
	if (v->r->json) {
		json_hex(&v->j, "phys", paddr);
		json_number(&v->j, "pfn", paddr >> AMI_PAGE_SHIFT);
		json_bool(&v->j, "ram",
			  ami_dump_ram(v->a->dump, paddr >> AMI_PAGE_SHIFT));
		owner(v, paddr);
		json_array(&v->j, "writers");
		ami_writers(v->a->exposures, paddr, one_writer, &a);
		json_close_array(&v->j);
		transfers_at(v, paddr);
		unnamed(&a);
		return 0;
	}
	fprintf(v->out, "physical %#" PRIx64 ", page frame %#" PRIx64 "\n",
		paddr, paddr >> AMI_PAGE_SHIFT);
	owner(v, paddr);
	ami_writers(v->a->exposures, paddr, one_writer, &a);
	unknown = unnamed(&a);
	transfers_at(v, paddr);
	if (!a.count)
		nobody_text(v, paddr >> AMI_PAGE_SHIFT, unknown);
	return 0;
}
