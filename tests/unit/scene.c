// SPDX-License-Identifier: GPL-2.0-or-later
/* A machine with a network card that may write, and the frames it writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#define NIC		0x10

const uint8_t scene_mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

void scene_over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes_with(MACHINE_SME, 1 << 15, test);
}

void scene_put16(uint8_t *p, uint32_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

uint32_t scene_sum(const uint8_t *p, size_t n, uint32_t total)
{
	size_t i;

	for (i = 0; i < n; i += 2)
		total += p[i] << 8 | p[i + 1];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* UDP over IPv4, with both checksums. */
void scene_frame(uint8_t f[SCENE_FRAME])
{
	uint32_t total;
	size_t i;

	for (i = 0; i < SCENE_FRAME; i++)
		f[i] = i * 37 + 11;
	memcpy(f, scene_mac, sizeof(scene_mac));
	memset(f + 6, 2, 6);
	scene_put16(f + 12, 0x0800);
	memset(f + SCENE_IP, 0, 28);
	f[SCENE_IP] = 0x45;
	scene_put16(f + SCENE_IP + 2, SCENE_FRAME - SCENE_IP);
	f[SCENE_IP + 8] = 64;
	f[SCENE_IP + 9] = 17;
	f[SCENE_IP + 12] = f[SCENE_IP + 16] = 10;
	scene_put16(f + SCENE_IP + 10, ~scene_sum(f + SCENE_IP, 20, 0));
	scene_put16(f + SCENE_UDP, 5000);
	scene_put16(f + SCENE_UDP + 2, 5001);
	scene_put16(f + SCENE_UDP + 4, SCENE_FRAME - SCENE_UDP);
	total = scene_sum(f + SCENE_IP + 12, 8, 17 + SCENE_FRAME - SCENE_UDP);
	scene_put16(f + SCENE_UDP + 6,
		    ~scene_sum(f + SCENE_UDP, SCENE_FRAME - SCENE_UDP, total));
}

void scene_make(struct scene *s, struct machine *m)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};
	unsigned int i;

	*s = (struct scene){ .m = m };
	pages_make(m);
	pages_place(m, AMI_F_page_mapping, 32, 8);
	for (i = 0; i < PAGES; i++) {
		s->page[i] = image_alloc(m->img, i == STACK ? 4 : 1);
		pages_mark(m, s->page[i], AMI_F_page_refcount, 1);
	}
	image_write64(m->img, s->page[TOP], s->page[TABLE] | 0x067 | m->sme);
	pages_mark(m, s->page[ANON], AMI_F_page_mapping, image_va(0x1000) | 1);
	pages_process(m, s->page[TOP], s->page[STACK]);
	dte.host_root = machine_v1(m, s->page[TABLE], 1);
	machine_device(m, NIC, "nic",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(m, NIC, &dte);
}

const struct ami_overwritten *scene_at(const struct scene *s, uint64_t phys)
{
	return ami_overwritten_at(s->m->contents, phys >> 12);
}

void scene_put_frame(struct scene *s, uint64_t phys)
{
	uint8_t f[SCENE_FRAME];

	scene_frame(f);
	image_write(s->m->img, phys, f, sizeof(f));
}
