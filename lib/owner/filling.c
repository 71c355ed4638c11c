// SPDX-License-Identifier: GPL-2.0-or-later
/* What free pages are filled with. */
#include <owner/owner.h>

#define PAGE_POISON		0xaa	/* include/linux/poison.h */

static bool key_enabled(struct ami_kernel *k, enum ami_symbol key)
{
	uint32_t enabled;

	return ami_symbol(k, key) &&
	       ami_read_u32(k, ami_symbol(k, key), &enabled) == AMI_MEM_OK &&
	       (int32_t)enabled > 0;
}

int ami_free_page_filling(struct ami_kernel *k)
{
	if (key_enabled(k, AMI_SYM__page_poisoning_enabled))
		return PAGE_POISON;
	return key_enabled(k, AMI_SYM_init_on_free) ? 0 : -1;
}
