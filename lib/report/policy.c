// SPDX-License-Identifier: GPL-2.0-or-later
/* What stood between the devices and memory, and by whose decision. */
#include <string.h>

#include "view.h"

void report_guard_words(const struct view *v, char *buf, size_t size)
{
	const struct ami_state *s = v->a->state;

	if (s->guard == AMI_GUARD_NONE)
		snprintf(buf, size, "no AMD IOMMU at work (%s), and no other: nothing restrained the devices",
			 ami_no_amd_text(s->no_amd));
	else
		snprintf(buf, size, "no AMD IOMMU at work (%s), but %s: its tables are not read, and may or may not have restrained the devices",
			 ami_no_amd_text(s->no_amd), !strcmp(s->other, "Intel") ?
			 "an Intel IOMMU" : !strcmp(s->other, "Xen") ?
			 "Xen below this kernel" : "an IOMMU of another make");
}

void report_guard_text(struct view *v)
{
	char text[256];

	if (v->a->state->guard == AMI_GUARD_AMD)
		return;
	report_guard_words(v, text, sizeof(text));
	fputs("IOMMU    ", v->out);
	report_wrapped(v, 9, 9, "%s", text);
}

void report_policy_json(struct view *v)
{
	const struct ami_state *s = v->a->state;

	json_object_line(&v->j, "policy");
	json_string(&v->j, "guard", ami_guard_name(s->guard));
	if (s->guard != AMI_GUARD_AMD && ami_no_amd_name(s->no_amd))
		json_string(&v->j, "no_amd_iommu", ami_no_amd_name(s->no_amd));
	else
		json_null(&v->j, "no_amd_iommu");
	if (s->other)
		json_string(&v->j, "other_iommu", s->other);
	else
		json_null(&v->j, "other_iommu");
	json_close_object(&v->j);
}
