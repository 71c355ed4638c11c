// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flush queues. A lazy unmap clears the page-table entries at once and queues
 * the IOVAs; the IOTLB is flushed for all of them later. Until then a device
 * may still reach the old pages, and nothing in memory says which those were.
 * Kernel: drivers/iommu/iova.c (5.10), drivers/iommu/dma-iommu.c (later).
 */
#include <stdio.h>
#include <stdlib.h>

#include <amdiommu/page.h>

#include "state.h"

#define MAX_CPUS	8192u
#define MAX_FQ_ENTRIES	32768u
#define DEFAULT_FQ_SIZE	256u	/* IOVA_FQ_SIZE, where there is no mod_mask */
#define COOKIE_DMA_IOVA_TYPED	1	/* iommu_domain.cookie_type */
#define MAX_TABLES	65536u
#define LIST_HEAD_SIZE	16u
#define QUEUE_SINGLE	1	/* iommu_dma_options.qt */

struct source {
	uint64_t queue;		/* pointer, per CPU unless @single */
	bool single;
	unsigned int iova_shift;
	struct ami_flushq *out;
	const char *where;
};

/*
 * The cookie of a domain that the DMA API uses, 0 for others. What cannot be
 * read counts as an unread queue: it may well have held something.
 */
static uint64_t dma_cookie(struct ami_state *s, struct ami_domain *d,
			   const char *where)
{
	uint64_t domain = ami_addr(s->kernel, d->va, AMI_F_pdom_domain);
	uint64_t cookie, type;

	if (d->kind != AMI_DOMAIN_DMA && d->kind != AMI_DOMAIN_DMA_FQ)
		return 0;
	if (fetch(s, where, domain, AMI_F_iommu_domain_cookie_type, &type) &&
	    type != COOKIE_DMA_IOVA_TYPED)
		return 0;
	if (!fetch(s, where, domain, AMI_F_iommu_domain_cookie, &cookie)) {
		d->flushq.unread += ami_has(s->kernel,
					    AMI_F_iommu_domain_cookie);
		return 0;
	}
	if (!cookie)
		return 0;
	/* Up to 6.12 the cookie itself says what it is: 0 for the DMA API. */
	if (fetch(s, where, cookie, AMI_F_cookie_type, &type) && type)
		return 0;
	return cookie;
}

/* Up to 5.16 the queue belongs to the IOVA domain inside the cookie. */
static void locate_in_iovad(struct ami_state *s, uint64_t iovad,
			    struct source *src)
{
	fetch(s, src->where, iovad, AMI_F_iovad_fq, &src->queue);
	fetch(s, src->where, iovad, AMI_F_iovad_start_cnt,
	      &src->out->start_count);
	fetch(s, src->where, iovad, AMI_F_iovad_finish_cnt,
	      &src->out->finish_count);
}

static void locate_in_cookie(struct ami_state *s, uint64_t cookie,
			     struct source *src)
{
	uint64_t type = 0;

	fetch(s, src->where, cookie, AMI_F_cookie_qt, &type);
	src->single = type == QUEUE_SINGLE;
	if (!fetch(s, src->where, cookie, AMI_F_cookie_fq, &src->queue))
		fetch(s, src->where, cookie, src->single ?
		      AMI_F_cookie_single_fq : AMI_F_cookie_percpu_fq,
		      &src->queue);
	fetch(s, src->where, cookie, AMI_F_cookie_start_cnt,
	      &src->out->start_count);
	fetch(s, src->where, cookie, AMI_F_cookie_finish_cnt,
	      &src->out->finish_count);
}

/*
 * Page-table pages removed by this unmap: on a list through struct ioptdesc
 * (from 6.16 on) or struct page (before), which are the same memory. Up to 5.17
 * the member was another type, and empty with AMD.
 */
static int read_tables(struct ami_state *s, struct source *src, uint64_t entry,
		       uint64_t size)
{
	const struct ami_member *m = &ami_kernel_layout(s->kernel)
				      ->field[AMI_F_fq_entry_freelist];
	enum ami_field node_field = ami_has(s->kernel, AMI_F_ioptdesc_node) ?
				    AMI_F_ioptdesc_node : AMI_F_page_lru;
	struct ami_flushq *q = src->out;
	struct ami_list_iter it;
	uint64_t node, pfn;

	if (!m->present || m->size != LIST_HEAD_SIZE ||
	    !ami_has(s->kernel, node_field))
		return 0;
	ami_list_start(&it, s->kernel, entry + m->offset, MAX_TABLES);
	while (ami_list_next(&it, &node)) {
		if (!ami_page_to_pfn(s->kernel, ami_container(s->kernel, node,
							      node_field),
				     &pfn)) {
			it.broken = true;
			break;
		}
		if (!grow((void **)&q->tables, q->nr_tables,
			  sizeof(*q->tables), 16 * MAX_TABLES))
			return -1;
		q->tables[q->nr_tables++] = (struct ami_freed_table){
			pfn << AMI_PAGE_SHIFT, size,
		};
	}
	q->unread += it.broken || it.mem != AMI_MEM_OK;
	return 0;
}

