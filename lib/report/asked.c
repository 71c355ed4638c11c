// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an engineer has in hand: an address of any kind, a frame, a struct page, a
 * symbol, an address of a process, or a range of these. What could be two things is
 * not guessed: the error says both.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>

#include "asked.h"

#define PHYSICAL_BITS	52
#define USER_BITS	47	/* of addresses of processes, with 4 levels */
#define SHOWN		4u	/* of several symbols, or processes */
#define TOKEN		512u

/*
 * Programs and their libraries lie above this, and no known machine has RAM or
 * device memory there.
 */
#define USER_LIKE	(1ull << 46)

const struct ami_symbols *answer_symbols(struct asking *a)
{
	if (!a->symbols)
		a->symbols = ami_symbols_read(a->v->a->kernel);
	return a->symbols;
}

void answer_asking_end(struct asking *a)
{
	ami_symbols_free(a->symbols);
	a->symbols = NULL;
}

void answer_symbol_text(const char *name, uint64_t offset, char *buf,
			size_t size)
{
	if (offset)
		snprintf(buf, size, "%s+%#" PRIx64, name, offset);
	else
		snprintf(buf, size, "%s", name);
}

static bool parse_hex(const char *text, size_t len, uint64_t *value)
{
	char digits[20], *end;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (strspn(digits, "0123456789abcdefABCDEFxX") != len)
		return false;
	errno = 0;
	*value = strtoull(digits, &end, 16);
	return !errno && end > digits && !*end;
}

static bool is_prefixed(const char *text)
{
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

static int not_understood(struct ami_error *err, const char *word)
{
	char shown[80];

	return ami_error_set(err, AMI_ERR_USAGE,
			     "'%s' is not an address; write it in hexadecimal, with or without 0x, or as a symbol, pfn:N, page:ADDRESS, PID:ADDRESS",
			     ami_display(word, shown, sizeof(shown)));
}

/* "-B" or "+LEN" behind the start. The last byte counts. */
static int parse_end(struct asked *q, const char *rest, uint64_t unit,
		     struct ami_error *err)
{
	uint64_t value;

	q->last = q->start + (unit - 1);
	q->range = *rest;
	if (!*rest)
		return 0;
	if ((*rest != '-' && *rest != '+') ||
	    !parse_hex(rest + 1, strlen(rest + 1), &value))
		return not_understood(err, q->word);
	if (*rest == '-' && (value > UINT64_MAX / unit ||
			     value * unit + (unit - 1) < q->start))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "the range '%s' ends before it begins",
				     q->word);
	if (*rest == '+' && (!value || value > UINT64_MAX / unit ||
			     value * unit - 1 > UINT64_MAX - q->start))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "the range '%s' has no length, or goes past the last address",
				     q->word);
	q->last = *rest == '-' ? value * unit + (unit - 1) :
				 q->start + (value * unit - 1);
	return 0;
}

static int ask_frame(struct asked *q, const char *rest, struct ami_error *err)
{
	size_t len = strcspn(rest, "-+");
	uint64_t pfn;

	if (!parse_hex(rest, len, &pfn) ||
	    pfn >> (PHYSICAL_BITS - AMI_PAGE_SHIFT))
		return not_understood(err, q->word);
	q->start = pfn << AMI_PAGE_SHIFT;
	snprintf(q->meaning, sizeof(q->meaning), "page frame %#" PRIx64, pfn);
	return parse_end(q, rest + len, AMI_PAGE_SIZE, err);
}

/* Any byte of a struct page leads to its page. */
static bool frame_of_struct(const struct view *v, uint64_t va, uint64_t *pfn)
{
	uint64_t size = ami_type_size(v->a->kernel, AMI_T_page);
	uint64_t first = ami_pfn_to_page(v->a->kernel, 0);

	return size && first && va >= first &&
	       ami_page_to_pfn(v->a->kernel, va - (va - first) % size, pfn);
}

