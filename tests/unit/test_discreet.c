// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an extract takes along of pages, and what of users it leaves behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"
#include "owned.h"
#include "vmcore.h"

static void plant(struct owned *f, unsigned int page, unsigned int offset,
		  const char *secret)
{
	image_write(f->m->img, BUFFER + (page << 12) + offset, secret,
		    strlen(secret));
}

/* What users own, and names of processes and files, in all kinds of pages. */
static void plant_secrets(struct owned *f)
{
	uint64_t init = machine_object(f->m, 64), mm = machine_object(f->m, 64);
	uint64_t anon = machine_object(f->m, 64), node;

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	owned_task(f, init, 213, "planted-process", mm);
	owned_mark(f, ANON, AMI_F_page_mapping, anon | 1);
	owned_mark(f, ANON, AMI_F_page_index, 0x12);
	node = owned_area(f, mm, 0x7f0000, 16, 0x10);
	machine_set(f->m, anon, AMI_F_anon_vma_areas, node);
	plant(f, FREE, 100, "planted-in-free-page");
	plant(f, SLAB, LEFT + 8, "planted-key");	/* allocated */
	plant(f, SLAB, SLOT + LEFT + 8, "planted-freed-key");
	plant(f, SLAB, 2 * SLOT + LEFT + OBJECT, "planted!"); /* red zone */
	plant(f, CACHED, 0, "planted-sector");
	plant(f, ANON, 64, "PLANTED=planted-environment");
	plant(f, NETWORK, 2000, "planted-frame");
	owned_mark(f, CACHED, AMI_F_page_mapping, owned_file(f, "planted-file"));
}

static void no_secret_in(struct ami_dump *dump)
{
	uint64_t pfn, end = (MEMMAP + MEMMAP_SIZE) / AMI_PAGE_SIZE;
	uint8_t page[AMI_PAGE_SIZE];
	unsigned int i;

	for (pfn = 0; pfn < end; pfn++) {
		memset(page, 0, sizeof(page));
		for (i = 0; i < AMI_PAGE_SIZE; i += AMI_GRANULE)
			ami_dump_read(dump, (pfn << 12) + i, page + i,
				      AMI_GRANULE);
		assert_null(memmem(page, sizeof(page), "planted", 7));
	}
}

static char *findings_of(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .verbose = true };
	char *text = render(a, &r), *at = strstr(text, "\nFINDINGS");

	assert_non_null(at);
	memmove(text, at, strlen(at) + 1);
	return text;
}

static void bug_and_page_are_discreet(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .bug = true };
	char *text = render(a, &r);

	lacks(text, "planted");
	free(text);
	r = (struct ami_request){ .iommu = -1, .html = true };
	text = render(a, &r);
	lacks(text, "planted");
	free(text);
}

/* To name owners of pages reads more than the views do. */
static void name_owners(const struct ami_analysis *a)
{
	char said[AMI_OWNER_TEXT_SIZE];
	unsigned int page;

	bug_and_page_are_discreet(a);
	for (page = 0; page < PAGES; page++)
		ami_owner_describe(a->exposures->owners, BUFFER + (page << 12),
				   said, sizeof(said));
}

static void extract_is_discreet(void **state)
{
	struct owned *f = *state;
	struct ami_analysis *a, *small;
	char *before, *after;

	plant_secrets(f);
	vmcore_extract(f->m, name_owners, &a, &small);
	before = findings_of(a);
	has(before, "free-page-written");
	has(before, "red-zone-written");
	has(before, "free-object-written");
	no_secret_in(small->dump);
	after = findings_of(small);
	assert_string_equal(before, after);
	ami_analysis_free(a);
	ami_analysis_free(small);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(extract_is_discreet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
