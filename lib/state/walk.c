// SPDX-License-Identifier: GPL-2.0-or-later
/* I/O page tables of the dead machine, v1 and v2, as the IOMMU walks them. */
#include <string.h>

#include <amdiommu/pfnset.h>
#include <state/table.h>

struct walk {
	struct ami_dump *dump;
	const struct ami_table *table;
	const struct ami_walk_ops *ops;
	void *ctx;
	struct ami_walk_stats *stats;
	struct ami_mapping run;		/* size 0: none pending */
	struct ami_pfnseen seen;
};

struct perm {
	bool read, write;
};

/**
 * struct leaf - the page met last in a table, whose neighbours look alike
 * @mask: bits that say what an entry is; the others are its address, and
 * 	whether it was used
 * @is: the value of those bits
 */
struct leaf {
	uint64_t mask, is;
	struct perm perm;
	bool known;
};

const char *ami_format_name(enum ami_format format)
{
	static const char *const name[] = { "none", "v1", "v2" };

	return name[format];
}

static struct amdvi_pte decode_entry(const struct ami_table *t, uint64_t raw,
				     unsigned int level)
{
	return t->format == AMI_FORMAT_V2 ?
	       amdvi_v2_pte(raw, level, t->sme_mask) :
	       amdvi_v1_pte(raw, level, t->sme_mask);
}

/* This entry denies every user request. */
static bool denied(const struct ami_table *t, const struct amdvi_pte *pte)
{
	return t->user_only && !pte->user && (pte->kind == AMDVI_PTE_TABLE ||
					      pte->kind == AMDVI_PTE_PAGE);
}

static unsigned int max_level(const struct ami_table *t)
{
	return t->format == AMI_FORMAT_V2 ? AMDVI_V2_MAX_LEVEL :
	       AMDVI_V1_MAX_LEVEL;
}

/* A 64-bit IOVA leaves the top level of six only 7 bits of index. */
static unsigned int entries_at(unsigned int level)
{
	return level == 6 ? 128 : AMDVI_TABLE_ENTRIES;
}

static void problem(struct walk *w, enum ami_walk_fault fault, uint64_t table,
		    unsigned int level, uint64_t iova, enum ami_mem mem)
{
	struct ami_walk_problem *p = &w->stats->problem[fault];
	bool entry = fault == AMI_WALK_BAD_ENTRY || fault == AMI_WALK_FORBIDS;
	unsigned int bits = amdvi_level_shift(entry ? level : level + 1);
	uint64_t span = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;

	if (w->ops->problem)
		w->ops->problem(w->ctx, fault, iova, iova | span);
	if (!p->count++) {
		p->table = table;
		p->level = level;
		p->iova = iova;
		p->mem = mem;
	}
}

static bool flush(struct walk *w)
{
	bool go_on = !w->run.size || w->ops->mapping(w->ctx, &w->run);

	if (w->run.size)
		ami_budget_spend(ami_dump_budget(w->dump), AMI_COST_SET);
	w->run.size = 0;
	return go_on;
}

static inline bool emit(struct walk *w, uint64_t iova, uint64_t phys,
			uint64_t size, struct perm perm)
{
	struct ami_mapping *run = &w->run;

	if (run->size && run->iova + run->size == iova &&
	    run->phys + run->size == phys && run->read == perm.read &&
	    run->write == perm.write) {
		run->size += size;
		return true;
	}
	if (run->size && !flush(w))
		return false;
	run->iova = iova;
	run->phys = phys;
	run->size = size;
	run->read = perm.read;
	run->write = perm.write;
	return true;
}

/* False: already entered at this level with the same write permission. */
static bool first_visit(struct walk *w, uint64_t table, unsigned int level,
			bool write)
{
	int first = ami_pfnseen_add(&w->seen, level << 1 | write,
				    table >> AMI_PAGE_SHIFT);

	w->stats->no_memory |= first < 0;
	return first > 0;
}

/*
 * A page of exactly this level's size. The entries after it may differ only in
 * their addresses.
 */
static void keep_leaf(const struct walk *w, struct leaf *leaf, uint64_t raw,
		      unsigned int level, const struct amdvi_pte *pte,
		      struct perm perm)
{
	uint64_t slot = 1ull << amdvi_level_shift(level);
	uint64_t used = w->table->format == AMI_FORMAT_V2 ?
			AMDVI_V2_A | AMDVI_V2_D : AMDVI_V1_A | AMDVI_V1_D;

	leaf->known = pte->size_log2 == amdvi_level_shift(level) && level < 6;
	leaf->mask = ~(AMDVI_ADDR_MASK & ~(slot - 1) & ~w->table->sme_mask) &
		     ~used;
	leaf->is = raw & leaf->mask;
	leaf->perm = perm;
}

