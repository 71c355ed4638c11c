// SPDX-License-Identifier: GPL-2.0-or-later
/* Who owns the pages that devices could write. */
#include <stdio.h>

#include "view.h"

/* Over all requesters, each page once. */
static void class_owners_json(struct view *v)
{
	int class, owner;
	uint64_t n;

	json_array(&v->j, "class_owners");
	for (class = 0; class < AMI_CLASSES; class++) {
		for (owner = 0; owner < AMI_OWNERS; owner++) {
			n = v->a->exposures->class_owners[class][owner];
			if (!n)
				continue;
			json_object_line(&v->j, NULL);
			json_string(&v->j, "class", ami_class_name(class));
			json_string(&v->j, "owner", ami_owner_name(owner));
			json_number(&v->j, "pages", n);
			json_close_object(&v->j);
		}
	}
	json_close_array(&v->j);
}

void report_owners_json(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	char who[AMI_REQUESTER_TEXT];
	size_t i;
	int owner;

	json_array(&v->j, "owners");
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		for (owner = 0; owner < AMI_OWNERS; owner++) {
			if (!e->owners[owner])
				continue;
			json_object_line(&v->j, NULL);
			json_string(&v->j, "requester",
				    ami_requester_text(e->requester, who));
			json_string(&v->j, "class", ami_class_name(e->class));
			json_string(&v->j, "certainty",
				    ami_certainty_name(e->certainty));
			json_string(&v->j, "owner", ami_owner_name(owner));
			json_number(&v->j, "pages", e->owners[owner]);
			json_close_object(&v->j);
		}
	}
	json_close_array(&v->j);
	class_owners_json(v);
}

void report_owner_counts(const struct view *v, enum ami_class class, char *buf,
			 size_t size)
{
	const uint64_t *owners = v->a->exposures->class_owners[class];
	size_t used = 0;
	char n[24];
	int owner;

	buf[0] = '\0';
	for (owner = 0; owner < AMI_OWNERS; owner++)
		if (owners[owner] && used + 64 < size)
			used += snprintf(buf + used, size - used, "%s%s %s",
					 used ? ", " : "",
					 report_number_text(v, owners[owner], n),
					 ami_owner_name(owner));
}

size_t report_count_untranslated(const struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i, n = 0;

	for (i = 0; i < ex->count; i++)
		n += ex->list[i].all_ram;
	return n;
}

void report_owners_text(struct view *v)
{
	size_t all = report_count_untranslated(v);
	char line[512];
	int class;

	for (class = 0; class < AMI_CLASSES; class++) {
		report_owner_counts(v, class, line, sizeof(line));
		if (!line[0])
			continue;
		fprintf(v->out, "%-12s ", ami_class_name(class));
		report_wrapped(v, 13, 13, "%s", line);
	}
	if (all)
		fprintf(v->out, "%-12s all RAM, to %zu device%s\n",
			ami_class_name(AMI_CLASS_PASSTHROUGH), all,
			all == 1 ? "" : "s");
}
