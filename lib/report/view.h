/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/report: what the views share. */
#ifndef AMI_VIEW_H
#define AMI_VIEW_H

#include <amdiommu/report.h>

#include "json.h"

#define COLUMNS	80
#define MAIL_COLUMNS	75
#define REASONS_SHOWN	3u
#define AMI_SCHEMA	"amdiommu-report/1"

/** struct view - one rendering in progress */
struct view {
	const struct ami_analysis *a;
	const struct ami_request *r;
	FILE *out;
	struct json j;
	struct ami_error *err;
	unsigned int columns;	/* width of text; 0: COLUMNS */
	unsigned int driver;	/* width of driver names; 0: not known yet */
};

/** view_goes_on() - after a line of a long list: is there to be another? */
static inline bool view_goes_on(struct view *v)
{
	return !ferror(v->out) &&
	       ami_budget_spend(ami_dump_budget(v->a->dump), AMI_COST_READ);
}

/* Each view: text and JSON of the same facts. Returns -1 with v->err filled. */
#define AMI_COMMAND(up, name, ...) int name##_view(struct view *v);
#include <amdiommu/commands.def>

/** bug_text() - the report as text for a mail or a bug tracker */
int bug_text(struct view *v);

/** html_report() - the report as one HTML file; -1 when out of memory */
int html_report(struct view *v);

/* The parts that the report and a view of its own have in common. */
void dump_json(struct view *v);
void devices_json(struct view *v);
void domains_json(struct view *v);
void exposures_json(struct view *v);
void owners_json(struct view *v);
void owners_text(struct view *v);
void ring_json(struct view *v, const struct ami_iommu *iommu);
void dmesg_json(struct view *v);
/** incidents_text(), incidents_json() - what had happened, all of it */
void incidents_text(struct view *v);
void incidents_json(struct view *v);
/** incident_line() - one of them, in words */
void incident_line(struct view *v, const struct ami_incident *in);
void marks_json(struct view *v);
void marks_text(struct view *v);
/** marks_brief_json() - what a pipeline asks first; null when none came */
void marks_brief_json(struct view *v);
/** transfers_at() - those that were to write this byte, or its page */
void transfers_at(struct view *v, uint64_t paddr);
/** marks_summary() - where they came from and when; "" when there are none */
void marks_summary(const struct view *v, char *buf, size_t size);
/** dmesg_state_text() - the log in words, or why there is none. */
void dmesg_state_text(const struct view *v, char *buf, size_t size);
void verdict_json(struct view *v);
void verdict_text(struct view *v);
void devices_text(struct view *v);

/** devices_that_matter() - active ones first, the rest only counted; -1: v->err */
int devices_that_matter(struct view *v);
void findings_json(struct view *v);
void findings_text(struct view *v, enum ami_severity least);

/** crash_time() - of the panic, UTC; false when it is not known. */
bool crash_time(const struct view *v, char buf[32]);

/** reach_text() - "124", "124+?", "all RAM" */
char *reach_text(const struct view *v, const struct ami_reach *reach, char buf[40]);

/** ranked_devices() - as ami_rank_devices(); NULL with v->err filled */
struct ami_ranked *ranked_devices(struct view *v);

/** untranslated() - how many devices reach all RAM */
size_t untranslated(const struct view *v);

/** owner_counts() - "51 coherent DMA, 256 anonymous"; "" when none */
void owner_counts(const struct view *v, enum ami_class class, char *buf,
		  size_t size);

/** wrapped() - text in v->columns; later lines start at @indent. */
void wrapped(struct view *v, unsigned int at, unsigned int indent,
	     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** path_text() - the dump's path, on this line */
void path_text(const struct view *v);

#define COLOR_BOLD	"1"
#define COLOR_GOOD	"1;32"
#define COLOR_WARNING	"1;33"
#define COLOR_BAD	"1;31"

/** colored() - @text, in a colour where colour is wanted; "": in none */
void colored(struct view *v, const char *color, const char *text);

/** number_text() - a count in the radix asked for; returns @buf. */
char *number_text(const struct view *v, uint64_t value, char buf[24]);

/** values_json() - decoded operands as an object. */
void values_json(struct view *v, const char *key, uint16_t segment,
		 const struct amdvi_value *value, size_t count);

/** values_text() - decoded operands as "name value, ..."; flags if set. */
void values_text(struct view *v, uint16_t segment,
		 const struct amdvi_value *value, size_t count, char *buf,
		 size_t size);

/** pages_text() - "431 pages (1.7 MiB)"; returns @buf. */
char *pages_text(const struct view *v, uint64_t pages, char buf[48]);

/** map_access(), map_no_table() - "rw"; why a device has no table to show */
const char *map_access(bool read, bool write);
const char *map_no_table(const struct ami_device *d);

/** stale_at() - may the device use an IOVA as it was mapped before? By what. */
void stale_at(struct view *v, const struct ami_device *d, uint64_t iova,
	      bool mapped);

/** stale_list() - all such IOVAs of a device */
void stale_list(struct view *v, const struct ami_device *d);

/** asked_device() - the device of the request; NULL with v->err filled. */
const struct ami_device *asked_device(struct view *v);

/** domain_format() - "v1", "v2", "identity", ... */
const char *domain_format(const struct ami_domain *d);

/**
 * event_state() - of an event log entry: "intact", "overwritten" by a capture
 * kernel, or "undecided" whose it is
 */
const char *event_state(const struct ami_log_entry *e);

/** event_text() - an event log entry in a sentence, its state if not intact */
void event_text(const struct ami_iommu *iommu, const struct ami_log_entry *e,
		char *buf, size_t size);

/** ring_runs_json() - [[index, count], ...] of entries in @state. */
void ring_runs_json(struct view *v, const char *key,
		    const struct ami_ring *ring, enum ami_entry_state state);

#endif
