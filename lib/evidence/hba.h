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
 * @in: member of the adapter: a pointer to the structure that has it; NO_FIELD:
 *	the adapter itself
 * @dma: its address for the controller; @of: an array of that many addresses, or 0
 * @count: member of the adapter with the number of entries; NO_FIELD: @times, or 1
 * @plus: entries more than that
 * @size, @type, @bytes: of an entry: a member beside @dma, a type, or fixed
 * @asked: the controller writes there only when a command has it do so
 */
struct hba_area {
	const char *what;
	enum ami_field in, dma, count, size;
	enum ami_type type;
	uint32_t of, times, plus, bytes;
	bool asked;
};

/** enum hba_data - what the driver data of the device is */
enum hba_data { HBA_ADAPTER, HBA_POINTER, HBA_HOST, HBA_HOST_POINTER };

/**
 * struct hba - a driver of disk controllers
 * @data: the adapter, a structure with a pointer to it, a SCSI host that ends with
 *	it, or one that ends with a structure with a pointer to it
 * @adapter: that pointer
 * @areas: ends with one without a name
 * @more: what is in lists; NULL: nothing
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

/** hba_readers - drivers of disk controllers; ends with one without a name */
extern const struct reader hba_readers[];

#endif
