// SPDX-License-Identifier: GPL-2.0-or-later
/* How far bytes are an Ethernet frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "content.h"
#include "scene.h"

static enum ami_frame_strength judge(const uint8_t *f, size_t count, bool ours)
{
	uint32_t len = 0;

	return content_frame_judge(f, count, ours, &len);
}

static void strength_of_ipv4(void **state)
{
	uint8_t f[SCENE_FRAME];
	uint32_t len;

	(void)state;
	scene_frame(f);
	assert_int_equal(content_frame_judge(f, SCENE_FRAME, false, &len),
			 AMI_FRAME_WHOLE);
	assert_int_equal(len, SCENE_FRAME);
	/* The rest of it is not known, or was written over. */
	assert_int_equal(judge(f, 200, false), AMI_FRAME_HEADER);
	f[700] ^= 1;
	assert_int_equal(judge(f, SCENE_FRAME, false), AMI_FRAME_HEADER);
	scene_put16(f + SCENE_UDP + 6, 0);
	assert_int_equal(judge(f, SCENE_FRAME, false), AMI_FRAME_HEADER);
	f[SCENE_IP + 9] ^= 1;
	assert_int_equal(judge(f, SCENE_FRAME, true), AMI_FRAME_WEAK);
	scene_frame(f);
	f[6] |= 1;		/* from a group */
	assert_int_equal(judge(f, SCENE_FRAME, true), AMI_FRAME_NONE);
	scene_frame(f);
	f[SCENE_IP] = 0x65;
	assert_int_equal(judge(f, SCENE_FRAME, true), AMI_FRAME_NONE);
	scene_frame(f);
	scene_put16(f + 12, 0x0801);
	assert_int_equal(judge(f, SCENE_FRAME, true), AMI_FRAME_NONE);
}

/* A fragment's checksum covers other frames, too. */
static void strength_of_fragment(void **state)
{
	uint8_t f[SCENE_FRAME];

	(void)state;
	scene_frame(f);
	f[SCENE_IP + 6] = 0x20;
	scene_put16(f + SCENE_IP + 10, 0);
	scene_put16(f + SCENE_IP + 10, ~scene_sum(f + SCENE_IP, 20, 0));
	assert_int_equal(judge(f, SCENE_FRAME, false), AMI_FRAME_HEADER);
}

static void strength_with_tags(void **state)
{
	uint8_t f[SCENE_FRAME + 12], inner[SCENE_FRAME];
	uint32_t len;
	int tags;

	(void)state;
	scene_frame(inner);
	for (tags = 1; tags <= 3; tags++) {
		memcpy(f, inner, 12);
		memset(f + 12, 0, 12);
		for (int i = 0; i < tags; i++)
			scene_put16(f + 12 + 4 * i, i ? 0x8100 : 0x88a8);
		memcpy(f + 12 + 4 * tags, inner + 12, SCENE_FRAME - 12);
		/* No network has three. */
		assert_int_equal(content_frame_judge(f, SCENE_FRAME + 4 * tags,
						     true, &len),
				 tags < 3 ? AMI_FRAME_WHOLE : AMI_FRAME_NONE);
		if (tags < 3)
			assert_int_equal(len, SCENE_FRAME + 4 * tags);
	}
}

/* No header checksum: to whom it is, or all of it, must count. */
static void strength_of_ipv6(void **state)
{
	uint8_t f[SCENE_FRAME];
	uint32_t total;

	(void)state;
	scene_frame(f);
	scene_put16(f + 12, 0x86dd);
	memset(f + SCENE_IP, 0, 40);
	f[SCENE_IP] = 0x60;
	scene_put16(f + SCENE_IP + 4, SCENE_FRAME - SCENE_IP - 40);
	f[SCENE_IP + 6] = 17;
	f[SCENE_IP + 7] = 64;
	scene_put16(f + SCENE_IP + 46, 0);
	assert_int_equal(judge(f, SCENE_FRAME, true), AMI_FRAME_HEADER);
	assert_int_equal(judge(f, SCENE_FRAME, false), AMI_FRAME_WEAK);
	total = scene_sum(f + SCENE_IP + 8, 32, 17 + SCENE_FRAME - SCENE_IP - 40);
	scene_put16(f + SCENE_IP + 46,
		    ~scene_sum(f + SCENE_IP + 40, SCENE_FRAME - SCENE_IP - 40,
			       total));
	assert_int_equal(judge(f, SCENE_FRAME, false), AMI_FRAME_WHOLE);
}

static void strength_of_arp(void **state)
{
	uint8_t f[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 2, 2, 2, 2, 2,
			  8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	(void)state;
	assert_int_equal(judge(f, sizeof(f), false), AMI_FRAME_HEADER);
	f[21] = 3;		/* neither asks nor answers */
	assert_int_equal(judge(f, sizeof(f), false), AMI_FRAME_NONE);
	f[21] = 1;
	f[18] = 8;
	assert_int_equal(judge(f, sizeof(f), false), AMI_FRAME_NONE);
	assert_int_equal(judge(f, 40, false), AMI_FRAME_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strength_of_ipv4),
		cmocka_unit_test(strength_of_fragment),
		cmocka_unit_test(strength_with_tags),
		cmocka_unit_test(strength_of_ipv6),
		cmocka_unit_test(strength_of_arp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
