// SPDX-License-Identifier: GPL-2.0-or-later
/* The command ring, entry by entry. */
#include <inttypes.h>

#include "view.h"

#define RECENT	32u	/* entries before the tail shown without -v */

static void run_json(struct view *v, uint32_t first, uint32_t count)
{
	if (count)
		json_pair(&v->j, first, count);
}

void report_ring_runs_json(struct view *v, const char *key,
			   const struct ami_ring *ring, enum ami_entry_state state)
{
	uint32_t i, first = 0, count = 0;

	json_array_line(&v->j, key);
	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		if (ring->state[i] != state)
			continue;
		if (!count || first + count != i) {
			run_json(v, first, count);
			first = i;
			count = 0;
		}
		count++;
	}
	run_json(v, first, count);
	json_close_array(&v->j);
}

void report_ring_json(struct view *v, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;

	json_object(&v->j, "command_ring");
	json_hex(&v->j, "phys", ring->phys);
	json_number(&v->j, "entries", AMI_RING_ENTRIES);
	json_known(&v->j, "tail", ring->tail_known, ring->tail);
	json_known(&v->j, "last_issued", ring->issued_known,
		   ring->last_issued);
	json_known(&v->j, "semaphore", ring->semaphore_known,
		   ring->semaphore);
	json_bool(&v->j, "need_sync", ring->need_sync);
	json_known(&v->j, "proven", ring->proven >= 0, ring->proven);
	json_bool(&v->j, "blind", ring->blind);
	report_ring_runs_json(v, "unproven", ring, AMI_ENTRY_UNPROVEN);
	report_ring_runs_json(v, "not_executed", ring, AMI_ENTRY_NOT_EXECUTED);
	report_ring_runs_json(v, "overwritten", ring, AMI_ENTRY_OVERWRITTEN);
	report_ring_runs_json(v, "unread", ring, AMI_ENTRY_UNREAD);
	json_close_object(&v->j);
}

static void entry_json(struct view *v, const struct ami_iommu *iommu,
		       uint32_t i)
{
	const struct amdvi_command *c = &iommu->ring.entry[i];
	struct amdvi_value value[AMDVI_VALUES_MAX];
	int w;

	json_object_line(&v->j, NULL);
	json_number(&v->j, "index", i);
	if (iommu->ring.state[i] != AMI_ENTRY_UNREAD) {
		json_number(&v->j, "opcode", c->opcode);
		json_string(&v->j, "name", amdvi_command_name(c->opcode));
		json_array_line(&v->j, "words");
		for (w = 0; w < 4; w++)
			json_hex(&v->j, NULL, c->w[w]);
		json_close_array(&v->j);
		report_values_json(v, "operands", iommu->bdf.segment, value,
				   amdvi_command_values(c, value, AMDVI_VALUES_MAX));
	}
	json_string(&v->j, "state",
		    ami_entry_state_name(iommu->ring.state[i]));
	json_close_object(&v->j);
}

static void one_json(struct view *v, const struct ami_iommu *iommu)
{
	char bdf[AMI_BDF_TEXT];
	uint32_t i;

	json_object(&v->j, NULL);
	json_number(&v->j, "index", iommu->index);
	json_string(&v->j, "bdf", ami_bdf_text(iommu->bdf, bdf));
	report_registers_json(v, iommu);
	report_ring_json(v, iommu);
	json_array(&v->j, "ring");
	for (i = 0; i < AMI_RING_ENTRIES; i++)
		entry_json(v, iommu, i);
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static void entry_text(struct view *v, const struct ami_iommu *iommu,
		       uint32_t i)
{
	const struct amdvi_command *c = &iommu->ring.entry[i];
	struct amdvi_value value[AMDVI_VALUES_MAX];
	char operands[256], index[24];

	fprintf(v->out, "%5s  %-12s  ", report_number_text(v, i, index),
		ami_entry_state_name(iommu->ring.state[i]));
	if (iommu->ring.state[i] == AMI_ENTRY_UNREAD ||
	    iommu->ring.state[i] == AMI_ENTRY_OVERWRITTEN ||
	    iommu->ring.state[i] == AMI_ENTRY_UNUSED) {
		fputs("-\n", v->out);
		return;
	}
	report_values_text(v, iommu->bdf.segment, value,
			   amdvi_command_values(c, value, AMDVI_VALUES_MAX),
			   operands, sizeof(operands));
	fprintf(v->out, "%-24s ", amdvi_command_name(c->opcode));
	report_wrapped(v, 46, 46, "%s", operands);
}

static void head_text(struct view *v, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	char bdf[AMI_BDF_TEXT], tail[24] = "unknown", n[24];

	if (ring->tail_known)
		report_number_text(v, ring->tail, tail);
	fprintf(v->out, "iommu%u  %s  command ring at %#" PRIx64 ", %s entries, tail %s\n",
		iommu->index, ami_bdf_text(iommu->bdf, bdf), ring->phys,
		report_number_text(v, AMI_RING_ENTRIES, n), tail);
	if (ring->issued_known && ring->semaphore_known)
		fprintf(v->out, "completion wait: last issued %" PRIu64
			", last completed %" PRIu64 "\n", ring->last_issued,
			ring->semaphore);
	if (ring->outstanding)
		fprintf(v->out, "%s commands %s, from entry %u up to the tail\n",
			report_number_text(v, ring->outstanding, n),
			report_never_executed(iommu) ? "were never executed" :
			"are not proven done", ring->oldest);
	else if (ring->blind)
		fputs("commands may be outstanding in entries that are lost\n",
		      v->out);
	else
		fputs("every command that was issued is proven done\n", v->out);
}

static void one_text(struct view *v, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	uint32_t n = AMI_RING_ENTRIES;
	char words[256];

	head_text(v, iommu);
	if (report_registers_words(v->a->state, iommu, words, sizeof(words)))
		report_wrapped(v, 0, 0, "registers at the crash: %s", words);
	if (!v->r->verbose)
		n = ring->outstanding > RECENT ? ring->outstanding : RECENT;
	fprintf(v->out, "ENTRY  STATE         COMMAND                  OPERANDS\n");
	for (; n >= 1; n--)
		entry_text(v, iommu, (ring->tail + AMI_RING_ENTRIES - n) %
			   AMI_RING_ENTRIES);
	if (!v->r->verbose)
		fputs("(the newest entries; -v shows all)\n", v->out);
}

int view_ring(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	if (v->r->json)
		json_array(&v->j, "rings");
	for (i = 0; i < s->nr_iommus; i++) {
		if (v->r->iommu >= 0 &&
		    s->iommus[i].index != (uint32_t)v->r->iommu)
			continue;
		if (v->r->json)
			one_json(v, &s->iommus[i]);
		else
			one_text(v, &s->iommus[i]);
	}
	if (v->r->json)
		json_close_array(&v->j);
	return 0;
}
