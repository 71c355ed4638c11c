/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_DMESG_H
#define AMDIOMMU_DMESG_H

#include <amdiommu/incident.h>
#include <amdiommu/printk.h>

/** enum ami_line_kind - why a line of the kernel's log matters here */
enum ami_line_kind {
	AMI_LINE_FAULT,		/* trouble of the IOMMU: an incident */
	AMI_LINE_IOMMU,		/* AMD-Vi and the IOMMU core */
	AMI_LINE_DMA,		/* DMA API, swiotlb */
	AMI_LINE_CRASH,		/* what the kernel died of */
	AMI_LINE_DEVICE,	/* a driver on its device */
	AMI_LINE_OTHER,
	AMI_LINE_KINDS
};

const char *ami_line_kind_name(enum ami_line_kind kind);

/**
 * struct ami_line - a line of the log, classified
 * @device: index into ami_state.devices of the device it is about, -1: none
 * @user: written by user space, not by the kernel
 * @incident: what it reports; @subject: the same number for lines about the
 *	same device or IOMMU, where it reports something
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

/* Of the lines that matter, the newest are kept. */
#define AMI_MAX_LINES	4096u

/**
 * struct ami_dmesg - the lines of the log that concern IOMMUs and DMA
 * @mem: AMI_MEM_OK when the log was found, else why there are no lines
 * @first_nsec, @last_nsec: times of the oldest and newest line of the whole log
 * @gone: lines older than those, which newer ones overwrote: the log wrapped
 * @hardware: machine and firmware as the log names them, "" when it does not
 * @dropped: lines that matter but were older than those kept; lines of a crash
 *	are dropped last
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
 * ami_incidents_read() fills it in. The log is not recorded for an extract: it
 * may hold names of users, hosts and disks.
 */
void ami_dmesg_free(struct ami_dmesg *dmesg);

/**
 * ami_dmesg_each() - all lines of the log, oldest first
 * @fn: the line and its text are the callee's only during the call
 */
void ami_dmesg_each(const struct ami_state *state,
		    bool (*fn)(void *ctx, const struct ami_line *line),
		    void *ctx);

/**
 * ami_line_meaning() - the event that a line reports, its flags in words
 *
 * "" when it reports none. snprintf() semantics.
 */
void ami_line_meaning(const struct ami_state *state,
		      const struct ami_line *line, char *buf, size_t size);

#endif
