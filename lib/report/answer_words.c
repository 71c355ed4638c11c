// SPDX-License-Identifier: GPL-2.0-or-later
/* The answer of `who` as a sentence, and as data that say the same. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "answer.h"

#define NAMED	3u

const struct ami_bounce *answer_bounce(const struct view *v, uint64_t paddr)
{
	const struct ami_evidence *ev = v->a->exposures->evidence;
	uint64_t page = paddr & ~(AMI_PAGE_SIZE - 1ull);
	size_t i;

	for (i = 0; i < ev->nr_bounces; i++) {
		const struct ami_bounce *b = &ev->by_origin[i];

		if (b->origin - page < AMI_PAGE_SIZE ||
		    page - b->origin < AMI_BOUNCE_SLOT)
			return b;
	}
	return NULL;
}

static const char *const code_name[ANSWER_CODES] = {
	[ANSWER_OBSERVED] = "observed",
	[ANSWER_INFLIGHT] = "inflight",
	[ANSWER_POSTED] = "posted",
	[ANSWER_PAGE] = "asked-page",
	[ANSWER_COULD] = "could",
	[ANSWER_HARDWARE] = "hardware",
	[ANSWER_IDLE] = "idle",
	[ANSWER_NOT_EXCLUDED] = "not-excluded",
	[ANSWER_UNKNOWN] = "unknown",
	[ANSWER_BOUNCED] = "bounced",
	[ANSWER_UNASKED] = "unasked",
	[ANSWER_BOUNDED] = "bounded",
	[ANSWER_INTERRUPTS] = "interrupts",
	[ANSWER_NO_RAM] = "no-ram",
};

const char *answer_code_name(enum answer_code code)
{
	return code_name[code];
}

static void __attribute__((format(printf, 2, 3)))
put_words(struct answer *a, const char *fmt, ...)
{
	size_t used = strlen(a->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->text + used, sizeof(a->text) - used, fmt, ap);
	va_end(ap);
}

static void put_device(const struct view *v, struct answer *a,
		       struct ami_requester r)
{
	const struct ami_device *d = r.is_iommu ? NULL :
				     ami_state_device(v->a->state, r.bdf);
	char who[AMI_REQUESTER_TEXT];

	ami_requester_text(r, who);
	if (d && d->driver[0])
		put_words(a, "%s (%s)", d->driver, who);
	else
		put_words(a, "%s%s", who, r.is_iommu ? "" : " (no driver)");
}

static void put_devices(const struct view *v, struct answer *a)
{
	size_t n = a->nr_devices, shown = n > NAMED ? NAMED : n, i;

	for (i = 0; i < shown; i++) {
		if (i)
			put_words(a, "%s", i + 1 == n ? " and " : ", ");
		put_device(v, a, a->devices[i]);
	}
	if (shown < n)
		put_words(a, " and %zu more", n - shown);
}

static const char *plural(const struct answer *a, const char *one,
			  const char *many)
{
	return a->nr_devices == 1 ? one : many;
}

static void write_observed(const struct view *v, struct answer *a)
{
	if (!a->nr_devices) {
		put_words(a, "This page changed while the dump was saved, though no device is known to reach it.");
		return;
	}
	put_devices(v, a);
	put_words(a, a->certainty == AMI_PROVEN ?
		  " wrote this page while the dump was saved." :
		  " may have written this page: it changed while the dump was saved.");
}

static void write_asked(const struct view *v, struct answer *a)
{
	bool possible = a->certainty == AMI_POSSIBLE;
	const char *bytes = a->size == 1 ? "this byte" : "bytes of this page";

	put_devices(v, a);
	if (a->code == ANSWER_INFLIGHT)
		put_words(a, " %s about to write %s.",
			  possible ? "may have been" :
			  plural(a, "was", "were"), bytes);
	else if (a->code == ANSWER_POSTED)
		put_words(a, " %s been asked to write %s whenever data comes.",
			  possible ? "may have" : "had", bytes);
	else
		put_words(a, " %s been asked to fill a buffer in this page.",
			  possible ? "may have" : "had");
}

static void write_could(const struct view *v, struct answer *a)
{
	put_devices(v, a);
	put_words(a, " could write this page (%s%s)%s", ami_class_name(a->class),
		  a->certainty == AMI_POSSIBLE ? ", possible" : "",
		  a->code == ANSWER_COULD ? "." :
		  plural(a, ", but was not active.", ", but were not active."));
}

static const struct ami_reason *gap_of(const struct view *v,
				       enum ami_reason_code code)
{
	const struct ami_reasons *gaps = &v->a->exposures->gaps;
	size_t i;

	for (i = 0; i < gaps->count; i++)
		if (!strcmp(gaps->list[i].code, ami_reason_name(code)))
			return &gaps->list[i];
	return NULL;
}

static uint64_t fact_of(const struct ami_reason *r, enum ami_fact_key key)
{
	const struct ami_fact *fact = r ? ami_facts_find(&r->facts, key) : NULL;

	return fact ? fact->value : 0;
}

/* Is @why the cause for all devices with a bound, or for all without one? */
static bool only_because(const struct view *v, enum ami_reason_code why, bool bounded)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	for (i = 0; i < ex->nr_uncovered; i++)
		if (ex->uncovered[i].bounded == bounded &&
		    ex->uncovered[i].why != why)
			return false;
	return true;
}

