// SPDX-License-Identifier: GPL-2.0-or-later
/* What drivers had asked their devices to write: each transfer, its memory. */
#include <inttypes.h>
#include <stdio.h>

#include "view.h"

#define SPANS_SHOWN	4u

static const char *kind_name(const struct ami_transfer *t)
{
	return ami_class_name(t->kind == AMI_TRANSFER_INFLIGHT ?
			      AMI_CLASS_INFLIGHT : AMI_CLASS_POSTED);
}

static void spans_json(struct view *v, const struct ami_transfer *t)
{
	size_t i;

	json_array(&v->j, "spans");
	for (i = 0; i < t->nr_spans; i++) {
		json_object_line(&v->j, NULL);
		json_hex(&v->j, "phys", t->spans[i].phys);
		json_number(&v->j, "bytes", t->spans[i].len);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

static void transfer_json(struct view *v, const struct ami_transfer *t)
{
	char who[AMI_BDF_TEXT], memory[AMI_OWNER_TEXT_SIZE];

	json_object(&v->j, NULL);
	json_string(&v->j, "requester", ami_bdf_text(t->device, who));
	json_string(&v->j, "class", kind_name(t));
	json_string(&v->j, "certainty", ami_certainty_name(t->certainty));
	json_string(&v->j, "provider", t->provider);
	json_string(&v->j, "what", t->what);
	if (t->age_ms >= 0)
		json_number(&v->j, "age_ms", t->age_ms);
	else
		json_null(&v->j, "age_ms");
	json_number(&v->j, "bytes", t->bytes);
	json_number(&v->j, "unnamed_bytes", t->unnamed);
	ami_transfer_owner(v->a->exposures, t, memory);
	if (*memory)
		json_string(&v->j, "memory", memory);
	else
		json_null(&v->j, "memory");
	spans_json(v, t);
	json_number(&v->j, "spans_left_out", t->more);
	json_close_object(&v->j);
}

static void age_text(const struct ami_transfer *t, char *buf, size_t size)
{
	if (t->age_ms < 0)
		buf[0] = '\0';
	else
		snprintf(buf, size, ", %" PRId64 " ms old", t->age_ms);
}

static void spans_text(struct view *v, const struct ami_transfer *t)
{
	size_t shown = v->r->verbose ? t->nr_spans : SPANS_SHOWN, i;
	char hint[32];

	for (i = 0; i < t->nr_spans && i < shown; i++)
		fprintf(v->out, "    %#" PRIx64 " to %#" PRIx64 "\n",
			t->spans[i].phys,
			t->spans[i].phys + t->spans[i].len - 1);
	if (t->nr_spans > shown)
		fprintf(v->out, "    and %zu more pieces%s\n",
			t->nr_spans - shown,
			report_hint(" (", v->r->longer, ")", hint));
	if (t->more)
		fprintf(v->out, "    and %" PRIu64 " pieces that are not listed\n",
			t->more);
	if (t->unnamed)
		fprintf(v->out, "    and %" PRIu64 " bytes at addresses that lead nowhere\n",
			t->unnamed);
}

static void transfer_text(struct view *v, const struct ami_transfer *t)
{
	char who[AMI_BDF_TEXT], age[40], n[24], memory[AMI_OWNER_TEXT_SIZE];

	age_text(t, age, sizeof(age));
	fprintf(v->out, "%s  %s  %s  by %s, %s bytes%s\n",
		ami_bdf_text(t->device, who), kind_name(t),
		ami_certainty_name(t->certainty), t->provider,
		report_number_text(v, t->bytes, n), age);
	fputs("    ", v->out);
	ami_transfer_owner(v->a->exposures, t, memory);
	report_wrapped(v, 4, 4, "%s%s%s", t->what, *memory ? ", into " : "", memory);
	spans_text(v, t);
}

static bool is_asked(const struct view *v, const struct ami_transfer *t)
{
	return !v->r->has_bdf || (t->device.segment == v->r->bdf.segment &&
				  t->device.devid == v->r->bdf.devid);
}

int view_transfers(struct view *v)
{
	const struct ami_evidence *ev = v->a->exposures->evidence;
	size_t i, shown = 0;

	if (v->r->has_bdf && !report_asked_device(v))
		return -1;
	if (v->r->json)
		json_array(&v->j, "transfers");
	for (i = 0; i < ev->count; i++) {
		if (!is_asked(v, &ev->list[i]))
			continue;
		shown++;
		if (v->r->json)
			transfer_json(v, &ev->list[i]);
		else
			transfer_text(v, &ev->list[i]);
	}
	if (v->r->json) {
		json_close_array(&v->j);
		json_number(&v->j, "transfers_left_out", ev->dropped);
	} else if (!shown) {
		report_wrapped(v, 0, 0, "No transfer is known. The report's findings name devices without a reader.");
	}
	return 0;
}

bool report_transfer_touches(const struct ami_transfer *t, uint64_t paddr,
			     uint64_t size)
{
	size_t i;

	for (i = 0; i < t->nr_spans; i++)
		if (paddr - t->spans[i].phys < t->spans[i].len ||
		    t->spans[i].phys - paddr < size)
			return true;
	return false;
}

static bool touches_byte(const struct ami_transfer *t, uint64_t paddr)
{
	return report_transfer_touches(t, paddr, 1);
}

/*
 * Classes are per page. Here are transfers that touch the page but not this
 * byte.
 */
static bool touches_rest(const struct ami_transfer *t, uint64_t paddr)
{
	return !touches_byte(t, paddr) &&
	       report_transfer_touches(t, paddr & ~(AMI_PAGE_SIZE - 1ull),
				       AMI_PAGE_SIZE);
}

static void asked_text(struct view *v, const struct ami_transfer *t,
		      const char *what)
{
	char who[AMI_BDF_TEXT], age[40];

	age_text(t, age, sizeof(age));
	fprintf(v->out, "%s  ", ami_bdf_text(t->device, who));
	report_wrapped(v, 14, 14, "was asked to write %s (%s, %s): %s%s", what,
		       kind_name(t), ami_certainty_name(t->certainty), t->what, age);
}

static void list_those(struct view *v, const char *key, uint64_t paddr,
		       bool (*wanted)(const struct ami_transfer *t,
				      uint64_t paddr), const char *what)
{
	const struct ami_evidence *ev = v->a->exposures->evidence;
	size_t i;

	if (v->r->json)
		json_array(&v->j, key);
	for (i = 0; i < ev->count; i++) {
		if (!wanted(&ev->list[i], paddr))
			continue;
		if (v->r->json)
			transfer_json(v, &ev->list[i]);
		else
			asked_text(v, &ev->list[i], what);
	}
	if (v->r->json)
		json_close_array(&v->j);
}

void report_transfers_at(struct view *v, uint64_t paddr)
{
	list_those(v, "transfers", paddr, touches_byte, "this byte");
	list_those(v, "transfers_beside", paddr, touches_rest,
		   "other bytes of this page");
}
