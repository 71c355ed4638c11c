// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Physical memory of the dead machine, one page frame at a time, through a
 * small cache. Hosts differ in what a read costs, and page-table walks return
 * to the same upper-level pages all the time.
 */
#include <stdlib.h>
#include <string.h>

#include <amdiommu/pfnset.h>

#include <dump/ramlist.h>
#include "record.h"
#include "withheld.h"

#define CACHE_PAGES	512u
#define CACHE_BUCKETS	1024u
#define NO_SLOT		UINT16_MAX
#define BULK_BYTES	(16u * AMI_PAGE_SIZE)

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
	void (*tell)(void *ctx, const char *doing, uint64_t pages);
	void *tell_ctx;
	struct ami_record record;
	struct ami_withheld withheld;
	bool recording;
	unsigned int paused;
	unsigned int hand;
	uint16_t bucket[CACHE_BUCKETS];
	struct slot slot[CACHE_PAGES];
	uint8_t *data;		/* CACHE_PAGES pages */
};

const char *ami_mem_text(enum ami_mem mem)
{
	switch (mem) {
	case AMI_MEM_OK:
		return "present";
	case AMI_MEM_FILTERED:
		return "filtered out of the dump";
	case AMI_MEM_ABSENT:
		return "not RAM of this machine";
	case AMI_MEM_ERROR:
		return "unreadable in the dump file";
	case AMI_MEM_UNMAPPED:
		return "not mapped in the kernel's page tables";
	case AMI_MEM_NO_FIELD:
		return "not a member in this kernel";
	case AMI_MEM_DAMAGED:
		return "damaged in memory";
	case AMI_MEM_NO_PLACE:
		return "at an unknown place in its structure";
	case AMI_MEM_LEFT_OUT:
		return "not read any more (work limit)";
	}
	return "unknown";
}

struct ami_dump *ami_dump_new(const struct ami_dump_ops *ops, void *ctx,
			      const struct ami_dump_info *info)
{
	struct ami_dump *dump = calloc(1, sizeof(*dump));
	size_t i;

	if (dump)
		dump->data = malloc((size_t)CACHE_PAGES * AMI_PAGE_SIZE);
	if (!dump || !dump->data) {
		free(dump);
		if (ops->close)
			ops->close(ctx);
		return NULL;
	}
	dump->ops = *ops;
	dump->ctx = ctx;
	dump->info = *info;
	dump->info.listed = info->ram;
	dump->info.nr_listed = info->nr_ram;
	for (i = 0; i < info->nr_ram; i++)
		dump->ram_pages += info->ram[i].count;
	memset(dump->bucket, 0xff, sizeof(dump->bucket));
	ami_dump_run(dump);
	return dump;
}

void ami_dump_close(struct ami_dump *dump)
{
	if (!dump)
		return;
	if (dump->ops.close)
		dump->ops.close(dump->ctx);
	if (dump->recording)
		ami_record_free(&dump->record);
	dump_withheld_free(&dump->withheld);
	free(dump->vmcoreinfo);
	free(dump->vmcoreinfo_from);
	free(dump->all_ram);
	free(dump->data);
	free(dump);
}

const struct ami_dump_info *ami_dump_info(const struct ami_dump *dump)
{
	return &dump->info;
}

int ami_dump_set_vmcoreinfo(struct ami_dump *dump, const char *text,
			    const char *from)
{
	char *a = strdup(text), *b = strdup(from);

	if (!a || !b) {
		free(a);
		free(b);
		return -1;
	}
	free(dump->vmcoreinfo);
	free(dump->vmcoreinfo_from);
	dump->vmcoreinfo = a;
	dump->vmcoreinfo_from = b;
	return 0;
}

const char *ami_dump_vmcoreinfo_from(const struct ami_dump *dump)
{
	return dump->vmcoreinfo_from;
}

const char *ami_dump_vmcoreinfo(const struct ami_dump *dump)
{
	if (dump->vmcoreinfo)
		return dump->vmcoreinfo;
	return dump->ops.vmcoreinfo ? dump->ops.vmcoreinfo(dump->ctx) : NULL;
}

void ami_dump_doing(struct ami_dump *dump, const char *what)
{
	dump->doing = what;
	ami_budget_phase(&dump->budget, what);
}

struct ami_budget *ami_dump_budget(struct ami_dump *dump)
{
	return &dump->budget;
}

