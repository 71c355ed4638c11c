/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of bnxt_en. */
#ifndef AMI_BNXT_H
#define AMI_BNXT_H

#include "reading.h"

/**
 * evidence_bnxt_memory() - what the device writes besides receive buffers
 *
 * Completion rings, statistics, answers to commands, and the memory in which it
 * keeps its own state.
 */
bool evidence_bnxt_memory(struct reading *r);

#endif
