// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a line of the kernel's log says of an IOMMU, by its words. Drivers
 * reword their messages, and distributions do too. So names of events and words
 * of failure count, not order, case or punctuation. Tried on the strings of
 * 5.10 to 7.3: drivers/iommu/amd/{init,iommu,ppr}.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "incidents.h"

#define MAX_WORDS	96u
#define WORD		24u

/** struct words - a text in lower case, only letters and digits */
struct words {
	char word[MAX_WORDS][WORD];
	size_t count;
};

static void add_word(struct words *w, const char *text, size_t len)
{
	size_t i;

	if (w->count == MAX_WORDS)
		return;
	if (len >= WORD)
		len = WORD - 1;
	for (i = 0; i < len; i++)
		w->word[w->count][i] = tolower((unsigned char)text[i]);
	w->word[w->count++][len] = '\0';
}

/* "timed out", "time-out", "timedout": one word for one thing. */
static void join_timeout(struct words *w)
{
	const char *last = w->count ? w->word[w->count - 1] : "";

	if (!strcmp(last, "timedout") || !strcmp(last, "timeouts"))
		strcpy(w->word[w->count - 1], "timeout");
	if (w->count < 2 || strcmp(last, "out") ||
	    strncmp(w->word[w->count - 2], "time", 4))
		return;
	w->count--;
	strcpy(w->word[w->count - 1], "timeout");
}

static void split_words(const char *text, struct words *w)
{
	w->count = 0;
	while (*text) {
		size_t len = 0;

		while (isalnum((unsigned char)text[len]))
			len++;
		if (len) {
			add_word(w, text, len);
			join_timeout(w);
		}
		text += len ? len : 1;
	}
}

/* Is @word one of @any, "a|b|c*"? With a star: does it begin like that? */
static bool is_any(const char *word, const char *any)
{
	while (*any) {
		size_t len = strcspn(any, "|");
		bool star = len && any[len - 1] == '*';

		if (star ? !strncmp(word, any, len - 1) :
		    strlen(word) == len && !memcmp(word, any, len))
			return true;
		any += len + (any[len] == '|');
	}
	return false;
}

static bool says(const struct words *w, const char *any)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (is_any(w->word[i], any))
			return true;
	return false;
}

/* The words of @name, one after the other. '_' separates them. */
static bool names(const struct words *w, const char *name)
{
	struct words parts;
	size_t i, k;

	split_words(name, &parts);
	for (i = 0; i + parts.count <= w->count; i++) {
		for (k = 0; k < parts.count; k++)
			if (strcmp(w->word[i + k], parts.word[k]))
				break;
		if (k == parts.count)
			return true;
	}
	return false;
}

#define FAILED	"timeout|expired|stuck|hung|never|incomplete|unanswered"
#define OURS	"amd|iommu*|ivhd*|iotlb"

/*
 * First match wins. A line must have one word of each entry in @need, and none
 * of @not.
 */
static const struct rule {
	enum ami_incident_kind kind;
	const char *not, *need[4];
} rules[] = {
	{ AMI_INCIDENT_INVALIDATION_TIMEOUT, NULL,
	  { "iotlb|ats|atc|devtlb", "inv|inval*|flush*", FAILED "|failed" } },
	{ AMI_INCIDENT_WAIT_LOST, NULL,
	  { OURS, "compl*|cwait*|sem|semaphore", "wait*|cwait*", FAILED } },
	{ AMI_INCIDENT_WAIT_LOST, NULL,
	  { "completion", "wait", "loop", FAILED } },
	{ AMI_INCIDENT_COMMANDS_STOPPED, "line|option*",
	  { OURS, "illegal|bad|invalid", "command*|cmd*" } },
	{ AMI_INCIDENT_COMMANDS_STOPPED, "line",
	  { OURS, "command*|cmd*", "hardware|hw", "error*" } },
	{ AMI_INCIDENT_COMMANDS_STOPPED, "line",
	  { OURS, "command*|cmd*", "stopped|stops|halted|halts" } },
	{ AMI_INCIDENT_COMMAND_LOST, NULL,
	  { OURS, "command*|cmd*", "buffer|ring|queue", FAILED "|full" } },
	{ AMI_INCIDENT_EVENTS_LOST, "ga|ppr",
	  { OURS, "event*|evt*", "log*|buffer",
	    "overflow*|restart*|full|lost|dropped|missed" } },
	{ AMI_INCIDENT_EVENTS_LOST, "ga|ppr",
	  { OURS, "callbacks|messages|events|faults", "suppressed|dropped" } },
	{ AMI_INCIDENT_EVENTS_LOST, NULL,
	  { OURS, "no", "event", "written" } },
	{ AMI_INCIDENT_TABLE_ERROR, NULL,
	  { OURS, "dev*|page*", "tab|table", "hardware|hw" } },
	{ AMI_INCIDENT_DTE_REFUSED, NULL,
	  { OURS, "illegal|invalid", "dev|device", "entry" } },
	{ AMI_INCIDENT_PAGE_FAULT, NULL, { OURS, "page", "fault|faults" } },
	{ AMI_INCIDENT_TABLES_REUSED, "failed",
	  { OURS, "reused|reusing|using", "previous", "kernel" } },
	{ AMI_INCIDENT_TABLES_COPIED, "failed",
	  { OURS, "copied", "previous", "kernel" } },
	{ AMI_INCIDENT_EVENT, NULL, { OURS, "event", "logged" } },
};

