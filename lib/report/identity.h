/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which machine and crash it was: for reports that are kept beside others. */
#ifndef AMI_REPORT_IDENTITY_H
#define AMI_REPORT_IDENTITY_H

#include <kernel/identity.h>

struct ami_line;
struct view;

/**
 * enum identity_gap - why a value is not there
 *
 * ABSENT: neither kernel nor dump has it. NOT_IN_DUMP: its page is missing.
 * UNREADABLE: it is there, and cannot be read. WITHHELD: the user wants it left
 * out. EXTRACT: extracts leave it out.
 */
enum identity_gap {
	IDENTITY_KNOWN, IDENTITY_ABSENT, IDENTITY_NOT_IN_DUMP,
	IDENTITY_UNREADABLE, IDENTITY_WITHHELD, IDENTITY_EXTRACT
};

/** struct identity - a value counts only where its gap is KNOWN */
struct identity {
	char host[AMI_HOST], build_id[64], panic[256];
	uint64_t uptime_us, taint;
	enum identity_gap no_host, no_build_id, no_panic, no_uptime, no_taint;
};

/** report_identify() - read it; what the user wants left out is not in it */
void report_identify(const struct view *v, struct identity *id);

/** report_identity_json() - as member "identity" */
void report_identity_json(struct view *v);

/** report_identity_text() - a line below the dump's; nothing if nothing is known */
void report_identity_text(struct view *v);

/**
 * report_line_text() - text of a line of the log; NULL: left out with the identity
 *
 * What the kernel died of, and lines that name the host, are left out.
 */
const char *report_line_text(struct view *v, const struct ami_line *line);

#endif
