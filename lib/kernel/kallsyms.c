// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dead kernel's own symbol table.
 *
 *	kallsyms_names		per symbol: length, then that many token bytes.
 *				A length with bit 7 set goes on in the next
 *				byte: (b0 & 0x7f) | b1 << 7.
 *	kallsyms_token_index	u16[256]: where token t starts in the table
 *	kallsyms_token_table	NUL-terminated strings; all tokens of a symbol
 *				joined give its type letter and its name
 *	kallsyms_offsets	s32 per symbol, by one of three rules, below
 */
#include <stdlib.h>
#include <string.h>

#include "kallsyms.h"

#define MAX_SYMBOLS	(4u << 20)
#define MAX_NAMES	(64u << 20)
#define MAX_TOKENS	(64u << 10)
#define SLOTS		256u		/* of the table of wanted names */
#define NOT_FOUND	UINT32_MAX

enum rule {
	RULE_SIGNED_BASE,	/* off >= 0: absolute; else base - 1 - off */
	RULE_UNSIGNED_BASE,	/* base + (u32)off */
	RULE_SELF_RELATIVE,	/* address of the slot + (s32)off */
};

/*
 * The wanted names, hashed, and the symbol number of each one found.
 * @renamed: of one that the linker gave a suffix, @renamings: of how many
 */
struct wanted {
	int16_t slot[SLOTS];
	uint32_t hash[AMI_NR_SYMBOLS];
	uint32_t number[AMI_NR_SYMBOLS];
	uint32_t renamed[AMI_NR_SYMBOLS], renamings[AMI_NR_SYMBOLS];
	unsigned int missing;
};

static bool key(struct ami_kernel *k, const char *name, uint64_t *va)
{
	char line[64] = "SYMBOL(";

	strcat(strcat(line, name), ")");
	return ami_vmcoreinfo_number(k->dump, line, 16, va);
}

static bool locate_tables(struct kallsyms *t)
{
	struct ami_kernel *k = t->kernel;
	uint64_t at;

	if (!key(k, "kallsyms_names", &t->names))
		return kallsyms_scan(t);
	if (!key(k, "kallsyms_num_syms", &at) ||
	    !key(k, "kallsyms_token_table", &t->token_table) ||
	    !key(k, "kallsyms_token_index", &t->token_index) ||
	    !key(k, "kallsyms_offsets", &t->offsets))
		return false;
	if (ami_read_u32(k, at, &t->num_syms) != AMI_MEM_OK)
		return false;
	t->has_base = key(k, "kallsyms_relative_base", &at);
	return !t->has_base ||
	       ami_read_u64(k, at, &t->relative_base) == AMI_MEM_OK;
}

/* Read up to @max bytes at @va. Fewer if readable memory ends before. */
static void *read_upto(struct ami_kernel *k, uint64_t va, size_t max,
		       size_t *got)
{
	uint8_t *buf = malloc(max);
	size_t done = 0;

	if (buf && ami_read(k, va, buf, max) == AMI_MEM_OK)
		done = max;
	while (buf && done < max) {
		size_t part = AMI_PAGE_SIZE - (va + done) % AMI_PAGE_SIZE;

		if (part > max - done)
			part = max - done;
		if (ami_read(k, va + done, buf + done, part) != AMI_MEM_OK)
			break;
		done += part;
	}
	*got = done;
	return buf;
}

static bool load_tables(struct kallsyms *t)
{
	uint64_t names = t->token_table - t->names;
	uint64_t tokens = t->token_index - t->token_table;

	if (!t->num_syms || t->num_syms > MAX_SYMBOLS)
		return false;
	if (names > MAX_NAMES || names < t->num_syms)
		return false;
	if (tokens > MAX_TOKENS)
		tokens = MAX_TOKENS;
	if (ami_read(t->kernel, t->token_index, t->index,
		     sizeof(t->index)) != AMI_MEM_OK)
		return false;
	t->name_bytes = read_upto(t->kernel, t->names, names, &t->name_size);
	t->tokens = read_upto(t->kernel, t->token_table, tokens,
			      &t->token_size);
	return t->name_bytes && t->tokens;
}

/*
 * Names are hashed token by token. @hash is that of the token's text alone;
 * @power multiplies the hash of what comes before it.
 */
struct token {
	const char *text;
	uint32_t len, hash, power;
};

#define HASH_FACTOR	16777619u

static struct token token_of(const char *text, size_t len)
{
	struct token t = { .text = text, .len = len, .power = 1 };

	for (; len--; text++) {
		t.hash = t.hash * HASH_FACTOR + (uint8_t)*text;
		t.power *= HASH_FACTOR;
	}
	return t;
}

/*
 * All tokens: @all whole, @tail without the first letter. @dotted: it has a dot.
 */
