/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/evidence: all readers that know the state of one driver. */
#ifndef AMI_DRIVERS_H
#define AMI_DRIVERS_H

#include "reading.h"

/*
 * D(name): a reader that is a file of its own, reader_NAME there. Network cards of
 * the usual shape are rows of nics.c instead.
 */
#define EVIDENCE_DRIVERS(D)	\
	D(8139cp)		\
	D(8139too)		\
	D(ahci)			\
	D(bnxt)			\
	D(e1000e)		\
	D(ena)			\
	D(i40e)			\
	D(ice)			\
	D(igbvf)		\
	D(mlx5_core)		\
	D(mlx5e)		\
	D(r8169)		\
	D(snd_hda)		\
	D(tg3)			\
	D(vfio)			\
	D(vmxnet3)		\
	D(xhci)			\
	D(xhci_prom21)		\
	D(xhci_renesas)

#define DECLARE_READER(name)	extern const struct reader reader_##name;
EVIDENCE_DRIVERS(DECLARE_READER)
#undef DECLARE_READER

/** evidence_find_drivers() - all devices and interfaces whose driver has a reader */
void evidence_find_drivers(struct ami_evidence *ev);

#endif