static int ask_struct_page(struct asking *a, struct asked *q, const char *rest,
			   struct ami_error *err)
{
	uint64_t va, pfn;

	if (!parse_hex(rest, strlen(rest), &va))
		return not_understood(err, q->word);
	if (!frame_of_struct(a->v, va, &pfn))
		return ami_error_set(err, AMI_ERR_DATA,
				     "%#" PRIx64 " is not in the array of struct page; the kernel's log may show a hashed pointer (%%p)",
				     va);
	q->start = pfn << AMI_PAGE_SHIFT;
	q->last = q->start + (AMI_PAGE_SIZE - 1);
	snprintf(q->meaning, sizeof(q->meaning),
		 "the page that struct page %#" PRIx64 " describes", va);
	return 0;
}

static int not_kernel(struct ami_error *err, uint64_t va)
{
	return ami_error_set(err, AMI_ERR_DATA,
			     "%#" PRIx64 " is neither a physical address (%d bits) nor a virtual one of the kernel",
			     va, PHYSICAL_BITS);
}

/* @rest: of phys: or virt:, so the kind is known */
static int ask_kind(struct asked *q, enum asked_kind kind, const char *rest,
		    struct ami_error *err)
{
	size_t len = strcspn(rest, "-+");

	q->kind = kind;
	if (!parse_hex(rest, len, &q->start))
		return not_understood(err, q->word);
	if (kind == ASKED_PHYSICAL ? q->start >> PHYSICAL_BITS :
				     !ami_kernel_address(q->start))
		return not_kernel(err, q->start);
	return parse_end(q, rest + len, 1, err);
}

/* A plain number: which of the two kinds follows from its size. */
static int ask_number(struct asking *a, struct asked *q, const char *rest,
		      struct ami_error *err)
{
	uint64_t va = q->start, pfn;

	if (va >> PHYSICAL_BITS) {
		if (!ami_kernel_address(va))
			return not_kernel(err, va);
		q->kind = ASKED_VIRTUAL;
		if (frame_of_struct(a->v, va, &pfn))
			return ami_error_set(err, AMI_ERR_USAGE,
					     "%#" PRIx64 " lies in the array of struct page; which is meant: page:%" PRIx64 " (the page that it describes, frame %#" PRIx64 ") or virt:%" PRIx64 " (the struct page itself)?",
					     va, va, pfn, va);
		return parse_end(q, rest, 1, err);
	}
	if (va >= USER_LIKE && va >> USER_BITS == 0 &&
	    !ami_dump_ram(a->v->a->dump, va >> AMI_PAGE_SHIFT))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "%#" PRIx64 " looks like an address of a process; which is meant: PID:%" PRIx64 " (or NAME:%" PRIx64 ", by its page tables) or phys:%" PRIx64 "?",
				     va, va, va, va);
	return parse_end(q, rest, 1, err);
}

static int one_of_several(struct ami_error *err, const char *name,
			  const uint64_t *va, size_t n)
{
	char list[SHOWN * 24] = "";
	size_t i, used = 0;

	for (i = 0; i < n && i < SHOWN; i++)
		used += snprintf(list + used, sizeof(list) - used,
				 "%s%" PRIx64, i ? ", " : "", va[i]);
	return ami_error_set(err, AMI_ERR_USAGE,
			     "%zu symbols have the name %s; which is meant: %s%s?",
			     n, name, list, n > SHOWN ? ", ..." : "");
}

static int find_symbol(struct asking *a, const char *name, uint64_t *va,
		       struct ami_error *err)
{
	const struct ami_symbols *all = answer_symbols(a);
	uint64_t found[SHOWN];
	char shown[56];
	size_t n;

