/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_BDF_H
#define AMDIOMMU_BDF_H

#include <stdbool.h>
#include <stdint.h>

/** struct ami_bdf - a PCI function: segment and 16-bit device ID. */
struct ami_bdf {
	uint16_t segment;
	uint16_t devid;
};

#define AMI_BDF_TEXT	16

/** ami_bdf_text() - "ssss:bb:dd.f"; returns @buf. */
char *ami_bdf_text(struct ami_bdf bdf, char buf[AMI_BDF_TEXT]);

/** ami_bdf_parse() - read "[ssss:]bb:dd.f"; false if @text is not one. */
bool ami_bdf_parse(const char *text, struct ami_bdf *bdf);

#endif
