/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the files that read flush queues. */
#ifndef AMI_STATE_FLUSHQ_H
#define AMI_STATE_FLUSHQ_H

#include "state.h"

#define MAX_GRANULE	(1ull << 30)	/* of IOVAs */

/**
 * struct cpus - CPUs that may have per-CPU memory: numbers 0 to @count - 1
 * @certain: the kernel's variables agree on it
 */
struct cpus {
	bool asked, certain;
	uint32_t count;
};

/**
 * struct flush_source - where the queues of a domain are, and what they show
 * @queue: pointer to the queue; per CPU unless @single
 * @left: work that may still be done for all domains together
 * @past: entries that were used at some time, as the queues show
 * @round: a queue went round, so there were more
 */
struct flush_source {
	uint64_t queue;
	bool single;
	unsigned int iova_shift;
	struct ami_flushq *out;
	const char *where;
	struct cpus *cpus;
	uint32_t *left;
	uint64_t past;
	bool round;
};

/**
 * state_doubt_device() - report that a flush queue contradicts itself
 *
 * The queue then counts as unread: what it held is unknown.
 */
void state_doubt_device(struct ami_state *s, struct flush_source *src,
			const struct ami_fact *facts, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** state_read_queue() - read the queue at @va, of one CPU; -1: no memory */
int state_read_queue(struct ami_state *s, struct flush_source *src, uint64_t va,
		     uint32_t cpu);

/** state_cpu_offset() - offset of the CPU's per-CPU memory; false: unknown */
bool state_cpu_offset(struct ami_state *s, uint32_t cpu, uint64_t *offset);

/** state_find_cpus() - fill @cpus, once; a finding if it is not certain */
void state_find_cpus(struct ami_state *s, struct cpus *cpus);

#endif