	if (!all)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	n = ami_symbols_find(all, name, found, SHOWN);
	if (!n)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not an address, and the kernel has no such symbol%s",
				     ami_display(name, shown, sizeof(shown)),
				     ami_symbols_known(all) ?
				     " (of modules, give the address)" :
				     " that can be read");
	if (n > 1)
		return one_of_several(err, name, found, n);
	if (found[0] == AMI_SYMBOL_UNREAD)
		return ami_error_set(err, AMI_ERR_DATA,
				     "the address of %s is not in the dump (an extract has few); give the address",
				     name);
	if (!ami_kernel_address(found[0]))
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s has no address of its own: each CPU has one, or it is a constant (%#" PRIx64 ")",
				     name, found[0]);
	*va = found[0];
	return 0;
}

/* "+0x16/0x40" as the kernel prints it; crash prints decimal offsets. */
static int parse_offset(struct asked *q, const char *text, uint64_t *offset,
			const char **rest, struct ami_error *err)
{
	size_t len = strcspn(text, "/+");
	uint64_t decimal = 0;
	size_t i;

	if (!parse_hex(text, len, offset))
		return not_understood(err, q->word);
	for (i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		decimal = decimal * 10 + (text[i] - '0');
	if (!is_prefixed(text) && i == len && decimal != *offset)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "the offset in '%s' may be decimal, as crash prints it, or hexadecimal; which is meant: +%#" PRIx64 " or +%#" PRIx64 "?",
				     q->word, decimal, *offset);
	*rest = text + len;
	if (**rest == '/')
		*rest += strcspn(*rest, "+");
	return 0;
}

static int ask_symbol(struct asking *a, struct asked *q, const char *text,
		      struct ami_error *err)
{
	size_t len = strcspn(text, "+");
	const char *rest = text + len;
	char name[TOKEN], shown[80], place[104];
	uint64_t va = 0, offset = 0;

	if (!len || len >= sizeof(name))
		return not_understood(err, q->word);
	memcpy(name, text, len);
	name[len] = '\0';
	if (find_symbol(a, name, &va, err))
		return -1;
	if (*rest && parse_offset(q, rest + 1, &offset, &rest, err))
		return -1;
	if (va + offset < va)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' leads past the end of all addresses",
				     q->word);
	q->kind = ASKED_VIRTUAL;
	q->start = va + offset;
	answer_symbol_text(ami_display(name, shown, sizeof(shown)), offset,
			   place, sizeof(place));
	snprintf(q->meaning, sizeof(q->meaning), "%s at %#" PRIx64, place,
		 q->start);
	return parse_end(q, rest, 1, err);
}

static int no_process(struct ami_error *err, const char *name, bool by_name)
{
	return ami_error_set(err, AMI_ERR_DATA, by_name ?
			     "no process has the name %s in this dump (an extract has no names)" :
			     "no process has the ID %s in this dump", name);
}

static int several_processes(struct ami_error *err, const char *name,
			     const struct ami_process *p, size_t n)
{
	char list[SHOWN * 16] = "";
	size_t i, used = 0;

	for (i = 0; i < n && i < SHOWN; i++)
		used += snprintf(list + used, sizeof(list) - used, "%s%d",
				 i ? ", " : "", p[i].tgid);
	return ami_error_set(err, AMI_ERR_USAGE,
			     "%zu processes have the name %s; give the ID: %s%s",
			     n, name, list, n > SHOWN ? ", ..." : "");
}

static int find_process(struct asking *a, struct asked *q, const char *name,
			struct ami_error *err)
{
	bool by_name = name[strspn(name, "0123456789")];
	struct ami_process found[SHOWN] = { { .pid = 0 } };
	char shown[40];
	size_t n;

	ami_display(name, shown, sizeof(shown));
	n = ami_owner_processes(a->v->a->exposures->owners, atoi(name),
				by_name ? name : NULL, found, SHOWN);
	if (!n)
		return no_process(err, shown, by_name);
	if (n > 1)
		return several_processes(err, shown, found, n);
	if (!found[0].pgd)
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s is a thread of the kernel, or had ended: it has no memory of its own",
				     shown);
	q->pgd = found[0].pgd;
	snprintf(q->meaning, sizeof(q->meaning),
		 "%#" PRIx64 " in %s%spid %d%s", q->start,
		 ami_display(found[0].comm, shown, sizeof(shown)),
		 *shown ? " (" : "", found[0].tgid, *shown ? ")" : "");
	return 0;
}

