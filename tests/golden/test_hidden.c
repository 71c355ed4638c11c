// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real dump whose devices could write what is never a buffer, without each of
 * its pages in turn: what is not in the dump is said to be missing, and never
 * makes the machine look better.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/pte.h>
#include <kernel/page.h>

#include "overlay.h"

#define PLANTED		5u
#define INDEX_BITS	9u

static const char *sample;

/* Words that are written over the dump. */
struct plan {
	struct {
		uint64_t at, value;
		unsigned int size;
	} word[16];
	size_t count;
};

/* What a report says, as far as it must not get better without a word. */
struct facts {
	enum ami_verdict verdict;
	uint64_t never_buffers, exposed, pages, missing;
};

static void add_word(struct plan *p, uint64_t at, uint64_t value,
		     unsigned int size)
{
	assert_true(p->count < sizeof(p->word) / sizeof(p->word[0]));
	p->word[p->count].at = at;
	p->word[p->count].value = value;
	p->word[p->count++].size = size;
}

/* Where the leaf is that leads to this page frame. */
static uint64_t leaf_of(const struct ami_analysis *a,
			const struct ami_exposure *e, uint64_t pfn)
{
	const struct ami_table *t =
		&ami_state_device(a->state, e->requester.bdf)->table;
	uint64_t at = t->root, raw, index;
	struct ami_writer w;
	unsigned int level;

	assert_true(ami_first_writer(a->exposures, e, pfn << AMI_PAGE_SHIFT,
				     &w) && w.has_iova);
	for (level = t->levels;; level--) {
		index = w.iova >> (AMI_PAGE_SHIFT + INDEX_BITS * (level - 1)) &
			((1u << INDEX_BITS) - 1);
		at += 8 * index;
		if (level == 1)
			return at;
		assert_int_equal(ami_dump_read(a->dump, at, &raw, sizeof(raw)),
				 AMI_MEM_OK);
		at = raw & 0x000ffffffffff000ull;
	}
}

static uint64_t page_of(const struct ami_analysis *a, enum ami_owner owner)
{
	const struct ami_dump_info *info = ami_dump_info(a->dump);
	uint64_t pfn;
	size_t i;

	for (i = 0; i < info->nr_listed; i++)
		for (pfn = info->listed[i].first;
		     pfn < info->listed[i].first + info->listed[i].count; pfn++)
			if (ami_owner_of(a->exposures->owners, pfn) == owner)
				return pfn;
	fail_msg("no page: %s", ami_owner_name(owner));
	return 0;
}

static uint64_t member_of_page(const struct ami_analysis *a, uint64_t pfn,
			       enum ami_field f)
{
	uint64_t at;

	assert_int_equal(ami_virt_to_phys(a->kernel,
					  ami_addr(a->kernel,
						   ami_pfn_to_page(a->kernel, pfn), f),
					  &at), AMI_MEM_OK);
	return at;
}

/* The page is given back to the allocator while it is mapped. */
static void plan_free(struct plan *p, const struct ami_analysis *a,
		      uint64_t pfn)
{
	uint64_t buddy = 0;

	assert_true(ami_vmcoreinfo_number(a->dump,
					  "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)",
					  10, &buddy));
	add_word(p, member_of_page(a, pfn, AMI_F_page_refcount), 0, 4);
	add_word(p, member_of_page(a, pfn, AMI_F_page_type), buddy, 4);
	add_word(p, member_of_page(a, pfn, AMI_F_page_private), 0, 8);
}

/* Leaves of one device that lead to what no driver hands out; a freed page. */
static void make_plan(struct plan *p, const struct ami_analysis *a)
{
	static const enum ami_owner owner[PLANTED] = {
		AMI_OWNER_STACK, AMI_OWNER_PAGE_TABLE, AMI_OWNER_TEXT,
		AMI_OWNER_MEMMAP, AMI_OWNER_IOMMU_TABLE,
	};
	const struct ami_exposure *e = overlay_most_mapped(a);
	unsigned int i;
	uint64_t pfn;

	assert_non_null(e);
	pfn = ami_pfnset_first(e->pages);
	for (i = 0; i < PLANTED; i++, pfn = ami_pfnset_next(e->pages, pfn + 1))
		add_word(p, leaf_of(a, e, pfn),
			 amdvi_v1_page(page_of(a, owner[i]) << AMI_PAGE_SHIFT,
				       AMI_PAGE_SHIFT, 1, true, true), 8);
	while (ami_owner_of(a->exposures->owners, pfn) != AMI_OWNER_ANON)
		pfn = ami_pfnset_next(e->pages, pfn + 1);
	plan_free(p, a, pfn);
}

