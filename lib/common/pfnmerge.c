// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many sets of short runs become one: window by window they are bits, and the
 * runs of those are read off. Comparing the heads of so many lists would cost
 * a branch that cannot be foreseen for each run and list.
 */
#include <stdlib.h>

#include "pfncode.h"

#define WINDOW		(1u << 18)
#define WORDS		(WINDOW / 64)

/**
 * struct merger - of @n sets
 * @head: the run of each that is next, first = UINT64_MAX at the end
 * @run: what was read off the window and may go on in the next one
 * @touched: a bit for each word that is not zero
 */
struct merger {
	struct pfn_reader *reader;
	struct pfn_run *head;
	size_t n;
	struct pfn_run run;
	struct pfn_writer out;
	uint64_t first;
	uint64_t word[WORDS], touched[WORDS / 64];
};

static void advance(struct merger *m, size_t i)
{
	if (!pfn_next(&m->reader[i], &m->head[i]))
		m->head[i].first = m->head[i].end = UINT64_MAX;
}

static void set_bits(struct merger *m, uint64_t from, uint64_t end)
{
	uint64_t at = from - m->first, to = end - m->first;

	while (at < to) {
		uint64_t n = 64 - at % 64;

		if (n > to - at)
			n = to - at;
		m->word[at / 64] |= UINT64_MAX >> (64 - n) << at % 64;
		m->touched[at / 4096] |= 1ull << (at / 64 % 64);
		at += n;
	}
}

static void fill(struct merger *m, size_t i)
{
	struct pfn_run *head = &m->head[i];
	uint64_t end = m->first + WINDOW;

	while (head->end <= end) {
		set_bits(m, head->first, head->end);
		advance(m, i);
	}
	if (head->first < end) {
		set_bits(m, head->first, end);
		head->first = end;
	}
}

static void put_run(struct merger *m, uint64_t first, uint64_t end)
{
	if (first != m->run.end) {
		if (m->run.end)
			pfn_write(&m->out, m->run.first, m->run.end);
		m->run.first = first;
	}
	m->run.end = end;
}

static void read_off(struct merger *m)
{
	uint32_t t, i, from, n;
	uint64_t word, left, first;

	for (t = 0; t < WORDS / 64; t++) {
		for (left = m->touched[t]; left; left &= left - 1) {
			i = 64 * t + __builtin_ctzll(left);
			first = m->first + 64 * i;
			word = m->word[i];
			m->word[i] = 0;
			while (word) {
				from = __builtin_ctzll(word);
				n = ~(word >> from) ?
				    __builtin_ctzll(~(word >> from)) : 64;
				put_run(m, first + from, first + from + n);
				word = from + n < 64 ?
				       word >> (from + n) << (from + n) : 0;
			}
		}
		m->touched[t] = 0;
	}
}

static bool next_window(struct merger *m)
{
	uint64_t first = UINT64_MAX;
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->head[i].first < first)
			first = m->head[i].first;
	m->first = first / WINDOW * WINDOW;
	return first != UINT64_MAX;
}

static bool merge(struct merger *m, struct ami_pfnset *to)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		advance(m, i);
	m->out.set = to;
	while (next_window(m)) {
		for (i = 0; i < m->n; i++)
			fill(m, i);
		read_off(m);
	}
	if (m->run.end)
		pfn_write(&m->out, m->run.first, m->run.end);
	pfn_finish(&m->out);
	return !to->failed;
}

bool pfn_merge(struct ami_pfnset *to, struct ami_pfnset *const *set, size_t n)
{
	struct merger *m = calloc(1, sizeof(*m));
	bool ok = false;
	size_t i;

	if (m) {
		m->reader = calloc(n, sizeof(*m->reader));
		m->head = calloc(n, sizeof(*m->head));
		m->n = n;
	}
	if (m && m->reader && m->head) {
		for (i = 0; i < n; i++) {
			m->reader[i] = pfn_read(set[i]);
			m->reader[i].release = true;
			to->failed |= set[i]->failed;
		}
		ok = merge(m, to);
		for (i = 0; i < n; i++)
			pfn_clear(set[i]);
	}
	if (m) {
		free(m->reader);
		free(m->head);
	}
	free(m);
	return ok;
}
