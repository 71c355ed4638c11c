// SPDX-License-Identifier: GPL-2.0-or-later
/* What network cards on machines of real kernels share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cards.h"

struct card_places card;

#define MODEL(name, make, certainty)	{ name, card_##make, certainty },

const struct card_model card_models[CARD_MODELS] = { CARD_LIST(MODEL) };

/* @size: bytes of the driver's own part */
struct rig *card_open(const char *driver, const struct layout_row *rows,
		      size_t count, size_t size)
{
	struct rig *rig = rig_open_interface(driver, card.kernel, rows, count,
					     size, &card.priv);

	card.desc = image_va(RIG_BUFFER + IOVA(CARD_DESC));
	card.slots = image_va(image_alloc(rig->m->img, 4));
	return rig;
}

/* A member that is an array: its element. */
void card_element(struct rig *rig, uint64_t object, enum ami_field f,
		  unsigned int n, uint64_t value)
{
	rig_set64(rig, rig_member(rig, object, f) + 8 * n, value);
}

uint64_t card_page(unsigned int page)
{
	return rig_page(RIG_BUFFER + IOVA(page));
}

uint64_t card_slot(struct rig *rig, enum ami_type t, unsigned int i)
{
	return card.slots + i * image_layout(rig->m->img)->type_size[t];
}

/* A packet whose data is at the start of this page. */
uint64_t card_packet(struct rig *rig, unsigned int page)
{
	uint64_t skb = machine_object(rig->m, 0x200);

	rig_set(rig, skb, AMI_F_sk_buff_data, image_va(RIG_BUFFER + IOVA(page)));
	return skb;
}

void card_put(struct rig *rig, unsigned int stride, unsigned int i,
	      const void *bytes, size_t size)
{
	machine_write(rig->m, card.desc + i * stride, bytes, size);
}

/* 82576 data sheet 7.1.5: packet address, header address; length at byte 12. */
void card_put_advanced(struct rig *rig, unsigned int i, uint64_t packet_at,
		       uint64_t header_at)
{
	const uint64_t d[] = { packet_at, header_at };

	card_put(rig, 16, i, d, sizeof(d));
}

/* 8169 data sheet, receive descriptor: OWN, EOR, size; VLAN; address. */
void card_put_realtek(struct rig *rig, unsigned int i, bool own, uint32_t size,
		      uint64_t addr)
{
	const uint32_t d[] = { (own ? 0x80000000u : 0x30000000u) | size, 0,
			       (uint32_t)addr, addr >> 32 };

	card_put(rig, 16, i, d, sizeof(d));
}

/* E810 and XL710 data sheets, 32 bytes: two addresses, two words without use. */
void card_put_32(struct rig *rig, unsigned int i, uint64_t addr,
		 uint64_t header)
{
	const uint64_t d[4] = { addr, header };

	card_put(rig, 32, i, d, sizeof(d));
}

bool card_has(struct rig *rig, enum ami_field f)
{
	return image_layout(rig->m->img)->field[f].present;
}

bool card_posted(const struct rig *rig, enum ami_certainty certainty,
		 unsigned int page)
{
	return rig_names(rig, AMI_CLASS_POSTED, certainty,
			 RIG_BUFFER + IOVA(page));
}

void card_no_complaint(const struct rig *rig)
{
	assert_int_equal(rig_found(rig, "descriptor-disagrees"), 0);
	assert_int_equal(rig_found(rig, "buffer-maps-elsewhere"), 0);
	assert_int_equal(rig_found(rig, "buffer-not-mapped"), 0);
	assert_int_equal(rig_found(rig, "descriptors-unread"), 0);
	assert_int_equal(rig_found(rig, "driver-state-damaged"), 0);
	assert_int_equal(rig_found(rig, "driver-state-unread"), 0);
}
