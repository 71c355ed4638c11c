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
			 ami_no_amd_text(s->no_amd), ami_other_text(s));
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

/* "translated, unmapped lazily": what is the default for all devices */
static void default_words(const struct ami_policy *p, char *buf, size_t size)
{
	if (p->type == AMI_DOMAIN_IDENTITY)
		snprintf(buf, size, "not translated");
	else if (!p->strict_known)
		snprintf(buf, size, "translated");
	else
		snprintf(buf, size, "translated, unmapped %s", p->strict ?
			 "strictly" : "lazily");
}

bool report_policy_words(const struct view *v, char *buf, size_t size)
{
	const struct ami_state *s = v->a->state;
	const struct ami_policy *p = &s->policy;
	char how[64], why[128], strict[128] = "";

	if (!p->known || s->guard == AMI_GUARD_NONE)
		return false;
	default_words(p, how, sizeof(how));
	ami_policy_text(s, p->by, why, sizeof(why));
	if (p->type != AMI_DOMAIN_IDENTITY && p->strict_known)
		ami_policy_text(s, p->strict_by, strict, sizeof(strict));
	if (!strcmp(why, strict))
		strict[0] = '\0';
	snprintf(buf, size, "by default %s (%s%s%s)", how, why,
		 strict[0] ? "; " : "", strict);
	return true;
}

void report_policy_text(struct view *v)
{
	char text[320];

	if (!report_policy_words(v, text, sizeof(text)))
		return;
	fputs("POLICY   ", v->out);
	report_wrapped(v, 9, 9, "%s", text);
}

static void name_or_null(struct view *v, const char *key, const char *name)
{
	if (name)
		json_string(&v->j, key, name);
	else
		json_null(&v->j, key);
}

void report_device_policy_json(struct view *v, const struct ami_device *d)
{
	bool known = d->policy_by != AMI_POLICY_UNKNOWN;

	json_object_line(&v->j, "policy");
	name_or_null(v, "domain", known ?
		     ami_domain_kind_name(d->group_domain.kind) : NULL);
	name_or_null(v, "by", ami_policy_by_name(d->policy_by));
	json_close_object(&v->j);
}

void report_device_policy_text(struct view *v, const struct ami_device *d)
{
	char why[128];

	if (d->policy_by == AMI_POLICY_UNKNOWN)
		return;
	ami_policy_text(v->a->state, d->policy_by, why, sizeof(why));
	fprintf(v->out, "  %-12s %s (%s)\n", "policy",
		ami_domain_kind_name(d->group_domain.kind), why);
}

void report_policy_json(struct view *v)
{
	const struct ami_state *s = v->a->state;
	const struct ami_policy *p = &s->policy;

	json_object(&v->j, "policy");
	json_string(&v->j, "guard", ami_guard_name(s->guard));
	name_or_null(v, "no_amd_iommu", s->guard == AMI_GUARD_AMD ? NULL :
		     ami_no_amd_name(s->no_amd));
	name_or_null(v, "other_iommu", s->other);
	name_or_null(v, "domain", p->known ? ami_domain_kind_name(p->type) :
		     NULL);
	name_or_null(v, "domain_by", ami_policy_by_name(p->by));
	if (p->strict_known)
		json_bool(&v->j, "strict", p->strict);
	else
		json_null(&v->j, "strict");
	name_or_null(v, "strict_by", ami_policy_by_name(p->strict_by));
	name_or_null(v, "words", p->words[0] ? p->words : NULL);
	json_close_object(&v->j);
}
