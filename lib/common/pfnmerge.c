// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames in any order, and many sets of short runs, become one set. Window by
 * window they are bits in a bitmap, and runs are read off it. To compare sets
 * with each other would cost a mispredicted branch for each run.
 */
#include <stdlib.h>

#include "pfncode.h"

#define WINDOW_SHIFT	18u
#define WINDOW		(1u << WINDOW_SHIFT)
#define WORDS		(WINDOW / 64)

/**
 * struct window - of page frames from @first on
 * @touched: a bit for each word that is not zero
 * @run: what was read off and may go on in the next window
 */
struct window {
	uint64_t first;
	uint64_t word[WORDS], touched[WORDS / 64];
	struct pfn_run run;
	struct pfn_writer out;
};

static inline void set_bit(struct window *w, uint32_t at)
{
	w->word[at / 64] |= 1ull << at % 64;
	w->touched[at / 4096] |= 1ull << (at / 64 % 64);
}

static void set_bits(struct window *w, uint64_t from, uint64_t end)
{
	uint64_t at = from - w->first, to = end - w->first;

	while (at < to) {
		uint64_t n = 64 - at % 64;

		if (n > to - at)
			n = to - at;
		w->word[at / 64] |= UINT64_MAX >> (64 - n) << at % 64;
		w->touched[at / 4096] |= 1ull << (at / 64 % 64);
		at += n;
	}
}

static inline void put_run(struct window *w, uint64_t first, uint64_t end)
{
	if (first != w->run.end) {
		if (w->run.end)
			pfn_write(&w->out, w->run.first, w->run.end);
		w->run.first = first;
	}
	w->run.end = end;
}

static void read_word(struct window *w, uint64_t first, uint64_t word)
{
	unsigned int from, n;

	while (word) {
		from = __builtin_ctzll(word);
		n = ~(word >> from) ? __builtin_ctzll(~(word >> from)) : 64;
		put_run(w, first + from, first + from + n);
		word = from + n < 64 ? word >> (from + n) << (from + n) : 0;
	}
}

static void read_off(struct window *w)
{
	uint64_t left;
	uint32_t t, i;

	for (t = 0; t < WORDS / 64; t++) {
		for (left = w->touched[t]; left; left &= left - 1) {
			i = 64 * t + __builtin_ctzll(left);
			read_word(w, w->first + 64 * i, w->word[i]);
			w->word[i] = 0;
		}
		w->touched[t] = 0;
	}
}

static void finish_window(struct window *w)
{
	if (w->run.end)
		pfn_write(&w->out, w->run.first, w->run.end);
	pfn_finish(&w->out);
}

/* --- frames in no order -------------------------------------------------------- */

static void add_by_window(struct window *w, uint64_t chunk,
			  const uint32_t *low, const uint32_t *end,
			  uint32_t windows)
{
	uint32_t i, from = 0;

	for (i = 0; i < windows; from = end[i++]) {
		w->first = chunk + ((uint64_t)i << WINDOW_SHIFT);
		for (; from < end[i]; from++)
			set_bit(w, low[from] & (WINDOW - 1));
		read_off(w);
	}
	finish_window(w);
}

bool pfn_sort_in(struct ami_pfnset *to, uint64_t chunk, const uint32_t *low,
		 size_t n)
{
	uint32_t highest = 0, windows, *sorted, *end, sum = 0;
	struct window *w;
	size_t i;

	for (i = 0; i < n; i++)
		highest = low[i] > highest ? low[i] : highest;
	windows = (highest >> WINDOW_SHIFT) + 1;
	if (n < 64ull * windows)
		return false;
	w = calloc(1, sizeof(*w));
	sorted = malloc(n * sizeof(*sorted));
	end = calloc(windows, sizeof(*end));
	if (w && sorted && end) {
		for (i = 0; i < n; i++)
			end[low[i] >> WINDOW_SHIFT]++;
		for (i = 0; i < windows; i++) {
			sum += end[i];
			end[i] = sum - end[i];
		}
		for (i = 0; i < n; i++)
			sorted[end[low[i] >> WINDOW_SHIFT]++] = low[i];
		w->out.set = to;
		add_by_window(w, chunk, sorted, end, windows);
	}
	free(sorted);
	free(end);
	free(w);
	return w && sorted && end;
}

/* --- many sets ------------------------------------------------------------------ */

/**
 * struct merger - of @n sets
 * @head: the run of each that is next, first = UINT64_MAX at the end
 */
struct merger {
	struct pfn_reader *reader;
	struct pfn_run *head;
	size_t n;
	struct window w;
};

static void advance(struct merger *m, size_t i)
{
	if (!pfn_next(&m->reader[i], &m->head[i]))
		m->head[i].first = m->head[i].end = UINT64_MAX;
}

static void fill(struct merger *m, size_t i)
{
	struct pfn_run *head = &m->head[i];
	uint64_t end = m->w.first + WINDOW;

	while (head->end <= end) {
		set_bits(&m->w, head->first, head->end);
		advance(m, i);
	}
	if (head->first < end) {
		set_bits(&m->w, head->first, end);
		head->first = end;
	}
}

static bool next_window(struct merger *m)
{
	uint64_t first = UINT64_MAX;
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->head[i].first < first)
			first = m->head[i].first;
	m->w.first = first / WINDOW * WINDOW;
	return first != UINT64_MAX;
}

static bool merge_windows(struct merger *m, struct ami_pfnset *to)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		advance(m, i);
	m->w.out.set = to;
	while (next_window(m)) {
		for (i = 0; i < m->n; i++)
			fill(m, i);
		read_off(&m->w);
	}
	finish_window(&m->w);
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
		ok = merge_windows(m, to);
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
