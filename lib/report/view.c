// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that show something, their arguments, and their dispatch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

const struct ami_view_info ami_views[AMI_VIEWS] = {
	[AMI_VIEW_REPORT] = { "report", "", 0, 0,
		"verdict, IOMMUs, devices, findings: the whole picture" },
	[AMI_VIEW_CHECK] = { "check", "", 0, 0,
		"one line with the verdict, exit code for scripts" },
	[AMI_VIEW_DEVICES] = { "devices", "[BDF]", 0, 1,
		"devices with driver, domain and device table entry" },
	[AMI_VIEW_DOMAINS] = { "domains", "", 0, 0,
		"protection domains with their page tables" },
	[AMI_VIEW_MAP] = { "map", "BDF", 1, 1,
		"everything a device's IOVAs translate to" },
	[AMI_VIEW_TRANSLATE] = { "translate", "BDF IOVA", 2, 2,
		"one IOVA, each page-table level shown" },
	[AMI_VIEW_WHO] = { "who", "ADDRESS", 1, 1,
		"which devices could write a physical or virtual address" },
	[AMI_VIEW_RING] = { "ring", "[IOMMU]", 0, 1,
		"command ring: each entry decoded, done or not" },
	[AMI_VIEW_LOG] = { "log", "[IOMMU]", 0, 1,
		"event, PPR and GA log entries" },
	[AMI_VIEW_IRQ] = { "irq", "[BDF]", 0, 1,
		"interrupt remapping tables" },
	[AMI_VIEW_FLUSHQ] = { "flushq", "", 0, 0,
		"IOVAs unmapped lazily whose flush was put off" },
	[AMI_VIEW_PAGES] = { "pages", "[BDF]", 0, 1,
		"page frames that devices could write" },
	[AMI_VIEW_TRANSFERS] = { "transfers", "[BDF]", 0, 1,
		"what drivers had asked their devices to write" },
	[AMI_VIEW_DMESG] = { "dmesg", "[BDF]", 0, 1,
		"lines of the kernel's log on IOMMUs, DMA and devices" },
};

static int (*const view_fn[AMI_VIEWS])(struct view *v) = {
	[AMI_VIEW_REPORT] = report_view,
	[AMI_VIEW_CHECK] = check_view,
	[AMI_VIEW_DEVICES] = devices_view,
	[AMI_VIEW_DOMAINS] = domains_view,
	[AMI_VIEW_MAP] = map_view,
	[AMI_VIEW_TRANSLATE] = translate_view,
	[AMI_VIEW_WHO] = who_view,
	[AMI_VIEW_RING] = ring_view,
	[AMI_VIEW_LOG] = log_view,
	[AMI_VIEW_IRQ] = irq_view,
	[AMI_VIEW_FLUSHQ] = flushq_view,
	[AMI_VIEW_PAGES] = pages_view,
	[AMI_VIEW_TRANSFERS] = transfers_view,
	[AMI_VIEW_DMESG] = dmesg_view,
};

static int parse_address(const char *text, uint64_t *value,
			 struct ami_error *err)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 16);
	if (errno || end == text || *end || *text == '-')
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not an address; write it in hexadecimal, with or without 0x",
				     text);
	return 0;
}

static int parse_bdf(struct ami_request *r, const char *text,
		     struct ami_error *err)
{
	if (!ami_bdf_parse(text, &r->bdf))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not a PCI address; write it like 0000:03:00.0 or 03:00.0",
				     text);
	r->has_bdf = true;
	return 0;
}

static int parse_iommu(struct ami_request *r, const char *text,
		       struct ami_error *err)
{
	const char *number = strncmp(text, "iommu", 5) ? text : text + 5;
	char *end;
	long n;

	errno = 0;
	n = strtol(number, &end, 10);
	if (errno || end == number || *end || n < 0 || n > 4096)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not an IOMMU; write it like iommu0 or 0",
				     text);
	r->iommu = n;
	return 0;
}

int ami_request_args(struct ami_request *r, int argc, char *const *argv,
		     struct ami_error *err)
{
	const struct ami_view_info *view = &ami_views[r->view];

	r->iommu = -1;
	if ((unsigned int)argc < view->min_args ||
	    (unsigned int)argc > view->max_args)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "%s takes %s%s, not %d argument%s",
				     view->name, *view->args ? "" : "no argument",
				     view->args, argc, argc == 1 ? "" : "s");
	if (!argc)
		return 0;
	switch (r->view) {
	case AMI_VIEW_WHO:
		return parse_address(argv[0], &r->address, err);
	case AMI_VIEW_RING:
	case AMI_VIEW_LOG:
		return parse_iommu(r, argv[0], err);
	case AMI_VIEW_TRANSLATE:
		if (parse_address(argv[1], &r->address, err))
			return -1;
		break;
	default:
		break;
	}
	return parse_bdf(r, argv[0], err);
}

static int known_iommu(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	if (v->r->iommu < 0)
		return 0;
	for (i = 0; i < s->nr_iommus; i++)
		if (s->iommus[i].index == (uint32_t)v->r->iommu)
			return 0;
	return ami_error_set(v->err, AMI_ERR_USAGE,
			     "there is no iommu%d in this dump; `report` lists the IOMMUs",
			     v->r->iommu);
}

/* Of check one line for each dump. */
static void begin_json(struct json *j, enum ami_view view, FILE *out)
{
	json_start(j, out);
	if (view == AMI_VIEW_CHECK)
		json_object_line(j, NULL);
	else
		json_object(j, NULL);
	json_string(j, "schema", AMI_SCHEMA);
	json_string(j, "view", ami_views[view].name);
}

void ami_check_failed(const char *path, const char *why, int exit_code,
		      FILE *out)
{
	struct json j;

	begin_json(&j, AMI_VIEW_CHECK, out);
	json_string(&j, "path", path);
	json_string(&j, "error", why);
	json_number(&j, "exit_code", exit_code);
	json_close_object(&j);
	json_end(&j);
}

int ami_render(const struct ami_analysis *a, const struct ami_request *r,
	       FILE *out, struct ami_error *err)
{
	struct view v = { .a = a, .r = r, .out = out, .err = err };

	if ((r->has_bdf && !asked_device(&v)) || known_iommu(&v))
		return -1;
	if (r->json) {
		begin_json(&v.j, r->view, out);
	}
	if (view_fn[r->view](&v))
		return -1;
	if (r->json) {
		json_close_object(&v.j);
		json_end(&v.j);
	}
	if (fflush(out) || ferror(out))
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "the output cannot be written: %s",
				     strerror(errno));
	if (a->spill.failed)
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "what is shown lacks pages: the temporary file of page sets cannot be read (TMPDIR)");
	return 0;
}