static bool fits(const struct words *w, const struct rule *r)
{
	size_t i;

	for (i = 0; i < 4 && r->need[i]; i++)
		if (!says(w, r->need[i]))
			return false;
	return !r->not || !says(w, r->not);
}

/* Linux does not use the specification's names for two of them. */
static unsigned int event_code(const struct words *w)
{
	unsigned int code;

	for (code = 1; code < 15; code++)
		if (names(w, amdvi_event_name(code)))
			return code;
	if (names(w, "RMP_HW_ERROR"))
		return AMDVI_EVENT_RMP_HARDWARE_ERROR;
	return names(w, "VIOMMU_HW_ERROR") ?
	       AMDVI_EVENT_VIOMMU_HARDWARE_ERROR : 0;
}

enum ami_incident_kind incidents_kind(const struct amdvi_event *event)
{
	static const enum ami_incident_kind kind[16] = {
		[AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY] =
			AMI_INCIDENT_DTE_REFUSED,
		[AMDVI_EVENT_IO_PAGE_FAULT] = AMI_INCIDENT_PAGE_FAULT,
		[AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR] =
			AMI_INCIDENT_TABLE_ERROR,
		[AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR] =
			AMI_INCIDENT_TABLE_ERROR,
		[AMDVI_EVENT_ILLEGAL_COMMAND_ERROR] =
			AMI_INCIDENT_COMMANDS_STOPPED,
		[AMDVI_EVENT_COMMAND_HARDWARE_ERROR] =
			AMI_INCIDENT_COMMANDS_STOPPED,
		[AMDVI_EVENT_IOTLB_INV_TIMEOUT] =
			AMI_INCIDENT_INVALIDATION_TIMEOUT,
		[AMDVI_EVENT_INVALID_DEVICE_REQUEST] =
			AMI_INCIDENT_REQUEST_REFUSED,
		[AMDVI_EVENT_INVALID_PPR_REQUEST] =
			AMI_INCIDENT_REQUEST_REFUSED,
		[AMDVI_EVENT_RMP_PAGE_FAULT] = AMI_INCIDENT_RMP_REFUSED,
		[AMDVI_EVENT_RMP_HARDWARE_ERROR] = AMI_INCIDENT_RMP_REFUSED,
	};

	return kind[event->code & 15] ? kind[event->code & 15] :
	       AMI_INCIDENT_EVENT;
}

/* A key is a whole word: "flags" is not in "flags_rmp". */
static const char *find_key(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *at = text;

	while ((at = strcasestr(at, key))) {
		if ((at == text || !(isalnum((unsigned char)at[-1]) ||
				     at[-1] == '_')) &&
		    !(isalnum((unsigned char)at[len]) || at[len] == '_'))
			return at + len;
		at += len;
	}
	return NULL;
}

bool incidents_number(const char *text, const char *key, uint64_t *value)
{
	const char *at = find_key(text, key);
	char *end;

	if (!at)
		return false;
	at += strspn(at, " =:");
	if (!isxdigit((unsigned char)*at))
		return false;
	*value = strtoull(at, &end, at[0] == '0' && (at[1] | 32) == 'x' ? 16 :
			  10);
	return end != at;
}

/* Rebuild the entry of the event log from what was printed of it. */
static void event_of(const char *text, unsigned int code,
		     struct amdvi_event *event)
{
	static const char *const address[] = { "address", "spa", "gpa" };
	uint64_t v, flags = 0;
	uint32_t w[4] = { 0 };
	size_t i;

	incidents_number(text, "flags", &flags);
	w[1] = code << 28 | (flags & 0xfff) << 16;
	for (i = 0; i < sizeof(address) / sizeof(address[0]); i++)
		if (incidents_number(text, address[i], &v)) {
			w[2] = v;
			w[3] = v >> 32;
		}
	if (incidents_number(text, "vmg_tag", &v))
		w[1] |= v & 0xffff;
	/* Linux prints the PASID of a fault with GN as its domain. */
	if (incidents_number(text, "domain", &v) ||
	    incidents_number(text, "pasid", &v)) {
		w[0] |= v & 0xf0000;
		w[1] |= v & 0xffff;
	}
	if (code == AMDVI_EVENT_INVALID_PPR_REQUEST &&
	    incidents_number(text, "tag", &v))
		w[1] = (w[1] & ~0xffffu) | (v & 0x3ff);
	if (incidents_number(text, "flags_rmp", &v))
		w[0] |= (v & 0xff) << 16;
	amdvi_event_decode(w, event);
}

enum ami_incident_kind incidents_wording(const char *text,
					 struct amdvi_event *event)
{
	bool logged = strcasestr(text, "event logged");
	struct words w;
	size_t i;

	memset(event, 0, sizeof(*event));
	/* A line of a call trace only names functions. */
	if (!logged && (strstr(text, "+0x") || strcasestr(text, "command line")))
		return AMI_INCIDENT_NONE;
	split_words(text, &w);
	if (!says(&w, "suppressed")) {
		unsigned int code = event_code(&w);

		if (code) {
			event_of(text, code, event);
			return incidents_kind(event);
		}
	}
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (fits(&w, &rules[i]))
			return rules[i].kind;
	return AMI_INCIDENT_NONE;
}
