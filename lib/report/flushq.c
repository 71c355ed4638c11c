// SPDX-License-Identifier: GPL-2.0-or-later
/* Flush queues: IOVAs that were unmapped and not flushed yet. */
#include <inttypes.h>

#include "view.h"

static void queue_json(struct view *v, const struct ami_domain *d)
{
	const struct ami_flushq *q = &d->flushq;
	size_t i;

	json_object(&v->j, NULL);
	json_number(&v->j, "domain", d->id);
	json_bool(&v->j, "lazy", q->active);
	json_number(&v->j, "flushes_begun", q->start_count);
	json_number(&v->j, "flushes_finished", q->finish_count);
	json_number(&v->j, "pending", q->pending);
	json_number(&v->j, "tables", q->nr_tables);
	json_number(&v->j, "unread", q->unread);
	json_array(&v->j, "entries");
	for (i = 0; i < q->count; i++) {
		json_object_line(&v->j, NULL);
		json_hex(&v->j, "iova", q->list[i].iova);
		json_hex(&v->j, "size", q->list[i].size);
		json_number(&v->j, "cpu", q->list[i].cpu);
		json_number(&v->j, "counter", q->list[i].counter);
		json_bool(&v->j, "flushed", q->list[i].flushed);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static void queue_text(struct view *v, const struct ami_domain *d)
{
	const struct ami_flushq *q = &d->flushq;
	char count[24], pending[24];
	size_t i;

	fprintf(v->out, "domain %u  ", d->id);
	if (!q->active) {
		fputs("unmaps strictly: no flush queue\n", v->out);
		return;
	}
	fprintf(v->out, "%s queued, %s not proven flushed; flushes: %" PRIu64
		" begun, %" PRIu64 " finished\n",
		report_number_text(v, q->count, count),
		report_number_text(v, q->pending, pending), q->start_count,
		q->finish_count);
	if (q->nr_tables)
		fprintf(v->out, "  %zu page-table pages wait for the flush too\n",
			q->nr_tables);
	if (q->unread)
		fprintf(v->out, "  %u queues or entries cannot be read\n",
			q->unread);
	for (i = 0; i < q->count; i++)
		fprintf(v->out, "  %#16" PRIx64 "  %#10" PRIx64
			"  CPU %-4u counter %-8" PRIu64 " %s\n",
			q->list[i].iova, q->list[i].size, q->list[i].cpu,
			q->list[i].counter,
			q->list[i].flushed ? "flushed" : "may be stale");
}

int view_flushq(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	if (v->r->json)
		json_array(&v->j, "flush_queues");
	for (i = 0; i < s->nr_domains; i++) {
		if (v->r->json)
			queue_json(v, &s->domains[i]);
		else
			queue_text(v, &s->domains[i]);
	}
	if (v->r->json)
		json_close_array(&v->j);
	return 0;
}
