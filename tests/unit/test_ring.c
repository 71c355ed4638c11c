// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Grading of the command ring. A ring is written as words, entry 0 first:
 *
 *	wN	completion wait with sequence number N
 *	xN	the same, storing into the capture kernel's memory
 *	yN	the same, storing to nobody's memory
 *	i	an invalidation
 *	?	an entry that cannot be read
 *	-	never written
 *	g	garbage: no command that the driver issues
 *
 * The ring has 512 entries; what the words do not reach is never written.
 * Expected states: one letter per word, d(one), u(nproven), n(ot executed),
 * o(verwritten), r (unread), - (unused).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"

#define SEMAPHORE	0x5000ull
#define RING		0x10000ull
#define CRASHKERNEL	0x40000ull	/* page frame */

struct ring_case {
	const char *name;
	const char *words;
	uint32_t tail;
	uint64_t semaphore, issued;
	bool need_sync, lock_held, no_semaphore, no_tail, unordered;
	uint32_t stop;		/* blamed entry + 1, 0: none */
	const char *states;
	int proven;
	uint32_t oldest, outstanding;
	bool blind;
};

static const struct ring_case cases[] = {
	{ "virgin", "- - -", 0, 0, 0, false, .states = "---", .proven = -1 },
	{ "all done, the driver agrees", "i w1 i w2", 4, 2, 2, false,
	  .states = "dddd", .proven = 3 },
	{ "tail without a wait", "i w1 i i", 4, 1, 1, true,
	  .states = "dduu", .proven = 1, .oldest = 2, .outstanding = 2 },
	{ "two waits behind", "i w1 i w2 i w3", 6, 1, 3, false,
	  .states = "dduuuu", .proven = 1, .oldest = 2, .outstanding = 4 },
	{ "nothing ever completed", "i w1 i w2", 4, 0, 2, false,
	  .states = "uuuu", .proven = -1, .oldest = 0, .outstanding = 4 },
	{ "older lap after the tail is done", "i w9 i w7 i w8", 2, 9, 9, false,
	  .states = "dddddd", .proven = 1 },
	{ "lock held: the driver alone proves nothing", "i w1 i i", 4, 1, 1,
	  false, .lock_held = true,
	  .states = "dduu", .proven = 1, .oldest = 2, .outstanding = 2 },
	{ "semaphore ahead of the driver", "i w1 i w2", 4, 7, 2, false,
	  .states = "uuuu", .proven = -1, .oldest = 0, .outstanding = 4 },
	{ "semaphore not readable", "i w1", 2, 0, 1, false,
	  .no_semaphore = true,
	  .states = "uu", .proven = -1, .oldest = 0, .outstanding = 2 },
	{ "numbers out of order (6.17): the stored one decides",
	  "i w2 i w1", 4, 2, 2, true,
	  .states = "dduu", .proven = 1, .oldest = 2, .outstanding = 2 },
	{ "burnt number: the newest smaller one counts", "i w1 i w2 i", 5, 3, 4,
	  true, .states = "ddddu", .proven = 3, .oldest = 4,
	  .outstanding = 1 },
	{ "out of order, and the driver gave up on the last (6.18)",
	  "i w2 i w1", 4, 2, 2, false, .unordered = true,
	  .states = "dduu", .proven = 1, .oldest = 2, .outstanding = 2 },
	{ "out of order: a smaller number may be newer (6.18)",
	  "i w1 i w2 i", 5, 3, 4, true, .unordered = true,
	  .states = "uuuuu", .proven = -1, .oldest = 0, .outstanding = 5 },
	{ "the driver says nothing is outstanding, the ring has a command",
	  "i w1 i", 3, 1, 1, false,
	  .states = "ddu", .proven = 1, .oldest = 2, .outstanding = 1 },
	{ "unread entry among the outstanding", "i w1 i ? w2", 5, 1, 2, false,
	  .states = "dduru", .proven = 1, .oldest = 2,
	  .outstanding = 3, .blind = true },
	{ "unread entry, but the driver proves the ring empty", "i w1 ? w2", 4,
	  2, 2, false, .states = "ddrd", .proven = 3 },
	{ "stopped at a bad command", "i w1 i i w2", 5, 1, 2, false,
	  .stop = 3 + 1, .states = "ddunn", .proven = 1, .oldest = 2,
	  .outstanding = 3 },
	{ "stopped before all of them", "i w1 i i w2", 5, 1, 2, false,
	  .stop = 2 + 1, .states = "ddnnn", .proven = 1, .oldest = 2,
	  .outstanding = 3 },
	{ "capture kernel at the start", "i x1 i x2 i w8 i w9", 8, 9, 9, false,
	  .states = "oooodddd", .proven = 7 },
	{ "capture kernel went round", "x5 i x3 i x4", 3, 9, 9, false,
	  .states = "ooooo", .proven = -1 },
	{ "capture kernel over what was outstanding", "i x1 i w8 i i w9", 7, 7,
	  9, false, .states = "oouuuuu", .proven = -1, .oldest = 2,
	  .outstanding = 5, .blind = true },
	{ "zeros over what was outstanding", "i w1 - - i w2", 6, 1, 2, false,
	  .states = "dd--uu", .proven = 1, .oldest = 2 + 2, .outstanding = 2,
	  .blind = true },
	{ "zeros over all, nothing proven", "- - - -", 4, 1, 2, true,
	  .states = "----", .proven = -1, .blind = true },
	{ "garbage over what was outstanding", "i w1 g g w2", 5, 1, 2, false,
	  .states = "dduuu", .proven = 1, .oldest = 2, .outstanding = 3,
	  .blind = true },
	{ "a wait of unknown origin over what was outstanding",
	  "i w1 i y1 w2", 5, 1, 2, false, .states = "dduuu", .proven = 1,
	  .oldest = 2, .outstanding = 3, .blind = true },
	{ "a bit that the driver never sets", "i w1 r w2", 4, 1, 2, false,
	  .states = "dduu", .proven = 1, .oldest = 2, .outstanding = 2,
	  .blind = true },
	{ "a command that the driver never issues", "i w1 p w2", 4, 1, 2, false,
	  .states = "dduu", .proven = 1, .oldest = 2, .outstanding = 2,
	  .blind = true },
	{ "garbage, but the driver proves the ring empty", "i w1 g w2", 4, 2, 2,
	  false, .states = "dddd", .proven = 3 },
	/* RHEL 8: the command has the low 32 bits of the number. */
	{ "32 bits, all done after they started again",
	  "i w4294967295 i w0 i w1", 6, 1, 0x700000001, false,
	  .states = "dddddd", .proven = 5 },
	{ "32 bits, the driver's state proves the ring empty",
	  "i w4294967295 ? w1", 4, 1, 0x700000001, false,
	  .states = "ddrd", .proven = 3 },
	{ "32 bits: a wait from before they started again proves no later one",
	  "? i w0 i w1", 5, 4294967294, 0x700000001, false,
	  .states = "ruuuu", .proven = -1, .oldest = 1, .outstanding = 4,
	  .blind = true },
	{ "32 bits: the newest one before they started again counts",
	  "i w4294967294 i w1", 4, 4294967295, 0x700000001, false,
	  .states = "dduu", .proven = 1, .oldest = 2, .outstanding = 2 },
	{ "32 bits: the semaphore is ahead of the driver",
	  "i w4294967295 i w0", 4, 3, 0x700000000, false,
	  .states = "uuuu", .proven = -1, .oldest = 0, .outstanding = 4 },
	{ "32 bits: a semaphore of more is damage",
	  "i w4294967295 i w0", 4, 0x1ffffffff, 0x700000000, false,
	  .states = "uuuu", .proven = -1, .oldest = 0, .outstanding = 4 },
	{ "a semaphore of many bits that the driver did not issue",
	  "i w1 i w2", 4, 0xfffffff0, 2, false,
	  .states = "uuuu", .proven = -1, .oldest = 0, .outstanding = 4 },
	{ "64 bits: a semaphore of 32 is far behind",
	  "i w4294967299 i w4294967300", 4, 4, 4294967300, false,
	  .states = "uuuu", .proven = -1, .oldest = 0, .outstanding = 4 },
};

