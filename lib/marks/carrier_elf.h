/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notes of ELF dumps. crash reads notes only in front of all memory, where
 * makedumpfile leaves no room: so the first segments of memory move to the end
 * of the file, and the notes take their place.
 */
#ifndef AMI_CARRIER_ELF_H
#define AMI_CARRIER_ELF_H

#include "carrier.h"

/**
 * plan_elf() - carrier_plan() of an ELF dump
 * @why: set where the dump cannot have them for another reason than the usual
 */
bool plan_elf(int fd, uint64_t size, const void *marks, size_t len,
	      struct carrier_plan *plan, const char **why);

/** elf_notes_at() - carrier_notes_at() of an ELF dump */
bool elf_notes_at(int fd, uint64_t *offset);

/** elf_needs_beyond() - carrier_needs_beyond() of an ELF dump */
bool elf_needs_beyond(int fd, uint64_t size);

#endif
