// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that hold what their owners did not put there: one finding for each. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verdict.h"

/* "an Ethernet frame of 1458 bytes to eth0, destroyed pointers" */
static void name_signs(const struct ami_exposures *ex,
		       const struct ami_overwritten *w, char *text, size_t size)
{
	uint32_t i;
	size_t used = 0;

	text[0] = '\0';
	for (i = 0; i < AMI_SIGNS && used < size; i++) {
		if (!(w->signs >> i & 1))
			continue;
		used += snprintf(text + used, size - used, "%s%s",
				 used ? ", " : "", ami_sign_text(1u << i));
		if (1u << i != AMI_SIGN_FRAME || used >= size)
			continue;
		used += snprintf(text + used, size - used, " of %u bytes",
				 w->frame.len);
		if (w->frame.interface >= 0 && used < size)
			used += snprintf(text + used, size - used, " to %s",
					 ex->found->interfaces
					 [w->frame.interface].name);
	}
}

static void name_culprit(const struct ami_culprit *c, char *text, size_t size)
{
	char iova[40] = "";

	if (c->has_iova)
		snprintf(iova, sizeof(iova), ", IOVA %#" PRIx64, c->iova);
	switch (c->proof) {
	case AMI_PROOF_BOTH:
		snprintf(text, size, "this device could write there (%s%s), and it is the one that receives such frames",
			 ami_class_name(c->class), iova);
		break;
	case AMI_PROOF_CONTENT:
		snprintf(text, size, "this device receives such frames; nothing shows any more how it got there");
		break;
	case AMI_PROOF_PATH:
		snprintf(text, size, "only this device could write there (%s%s)",
			 ami_class_name(c->class), iova);
		break;
	case AMI_PROOF_NONE:
		snprintf(text, size, c->able ? "%zu devices could write there" :
			 "no device is known that could write there", c->able);
		break;
	}
}

static void report_page(struct ami_exposures *ex,
			const struct ami_overwritten *w)
{
	enum ami_finding_code code = w->signs & AMI_SIGN_FRAME ?
				     AMI_FIND_FRAME_IN_KERNEL_MEMORY :
				     AMI_FIND_OWNER_CONTENT_BROKEN;
	char signs[256], who[160], where[AMI_BDF_TEXT] = "memory";
	struct ami_culprit c = { .proof = AMI_PROOF_NONE };

	/* A search through tables: only for what will be kept. */
	if (!ami_findings_full(ex->state->findings, code))
		ami_culprit_find(ex, w, &c);
	if (c.proof != AMI_PROOF_NONE)
		ami_bdf_text(c.device, where);
	name_signs(ex, w, signs, sizeof(signs));
	name_culprit(&c, who, sizeof(who));
	ami_finding_add_with(
		ex->state->findings, code, where,
		AMI_FACTS(AMI_NAMES(OWNER, ami_owner_name(w->owner)),
			  AMI_SAYS(PHYS, w->phys),
			  AMI_SAYS_IF(c.has_iova, IOVA, c.iova)),
		"The page at %#" PRIx64 " (%s) holds what its owner did not write (%s): %s.",
		w->phys, ami_owner_name(w->owner), signs, who);
}

int verdict_find_overwritten(struct ami_exposures *ex)
{
	size_t i;

	for (i = 0; ex->found && i < ex->found->count; i++)
		report_page(ex, &ex->found->list[i]);
	return 0;
}