struct tokens {
	struct token all[KALLSYMS_TOKENS], tail[KALLSYMS_TOKENS];
	bool dotted[KALLSYMS_TOKENS];
};

static void take_tokens(const struct kallsyms *t, struct tokens *tokens)
{
	unsigned int i;

	for (i = 0; i < KALLSYMS_TOKENS; i++) {
		size_t at = t->index[i], len = 0;
		const char *text = "";

		if (at < t->token_size) {
			text = (const char *)t->tokens + at;
			len = strnlen(text, t->token_size - at);
		}
		tokens->all[i] = token_of(text, len);
		tokens->dotted[i] = memchr(text, '.', len);
		tokens->tail[i] = len ? token_of(text + 1, len - 1) :
					tokens->all[i];
	}
}

static void want_all(struct wanted *w)
{
	unsigned int i, s;

	memset(w, 0, sizeof(*w));
	memset(w->slot, 0xff, sizeof(w->slot));
	w->missing = AMI_NR_SYMBOLS;
	for (i = 0; i < AMI_NR_SYMBOLS; i++) {
		const char *name = ami_symbol_wants[i].name;
		uint32_t hash = token_of(name, strlen(name)).hash;

		w->hash[i] = hash;
		w->number[i] = NOT_FOUND;
		for (s = hash; w->slot[s % SLOTS] >= 0; s++)
			;
		w->slot[s % SLOTS] = i;
	}
}

_Static_assert(AMI_NR_SYMBOLS < SLOTS / 2, "hash table of wanted symbols");

/* The tokens of one symbol. Joined, they are its type letter and its name. */
struct coded {
	const struct tokens *tokens;
	const uint8_t *code;
	size_t count;
};

/* Token @i of the name, without the type letter. */
static const struct token *part_of(const struct coded *c, size_t i,
				   bool *letter)
{
	const struct token *all = &c->tokens->all[c->code[i]];

	if (!*letter || !all->len)
		return all;
	*letter = false;
	return &c->tokens->tail[c->code[i]];
}

static uint32_t hash_of(const struct coded *c)
{
	bool letter = true;
	uint32_t hash = 0;
	size_t i;

	for (i = 0; i < c->count; i++) {
		const struct token *t = part_of(c, i, &letter);

		hash = hash * t->power + t->hash;
	}
	return hash;
}

static bool is_name(const struct coded *c, const char *name)
{
	bool letter = true;
	size_t i;

	for (i = 0; i < c->count; i++) {
		const struct token *t = part_of(c, i, &letter);

		if (strncmp(name, t->text, t->len))
			return false;
		name += t->len;
	}
	return !*name;
}

static void match(struct wanted *w, const struct coded *c, uint32_t number)
{
	uint32_t hash = hash_of(c), s = hash;
	int i;

	for (; (i = w->slot[s % SLOTS]) >= 0; s++) {
		if (w->hash[i] != hash || w->number[i] != NOT_FOUND ||
		    !is_name(c, ami_symbol_wants[i].name))
			continue;
		w->number[i] = number;
		w->missing--;
		return;
	}
}

static bool has_dot(const struct coded *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->tokens->dotted[c->code[i]])
			return true;
	return false;
}

static void join(const struct coded *c, char *name, size_t size)
{
	bool letter = true;
	size_t i, used = 0;

	for (i = 0; i < c->count; i++) {
		const struct token *t = part_of(c, i, &letter);

		if (t->len >= size - used)
			break;
		memcpy(name + used, t->text, t->len);
		used += t->len;
	}
	name[used] = '\0';
}

static void match_renamed(struct wanted *w, const struct coded *c,
			  uint32_t number)
{
	char name[128];
	size_t len;
	uint32_t s;
	int i;

	join(c, name, sizeof(name));
	len = kernel_name_length(name);
	if (!name[len])
		return;
	name[len] = '\0';
	s = token_of(name, len).hash;
	for (; (i = w->slot[s % SLOTS]) >= 0; s++) {
		if (strcmp(name, ami_symbol_wants[i].name))
			continue;
		w->renamed[i] = number;
		w->renamings[i]++;
	}
}

/* Take the name at @pos, and move on. False: the names end early. */
static bool next_name(const struct kallsyms *t, size_t *pos, struct coded *c)
{
	size_t n;

	if (*pos + 2 > t->name_size)
		return false;
	n = t->name_bytes[(*pos)++];
	if (n & 0x80)
		n = (n & 0x7f) | (size_t)t->name_bytes[(*pos)++] << 7;
	if (n > t->name_size - *pos)
		return false;
	c->code = t->name_bytes + *pos;
	c->count = n;
	*pos += n;
	return true;
}

