/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An open dump: what struct ami_dump holds, and the parts that lib/dump gives
 * each other. Private to lib/dump.
 */
#ifndef AMI_DUMP_HANDLE_H
#define AMI_DUMP_HANDLE_H

#include <amdiommu/pfnset.h>

#include "record.h"
#include "withheld.h"

#define CACHE_PAGES	512u
#define CACHE_BUCKETS	1024u
#define NO_SLOT		UINT16_MAX

struct slot {
	uint64_t pfn;
	uint64_t valid;		/* granules with real content */
	uint16_t next;		/* in the same bucket */
	uint16_t pins;
	bool used;
	bool recent;		/* second chance for the clock hand */
	bool noted;
};

struct ami_dump {
	struct ami_dump_ops ops;
	void *ctx;
	struct ami_dump_info info;
	char *vmcoreinfo;		/* NULL: use that of @ops */
	char *vmcoreinfo_from;
	struct ami_range *all_ram;	/* NULL: only what the file lists */
	uint64_t ram_pages;
	uint64_t pages_read;
	bool left_out;
	uint64_t cut_reads;
	struct ami_budget budget;
	struct ami_pfnset *noted;
	bool (*prefer)(void *ctx, uint64_t pfn, enum ami_mem mem,
		       uint8_t *page);
	void *prefer_ctx;
	const char *doing;
	void (*watcher)(void *ctx, const char *doing, uint64_t pages);
	void *watcher_ctx;
	struct ami_record record;
	struct ami_withheld withheld;
	bool recording;
	unsigned int paused;
	unsigned int hand;
	uint16_t bucket[CACHE_BUCKETS];
	struct slot slot[CACHE_PAGES];
	uint8_t *data;		/* CACHE_PAGES pages */
};

/** dump_count_cut() - count a read that met what a cut file lost */
void dump_count_cut(struct ami_dump *dump, enum ami_mem mem);

/** dump_count_pages() - count pages that were read, also in the budget */
void dump_count_pages(struct ami_dump *dump, size_t count);

/**
 * dump_host_read() - read a page frame past the cache
 * @valid: the granules of @page that are real
 */
enum ami_mem dump_host_read(struct ami_dump *dump, uint64_t pfn, uint8_t *page,
			    uint64_t *valid);

/** dump_cache_get() - the slot of a page frame, read if it is not there */
enum ami_mem dump_cache_get(struct ami_dump *dump, uint64_t pfn,
			    unsigned int *index);

/** dump_slot_data() - the page in slot @i */
static inline uint8_t *dump_slot_data(struct ami_dump *dump, unsigned int i)
{
	return dump->data + (size_t)i * AMI_PAGE_SIZE;
}

#endif
