// SPDX-License-Identifier: GPL-2.0-or-later
/* Pieces of text that all views use. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>

#include "view.h"

void report_wrapped(struct view *v, unsigned int at, unsigned int indent,
		    const char *fmt, ...)
{
	char *text, *word, *rest;
	va_list ap;
	bool first = true;
	unsigned int columns = v->columns ? v->columns : COLUMNS;

	va_start(ap, fmt);
	text = ami_display_format(fmt, ap);
	va_end(ap);
	if (!text)
		return;
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		size_t len = strlen(word);	/* bytes: most are ASCII */

		if (!first && at + 1 + len > columns) {
			fprintf(v->out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			putc(' ', v->out);
			at++;
		}
		fputs(word, v->out);
		at += len;
		first = false;
	}
	putc('\n', v->out);
	free(text);
}

void report_path_text(const struct view *v)
{
	char *shown = ami_display_copy(ami_dump_info(v->a->dump)->path);

	if (shown)
		fputs(shown, v->out);
	free(shown);
}

void report_colored(struct view *v, const char *color, const char *text)
{
	if (v->r->color && *color)
		fprintf(v->out, "\033[%sm%s\033[0m", color, text);
	else
		fputs(text, v->out);
}

char *report_hint(const char *before, const char *how, const char *after,
		  char buf[32])
{
	snprintf(buf, 32, "%s%s%s", how ? before : "", how ? how : "",
		 how ? after : "");
	return buf;
}

char *report_number_text(const struct view *v, uint64_t value, char buf[24])
{
	if (v->r->radix == AMI_RADIX_HEX)
		snprintf(buf, 24, "0x%" PRIx64, value);
	else
		snprintf(buf, 24, "%" PRIu64, value);
	return buf;
}

char *report_pages_text(const struct view *v, uint64_t pages, char buf[48])
{
	static const char *const unit[] = { "KiB", "MiB", "GiB", "TiB" };
	double size = pages * 4.0;
	char count[24];
	int u = 0;

	while (size >= 1024 && u < 3) {
		size /= 1024;
		u++;
	}
	snprintf(buf, 48, "%s page%s (%.*f %s)", report_number_text(v, pages, count),
		 pages == 1 ? "" : "s", size < 10 && u ? 1 : 0, size, unit[u]);
	return buf;
}

static void value_text(uint16_t segment, const struct amdvi_value *value,
		       char *buf, size_t size)
{
	char bdf[AMI_BDF_TEXT];

	switch (value->fmt) {
	case AMDVI_FMT_FLAG:
		snprintf(buf, size, "%s", value->name);
		return;
	case AMDVI_FMT_DEC:
		snprintf(buf, size, "%s %" PRIu64, value->name, value->value);
		return;
	case AMDVI_FMT_DEVID:
		ami_bdf_text((struct ami_bdf){ segment, value->value }, bdf);
		snprintf(buf, size, "%s %s", value->name, bdf);
		return;
	case AMDVI_FMT_HEX:
	case AMDVI_FMT_ADDR:
		break;
	}
	snprintf(buf, size, "%s %#" PRIx64, value->name, value->value);
}

void report_values_text(struct view *v, uint16_t segment,
			const struct amdvi_value *value, size_t count, char *buf,
			size_t size)
{
	size_t i, used = 0;
	char one[64];

	(void)v;
	buf[0] = '\0';
	for (i = 0; i < count; i++) {
		if (value[i].fmt == AMDVI_FMT_FLAG && !value[i].value)
			continue;
		value_text(segment, &value[i], one, sizeof(one));
		if (used + strlen(one) + 3 > size)
			return;
		used += snprintf(buf + used, size - used, "%s%s",
				 used ? ", " : "", one);
	}
}

void report_values_json(struct view *v, const char *key, uint16_t segment,
			const struct amdvi_value *value, size_t count)
{
	char bdf[AMI_BDF_TEXT];
	size_t i;

	json_object_line(&v->j, key);
	for (i = 0; i < count; i++) {
		const char *name = value[i].name;

		switch (value[i].fmt) {
		case AMDVI_FMT_FLAG:
			json_bool(&v->j, name, value[i].value);
			break;
		case AMDVI_FMT_DEC:
			json_number(&v->j, name, value[i].value);
			break;
		case AMDVI_FMT_DEVID:
			json_string(&v->j, name, ami_bdf_text(
				(struct ami_bdf){ segment, value[i].value },
				bdf));
			break;
		default:
			json_hex(&v->j, name, value[i].value);
			break;
		}
	}
	json_close_object(&v->j);
}

const struct ami_device *report_asked_device(struct view *v)
{
	const struct ami_device *d = ami_state_device(v->a->state, v->r->bdf);
	char bdf[AMI_BDF_TEXT];

	if (!d)
		ami_error_set(v->err, AMI_ERR_USAGE,
			      "no device %s is known in this dump; `devices` lists them all",
			      ami_bdf_text(v->r->bdf, bdf));
	return d;
}
