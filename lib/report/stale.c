// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IOVAs that a device may still use with their old translations. Their tables
 * do not show all then.
 */
#include <inttypes.h>

#include "view.h"

#define SHOWN	16u

struct stale_view {
	struct view *v;
	bool one;		/* only what covers @iova */
	uint64_t iova;
	size_t count;
};

static const char *by_name(enum ami_stale_by by)
{
	static const char *const name[] = {
		[AMI_STALE_COMMAND] = "command",
		[AMI_STALE_QUEUED] = "flush-queue",
		[AMI_STALE_BLIND] = "ring-unseen",
		[AMI_STALE_QUEUE_UNREAD] = "flush-queue-unread",
		[AMI_STALE_EXECUTED] = "executed",
	};

	return name[by];
}

static void by_text(const struct ami_stale *s, char *buf, size_t size)
{
	switch (s->by) {
	case AMI_STALE_COMMAND:
		snprintf(buf, size, "ring entry %u of iommu%u, unproven",
			 s->entry, s->iommu);
		break;
	case AMI_STALE_QUEUED:
		snprintf(buf, size, "flush queue of CPU %u, not flushed", s->cpu);
		break;
	case AMI_STALE_BLIND:
		snprintf(buf, size, "ring of iommu%u, which cannot be seen",
			 s->iommu);
		break;
	default:
		snprintf(buf, size, "a flush queue that cannot be read");
		break;
	}
}

static void one_json(struct view *v, const struct ami_stale *s)
{
	json_object_line(&v->j, NULL);
	json_hex(&v->j, "first", s->first);
	json_hex(&v->j, "last", s->last);
	json_string(&v->j, "by", by_name(s->by));
	if (s->by == AMI_STALE_COMMAND || s->by == AMI_STALE_BLIND)
		json_number(&v->j, "iommu", s->iommu);
	if (s->by == AMI_STALE_COMMAND)
		json_number(&v->j, "entry", s->entry);
	if (s->by == AMI_STALE_QUEUED)
		json_number(&v->j, "cpu", s->cpu);
	json_close_object(&v->j);
}

static void one_text(struct stale_view *sv, const struct ami_stale *s)
{
	struct view *v = sv->v;
	char text[64];

	if (sv->count > SHOWN && !v->r->verbose)
		return;
	by_text(s, text, sizeof(text));
	if (sv->one)
		fprintf(v->out, "  %s\n", text);
	else
		fprintf(v->out, "%#18" PRIx64 "  %#18" PRIx64 "  %s\n",
			s->first, s->last, text);
}

static bool show_stale(void *ctx, const struct ami_stale *s)
{
	struct stale_view *sv = ctx;

	if (sv->one && (sv->iova < s->first || sv->iova > s->last))
		return true;
	sv->count++;
	if (sv->v->r->json)
		one_json(sv->v, s);
	else
		one_text(sv, s);
	return !ferror(sv->v->out);
}

static bool count_stale(void *ctx, const struct ami_stale *s)
{
	struct stale_view *sv = ctx;

	sv->count += !sv->one || (sv->iova >= s->first && sv->iova <= s->last);
	return true;
}

/* Known, but not from ring or queue: an invalidation that failed. */
static bool is_exposed(const struct view *v, const struct ami_device *d,
		       const struct stale_view *sv)
{
	const struct ami_exposure *e = NULL;
	size_t i;

	while ((e = ami_exposure_next(v->a->exposures, d->bdf, e)))
		for (i = 0; e->class == AMI_CLASS_STALE && i < e->nr_iovas; i++)
			if (!sv->one || (sv->iova >= e->iovas[i].first &&
					 sv->iova <= e->iovas[i].last))
				return true;
	return false;
}

static void show_json(struct stale_view *sv, const struct ami_device *d,
		      bool stale)
{
	struct view *v = sv->v;

	json_bool(&v->j, "maybe_stale", stale);
	json_array(&v->j, "stale");
	if (stale)
		ami_stale_each(v->a->state, d, show_stale, sv);
	json_close_array(&v->j);
}

static void show_text(struct stale_view *sv, const struct ami_device *d)
{
	struct view *v = sv->v;
	size_t left;

	sv->count = 0;
	ami_stale_each(v->a->state, d, show_stale, sv);
	left = sv->count > SHOWN && !v->r->verbose ? sv->count - SHOWN : 0;
	if (left)
		fprintf(v->out, "  (%zu more; -v)\n", left);
	if (!sv->count)
		fprintf(v->out, "  an invalidation failed or was lost, see report\n");
}

static bool is_stale(struct stale_view *sv, const struct ami_device *d)
{
	ami_stale_each(sv->v->a->state, d, count_stale, sv);
	return sv->count || is_exposed(sv->v, d, sv);
}

void report_stale_at(struct view *v, const struct ami_device *d, uint64_t iova,
		     bool mapped)
{
	struct stale_view sv = { .v = v, .one = true, .iova = iova };
	bool stale = !ami_device_direct(d) && is_stale(&sv, d);

	if (v->r->json) {
		show_json(&sv, d, stale);
	} else if (stale) {
		report_wrapped(v, 0, 0, mapped ?
			       "STALE: changed, and its invalidation is not proven: the device may still use what was mapped here before:" :
			       "STALE: not mapped now, but unmapped without a proven invalidation: the device may still use what was mapped here before:");
		show_text(&sv, d);
	}
}

void report_stale_list(struct view *v, const struct ami_device *d)
{
	struct stale_view sv = { .v = v };
	bool stale = !ami_device_direct(d) && is_stale(&sv, d);

	if (v->r->json) {
		show_json(&sv, d, stale);
	} else if (stale) {
		report_wrapped(v, 0, 0, "STALE: unmapped or changed, and the invalidation is not proven: the device may still use what was mapped here before:");
		fprintf(v->out, "%18s  %18s  BY\n", "FIRST IOVA", "LAST");
		show_text(&sv, d);
	}
}
