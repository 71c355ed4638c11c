// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's log before 5.10: kernel/printk/printk.c of 4.18.
 *
 *	struct printk_log	times, lengths
 *	text, dictionary	"SUBSYSTEM=pci", "DEVICE=+pci:0000:00:02.0"
 *	padding			up to printk_log.len
 *
 * Records follow each other from log_first_idx on. One of length 0 says that
 * the next is at the start of the buffer. Only the length of a record leads to
 * the next one, so nothing after a broken record can be read.
 */
#include <stddef.h>
#include <string.h>

#include <kernel/printk.h>

#include "kernel.h"

#define MAX_BUFFER	(1u << 31)
#define MAX_DICT	160u

struct old_log {
	struct ami_kernel *k;
	uint64_t buf, first_seq, next_seq;
	uint32_t size, header;
};

static enum ami_mem fetch_u32(struct ami_kernel *k, enum ami_symbol s,
			      uint32_t *value)
{
	uint64_t va = ami_symbol(k, s);

	return va ? ami_read_u32(k, va, value) : AMI_MEM_NO_FIELD;
}

static enum ami_mem fetch_u64(struct ami_kernel *k, enum ami_symbol s,
			      uint64_t *value)
{
	uint64_t va = ami_symbol(k, s);

	return va ? ami_read_u64(k, va, value) : AMI_MEM_NO_FIELD;
}

static enum ami_mem find_buffer(struct old_log *l, uint32_t *first)
{
	enum ami_mem mem = fetch_u64(l->k, AMI_SYM_log_buf, &l->buf);

	if (mem == AMI_MEM_OK)
		mem = fetch_u32(l->k, AMI_SYM_log_buf_len, &l->size);
	if (mem == AMI_MEM_OK)
		mem = fetch_u32(l->k, AMI_SYM_log_first_idx, first);
	if (mem == AMI_MEM_OK)
		mem = fetch_u64(l->k, AMI_SYM_log_first_seq, &l->first_seq);
	if (mem == AMI_MEM_OK)
		mem = fetch_u64(l->k, AMI_SYM_log_next_seq, &l->next_seq);
	if (mem != AMI_MEM_OK)
		return mem;
	l->header = ami_type_size(l->k, AMI_T_printk_log);
	return ami_kernel_address(l->buf) && l->size <= MAX_BUFFER &&
	       l->header && *first < l->size &&
	       l->next_seq - l->first_seq <= l->size / l->header ?
	       AMI_MEM_OK : AMI_MEM_ERROR;
}

struct old_record {
	uint64_t va, len, text_len, dict_len;
};

/* At @idx, or at the start of the buffer, which @idx then becomes. */
static enum ami_mem find_record(const struct old_log *l, uint32_t *idx,
				struct old_record *r)
{
	enum ami_mem mem;

	r->va = l->buf + *idx;
	mem = *idx > l->size - l->header ? AMI_MEM_ERROR :
	      ami_get(l->k, r->va, AMI_F_printk_log_len, &r->len);
	if (mem == AMI_MEM_OK && !r->len && *idx) {
		*idx = 0;
		return find_record(l, idx, r);
	}
	if (mem == AMI_MEM_OK)
		mem = ami_get(l->k, r->va, AMI_F_printk_log_text_len,
			      &r->text_len);
	if (mem == AMI_MEM_OK)
		mem = ami_get(l->k, r->va, AMI_F_printk_log_dict_len,
			      &r->dict_len);
	if (mem != AMI_MEM_OK)
		return mem;
	return l->header + r->text_len + r->dict_len <= r->len &&
	       r->len <= l->size - *idx ? AMI_MEM_OK : AMI_MEM_ERROR;
}

/* Values end with a NUL, the last one with the dictionary. */
static void take_value(const char *dict, size_t len, const char *key, char *to,
		       size_t size)
{
	const char *end = dict + len;
	size_t key_len = strlen(key), n;

	for (; dict < end; dict += n + 1) {
		n = strnlen(dict, end - dict);
		if (n <= key_len || strncmp(dict, key, key_len))
			continue;
		n -= key_len;
		if (n > size - 1)
			n = size - 1;
		memcpy(to, dict + key_len, n);
		to[n] = '\0';
		kernel_clean_text(to);
		return;
	}
}

static void read_dict(const struct old_log *l, const struct old_record *r,
		      struct ami_printk_record *rec)
{
	uint64_t len = r->dict_len < MAX_DICT ? r->dict_len : MAX_DICT;
	char dict[MAX_DICT];

	if (ami_read(l->k, r->va + l->header + r->text_len, dict, len) !=
	    AMI_MEM_OK)
		return;
	take_value(dict, len, "SUBSYSTEM=", rec->subsystem,
		   sizeof(rec->subsystem));
	take_value(dict, len, "DEVICE=", rec->device, sizeof(rec->device));
}

static enum ami_mem read_record(const struct old_log *l,
				const struct old_record *r,
				struct ami_printk_record *rec)
{
	uint64_t facility, level, caller = 0, len = r->text_len;
	enum ami_mem mem;

	mem = ami_get(l->k, r->va, AMI_F_printk_log_ts, &rec->ts_nsec);
	if (mem == AMI_MEM_OK)
		mem = ami_get(l->k, r->va, AMI_F_printk_log_facility, &facility);
	if (mem == AMI_MEM_OK)
		mem = ami_get(l->k, r->va, AMI_F_printk_log_level, &level);
	if (mem != AMI_MEM_OK)
		return mem;
	ami_get(l->k, r->va, AMI_F_printk_log_caller, &caller);
	rec->facility = facility;
	rec->level = level;
	rec->caller = caller;
	read_dict(l, r, rec);
	if (len > AMI_PRINTK_TEXT - 1)
		len = AMI_PRINTK_TEXT - 1;
	rec->text_mem = ami_read(l->k, r->va + l->header, rec->text, len);
	rec->text[rec->text_mem == AMI_MEM_OK ? len : 0] = '\0';
	kernel_clean_text(rec->text);
	return AMI_MEM_OK;
}

enum ami_mem kernel_old_log(struct ami_kernel *k,
			    bool (*fn)(void *ctx,
				       const struct ami_printk_record *r),
			    void *ctx, struct ami_printk_stats *stats)
{
	struct old_log l = { .k = k };
	struct ami_printk_record rec;
	struct old_record r;
	enum ami_mem mem;
	uint32_t idx;
	uint64_t seq;

	mem = find_buffer(&l, &idx);
	if (mem != AMI_MEM_OK)
		return mem;
	stats->records = l.next_seq - l.first_seq;
	for (seq = l.first_seq; seq != l.next_seq; seq++) {
		if (ami_dump_interrupted(ami_kernel_dump(k)))
			break;
		memset(&rec, 0, offsetof(struct ami_printk_record, text) + 1);
		rec.seq = seq;
		mem = find_record(&l, &idx, &r);
		if (mem == AMI_MEM_OK)
			mem = read_record(&l, &r, &rec);
		if (mem != AMI_MEM_OK) {
			if (mem == AMI_MEM_ERROR)
				stats->damaged += l.next_seq - seq;
			else
				stats->unread += l.next_seq - seq;
			break;
		}
		stats->unread += rec.text_mem != AMI_MEM_OK;
		if (!fn(ctx, &rec))
			break;
		idx += r.len;
	}
	return AMI_MEM_OK;
}
