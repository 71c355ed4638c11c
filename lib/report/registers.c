// SPDX-License-Identifier: GPL-2.0-or-later
/* The registers that amdiommu-record recorded at the crash, if it was loaded. */
#include <inttypes.h>

#include "view.h"

bool report_never_executed(const struct ami_iommu *iommu)
{
	return iommu->registers.final &&
	       iommu->registers.pending == iommu->ring.outstanding;
}

/* Only where there is a record: others have no such key. */
void report_registers_json(struct view *v, const struct ami_iommu *iommu)
{
	const struct ami_registers *r = &iommu->registers;

	if (r->use == AMI_REGISTERS_NONE)
		return;
	json_object(&v->j, "registers");
	json_string(&v->j, "use", ami_registers_use_name(r->use));
	if (r->use == AMI_REGISTERS_KNOWN ||
	    r->use == AMI_REGISTERS_CONTRADICTED) {
		json_hex(&v->j, "control", r->control);
		json_hex(&v->j, "status", r->status);
		json_hex(&v->j, "device_table", r->device_table);
		json_hex(&v->j, "ring", r->ring);
		json_hex(&v->j, "event_log", r->event_log);
		json_number(&v->j, "head", r->head);
		json_number(&v->j, "tail", r->tail);
		json_number(&v->j, "event_head", r->event_head);
		json_number(&v->j, "event_tail", r->event_tail);
		json_number(&v->j, "semaphore", r->semaphore);
		json_bool(&v->j, "on", r->on);
		json_bool(&v->j, "stopped", r->stopped);
		json_bool(&v->j, "moved", r->moved);
		json_number(&v->j, "pending", r->pending);
	}
	json_number(&v->j, "entries_replaced", iommu->ring.replaced);
	json_bool(&v->j, "event_log_recorded",
		  iommu->log[AMI_LOG_EVENT].recorded);
	json_close_object(&v->j);
}

void report_recording_json(struct view *v)
{
	const struct ami_recording *r = &v->a->state->recording;

	if (!r->found)
		return;
	json_object(&v->j, "recording");
	json_bool(&v->j, "crashed", r->crashed);
	json_bool(&v->j, "alone", r->alone);
	json_bool(&v->j, "damaged", r->damaged);
	json_number(&v->j, "cpu", r->cpu);
	json_number(&v->j, "others", r->others);
	json_number(&v->j, "loaded_us", r->loaded_ns / 1000);
	json_number(&v->j, "begun_us", r->begun_ns / 1000);
	json_number(&v->j, "ended_us", r->ended_ns / 1000);
	json_close_object(&v->j);
}

bool report_registers_words(const struct ami_state *s,
			    const struct ami_iommu *iommu, char *buf,
			    size_t size)
{
	const struct ami_registers *r = &iommu->registers;
	int used;

	if (r->use == AMI_REGISTERS_NONE || !s->recording.crashed)
		return false;
	if (r->use != AMI_REGISTERS_KNOWN) {
		snprintf(buf, size, "%s: not used",
			 ami_registers_use_name(r->use));
		return true;
	}
	used = snprintf(buf, size, "head %u, tail %u, control %#" PRIx64
			", status %#" PRIx64 ": %s, %s", r->head, r->tail,
			r->control, r->status, r->on ? "on" : "OFF",
			r->stopped ? "executed no more commands" :
			"executed commands");
	if (r->pending && used > 0 && (size_t)used < size)
		used += snprintf(buf + used, size - used,
				 "; %u command%s not fetched", r->pending,
				 r->pending == 1 ? "" : "s");
	if (iommu->ring.replaced && used > 0 && (size_t)used < size)
		used += snprintf(buf + used, size - used,
				 "; %u ring entries as recorded",
				 iommu->ring.replaced);
	if (!s->recording.alone && used > 0 && (size_t)used < size)
		snprintf(buf + used, size - used,
			 "; other CPUs may have been running");
	return true;
}

void report_registers_text(struct view *v, const struct ami_iommu *iommu)
{
	char words[256];

	if (!report_registers_words(v->a->state, iommu, words, sizeof(words)))
		return;
	fputs("         ", v->out);
	report_wrapped(v, 9, 9, "registers at the crash: %s", words);
}
