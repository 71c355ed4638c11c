/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine with a network card that may write to some pages, and frames in them. */
#ifndef SCENE_H
#define SCENE_H

#include "machine.h"
#include "pages.h"

#define SCENE_FRAME	1000u		/* bytes, with all headers */
#define SCENE_IP	14u
#define SCENE_UDP	34u

enum { TOP, TABLE, STACK, ANON, PAGES };

/**
 * struct scene - the machine
 * @page: physical; those up to STACK have owners that never hold frames
 */
struct scene {
	struct machine *m;
	uint64_t page[PAGES];
};

/** scene_mac - to whom the frames are */
extern const uint8_t scene_mac[6];

void scene_make(struct scene *s, struct machine *m);
void scene_over_shapes(void (*test)(struct machine *m));

/** scene_put16(), scene_sum() - store big-endian; the sum of checksums */
void scene_put16(uint8_t *p, uint32_t value);
uint32_t scene_sum(const uint8_t *p, size_t n, uint32_t total);

/** scene_frame() - UDP over IPv4, with both checksums */
void scene_frame(uint8_t f[SCENE_FRAME]);

/** scene_put_frame() - write one at this physical address */
void scene_put_frame(struct scene *s, uint64_t phys);

/** scene_at() - what is said of the page of this physical address; NULL: nothing */
const struct ami_overwritten *scene_at(const struct scene *s, uint64_t phys);

#endif
