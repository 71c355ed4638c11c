/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to amdiommu-record. */
#ifndef AMDIOMMU_RECORDER_H
#define AMDIOMMU_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdiommu/record.h>

#define PIN_DIR		"/sys/fs/bpf/amdiommu"
#define PIN_MAP		PIN_DIR "/record"
#define PIN_LINK	PIN_DIR "/link"
#define HOOK		"crash_save_cpu"

/** struct unit - an IOMMU of this machine, as the driver has it */
struct unit {
	uint64_t va, mmio_va, mmio_phys;
	uint64_t ring_va, semaphore_va, log_va, log_bytes;
};

/**
 * struct machine - what is learned of the running kernel
 * @hook: BTF ID of the function that the program attaches to
 * @crashing_va: address of crashing_cpu
 */
struct machine {
	struct unit unit[AMI_RECORD_IOMMUS];
	unsigned int count;
	uint32_t hook;
	uint64_t crashing_va;
	int peek_map, peek_program;
};

/** recorder_learn() - fill @m; returns why not, or NULL. To be printed at once. */
const char *recorder_learn(struct machine *m);

/** recorder_peek() - read kernel memory; false: unreadable */
bool recorder_peek(const struct machine *m, uint64_t va, void *to, size_t size);

/** enum recorder_way - how a program is run */
enum recorder_way { BY_TEST, BY_HOOK };

/**
 * recorder_program() - load the program that fills the record
 * @map: of the record
 *
 * All addresses in it are constants. Returns a file descriptor, or -1 and errno;
 * then @why has the end of what the kernel's verifier said.
 */
int recorder_program(const struct machine *m, int map, enum recorder_way way,
		     char *why, size_t size);

/** recorder_self() - kernel address of the map's data; 0: errno says why */
uint64_t recorder_self(int map);

/** recorder_run() - run a program of BY_TEST; 0, or -1 and errno */
int recorder_run(int program);

/** recorder_status() - "status"; returns the exit code */
int recorder_status(bool json);

/** recorder_number_in() - the number in a file such as /sys/...; -1: none */
long recorder_number_in(const char *path);

#endif
