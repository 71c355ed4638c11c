// SPDX-License-Identifier: GPL-2.0-or-later
/* Text of the kernel's log comes from anywhere, including user space. */
#include <amdiommu/display.h>

#include "kernel.h"

void kernel_clean_text(char *text)
{
	for (; *text; text++)
		if (*text == '\t')
			*text = ' ';
		else if (!ami_plain(*text) && *text != '\n')
			*text = '?';
}