static int ask_process(struct asking *a, struct asked *q, const char *rest,
		       struct ami_error *err)
{
	size_t before = rest - q->word - 1, len = strcspn(rest, "-+");
	char name[TOKEN];

	if (!before || before >= sizeof(name) ||
	    !parse_hex(rest, len, &q->start))
		return not_understood(err, q->word);
	if (ami_kernel_address(q->start))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "%#" PRIx64 " is an address of the kernel, which all processes share: ask for %" PRIx64,
				     q->start, q->start);
	q->kind = ASKED_PROCESS;
	memcpy(name, q->word, before);
	name[before] = '\0';
	if (find_process(a, q, name, err))
		return -1;
	return parse_end(q, rest + len, 1, err);
}

/* May the word also be a symbol? Without 0x, letters alone do not decide. */
static bool is_symbol_too(struct asking *a, const char *text, size_t len)
{
	const struct ami_symbols *all;
	char name[24];
	uint64_t va;

	if ((*text >= '0' && *text <= '9') || len >= sizeof(name))
		return false;
	all = answer_symbols(a);
	memcpy(name, text, len);
	name[len] = '\0';
	return all && ami_symbols_find(all, name, &va, 1);
}

static int ask_plain(struct asking *a, struct asked *q, struct ami_error *err)
{
	size_t len = strcspn(q->word, "-+");

	if (!parse_hex(q->word, len, &q->start))
		return *q->word >= '0' && *q->word <= '9' ?
		       not_understood(err, q->word) :
		       ask_symbol(a, q, q->word, err);
	if (is_symbol_too(a, q->word, len))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is a symbol and a number; which is meant: sym:%s or 0x%s?",
				     q->word, q->word, q->word);
	return ask_number(a, q, q->word + len, err);
}

int answer_asked(struct asking *a, const char *word, struct asked *q,
		 struct ami_error *err)
{
	const char *colon = strrchr(word, ':');
	size_t len = colon ? (size_t)(colon - word) : 0;

	*q = (struct asked){ .word = word };
	if (!colon)
		return ask_plain(a, q, err);
	if (len == 3 && !memcmp(word, "pfn", len))
		return ask_frame(q, colon + 1, err);
	if (len == 4 && !memcmp(word, "page", len))
		return ask_struct_page(a, q, colon + 1, err);
	if (len == 4 && !memcmp(word, "phys", len))
		return ask_kind(q, ASKED_PHYSICAL, colon + 1, err);
	if (len == 4 && !memcmp(word, "virt", len))
		return ask_kind(q, ASKED_VIRTUAL, colon + 1, err);
	if (len == 3 && !memcmp(word, "sym", len))
		return ask_symbol(a, q, colon + 1, err);
	return ask_process(a, q, colon + 1, err);
}

int answer_asked_first(struct asking *a, struct asked *q)
{
	const struct ami_request *r = a->v->r;

	snprintf(a->number, sizeof(a->number), "%s:%" PRIx64,
		 r->address >> 52 ? "virt" : "phys", r->address);
	return answer_asked(a, r->nr_words ? r->words[0] : a->number, q,
			    a->v->err);
}

enum ami_mem answer_asked_phys(struct view *v, const struct asked *q, uint64_t at,
			       uint64_t *paddr)
{
	switch (q->kind) {
	case ASKED_VIRTUAL:
		return ami_virt_to_phys(v->a->kernel, at, paddr);
	case ASKED_PROCESS:
		return ami_user_to_phys(v->a->kernel, q->pgd, at, paddr);
	default:
		*paddr = at;
		return AMI_MEM_OK;
	}
}
