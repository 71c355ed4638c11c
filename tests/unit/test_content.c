// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that hold what their owners did not put there: Ethernet frames, and page
 * tables, stacks and slabs that are broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "content.h"
#include "drivers.h"
#include "pages.h"
#include "vmcore.h"

#define NIC		0x10
#define FRAME		1000u		/* bytes, with all headers */
#define IP		14u
#define UDP		34u

static const uint8_t mac[] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

static void over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes_with(MACHINE_SME, 1 << 15, test);
}

/* --- frames by themselves -------------------------------------------------------- */

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t total)
{
	size_t i;

	for (i = 0; i < n; i += 2)
		total += p[i] << 8 | p[i + 1];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* UDP over IPv4, with both checksums. */
static void make_frame(uint8_t f[FRAME])
{
	size_t i;

	for (i = 0; i < FRAME; i++)
		f[i] = i * 37 + 11;
	memcpy(f, mac, sizeof(mac));
	memset(f + 6, 2, 6);
	put16(f + 12, 0x0800);
	memset(f + IP, 0, 28);
	f[IP] = 0x45;
	put16(f + IP + 2, FRAME - IP);
	f[IP + 8] = 64;
	f[IP + 9] = 17;
	f[IP + 12] = f[IP + 16] = 10;
	put16(f + IP + 10, ~sum(f + IP, 20, 0));
	put16(f + UDP, 5000);
	put16(f + UDP + 2, 5001);
	put16(f + UDP + 4, FRAME - UDP);
	put16(f + UDP + 6, ~sum(f + UDP, FRAME - UDP,
				sum(f + IP + 12, 8, 17 + FRAME - UDP)));
}

static enum ami_frame_strength judge(const uint8_t *f, size_t count, bool ours)
{
	uint32_t len = 0;

	return content_frame_judge(f, count, ours, &len);
}

static void strength_of_ipv4(void **state)
{
	uint8_t f[FRAME];
	uint32_t len;

	(void)state;
	make_frame(f);
	assert_int_equal(content_frame_judge(f, FRAME, false, &len),
			 AMI_FRAME_WHOLE);
	assert_int_equal(len, FRAME);
	/* The rest of it is not known, or was written over. */
	assert_int_equal(judge(f, 200, false), AMI_FRAME_HEADER);
	f[700] ^= 1;
	assert_int_equal(judge(f, FRAME, false), AMI_FRAME_HEADER);
	put16(f + UDP + 6, 0);
	assert_int_equal(judge(f, FRAME, false), AMI_FRAME_HEADER);
	f[IP + 9] ^= 1;
	assert_int_equal(judge(f, FRAME, true), AMI_FRAME_WEAK);
	make_frame(f);
	f[6] |= 1;		/* from a group */
	assert_int_equal(judge(f, FRAME, true), AMI_FRAME_NONE);
	make_frame(f);
	f[IP] = 0x65;
	assert_int_equal(judge(f, FRAME, true), AMI_FRAME_NONE);
	make_frame(f);
	put16(f + 12, 0x0801);
	assert_int_equal(judge(f, FRAME, true), AMI_FRAME_NONE);
}

/* A fragment's checksum covers other frames, too. */
static void strength_of_fragment(void **state)
{
	uint8_t f[FRAME];

	(void)state;
	make_frame(f);
	f[IP + 6] = 0x20;
	put16(f + IP + 10, 0);
	put16(f + IP + 10, ~sum(f + IP, 20, 0));
	assert_int_equal(judge(f, FRAME, false), AMI_FRAME_HEADER);
}

static void strength_with_tags(void **state)
{
	uint8_t f[FRAME + 12], inner[FRAME];
	uint32_t len;
	int tags;

	(void)state;
	make_frame(inner);
	for (tags = 1; tags <= 3; tags++) {
		memcpy(f, inner, 12);
		memset(f + 12, 0, 12);
		for (int i = 0; i < tags; i++)
			put16(f + 12 + 4 * i, i ? 0x8100 : 0x88a8);
		memcpy(f + 12 + 4 * tags, inner + 12, FRAME - 12);
		/* No network has three. */
		assert_int_equal(content_frame_judge(f, FRAME + 4 * tags, true,
						     &len),
				 tags < 3 ? AMI_FRAME_WHOLE : AMI_FRAME_NONE);
		if (tags < 3)
			assert_int_equal(len, FRAME + 4 * tags);
	}
}

/* No header checksum: to whom it is, or all of it, must count. */
static void strength_of_ipv6(void **state)
{
	uint8_t f[FRAME];

	(void)state;
	make_frame(f);
	put16(f + 12, 0x86dd);
	memset(f + IP, 0, 40);
	f[IP] = 0x60;
	put16(f + IP + 4, FRAME - IP - 40);
	f[IP + 6] = 17;
	f[IP + 7] = 64;
	put16(f + IP + 46, 0);
	assert_int_equal(judge(f, FRAME, true), AMI_FRAME_HEADER);
	assert_int_equal(judge(f, FRAME, false), AMI_FRAME_WEAK);
	put16(f + IP + 46, ~sum(f + IP + 40, FRAME - IP - 40,
				sum(f + IP + 8, 32, 17 + FRAME - IP - 40)));
	assert_int_equal(judge(f, FRAME, false), AMI_FRAME_WHOLE);
}

static void strength_of_arp(void **state)
{
	uint8_t f[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 2, 2, 2, 2, 2,
			  8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	(void)state;
	assert_int_equal(judge(f, sizeof(f), false), AMI_FRAME_HEADER);
	f[21] = 3;		/* neither asks nor answers */
	assert_int_equal(judge(f, sizeof(f), false), AMI_FRAME_NONE);
	f[21] = 1;
	f[18] = 8;
	assert_int_equal(judge(f, sizeof(f), false), AMI_FRAME_NONE);
	assert_int_equal(judge(f, 40, false), AMI_FRAME_NONE);
}

/* --- machines --------------------------------------------------------------------- */

enum { TOP, TABLE, STACK, ANON, PAGES };

/**
 * struct scene - a machine with a network card that may write to some pages
 * @page: physical; those up to STACK have owners that never hold frames
 */
struct scene {
	struct machine *m;
	uint64_t page[PAGES];
};

static void make_scene(struct scene *s, struct machine *m)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};
	unsigned int i;

	*s = (struct scene){ .m = m };
	pages_make(m);
	pages_place(m, AMI_F_page_mapping, 32, 8);
	for (i = 0; i < PAGES; i++) {
		s->page[i] = image_alloc(m->img, i == STACK ? 4 : 1);
		pages_mark(m, s->page[i], AMI_F_page_refcount, 1);
	}
	image_write64(m->img, s->page[TOP], s->page[TABLE] | 0x067 | m->sme);
	pages_mark(m, s->page[ANON], AMI_F_page_mapping, image_va(0x1000) | 1);
	pages_process(m, s->page[TOP], s->page[STACK]);
	dte.host_root = machine_v1(m, s->page[TABLE], 1);
	machine_device(m, NIC, "nic",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(m, NIC, &dte);
}

static const struct ami_overwritten *at(const struct scene *s, uint64_t phys)
{
	return ami_overwritten_at(s->m->contents, phys >> 12);
}

static void put_frame(struct scene *s, uint64_t phys)
{
	uint8_t f[FRAME];

	make_frame(f);
	image_write(s->m->img, phys, f, sizeof(f));
}

static void one_intact(struct machine *m)
{
	struct scene s;

	make_scene(&s, m);
	/* Where data is, a frame is nothing. */
	put_frame(&s, s.page[ANON] + 66);
	machine_analyse(m);
	assert_int_equal(m->contents->count, 0);
	assert_true(m->contents->whole);
	assert_true(m->contents->checked >= 6);
	assert_false(machine_found(m, "frame-in-kernel-memory"));
	assert_false(machine_found(m, "owner-content-broken"));
}

static void intact(void **state)
{
	(void)state;
	over_shapes(one_intact);
}

static void one_frame(struct machine *m)
{
	const struct ami_overwritten *w;
	struct scene s;

	make_scene(&s, m);
	put_frame(&s, s.page[TABLE] + 66);
	machine_analyse(m);
	w = at(&s, s.page[TABLE]);
	assert_non_null(w);
	assert_true(w->signs & AMI_SIGN_FRAME);
	assert_int_equal(w->owner, AMI_OWNER_PAGE_TABLE);
	assert_int_equal(w->frame.phys, s.page[TABLE] + 66);
	assert_int_equal(w->frame.len, FRAME);
	assert_int_equal(w->frame.strength, AMI_FRAME_WHOLE);
	assert_true(machine_found(m, "frame-in-kernel-memory"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void frame(void **state)
{
	(void)state;
	over_shapes(one_frame);
}

/* --- neighbours --------------------------------------------------------------- */

/* Frames in pages that follow each other are one event, others another. */
static void one_run(struct machine *m)
{
	const struct ami_overwriting *e;
	struct scene s;

	make_scene(&s, m);
	put_frame(&s, s.page[STACK] + 0x0040);
	put_frame(&s, s.page[STACK] + 0x1040);
	put_frame(&s, s.page[STACK] + 0x2040);
	machine_analyse(m);
	assert_int_equal(m->contents->nr_events, 1);
	e = m->contents->events;
	assert_int_equal(e->count, 3);
	assert_int_equal(e->step, AMI_PAGE_SIZE);
	assert_int_equal(e->offset, 0x40);
	assert_int_equal(e->bytes, FRAME);
	assert_int_equal(e->pages[0], 3);
	/* One finding for the three. */
	assert_int_equal(ami_findings_total(m->ex->state->findings,
					    AMI_FIND_FRAME_IN_KERNEL_MEMORY), 1);
}

static void neighbours(void **state)
{
	(void)state;
	over_shapes(one_run);
}

/* What is not the same for all pages is not said of them. */
static void one_uneven(struct machine *m)
{
	uint64_t word = 0x4b5349444241434dull;
	const struct ami_overwriting *e;
	struct scene s;
	unsigned int i;

	make_scene(&s, m);
	put_frame(&s, s.page[STACK] + 0x0040);
	put_frame(&s, s.page[STACK] + 0x1080);
	for (i = 0; i < 32; i++)
		image_write64(m->img, s.page[STACK] + 0x3000 + i * 8, word);
	machine_analyse(m);
	assert_int_equal(m->contents->nr_events, 1);
	e = m->contents->events;
	assert_int_equal(e->count, 3);
	assert_int_equal(e->step, 0);
	assert_int_equal(e->offset, -1);
	assert_int_equal(e->pages[0], 2);
	assert_int_equal(e->pages[__builtin_ctz(AMI_SIGN_STACK_RUN)], 3);
}

static void uneven(void **state)
{
	(void)state;
	over_shapes(one_uneven);
}

/* The second buffer of a jumbo frame has no header. */
static void one_jumbo(struct machine *m)
{
	const struct ami_overwritten *w;
	uint64_t word = 0x4b5349444241434dull;
	uint8_t f[FRAME];
	struct scene s;
	unsigned int i;

	make_scene(&s, m);
	make_frame(f);
	put16(f + IP + 2, 6000);
	put16(f + IP + 10, 0);
	put16(f + IP + 10, ~sum(f + IP, 20, 0));
	image_write(m->img, s.page[STACK] + 0x800, f, FRAME);
	for (i = 0x800 + FRAME; i < 0x1140; i += 8)
		image_write64(m->img, s.page[STACK] + i, word);
	for (i = 0x3000; i < 0x3140; i += 8)
		image_write64(m->img, s.page[STACK] + i, word);
	machine_analyse(m);
	w = at(&s, s.page[STACK] + 0x1000);
	assert_non_null(w);
	assert_true(w->signs & AMI_SIGN_FRAME_PART);
	assert_int_equal(w->frame.phys, s.page[STACK] + 0x800);
	/* It ends before that. */
	w = at(&s, s.page[STACK] + 0x3000);
	assert_non_null(w);
	assert_int_equal(w->signs, AMI_SIGN_STACK_RUN);
}

static void jumbo(void **state)
{
	(void)state;
	over_shapes(one_jumbo);
}

/* --- and what is wrong with their owners -------------------------------------- */

/* A program's copy of a header lies among its own words. */
static void one_copy(struct machine *m)
{
	uint64_t words[64];
	struct scene s;
	unsigned int i;

	make_scene(&s, m);
	for (i = 0; i < 64; i++)
		words[i] = i % 3 ? image_va(i << 12) : i;
	put_frame(&s, s.page[STACK] + 0x1080);
	image_write(m->img, s.page[STACK] + 0x1080 + 48, words, sizeof(words));
	image_write(m->img, s.page[STACK] + 0x1080 + 48 + sizeof(words), words,
		    sizeof(words));
	machine_analyse(m);
	assert_null(at(&s, s.page[STACK] + 0x1000));
}

static void copy_on_stack(void **state)
{
	(void)state;
	over_shapes(one_copy);
}

static void one_stack(struct machine *m)
{
	uint64_t words[33];
	struct scene s;
	unsigned int i;

	make_scene(&s, m);
	/* Text, but for a word short of what is a sign. */
	for (i = 0; i < 33; i++)
		words[i] = 0x6464646464646464ull;
	image_write(m->img, s.page[STACK] + 0x1100, words, 31 * 8);
	image_write(m->img, s.page[STACK] + 0x2100, words, 32 * 8);
	machine_analyse(m);
	assert_null(at(&s, s.page[STACK] + 0x1000));
	assert_non_null(at(&s, s.page[STACK] + 0x2000));
	assert_int_equal(at(&s, s.page[STACK] + 0x2000)->signs,
			 AMI_SIGN_STACK_RUN);
	assert_int_equal(at(&s, s.page[STACK] + 0x2000)->phys,
			 s.page[STACK] + 0x2100);
	assert_true(machine_found(m, "owner-content-broken"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void stack(void **state)
{
	(void)state;
	over_shapes(one_stack);
}

/* Zeros over a stack show at its end alone. */
static void one_stack_end(struct machine *m)
{
	struct scene s;
	unsigned int i;

	make_scene(&s, m);
	for (i = 0; i < 4; i++)
		image_write64(m->img, s.page[STACK] + i * AMI_PAGE_SIZE, 0);
	machine_analyse(m);
	assert_int_equal(m->contents->count, 1);
	assert_non_null(at(&s, s.page[STACK]));
	assert_int_equal(at(&s, s.page[STACK])->signs, AMI_SIGN_STACK_END);
	assert_true(machine_found(m, "owner-content-broken"));
}

static void stack_end(void **state)
{
	(void)state;
	over_shapes(one_stack_end);
}

static void table_holds(struct machine *m, const uint64_t *entry, size_t count,
			bool broken)
{
	struct scene s;
	size_t i;

	make_scene(&s, m);
	for (i = 0; i < count; i++)
		image_write64(m->img, s.page[TABLE] + 0x100 + i * 8, entry[i]);
	machine_analyse(m);
	assert_int_equal(!!at(&s, s.page[TABLE]), broken);
	if (broken)
		assert_int_equal(at(&s, s.page[TABLE])->signs,
				 AMI_SIGN_ENTRIES);
}

/* A device's memory, page by page, and what no CPU can address. */
static void one_registers(struct machine *m)
{
	uint64_t entry[6];
	unsigned int i;

	for (i = 0; i < 6; i++)
		entry[i] = (0xfd000000000 + i * 0x1000) | 0x63 | m->sme;
	table_holds(m, entry, 6, false);
}

static void one_scattered(struct machine *m)
{
	uint64_t entry[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		entry[i] = (0xfd000000000 + i * 0x7000) | 0x63 | m->sme;
	table_holds(m, entry, 4, true);
}

static void one_swap(struct machine *m)
{
	/* Not present: whatever the kernel keeps there. */
	static const uint64_t entry[] = { 0x6666666666666666, 0x7ffffffffffff000 };

	table_holds(m, entry, 2, false);
}

static void one_text(struct machine *m)
{
	static const uint64_t entry[] = { 0x4b5349444241434dull };

	table_holds(m, entry, 1, true);
}

static void tables(void **state)
{
	(void)state;
	over_shapes(one_registers);
	over_shapes(one_scattered);
	over_shapes(one_swap);
	over_shapes(one_text);
}

/* What is not in the dump is neither whole nor broken. */
static void one_hidden(struct machine *m)
{
	struct scene s;

	make_scene(&s, m);
	put_frame(&s, s.page[TABLE]);
	image_hide(m->img, s.page[TABLE] >> 12, AMI_MEM_FILTERED);
	machine_analyse(m);
	assert_null(at(&s, s.page[TABLE]));
	assert_true(m->contents->unread >= 1);
}

static void hidden(void **state)
{
	(void)state;
	over_shapes(one_hidden);
}

/* --- slabs -------------------------------------------------------------------------- */

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

	make_scene(&s->s, m);
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
	w = at(&s->s, s->at);
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
	assert_int_equal(at(&s.s, s.at)->phys, object(&s, 3));
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
	assert_int_equal(at(&s.s, s.at)->phys, object(&s, 22) + NEXT);
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
	put_frame(&s.s, object(&s, 22) + 72);
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
	put_frame(&s.s, object(&s, 2) + 2);
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
	put_frame(&s.s, object(&s, 2) + 2);
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
		over_shapes(one_slab_intact);
		over_shapes(one_slab_pointers);
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

/* --- interfaces, and who did it ---------------------------------------------------- */

static uint64_t add_interface(struct rig *rig, const char *name, bool on_device)
{
	uint64_t netdev = machine_object(rig->m, 4096);
	uint64_t lower = rig_member(rig, netdev, AMI_F_netdev_lower);
	uint64_t address = machine_object(rig->m, 64);
	uint64_t dev = rig_member(rig, netdev, AMI_F_netdev_dev);

	machine_write(rig->m, address, mac, sizeof(mac));
	rig_set(rig, netdev, AMI_F_netdev_dev_addr, address);
	rig_set(rig, netdev, AMI_F_netdev_addr_len, sizeof(mac));
	machine_write(rig->m, rig_member(rig, netdev, AMI_F_netdev_name), name,
		      strlen(name) + 1);
	rig_child(rig, dev, AMI_SYM_net_class);
	if (!on_device)
		rig_set(rig, dev, AMI_F_device_parent, 0);
	machine_list_init(rig->m, lower);
	return netdev;
}

static void put_above(struct rig *rig, uint64_t upper, uint64_t lower)
{
	uint64_t adjacent = machine_object(rig->m, 64);

	rig_set(rig, adjacent, AMI_F_adjacent_dev, lower);
	machine_list_add(rig->m, rig_member(rig, upper, AMI_F_netdev_lower),
			 rig_member(rig, adjacent, AMI_F_adjacent_list));
}

static struct rig *make_rig(struct scene *s)
{
	struct rig *rig = rig_new("nic");

	*s = (struct scene){ .m = rig->m };
	/* Members in the order of fields.h would lie on each other. */
	pages_place(rig->m, AMI_F_netdev_name, 512, 16);
	pages_place(rig->m, AMI_F_netdev_dev, 1024, 1024);
	pages_place(rig->m, AMI_F_netdev_lower, 2560, 16);
	pages_place(rig->m, AMI_F_adjacent_dev, 0, 8);
	pages_place(rig->m, AMI_F_adjacent_list, 16, 16);
	pages_make(rig->m);
	s->page[TOP] = image_alloc(rig->m->img, 1);
	s->page[TABLE] = image_alloc(rig->m->img, 1);
	pages_mark(rig->m, s->page[TOP], AMI_F_page_refcount, 1);
	image_write64(rig->m->img, s->page[TOP], s->page[TABLE] | 0x067);
	pages_process(rig->m, s->page[TOP], image_alloc(rig->m->img, 4));
	rig_untranslated(rig);
	return rig;
}

static void culprit_is(struct scene *s, enum ami_proof proof,
		       const char *interface)
{
	const struct ami_overwritten *w;
	struct ami_culprit c;

	machine_analyse(s->m);
	w = at(s, s->page[TABLE]);
	assert_non_null(w);
	ami_culprit_find(s->m->ex, w, &c);
	assert_int_equal(c.proof, proof);
	if (proof != AMI_PROOF_NONE)
		assert_int_equal(c.device.devid, RIG_DEVICE);
	if (interface)
		assert_string_equal(s->m->contents->interfaces
				    [w->frame.interface].name, interface);
	else
		assert_int_equal(w->frame.interface, -1);
}

static void culprit_by_address(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	/* A bond has the address of the interface below it. */
	add_interface(rig, "bond0", false);
	add_interface(rig, "eth0", true);
	put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_BOTH, "eth0");
	assert_non_null(machine_said_of(s.m, "frame-in-kernel-memory",
					"0000:00:02.0"));
	rig_free(rig);
}

static void culprit_by_path(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_PATH, NULL);
	rig_free(rig);
}

/* Two devices could. A command that is still in a queue of one names it. */
static void culprit_told(void **state)
{
	struct amdvi_dte dte = { .v = true, .tv = true, .ir = true, .iw = true };
	struct ami_past_read read = {
		.bdf.devid = RIG_DEVICE, .block = 8, .blocks = 8,
	};
	struct ami_overwritten w;
	struct ami_culprit c;
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	machine_device(s.m, 0x20, "other", 0);
	machine_dte(s.m, 0x20, &dte);
	image_write64(s.m->img, s.page[TABLE], 0x4b5349444241434dull);
	culprit_is(&s, AMI_PROOF_NONE, NULL);
	w = *at(&s, s.page[TABLE]);
	w.has_read = true;
	w.read = read;
	ami_culprit_find(s.m->ex, &w, &c);
	assert_int_equal(c.proof, AMI_PROOF_TOLD);
	assert_int_equal(c.device.devid, RIG_DEVICE);
	assert_int_equal(c.able, 2);
	rig_free(rig);
}

/* The address of an interface that is on no device names none. */
static void culprit_of_bridge(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);

	(void)state;
	add_interface(rig, "br0", false);
	put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_PATH, "br0");
	rig_free(rig);
}

static void change_address(struct rig *rig, uint64_t netdev)
{
	uint64_t address = machine_object(rig->m, 64);

	machine_write(rig->m, address, (uint8_t[]){ 2, 1, 1, 1, 1, 1 }, 6);
	rig_set(rig, netdev, AMI_F_netdev_dev_addr, address);
}

/* A macvlan in a bridge, say: it has an address of its own. */
static void culprit_below(void **state)
{
	struct scene s;
	struct rig *rig = make_rig(&s);
	uint64_t top, bridge, eth;

	(void)state;
	top = add_interface(rig, "macvlan0", false);
	bridge = add_interface(rig, "br0", false);
	eth = add_interface(rig, "eth0", true);
	change_address(rig, bridge);
	change_address(rig, eth);
	put_above(rig, top, bridge);
	put_above(rig, bridge, eth);
	/* Of a guest, on no device. */
	put_above(rig, bridge, add_interface(rig, "tap0", false));
	put_frame(&s, s.page[TABLE] + 128);
	culprit_is(&s, AMI_PROOF_BOTH, "macvlan0");
	rig_free(rig);
}

/* A second interface, on a device of its own that could write nothing. */
static uint64_t add_other(struct rig *rig)
{
	struct amdvi_dte blocked = { .v = true, .tv = true };
	uint64_t data = machine_device(rig->m, 0x20, "other", 0), dev;
	uint64_t netdev = add_interface(rig, "eth1", true);

	machine_dte(rig->m, 0x20, &blocked);
	image_read(rig->m->img, rig_member(rig, data, AMI_F_dev_data_dev) -
		   IMAGE_DIRECT_MAP, &dev, sizeof(dev));
	rig_set(rig, rig_member(rig, netdev, AMI_F_netdev_dev),
		AMI_F_device_parent, dev);
	change_address(rig, netdev);
	return netdev;
}

/* Below a bond of two devices none is named; nor where a link is broken. */
static void culprit_below_unknown(void **state)
{
	struct scene s;
	int broken;

	(void)state;
	for (broken = 0; broken < 2; broken++) {
		struct rig *rig = make_rig(&s);
		uint64_t bond = add_interface(rig, "bond0", false);
		uint64_t eth = add_interface(rig, "eth0", true);
		uint64_t other = add_other(rig);

		change_address(rig, eth);
		put_above(rig, bond, eth);
		put_above(rig, bond, broken ? 0 : other);
		put_frame(&s, s.page[TABLE] + 128);
		culprit_is(&s, AMI_PROOF_PATH, "bond0");
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strength_of_ipv4),
		cmocka_unit_test(strength_of_fragment),
		cmocka_unit_test(strength_with_tags),
		cmocka_unit_test(strength_of_ipv6),
		cmocka_unit_test(strength_of_arp),
		cmocka_unit_test(intact), cmocka_unit_test(frame),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(uneven),
		cmocka_unit_test(jumbo),
		cmocka_unit_test(copy_on_stack), cmocka_unit_test(stack),
		cmocka_unit_test(stack_end),
		cmocka_unit_test(tables), cmocka_unit_test(hidden),
		cmocka_unit_test(slabs), cmocka_unit_test(slabs_in_detail),
		cmocka_unit_test(culprit_by_address),
		cmocka_unit_test(culprit_by_path),
		cmocka_unit_test(culprit_told),
		cmocka_unit_test(culprit_of_bridge),
		cmocka_unit_test(culprit_below),
		cmocka_unit_test(culprit_below_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
