// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network cards on machines that are laid out as real kernels lay out the drivers'
 * structures: each buffer that a card has is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cards.h"

static void check_card(const struct card_model *model)
{
	struct rig *rig = model->make();
	unsigned int page;

	print_message("# %s on kernel %d\n", model->driver, card.kernel);
	machine_analyse(rig->m);
	for (page = 2; page < 6; page++)
		assert_true(card_posted(rig, model->certainty, page));
	assert_true(card_posted(rig, AMI_PROVEN, CARD_DESC));
	assert_false(card_posted(rig, AMI_PROVEN, 30));
	assert_true(rig_covered(rig, model->driver));
	card_no_complaint(rig);
	rig_free(rig);
}

static void all_cards(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < CARD_MODELS; i++)
		for (card.kernel = 0; card.kernel < REAL_KERNELS; card.kernel++)
			check_card(&card_models[i]);
}

/* Two pages that are no buffers: what the driver's state shows of each. */
static void check_other(const struct rig *rig, bool is_bnxt, bool is_i40e)
{
	assert_true(card_posted(rig, is_bnxt ? AMI_LIKELY : AMI_PROVEN,
				CARD_ADMIN));
	assert_int_equal(card_posted(rig, AMI_PROVEN, CARD_CONTEXT),
			 is_bnxt || is_i40e);
}

/* What the device writes besides the rings of interfaces. */
static void other_memory(void **state)
{
	static struct rig *(*const make[])(void) = {
		card_i40e, card_iavf, card_ice, card_bnxt,
	};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		for (card.kernel = 0; card.kernel < REAL_KERNELS; card.kernel++) {
			struct rig *rig = make[i]();

			machine_analyse(rig->m);
			check_other(rig, make[i] == card_bnxt,
				    make[i] == card_i40e);
			rig_free(rig);
		}
}

static void large_frames(void **state)
{
	(void)state;
	for (card.kernel = 0; card.kernel < REAL_KERNELS; card.kernel++) {
		struct rig *rig = card_bnxt();

		machine_analyse(rig->m);
		assert_true(card_posted(rig, AMI_PROVEN, 8) &&
			    card_posted(rig, AMI_LIKELY, 10) &&
			    card_posted(rig, AMI_POSSIBLE, 11));
		assert_false(card_posted(rig, AMI_PROVEN, 9) ||
			     card_posted(rig, AMI_LIKELY, 9) ||
			     card_posted(rig, AMI_LIKELY, 20) ||
			     card_posted(rig, AMI_PROVEN, 20));
		rig_free(rig);
	}
}

/* A ring of the flow director: its station has no interface. */
static void without_interface(void **state)
{
	(void)state;
	for (card.kernel = 0; card.kernel < REAL_KERNELS; card.kernel++) {
		struct rig *rig = card_i40e();
		uint64_t vsis = machine_object(rig->m, 8), vsi;

		image_read(rig->m->img, card.priv - IMAGE_DIRECT_MAP +
			   rig_member(rig, 0, AMI_F_i40e_vsi), &vsi,
			   sizeof(vsi));
		rig_set64(rig, vsis, vsi);
		rig_set(rig, card.priv, AMI_F_i40e_vsi, 0);
		rig_set(rig, card.function, AMI_F_i40e_vsis, vsis);
		rig_set(rig, card.function, AMI_F_i40e_nr_vsis, 1);
		machine_analyse(rig->m);
		assert_true(card_posted(rig, AMI_PROVEN, 2) &&
			    card_posted(rig, AMI_PROVEN, 5));
		card_no_complaint(rig);
		rig_free(rig);
	}
}

static void one_buffer(void **state)
{
	(void)state;
	for (card.kernel = 0; card.kernel < REAL_KERNELS; card.kernel++) {
		struct rig *rig = card_rtl8139();

		machine_analyse(rig->m);
		assert_true(card_posted(rig, AMI_PROVEN, 2) &&
			    card_posted(rig, AMI_PROVEN, 10));
		assert_false(card_posted(rig, AMI_PROVEN, 11));
		assert_true(rig_covered(rig, "8139too"));
		rig_free(rig);
	}
}

