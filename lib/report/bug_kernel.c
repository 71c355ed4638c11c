// SPDX-License-Identifier: GPL-2.0-or-later
/* The bug report's head: the kernel, without anything about its user. */
#include <string.h>

#include <kernel/identity.h>

#include "bug.h"

/*
 * Parameters that say how DMA was set up, and nothing about the user. All
 * others are only counted: root=, host names, keys and addresses stay out.
 */
static const char *const harmless[] = {
	"amd_iommu", "amd_iommu_dump", "amd_iommu_intr", "crashkernel",
	"debug_pagealloc", "disable_mtrr_cleanup", "init_on_alloc",
	"init_on_free", "intel_iommu", "intremap", "iommu", "iommu.forcedac",
	"iommu.passthrough", "iommu.strict", "irqpoll", "ivrs_acpihid",
	"ivrs_hpet", "ivrs_ioapic", "kasan", "kfence.sample_interval", "maxcpus",
	"mem_encrypt", "nokaslr", "no_x2apic", "nox2apic", "nr_cpus",
	"page_owner", "page_poison", "panic", "pci", "pcie_aspm",
	"reset_devices", "slab_debug", "slub_debug", "swiotlb",
};

static bool is_harmless(const char *word)
{
	size_t i, len = strcspn(word, "=");

	if (strlen(word) > 64 || strpbrk(word, "\"'/"))
		return false;
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strlen(harmless[i]) == len &&
		    !memcmp(harmless[i], word, len))
			return true;
	return false;
}

/* Everything after "--" is for init. */
static void command_line_text(struct view *v)
{
	char line[AMI_COMMAND_LINE], kept[AMI_COMMAND_LINE] = "";
	enum ami_mem mem = ami_command_line(v->a->kernel, line);
	char *word, *rest;
	size_t others = 0, used = 0;
	bool init = false;

	fputs("Command line: ", v->out);
	if (mem != AMI_MEM_OK) {
		fputs("(not in this dump)\n", v->out);
		return;
	}
	for (word = strtok_r(line, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		init |= !strcmp(word, "--");
		if (init || !is_harmless(word))
			others++;
		else
			used += snprintf(kept + used, sizeof(kept) - used,
					 "%s ", word);
	}
	report_wrapped(v, 14, 14, "%s(and %zu other parameters, left out)", kept,
		       others);
}

void report_bug_kernel(struct view *v)
{
	char build[256] = "", taint[64], when[32] = "at an unknown time";
	const struct ami_dmesg *d = v->a->dmesg;
	enum ami_mem mem;

	ami_kernel_build(v->a->kernel, build, sizeof(build));
	fprintf(v->out, "Kernel:       %s\n              ",
		ami_kernel_release(v->a->kernel));
	report_wrapped(v, 14, 14, "%s", *build ? build :
		       "(its banner is not in the dump)");
	mem = ami_kernel_taint(v->a->kernel, taint, sizeof(taint));
	fprintf(v->out, "Tainted:      %s\n", mem != AMI_MEM_OK ?
		"unknown" : *taint ? taint : "no");
	if (d->hardware[0]) {
		fputs("Hardware:     ", v->out);
		report_wrapped(v, 14, 14, "%s", d->hardware);
	}
	command_line_text(v);
	if (v->a->state->crash == AMI_CRASH_NO)
		snprintf(when, sizeof(when), "no");
	report_crash_time(v, when);
	fprintf(v->out, "Crashed:      %s", when);
	if (d->any)
		fprintf(v->out, ", %.0f s after boot", d->last_nsec / 1e9);
	putc('\n', v->out);
}
