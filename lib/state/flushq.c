// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flush queues. A lazy unmap clears the page-table entries at once and queues
 * the IOVAs. The IOTLB is flushed later, for all of them. Until then a device
 * may still reach the old pages, and nothing in memory says which pages those
 * were. Kernel: drivers/iommu/iova.c (5.10), drivers/iommu/dma-iommu.c (later).
 */
#include <stdio.h>

#include <kernel/page.h>

#include "flushq.h"
#include "needs.h"

#define COOKIE_DMA_IOVA_TYPED	1	/* iommu_domain.cookie_type */
#define COOKIE_NONE_TYPED	0
#define QUEUE_SINGLE	1	/* iommu_dma_options.qt */
/* One for a queue, four for an entry: 4096 domains on 1024 CPUs. */
#define MAX_WORK	(1u << 22)

/*
 * Does the domain unmap for the DMA API? A domain with a DMA-API cookie was
 * once a DMA domain, whatever its type says now. It may have unmapped lazily.
 */
static bool of_dma_api(struct ami_state *s, struct ami_domain *d,
		       struct flush_source *src)
{
	uint64_t domain = ami_addr(s->kernel, d->va, AMI_F_pdom_domain);
	uint64_t cookie = 0, type = !COOKIE_DMA_IOVA_TYPED, wanted = 0;

	if (d->kind == AMI_DOMAIN_DMA || d->kind == AMI_DOMAIN_DMA_FQ)
		return true;
	if (!ami_has(s->kernel, AMI_F_iommu_domain_cookie))
		return false;
	d->flushq.unread += !state_fetch(s, src->where, domain,
					 AMI_F_iommu_domain_cookie, &cookie);
	if (!cookie)
		return false;
	if (ami_has(s->kernel, AMI_F_iommu_domain_cookie_type)) {
		wanted = COOKIE_DMA_IOVA_TYPED;
		ami_get(s->kernel, domain, AMI_F_iommu_domain_cookie_type,
			&type);
	} else if (ami_get(s->kernel, cookie, AMI_F_cookie_type, &type) !=
		   AMI_MEM_OK) {
		return false;
	}
	/* One word holds both types. Without a cookie there was no type. */
	if (type != wanted && !(type == COOKIE_NONE_TYPED && wanted))
		return false;
	state_doubt_device(s, src,
			AMI_FACTS(AMI_SAYS(VALUE, d->type)),
			"It has the DMA API's cookie, but its type %#x is not a type of the DMA API.",
			d->type);
	return true;
}

/*
 * Each domain of the DMA API has a cookie. An unreadable cookie, or a wrong
 * one, counts as an unread queue, because it may have held something.
 */
static uint64_t dma_cookie(struct ami_state *s, struct ami_domain *d,
			   struct flush_source *src)
{
	uint64_t domain = ami_addr(s->kernel, d->va, AMI_F_pdom_domain);
	uint64_t cookie, typed = COOKIE_DMA_IOVA_TYPED, type = 0;

	if (!state_fetch(s, src->where, domain, AMI_F_iommu_domain_cookie, &cookie)) {
		d->flushq.unread++;
		return 0;
	}
	/* Up to 6.14 the cookie has its own type: 0 is the DMA API. */
	if ((ami_has(s->kernel, AMI_F_iommu_domain_cookie_type) &&
	     !state_fetch(s, src->where, domain, AMI_F_iommu_domain_cookie_type,
			  &typed)) ||
	    (cookie && ami_has(s->kernel, AMI_F_cookie_type) &&
	     !state_fetch(s, src->where, cookie, AMI_F_cookie_type, &type))) {
		d->flushq.unread++;
		return 0;
	}
	if (cookie && typed == COOKIE_DMA_IOVA_TYPED && !type)
		return cookie;
	typed = typed == COOKIE_DMA_IOVA_TYPED ? type : typed;
	state_doubt_device(s, src,
			AMI_FACTS(AMI_SAYS(ADDRESS, cookie),
				  AMI_SAYS(VALUE, typed)),
			"It belongs to the DMA API, but what it has at %#llx is not the DMA API's cookie (type %llu).",
			(unsigned long long)cookie, (unsigned long long)typed);
	return 0;
}

/* Up to 5.16 the queue belongs to the IOVA domain inside the cookie. */
static bool locate_in_iovad(struct ami_state *s, uint64_t iovad,
			    struct flush_source *src)
{
	return state_fetch(s, src->where, iovad, AMI_F_iovad_fq, &src->queue) &&
	       state_fetch(s, src->where, iovad, AMI_F_iovad_start_cnt,
			   &src->out->start_count) &&
	       state_fetch(s, src->where, iovad, AMI_F_iovad_finish_cnt,
			   &src->out->finish_count);
}

static bool locate_in_cookie(struct ami_state *s, uint64_t cookie,
			     struct flush_source *src)
{
	enum ami_field queue = AMI_F_cookie_fq;
	uint64_t type = 0;

	if (ami_has(s->kernel, AMI_F_cookie_qt) &&
	    !state_fetch(s, src->where, cookie, AMI_F_cookie_qt, &type))
		return false;
	src->single = type == QUEUE_SINGLE;
	if (!ami_has(s->kernel, queue))
		queue = src->single ? AMI_F_cookie_single_fq :
				      AMI_F_cookie_percpu_fq;
	return state_fetch(s, src->where, cookie, queue, &src->queue) &&
	       state_fetch(s, src->where, cookie, AMI_F_cookie_start_cnt,
			   &src->out->start_count) &&
	       state_fetch(s, src->where, cookie, AMI_F_cookie_finish_cnt,
			   &src->out->finish_count);
}

