// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole state, put together by the readers beside this file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flushq.h"
#include "needs.h"
#include "record.h"

#define GUEST_IR_VAPIC	2	/* enum amd_iommu_intr_mode_type */

/*
 * If the driver's initialisation fails after interrupts are remapped, its
 * structures stay, and all its DTEs have V=0 (uninit_device_table_dma()). The
 * same holds where it can translate nothing (PD_MODE_NONE).
 */
static void read_progress(struct ami_state *s)
{
	int64_t done = ami_enumerator(s->kernel, AMI_E_IOMMU_INITIALIZED, -1);
	int64_t none = ami_enumerator(s->kernel, AMI_E_PD_MODE_NONE, -1);
	uint64_t v;

	if (done >= 0 && state_fetch_late(s, AMI_SYM_init_state, &v) &&
	    (int64_t)v != done) {
		s->untranslated = true;
		ami_finding_add_with(s->findings,
				AMI_FIND_IOMMU_NOT_INITIALISED,
				"kernel",
				AMI_FACTS(AMI_SAYS(STATE, v),
					  AMI_SAYS(EXPECTED, done)),
				"The driver's initialisation ended in state %llu, not %lld (IOMMU_INITIALIZED): DMA of devices without a domain counts as not translated.",
				(unsigned long long)v, (long long)done);
	} else if (none >= 0 &&
		   state_fetch_symbol(s, AMI_SYM_amd_iommu_pgtable, 4, &v) &&
		   (int64_t)v == none) {
		s->untranslated = true;
		ami_finding_add(s->findings, AMI_FIND_IOMMU_NOT_INITIALISED,
				"kernel", "This IOMMU has no page tables that the driver can use (PD_MODE_NONE): DMA is not translated.");
	}
}

/*
 * Late in a shutdown, kexec or suspend the driver turns the IOMMUs off
 * (disable_iommus()). No variable shows it, only their registers.
 */
static void read_system_state(struct ami_state *s)
{
	int64_t halt = ami_enumerator(s->kernel, AMI_E_SYSTEM_HALT, -1);
	uint64_t v;

	if (halt < 0 || !state_fetch_late(s, AMI_SYM_system_state, &v) ||
	    (int64_t)v < halt || state_all_on(s))
		return;
	ami_finding_add_with(s->findings, AMI_FIND_IOMMU_MAY_BE_OFF, "kernel",
			AMI_FACTS(AMI_SAYS(STATE, v)),
			"The machine was shutting down or being suspended (system_state %llu). The kernel turns the IOMMU off late in that. From then on DMA is not translated, whatever its tables say.",
			(unsigned long long)v);
}

/* Their recorded registers say so, whatever the machine was doing. */
static void report_off(struct ami_state *s)
{
	char where[32];
	size_t i;

	for (i = 0; i < s->nr_iommus; i++) {
		const struct ami_registers *r = &s->iommus[i].registers;

		if (r->use != AMI_REGISTERS_KNOWN || r->on ||
		    !s->recording.alone)
			continue;
		snprintf(where, sizeof(where), "iommu%u", s->iommus[i].index);
		ami_finding_add_with(s->findings, AMI_FIND_IOMMU_WAS_OFF, where,
				AMI_FACTS(AMI_SAYS(CONTROL, r->control)),
				"The IOMMU was off when its registers were recorded at the crash (control %#llx): DMA was not translated, whatever its tables say.",
				(unsigned long long)r->control);
	}
}

static void read_globals(struct ami_state *s)
{
	uint64_t v = 0;

	state_read_crashkernel(s);
	state_read_moment(s);
	s->irte_size = AMDVI_IRTE32_SIZE;
	if (state_fetch_symbol(s, AMI_SYM_amd_iommu_guest_ir, 4, &v) && v)
		s->irte_size = AMDVI_IRTE128_SIZE;
	s->posts_interrupts = v == GUEST_IR_VAPIC;
	v = 0;
	state_fetch_symbol(s, AMI_SYM_amd_iommu_snp_en, 1, &v);
	s->snp = v;
}

