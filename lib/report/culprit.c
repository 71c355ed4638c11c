// SPDX-License-Identifier: GPL-2.0-or-later
/* Which device overwrote a page, in JSON. */
#include "view.h"

void report_culprit_json(struct view *v, const struct ami_culprit *c)
{
	char bdf[AMI_BDF_TEXT];

	json_string(&v->j, "proof", ami_proof_name(c->proof));
	if (c->proof != AMI_PROOF_NONE)
		json_string(&v->j, "device", ami_bdf_text(c->device, bdf));
	else
		json_null(&v->j, "device");
	json_number(&v->j, "devices_able", c->able);
}