static int read_percpu(struct ami_state *s, struct flush_source *src)
{
	uint64_t offset;
	uint32_t cpu;

	state_find_cpus(s, src->cpus);
	src->out->unread += !src->cpus->certain;
	for (cpu = 0; cpu < src->cpus->count; cpu++) {
		if (!state_cpu_offset(s, cpu, &offset))
			src->out->unread++;
		else if (state_read_queue(s, src, src->queue + offset, cpu))
			return -1;
	}
	return 0;
}

/* Do the counts of all queues agree with the domain's? */
static void check_counts(struct ami_state *s, struct flush_source *src,
			 bool timer)
{
	const struct ami_flushq *q = src->out;

	if (q->finish_count > q->start_count)
		state_doubt_device(s, src,
				AMI_FACTS(AMI_SAYS(FINISHED, q->finish_count),
					  AMI_SAYS(BEGUN, q->start_count)),
				"It finished %llu flushes, but began only %llu.",
				(unsigned long long)q->finish_count,
				(unsigned long long)q->start_count);
	if (q->unread)
		return;
	/* Each flush was begun for at least one entry. */
	if (!src->round && src->past < q->start_count)
		state_doubt_device(s, src,
				AMI_FACTS(AMI_SAYS(BEGUN, q->start_count),
					  AMI_SAYS(COUNT, src->past)),
				"It began %llu flushes, but no more than %llu unmaps were ever queued.",
				(unsigned long long)q->start_count,
				(unsigned long long)src->past);
	if (timer && !q->count)
		state_doubt_device(s, src, NULL,
				"Its flush timer runs, but nothing is queued.");
}

/* Set in this order: granule, queue, fq_domain. */
static bool check_cookie(struct ami_state *s, const struct ami_domain *d,
			 struct flush_source *src, uint64_t used,
			 uint64_t granule)
{
	uint64_t self = ami_addr(s->kernel, d->va, AMI_F_pdom_domain);

	if (granule < AMI_PAGE_SIZE || granule > MAX_GRANULE ||
	    (granule & (granule - 1)))
		state_doubt_device(s, src,
				AMI_FACTS(AMI_SAYS(VALUE, granule)),
				"The granule of its IOVAs, %#llx, is not a page size.",
				(unsigned long long)granule);
	else
		src->iova_shift = __builtin_ctzll(granule);
	if (used && used != self)
		state_doubt_device(s, src,
				AMI_FACTS(AMI_SAYS(ADDRESS, used)),
				"Its flush queue says that it belongs to the domain at %#llx.",
				(unsigned long long)used);
	if (!used && (src->queue || d->kind == AMI_DOMAIN_DMA_FQ))
		state_doubt_device(s, src, NULL,
				"It uses no flush queue, but its type says that it unmaps lazily, or a flush queue exists.");
	if (used && !src->queue)
		src->out->unread++;
	return (used || d->kind == AMI_DOMAIN_DMA_FQ) && src->queue;
}

static int read_flushq(struct ami_state *s, struct ami_domain *d,
		       struct flush_source *src)
{
	uint64_t cookie = 0, iovad, used, granule = AMI_PAGE_SIZE, timer = 0;
	bool in_iovad = ami_has(s->kernel, AMI_F_iovad_fq);
	int ret;

	if (state_misses_member(s, NEED_FLUSHQ))
		d->flushq.unread++;
	else
		cookie = dma_cookie(s, d, src);
	if (!cookie)
		return 0;
	iovad = ami_addr(s->kernel, cookie, AMI_F_cookie_iovad);
	d->iovad = iovad;
	if (!state_fetch(s, src->where, cookie, AMI_F_cookie_fq_domain, &used)) {
		d->flushq.unread++;
		return 0;
	}
	d->flushq.active = used;
	if (!state_fetch(s, src->where, iovad, AMI_F_iovad_granule, &granule))
		d->flushq.unread++;
	/* Without one of them there is nothing to compare with. */
	if (!(in_iovad ? locate_in_iovad(s, iovad, src) :
	      locate_in_cookie(s, cookie, src))) {
		d->flushq.unread++;
		return 0;
	}
	if (!check_cookie(s, d, src, used, granule))
		return 0;
	ret = src->single ? state_read_queue(s, src, src->queue, 0) :
	      read_percpu(s, src);
	state_fetch(s, src->where, in_iovad ? iovad : cookie, in_iovad ?
		    AMI_F_iovad_fq_timer_on : AMI_F_cookie_fq_timer_on, &timer);
	check_counts(s, src, timer);
	return ret;
}

int state_read_flushqs(struct ami_state *s, struct cpus *cpus)
{
	uint32_t left = MAX_WORK;
	char where[DOMAIN_TEXT];
	size_t i;

	for (i = 0; i < s->nr_domains; i++) {
		struct ami_domain *d = &s->domains[i];
		struct flush_source src = {
			.out = &d->flushq, .iova_shift = AMI_PAGE_SHIFT,
			.where = where, .cpus = cpus, .left = &left,
		};

		state_name_domain(d, where);
		if (d->overwritten ||
		    (d->kind == AMI_DOMAIN_UNKNOWN && !d->readable)) {
			d->flushq.unread++;
		} else if (of_dma_api(s, d, &src)) {
			if (read_flushq(s, d, &src))
				return -1;
		} else if (d->kind == AMI_DOMAIN_UNKNOWN) {
			/* A type that no kernel has says nothing. */
			d->flushq.unread++;
		}
		if (d->flushq.unread)
			ami_finding_add_with(s->findings,
					AMI_FIND_FLUSH_QUEUE_UNREAD, where,
					AMI_FACTS(
						AMI_SAYS(COUNT,
							 d->flushq.unread)),
					"%u of its flush queues, entries or counts cannot be read or contradict each other. If it unmaps lazily, it is unknown which translations are stale.",
					d->flushq.unread);
	}
	return 0;
}
