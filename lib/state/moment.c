// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Had the machine crashed? A hypervisor dumps running machines, too. The kernel
 * adds its crash time to VMCOREINFO before it starts a capture kernel. It
 * records the panicking CPU in panic_cpu; -1 is none.
 */
#include "state.h"

#define NO_CPU	UINT32_MAX

void state_read_moment(struct ami_state *s)
{
	uint64_t v;

	if (ami_vmcoreinfo_number(ami_kernel_dump(s->kernel), "CRASHTIME", 10,
				  &v))
		s->crash = AMI_CRASH_YES;
	else if (!state_fetch_late(s, AMI_SYM_panic_cpu, &v))
		s->crash = AMI_CRASH_UNKNOWN;
	else
		s->crash = v == NO_CPU ? AMI_CRASH_NO : AMI_CRASH_YES;
}

const char *ami_moment(const struct ami_state *state)
{
	return state->crash == AMI_CRASH_NO ? "when the dump was taken" :
	       "at the panic";
}
