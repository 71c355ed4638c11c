// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own page tables, and the array of struct page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parts.h"


/* The kernel's own top table; what is mapped there goes through it. */
static uint64_t top_table(struct machine *m)
{
	char line[64];

	if (m->pgd)
		return m->pgd;
	m->pgd = image_alloc(m->img, 1);
	snprintf(line, sizeof(line), "SYMBOL(swapper_pg_dir)=%llx\n",
		 (unsigned long long)image_text_va(m->pgd));
	image_vmcoreinfo_add(m->img, line);
	return m->pgd;
}

/* Where the entry of @va lies in the table of @level; tables are made. */
static uint64_t entry_of(struct machine *m, uint64_t va, int level)
{
	uint64_t table = top_table(m), at, next;
	int i;

	for (i = 5; ; i--) {
		at = table + 8 * (va >> (12 + 9 * (i - 1)) & 0x1ff);
		if (i == level)
			return at;
		image_read(m->img, at, &next, sizeof(next));
		if (!next) {
			next = image_alloc(m->img, 1) | 3;
			image_write64(m->img, at, next);
		}
		table = next & ~0xfffull;
	}
}

void machine_map(struct machine *m, uint64_t va, uint64_t phys)
{
	image_write64(m->img, entry_of(m, va, 1), phys | 3);
}

void machine_vmemmap(struct machine *m)
{
	int i;

	m->vmemmap = image_alloc(m->img, 1536) & ~0x1fffffull;
	m->vmemmap += 0x200000;
	for (i = 0; i < 2; i++)
		image_write64(m->img,
			      entry_of(m, MACHINE_VMEMMAP + i * 0x200000ull, 2),
			      (m->vmemmap + i * 0x200000ull) | 0x83);
}

uint64_t machine_page(const struct machine *m, uint64_t phys)
{
	uint64_t page = (phys >> AMI_PAGE_SHIFT) * 64;

	assert_true(m->vmemmap && page < 0x400000);
	return IMAGE_DIRECT_MAP + m->vmemmap + page;
}
