/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to the readers of disk controllers: areas that the controller writes. The
 * block layer knows the data of disks; this is what the controller says of it.
 */
#ifndef AMI_HBA_H
#define AMI_HBA_H

#include "reading.h"

/**
 * struct hba_area - memory that the controller writes
 * @what: the name that transfers have; NULL ends a list
 * @in: member of the adapter that points to the structure with @dma; NO_FIELD: @dma
 *	is a member of the adapter itself
 * @dma: member with the address that the controller uses
 * @va: member beside @dma with the address that the driver uses: NULL where it gave
 *	the memory back and left @dma as it was; NO_FIELD: it never does
 * @of: 0, or @dma is an array and has this many addresses
 * @count: member of the adapter with the number of entries; NO_FIELD: there are
 *	@times entries, or 1
 * @plus: entries that are there beyond @count
 * @size: member beside @dma with the bytes of an entry; else they are those of
 *	@type, or @bytes
 * @asked: the controller writes there only when a command asks it to
 */
struct hba_area {
	const char *what;
	enum ami_field in, dma, va, count, size;
	enum ami_type type;
	uint32_t of, times, plus, bytes;
	bool asked;
};

/** enum hba_data - what the driver data of the device is */
enum hba_data {
	HBA_ADAPTER,		/* the adapter */
	HBA_POINTER,		/* a structure that points to the adapter */
	HBA_HOST,		/* a SCSI host that ends with the adapter */
	HBA_HOST_POINTER,	/* a SCSI host that ends with such a structure */
};

/**
 * struct hba - a driver of disk controllers
 * @data: where the adapter's structure is, from the driver data of the device
 * @adapter: the pointer to it, where @data goes through one
 * @areas: areas at fixed members; the last has no name
 * @more: adds what the driver keeps in lists; NULL: it has none
 */
struct hba {
	enum hba_data data;
	enum ami_field adapter;
	const struct hba_area *areas;
	bool (*more)(struct reading *r, uint64_t adapter);
};

/** hba_read() - for struct reader */
bool hba_read(struct reading *r);

/** hba_post() - memory that the controller writes, after a look at its size */
bool hba_post(struct reading *r, enum ami_certainty certainty, uint64_t dma,
	      uint64_t count, uint64_t size, const char *what);

/** hba_megaraid() and the like - for struct hba */
bool hba_megaraid(struct reading *r, uint64_t adapter);
bool hba_mpt3sas(struct reading *r, uint64_t adapter);
bool hba_mpi3mr(struct reading *r, uint64_t adapter);
bool hba_smartpqi(struct reading *r, uint64_t adapter);
bool hba_pvscsi(struct reading *r, uint64_t adapter);
bool hba_sym(struct reading *r, uint64_t adapter);
bool hba_esp(struct reading *r, uint64_t adapter);

/** hba_readers - drivers of disk controllers; the last has no name */
extern const struct reader hba_readers[];

#endif
