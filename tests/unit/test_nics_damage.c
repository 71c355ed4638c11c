// SPDX-License-Identifier: GPL-2.0-or-later
/* Network cards whose driver's state is damaged, incomplete or not in the dump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cards.h"

/* Nothing is described, and nothing guessed. */
static void without_types(void **state)
{
	struct rig *rig;

	(void)state;
	card.kernel = REAL_6_1;
	rig = card_tg3();
	image_layout(rig->m->img)->field[AMI_F_tg3_napi].present = false;
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "driver-types-missing"), 1);
	assert_int_equal(rig_found(rig, "no-evidence-provider"), 1);
	assert_false(rig_covered(rig, "tg3"));
	rig_free(rig);
}

RIG_DAMAGE(bnxt_mask, card.priv, bnxt_rx_mask, 0x7ffffffe)
RIG_DAMAGE(bnxt_agg, card.priv, bnxt_agg_mask, UINT32_MAX)
RIG_DAMAGE(bnxt_rings, card.priv, bnxt_nr_rx, UINT32_MAX)
RIG_DAMAGE(bnxt_vectors, card.priv, bnxt_nr_cp, UINT32_MAX)
RIG_DAMAGE(bnxt_used, card.ring, bnxt_agg_used, RIG_NOWHERE)
RIG_DAMAGE(bnxt_context, card.priv, bnxt_ctx, RIG_NOWHERE)
RIG_DAMAGE(i40e_segments, rig_member(rig, card.function, AMI_F_i40e_hw), i40e_nr_hmc,
	   UINT32_MAX)
RIG_DAMAGE(i40e_list, rig_member(rig, card.function, AMI_F_i40e_hw), i40e_hmc,
	   RIG_NOWHERE)
RIG_DAMAGE(ice_function, rig->dev, device_driver_data, RIG_NOWHERE)
RIG_DAMAGE(e1000_huge, card.ring, e1000_rx_count, UINT32_MAX)
RIG_DAMAGE(e1000_queues, card.priv, e1000_nr_rx, 0x7fffffff)
RIG_DAMAGE(e1000_nowhere, card.priv, e1000_rx_ring, RIG_NOWHERE)
RIG_DAMAGE(e1000_size, card.priv, e1000_rx_buffer_len, 1u << 30)
RIG_DAMAGE(i40e_beyond, card.ring, i40e_to_use, CARD_COUNT)
RIG_DAMAGE(i40e_vsi, card.priv, i40e_vsi, RIG_NOWHERE)
RIG_DAMAGE(ice_size, card.ring, ice_buffer_len, 0)
RIG_DAMAGE(ice_fqes, card.ring, ice_fqes, RIG_NOWHERE)
RIG_DAMAGE(iavf_queues, card.priv, iavf_queues, 0x7fffffff)
RIG_DAMAGE(igbvf_header, card.priv, igbvf_ps_hdr_size, 1u << 30)
RIG_DAMAGE(igbvf_nowhere, card.priv, igbvf_rx_ring, RIG_NOWHERE)
RIG_DAMAGE(r8169_nowhere, card.priv, r8169_rx_desc, RIG_NOWHERE)
RIG_DAMAGE(r8169_odd, card.priv, r8169_rx_desc, 0x1000)
RIG_DAMAGE(cp_size, card.priv, cp_buffer_len, UINT32_MAX)
RIG_DAMAGE(tg3_vectors, card.priv, tg3_irq_cnt, UINT32_MAX)
RIG_DAMAGE(tg3_mask, card.priv, tg3_std_mask, UINT32_MAX)
RIG_DAMAGE(tg3_return, card.priv, tg3_ret_mask, UINT32_MAX)
RIG_DAMAGE(tg3_buffers, card.ring, tg3_std_buffers, RIG_NOWHERE)
RIG_DAMAGE(vmxnet3_queues, card.priv, vmxnet3_nr_rx, UINT32_MAX)
RIG_DAMAGE(vmxnet3_size, card.ring, vmxnet3_ring_size, UINT32_MAX)
RIG_DAMAGE(vmxnet3_fill, card.ring, vmxnet3_ring_fill, CARD_COUNT)
RIG_DAMAGE(ena_size, card.ring, ena_ring_size, 0x7fffffff)
RIG_DAMAGE(ena_odd, card.ring, ena_ring_size, 33)
RIG_DAMAGE(ena_many, card.priv, ena_queues, UINT32_MAX)
RIG_DAMAGE(ena_ids, card.ring, ena_free_ids, RIG_NOWHERE)
RIG_DAMAGE(ena_dev, card.priv, ena_dev, RIG_NOWHERE)

