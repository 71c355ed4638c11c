// SPDX-License-Identifier: GPL-2.0-or-later
/* The report in each of its forms. */
#include "view.h"

int view_report(struct view *v)
{
	if (v->r->bug)
		return report_bug_text(v);
	if (v->r->html)
		return html_report(v);
	if (!v->r->json)
		return report_all_text(v);
	report_all_json(v);
	return 0;
}
