// SPDX-License-Identifier: GPL-2.0-or-later
/* What had happened to hardware and driver: one line of text, or JSON. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "view.h"

#define LINE	384

static void add(char *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(char *buf, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, LINE - used, fmt, ap);
	va_end(ap);
}

static const char *device_driver(const struct view *v,
				 const struct ami_incident *in)
{
	const struct ami_device *d = in->has_device ?
		ami_state_device(v->a->state, in->bdf) : NULL;

	return d ? d->driver : "";
}

/* One event in full. If there are several, the range of their addresses. */
static void add_events(const struct view *v, const struct ami_incident *in,
		       char *buf)
{
	const struct ami_occurrence *o = &in->list[0];
	uint16_t segment = in->has_device ? in->bdf.segment :
		in->iommu >= 0 ? v->a->state->iommus[in->iommu].bdf.segment : 0;
	char text[256];

	if (ami_incident_times(in) > 1 && in->has_iova) {
		add(buf, "; IOVA %#" PRIx64 " to %#" PRIx64, in->first_iova,
		    in->last_iova);
	} else if (in->kept && o->event.code) {
		amdvi_event_describe(&o->event, segment, text, sizeof(text));
		add(buf, "; %s", text);
	}
	if (in->kept && o->seen == AMI_SEEN_INCONSISTENT &&
	    !(in->witnesses & 1u << AMI_WITNESS_KERNEL_LOG))
		add(buf, "; undecided whether before the panic");
}

void report_incident_line(struct view *v, const struct ami_incident *in)
{
	uint64_t times = ami_incident_times(in);
	char where[AMI_BDF_TEXT], witnesses[96], buf[LINE] = "";

	ami_incident_where(v->a->state, in, where);
	ami_incident_witnesses(in, witnesses, sizeof(witnesses));
	add(buf, "%s", where);
	if (*device_driver(v, in))
		add(buf, " (%s)", device_driver(v, in));
	add(buf, ": %s", ami_incident_text(in->kind));
	if (times > 1)
		add(buf, ", %" PRIu64 " times", times);
	add(buf, " (%s)", witnesses);
	if (in->count[AMI_WITNESS_KERNEL_LOG] > 1)
		add(buf, ", %.6f to %.6f s", in->first_nsec / 1e9,
		    in->last_nsec / 1e9);
	else if (in->count[AMI_WITNESS_KERNEL_LOG])
		add(buf, ", at %.6f s", in->first_nsec / 1e9);
	if (in->suppressed)
		add(buf, ", %" PRIu64 " more not printed", in->suppressed);
	add_events(v, in, buf);
	if (in->settled)
		add(buf, "; settled by what the command ring shows");
	report_wrapped(v, 2, 4, "%s", buf);
}

#define SHOWN	8u

void report_incidents_text(struct view *v)
{
	const struct ami_incidents *list = v->a->incidents;
	size_t i, n = v->r->verbose ? list->count : SHOWN;
	char hint[32];

	for (i = 0; i < list->count && i < n; i++) {
		fputs("  ", v->out);
		report_incident_line(v, &list->list[i]);
	}
	if (i < list->count)
		fprintf(v->out, "  ... and %zu more%s\n", list->count - i,
			report_hint(" (", v->r->longer, ")", hint));
}

static void occurrence_json(struct view *v, const struct ami_incident *in,
			    const struct ami_occurrence *o)
{
	uint16_t segment = in->has_device ? in->bdf.segment : 0;
	char text[256] = "";

	if (o->event.code)
		amdvi_event_describe(&o->event, segment, text, sizeof(text));
	json_object_line(&v->j, NULL);
	json_string(&v->j, "name", amdvi_event_name(o->event.code));
	json_string(&v->j, "text", text);
	json_string(&v->j, "state", o->seen == AMI_SEEN_INCONSISTENT ?
		    "undecided" : ami_seen_name(o->seen));
	json_known(&v->j, "time_us",
		   o->witnesses & 1u << AMI_WITNESS_KERNEL_LOG,
		   o->nsec / 1000);
	json_close_object(&v->j);
}

static const char *const witness_key[AMI_WITNESSES] = {
	"event_log", "kernel_log", "command_ring", "registers",
};

static void incident_json(struct view *v, const struct ami_incident *in)
{
	char where[AMI_BDF_TEXT];
	bool timed = in->witnesses & 1u << AMI_WITNESS_KERNEL_LOG;
	size_t i;

	json_object(&v->j, NULL);
	json_string(&v->j, "kind", ami_incident_name(in->kind));
	json_string(&v->j, "where",
		    ami_incident_where(v->a->state, in, where));
	if (in->has_device)
		json_string(&v->j, "device", where);
	else
		json_null(&v->j, "device");
	json_known(&v->j, "iommu", in->iommu >= 0, in->iommu < 0 ? 0 :
		   v->a->state->iommus[in->iommu].index);
	json_object_line(&v->j, "witnesses");
	for (i = 0; i < AMI_WITNESSES; i++)
		if (in->witnesses & 1u << i)
			json_number(&v->j, witness_key[i], in->count[i]);
	json_close_object(&v->j);
	json_number(&v->j, "times", ami_incident_times(in));
	json_number(&v->j, "not_printed", in->suppressed);
	json_known(&v->j, "first_us", timed, in->first_nsec / 1000);
	json_known(&v->j, "last_us", timed, in->last_nsec / 1000);
	if (in->has_iova) {
		json_array_line(&v->j, "iovas");
		json_hex(&v->j, NULL, in->first_iova);
		json_hex(&v->j, NULL, in->last_iova);
		json_close_array(&v->j);
	} else {
		json_null(&v->j, "iovas");
	}
	json_bool(&v->j, "settled", in->settled);
	json_array(&v->j, "list");
	for (i = 0; i < in->kept; i++)
		occurrence_json(v, in, &in->list[i]);
	json_close_array(&v->j);
	json_close_object(&v->j);
}

void report_incidents_json(struct view *v)
{
	size_t i;

	json_array(&v->j, "incidents");
	for (i = 0; i < v->a->incidents->count; i++)
		incident_json(v, &v->a->incidents->list[i]);
	json_close_array(&v->j);
}
