/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with one device under a driver, for the readers of what drivers
 * had handed out. Its IOVAs 0 to RIG_PAGES - 1 pages lead to RIG_BUFFER.
 */
#ifndef DRIVERS_H
#define DRIVERS_H

#include <evidence/evidence.h>

#include "machine.h"

#define RIG_DEVICE	0x10u
#define RIG_BUFFER	BUFFER
#define RIG_PAGES	512u

#define RIG_NOWHERE	image_va(0x7f0000000000)	/* not RAM */
#define RIG_OTHER	(RIG_BUFFER + 0x400000)

/** enum rig_tables - what the device's addresses go through */
enum rig_tables {
	RIG_HOST,
	RIG_GUEST_4,		/* v2, behind a GCR3 table */
	RIG_GUEST_5,
	RIG_DTE_UNREAD,		/* v2, by the driver's state alone */
	RIG_EMPTY_GCR3,		/* the DTE's; the driver has another */
	RIG_DTE_HOST,		/* by the DTE to RIG_OTHER; driver: v2 */
	RIG_DTE_IDENTITY,	/* by the DTE nothing; driver: v2 */
	RIG_TABLES
};

/**
 * struct rig - the machine
 * @dev: virtual address of the device's struct device; @data: of its
 *	iommu_dev_data
 */
struct rig {
	struct machine *m;
	uint64_t dev, data;
};

/** rig_new() - with the types of all modules, members one after another */
struct rig *rig_new(const char *driver);
void rig_free(struct rig *rig);

/** rig_untranslated() - the device's addresses are physical (iommu=pt) */
void rig_untranslated(struct rig *rig);

/** rig_tables() - the same memory through other tables */
void rig_tables(struct rig *rig, enum rig_tables tables);

/** rig_nested() - the table takes what tables of a guest give */
void rig_nested(struct rig *rig);

/** rig_unmapped() - a command takes @iova away; so many waits follow it */
void rig_unmapped(struct rig *rig, uint64_t iova, unsigned int waits,
		  bool proven);

/** rig_resize() - how many bytes a member has; call before anything is made */
void rig_resize(struct rig *rig, enum ami_field f, uint32_t size);

/** rig_object() - a zeroed structure of this type */
uint64_t rig_object(struct rig *rig, enum ami_type t);

/** rig_child() - enter the struct device at @va below the device */
void rig_child(struct rig *rig, uint64_t va, enum ami_symbol class);

/** struct rig_virtio - addresses of a virtio device and of its queue */
struct rig_virtio {
	uint64_t device, dev, queue;
};

/** rig_virtio() - with a virtio device of one queue below the PCI device */
struct rig *rig_virtio(uint64_t id, uint64_t features, struct rig_virtio *at);

/** rig_class() - the device is a PCI function of this class, beside another one */
void rig_class(struct rig *rig, uint32_t class);

/** rig_member(), rig_set(), rig_set64() - address of a member; store */
uint64_t rig_member(struct rig *rig, uint64_t object, enum ami_field f);
void rig_set(struct rig *rig, uint64_t object, enum ami_field f,
	     uint64_t value);
void rig_set64(struct rig *rig, uint64_t va, uint64_t value);

/** rig_page() - the struct page of a physical address */
uint64_t rig_page(uint64_t phys);

/** rig_pages() - page frames named in this class, of any certainty */
uint64_t rig_pages(const struct rig *rig, enum ami_class class);

/** rig_names() - is this page frame named, with this certainty? */
bool rig_names(const struct rig *rig, enum ami_class class,
	       enum ami_certainty certainty, uint64_t phys);

/** rig_covered() - does a reader of this name speak for the device? */
bool rig_covered(const struct rig *rig, const char *provider);

/** rig_found() - findings with this code */
size_t rig_found(const struct rig *rig, const char *code);

/**
 * struct rig_damage - one thing wrong, and what must be said of it
 * @code: the finding; NULL: nothing must be found, and nothing named
 */
struct rig_damage {
	const char *name;
	void (*make)(struct rig *rig);
	const char *code;
};

/** RIG_DAMAGE() - a function that sets a member of an object to a wrong value */
#define RIG_DAMAGE(name, object, field, value)				\
static void name(struct rig *rig)					\
{									\
	rig_set(rig, object, AMI_F_##field, value);			\
}

/** rig_print() - what was found */
void rig_print(const struct rig *rig);

/** rig_survives() - make, damage, analyse, look for the finding, for each */
void rig_survives(struct rig *(*make)(void), const struct rig_damage *list,
		  size_t count);

/**
 * rig_survives_gaps() - make, without one page that is read, for each
 *
 * What the dump does not hold is no damage, makes nothing look safer, and a
 * device that loses transfers is not spoken for: a finding names the gap.
 */
void rig_survives_gaps(struct rig *(*make)(void));

/**
 * rig_survives_noise() - make, with values of any width over what is read
 *
 * The same values in each run. The reader comes to an end, and the sanitizers have
 * nothing to say.
 */
void rig_survives_noise(struct rig *(*make)(void));

#endif