static int read_entry(struct ami_state *s, struct source *src, uint64_t va,
		      uint32_t cpu)
{
	struct ami_flushq *q = src->out;
	uint64_t pfn, pages, counter;
	struct ami_lazy *lazy;

	if (!fetch(s, src->where, va, AMI_F_fq_entry_iova_pfn, &pfn) ||
	    !fetch(s, src->where, va, AMI_F_fq_entry_pages, &pages) ||
	    !fetch(s, src->where, va, AMI_F_fq_entry_counter, &counter)) {
		q->unread++;
		return 0;
	}
	if (pfn >= UINT64_MAX >> src->iova_shift ||
	    pages > (UINT64_MAX >> src->iova_shift) - pfn || !pages) {
		ami_find(&s->findings, AMI_ERROR, "flush-queue-damaged",
			 src->where, "A queued unmap of %#llx pages at IOVA page %#llx is no IOVA range.",
			 (unsigned long long)pages, (unsigned long long)pfn);
		return 0;
	}
	if (!grow((void **)&q->list, q->count, sizeof(*lazy),
		  16 * MAX_FQ_ENTRIES))
		return -1;
	lazy = &q->list[q->count++];
	*lazy = (struct ami_lazy){
		pfn << src->iova_shift, pages << src->iova_shift, counter, cpu,
		counter < q->finish_count,
	};
	if (lazy->flushed)
		return 0;
	q->pending++;
	return read_tables(s, src, va, lazy->size);
}

static int read_queue(struct ami_state *s, struct source *src, uint64_t va,
		      uint32_t cpu)
{
	uint64_t entry = ami_type_size(s->kernel, AMI_T_iova_fq_entry);
	uint64_t size = DEFAULT_FQ_SIZE, head, tail, mask;

	if (!fetch(s, src->where, va, AMI_F_fq_head, &head) ||
	    !fetch(s, src->where, va, AMI_F_fq_tail, &tail)) {
		src->out->unread++;
		return 0;
	}
	if (fetch(s, src->where, va, AMI_F_fq_mod_mask, &mask))
		size = mask + 1;
	if (!entry || size > MAX_FQ_ENTRIES || (size & (size - 1)) ||
	    head >= size || tail >= size) {
		ami_find(&s->findings, AMI_ERROR, "flush-queue-damaged",
			 src->where, "Its flush queue on CPU %u has head %llu and tail %llu in %llu entries.",
			 cpu, (unsigned long long)head,
			 (unsigned long long)tail, (unsigned long long)size);
		src->out->unread++;
		return 0;
	}
	for (; head != tail; head = (head + 1) & (size - 1))
		if (read_entry(s, src, ami_addr(s->kernel, va,
						AMI_F_fq_entries) +
			       head * entry, cpu))
			return -1;
	return 0;
}

static bool cpu_possible(struct ami_state *s, uint32_t cpu)
{
	uint64_t mask = ami_symbol(s->kernel, AMI_Y___cpu_possible_mask);
	uint64_t word;

	return !mask || ami_read_u64(s->kernel, mask + cpu / 64 * 8, &word) !=
	       AMI_MEM_OK || (word >> (cpu % 64) & 1);
}

static int read_percpu(struct ami_state *s, struct source *src)
{
	uint64_t offsets = ami_symbol(s->kernel, AMI_Y___per_cpu_offset);
	uint64_t cpus = 1, offset;
	uint32_t cpu;

	fetch_symbol(s, AMI_Y_nr_cpu_ids, 4, &cpus);
	if (cpus > MAX_CPUS)
		cpus = MAX_CPUS;
	for (cpu = 0; cpu < cpus; cpu++) {
		if (!cpu_possible(s, cpu))
			continue;
		if (!offsets || ami_read_u64(s->kernel, offsets + 8ull * cpu,
					     &offset) != AMI_MEM_OK)
			src->out->unread++;
		else if (read_queue(s, src, src->queue + offset, cpu))
			return -1;
	}
	return 0;
}

static int read_flushq(struct ami_state *s, struct ami_domain *d)
{
	struct source src = { .out = &d->flushq, .iova_shift = 12 };
	uint64_t cookie, iovad, used = 0, granule;
	char where[32];

	snprintf(where, sizeof(where), "domain %u", d->id);
	src.where = where;
	cookie = dma_cookie(s, d, where);
	if (!cookie)
		return 0;
	if (!fetch(s, where, cookie, AMI_F_cookie_fq_domain, &used))
		d->flushq.unread += ami_has(s->kernel, AMI_F_cookie_fq_domain);
	if (!used)
		return 0;
	d->flushq.active = true;
	iovad = ami_addr(s->kernel, cookie, AMI_F_cookie_iovad);
	if (fetch(s, where, iovad, AMI_F_iovad_granule, &granule) && granule)
		src.iova_shift = __builtin_ctzll(granule);
	if (ami_has(s->kernel, AMI_F_iovad_fq))
		locate_in_iovad(s, iovad, &src);
	else
		locate_in_cookie(s, cookie, &src);
	if (!src.queue) {
		d->flushq.unread++;
		return 0;
	}
	return src.single ? read_queue(s, &src, src.queue, 0) :
	       read_percpu(s, &src);
}

int read_flushqs(struct ami_state *s)
{
	char where[32];
	size_t i;

	for (i = 0; i < s->nr_domains; i++) {
		struct ami_domain *d = &s->domains[i];

		if (!d->readable)
			continue;
		if (read_flushq(s, d))
			return -1;
		snprintf(where, sizeof(where), "domain %u", d->id);
		if (d->flushq.unread)
			ami_find(&s->findings, AMI_WARNING,
				 "flush-queue-unread", where,
				 "It unmaps lazily, but %u of its flush queues or entries cannot be read: which translations are stale is unknown.",
				 d->flushq.unread);
	}
	return 0;
}
