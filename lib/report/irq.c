// SPDX-License-Identifier: GPL-2.0-or-later
/* Interrupt remapping tables. */
#include <inttypes.h>

#include "view.h"

static void irt_json(struct view *v, const struct ami_device *d,
		     const struct ami_irt *irt)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	char bdf[AMI_BDF_TEXT];
	size_t i;

	json_object(&v->j, NULL);
	json_string(&v->j, "bdf", ami_bdf_text(d->bdf, bdf));
	json_hex(&v->j, "phys", irt->phys);
	json_number(&v->j, "entries", irt->entries);
	json_number(&v->j, "entry_size", irt->entry_size);
	json_number(&v->j, "unread", irt->unread);
	json_array(&v->j, "valid");
	for (i = 0; i < irt->count; i++) {
		json_object_line(&v->j, NULL);
		json_number(&v->j, "index", irt->index[i]);
		report_values_json(v, "fields", d->bdf.segment, value,
				   amdvi_irte_values(&irt->list[i], value,
						     AMDVI_VALUES_MAX));
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static void irt_text(struct view *v, const struct ami_device *d,
		     const struct ami_irt *irt)
{
	char bdf[AMI_BDF_TEXT], text[160], n[24];
	size_t i;

	fprintf(v->out, "%s  %s  table at %#" PRIx64 ", %s entries of %u bytes",
		ami_bdf_text(d->bdf, bdf), d->driver[0] ? d->driver : "-",
		irt->phys, report_number_text(v, irt->entries, n), irt->entry_size);
	fprintf(v->out, ", %s valid\n", report_number_text(v, irt->count, n));
	if (irt->unread)
		fprintf(v->out, "  %s entries cannot be read from this dump\n",
			report_number_text(v, irt->unread, n));
	for (i = 0; i < irt->count; i++) {
		amdvi_irte_describe(&irt->list[i], text, sizeof(text));
		fprintf(v->out, "  %5s  %s\n",
			report_number_text(v, irt->index[i], n), text);
	}
}

int view_irq(struct view *v)
{
	const struct ami_state *s = v->a->state;
	struct ami_irt irt;
	size_t i, shown = 0;

	if (v->r->json)
		json_array(&v->j, "interrupt_tables");
	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];

		if (v->r->has_bdf && d != report_asked_device(v))
			continue;
		if (!ami_irt_read(s, d, &irt))
			continue;
		/* Without -v, only tables with entries. */
		if (irt.count || irt.unread || v->r->verbose ||
		    v->r->has_bdf) {
			if (v->r->json)
				irt_json(v, d, &irt);
			else
				irt_text(v, d, &irt);
			shown++;
		}
		ami_irt_free(&irt);
	}
	if (v->r->json)
		json_close_array(&v->j);
	else if (!shown)
		fputs("No device is known to have an interrupt remapping table in use.\n",
		      v->out);
	return 0;
}
