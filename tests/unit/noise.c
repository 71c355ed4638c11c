// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "drivers.h"

#define INPUTS		24u
#define EDITS		6u
#define RAM_PAGES	(1u << 18)
#define WORDS		(AMI_PAGE_SIZE / sizeof(uint64_t))

/** struct noise - page frames that are read, and a row of numbers */
struct noise {
	uint64_t *pfns;
	size_t count;
	uint64_t state;
};

/* xorshift64*: the same row in each run */
static uint64_t next_number(struct noise *n)
{
	n->state ^= n->state >> 12;
	n->state ^= n->state << 25;
	n->state ^= n->state >> 27;
	return n->state * 0x2545f4914f6cdd1dull;
}

static void find_pages(struct noise *n, struct rig *(*make)(void))
{
	struct rig *whole = make();
	uint64_t pfn;

	machine_analyse(whole->m);
	for (pfn = 0; pfn < RAM_PAGES; pfn++) {
		if (!image_reads(whole->m->img, pfn))
			continue;
		n->pfns = realloc(n->pfns, (n->count + 1) * sizeof(*n->pfns));
		assert_non_null(n->pfns);
		n->pfns[n->count++] = pfn;
	}
	rig_free(whole);
}

static uint64_t any_place(struct noise *n)
{
	uint64_t pfn = n->pfns[next_number(n) % n->count];

	return (pfn << AMI_PAGE_SHIFT) +
	       next_number(n) % WORDS * sizeof(uint64_t);
}

/* A place that holds something; most of a made machine is zeros. */
static uint64_t used_place(struct noise *n, const struct rig *rig,
			   uint64_t *value)
{
	uint64_t place = any_place(n);
	unsigned int i;

	for (i = 0; i < 4 * WORDS; i++) {
		image_read(rig->m->img, place, value, sizeof(*value));
		if (*value)
			break;
		place = any_place(n);
	}
	return place;
}

/* Limits, and what stands elsewhere: pointers that lead to something else. */
static uint64_t any_value(struct noise *n, const struct rig *rig)
{
	uint64_t number = next_number(n), other = 0;

	switch (number % 6) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return number >> 48;
	case 3:
		return number;
	default:
		used_place(n, rig, &other);
		return other + (number % 6 == 4 ? 0 : number >> 60);
	}
}

static void change(struct noise *n, struct rig *rig)
{
	uint64_t old, place = used_place(n, rig, &old);
	uint64_t value = any_value(n, rig);
	size_t width = 1u << next_number(n) % 4;

	image_write(rig->m->img, place + next_number(n) % sizeof(old) / width *
		    width, &value, width);
}

void rig_survives_noise(struct rig *(*make)(void))
{
	struct noise n = { .state = 1 };
	unsigned int i, k;

	find_pages(&n, make);
	for (i = 0; i < INPUTS; i++) {
		struct rig *rig = make();
		const struct ami_evidence *ev;

		for (k = 0; k < EDITS; k++)
			change(&n, rig);
		machine_analyse(rig->m);
		ev = rig->m->ex->evidence;
		assert_true(ev->count <= AMI_MAX_TRANSFERS &&
			    ev->nr_spans <= AMI_MAX_SPANS);
		rig_free(rig);
	}
	free(n.pfns);
}
