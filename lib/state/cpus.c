// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which CPUs have per-CPU memory. On x86 the possible CPUs have the numbers 0
 * to nr_cpu_ids - 1, without gaps: arch/x86/kernel/smpboot.c,
 * prefill_possible_map(), from 6.9 on cpu/topology.c. So number and mask check
 * each other. A CPU that damage removes from one of them shows.
 */
#include "flushq.h"

#define MAX_CPUS	8192u	/* NR_CPUS with MAXSMP */
#define WORD_BITS	64u

/*
 * How many bits from 0 on are set. @only: no other bit of the last word is set.
 */
static bool leading_ones(struct ami_state *s, uint32_t *count, bool *only)
{
	uint64_t mask = ami_symbol(s->kernel, AMI_SYM___cpu_possible_mask);
	uint64_t word = UINT64_MAX;
	enum ami_mem mem;

	for (*count = 0; *count < MAX_CPUS && word == UINT64_MAX;) {
		if (!mask)
			return false;
		mem = ami_read_u64(s->kernel, mask + *count / 8, &word);
		if (mem != AMI_MEM_OK) {
			ami_finding_add_with(s->findings,
					AMI_FIND_SYMBOL_UNREAD,
					"__cpu_possible_mask",
					AMI_FACTS(
						AMI_SAYS(ADDRESS, mask),
						AMI_NAMES(READ,
							  ami_mem_text(mem))),
					"The variable at %#llx is %s.",
					(unsigned long long)mask,
					ami_mem_text(mem));
			return false;
		}
		*count += word == UINT64_MAX ? WORD_BITS :
			  (unsigned int)__builtin_ctzll(~word);
	}
	*only = word == UINT64_MAX || !(word & (word + 1));
	return true;
}

bool state_cpu_offset(struct ami_state *s, uint32_t cpu, uint64_t *offset)
{
	uint64_t offsets = ami_symbol(s->kernel, AMI_SYM___per_cpu_offset);

	return offsets && ami_read_u64(s->kernel, offsets + 8ull * cpu,
				       offset) == AMI_MEM_OK;
}

void state_find_cpus(struct ami_state *s, struct cpus *cpus)
{
	bool number_known, mask_known, only = false;
	uint64_t number = 0;

	if (cpus->asked)
		return;
	cpus->asked = true;
	number_known = state_fetch_symbol(s, AMI_SYM_nr_cpu_ids, 4, &number) ||
		       !ami_symbol(s->kernel, AMI_SYM_nr_cpu_ids);
	mask_known = leading_ones(s, &cpus->count, &only);
	if (mask_known)
		cpus->certain = only && number && cpus->count == number;
	else if (number <= MAX_CPUS)
		cpus->count = number;
	/*
	 * What is missing from the dump contradicts nothing. It has its own
	 * finding.
	 */
	if (!cpus->certain && number_known && mask_known)
		ami_finding_add_with(s->findings, AMI_FIND_CPUS_UNCERTAIN,
				"nr_cpu_ids",
				AMI_FACTS(AMI_SAYS(EXPECTED, number),
					  AMI_SAYS(COUNT, cpus->count)),
				"It says %llu, but the mask of possible CPUs begins with %u. Some of the per-CPU queues may be missing from the report.",
				(unsigned long long)number, cpus->count);
}