static void set_wait(struct amdvi_command *c, uint64_t addr, uint64_t number)
{
	*c = (struct amdvi_command){
		.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
		.store_addr = addr, .data = number,
	};
}

static uint32_t fill(struct ami_ring *ring, const char *words)
{
	char *copy = strdup(words), *word, *rest;
	uint32_t i = 0;

	for (word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest), i++) {
		struct amdvi_command *c = &ring->entry[i];

		ring->state[i] = AMI_ENTRY_UNPROVEN;
		switch (*word) {
		case 'w':
			set_wait(c, SEMAPHORE, strtoull(word + 1, NULL, 10));
			break;
		case 'x':
			set_wait(c, CRASHKERNEL << AMI_PAGE_SHIFT,
				 strtoull(word + 1, NULL, 10));
			break;
		case 'y':
			set_wait(c, 2 * SEMAPHORE, strtoull(word + 1, NULL, 10));
			break;
		case 'i':
			c->opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES;
			break;
		case 'g':
			c->opcode = 14;
			break;
		case 'p':
			c->opcode = AMDVI_CMD_PREFETCH_IOMMU_PAGES;
			break;
		case 'r':
			c->opcode = AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY;
			break;
		case '?':
			ring->state[i] = AMI_ENTRY_UNREAD;
			break;
		default:
			ring->state[i] = AMI_ENTRY_UNUSED;
			break;
		}
		amdvi_command_encode(c, 0, c->w);
		if (*word == 'r')
			c->w[3] |= 1;
	}
	free(copy);
	return i;
}