static bool is_like(const struct leaf *leaf, uint64_t raw)
{
	return leaf->known && (raw & leaf->mask) == leaf->is;
}

#define GROUP	8u

/* Do GROUP entries map contiguous memory, starting at @want? */
static bool group_follows(const uint64_t *entry, uint64_t want, uint64_t slot,
			  uint64_t used)
{
	uint64_t differ = 0;
	unsigned int i;

	for (i = 0; i < GROUP; i++)
		differ |= (entry[i] ^ (want + i * slot)) & ~used;
	return !differ;
}

/* How many entries from the first on map contiguous memory. */
static unsigned int piece(const struct leaf *leaf, const uint64_t *entry,
			  unsigned int max, uint64_t slot)
{
	uint64_t want = (entry[0] & ~leaf->mask & AMDVI_ADDR_MASK) | leaf->is;
	uint64_t used = ~leaf->mask & ~AMDVI_ADDR_MASK, last;
	unsigned int n = 1;

	while (n < max) {
		want += slot;
		if ((entry[n] & ~used) != want ||
		    (want & leaf->mask) != leaf->is)
			break;
		/* An address that overflows has changed the other bits. */
		last = want + GROUP * slot;
		while (++n + GROUP <= max && (last & leaf->mask) == leaf->is &&
		       group_follows(entry + n, want + slot, slot, used)) {
			want = last;
			last += GROUP * slot;
			n += GROUP - 1;
		}
	}
	return n;
}

static bool walk_table(struct walk *w, uint64_t table, unsigned int level,
		       uint64_t iova, struct perm perm);

static bool walk_entry(struct walk *w, uint64_t table, uint64_t raw,
		       unsigned int level, uint64_t iova, struct perm perm,
		       struct leaf *leaf)
{
	struct amdvi_pte pte = decode_entry(w->table, raw, level);
	uint64_t slot = 1ull << amdvi_level_shift(level);

	if (denied(w->table, &pte))
		return true;
	perm.read &= pte.ir;
	perm.write &= pte.iw;
	switch (pte.kind) {
	case AMDVI_PTE_NONE:
		return true;
	case AMDVI_PTE_BAD:
		problem(w, AMI_WALK_BAD_ENTRY, table, level, iova, AMI_MEM_OK);
		return true;
	case AMDVI_PTE_TABLE:
		if (w->table->format == AMI_FORMAT_V1 && !(pte.ir && pte.iw))
			problem(w, AMI_WALK_FORBIDS, table, level, iova,
				AMI_MEM_OK);
		return walk_table(w, pte.addr, pte.next_level, iova, perm);
	case AMDVI_PTE_PAGE:
		keep_leaf(w, leaf, raw, level, &pte, perm);
		break;
	}
	w->stats->entries++;
	return emit(w, iova,
		    pte.addr + (iova & ((1ull << pte.size_log2) - 1)), slot,
		    perm);
}

/*
 * Tables of the lowest level make up nearly all of a tree. So the next ones of
 * a directory are read together. Upper tables are not: what they lead to would
 * drive them out of the cache before they are used.
 */
static unsigned int read_ahead(struct walk *w, const uint64_t *entry,
			       unsigned int count)
{
	uint64_t pfn[AMI_PREFETCH];
	unsigned int i, n = 0;

	for (i = 0; i < count && n < AMI_PREFETCH; i++) {
		struct amdvi_pte pte = decode_entry(w->table, entry[i], 2);

		if (pte.kind == AMDVI_PTE_TABLE && pte.next_level == 1)
			pfn[n++] = pte.addr >> AMI_PAGE_SHIFT;
	}
	if (n > 1)
		ami_dump_prefetch(w->dump, pfn, n);
	return i;
}

static bool walk_entries(struct walk *w, uint64_t table, const uint64_t *entry,
			 unsigned int level, uint64_t iova, struct perm perm)
{
	unsigned int shift = amdvi_level_shift(level), i, step, ahead = 0;
	unsigned int n = entries_at(level);
	struct leaf leaf = { .known = false };
	bool go_on = true;

	for (i = 0; i < n && go_on; i += step) {
		uint64_t at = iova + ((uint64_t)i << shift);

		step = 1;
		if (!entry[i])
			continue;
		if (level == 2 && i >= ahead)
			ahead = i + read_ahead(w, entry + i, n - i);
		if (is_like(&leaf, entry[i])) {
			step = piece(&leaf, entry + i, n - i, 1ull << shift);
			w->stats->entries += step;
			go_on = emit(w, at, entry[i] & ~leaf.mask &
				     AMDVI_ADDR_MASK, (uint64_t)step << shift,
				     leaf.perm);
		} else {
			go_on = walk_entry(w, table, entry[i], level, at, perm,
					   &leaf);
		}
	}
	return go_on;
}

