// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose the pages are that devices could write. */
#include <string.h>

#include "view.h"

void owners_json(struct view *v)
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
}

/* Pages that are the same owner's in several exposures of a class add up. */
static uint64_t total(const struct ami_exposures *ex, enum ami_class class,
		      int owner)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (ex->list[i].class == class)
			n += ex->list[i].owners[owner];
	return n;
}

void owners_text(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	char line[512], n[24];
	int class, owner;
	size_t used;

	for (class = 0; class < AMI_CLASSES; class++) {
		used = 0;
		for (owner = 0; owner < AMI_OWNERS; owner++) {
			uint64_t pages = total(ex, class, owner);

			if (!pages || used + 64 > sizeof(line))
				continue;
			used += snprintf(line + used, sizeof(line) - used,
					 "%s%s %s", used ? ", " : "",
					 number_text(v, pages, n),
					 ami_owner_name(owner));
		}
		if (!used)
			continue;
		fprintf(v->out, "%-12s ", ami_class_name(class));
		wrapped(v, 13, 13, "%s", line);
	}
}