static const char letter[AMI_ENTRY_STATES] = "-dunor";

static void check_case(const struct ring_case *t)
{
	struct ami_findings found = { NULL };
	struct ami_state s = {
		.crashkernel = { { CRASHKERNEL, 16 } }, .findings = &found,
	};
	struct ami_iommu *iommu = calloc(1, sizeof(*iommu));
	struct ami_ring *ring = &iommu->ring;
	char states[64] = "";
	uint32_t i, n = fill(ring, t->words);

	ring->phys = RING;
	ring->located = true;
	ring->proven = -1;
	ring->tail = t->tail;
	ring->tail_known = !t->no_tail;
	ring->semaphore = t->semaphore;
	ring->semaphore_phys = SEMAPHORE;
	ring->semaphore_known = !t->no_semaphore;
	ring->last_issued = t->issued;
	ring->issued_known = ring->sync_known = true;
	ring->need_sync = t->need_sync;
	ring->lock_held = t->lock_held;
	ring->unordered = t->unordered;
	state_mark_foreign(&s, iommu);
	state_grade_ring(&s, iommu);
	if (t->stop)
		ami_ring_stopped(ring, t->stop - 1);
	for (i = 0; i < n; i++)
		states[i] = letter[ring->state[i]];
	if (strcmp(states, t->states))
		print_error("%s: %s, not %s\n", t->name, states, t->states);
	assert_string_equal(states, t->states);
	assert_int_equal(ring->proven, t->proven);
	assert_int_equal(ring->oldest, t->oldest);
	assert_int_equal(ring->outstanding, t->outstanding);
	assert_int_equal(ring->blind, t->blind);
	ami_findings_free(&found);
	free(iommu);
}

static void grades(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("# %s\n", cases[i].name);
		check_case(&cases[i]);
	}
}

/* A ring that went round many times: 512 entries, tail in the middle. */
static void full_ring(void **state)
{
	struct ami_findings found = { NULL };
	struct ami_state s = { .findings = &found };
	struct ami_iommu *iommu = calloc(1, sizeof(*iommu));
	struct ami_ring *ring = &iommu->ring;
	const uint32_t tail = 100;
	uint32_t n;

	(void)state;
	/* Newest wait has number 1000, each second entry is one. */
	for (n = 1; n <= AMI_RING_ENTRIES; n++) {
		uint32_t i = (tail + AMI_RING_ENTRIES - n) % AMI_RING_ENTRIES;

		ring->state[i] = AMI_ENTRY_UNPROVEN;
		ring->entry[i].opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES;
		if (n % 2)
			set_wait(&ring->entry[i], SEMAPHORE, 1000 - n / 2);
	}
	ring->proven = -1;
	ring->tail = tail;
	ring->tail_known = ring->semaphore_known = true;
	ring->issued_known = ring->sync_known = true;
	ring->semaphore_phys = SEMAPHORE;
	ring->last_issued = 1000;
	ring->semaphore = 1000 - 75;
	state_grade_ring(&s, iommu);
	assert_int_equal(ring->outstanding, 150);
	assert_int_equal(ring->oldest,
			 (tail + AMI_RING_ENTRIES - 150) % AMI_RING_ENTRIES);
	assert_int_equal(ring->count[AMI_ENTRY_UNPROVEN], 150);
	assert_int_equal(ring->count[AMI_ENTRY_DONE], AMI_RING_ENTRIES - 150);
	ami_findings_free(&found);
	free(iommu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grades),
		cmocka_unit_test(full_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
