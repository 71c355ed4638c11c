/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises by shape what drivers share with their devices, for kernels that
 * do not describe the structures of modules (before 5.11).
 */
#ifndef AMI_SHAPE_H
#define AMI_SHAPE_H

#include "nic.h"

/** nic_guess_rings() - receive rings of Intel's cards; for struct reader */
bool nic_guess_rings(struct reading *r);

/**
 * evidence_guess_completions() - completion queues of an NVMe controller
 *
 * Returns how many were found.
 */
unsigned int evidence_guess_completions(struct ami_evidence *ev,
					const struct ami_device *device);

#endif