void ami_dump_run(struct ami_dump *dump)
{
	ami_budget_run(&dump->budget, dump->info.present ? dump->info.present :
							   dump->ram_pages);
}

void ami_dump_watch(struct ami_dump *dump,
		    void (*tell)(void *ctx, const char *doing, uint64_t pages),
		    void *ctx)
{
	dump->tell = tell;
	dump->tell_ctx = ctx;
}

bool ami_dump_interrupted(const struct ami_dump *dump)
{
	if (dump->tell && dump->doing)
		dump->tell(dump->tell_ctx, dump->doing, dump->pages_read);
	return dump->ops.interrupted && dump->ops.interrupted(dump->ctx);
}

const char *ami_dump_cut(const struct ami_dump *dump)
{
	if (dump->info.truncated)
		return "truncated: it ends before its own headers say";
	return dump->info.incomplete ?
	       "incomplete: makedumpfile could not finish it, or a part is missing" :
	       NULL;
}

uint64_t ami_dump_cut_reads(const struct ami_dump *dump)
{
	return dump->cut_reads;
}

bool ami_dump_is_extract(const struct ami_dump *dump)
{
	return dump->info.format && !strcmp(dump->info.format, "extract");
}

/* An extract of a cut dump leaves out what could not be read. */
static void count_cut(struct ami_dump *dump, enum ami_mem mem)
{
	if (mem == AMI_MEM_FILTERED && ami_dump_is_extract(dump) &&
	    dump->info.incomplete)
		mem = AMI_MEM_ERROR;
	if (mem == AMI_MEM_ERROR && ami_dump_cut(dump))
		dump->cut_reads++;
}

void ami_dump_copy(struct ami_dump *dump)
{
	ami_budget_run(&dump->budget, UINT64_MAX);
}

bool ami_dump_stopped(const struct ami_dump *dump)
{
	return dump->budget.over || ami_dump_interrupted(dump);
}

uint64_t ami_dump_pages_read(const struct ami_dump *dump)
{
	return dump->pages_read;
}

void ami_dump_prefer(struct ami_dump *dump,
		     bool (*page)(void *ctx, uint64_t pfn, enum ami_mem mem,
				  uint8_t *page),
		     void *ctx)
{
	dump->prefer = page;
	dump->prefer_ctx = ctx;
}

void ami_dump_note_reads(struct ami_dump *dump, struct ami_pfnset *set)
{
	unsigned int i;

	for (i = 0; i < CACHE_PAGES; i++)
		dump->slot[i].noted = false;
	dump->noted = set;
}

static void add_range(struct ami_pfnset *set, const struct ami_range *range,
		      size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ami_pfnset_add(set, range[i].first, range[i].count);
}

struct replacing {
	struct ramlist list;
	bool no_memory;
};

static bool to_list(void *ctx, uint64_t first, uint64_t count)
{
	struct replacing *r = ctx;

	r->no_memory = ramlist_add(&r->list, first, first + count);
	return !r->no_memory;
}

static int replace_ram(struct ami_dump *dump, struct ami_pfnset *all)
{
	struct replacing r = { .no_memory = false };
	const struct ami_range *last;

	ami_pfnset_ranges(all, to_list, &r);
	if (!r.list.count || r.no_memory || ami_pfnset_failed(all)) {
		free(r.list.range);
		return -1;
	}
	free(dump->all_ram);
	dump->all_ram = r.list.range;
	dump->info.ram = r.list.range;
	dump->info.nr_ram = r.list.count;
	dump->info.ram_merged |= r.list.merged;
	dump->ram_pages = ami_pfnset_count(all);
	last = &r.list.range[r.list.count - 1];
	if (last->first + last->count > dump->info.max_pfn)
		dump->info.max_pfn = last->first + last->count;
	return 0;
}

int ami_dump_add_ram(struct ami_dump *dump, const struct ami_pfnset *more)
{
	struct ami_pfnset *all = ami_pfnset_new();
	int ret;

	if (!all)
		return -1;
	add_range(all, dump->info.ram, dump->info.nr_ram);
	ami_pfnset_union(all, more);
	ret = replace_ram(dump, all);
	ami_pfnset_free(all);
	return ret;
}

uint64_t ami_dump_ram_pages(const struct ami_dump *dump)
{
	return dump->ram_pages;
}

