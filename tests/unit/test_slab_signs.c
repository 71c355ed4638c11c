// SPDX-License-Identifier: GPL-2.0-or-later
/* Slabs whose objects or lists of free objects a device wrote over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

#define OBJECT		128u
#define OBJECTS		(AMI_PAGE_SIZE / OBJECT)
#define NEXT		64u		/* of a free object */

struct slab {
	struct scene s;
	uint64_t cache, at;
	bool apart;			/* struct slab, not struct page */
};

static uint64_t object(const struct slab *s, unsigned int i)
{
	return s->at + i * OBJECT;
}

static uint64_t hide(const struct slab *s, unsigned int i, uint64_t next)
{
	uint64_t place = image_va(object(s, i) + NEXT);

	(void)s;
	return next ^ 0x123456789abcdef0ull ^ __builtin_bswap64(place);
}

/* Objects of four pointers; those from @used on are free, one after the other. */
static void make_slab(struct slab *s, struct machine *m, bool apart,
		      unsigned int used)
{
	unsigned int i, w;

	scene_make(&s->s, m);
	s->apart = apart;
	pages_place(m, apart ? AMI_F_slab_freelist : AMI_F_page_freelist, 16, 8);
	pages_place(m, apart ? AMI_F_slab_objects : AMI_F_page_objects, 40, 2);
	pages_place(m, apart ? AMI_F_slab_slab_cache : AMI_F_page_slab_cache, 24,
		    8);
	if (!apart)
		image_layout(m->img)->field[AMI_F_slab_freelist].present = false;
	if (!apart)
		image_layout(m->img)->field[AMI_F_slab_objects].present = false;
	image_layout(m->img)->field[AMI_F_kmem_cache_num].present = false;
	s->cache = machine_object(m, 1024);
	s->at = image_alloc(m->img, 1);
	machine_set(m, s->cache, AMI_F_kmem_cache_size, OBJECT);
	machine_set(m, s->cache, AMI_F_kmem_cache_object_size, OBJECT);
	machine_set(m, s->cache, AMI_F_kmem_cache_offset, NEXT);
	machine_set(m, s->cache, AMI_F_kmem_cache_random, 0x123456789abcdef0);
	machine_set(m, s->cache, AMI_F_kmem_cache_refcount, 1);
	machine_set(m, s->cache, AMI_F_kmem_cache_name,
		    machine_string(m, "filp"));
	pages_mark(m, s->at, AMI_F_page_flags, 1 << PAGES_SLAB);
	pages_mark(m, s->at, apart ? AMI_F_slab_slab_cache :
		   AMI_F_page_slab_cache, s->cache);
	pages_mark(m, s->at, apart ? AMI_F_slab_objects : AMI_F_page_objects,
		   OBJECTS);
	pages_mark(m, s->at, apart ? AMI_F_slab_freelist : AMI_F_page_freelist,
		   used < OBJECTS ? image_va(object(s, used)) : 0);
	for (i = 0; i < used; i++)
		for (w = 0; w < 4; w++)
			image_write64(m->img, object(s, i) + w * 8,
				      image_va(0x1000 * (i + 1)));
	for (; i < OBJECTS; i++)
		image_write64(m->img, object(s, i) + NEXT,
			      hide(s, i, i + 1 < OBJECTS ?
				   image_va(object(s, i + 1)) : 0));
}

static void spoil(struct slab *s, unsigned int i, unsigned int words)
{
	while (words--)
		image_write64(s->s.m->img, object(s, i) + words * 8,
			      0x4b5349444241434dull);
}

static uint32_t signs_of(struct slab *s)
{
	const struct ami_overwritten *w;

	machine_analyse(s->s.m);
	assert_int_equal(pages_owner(s->s.m, s->at), AMI_OWNER_OBJECT);
	w = scene_at(&s->s, s->at);
	return w ? w->signs : 0;
}

static int own_members;

/* An object that is free may hold anything; two words may be chance. */
static void one_slab_intact(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 20);
	spoil(&s, 25, 4);
	spoil(&s, 3, 2);
	assert_int_equal(signs_of(&s), 0);
}

static void one_slab_pointers(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 20);
	spoil(&s, 3, 3);
	assert_int_equal(signs_of(&s), AMI_SIGN_POINTERS);
	assert_int_equal(scene_at(&s.s, s.at)->phys, object(&s, 3));
}

/* Too few objects to learn from. */
static void one_slab_few(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 15);
	spoil(&s, 3, 4);
	assert_int_equal(signs_of(&s), 0);
}

