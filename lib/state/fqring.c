// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One flush queue: a ring of IOVA ranges. Zeros over it would look as if
 * nothing were queued. So everything the kernel guarantees is checked: entries
 * are used in order and never cleared, and their counters only grow.
 */
#include <stdarg.h>
#include <stdio.h>

#include <kernel/page.h>

#include "flushq.h"

#define MAX_FQ_ENTRIES	32768u
#define ENTRY_WORK	4u
#define DEFAULT_FQ_SIZE	256u	/* IOVA_FQ_SIZE, where there is no mod_mask */
#define MAX_TABLES	65536u
#define LIST_HEAD_SIZE	16u

struct queue {
	uint64_t va;
	uint32_t cpu;
	uint64_t size, head, tail;
	uint64_t entry_size;
	uint64_t counter;	/* of the last entry read */
};

void state_doubt_device(struct ami_state *s, struct flush_source *src,
			const struct ami_fact *facts, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	src->out->unread++;
	ami_finding_add_with(s->findings, AMI_FIND_FLUSH_QUEUE_CONTRADICTION,
			     src->where, facts, "%s", text);
}

/* Queues that all lead to the same memory must not cost their product. */
static bool take_budget(struct flush_source *src, uint32_t work)
{
	if (*src->left < work) {
		*src->left = 0;
		src->out->unread++;
		return false;
	}
	*src->left -= work;
	return true;
}

static uint64_t entry_at(const struct ami_state *s, const struct queue *q,
			 uint64_t index)
{
	return ami_addr(s->kernel, q->va, AMI_F_fq_entries) +
	       index * q->entry_size;
}

static bool has_list(const struct ami_state *s)
{
	const struct ami_member *m = &ami_kernel_layout(s->kernel)
				      ->field[AMI_F_fq_entry_freelist];

	return m->present && m->size == LIST_HEAD_SIZE;
}

/*
 * Page-table pages that this unmap removed: a list through struct ioptdesc
 * (from 6.16 on) or struct page (before), which are the same memory. Up to 5.16
 * the member had another type, and is empty with AMD.
 */
static int read_tables(struct ami_state *s, struct flush_source *src,
		       uint64_t entry, uint64_t size)
{
	enum ami_field node_field = ami_has(s->kernel, AMI_F_ioptdesc_node) ?
				    AMI_F_ioptdesc_node : AMI_F_page_lru;
	struct ami_flushq *q = src->out;
	struct ami_list_iter it;
	uint64_t node, pfn;

	if (!has_list(s) || !ami_has(s->kernel, node_field))
		return 0;
	ami_list_start(&it, s->kernel,
		       ami_addr(s->kernel, entry, AMI_F_fq_entry_freelist),
		       MAX_TABLES);
	while (ami_list_next(&it, &node) && take_budget(src, 1)) {
		if (!ami_page_to_pfn(s->kernel, ami_container(s->kernel, node,
							      node_field),
				     &pfn)) {
			it.broken = true;
			break;
		}
		if (vec_push(q->tables, q->nr_tables, SIZE_MAX,
			     (struct ami_freed_table){ pfn << AMI_PAGE_SHIFT,
						       size }))
			return -1;
	}
	q->unread += it.broken || it.mem != AMI_MEM_OK;
	return 0;
}

/*
 * Can the kernel have made this entry? The newest one may be half written: the
 * tail moves on before the entry is filled.
 */
static bool plausible(struct ami_state *s, struct flush_source *src,
		      const struct queue *q, uint64_t index,
		      const struct ami_lazy *e)
{
	uint64_t max = UINT64_MAX >> src->iova_shift;
	bool range = e->iova < max && e->size <= max - e->iova && e->size;
	bool in_order = e->counter >= q->counter &&
			e->counter <= src->out->start_count;

	if (range && in_order)
		return true;
	if (((index + 1) & (q->size - 1)) == q->tail)
		state_doubt_device(s, src,
				AMI_FACTS(AMI_SAYS(CPU, q->cpu)),
				"The newest entry of its flush queue on CPU %u may be half written.",
				q->cpu);
	else if (!range)
		ami_finding_add_with(s->findings, AMI_FIND_FLUSH_QUEUE_DAMAGED,
				src->where,
				AMI_FACTS(AMI_SAYS(PAGES, e->size),
					  AMI_SAYS(IOVA_PAGE, e->iova)),
				"A queued unmap of %#llx pages at IOVA page %#llx is not an IOVA range.",
				(unsigned long long)e->size,
				(unsigned long long)e->iova);
	else
		ami_finding_add_with(s->findings, AMI_FIND_FLUSH_QUEUE_DAMAGED,
				src->where,
				AMI_FACTS(
					AMI_SAYS(FLUSH, e->counter),
					AMI_SAYS(FLUSH_BEFORE, q->counter),
					AMI_SAYS(BEGUN, src->out->start_count)),
				"A queued unmap waits for flush %llu, but the one before it waits for flush %llu, and %llu flushes were begun.",
				(unsigned long long)e->counter,
				(unsigned long long)q->counter,
				(unsigned long long)src->out->start_count);
	return range;
}

