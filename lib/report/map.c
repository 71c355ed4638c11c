// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device's IOVAs translate to: all of them, or one step by step. */
#include <inttypes.h>

#include "view.h"

static const char *access_text(bool read, bool write)
{
	return read ? write ? "rw" : "r-" : write ? "-w" : "--";
}

/* Why a device has no table to show. */
static const char *no_table(const struct ami_device *d)
{
	switch (d->translation) {
	case AMI_TRANSLATION_PASSTHROUGH:
		return "pass-through: every IOVA is the physical address";
	case AMI_TRANSLATION_NONE:
		return "not translated: every IOVA is the physical address";
	case AMI_TRANSLATION_BLOCKED:
		return "blocked: no IOVA translates";
	case AMI_TRANSLATION_UNKNOWN:
		return "unknown: neither its DTE nor its domain can be read";
	case AMI_TRANSLATION_PAGING:
		break;
	}
	return "its page table cannot be read";
}

struct listing {
	struct view *v;
	const struct ami_device *d;
	uint32_t pasid;
	bool has_pasid;
	uint64_t runs;
};

static bool list_run(void *ctx, const struct ami_mapping *m)
{
	struct listing *l = ctx;
	struct view *v = l->v;
	bool read = m->read && l->d->may_read;
	bool write = m->write && l->d->may_write;

	l->runs++;
	if (!v->r->json) {
		fprintf(v->out, "%#18" PRIx64 "  %#18" PRIx64 "  %#12" PRIx64
			"  %s\n", m->iova, m->phys, m->size,
			access_text(read, write));
		return !ferror(v->out);
	}
	json_object_line(&v->j, NULL);
	json_hex(&v->j, "iova", m->iova);
	json_hex(&v->j, "phys", m->phys);
	json_hex(&v->j, "size", m->size);
	json_bool(&v->j, "read", read);
	json_bool(&v->j, "write", write);
	if (l->has_pasid)
		json_number(&v->j, "pasid", l->pasid);
	json_close_object(&v->j);
	return !ferror(v->out);
}

static bool list_table(struct listing *l, const struct ami_table *table)
{
	static const struct ami_walk_ops ops = { .mapping = list_run };
	struct view *v = l->v;
	struct ami_walk_stats stats;
	char count[24];

	if (!v->r->json && l->has_pasid)
		fprintf(v->out, "PASID %u\n", l->pasid);
	ami_walk(v->a->dump, table, &ops, l, &stats);
	if (!v->r->json && stats.problem[AMI_WALK_MISSING].count)
		fprintf(v->out, "(%s page-table pages cannot be read: more may be mapped)\n",
			number_text(v, stats.problem[AMI_WALK_MISSING].count,
				    count));
	return !stats.interrupted && !ferror(v->out);
}

static bool list_guest(void *ctx, uint32_t pasid,
		       const struct ami_table *table)
{
	struct listing *l = ctx;

	l->pasid = pasid;
	l->has_pasid = true;
	return list_table(l, table);
}

static bool shows_gcr3(const struct ami_device *d)
{
	return d->gcr3.root;
}

/* The host table of nested translation takes what the guest's tables give. */
static bool takes_guest_addresses(const struct ami_device *d)
{
	return ami_believes_dte(d) && amdvi_dte_nested(&d->dte);
}

int map_view(struct view *v)
{
	const struct ami_device *d = asked_device(v);
	struct listing l = { .v = v, .d = d };
	bool table = d->table.format != AMI_FORMAT_NONE;
	char bdf[AMI_BDF_TEXT];

	if (v->r->json) {
		json_string(&v->j, "bdf", ami_bdf_text(d->bdf, bdf));
		json_string(&v->j, "translation",
			    ami_translation_name(d->translation));
		if (d->bypass != AMI_BYPASS_NO)
			json_string(&v->j, "bypass", ami_bypass_name(d->bypass));
		else
			json_null(&v->j, "bypass");
		json_bool(&v->j, "nested", takes_guest_addresses(d));
		json_array(&v->j, "ranges");
	} else if (!table && !shows_gcr3(d)) {
		fprintf(v->out, "%s: %s\n", ami_bdf_text(d->bdf, bdf),
			no_table(d));
		return 0;
	} else {
		if (d->bypass != AMI_BYPASS_NO)
			wrapped(v, 0, 0, "Its table does not bound it (%s).",
				ami_bypass_text(d->bypass));
		fprintf(v->out, "%18s  %18s  %12s  %s\n",
			takes_guest_addresses(d) ? "GUEST PHYSICAL" : "IOVA",
			"PHYSICAL", "SIZE", "ACCESS");
	}
	if (table)
		list_table(&l, &d->table);
	if (shows_gcr3(d))
		ami_gcr3_tables(v->a->dump, &d->gcr3,
				ami_kernel_sme(v->a->kernel), list_guest, &l);
	if (v->r->json)
		json_close_array(&v->j);
	else if (!l.runs)
		fprintf(v->out, "(nothing is mapped)\n");
	return 0;
}