static void carry_out(struct overlay *o, const struct plan *p)
{
	size_t i;

	overlay_reset(o);
	for (i = 0; i < p->count; i++)
		overlay_poke(o, p->word[i].at, &p->word[i].value,
			     p->word[i].size);
}

static struct facts facts_of(const struct ami_analysis *a)
{
	struct facts f = { .verdict = a->exposures->verdict };
	const struct ami_findings *all = a->state->findings;
	int owner, code;
	size_t i;

	for (i = 0; i < a->exposures->count; i++) {
		const struct ami_exposure *e = &a->exposures->list[i];

		if (e->class >= AMI_CLASS_HARDWARE)
			continue;
		f.pages += e->count;
		for (owner = 0; owner < AMI_OWNERS; owner++)
			if (ami_owner_never_buffer(owner))
				f.never_buffers += e->owners[owner];
	}
	for (code = 0; code < AMI_NR_FINDINGS; code++)
		if (ami_finding_class(code)->kind == AMI_KIND_MISSING)
			f.missing += ami_findings_total(all, code);
		else if (ami_finding_class(code)->effect == AMI_EFFECT_SUSPECT)
			f.exposed += ami_findings_total(all, code);
	return f;
}

/* Order of enum ami_verdict: from trusted on they get worse. */
static void hold_against(const struct facts *now, const struct facts *whole,
			 uint64_t pfn)
{
	bool less = now->verdict < whole->verdict ||
		    now->never_buffers < whole->never_buffers ||
		    now->exposed < whole->exposed || now->pages < whole->pages;

	if (now->verdict == AMI_VERDICT_CORRUPT)
		fail_msg("without page %#llx: called corrupt",
			 (unsigned long long)pfn);
	if (less && now->missing <= whole->missing)
		fail_msg("without page %#llx: verdict %s, %llu pages, %llu never-buffers, %llu findings of them, and nothing said to be missing",
			 (unsigned long long)pfn,
			 ami_verdict_name(now->verdict),
			 (unsigned long long)now->pages,
			 (unsigned long long)now->never_buffers,
			 (unsigned long long)now->exposed);
}

static struct ami_analysis *analyse(struct overlay *o)
{
	struct ami_error err = { 0 };
	struct ami_analysis *a = overlay_analyse(o, &err);

	if (!a)
		fail_msg("refused: %s", err.text);
	return a;
}

/* Symbols and types apart: without those there is no report. */
static void each_page(void **state)
{
	struct ami_error err;
	struct overlay *o = overlay_new(sample, &err);
	struct facts whole, now;
	struct plan plan = { .count = 0 };
	struct ami_analysis *a;
	size_t i, less = 0;

	(void)state;
	assert_non_null(o);
	assert_true(overlay_remember_layout(o));
	a = analyse(o);
	make_plan(&plan, a);
	ami_analysis_free(a);
	carry_out(o, &plan);
	a = analyse(o);
	whole = facts_of(a);
	ami_analysis_free(a);
	assert_int_equal(whole.verdict, AMI_VERDICT_SUSPECT);
	assert_true(whole.never_buffers > PLANTED);
	for (i = 0; i < overlay_pages(o); i++) {
		uint64_t pfn = overlay_pfn(o, i);

		if (ami_pfnset_has(overlay_layout_pages(o), pfn))
			continue;
		carry_out(o, &plan);
		overlay_hide(o, pfn, AMI_MEM_FILTERED);
		a = analyse(o);
		now = facts_of(a);
		ami_analysis_free(a);
		hold_against(&now, &whole, pfn);
		less += now.never_buffers < whole.never_buffers;
	}
	/* Or the test has no page that matters. */
	assert_true(less > PLANTED);
	print_message("# %zu of %zu pages hid never-buffers\n", less,
		      overlay_pages(o));
	overlay_free(o);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_page),
	};

	if (argc != 2) {
		print_error("usage: test_hidden DUMP\n");
		return 64;
	}
	sample = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
