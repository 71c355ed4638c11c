// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's log buffer; see amdiommu/printk.h. */
#include <string.h>

#include <amdiommu/display.h>
#include <kernel/printk.h>

#include "kernel.h"

/* State in the two highest bits of a descriptor, its ID in the others. */
#define ID_MASK		(UINT64_MAX >> 2)
#define STATE_SHIFT	62
enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };

/* Positions with bit 0 set: no text was stored. */
#define NO_DATA		1ull
#define BLOCK_ID_SIZE	8u

/* log_buf_len is at most 2^31 bytes, and each record takes 32 of them. */
#define MAX_COUNT_BITS	26u
#define MAX_SIZE_BITS	31u
/* Newest records to look at: more than a log of 32 MiB holds. */
#define MAX_RECORDS	(1ull << 20)

struct ring {
	struct ami_kernel *k;
	uint64_t descs, infos, data;
	uint64_t count_mask, size_mask;
	uint64_t head, tail;
};

static enum ami_mem sane_ring(struct ring *r, uint64_t count_bits,
			      uint64_t size_bits)
{
	if (!count_bits || count_bits > MAX_COUNT_BITS || size_bits < 4 ||
	    size_bits > MAX_SIZE_BITS || !ami_kernel_address(r->descs) ||
	    !ami_kernel_address(r->infos) || !ami_kernel_address(r->data))
		return AMI_MEM_ERROR;
	r->count_mask = (1ull << count_bits) - 1;
	r->size_mask = (1ull << size_bits) - 1;
	r->head &= ID_MASK;
	r->tail &= ID_MASK;
	if (((r->head - r->tail) & ID_MASK) > r->count_mask)
		return AMI_MEM_ERROR;
	return AMI_MEM_OK;
}

static enum ami_mem find_ring(struct ring *r)
{
	uint64_t at = ami_symbol(r->k, AMI_SYM_prb), prb, count_bits, size_bits;
	const struct {
		enum ami_field field;
		uint64_t *value;
	} wanted[] = {
		{ AMI_F_prb_count_bits, &count_bits },
		{ AMI_F_prb_descs, &r->descs },
		{ AMI_F_prb_infos, &r->infos },
		{ AMI_F_prb_head_id, &r->head },
		{ AMI_F_prb_tail_id, &r->tail },
		{ AMI_F_prb_size_bits, &size_bits },
		{ AMI_F_prb_data, &r->data },
	};
	enum ami_mem mem;
	size_t i;

	if (!at || !ami_type_size(r->k, AMI_T_prb_desc) ||
	    !ami_type_size(r->k, AMI_T_printk_info))
		return AMI_MEM_NO_FIELD;
	mem = ami_read_u64(r->k, at, &prb);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (mem == AMI_MEM_OK)
			mem = ami_get(r->k, prb, wanted[i].field,
				      wanted[i].value);
	return mem == AMI_MEM_OK ? sane_ring(r, count_bits, size_bits) : mem;
}

/*
 * A block that does not fit before the end of the ring leaves its ID there and
 * lies at the start. A block that ends exactly at the end has wrapped in older
 * kernels, and has not in newer ones (6.18). In older ones, its position is
 * then never the start.
 */
static uint64_t block_at(const struct ring *r, uint64_t begin, uint64_t next)
{
	bool same_lap = !((begin ^ (next - 1)) & ~r->size_mask);

	return same_lap ? begin & r->size_mask : 0;
}

static enum ami_mem read_text(const struct ring *r, uint64_t id, uint64_t desc,
			      uint64_t len, char *text)
{
	uint64_t begin, next, at, size, block_id;
	enum ami_mem mem;

	mem = ami_get(r->k, desc, AMI_F_prb_desc_begin, &begin);
	if (mem == AMI_MEM_OK)
		mem = ami_get(r->k, desc, AMI_F_prb_desc_next, &next);
	if (mem != AMI_MEM_OK)
		return mem;
	if (begin & NO_DATA)
		return len ? AMI_MEM_ERROR : AMI_MEM_OK;
	at = block_at(r, begin, next);
	size = (next & r->size_mask ? next & r->size_mask :
				      r->size_mask + 1) - at;
	if (at % BLOCK_ID_SIZE || size < BLOCK_ID_SIZE ||
	    size > r->size_mask + 1 - at)
		return AMI_MEM_ERROR;
	mem = ami_read_u64(r->k, r->data + at, &block_id);
	if (mem != AMI_MEM_OK)
		return mem;
	if (block_id != id)
		return AMI_MEM_ERROR;
	if (len > size - BLOCK_ID_SIZE)
		len = size - BLOCK_ID_SIZE;
	if (len > AMI_PRINTK_TEXT - 1)
		len = AMI_PRINTK_TEXT - 1;
	mem = ami_read(r->k, r->data + at + BLOCK_ID_SIZE, text, len);
	text[mem == AMI_MEM_OK ? len : 0] = '\0';
	return mem;
}

