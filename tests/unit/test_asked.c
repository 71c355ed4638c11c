// SPDX-License-Identifier: GPL-2.0-or-later
/* What `who` is asked for: struct pages, processes, slab objects. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <kernel/page.h>

#include "owned.h"
#include "render.h"

static int ask(struct machine *m, char *word, struct ami_error *err,
	       char **text)
{
	const struct ami_analysis a = {
		.dump = m->dump, .kernel = m->kernel, .state = m->state,
		.incidents = m->incidents, .exposures = m->ex,
		.dmesg = m->incidents->dmesg,
	};
	char *const words[] = { word, NULL };
	struct ami_request r = {
		.view = AMI_VIEW_WHO, .iommu = -1, .words = words,
		.nr_words = 1,
	};
	size_t size;
	FILE *out = open_memstream(text, &size);
	int ret = ami_render(&a, &r, out, err);

	fclose(out);
	return ret;
}

/* The page that it describes, or the struct page itself: that is asked. */
static void struct_pages(void **state)
{
	struct owned *f = *state;
	struct ami_error err = { .status = AMI_OK };
	uint64_t pfn = (BUFFER >> AMI_PAGE_SHIFT) + ANON, va;
	char word[40], want[80], *text;

	machine_analyse(f->m);
	va = ami_pfn_to_page(f->m->kernel, pfn);
	assert_true(va);
	snprintf(word, sizeof(word), "page:%" PRIx64, va + 8);
	assert_int_equal(ask(f->m, word, &err, &text), 0);
	snprintf(want, sizeof(want), "page frame %#" PRIx64, pfn);
	has(text, want);
	has(text, "the page that struct page");
	free(text);
	snprintf(word, sizeof(word), "%" PRIx64, va);
	assert_int_equal(ask(f->m, word, &err, &text), -1);
	assert_int_equal(err.status, AMI_ERR_USAGE);
	has(err.text, "which is meant: page:");
	free(text);
}

static void processes(void **state)
{
	struct owned *f = *state;
	uint64_t init = machine_object(f->m, 64);
	uint64_t mm = machine_object(f->m, 64), other = machine_object(f->m, 64);
	struct ami_owners *owners;
	struct ami_process p[2];

	image_layout(f->m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(f->m, init);
	owned_task(f, init, 212, "sh", mm);
	owned_task(f, init, 213, "dd", other);
	owned_task(f, init, 214, "sh", other);
	machine_analyse(f->m);
	owners = f->m->ex->owners;
	assert_int_equal(ami_owner_processes(owners, 213, NULL, p, 2), 1);
	assert_string_equal(p[0].comm, "dd");
	assert_int_equal(p[0].mm, other);
	assert_int_equal(ami_owner_processes(owners, 0, "dd", p, 2), 1);
	assert_int_equal(p[0].pid, 213);
	assert_int_equal(ami_owner_processes(owners, 0, "sh", p, 2), 2);
	assert_int_equal(ami_owner_processes(owners, 215, NULL, p, 2), 0);
	assert_int_equal(ami_owner_processes(owners, 0, "d", p, 2), 0);
}

static enum ami_use use_of(struct owned *f, uint64_t phys)
{
	struct ami_object object;

	assert_true(ami_owner_object(f->m->ex->owners, phys, &object));
	assert_true(object.found);
	return ami_owner_use(f->m->ex->owners, &object);
}

/* @next: what the only free object says of the next one */
static void free_one(struct owned *f, uint64_t next)
{
	struct ami_layout *l = image_layout(f->m->img);
	uint64_t at = BUFFER + (SLAB << 12), object = image_va(at + SLOT + LEFT);
	const struct ami_member word = { .present = true, .offset = 56,
					 .size = 8 };

	l->field[AMI_F_page_freelist] = word;
	l->field[AMI_F_kmem_cache_offset] =
		(struct ami_member){ .present = true, .offset = 40, .size = 4 };
	owned_without(l, AMI_F_slab_freelist);
	owned_without(l, AMI_F_kmem_cache_random);
	owned_without(l, AMI_F_kmem_cache_cpu_slab);
	owned_without(l, AMI_F_kmem_cache_cpu_sheaves);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_offset, 16);
	owned_mark(f, SLAB, AMI_F_page_freelist, object);
	machine_write(f->m, object + 16, &next, sizeof(next));
	machine_analyse(f->m);
}

static void used_and_free(void **state)
{
	struct owned *f = *state;
	uint64_t at = BUFFER + (SLAB << 12);

	free_one(f, 0);
	assert_int_equal(use_of(f, at + LEFT), AMI_USE_ALLOCATED);
	assert_int_equal(use_of(f, at + SLOT + LEFT + 5), AMI_USE_FREE);
}

/* A list that breaks off may go on to the object. */
static void broken_list(void **state)
{
	struct owned *f = *state;
	uint64_t at = BUFFER + (SLAB << 12);

	free_one(f, 0x1234);
	assert_int_equal(use_of(f, at + SLOT + LEFT), AMI_USE_FREE);
	assert_int_equal(use_of(f, at + LEFT), AMI_USE_UNKNOWN);
}

/* One that leads to itself ends. */
static void looping_list(void **state)
{
	struct owned *f = *state;
	uint64_t at = BUFFER + (SLAB << 12);

	free_one(f, image_va(at + SLOT + LEFT));
	assert_int_equal(use_of(f, at + LEFT), AMI_USE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(struct_pages),
		TEST(processes),
		TEST(used_and_free),
		TEST(broken_list),
		TEST(looping_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
