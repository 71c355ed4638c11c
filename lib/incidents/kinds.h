/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a line of the kernel's log matters, and which device it is about. */
#ifndef AMI_LINE_KINDS_H
#define AMI_LINE_KINDS_H

#include "incidents.h"

#define MAX_DRIVERS	256u
#define MAX_NAMES	512u

/** incidents_line_kind() - by its words; @incident: what it reports */
enum ami_line_kind incidents_line_kind(const struct ami_printk_record *record,
				       enum ami_incident_kind incident);

/**
 * struct names - other names of devices than their addresses
 * @drivers: with the device, if the driver has only one; else -1
 * @learned: from earlier lines: "nvme0", "eth0", "host2"
 */
struct names {
	const struct ami_state *s;
	struct {
		const char *name;
		int device;
	} drivers[MAX_DRIVERS];
	size_t nr_drivers;
	struct {
		char name[16];
		int device;
	} learned[MAX_NAMES];
	size_t nr_learned;
};

void incidents_names_start(struct names *names, const struct ami_state *state);

/**
 * incidents_names_device() - index into ami_state.devices, -1: none; learns
 * names
 */
int incidents_names_device(struct names *names, const struct ami_printk_record *record);

/** incidents_names_driver() - does a driver speak about a device of its own? */
bool incidents_names_driver(const struct names *names,
			    const struct ami_printk_record *record, int device);

#endif