static void step_meaning(const struct ami_step *s, char *buf, size_t size)
{
	if (s->mem != AMI_MEM_OK) {
		snprintf(buf, size, "%s", ami_mem_text(s->mem));
		return;
	}
	switch (s->pte.kind) {
	case AMDVI_PTE_NONE:
		snprintf(buf, size, "not present");
		break;
	case AMDVI_PTE_BAD:
		snprintf(buf, size, "reserved encoding");
		break;
	case AMDVI_PTE_TABLE:
		snprintf(buf, size, "table, level %u, %s", s->pte.next_level,
			 access_text(s->pte.ir, s->pte.iw));
		break;
	case AMDVI_PTE_PAGE:
		snprintf(buf, size, "page, 2^%u bytes, %s", s->pte.size_log2,
			 access_text(s->pte.ir, s->pte.iw));
		break;
	}
}

static void steps_json(struct view *v, const struct ami_step *step, size_t n)
{
	char meaning[64];
	size_t i;

	json_array(&v->j, "steps");
	for (i = 0; i < n; i++) {
		json_object_line(&v->j, NULL);
		json_number(&v->j, "level", step[i].level);
		json_hex(&v->j, "table", step[i].table);
		json_number(&v->j, "index", step[i].index);
		if (step[i].mem == AMI_MEM_OK)
			json_hex(&v->j, "entry", step[i].raw);
		else
			json_null(&v->j, "entry");
		step_meaning(&step[i], meaning, sizeof(meaning));
		json_string(&v->j, "meaning", meaning);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

static void steps_text(struct view *v, const struct ami_step *step, size_t n)
{
	char meaning[64];
	size_t i;

	fprintf(v->out, "LEVEL  %14s  INDEX  %18s  MEANING\n", "TABLE",
		"ENTRY");
	for (i = 0; i < n; i++) {
		step_meaning(&step[i], meaning, sizeof(meaning));
		fprintf(v->out, "%5u  %#14" PRIx64 "  %5u  %#18" PRIx64
			"  %s\n", step[i].level, step[i].table, step[i].index,
			step[i].mem == AMI_MEM_OK ? step[i].raw : 0, meaning);
	}
}

struct first_guest {
	struct ami_table table;
	bool found;
};

static bool take_first(void *ctx, uint32_t pasid,
		       const struct ami_table *table)
{
	struct first_guest *g = ctx;

	if (!pasid) {
		g->table = *table;
		g->found = true;
	}
	return false;
}

/* The table for requests without PASID. */
static struct ami_table table_of(const struct view *v,
				 const struct ami_device *d)
{
	struct first_guest g = { .found = false };

	if (d->table.format != AMI_FORMAT_NONE || !shows_gcr3(d))
		return d->table;
	ami_gcr3_tables(v->a->dump, &d->gcr3, ami_kernel_sme(v->a->kernel),
			take_first, &g);
	return g.table;
}

int translate_view(struct view *v)
{
	const struct ami_device *d = asked_device(v);
	struct ami_table table = table_of(v, d);
	struct ami_step step[AMI_MAX_STEPS];
	struct ami_mapping m = { .phys = v->r->address, .read = true,
				 .write = true };
	char bdf[AMI_BDF_TEXT], dte[160] = "not in the dump";
	bool identity = ami_device_direct(d);
	bool mapped = identity;
	size_t n = 0;

	if (!identity)
		n = ami_translate(v->a->dump, &table, v->r->address, step, &m,
				  &mapped);
	ami_bdf_text(d->bdf, bdf);
	if (d->dte_mem == AMI_MEM_OK)
		amdvi_dte_describe(&d->dte, dte, sizeof(dte));
	if (v->r->json) {
		json_string(&v->j, "bdf", bdf);
		json_hex(&v->j, "iova", v->r->address);
		json_string(&v->j, "dte_text", dte);
		steps_json(v, step, n);
		if (mapped)
			json_hex(&v->j, "phys", m.phys);
		else
			json_null(&v->j, "phys");
		json_bool(&v->j, "read", mapped && m.read && d->may_read);
		json_bool(&v->j, "write", mapped && m.write && d->may_write);
		return 0;
	}
	fprintf(v->out, "%s  IOVA %#" PRIx64 "\nDTE: ", bdf, v->r->address);
	wrapped(v, 5, 5, "%s", dte);
	if (d->bypass != AMI_BYPASS_NO)
		wrapped(v, 0, 0, "Its table does not bound it (%s).",
			ami_bypass_text(d->bypass));
	if (n)
		steps_text(v, step, n);
	else if (!mapped || identity)
		fprintf(v->out, "%s\n", identity || table.format == AMI_FORMAT_NONE ?
			no_table(d) : "the IOVA has more bits than its table translates");
	if (mapped)
		fprintf(v->out, "PHYSICAL %#" PRIx64 "  %s\n", m.phys,
			access_text(m.read && d->may_read,
				    m.write && d->may_write));
	else
		fprintf(v->out, "NOT MAPPED\n");
	return 0;
}
