// SPDX-License-Identifier: GPL-2.0-or-later
/* The time of the panic, by the clock of drivers' time stamps. */
#include "evidence.h"

/*
 * The kernel's copy of the time for NMIs (kernel/time/timekeeping.c) is from
 * the last timer tick: at most a few milliseconds before the panic.
 */
uint64_t evidence_panic_clock(struct ami_kernel *k)
{
	uint64_t at = ami_symbol(k, AMI_SYM_tk_fast_mono), base, nsec, shift;

	if (!at || !ami_has(k, AMI_F_tk_fast_base))
		return 0;
	at = ami_addr(k, at, AMI_F_tk_fast_base);
	if (ami_get(k, at, AMI_F_tkr_base, &base) != AMI_MEM_OK ||
	    ami_get(k, at, AMI_F_tkr_xtime_nsec, &nsec) != AMI_MEM_OK ||
	    ami_get(k, at, AMI_F_tkr_shift, &shift) != AMI_MEM_OK || shift > 63)
		return 0;
	return base + (nsec >> shift);
}

int64_t evidence_age_at(uint64_t now, uint64_t start)
{
	const uint64_t tick = 1000000000ull;

	if (!now || !start || start > now + tick)
		return -1;
	return start > now ? 0 : (now - start) / 1000000;
}