static void one_slab_list(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 20);
	image_write64(m->img, object(&s, 22) + NEXT, 0x4b5349444241434dull);
	assert_int_equal(signs_of(&s), AMI_SIGN_FREE_LIST);
	assert_int_equal(scene_at(&s.s, s.at)->phys, object(&s, 22) + NEXT);
}

/* The list leads back into itself. */
static void one_slab_loop(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 20);
	image_write64(m->img, object(&s, 22) + NEXT,
		      hide(&s, 22, image_va(object(&s, 21))));
	assert_int_equal(signs_of(&s), AMI_SIGN_FREE_LIST);
}

/* The page was a network buffer before: the objects are newer. */
static void one_slab_residue(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 20);
	scene_put_frame(&s.s, object(&s, 22) + 72);
	image_write64(m->img, object(&s, 23) + NEXT,
		      hide(&s, 23, image_va(object(&s, 24))));
	for (unsigned int i = 22; i < OBJECTS; i++)
		image_write64(m->img, object(&s, i) + NEXT,
			      hide(&s, i, i + 1 < OBJECTS ?
				   image_va(object(&s, i + 1)) : 0));
	assert_int_equal(signs_of(&s), 0);
	assert_int_equal(m->contents->residue, 1);
}

static void one_slab_frame(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, OBJECTS);
	scene_put_frame(&s.s, object(&s, 2) + 2);
	assert_true(signs_of(&s) & AMI_SIGN_FRAME);
	assert_int_equal(m->contents->residue, 0);
}

/* Free objects that a CPU keeps are on no list of the slab. */
static void one_slab_cpu(struct machine *m)
{
	uint64_t cpu = machine_object(m, 1024);
	struct slab s;

	make_slab(&s, m, own_members, 22);
	machine_set(m, s.cache, AMI_F_kmem_cache_cpu_slab, cpu);
	machine_set(m, cpu, AMI_F_cpu_slab_freelist, image_va(object(&s, 3)));
	spoil(&s, 3, 4);
	image_write64(m->img, object(&s, 3) + NEXT, hide(&s, 3, 0));
	assert_int_equal(signs_of(&s), 0);
}

static void one_slab_sheaf(struct machine *m)
{
	uint64_t cpu = machine_object(m, 1024), sheaf = machine_object(m, 2048);
	struct slab s;

	make_slab(&s, m, own_members, 22);
	machine_set(m, s.cache, AMI_F_kmem_cache_cpu_sheaves, cpu);
	machine_set(m, cpu, AMI_F_cpu_sheaves_spare, sheaf);
	machine_set(m, sheaf, AMI_F_sheaf_size, 1);
	machine_write(m, sheaf + image_layout(m->img)
		      ->field[AMI_F_sheaf_objects].offset,
		      &(uint64_t){ image_va(object(&s, 3)) }, 8);
	spoil(&s, 3, 4);
	assert_int_equal(signs_of(&s), 0);
}

/* Debugging fills free objects; some caches have objects that nobody filled. */
static void one_slab_blank(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 24);
	machine_set(m, s.cache, AMI_F_kmem_cache_name,
		    machine_string(m, "skbuff_head_cache"));
	scene_put_frame(&s.s, object(&s, 2) + 2);
	assert_int_equal(signs_of(&s), 0);
}

static void one_slab_debug(struct machine *m)
{
	struct slab s;

	make_slab(&s, m, own_members, 24);
	machine_set(m, s.cache, AMI_F_kmem_cache_flags, 1ull << 31);
	spoil(&s, 3, 4);
	assert_int_equal(signs_of(&s), 0);
}

/* In struct page (up to 5.16), and in struct slab. */
static void slabs(void **state)
{
	(void)state;
	for (own_members = 0; own_members < 2; own_members++) {
		scene_over_shapes(one_slab_intact);
		scene_over_shapes(one_slab_pointers);
	}
}

static void slabs_in_detail(void **state)
{
	static void (*const test[])(struct machine *m) = {
		one_slab_few, one_slab_list, one_slab_loop, one_slab_residue,
		one_slab_frame, one_slab_cpu, one_slab_sheaf, one_slab_blank,
		one_slab_debug,
	};
	size_t i;

	(void)state;
	for (own_members = 0; own_members < 2; own_members++)
		for (i = 0; i < sizeof(test) / sizeof(test[0]); i++) {
			struct machine *m = machine_new_sized(SHAPE_7, 0, 0xff,
							      1 << 15);

			test[i](m);
			machine_free(m);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slabs),
		cmocka_unit_test(slabs_in_detail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
