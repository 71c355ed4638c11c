/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended feature registers: EFR (MMIO 0x30) and EFR2 (MMIO 0x1a0).
 *
 * Spec 48882 section 3.4 (MMIO registers); drivers/iommu/amd/
 * amd_iommu_types.h (FEATURE_*). The bit diagram is the table in features.c.
 */
#ifndef AMDIOMMU_FEATURES_H
#define AMDIOMMU_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include <amdvi/bits.h>

/** EFR: user/supervisor protection, the bit US of guest tables counts */
#define AMDVI_EFR_USSUP		(1ULL << 37)

/** EFR: can do SNP; then, once that is on, identity entries are illegal */
#define AMDVI_EFR_SNPSUP	(1ULL << 63)

/** EFR2: identity entries are legal with SNP, too */
#define AMDVI_EFR2_SNP_MODE0	(1ULL << 13)

/** Fields of @amdvi_features_fields, over { efr, efr2 } as one entry. */
extern const struct amdvi_bitfield amdvi_features_fields[];
extern const size_t amdvi_features_field_count;

/** All fields, EFR first. Returns how many were stored, <= @max. */
size_t amdvi_features_values(uint64_t efr, uint64_t efr2,
			     struct amdvi_value *out, size_t max);

/**
 * What is supported, as one line: names as Linux prints them at boot ("PPR NX
 * GT IA GA PC GA_vAPIC") where it has one, else the spec's without "Sup";
 * numeric fields as NAME=value. "none" if both are 0. snprintf() semantics.
 */
size_t amdvi_features_describe(uint64_t efr, uint64_t efr2, char *buf,
			       size_t len);

#endif