bool ami_dump_ram(const struct ami_dump *dump, uint64_t pfn)
{
	const struct ramlist ram = {
		.range = (struct ami_range *)dump->info.ram,
		.count = dump->info.nr_ram,
	};

	return ramlist_has(&ram, pfn);
}

static unsigned int bucket_of(uint64_t pfn)
{
	return (pfn * 0x9e3779b97f4a7c15ull) >> 54;
}

static uint8_t *slot_data(struct ami_dump *dump, unsigned int i)
{
	return dump->data + (size_t)i * AMI_PAGE_SIZE;
}

static unsigned int cache_find(struct ami_dump *dump, uint64_t pfn)
{
	unsigned int i = dump->bucket[bucket_of(pfn)];

	while (i != NO_SLOT && dump->slot[i].pfn != pfn)
		i = dump->slot[i].next;
	return i;
}

static void cache_unlink(struct ami_dump *dump, unsigned int i)
{
	uint16_t *link = &dump->bucket[bucket_of(dump->slot[i].pfn)];

	while (*link != i)
		link = &dump->slot[*link].next;
	*link = dump->slot[i].next;
	dump->slot[i].used = false;
}

/* Clock replacement. NO_SLOT only if the caller pinned the whole cache. */
static unsigned int cache_victim(struct ami_dump *dump)
{
	unsigned int turns;

	for (turns = 0; turns < 2 * CACHE_PAGES + 1; turns++) {
		unsigned int i = dump->hand;
		struct slot *slot = &dump->slot[i];

		dump->hand = (i + 1) % CACHE_PAGES;
		if (slot->pins)
			continue;
		if (slot->used && slot->recent) {
			slot->recent = false;
			continue;
		}
		if (slot->used)
			cache_unlink(dump, i);
		return i;
	}
	return NO_SLOT;
}

static void count_pages(struct ami_dump *dump, size_t count)
{
	dump->pages_read += count;
	ami_budget_spend(&dump->budget, count * AMI_COST_PAGE);
}

/* @valid: the granules of @page that are real. */
static enum ami_mem host_read(struct ami_dump *dump, uint64_t pfn,
			      uint8_t *page, uint64_t *valid)
{
	enum ami_mem mem;

	/* Asking for an absent page costs less, but not nothing. */
	if (!ami_budget_spend(&dump->budget, AMI_COST_SET))
		return AMI_MEM_LEFT_OUT;
	mem = dump->ops.read_page(dump->ctx, pfn, page);
	*valid = UINT64_MAX;
	if (mem == AMI_MEM_ABSENT && dump->all_ram && ami_dump_ram(dump, pfn))
		mem = AMI_MEM_FILTERED;
	if (dump->prefer && dump->prefer(dump->prefer_ctx, pfn, mem, page))
		mem = AMI_MEM_OK;
	else if (mem == AMI_MEM_OK && dump->ops.valid)
		*valid = dump->ops.valid(dump->ctx, pfn);
	if (mem == AMI_MEM_OK)
		count_pages(dump, 1);
	else
		count_cut(dump, mem);
	return mem;
}

static void cache_put(struct ami_dump *dump, unsigned int i, uint64_t pfn,
		      uint64_t valid)
{
	uint16_t *head = &dump->bucket[bucket_of(pfn)];

	dump->slot[i] = (struct slot){
		.pfn = pfn, .next = *head, .used = true, .valid = valid,
		.recent = true,
	};
	*head = i;
}

