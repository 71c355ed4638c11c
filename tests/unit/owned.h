/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine whose device may write pages of every kind of owner: the array of
 * struct page, a slab, files, tasks.
 */
#ifndef OWNED_H
#define OWNED_H

#include "machine.h"

#define PAGES		9u
/* The array of struct page, in the direct map; it starts at whole GiBs. */
#define MEMMAP		0x40000000ull
#define MEMMAP_SIZE	0x2000000ull
#define NIC		0x10
#define GPU		0x18
#define ELSEWHERE	100u		/* a page behind the buffer */
#define PAGE_STRUCT	64u
#define BUDDY		(~0x80u)
#define PG_SLAB		9
#define PG_RESERVED	12
#define FREE_FILL	0xaa
#define RED_ACTIVE	0xcc
#define RED_INACTIVE	0xbb
#define SLOT		256u		/* of the slab: 8 + 200 + 8 and unused */
#define OBJECT		200u
#define LEFT		8u

/* What the pages of the buffer are. */
enum { FREE, SLAB, CACHED, ANON, RESERVED, NETWORK, HEAD, TAIL, PLAIN };

struct owned {
	struct machine *m;
	uint64_t cache;		/* virtual: a kmem_cache */
	uint64_t root;		/* physical: the device's page table */
};

int owned_setup(void **state);
int owned_teardown(void **state);

#define TEST(name)							\
	cmocka_unit_test_setup_teardown(name, owned_setup, owned_teardown)

/** owned_page() - address of the struct page of a page of the buffer */
uint64_t owned_page(unsigned int page);

/** owned_mark() - store into that struct page */
void owned_mark(struct owned *f, unsigned int page, enum ami_field field,
		uint64_t value);

/** owned_without() - the kernel does not have this member */
void owned_without(struct ami_layout *l, enum ami_field field);

/** owned_text(), owned_file() - a string; the address_space of a named file */
uint64_t owned_text(struct owned *f, const char *string);
uint64_t owned_file(struct owned *f, const char *name);

/** owned_task() - a task on @list that has @mm, and a name */
void owned_task(struct owned *f, uint64_t list, int pid,
		const char *comm, uint64_t mm);

/** owned_area() - an area from page @offset of the object on; returns its node */
uint64_t owned_area(struct owned *f, uint64_t mm, uint64_t start,
		    uint64_t pages, uint64_t offset);

/** owned_says() - the owner of a page of the buffer is described like this */
void owned_says(struct owned *f, unsigned int page, const char *text);

/** owned_finding() - the one with this code; NULL: there is none */
const struct ami_finding *owned_finding(const struct owned *f,
					const char *code);

#endif
