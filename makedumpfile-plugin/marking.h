/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The marks of one dump: made, renewed, put where they belong. All of this runs
 * in a guarded child. Results go to files that the parent has open.
 */
#ifndef AMI_MARKING_H
#define AMI_MARKING_H

#include <stdbool.h>
#include <stdint.h>

#include <amdiommu/dump.h>

typedef struct ami_dump *marking_open(const char *input,
				      struct ami_error *err);

/**
 * struct marking - how to make marks, and where they go
 * @open: opens the vmcore @input
 * @spare: folder for sets of pages if spare_usable(); "": they stay in memory
 * @marks: open file for the container
 * @hashes: open file for what marking_observe() compares; -1: not wanted
 * @decisions: open file for what decide_load() reads; -1: not wanted
 */
struct marking {
	marking_open *open;
	const char *input, *spare;
	int marks, hashes, decisions;
};

/** marking_make() - analyse a vmcore and write its marks */
int marking_make(const struct marking *m, struct ami_error *err);

/**
 * marking_observe() - which marked pages have changed since @hashes?
 * @out: open file for the container of @marks with those pages `observed`
 */
int marking_observe(const char *input, int marks, int hashes, int out,
		    struct ami_error *err);

/** marking_take() - the marks in the file @path as a container in @out */
int marking_take(const char *path, int out, struct ami_error *err);

/**
 * marking_records() - the container as records for a flattened stream
 * @head: the first bytes of the dump in the stream, in order
 * @size: size of that dump
 * @out: open file for the records, which go in front of the end mark
 */
int marking_records(int head, uint64_t size, int marks, int out,
		    struct ami_error *err);

#endif
