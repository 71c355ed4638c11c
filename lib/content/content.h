/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/content. */
#ifndef AMI_CONTENT_PRIVATE_H
#define AMI_CONTENT_PRIVATE_H

#include <content/content.h>

#define MAX_FRAME	9216u	/* a jumbo frame, with its header */

/**
 * content_frame_judge() - are these bytes an Ethernet frame?
 * @bytes: from its destination address on, @count of them are known
 * @ours: its destination is an interface of this machine
 * @len: set to the bytes that it says it has
 */
enum ami_frame_strength content_frame_judge(const uint8_t *bytes, size_t count,
					    bool ours, uint32_t *len);

/**
 * struct frame_finder - what frames begin with, to find them fast
 * @tail: a bit for each value of the last two bytes of an address
 * @type: the same for the EtherTypes that are looked for
 */
struct frame_finder {
	const struct ami_contents *c;
	uint8_t *tail, *type;
};

int content_finder_init(struct frame_finder *f, const struct ami_contents *c);
void content_finder_free(struct frame_finder *f);

/**
 * content_finder_next() - the next frame in a page
 * @page: the page, and @count bytes in all that follow each other from it on
 * @ours: only those to this machine
 * @at: where to go on; starts as 0
 * @frame: its place is set to the offset in the page
 *
 * False: there is no more.
 */
bool content_finder_next(const struct frame_finder *f, const uint8_t *page,
			 size_t count, bool ours, size_t *at,
			 struct ami_frame *frame);

/** content_interfaces_read() - network interfaces and their addresses; -1: memory */
int content_interfaces_read(struct ami_contents *c, const struct ami_state *s);

#endif