static const struct {
	struct rig *(*make)(void);
	struct rig_damage list[4];
} damaged[] = {
	{ card_e1000, {
		{ "e1000 count", e1000_huge, "driver-state-damaged" },
		{ "e1000 queues", e1000_queues, "driver-state-damaged" },
		{ "e1000 nowhere", e1000_nowhere, "driver-state-unread" },
		{ "e1000 size", e1000_size, "driver-state-damaged" },
	} },
	{ card_i40e, {
		{ "i40e beyond", i40e_beyond, "driver-state-damaged" },
		{ "i40e vsi", i40e_vsi, "driver-state-unread" },
	} },
	{ card_i40e, {
		{ "i40e segments", i40e_segments, "driver-state-damaged" },
		{ "i40e no list", i40e_list, "driver-state-unread" },
	} },
	{ card_ice, {
		{ "ice size", ice_size, "driver-state-damaged" },
		{ "ice function", ice_function, "driver-state-unread" },
	} },
	{ card_bnxt, {
		{ "bnxt mask", bnxt_mask, "driver-state-damaged" },
		{ "bnxt large", bnxt_agg, "driver-state-damaged" },
		{ "bnxt rings", bnxt_rings, "driver-state-damaged" },
		{ "bnxt vectors", bnxt_vectors, "driver-state-damaged" },
	} },
	{ card_bnxt, {
		{ "bnxt map", bnxt_used, "driver-state-unread" },
		{ "bnxt context", bnxt_context, "driver-state-unread" },
	} },
	{ card_iavf, {
		{ "iavf queues", iavf_queues, "driver-state-damaged" },
	} },
	{ card_igbvf, {
		{ "igbvf header", igbvf_header, "driver-state-damaged" },
		{ "igbvf nowhere", igbvf_nowhere, "driver-state-unread" },
	} },
	{ card_r8169, {
		{ "r8169 nowhere", r8169_nowhere, "descriptors-unread" },
		{ "r8169 odd", r8169_odd, "driver-state-damaged" },
	} },
	{ card_cp, {
		{ "8139cp size", cp_size, "driver-state-damaged" },
	} },
	{ card_tg3, {
		{ "tg3 vectors", tg3_vectors, "driver-state-damaged" },
		{ "tg3 mask", tg3_mask, "driver-state-damaged" },
		{ "tg3 return", tg3_return, "driver-state-damaged" },
	} },
	{ card_vmxnet3, {
		{ "vmxnet3 queues", vmxnet3_queues, "driver-state-damaged" },
		{ "vmxnet3 size", vmxnet3_size, "driver-state-damaged" },
		{ "vmxnet3 fill", vmxnet3_fill, "driver-state-damaged" },
	} },
	{ card_ena, {
		{ "ena size", ena_size, "driver-state-damaged" },
		{ "ena odd", ena_odd, "driver-state-damaged" },
		{ "ena many", ena_many, "driver-state-damaged" },
		{ "ena ids", ena_ids, "buffers-unknown" },
	} },
};

static void hostile(void **state)
{
	size_t i, n;

	(void)state;
	card.kernel = REAL_7_3;
	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		for (n = 0; n < 4 && damaged[i].list[n].name; n++)
			;
		rig_survives(damaged[i].make, damaged[i].list, n);
	}
}

