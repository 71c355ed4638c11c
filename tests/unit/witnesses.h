/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with a disk, a network card, a kernel log and an event log: what
 * can be known of an incident, in each way.
 */
#ifndef WITNESSES_H
#define WITNESSES_H

#include "klog.h"
#include "machine.h"

#define DISK		0x0b00u
#define NIC		0x0e00u

struct witnessed {
	struct machine *m;
	struct klog log;
	uint64_t events;
};

/** witnessed_start() - @first: number of the log's first line */
void witnessed_start(struct witnessed *r, enum shape shape, uint64_t first);
void witnessed_free(struct witnessed *r);

/** witnessed_device() - one more device, with a table of its own */
void witnessed_device(struct machine *m, uint16_t devid, const char *driver,
		      uint16_t domain);

/** witnessed_event() - the next entry of the event log */
void witnessed_event(struct witnessed *r, uint32_t w0, uint32_t w1,
		     uint64_t address);

/** witnessed_never_done() - the ring of an IOMMU that never did its commands */
void witnessed_never_done(struct machine *m);

/** witnessed_all_stale() - may the device use all that was ever mapped? */
bool witnessed_all_stale(const struct machine *m, uint16_t devid);

enum by { EVENT, LINE, RING };

/**
 * struct fact - an incident and one way to know of it
 *
 * F1 IOTLB_INV_TIMEOUT in either log, F15 the device without its segment, F16
 * COMMAND_HARDWARE_ERROR, F17 a completion wait in the newest kernels' words, F5
 * lost events: of public reports.
 *
 * @w: the event log's entry; @line: the kernel's log
 * @code, @where: of its finding; @stale: which devices may use what was removed
 */
struct fact {
	enum by by;
	uint32_t w[2];
	const char *line;
	const char *code, *where;
	bool disk, nic;
	enum ami_verdict verdict;
};

extern const struct fact facts[];
extern const size_t nr_facts;

#endif