/* There are AMD IOMMUs, and nothing says how they are laid out. */
static int missing_types(struct ami_state *s, struct ami_error *err)
{
	if (s->guard != AMI_GUARD_AMD || ami_has(s->kernel, AMI_F_amd_iommu_list))
		return 0;
	return ami_error_set(err, AMI_ERR_DATA,
			     "the type struct amd_iommu is missing from the type information (%s) for %s",
			     ami_kernel_source(s->kernel),
			     ami_dump_info(ami_kernel_dump(s->kernel))->path);
}

static void report_vmcoreinfo(struct ami_state *s)
{
	const char *from =
		ami_dump_vmcoreinfo_from(ami_kernel_dump(s->kernel));

	if (from)
		ami_finding_add_with(s->findings, AMI_FIND_VMCOREINFO_FOUND,
				"dump",
				AMI_FACTS(AMI_NAMES(SOURCE, from)),
				"VMCOREINFO, which says where the kernel is, is not in a note of the file. It was found %s.",
				from);
}

static int read_iommus(struct ami_state *s)
{
	if (s->guard != AMI_GUARD_AMD) {
		s->iommus_whole = true;
		return 0;
	}
	if (state_read_segments(s) || state_read_iommus(s))
		return -1;
	read_progress(s);
	read_system_state(s);
	report_off(s);
	return 0;
}

static int read_devices(struct ami_state *s)
{
	if (state_read_devices(s))
		return -1;
	state_report_guard(s);
	if (state_read_domains(s))
		return -1;
	if (s->guard != AMI_GUARD_NONE)
		state_find_bypass(s);
	if (state_read_dtes(s) || state_find_unclaimed(s))
		return -1;
	state_apply_policy(s);
	state_find_off_pci(s);
	return 0;
}

static int read_queues(struct ami_state *s)
{
	struct cpus cpus = { .asked = false };
	size_t i;

	for (i = 0; i < s->nr_iommus; i++)
		state_mark_foreign_events(s, &s->iommus[i]);
	state_link_domains(s);
	return state_read_flushqs(s, &cpus) || state_read_allocators(s, &cpus) ?
	       -1 : 0;
}

static int read_all(struct ami_state *s, struct ami_error *err)
{
	report_vmcoreinfo(s);
	state_report_unread_symbols(s);
	state_report_doubts(s);
	state_find_guard(s);
	if (missing_types(s, err))
		return -1;
	read_globals(s);
	state_read_policy(s);
	state_check_needs(s);
	s->segments_whole = true;
	if (state_read_ram(s) || read_iommus(s) || read_devices(s) ||
	    read_queues(s))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	if (ami_dump_interrupted(ami_kernel_dump(s->kernel)))
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
	if (s->capture == AMI_CAPTURE_UNKNOWN)
		s->capture = AMI_CAPTURE_NONE;
	return 0;
}

struct ami_state *ami_state_read(struct ami_kernel *kernel,
				 struct ami_findings *findings,
				 struct ami_error *err)
{
	struct ami_state *s = calloc(1, sizeof(*s));

	if (!s) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	s->kernel = kernel;
	s->findings = findings;
	if (read_all(s, err)) {
		ami_state_free(s);
		return NULL;
	}
	return s;
}

void ami_state_free(struct ami_state *s)
{
	size_t i;
	int kind;

	if (!s)
		return;
	for (i = 0; i < s->nr_iommus; i++)
		for (kind = 0; kind < AMI_LOGS; kind++)
			free(s->iommus[i].log[kind].list);
	for (i = 0; i < s->nr_segments; i++)
		free(s->segments[i].unity);
	for (i = 0; i < s->nr_maps; i++)
		free(s->maps[i].position);
	free(s->maps);
	for (i = 0; i < s->nr_domains; i++) {
		free(s->domains[i].flushq.list);
		free(s->domains[i].flushq.tables);
		free(s->domains[i].lost);
	}
	free(s->iommus);
	free(s->segments);
	free(s->devices);
	free(s->domains);
	ami_pfnset_free(s->unlisted);
	free(s);
}
