/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_DMESG_H
#define AMDIOMMU_DMESG_H

#include <incidents/incident.h>
#include <kernel/printk.h>

/** enum ami_line_kind - why a line of the kernel's log matters here */
enum ami_line_kind {
	AMI_LINE_FAULT,		/* trouble of the IOMMU: an incident */
	AMI_LINE_IOMMU,		/* AMD-Vi and the IOMMU core */
	AMI_LINE_DMA,		/* DMA API, swiotlb */
	AMI_LINE_CRASH,		/* what the kernel died of */
	AMI_LINE_DEVICE,	/* a driver reports on its device */
	AMI_LINE_OTHER,
	AMI_LINE_KINDS
};

/** ami_line_kind_name() - "fault", "iommu", ...; for programs */
const char *ami_line_kind_name(enum ami_line_kind kind);

/**
 * struct ami_line - a line of the log, classified
 * @ts_nsec: nanoseconds since boot
 * @device: index into ami_state.devices of the device it is about; -1: no
 *	device
 * @user: user space wrote it, not the kernel
 * @incident: kind of incident that it reports
 * @subject: if it reports one: the same number for lines about the same device
 *	or IOMMU
 * @text_mem: AMI_MEM_OK, or why there is no @text
 */
struct ami_line {
	uint64_t seq, ts_nsec;
	enum ami_line_kind kind;
	unsigned int level;
	bool user;
	int device;
	enum ami_incident_kind incident;
	uint64_t subject;
	enum ami_mem text_mem;
	char *text;
};

/* Up to this number of lines that matter are kept: the newest. */
#define AMI_MAX_LINES	4096u

/**
 * struct ami_dmesg - the lines of the log that concern IOMMUs and DMA
 * @mem: AMI_MEM_OK when the log was found, else why there are no lines
 * @first_nsec, @last_nsec: times of the oldest and newest line of the whole log
 * @gone: older lines, which newer ones overwrote because the log wrapped
 * @any: the log has lines
 * @hardware: machine and firmware as the log names them, "" if it does not
 * @dropped: lines that matter but are older than those kept; lines of a crash
 *	are dropped last
 * @kinds: number of lines of each kind that matters, in the whole log
 */
struct ami_dmesg {
	enum ami_mem mem;
	struct ami_printk_stats stats;
	uint64_t first_nsec, last_nsec, gone;
	bool any;
	char hardware[160];
	struct ami_line *list;
	size_t count;
	uint64_t dropped;
	uint64_t kinds[AMI_LINE_KINDS];
};

/*
 * ami_incidents_read() makes it and its incidents own it. The log is not
 * recorded for an extract: it may hold names of users, hosts and disks.
 */

/** ami_dmesg_free() - free @dmesg, which may be NULL */
void ami_dmesg_free(struct ami_dmesg *dmesg);

/**
 * ami_dmesg_each() - go through all lines of the log, oldest first
 * @fn: called with each line, which is valid only during the call; false stops
 */
void ami_dmesg_each(const struct ami_state *state,
		    bool (*fn)(void *ctx, const struct ami_line *line),
		    void *ctx);

/**
 * ami_dmesg_panic() - the line that says what the kernel died of, or NULL
 *
 * That of panic(), else the last oops: die() may start the capture kernel itself.
 */
const struct ami_line *ami_dmesg_panic(const struct ami_dmesg *dmesg);

/**
 * ami_uptime() - microseconds from boot to the panic, by the kernel's log
 *
 * Extracts, which have no log, carry it. Returns false where it is not known.
 */
bool ami_uptime(const struct ami_state *state, const struct ami_dmesg *dmesg,
		uint64_t *us);

/**
 * ami_line_meaning() - write in words the event that a line reports
 *
 * Writes "" when the line reports no event. snprintf() semantics.
 */
void ami_line_meaning(const struct ami_state *state,
		      const struct ami_line *line, char *buf, size_t size);

#endif
