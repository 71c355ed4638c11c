// SPDX-License-Identifier: GPL-2.0-or-later
/* Interrupt remapping tables, read on demand. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define MAX_IRT_LOG2	11

static bool add_irte(struct ami_irt *irt, uint32_t index,
		     const struct amdvi_irte *irte)
{
	if (vec_reserve(irt->index, irt->count, irt->entries) ||
	    vec_reserve(irt->list, irt->count, irt->entries))
		return false;
	irt->index[irt->count] = index;
	irt->list[irt->count++] = *irte;
	return true;
}

/*
 * Where the driver's state has the table. A capture kernel writes its own table
 * into the DTE. Both agree on the length of a table.
 */
static uint64_t from_driver(const struct ami_state *s,
			    const struct ami_device *device)
{
	const struct ami_segment *seg;
	uint64_t table, entries, phys;

	if (device->segment < 0)
		return 0;
	seg = &s->segments[device->segment];
	if (!seg->irq_lookup_table || device->bdf.devid > seg->last_bdf ||
	    !ami_has(s->kernel, AMI_F_irt_table) ||
	    ami_read_u64(s->kernel, seg->irq_lookup_table +
			 8ull * device->bdf.devid, &table) != AMI_MEM_OK ||
	    !table ||
	    ami_get(s->kernel, table, AMI_F_irt_table,
		    &entries) != AMI_MEM_OK ||
	    ami_virt_to_phys(s->kernel, entries, &phys) != AMI_MEM_OK)
		return 0;
	return phys;
}

/* False: the device has none, or it is unreadable. */
static bool locate_irt(const struct ami_state *s, const struct ami_device *device,
		       struct ami_irt *irt)
{
	const struct amdvi_dte *dte = &device->dte;

	memset(irt, 0, sizeof(*irt));
	if (device->dte_mem != AMI_MEM_OK || !dte->iv || !dte->irt_ptr ||
	    dte->irt_len_log2 > MAX_IRT_LOG2)
		return false;
	irt->phys = ami_believes_dte(device) ? dte->irt_ptr :
		    from_driver(s, device);
	irt->entries = 1u << dte->irt_len_log2;
	irt->entry_size = s->irte_size;
	return irt->phys;
}

bool ami_irt_read(const struct ami_state *s, const struct ami_device *device,
		  struct ami_irt *irt)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);
	struct amdvi_irte irte;
	uint64_t raw[2];
	uint32_t i;

	if (!locate_irt(s, device, irt))
		return false;
	for (i = 0; i < irt->entries; i++) {
		memset(raw, 0, sizeof(raw));
		if (ami_dump_read(dump, irt->phys + (uint64_t)i *
				  irt->entry_size, raw,
				  irt->entry_size) != AMI_MEM_OK) {
			irt->unread++;
			continue;
		}
		if (irt->entry_size == AMDVI_IRTE32_SIZE)
			amdvi_irte32_decode(raw[0], &irte);
		else
			amdvi_irte128_decode(raw, ami_kernel_sme(s->kernel),
					     &irte);
		if (irte.valid && !add_irte(irt, i, &irte)) {
			ami_irt_free(irt);
			return false;
		}
	}
	return true;
}

#define CHUNK	256u	/* entries read at once */

bool ami_irt_posted(const struct ami_state *s, const struct ami_device *device,
		    void (*fn)(void *ctx, uint64_t phys), void *ctx)
{
	uint64_t raw[CHUNK][2];
	struct ami_irt irt;
	bool unread = false;
	uint32_t i, k, n;

	if (!s->posts_interrupts || !locate_irt(s, device, &irt))
		return false;
	for (i = 0; i < irt.entries; i += n) {
		n = irt.entries - i < CHUNK ? irt.entries - i : CHUNK;
		if (ami_dump_read(ami_kernel_dump(s->kernel), irt.phys +
				  (uint64_t)i * AMDVI_IRTE128_SIZE, raw,
				  n * AMDVI_IRTE128_SIZE) != AMI_MEM_OK) {
			unread = true;
			continue;
		}
		for (k = 0; k < n; k++) {
			struct amdvi_irte irte;

			if (!(raw[k][0] & 1))
				continue;
			amdvi_irte128_decode(raw[k],
					     ami_kernel_sme(s->kernel), &irte);
			if (irte.valid && irte.guest_mode)
				fn(ctx, irte.ga_root);
		}
	}
	return unread;
}

void ami_irt_free(struct ami_irt *irt)
{
	free(irt->list);
	free(irt->index);
	memset(irt, 0, sizeof(*irt));
}