static bool walk_table(struct walk *w, uint64_t table, unsigned int level,
		       uint64_t iova, struct perm perm)
{
	const uint8_t *page;
	enum ami_mem mem;
	bool go_on;

	if (!first_visit(w, table, level, perm.write)) {
		problem(w, AMI_WALK_REVISITED, table, level, iova, AMI_MEM_OK);
		return !w->stats->no_memory;
	}
	if (ami_dump_interrupted(w->dump)) {
		w->stats->interrupted = true;
		return false;
	}
	page = ami_dump_page(w->dump, table >> AMI_PAGE_SHIFT, &mem);
	if (!page) {
		problem(w, AMI_WALK_MISSING, table, level, iova, mem);
		return true;
	}
	ami_budget_spend(ami_dump_budget(w->dump),
			 AMDVI_TABLE_ENTRIES * AMI_COST_ENTRY);
	w->stats->table_pages++;
	if (w->ops->table)
		w->ops->table(w->ctx, table >> AMI_PAGE_SHIFT, level);
	go_on = walk_entries(w, table, (const uint64_t *)page, level, iova,
			     perm);
	ami_dump_unpage(w->dump, page);
	return go_on;
}

void ami_walk(struct ami_dump *dump, const struct ami_table *table,
	      const struct ami_walk_ops *ops, void *ctx,
	      struct ami_walk_stats *stats)
{
	struct walk w = {
		.dump = dump, .table = table, .ops = ops, .ctx = ctx,
		.stats = stats,
	};

	memset(stats, 0, sizeof(*stats));
	if (table->format == AMI_FORMAT_NONE || !table->levels ||
	    table->levels > max_level(table))
		return;
	if (walk_table(&w, table->root, table->levels, 0,
		       (struct perm){ true, true }))
		flush(&w);
	ami_pfnseen_free(&w.seen);
}

/* Bits of @iova that no level up to @levels uses must be zero. */
static bool beyond(uint64_t iova, unsigned int levels)
{
	return levels < 6 && iova >> amdvi_level_shift(levels + 1);
}

static bool read_step(struct ami_dump *dump, const struct ami_table *table,
		      uint64_t iova, struct ami_step *s)
{
	s->index = amdvi_table_index(iova, s->level);
	s->mem = ami_dump_read(dump, s->table + 8ull * s->index, &s->raw,
			       sizeof(s->raw));
	if (s->mem != AMI_MEM_OK)
		return false;
	s->pte = decode_entry(table, s->raw, s->level);
	return true;
}

/* How far the answer for @iova, found at @level, extends. */
static uint64_t rest_of_entry(uint64_t iova, unsigned int level)
{
	unsigned int shift = amdvi_level_shift(level);
	uint64_t mask = shift < 64 ? (1ull << shift) - 1 : UINT64_MAX;

	return mask - (iova & mask) + (mask != UINT64_MAX);
}

size_t ami_translate(struct ami_dump *dump, const struct ami_table *table,
		     uint64_t iova, struct ami_step *steps,
		     struct ami_mapping *mapping, bool *mapped)
{
	struct ami_step at = { .level = table->levels, .table = table->root };
	struct perm perm = { true, true };
	uint64_t mask;
	size_t n = 0;

	*mapped = false;
	*mapping = (struct ami_mapping){
		.iova = iova, .size = UINT64_MAX - iova,
	};
	if (table->format == AMI_FORMAT_NONE || !table->levels ||
	    table->levels > max_level(table) || beyond(iova, table->levels))
		return 0;
	while (n < AMI_MAX_STEPS) {
		bool read = read_step(dump, table, iova, &at);

		steps[n++] = at;
		mapping->size = rest_of_entry(iova, at.level);
		if (!read)
			return n;
		perm.read &= at.pte.ir && !denied(table, &at.pte);
		perm.write &= at.pte.iw && !denied(table, &at.pte);
		if (at.pte.kind != AMDVI_PTE_TABLE)
			break;
		mask = (1ull << amdvi_level_shift(at.level)) - 1;
		if (beyond(iova & mask, at.pte.next_level)) {
			mapping->size = rest_of_entry(iova, 1);
			return n;
		}
		at.table = at.pte.addr;
		at.level = at.pte.next_level;
	}
	if (at.pte.kind != AMDVI_PTE_PAGE)
		return n;
	mask = (1ull << at.pte.size_log2) - 1;
	*mapping = (struct ami_mapping){
		.iova = iova, .phys = at.pte.addr + (iova & mask),
		.size = mask + 1 - (iova & mask),
		.read = perm.read, .write = perm.write,
	};
	*mapped = true;
	return n;
}