/* If only its counter is impossible, its flush is not proven. */
static int read_entry(struct ami_state *s, struct flush_source *src,
		      struct queue *q, uint64_t index)
{
	uint64_t va = entry_at(s, q, index);
	struct ami_flushq *out = src->out;
	struct ami_lazy e = { .cpu = q->cpu };
	bool in_order;

	if (!state_fetch(s, src->where, va, AMI_F_fq_entry_iova_pfn, &e.iova) ||
	    !state_fetch(s, src->where, va, AMI_F_fq_entry_pages, &e.size) ||
	    !state_fetch(s, src->where, va, AMI_F_fq_entry_counter, &e.counter)) {
		out->unread++;
		return 0;
	}
	if (!plausible(s, src, q, index, &e))
		return 0;
	in_order = e.counter >= q->counter && e.counter <= out->start_count;
	if (in_order)
		q->counter = e.counter;
	e.iova <<= src->iova_shift;
	e.size <<= src->iova_shift;
	e.flushed = in_order && e.counter < out->finish_count;
	if (vec_push(out->list, out->count, SIZE_MAX, e))
		return -1;
	if (e.flushed)
		return 0;
	out->pending++;
	return read_tables(s, src, va, e.size);
}

/* Was it ever used? Also false if it is unreadable; then @known is false. */
static bool used(struct ami_state *s, const struct queue *q, uint64_t index,
		 bool *known, bool *listed)
{
	uint64_t va = entry_at(s, q, index), pages = 0, next = 1;

	if (ami_get(s->kernel, va, AMI_F_fq_entry_pages, &pages) != AMI_MEM_OK)
		*known = false;
	else if (has_list(s) &&
		 ami_read_u64(s->kernel, ami_addr(s->kernel, va,
						  AMI_F_fq_entry_freelist),
			      &next) == AMI_MEM_OK && !next)
		*listed = false;
	return pages;
}

/*
 * Until the queue goes round, the entries before the tail have been used. After
 * that, all have. If entries have a list, its head is never zero.
 */
static void check_past(struct ami_state *s, struct flush_source *src,
		       struct queue *q)
{
	bool known = true, listed = true;
	bool round = used(s, q, q->size - 1, &known, &listed);
	bool first = used(s, q, 0, &known, &listed);
	bool at_tail = used(s, q, q->tail, &known, &listed);
	bool before = used(s, q, (q->tail - 1) & (q->size - 1), &known,
			   &listed);
	bool fits = round ? first && before && at_tail :
		    first == (q->tail > 0) && before == first && !at_tail &&
		    q->head <= q->tail;

	src->round |= round || !known;
	src->past += q->tail;
	if (known && !(fits && listed))
		state_doubt_device(s, src,
				AMI_FACTS(AMI_SAYS(CPU, q->cpu),
					  AMI_SAYS(HEAD, q->head),
					  AMI_SAYS(TAIL, q->tail)),
				"Its flush queue on CPU %u has head %llu and tail %llu, but its entries do not agree with that: one of them was overwritten.",
				q->cpu, (unsigned long long)q->head,
				(unsigned long long)q->tail);
	if (round || q->head)
		ami_get(s->kernel, entry_at(s, q, (q->head - 1) &
						  (q->size - 1)),
			AMI_F_fq_entry_counter, &q->counter);
}

static bool read_header(struct ami_state *s, struct flush_source *src,
			struct queue *q)
{
	uint64_t mask;

	if (!state_fetch(s, src->where, q->va, AMI_F_fq_head, &q->head) ||
	    !state_fetch(s, src->where, q->va, AMI_F_fq_tail, &q->tail)) {
		src->out->unread++;
		return false;
	}
	if (ami_has(s->kernel, AMI_F_fq_mod_mask)) {
		if (!state_fetch(s, src->where, q->va, AMI_F_fq_mod_mask, &mask)) {
			src->out->unread++;
			return false;
		}
		q->size = mask + 1;
	}
	if (q->entry_size && q->size > 1 && q->size <= MAX_FQ_ENTRIES &&
	    !(q->size & (q->size - 1)) && q->head < q->size &&
	    q->tail < q->size)
		return true;
	ami_finding_add_with(s->findings, AMI_FIND_FLUSH_QUEUE_DAMAGED,
			src->where,
			AMI_FACTS(AMI_SAYS(CPU, q->cpu),
				  AMI_SAYS(HEAD, q->head),
				  AMI_SAYS(TAIL, q->tail),
				  AMI_SAYS(SIZE, q->size)),
			"Its flush queue on CPU %u has head %llu and tail %llu in %llu entries.",
			q->cpu, (unsigned long long)q->head,
			(unsigned long long)q->tail, (unsigned long long)q->size);
	src->out->unread++;
	return false;
}

int state_read_queue(struct ami_state *s, struct flush_source *src, uint64_t va,
		     uint32_t cpu)
{
	struct queue q = {
		.va = va, .cpu = cpu, .size = DEFAULT_FQ_SIZE,
		.entry_size = ami_type_size(s->kernel, AMI_T_iova_fq_entry),
	};
	uint64_t i;

	if (!take_budget(src, 1) || !read_header(s, src, &q))
		return 0;
	check_past(s, src, &q);
	for (i = q.head; i != q.tail && take_budget(src, ENTRY_WORK);
	     i = (i + 1) & (q.size - 1))
		if (read_entry(s, src, &q, i))
			return -1;
	return 0;
}
