// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds VMCOREINFO in memory if the dump has no note of it. QEMU's
 * dump-guest-memory without its vmcoreinfo device makes such dumps, and
 * conversions of other virtual machines do.
 *
 * The kernel keeps the text in a page of its own from boot on, and a note
 * with it in another. Programs may hold copies, and a capture kernel has its
 * own. So a text is believed if the kernel's name lies where it says. A text
 * with the time of a crash comes before others.
 */
#include <stdio.h>
#include <string.h>

#include "kernel.h"

#define MAX_PAGES	(1ull << 24)	/* 64 GiB of memory */
#define NOTE_HEADER	24u		/* sizes, type, "VMCOREINFO" */
#define UTS_BYTES	1024u		/* from init_uts_ns on */

static const char text_start[] = "OSRELEASE=";

struct candidate {
	char text[AMI_PAGE_SIZE + 1];
	uint64_t paddr;		/* of its page; 0: none yet */
	bool crashed;
};

/* Look for the text, or a note of it, in one page. */
static bool take_page(const uint8_t *page, char text[AMI_PAGE_SIZE + 1])
{
	const char *from = (const char *)page;
	size_t len;

	if (!memcmp(from + 12, "VMCOREINFO", sizeof("VMCOREINFO")))
		from += NOTE_HEADER;
	if (memcmp(from, text_start, sizeof(text_start) - 1))
		return false;
	len = strnlen(from, AMI_PAGE_SIZE - (from - (const char *)page));
	memcpy(text, from, len);
	text[len] = '\0';
	return true;
}

/* Does the kernel lie where the text says? */
static bool is_in_place(struct ami_dump *dump, const char *text)
{
	char release[128], uts[UTS_BYTES];
	uint64_t base, at;

	if (!vmcoreinfo_get_in(text, "OSRELEASE", release, sizeof(release)) ||
	    !vmcoreinfo_number_in(text, "NUMBER(phys_base)", 10, &base) ||
	    !vmcoreinfo_number_in(text, "SYMBOL(init_uts_ns)", 16, &at) ||
	    !*release || at < START_KERNEL_MAP)
		return false;
	return ami_dump_read(dump, at - START_KERNEL_MAP + base, uts,
			     sizeof(uts)) == AMI_MEM_OK &&
	       memmem(uts, sizeof(uts), release, strlen(release) + 1);
}

static void try_page(struct ami_dump *dump, uint64_t pfn, struct candidate *best)
{
	char text[AMI_PAGE_SIZE + 1];
	enum ami_mem mem;
	const uint8_t *page = ami_dump_page(dump, pfn, &mem);
	bool is_text = page && take_page(page, text), crashed;

	ami_dump_unpage(dump, page);
	if (!is_text || !is_in_place(dump, text))
		return;
	crashed = strstr(text, "\nCRASHTIME=");
	if (best->paddr && (best->crashed || !crashed))
		return;
	strcpy(best->text, text);
	best->paddr = pfn << AMI_PAGE_SHIFT;
	best->crashed = crashed;
}

static void search_dump(struct ami_dump *dump, struct candidate *best)
{
	const struct ami_dump_info *info = ami_dump_info(dump);
	uint64_t left = MAX_PAGES, n;
	size_t i;

	for (i = 0; i < info->nr_ram && !best->crashed; i++)
		for (n = 0; n < info->ram[i].count && !best->crashed; n++) {
			if (!left-- || ami_dump_interrupted(dump))
				return;
			try_page(dump, info->ram[i].first + n, best);
		}
}

bool kernel_locate_vmcoreinfo(struct ami_dump *dump)
{
	struct candidate best = { .paddr = 0 };
	char from[64];

	/* Pages that were only searched are not part of an extract. */
	ami_dump_record_pause(dump, true);
	search_dump(dump, &best);
	ami_dump_record_pause(dump, false);
	if (!best.paddr)
		return false;
	snprintf(from, sizeof(from), "in memory, at %#llx",
		 (unsigned long long)best.paddr);
	return !ami_dump_set_vmcoreinfo(dump, best.text, from);
}