/* @more: after devices that are not bounded */
static void put_pages(const struct view *v, struct answer *a, bool more)
{
	const char *are = a->pages == 1 ? "was" : "were";
	char n[24];

	put_words(a, "%sat most %s%s page%s ", more ? "; and " : "",
		  report_number_text(v, a->pages, n), more ? " more" : "",
		  a->pages == 1 ? "" : "s");
	if (only_because(v, AMI_REASON_LAZY, true))
		put_words(a, "%s unmapped lazily and not yet flushed (normally that takes under 10 ms); no table says which.",
			  are);
	else
		put_words(a, "that no table names%s",
			  more ? "." : " could be written by ");
}

/* How many devices have no bound; the first of them by name. */
static void put_unbounded(const struct view *v, struct answer *a)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i, n = 0;

	for (i = 0; i < ex->nr_uncovered; i++)
		n += !ex->uncovered[i].bounded;
	if (only_because(v, AMI_REASON_UNREAD, false))
		put_words(a, "%zu device%s not bounded, and what drivers had asked was not read to the end: ",
			  n, n == 1 ? " is" : "s are");
	else if (only_because(v, AMI_REASON_OTHER_TABLES, false))
		put_words(a, "%zu device%s bounded only by tables that are not read: ",
			  n, n == 1 ? " is" : "s are");
	else
		put_words(a, "what %zu device%s could write is not known: ", n,
			  n == 1 ? "" : "s");
	for (i = 0, n = 0; i < ex->nr_uncovered; i++) {
		if (ex->uncovered[i].bounded || n++ >= NAMED)
			continue;
		put_words(a, "%s", n > 1 ? ", " : "");
		put_device(v, a, ex->uncovered[i].requester);
	}
	put_words(a, "%s", n > NAMED ? ", ..." : "");
}

static void write_not_excluded(const struct view *v, struct answer *a)
{
	put_words(a, "Cannot be excluded: ");
	if (!a->bounded)
		put_unbounded(v, a);
	if (a->pages || a->bounded)
		put_pages(v, a, !a->bounded);
	else
		put_words(a, ".");
	if (a->bounded && !only_because(v, AMI_REASON_LAZY, true)) {
		put_devices(v, a);
		put_words(a, ".");
	}
}

static void write_unknown(const struct view *v, struct answer *a)
{
	put_words(a, "Unknown: ");
	if (!a->listed)
		put_words(a, "the file may not list all RAM, or not this page (see report).");
	else if (!a->whole)
		put_words(a, "the state is incomplete or damaged (see report).");
	else if (v->a->exposures->covered == AMI_COVERED_PARTIAL)
		put_words(a, "there may be more devices, or more that they reach (see COVERAGE of the report).");
	else
		put_words(a, "not all pages of devices that are not active can be named.");
	put_words(a, " No device is known to have been %s this page, which does not prove that no device wrote it.",
		  a->all_memory ? "asked to write" : "able to write");
}

static void write_unasked(const struct view *v, struct answer *a)
{
	const struct ami_reason *all = gap_of(v, AMI_REASON_ALL_NAMED);
	uint64_t read = fact_of(all, AMI_FACT_COUNT);
	uint64_t active = fact_of(all, AMI_FACT_OF);

	put_words(a, "No device had been asked to write this page; ");
	if (active == 1)
		put_words(a, "the driver state of the only active device was read.");
	else if (read >= active)
		put_words(a, "the driver state of all %" PRIu64 " active devices was read.", read);
	else
		put_words(a, "of %" PRIu64 " active devices, the driver state of %" PRIu64 " was read, and page tables bound the others.",
			  active, read);
}