/* False: the names end early. A symbol past the end is not absent. */
static bool find_names(const struct kallsyms *t, struct wanted *w)
{
	struct tokens tokens;
	struct coded c = { .tokens = &tokens };
	size_t pos = 0;
	uint32_t i;

	take_tokens(t, &tokens);
	for (i = 0; i < t->num_syms && w->missing; i++) {
		if (!next_name(t, &pos, &c))
			return false;
		match(w, &c, i);
		if (has_dot(&c))
			match_renamed(w, &c, i);
	}
	return true;
}

static bool address(const struct kallsyms *t, enum rule rule, uint32_t number,
		    uint64_t *va)
{
	uint64_t slot = t->offsets + 4ull * number;
	uint32_t raw;
	int32_t off;

	if (ami_read_u32(t->kernel, slot, &raw) != AMI_MEM_OK)
		return false;
	off = (int32_t)raw;
	switch (rule) {
	case RULE_SIGNED_BASE:
		*va = off >= 0 ? (uint64_t)off :
				 t->relative_base - 1 - (int64_t)off;
		break;
	case RULE_UNSIGNED_BASE:
		*va = t->relative_base + raw;
		break;
	case RULE_SELF_RELATIVE:
		*va = slot + (int64_t)off;
	}
	return true;
}

/* The right rule puts _stext where VMCOREINFO says it is. */
static bool choose_rule(const struct kallsyms *t, const struct wanted *w,
			enum rule *rule)
{
	uint32_t number = w->number[AMI_SYM__stext];
	uint64_t stext, va;

	if (number == NOT_FOUND || !key(t->kernel, "_stext", &stext))
		return false;
	for (*rule = RULE_SIGNED_BASE; *rule <= RULE_SELF_RELATIVE; ++*rule) {
		if (t->has_base == (*rule == RULE_SELF_RELATIVE))
			continue;
		if (address(t, *rule, number, &va) && va == stext)
			return true;
	}
	return false;
}

/*
 * An unreadable symbol, or one of several, must not look like one that the
 * kernel does not have.
 */
static bool addresses(const struct kallsyms *t, enum rule rule,
		      const struct wanted *w, uint64_t *symbols)
{
	unsigned int i;

	for (i = 0; i < AMI_NR_SYMBOLS; i++) {
		uint32_t number = w->number[i];

		if (number == NOT_FOUND && w->renamings[i] == 1)
			number = w->renamed[i];
		if (number == NOT_FOUND ? !w->renamings[i] :
		    address(t, rule, number, &symbols[i]))
			continue;
		if (ami_symbol_wants[i].rests == AMI_RESTS_ANALYSIS)
			return false;
		symbols[i] = AMI_SYMBOL_UNREAD;
	}
	return true;
}

/* Returns what is wrong; NULL: nothing. */
static const char *resolve_symbols(struct kallsyms *t, uint64_t *symbols)
{
	struct wanted w;
	enum rule rule;

	if (!locate_tables(t))
		return "cannot be found: pages are missing or damaged";
	want_all(&w);
	if (!load_tables(t) || !find_names(t, &w))
		return "cannot be read: pages are missing or damaged";
	if (!choose_rule(t, &w, &rule))
		return "is damaged or has an unknown form (_stext does not decode to its address)";
	return addresses(t, rule, &w, symbols) ? NULL :
	       "cannot be read: pages with addresses are missing";
}

int kallsyms_resolve(struct ami_kernel *kernel, uint64_t *symbols,
		     struct ami_error *err)
{
	struct kallsyms t = { .kernel = kernel };
	const char *wrong = resolve_symbols(&t, symbols);

	free(t.name_bytes);
	free(t.tokens);
	if (!wrong)
		return 0;
	return kernel_refuse(kernel, err,
			     "the kernel's symbol table (kallsyms) %s", wrong);
}

static void take_each(const struct kallsyms *t, enum rule rule,
		      struct ami_symbols *to)
{
	struct tokens tokens;
	struct coded c = { .tokens = &tokens };
	char name[KALLSYMS_NAME];
	size_t pos = 0;
	uint32_t i;

	take_tokens(t, &tokens);
	for (i = 0; i < t->num_syms && next_name(t, &pos, &c); i++) {
		uint64_t va = AMI_SYMBOL_UNREAD;

		join(&c, name, sizeof(name));
		address(t, rule, i, &va);
		ami_symbols_take(to, name, va);
	}
	/* A damaged name hides all that follow: the last one has no known end. */
	if (i < t->num_syms)
		ami_symbols_take(to, "?", AMI_SYMBOL_UNREAD);
}

bool kallsyms_each(struct ami_kernel *kernel, struct ami_symbols *to)
{
	struct kallsyms t = { .kernel = kernel };
	struct wanted w;
	enum rule rule;
	bool found;

	want_all(&w);
	found = locate_tables(&t) && load_tables(&t) && find_names(&t, &w) &&
		choose_rule(&t, &w, &rule);
	if (found)
		take_each(&t, rule, to);
	free(t.name_bytes);
	free(t.tokens);
	return found;
}