static void read_name(const struct ring *r, uint64_t info, enum ami_field f,
		      char *buf, size_t size)
{
	buf[0] = '\0';
	if (ami_has(r->k, f))
		ami_read_string(r->k, ami_addr(r->k, info, f), buf, size);
}

static enum ami_mem read_info(const struct ring *r, uint64_t info,
			      struct ami_printk_record *rec, uint64_t *len)
{
	uint64_t facility, level, caller = 0;
	enum ami_mem mem;

	mem = ami_get(r->k, info, AMI_F_printk_seq, &rec->seq);
	if (mem == AMI_MEM_OK)
		mem = ami_get(r->k, info, AMI_F_printk_ts, &rec->ts_nsec);
	if (mem == AMI_MEM_OK)
		mem = ami_get(r->k, info, AMI_F_printk_text_len, len);
	if (mem == AMI_MEM_OK)
		mem = ami_get(r->k, info, AMI_F_printk_facility, &facility);
	if (mem == AMI_MEM_OK)
		mem = ami_get(r->k, info, AMI_F_printk_level, &level);
	if (mem != AMI_MEM_OK)
		return mem;
	ami_get(r->k, info, AMI_F_printk_caller, &caller);
	rec->facility = facility;
	rec->level = level;
	rec->caller = caller;
	read_name(r, info, AMI_F_printk_subsystem, rec->subsystem, 17);
	read_name(r, info, AMI_F_printk_device, rec->device, 49);
	return AMI_MEM_OK;
}

/* False: this descriptor has no record to show. */
static bool read_record(const struct ring *r, uint64_t id,
			struct ami_printk_record *rec,
			struct ami_printk_stats *stats)
{
	uint64_t index = id & r->count_mask, len = 0, state;
	uint64_t desc = r->descs + index * ami_type_size(r->k, AMI_T_prb_desc);
	uint64_t info = r->infos +
			index * ami_type_size(r->k, AMI_T_printk_info);

	if (ami_get(r->k, desc, AMI_F_prb_desc_state, &state) != AMI_MEM_OK) {
		stats->unread++;
		return false;
	}
	if ((state & ID_MASK) != id) {
		stats->damaged++;
		return false;
	}
	if (state >> STATE_SHIFT == REUSABLE || state >> STATE_SHIFT == RESERVED) {
		stats->unfinished += state >> STATE_SHIFT == RESERVED;
		stats->records--;
		return false;
	}
	if (read_info(r, info, rec, &len) != AMI_MEM_OK) {
		stats->unread++;
		return false;
	}
	rec->text[0] = '\0';
	rec->text_mem = read_text(r, id, desc, len, rec->text);
	kernel_clean_text(rec->text);
	if (rec->text_mem == AMI_MEM_ERROR)
		stats->damaged++;
	else if (rec->text_mem != AMI_MEM_OK)
		stats->unread++;
	return true;
}

enum ami_mem ami_printk_each(struct ami_kernel *kernel,
			     bool (*fn)(void *ctx,
					const struct ami_printk_record *r),
			     void *ctx, struct ami_printk_stats *stats)
{
	struct ring r = { .k = kernel };
	struct ami_printk_record rec;
	enum ami_mem mem;
	uint64_t i, n;

	memset(stats, 0, sizeof(*stats));
	if (!ami_symbol(kernel, AMI_SYM_prb) &&
	    ami_has(kernel, AMI_F_printk_log_len))
		return kernel_old_log(kernel, fn, ctx, stats);
	mem = find_ring(&r);
	if (mem != AMI_MEM_OK)
		return mem;
	n = stats->records = ((r.head - r.tail) & ID_MASK) + 1;
	if (n > MAX_RECORDS)
		stats->older = n - MAX_RECORDS;
	for (i = stats->older; i < n; i++) {
		if (ami_dump_interrupted(ami_kernel_dump(kernel)))
			break;
		if (read_record(&r, (r.tail + i) & ID_MASK, &rec, stats) &&
		    !fn(ctx, &rec))
			break;
	}
	return AMI_MEM_OK;
}