static void write_bounded(const struct view *v, struct answer *a)
{
	uint64_t active = fact_of(gap_of(v, AMI_REASON_ALL_NAMED), AMI_FACT_OF);

	put_words(a, "No %sdevice could write this page %s: ",
		  a->idle ? "active " : "", ami_moment(v->a->state));
	if (!active)
		put_words(a, "none is active.");
	else if (active == 1)
		put_words(a, "a page table bounds the only active device.");
	else
		put_words(a, "page tables bound all %" PRIu64 " active devices.",
			  active);
	if (a->idle)
		put_words(a, " %zu that reach%s all memory %s not active, as far as a flag in memory says.",
			  a->idle, a->idle == 1 ? "es" : "",
			  a->idle == 1 ? "is" : "are");
}

static void write_rest(const struct view *v, struct answer *a)
{
	const struct ami_bounce *bounce;

	switch (a->code) {
	case ANSWER_BOUNCED:
		bounce = answer_bounce(v, a->paddr);
		put_words(a, "No device had been asked to write this page itself, but a bounce buffer at %#" PRIx64 " stands in for memory in it: ask about that, too.",
			  bounce->slot);
		break;
	case ANSWER_INTERRUPTS:
		put_words(a, "This address is not RAM: what devices write there is an interrupt (MSI).");
		break;
	case ANSWER_NO_RAM:
		put_words(a, "No RAM of this dump has this physical address. If it is an address of a process, name the process: who PID:ADDRESS.");
		break;
	default:
		break;
	}
}

static void write_sentence(const struct view *v, struct answer *a)
{
	switch (a->code) {
	case ANSWER_OBSERVED:
		write_observed(v, a);
		break;
	case ANSWER_INFLIGHT:
	case ANSWER_POSTED:
	case ANSWER_PAGE:
		write_asked(v, a);
		break;
	case ANSWER_COULD:
	case ANSWER_IDLE:
		write_could(v, a);
		break;
	case ANSWER_HARDWARE:
		put_devices(v, a);
		put_words(a, " itself %s this page.", plural(a, "writes", "write"));
		break;
	case ANSWER_NOT_EXCLUDED:
		write_not_excluded(v, a);
		break;
	case ANSWER_UNKNOWN:
		write_unknown(v, a);
		break;
	case ANSWER_UNASKED:
		write_unasked(v, a);
		break;
	case ANSWER_BOUNDED:
		write_bounded(v, a);
		break;
	default:
		write_rest(v, a);
	}
}

void answer_write(const struct view *v, struct answer *a)
{
	a->text[0] = '\0';
	write_sentence(v, a);
	if (a->code < ANSWER_NOT_EXCLUDED && !a->others_excluded)
		put_words(a, " Others cannot be excluded.");
}

static void because_json(struct view *v)
{
	const struct ami_reasons *gaps = &v->a->exposures->gaps;
	size_t i;

	json_array_line(&v->j, "coverage");
	for (i = 0; i < gaps->count; i++)
		json_string(&v->j, NULL, gaps->list[i].code);
	json_close_array(&v->j);
}

void answer_json(struct view *v, const struct answer *a)
{
	char who[AMI_REQUESTER_TEXT];
	bool named = a->code < ANSWER_NOT_EXCLUDED;
	size_t i;

	json_object(&v->j, "answer");
	json_string(&v->j, "code", code_name[a->code]);
	json_string(&v->j, "text", a->text);
	if (named) {
		json_string(&v->j, "class", ami_class_name(a->class));
		if (a->nr_devices)
			json_string(&v->j, "certainty",
				    ami_certainty_name(a->certainty));
	}
	json_array_line(&v->j, "devices");
	for (i = 0; i < a->nr_devices; i++)
		json_string(&v->j, NULL,
			    ami_requester_text(a->devices[i], who));
	json_close_array(&v->j);
	if (a->code == ANSWER_NOT_EXCLUDED)
		json_known(&v->j, "pages", a->bounded, a->pages);
	json_bool(&v->j, "others_excluded", a->others_excluded);
	because_json(v);
	json_close_object(&v->j);
}