static enum ami_mem cache_get(struct ami_dump *dump, uint64_t pfn,
			      unsigned int *index)
{
	unsigned int i = cache_find(dump, pfn);
	enum ami_mem mem;
	uint64_t valid;

	if (!ami_budget_spend(&dump->budget, AMI_COST_READ))
		return AMI_MEM_LEFT_OUT;
	if (i == NO_SLOT) {
		i = cache_victim(dump);
		if (i == NO_SLOT)
			return AMI_MEM_ERROR;
		mem = host_read(dump, pfn, slot_data(dump, i), &valid);
		if (mem != AMI_MEM_OK)
			return mem;
		cache_put(dump, i, pfn, valid);
	}
	if (dump->noted && !dump->slot[i].noted)
		ami_pfnset_add(dump->noted, pfn, 1);
	dump->slot[i].noted = true;
	dump->slot[i].recent = true;
	*index = i;
	return AMI_MEM_OK;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Read adjacent page frames that are not in the cache. */
static void prefetch_run(struct ami_dump *dump, uint64_t first, size_t count)
{
	uint8_t *page[AMI_PREFETCH];
	unsigned int slot[AMI_PREFETCH];
	size_t i, got = 0;

	/* Pinned, so that no two frames get the same slot. */
	for (i = 0; i < count; i++) {
		slot[i] = cache_victim(dump);
		if (slot[i] == NO_SLOT)
			break;
		dump->slot[slot[i]].pins = 1;
		page[i] = slot_data(dump, slot[i]);
	}
	count = i;
	if (count)
		got = dump->ops.read_run(dump->ctx, first, page, count);
	for (i = 0; i < count; i++) {
		dump->slot[slot[i]].pins = 0;
		if (i >= got)
			continue;
		if (dump->prefer)
			dump->prefer(dump->prefer_ctx, first + i, AMI_MEM_OK,
				     page[i]);
		cache_put(dump, slot[i], first + i, UINT64_MAX);
	}
	count_pages(dump, got);
}

void ami_dump_prefetch(struct ami_dump *dump, uint64_t *pfn, size_t count)
{
	size_t i, run;

	if (!dump->ops.read_run || count > AMI_PREFETCH || dump->budget.over)
		return;
	for (i = 1; i < count && pfn[i - 1] < pfn[i]; i++)
		;
	if (i < count)
		qsort(pfn, count, sizeof(*pfn), by_number);
	for (i = 0; i < count; i += run) {
		run = 1;
		if (cache_find(dump, pfn[i]) != NO_SLOT)
			continue;
		while (i + run < count && pfn[i + run] == pfn[i] + run &&
		       cache_find(dump, pfn[i + run]) == NO_SLOT)
			run++;
		if (run > 1)
			prefetch_run(dump, pfn[i], run);
	}
}

static enum ami_mem read_piece(struct ami_dump *dump, uint64_t paddr,
			       uint8_t *buf, size_t len)
{
	uint64_t mask = ami_granule_mask(paddr % AMI_PAGE_SIZE, len);
	enum ami_mem mem;
	unsigned int i;

	mem = cache_get(dump, paddr >> AMI_PAGE_SHIFT, &i);
	if (mem != AMI_MEM_OK)
		return mem;
	if ((dump->slot[i].valid & mask) != mask) {
		/* In other files, part of such a page lies behind the end. */
		count_cut(dump, ami_dump_is_extract(dump) ? AMI_MEM_FILTERED :
			  AMI_MEM_ERROR);
		return AMI_MEM_FILTERED;
	}
	if (ami_dump_recording(dump))
		ami_record_add(&dump->record, paddr >> AMI_PAGE_SHIFT, mask);
	memcpy(buf, slot_data(dump, i) + paddr % AMI_PAGE_SIZE, len);
	return AMI_MEM_OK;
}

static void took_whole(struct ami_dump *dump, uint64_t pfn)
{
	if (dump->noted)
		ami_pfnset_add(dump->noted, pfn, 1);
	if (ami_dump_recording(dump))
		ami_record_add(&dump->record, pfn, UINT64_MAX);
}

/*
 * Read as many adjacent whole pages of the dump as possible at once. May be 0.
 */
static size_t read_run(struct ami_dump *dump, uint64_t pfn, uint8_t *buf,
		       size_t count)
{
	uint8_t *page[AMI_PREFETCH];
	size_t i;

	if (!dump->ops.read_run || dump->budget.over)
		return 0;
	if (count > AMI_PREFETCH)
		count = AMI_PREFETCH;
	for (i = 0; i < count; i++)
		page[i] = buf + i * AMI_PAGE_SIZE;
	count = dump->ops.read_run(dump->ctx, pfn, page, count);
	for (i = 0; i < count; i++) {
		if (dump->prefer)
			dump->prefer(dump->prefer_ctx, pfn + i, AMI_MEM_OK,
				     page[i]);
		took_whole(dump, pfn + i);
	}
	count_pages(dump, count);
	return count;
}

/* Whole pages of a large read bypass the cache. */
static enum ami_mem read_bulk(struct ami_dump *dump, uint64_t pfn,
			      uint8_t *buf, size_t count, size_t *done)
{
	enum ami_mem mem;
	uint64_t valid;

	*done = read_run(dump, pfn, buf, count);
	if (*done)
		return AMI_MEM_OK;
	mem = host_read(dump, pfn, buf, &valid);
	if (mem != AMI_MEM_OK)
		return mem;
	if (valid != UINT64_MAX)
		return AMI_MEM_FILTERED;
	took_whole(dump, pfn);
	*done = 1;
	return AMI_MEM_OK;
}

bool ami_dump_left_out(const struct ami_dump *dump)
{
	return dump->left_out;
}

enum ami_mem ami_dump_read(struct ami_dump *dump, uint64_t paddr, void *buf,
			   size_t len)
{
	bool bulk = len >= BULK_BYTES;
	uint8_t *p = buf;

	if (len && paddr > UINT64_MAX - (len - 1))
		return AMI_MEM_ABSENT;
	while (len) {
		size_t part = AMI_PAGE_SIZE - paddr % AMI_PAGE_SIZE, pages;
		enum ami_mem mem;

		if (part > len)
			part = len;
		if (bulk && part == AMI_PAGE_SIZE) {
			mem = read_bulk(dump, paddr >> AMI_PAGE_SHIFT, p,
					len / AMI_PAGE_SIZE, &pages);
			part = pages * AMI_PAGE_SIZE;
		} else {
			mem = read_piece(dump, paddr, p, part);
		}
		dump->left_out |= mem == AMI_MEM_FILTERED;
		if (mem != AMI_MEM_OK)
			return mem;
		p += part;
		paddr += part;
		len -= part;
	}
	return AMI_MEM_OK;
}

const uint8_t *ami_dump_page(struct ami_dump *dump, uint64_t pfn,
			     enum ami_mem *mem)
{
	unsigned int i;

	*mem = cache_get(dump, pfn, &i);
	if (*mem != AMI_MEM_OK)
		return NULL;
	if (dump->slot[i].valid != UINT64_MAX) {
		*mem = AMI_MEM_FILTERED;
		return NULL;
	}
	if (ami_dump_recording(dump))
		ami_record_add(&dump->record, pfn, UINT64_MAX);
	dump->slot[i].pins++;
	return slot_data(dump, i);
}

void ami_dump_unpage(struct ami_dump *dump, const uint8_t *page)
{
	if (page)
		dump->slot[(page - dump->data) / AMI_PAGE_SIZE].pins--;
}

int ami_dump_record(struct ami_dump *dump)
{
	if (dump->recording)
		return 0;
	if (ami_record_init(&dump->record))
		return -1;
	dump->recording = true;
	return 0;
}

bool ami_dump_recording(const struct ami_dump *dump)
{
	return dump->recording && !dump->paused;
}

void ami_dump_record_pause(struct ami_dump *dump, bool pause)
{
	dump->paused += pause ? 1 : -1;
}

void ami_dump_withhold(struct ami_dump *dump, uint64_t paddr, uint64_t len)
{
	if (!dump->recording || paddr + len < paddr)
		return;
	while (len) {
		uint64_t part = AMI_PAGE_SIZE - paddr % AMI_PAGE_SIZE;

		if (part > len)
			part = len;
		dump_withheld_add_span(&dump->withheld, paddr, part);
		paddr += part;
		len -= part;
	}
}

void ami_dump_content_add(struct ami_dump *dump, const struct ami_content *c)
{
	if (dump->recording)
		dump_withheld_add_content(&dump->withheld, c);
}

const struct ami_content *ami_dump_contents(const struct ami_dump *dump,
					    uint64_t pfn, size_t *count)
{
	const struct ami_content *all = dump->info.content;
	size_t low = 0, high = dump->info.nr_contents;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (all[mid].pfn < pfn)
			low = mid + 1;
		else
			high = mid;
	}
	*count = 0;
	while (low + *count < dump->info.nr_contents &&
	       all[low + *count].pfn == pfn)
		++*count;
	return *count ? &all[low] : NULL;
}

void ami_dump_carry(struct ami_dump *dump, char *lines)
{
	free(dump->withheld.lines);
	dump->withheld.lines = lines;
}

const struct ami_withheld *dump_withheld(struct ami_dump *dump)
{
	dump_withheld_sort(&dump->withheld);
	return dump->withheld.failed ? NULL : &dump->withheld;
}

struct ami_granules *ami_dump_recorded(const struct ami_dump *dump,
				       size_t *count)
{
	return dump->recording ? ami_record_sorted(&dump->record, count) : NULL;
}
