// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free pages that a CPU keeps for itself: only the lists of its zone name them.
 * With NUMA the nodes are in an array of pointers, without it there is one node.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pages.h"

#define LAST		0xff
#define TYPES		3u	/* MIGRATE_PCPTYPES */
#define LISTS		(TYPES * 5)
#define ZONES		2u
#define ZONE		64u	/* bytes */
#define VMEMMAP		0xffd4000000000000ull
#define PAGESET		8u	/* in a zone */
#define SECOND_ORDER	(1 * TYPES + 2)	/* a list of pieces of two pages */

struct fixture {
	struct machine *m;
	uint64_t node, pageset;
	uint64_t one, two, used;	/* physical pages */
};

static void place_types(struct machine *m)
{
	struct ami_layout *l = image_layout(m->img);

	pages_place(m, AMI_F_pgdat_node_zones, 16, ZONES * ZONE);
	pages_place(m, AMI_F_zone_per_cpu_pageset, PAGESET, 8);
	pages_place(m, AMI_F_pcp_lists, 32, LISTS * 16);
	l->type_size[AMI_T_zone] = ZONE;
	l->enumerator[AMI_E_MIGRATE_PCPTYPES].present = true;
	l->enumerator[AMI_E_MIGRATE_PCPTYPES].value = TYPES;
	l->symbol[AMI_SYM_node_data] = 0;
	l->symbol[AMI_SYM_contig_page_data] = 0;
}

/* A list with one page. */
static void put_free(struct fixture *f, unsigned int list, uint64_t phys)
{
	uint32_t lru = image_layout(f->m->img)->field[AMI_F_page_lru].offset;
	uint64_t in_array = (phys >> 12) * 64 + lru;
	uint64_t head = f->pageset + 32 + list * 16;
	uint64_t to_page[2] = { VMEMMAP + in_array, VMEMMAP + in_array };
	uint64_t to_head[2] = { head, head };

	pages_mark(f->m, phys, AMI_F_page_refcount, 0);
	machine_write(f->m, head, to_page, sizeof(to_page));
	machine_write(f->m, image_va(f->m->vmemmap + in_array), to_head,
		      sizeof(to_head));
}

/* The first zone has pages, the second has no CPU yet. */
static void make_lists(struct fixture *f)
{
	unsigned int i;

	f->node = machine_object(f->m, 1024);
	f->pageset = machine_object(f->m, 1024);
	machine_write(f->m, f->node + 16 + PAGESET, &f->pageset, 8);
	for (i = 0; i < LISTS; i++)
		machine_list_init(f->m, f->pageset + 32 + i * 16);
	f->one = image_alloc(f->m->img, 1);
	f->two = (image_alloc(f->m->img, 3) + 0x1fff) & ~0x1fffull;
	f->used = image_alloc(f->m->img, 1);
	pages_mark(f->m, f->used, AMI_F_page_refcount, 1);
	pages_mark(f->m, f->two + 0x1000, AMI_F_page_refcount, 0);
	put_free(f, 0, f->one);
	put_free(f, SECOND_ORDER, f->two);
}

static struct fixture *begin(enum shape shape)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->m = machine_new_sized(shape, 0, LAST, 1 << 15);
	pages_make(f->m);
	place_types(f->m);
	make_lists(f);
	return f;
}

static void end(struct fixture *f)
{
	machine_free(f->m);
	free(f);
}

static void check_found(const struct fixture *f)
{
	assert_false(machine_found(f->m, "free-lists-unread"));
	assert_int_equal(pages_owner(f->m, f->one), AMI_OWNER_FREE);
	assert_int_equal(pages_owner(f->m, f->two), AMI_OWNER_FREE);
	assert_int_equal(pages_owner(f->m, f->two + 0x1000), AMI_OWNER_FREE);
	assert_int_equal(pages_owner(f->m, f->used), AMI_OWNER_KERNEL);
}

static void nodes(void **state)
{
	enum shape shape;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++) {
		struct fixture *f = begin(shape);
		uint64_t array = machine_object(f->m, 64);

		machine_write(f->m, array, &f->node, 8);
		image_layout(f->m->img)->symbol[AMI_SYM_node_data] = array;
		machine_analyse(f->m);
		check_found(f);
		end(f);
	}
}

static void one_node(void **state)
{
	enum shape shape;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++) {
		struct fixture *f = begin(shape);

		image_layout(f->m->img)->symbol[AMI_SYM_contig_page_data] =
			f->node;
		machine_analyse(f->m);
		check_found(f);
		end(f);
	}
}

/* A list that ends in a page that is not in the dump, and no node at all. */
static void unread(void **state)
{
	struct fixture *f = begin(SHAPE_6_12);

	(void)state;
	machine_analyse(f->m);
	assert_true(machine_found(f->m, "free-lists-unread"));
	end(f);

	f = begin(SHAPE_6_12);
	image_layout(f->m->img)->symbol[AMI_SYM_contig_page_data] = f->node;
	machine_write(f->m, f->pageset + 32, &(uint64_t){ IMAGE_MAP - 8 }, 8);
	machine_analyse(f->m);
	assert_true(machine_found(f->m, "free-lists-unread"));
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes),
		cmocka_unit_test(one_node),
		cmocka_unit_test(unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
