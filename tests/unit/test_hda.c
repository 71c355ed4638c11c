// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sound controllers on machines that are laid out as real kernels lay out the driver's
 * structures. Entries of a BDL are as High Definition Audio 1.0a, 3.6.3 has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "layouts.h"

#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)

enum page { RIRB = 2, POSITIONS, RECORDED, RECORDED_TOO, PLAYED };
enum { PLAYBACK, CAPTURE };

static const struct layout_row rows[] = {
#include "layouts/snd_hda.inc"
};

static enum real_kernel real;
static struct {
	uint64_t card, bus, capture;
} at;

static uint64_t stream(struct rig *rig, unsigned int direction,
		       unsigned int page, unsigned int pages)
{
	uint64_t va = machine_object(rig->m, 0x200);
	uint64_t bdl = machine_object(rig->m, 0x100);
	unsigned int i;

	for (i = 0; i < pages; i++) {
		const uint64_t entry[] = { IOVA(page + i),
					   AMI_PAGE_SIZE | 1ull << 32 };

		machine_write(rig->m, bdl + 16 * i, entry, sizeof(entry));
	}
	rig_set(rig, va, AMI_F_hda_direction, direction);
	rig_set(rig, va, AMI_F_hda_frags, pages);
	rig_set(rig, va, AMI_F_hda_bdl, bdl);
	rig_set(rig, va, AMI_F_hda_opened, 1);
	rig_set(rig, va, AMI_F_hda_running, 1);
	machine_list_add(rig->m, rig_member(rig, at.bus, AMI_F_hda_streams),
			 rig_member(rig, va, AMI_F_hda_stream_list));
	return va;
}

/* Bits have places that the rows do not give: each gets a byte of its own. */
static void bits(struct rig *rig)
{
	static const enum ami_field list[] = {
		AMI_F_hda_on, AMI_F_hda_opened, AMI_F_hda_running,
	};
	unsigned int i;

	for (i = 0; i < 3; i++)
		image_layout(rig->m->img)->field[list[i]] = (struct ami_member){
			.present = true, .offset = 0x1f8 + i, .size = 1,
		};
}

static struct rig *sound(void)
{
	struct rig *rig = rig_new("snd_hda_intel");
	uint64_t chip;

	rig_layout(rig, real, rows, sizeof(rows) / sizeof(rows[0]));
	bits(rig);
	at.card = machine_object(rig->m, 0x1000);
	chip = machine_object(rig->m, 0x1000);
	at.bus = rig_member(rig, chip, AMI_F_hda_core);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.card);
	rig_set(rig, at.card, AMI_F_hda_card_data, chip);
	rig_set(rig, at.bus, AMI_F_hda_on, 1);
	rig_set(rig, at.bus, AMI_F_hda_rirb, IOVA(RIRB) + 2048);
	rig_set(rig, at.bus, AMI_F_hda_posbuf, IOVA(POSITIONS));
	rig_set(rig, at.bus, AMI_F_hda_posbuf_size, 64);
	machine_list_init(rig->m, rig_member(rig, at.bus, AMI_F_hda_streams));
	at.capture = stream(rig, CAPTURE, RECORDED, 2);
	stream(rig, PLAYBACK, PLAYED, 1);
	return rig;
}

static bool posted(const struct rig *rig, enum ami_certainty certainty,
		   unsigned int page)
{
	return rig_names(rig, AMI_CLASS_POSTED, certainty,
			 RIG_BUFFER + IOVA(page));
}

/* What it records, not what it plays. */
static void whole(void **state)
{
	(void)state;
	for (real = 0; real < REAL_KERNELS; real++) {
		struct rig *rig = sound();

		machine_analyse(rig->m);
		assert_true(posted(rig, AMI_PROVEN, RIRB));
		assert_true(posted(rig, AMI_PROVEN, POSITIONS));
		assert_true(posted(rig, AMI_PROVEN, RECORDED));
		assert_true(posted(rig, AMI_PROVEN, RECORDED_TOO));
		assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 4);
		assert_true(rig_covered(rig, "snd_hda_intel"));
		rig_free(rig);
	}
}

static void stopped(void **state)
{
	struct rig *rig;

	(void)state;
	real = REAL_6_12;
	rig = sound();
	rig_set(rig, at.capture, AMI_F_hda_running, 0);
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_POSSIBLE, RECORDED));
	assert_true(posted(rig, AMI_PROVEN, RIRB));
	rig_free(rig);
	rig = sound();
	rig_set(rig, at.capture, AMI_F_hda_running, 0);
	rig_set(rig, at.capture, AMI_F_hda_opened, 0);
	rig_set(rig, at.bus, AMI_F_hda_on, 0);
	machine_analyse(rig->m);
	assert_true(posted(rig, AMI_POSSIBLE, RIRB));
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 2);
	rig_free(rig);
}

RIG_DAMAGE(frags, at.capture, hda_frags, 257)
RIG_DAMAGE(bdl, at.capture, hda_bdl, RIG_NOWHERE)
RIG_DAMAGE(posbuf, at.bus, hda_posbuf_size, 1u << 30)
RIG_DAMAGE(card, at.card, hda_card_data, RIG_NOWHERE)

static void hostile(void **state)
{
	static const struct rig_damage list[] = {
		{ "entries", frags, "driver-state-damaged" },
		{ "list", bdl, "driver-state-unread" },
		{ "position buffer", posbuf, "driver-state-damaged" },
		{ "card", card, "driver-state-unread" },
	};

	(void)state;
	real = REAL_7_3;
	rig_survives(sound, list, 4);
}

static void gaps(void **state)
{
	(void)state;
	real = REAL_7_3;
	rig_survives_gaps(sound);
	rig_survives_noise(sound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(stopped),
		cmocka_unit_test(hostile), cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