/* With iommu=pt the device's addresses are the buffers' own. */
static void kept_by_page(void **state)
{
	struct rig *rig;

	(void)state;
	card.kernel = REAL_7_3;
	rig = card_r8169();
	rig_untranslated(rig);
	card_put_realtek(rig, 252, true, 16383, RIG_BUFFER + IOVA(2));
	machine_analyse(rig->m);
	assert_true(card_posted(rig, AMI_PROVEN, 2));
	/* The others' addresses are none of their pages. */
	assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 1);
	assert_true(card_posted(rig, AMI_LIKELY, 3));
	rig_free(rig);
}

static void split_headers(void **state)
{
	(void)state;
	for (card.kernel = 0; card.kernel < REAL_KERNELS; card.kernel++) {
		struct rig *rig = card_igbvf_split(128);

		machine_analyse(rig->m);
		assert_true(card_posted(rig, AMI_PROVEN, 2) &&
			    card_posted(rig, AMI_PROVEN, 12) &&
			    card_posted(rig, AMI_POSSIBLE, 6));
		assert_true(rig_covered(rig, "igbvf"));
		card_no_complaint(rig);
		rig_free(rig);
	}
}

/* ice gives headers a pool of their own where it can. */
static void pool_of_headers(void **state)
{
	struct rig *rig;
	uint64_t headers;
	unsigned int i;

	(void)state;
	card.kernel = REAL_7_3;
	rig = card_ice();
	headers = image_va(image_alloc(rig->m->img, 1));
	rig_set(rig, card.ring, AMI_F_ice_header_fqes, headers);
	rig_set(rig, card.ring, AMI_F_ice_header_len, 256);
	for (i = CARD_CLEAN; i < CARD_USE; i++) {
		uint64_t b = headers + i * image_layout(rig->m->img)->
					   type_size[AMI_T_ice_fqe];

		card_ice_page(rig, b, card_page(i + 10));
		card_put_32(rig, i, IOVA(i) + 1024 + CARD_HEADROOM,
			    IOVA(i + 10));
	}
	machine_analyse(rig->m);
	assert_true(card_posted(rig, AMI_PROVEN, 2) &&
		    card_posted(rig, AMI_PROVEN, 12) &&
		    card_posted(rig, AMI_PROVEN, 15));
	card_no_complaint(rig);
	rig_free(rig);
}

/* A program's buffers: entries are pointers, or have one. */
static void program_buffers(struct rig *rig, enum ami_type type,
			    enum ami_field xsk, enum ami_field list,
			    enum ami_field xdp)
{
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t buffers = image_va(image_alloc(rig->m->img, 1));
	unsigned int i;

	l->field[AMI_F_xdp_buff_dma] = (struct ami_member){
		.present = true, .offset = 80, .size = 8,
	};
	rig_set(rig, card.ring, xsk, buffers);
	rig_set(rig, card.ring, list, card.slots);
	for (i = CARD_CLEAN; i < CARD_USE; i++) {
		rig_set(rig, buffers + i * 128, AMI_F_xdp_buff_dma,
			IOVA(i) + 2048);
		card_put_advanced(rig, i, IOVA(i) + 2048, 0);
		if (xdp)
			rig_set(rig, card_slot(rig, type, i), xdp,
				buffers + i * 128);
		else
			rig_set64(rig, card.slots + i * 8, buffers + i * 128);
	}
	machine_analyse(rig->m);
	assert_true(card_posted(rig, AMI_PROVEN, 2) &&
		    card_posted(rig, AMI_PROVEN, 5));
	card_no_complaint(rig);
	rig_free(rig);
}

static void programs(void **state)
{
	struct rig *rig;

	(void)state;
	for (card.kernel = 0; card.kernel < REAL_KERNELS; card.kernel++) {
		rig = card_igc();
		program_buffers(rig, AMI_T_igc_buf, AMI_F_igc_xsk,
				AMI_F_igc_buffers, AMI_F_igc_buf_xdp);
		rig = card_i40e();
		program_buffers(rig, 0, AMI_F_i40e_xsk, AMI_F_i40e_buffers, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cards),
		cmocka_unit_test(other_memory),
		cmocka_unit_test(large_frames),
		cmocka_unit_test(without_interface),
		cmocka_unit_test(one_buffer),
		cmocka_unit_test(kept_by_page),
		cmocka_unit_test(split_headers),
		cmocka_unit_test(pool_of_headers),
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
