// SPDX-License-Identifier: GPL-2.0-or-later
/* What a disk controller writes, by the table of its areas (hbas.c). */
#include "hba.h"

#define MAX_BYTES	(64ull << 20)	/* of one area */
#define MAX_COUNT	(1u << 20)

bool hba_post(struct reading *r, enum ami_certainty certainty, uint64_t dma,
	      uint64_t count, uint64_t size, const char *what)
{
	if (!dma || !count || !size)
		return true;
	if (count > MAX_COUNT || size > MAX_BYTES || count * size > MAX_BYTES ||
	    dma + count * size < dma) {
		reading_damaged(r, what, r->priv);
		return false;
	}
	reading_post_dma(r, certainty, dma, count * size, what);
	return true;
}

/* Bytes of an entry, and how many there are. */
static bool read_extent(struct reading *r, const struct hba_area *a,
			uint64_t adapter, uint64_t object, uint64_t *count,
			uint64_t *size)
{
	*count = a->times ? a->times : 1;
	if (a->count && !reading_get(r, adapter, a->count, count))
		return false;
	*count += a->plus;
	*size = a->type ? ami_type_size(r->kernel, a->type) : a->bytes;
	return !a->size || reading_get(r, object, a->size, size);
}

static bool read_area(struct reading *r, const struct hba_area *a,
		      uint64_t adapter)
{
	enum ami_certainty certainty = a->asked ? AMI_POSSIBLE : AMI_PROVEN;
	uint64_t object = adapter, va = 1, count, size, dma;
	bool complete = true;
	uint32_t i;

	if (a->in && !reading_get(r, adapter, a->in, &object))
		return false;
	if (object && a->va && !reading_get(r, object, a->va, &va))
		return false;
	if (!object || !va)
		return true;
	if (!read_extent(r, a, adapter, object, &count, &size))
		return false;
	if (!a->of)
		return reading_get(r, object, a->dma, &dma) &&
		       hba_post(r, certainty, dma, count, size, a->what);
	for (i = 0; i < a->of; i++) {
		uint64_t at = ami_addr(r->kernel, object, a->dma) + 8 * i;
		enum ami_mem mem = ami_read_u64(r->kernel, at, &dma);

		if (mem != AMI_MEM_OK)
			reading_unread(r, a->what, at, mem);
		complete &= mem == AMI_MEM_OK &&
			    hba_post(r, certainty, dma, count, size, a->what);
	}
	return complete;
}

static bool find_adapter(struct reading *r, const struct hba *hba,
			 uint64_t *adapter)
{
	*adapter = r->priv;
	if (hba->data == HBA_HOST || hba->data == HBA_HOST_POINTER) {
		if (!ami_has(r->kernel, AMI_F_scsi_hostdata)) {
			reading_unread(r, "SCSI host", r->priv, AMI_MEM_NO_FIELD);
			return false;
		}
		*adapter = ami_addr(r->kernel, r->priv, AMI_F_scsi_hostdata);
	}
	return !hba->adapter ||
	       reading_get(r, *adapter, hba->adapter, adapter);
}

bool hba_read(struct reading *r)
{
	const struct hba *hba = r->reader->hba;
	const struct hba_area *a;
	bool complete = true;
	uint64_t adapter;

	if (!find_adapter(r, hba, &adapter))
		return false;
	for (a = hba->areas; a->what; a++)
		complete &= read_area(r, a, adapter);
	return (!hba->more || hba->more(r, adapter)) && complete;
}
