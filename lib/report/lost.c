// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IOVAs that the kernel has allocated and that the page table no longer maps: the
 * table was overwritten. "Not mapped" is not the whole truth about those.
 */
#include <inttypes.h>

#include "view.h"

#define SHOWN	16u

static const char text_of_lost[] =
	"LOST: the kernel allocated these IOVAs, and the page table does not map them all: it was overwritten, and what the device could reach there is unknown";

static const struct ami_domain *domain_of(const struct view *v,
					  const struct ami_device *d)
{
	return d->domain >= 0 && !ami_device_direct(d) ?
	       &v->a->state->domains[d->domain] : NULL;
}

/* All of them, or the one that has @iova. */
static void lost_json(struct view *v, const struct ami_domain *dom,
		      const uint64_t *iova)
{
	size_t i;

	json_array(&v->j, "lost");
	for (i = 0; dom && i < dom->nr_lost; i++) {
		const struct ami_iova_range *r = &dom->lost[i];

		if (iova && (*iova < r->first || *iova > r->last))
			continue;
		json_object_line(&v->j, NULL);
		json_hex(&v->j, "first", r->first);
		json_hex(&v->j, "last", r->last);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

void report_lost_at(struct view *v, const struct ami_device *d, uint64_t iova)
{
	const struct ami_domain *dom = domain_of(v, d);
	size_t i;

	if (v->r->json) {
		lost_json(v, dom, &iova);
		return;
	}
	for (i = 0; dom && i < dom->nr_lost; i++)
		if (iova >= dom->lost[i].first && iova <= dom->lost[i].last)
			report_wrapped(v, 0, 0, "%s (IOVA %#" PRIx64 " to %#" PRIx64 ").",
				       text_of_lost, dom->lost[i].first,
				       dom->lost[i].last);
}

void report_lost_list(struct view *v, const struct ami_device *d)
{
	const struct ami_domain *dom = domain_of(v, d);
	size_t i, shown;

	if (v->r->json) {
		lost_json(v, dom, NULL);
		return;
	}
	if (!dom || !dom->nr_lost)
		return;
	report_wrapped(v, 0, 0, "%s:", text_of_lost);
	fprintf(v->out, "%18s  %18s\n", "FIRST IOVA", "LAST");
	shown = dom->nr_lost > SHOWN && !v->r->verbose ? SHOWN : dom->nr_lost;
	for (i = 0; i < shown && !ferror(v->out); i++)
		fprintf(v->out, "%#18" PRIx64 "  %#18" PRIx64 "\n",
			dom->lost[i].first, dom->lost[i].last);
	if (shown < dom->nr_lost)
		fprintf(v->out, "  (%zu more; -v)\n", dom->nr_lost - shown);
}
