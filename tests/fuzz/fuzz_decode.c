// SPDX-License-Identifier: GPL-2.0-or-later
/* Every hardware format from the same 32 bytes, and back where there is a way. */
#include <string.h>

#include <amdvi/command.h>
#include <amdvi/dte.h>
#include <amdvi/features.h>
#include <amdvi/irte.h>
#include <amdvi/log.h>
#include <amdvi/pte.h>

#include "hostile.h"

#define SHORT	24	/* a buffer that most texts do not fit into */

struct input {
	uint64_t sme_mask;
	union {
		uint64_t q[4];
		uint32_t w[8];
	};
};

static void decode_dte(const struct input *in)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	struct amdvi_dte dte, again;
	uint64_t raw[4];
	char text[SHORT];

	amdvi_dte_decode(in->q, in->sme_mask, &dte);
	must(amdvi_dte_values(&dte, value, AMDVI_VALUES_MAX) <= AMDVI_VALUES_MAX);
	amdvi_dte_describe(&dte, text, sizeof(text));
	must(memchr(text, 0, sizeof(text)));
	must(amdvi_dma_name(amdvi_dte_dma(&dte)));
	must(amdvi_dte_guest_levels(&dte) <= 5);
	amdvi_dte_nested(&dte);
	amdvi_dte_may_read(&dte);
	amdvi_dte_may_write(&dte);
	amdvi_dte_reserved(&dte);
	amdvi_dte_encode(&dte, 0, raw);
	amdvi_dte_decode(raw, 0, &again);
	must(again.host_root == dte.host_root && again.mode == dte.mode &&
	     again.gcr3_root == dte.gcr3_root && again.irt_ptr == dte.irt_ptr &&
	     again.domain_id == dte.domain_id);
}

static void decode_command(const struct input *in)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	struct amdvi_command cmd, again;
	uint64_t first, last;
	uint32_t w[4];

	amdvi_command_decode(in->w, in->sme_mask, &cmd);
	must(amdvi_command_name(cmd.opcode));
	must(amdvi_command_values(&cmd, value, 2) <= AMDVI_VALUES_MAX);
	if (amdvi_command_range(&cmd, &first, &last))
		must(first <= last);
	amdvi_command_encode(&cmd, 0, w);
	amdvi_command_decode(w, 0, &again);
	must(again.opcode == cmd.opcode && again.address == cmd.address &&
	     again.store_addr == cmd.store_addr);
}

static void decode_logs(const struct input *in)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	struct amdvi_event event;
	struct amdvi_ppr ppr;
	struct amdvi_ga ga;
	char text[SHORT];

	amdvi_event_decode(in->w, &event);
	must(amdvi_event_name(event.code));
	amdvi_event_blames_command(&event);
	must(amdvi_event_values(&event, value, AMDVI_VALUES_MAX) <=
	     AMDVI_VALUES_MAX);
	amdvi_event_describe(&event, 1, text, sizeof(text));
	must(memchr(text, 0, sizeof(text)));
	amdvi_ppr_decode(in->q, &ppr);
	amdvi_ppr_values(&ppr, value, AMDVI_VALUES_MAX);
	amdvi_ga_decode(in->q[0], &ga);
	amdvi_ga_values(&ga, value, AMDVI_VALUES_MAX);
}

static void decode_irte(const struct input *in)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	struct amdvi_irte irte;
	char text[SHORT];

	amdvi_irte32_decode(in->w[0], &irte);
	amdvi_irte_values(&irte, value, AMDVI_VALUES_MAX);
	amdvi_irte128_decode(in->q, in->sme_mask, &irte);
	must(amdvi_int_type_name(irte.int_type));
	amdvi_irte_values(&irte, value, AMDVI_VALUES_MAX);
	amdvi_irte_describe(&irte, text, sizeof(text));
	must(memchr(text, 0, sizeof(text)));
}

static void check_pte(const struct amdvi_pte *pte, unsigned int level)
{
	if (pte->kind == AMDVI_PTE_TABLE)
		must(pte->next_level >= 1 && pte->next_level < level);
	if (pte->kind != AMDVI_PTE_PAGE)
		return;
	must(pte->size_log2 >= 12 && pte->size_log2 < 64);
	must(!(pte->addr & ((1ull << pte->size_log2) - 1)));
	must(pte->replicas >= 1 && pte->replicas <= AMDVI_TABLE_ENTRIES);
}

static void decode_pte(const struct input *in)
{
	struct amdvi_pte pte;
	unsigned int level;
	uint64_t addr;

	for (level = 0; level < 8; level++) {
		pte = amdvi_v1_pte(in->q[0], level, in->sme_mask);
		check_pte(&pte, level);
		pte = amdvi_v2_pte(in->q[0], level, in->sme_mask);
		check_pte(&pte, level);
	}
	if (amdvi_gcr3_entry(in->q[0], in->sme_mask, &addr))
		must(!(addr & in->sme_mask));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	struct input in;
	char text[SHORT];

	hostile_take(&data, &size, in.q, sizeof(in.q));
	hostile_take(&data, &size, &in.sme_mask, sizeof(in.sme_mask));
	decode_dte(&in);
	decode_command(&in);
	decode_logs(&in);
	decode_irte(&in);
	decode_pte(&in);
	amdvi_features_values(in.q[0], in.q[1], value, AMDVI_VALUES_MAX);
	amdvi_features_describe(in.q[0], in.q[1], text, sizeof(text));
	must(memchr(text, 0, sizeof(text)));
	return 0;
}