/* One side is gone: the other speaks, and nobody takes it for proven. */
static void one_side(void **state)
{
	static const struct {
		struct rig *(*make)(void);
		void (*damage)(struct rig *rig);
		enum ami_certainty certainty;
	} list[] = {
		{ card_ice, ice_fqes, AMI_PROVEN },
		{ card_tg3, tg3_buffers, AMI_PROVEN },
		{ card_r8169, r8169_nowhere, AMI_LIKELY },
	};
	size_t i;

	(void)state;
	card.kernel = REAL_7_3;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig *rig = list[i].make();

		list[i].damage(rig);
		machine_analyse(rig->m);
		assert_true(card_posted(rig, list[i].certainty, 2));
		rig_free(rig);
	}
}

static void ena_without_device(void **state)
{
	static const struct rig_damage list[] = {
		{ "ena device", ena_dev, "driver-state-unread" },
	};

	(void)state;
	card.kernel = REAL_6_12;
	rig_survives(card_ena, list, 1);
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	size_t i;

	(void)state;
	card.kernel = REAL_7_3;
	for (i = 0; i < CARD_MODELS; i++) {
		/* Struct pages of a pool change what else is known. */
		if (card_models[i].make == card_ice ||
		    card_models[i].make == card_iavf)
			continue;
		print_message("# %s\n", card_models[i].driver);
		rig_survives_gaps(card_models[i].make);
		rig_survives_noise(card_models[i].make);
	}
}

static void zero(struct rig *rig, uint64_t va, size_t pages)
{
	static const uint8_t zeros[4 * 4096];

	machine_write(rig->m, va, zeros, pages * 4096);
}

/* Its driver's list of buffers, and the ring with it. */
static void zero_all(struct rig *rig)
{
	zero(rig, card.desc, 1);
	zero(rig, card.slots, 4);
}

/* @zero: in the driver's list and the ring; @f: of the ring, 0 as well */
static void is_missing(const struct card_model *model, bool up, bool zero,
		       enum ami_field f)
{
	struct rig *rig = model->make();
	bool missing = up && (zero || f);

	if (up)
		rig_interface_up(rig, card.priv);
	if (zero)
		zero_all(rig);
	if (f)
		rig_set(rig, card.ring, f, 0);
	print_message("# %s, %s, %s\n", model->driver, up ? "up" : "down",
		      zero || f ? "zeroed" : "whole");
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "buffers-missing") ||
			 rig_found(rig, "buffers-unknown"), missing);
	assert_int_equal(rig_covered(rig, model->driver), !missing);
	rig_free(rig);
}

/* An interface that is up has buffers; one that is down need not. */
static void zeroed(void **state)
{
	size_t i;

	(void)state;
	card.kernel = REAL_7_3;
	for (i = 0; i < CARD_MODELS; i++) {
		is_missing(&card_models[i], true, false, 0);
		is_missing(&card_models[i], true, true, 0);
	}
}

static void without_ring(void **state)
{
	static const struct {
		struct card_model card;
		enum ami_field f;
	} list[] = {
		{ { "e1000", card_e1000, 0 }, AMI_F_e1000_rx_desc },
		{ { "ena", card_ena, 0 }, AMI_F_ena_buffers },
		{ { "igb", card_igb, 0 }, AMI_F_igb_desc },
		{ { "igbvf", card_igbvf, 0 }, AMI_F_igbvf_desc },
		{ { "tg3", card_tg3, 0 }, AMI_F_tg3_std },
		{ { "vmxnet3", card_vmxnet3, 0 }, AMI_F_vmxnet3_ring_size },
	};
	size_t i;

	(void)state;
	card.kernel = REAL_7_3;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		is_missing(&list[i].card, false, false, list[i].f);
		is_missing(&list[i].card, true, false, list[i].f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_types),
		cmocka_unit_test(hostile),
		cmocka_unit_test(one_side),
		cmocka_unit_test(ena_without_device),
		cmocka_unit_test(gaps),
		cmocka_unit_test(zeroed),
		cmocka_unit_test(without_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
