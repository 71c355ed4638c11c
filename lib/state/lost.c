// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invalidations that failed, as the kernel's log tells. The driver goes on as if
 * they had been done, and the ring shows nothing of it: a command that found no
 * room was never in it, a device that did not answer does not stop it, and a
 * wait that was given up may long be overwritten.
 * Kernel: drivers/iommu/amd/iommu.c, __iommu_queue_command_sync(),
 * wait_on_sem(), iommu_print_event().
 */
#include <stdio.h>
#include <string.h>

#include <amdiommu/printk.h>

#include "state.h"

#define TIMEOUT_OF	"IOTLB_INV_TIMEOUT device="

static void take_device(struct lost *lost, const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF:.");

	if (len < sizeof(lost->device))
		snprintf(lost->device, sizeof(lost->device), "%.*s", (int)len,
			 text);
	lost->timeouts++;
}

bool note_lost(void *ctx, const struct ami_printk_record *r)
{
	struct lost *lost = ctx;
	const char *found;

	if (r->facility)
		return true;
	found = strstr(r->text, TIMEOUT_OF);
	if (found)
		take_device(lost, found + strlen(TIMEOUT_OF));
	else if (strstr(r->text, "AMD-Vi: Command buffer timeout"))
		lost->commands++;
	else if (strstr(r->text, "AMD-Vi: Completion-Wait loop timed out"))
		lost->waits++;
	return true;
}

void report_lost(struct ami_state *s, const struct lost *lost)
{
	if (lost->commands || lost->waits)
		ami_finding_add(&s->findings, AMI_FIND_INVALIDATION_LOST,
				"kernel log", "The driver gave up on %lu commands that found no room in a ring and on %lu completion waits: unless a later flush succeeded, devices may still use translations that were removed then.",
				lost->commands, lost->waits);
	if (lost->timeouts)
		ami_finding_add(&s->findings, AMI_FIND_INVALIDATION_LOST,
				lost->device, "It did not answer an invalidation of its own TLB (%lu such events in the kernel's log, the newest of this device): unless a later one succeeded, it may still use translations that were removed then.",
				lost->timeouts);
}

/* The log holds user data: it is not recorded for an extract. */
void find_lost(struct ami_state *s)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);
	struct ami_printk_stats stats;
	struct lost lost = { .commands = 0 };

	ami_dump_record_pause(dump, true);
	ami_printk_each(s->kernel, note_lost, &lost, &stats);
	ami_dump_record_pause(dump, false);
	report_lost(s, &lost);
}
