// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtqueues, split and packed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers.h"
#include "vring.h"

#define ID_NET		1
#define ID_BLOCK	2
#define PLATFORM	(1ull << 33)
#define PACKED		(1ull << 34)
#define NUM		8u
#define NEXT		1
#define WRITE		2
#define INDIRECT	4
#define AVAIL		(1 << 7)
#define USED		(1 << 15)
#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)
#define TABLE		40u	/* page of indirect tables */

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct packed_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t id, flags;
};

/* What tests change; the latest rig's. */
static struct {
	struct rig_virtio v;
	uint64_t desc, avail, used, state, extra, event;
	uint16_t index;		/* of the avail ring */
} at;

static struct rig *with_queue(uint64_t id, uint64_t features)
{
	struct rig *rig = rig_virtio(id, features, &at.v);

	rig_set(rig, at.v.queue, AMI_F_virtqueue_name,
		machine_string(rig->m, "requests"));
	at.desc = image_va(image_alloc(rig->m->img, 1));
	return rig;
}

static uint64_t state_at(struct rig *rig, unsigned int id, enum ami_type t)
{
	return at.state + id * image_layout(rig->m->img)->type_size[t];
}

static void put(struct rig *rig, unsigned int i, uint64_t addr, uint32_t len,
		uint16_t flags, uint16_t next)
{
	const struct desc d = { addr, len, flags, next };

	machine_write(rig->m, at.desc + i * sizeof(d), &d, sizeof(d));
}

static void out(struct rig *rig, unsigned int head)
{
	rig_set(rig, state_at(rig, head, AMI_T_vring_desc_state_split),
		AMI_F_vstate_data, 1);
	at.index++;
	machine_write(rig->m, at.avail + 2, &at.index, sizeof(at.index));
}

/* Buffer 0: a header to read, page 1 to write. Buffer 4: came back. */
static struct rig *split_of(uint64_t id)
{
	struct rig *rig = with_queue(id, PLATFORM);
	const struct { uint16_t flags, index; struct { uint32_t id, len; } e; }
		used = { 0, 3, { 4, 0 } };

	at.avail = image_va(image_alloc(rig->m->img, 1));
	at.used = image_va(image_alloc(rig->m->img, 1));
	at.state = image_va(image_alloc(rig->m->img, 1));
	rig_set(rig, at.v.queue, AMI_F_vvq_num, NUM);
	rig_set(rig, at.v.queue, AMI_F_vvq_desc, at.desc);
	rig_set(rig, at.v.queue, AMI_F_vvq_avail, at.avail);
	rig_set(rig, at.v.queue, AMI_F_vvq_used, at.used);
	rig_set(rig, at.v.queue, AMI_F_vvq_state, at.state);
	rig_set(rig, at.v.queue, AMI_F_vvq_last_used, 2);
	at.index = 2;
	put(rig, 0, IOVA(0), 16, NEXT, 2);
	put(rig, 2, IOVA(1), 4096, NEXT | WRITE, 3);
	put(rig, 3, IOVA(2), 1, WRITE, 0);
	put(rig, 4, IOVA(3), 4096, WRITE, 0);
	out(rig, 0);
	out(rig, 4);
	machine_write(rig->m, at.used, &used.flags, 4);
	machine_write(rig->m, at.used + 4 + 2 * 8, &used.e, 8);
	return rig;
}

static struct rig *split(void)
{
	return split_of(ID_BLOCK);
}

static bool names(const struct rig *rig, enum ami_class class,
		  unsigned int page)
{
	return rig_names(rig, class, AMI_PROVEN, RIG_BUFFER + IOVA(page));
}

static void split_requests(void **state)
{
	struct rig *rig = split();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, 1) &&
		    names(rig, AMI_CLASS_INFLIGHT, 2));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      at.used - IMAGE_DIRECT_MAP));
	assert_true(rig_covered(rig, "virtio"));
	assert_int_equal(rig_found(rig, "virtqueue-damaged"), 0);
	rig_free(rig);
}

/* The same buffers of a network card wait for data. */
static void split_posted(void **state)
{
	struct rig *rig = split_of(ID_NET);

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 0);
	assert_true(names(rig, AMI_CLASS_POSTED, 1));
	assert_false(names(rig, AMI_CLASS_POSTED, 3));
	rig_free(rig);
}

static void split_indirect(void **state)
{
	struct rig *rig = split();
	const struct desc list[] = {
		{ IOVA(5), 8, NEXT, 2 }, { IOVA(6), 8, WRITE, 0 },
		{ IOVA(7), 8, NEXT | WRITE, 1 },
	};

	(void)state;
	image_write(rig->m->img, RIG_BUFFER + IOVA(TABLE), list, sizeof(list));
	put(rig, 0, IOVA(TABLE), sizeof(list), INDIRECT, 0);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, 6) &&
		    names(rig, AMI_CLASS_INFLIGHT, 7));
	assert_int_equal(rig_found(rig, "virtqueue-damaged"), 0);
	rig_free(rig);
}

/* The table of descriptors lies behind whatever the device goes through. */
static void split_tables(void **state)
{
	const struct desc list[] = {
		{ IOVA(5), 8, NEXT, 1 }, { IOVA(6), 8, WRITE, 0 },
	};
	int tables;

	(void)state;
	for (tables = RIG_HOST; tables <= RIG_EMPTY_GCR3; tables++) {
		struct rig *rig = split();

		rig_tables(rig, tables);
		image_write(rig->m->img, RIG_BUFFER + IOVA(TABLE), list,
			    sizeof(list));
		put(rig, 0, IOVA(TABLE), sizeof(list), INDIRECT, 0);
		machine_analyse(rig->m);
		assert_true(names(rig, AMI_CLASS_INFLIGHT, 6));
		assert_int_equal(rig_found(rig, "virtqueue-damaged"), 0);
		assert_int_equal(rig_found(rig, "buffer-not-mapped"), 0);
		rig_free(rig);
	}
}

/* Without VIRTIO_F_ACCESS_PLATFORM addresses are physical. */
static void split_physical(void **state)
{
	struct rig *rig = split();

	(void)state;
	rig_set(rig, at.v.device, AMI_F_virtio_device_features, 0);
	put(rig, 2, RIG_BUFFER + IOVA(9), 4096, WRITE, 0);
	machine_analyse(rig->m);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, 9));
	rig_free(rig);
}

RIG_DAMAGE(huge, at.v.queue, vvq_num, 1ull << 32)
RIG_DAMAGE(odd, at.v.queue, vvq_num, 7)
RIG_DAMAGE(empty, at.v.queue, vvq_num, 0)
RIG_DAMAGE(no_desc, at.v.queue, vvq_desc, RIG_NOWHERE)
RIG_DAMAGE(no_used, at.v.queue, vvq_used, 0x1000)
RIG_DAMAGE(no_state, at.v.queue, vvq_state, RIG_NOWHERE)
RIG_DAMAGE(far_ahead, at.v.queue, vvq_last_used, 0x8000)

static void chain_loop(struct rig *rig)
{
	put(rig, 2, IOVA(1), 4096, NEXT | WRITE, 0);
}

static void chain_leaves(struct rig *rig)
{
	put(rig, 0, IOVA(0), 16, NEXT, NUM);
}

static void long_part(struct rig *rig)
{
	put(rig, 0, IOVA(1), UINT32_MAX, WRITE, 0);
}

static void table_of_tables(struct rig *rig)
{
	const struct desc d = { IOVA(TABLE), 16, INDIRECT, 0 };

	image_write(rig->m->img, RIG_BUFFER + IOVA(TABLE), &d, sizeof(d));
	put(rig, 0, IOVA(TABLE), 16, INDIRECT, 0);
}

static void odd_table(struct rig *rig)
{
	put(rig, 0, IOVA(TABLE), 17, INDIRECT, 0);
}

static void table_nowhere(struct rig *rig)
{
	put(rig, 0, 1ull << 40, 32, INDIRECT, 0);
}

static void not_mapped(struct rig *rig)
{
	put(rig, 2, 1ull << 40, 4096, WRITE, 0);
}

static void queue_loop(struct rig *rig)
{
	uint64_t node = rig_member(rig, at.v.queue, AMI_F_virtqueue_list);

	rig_set64(rig, node, node);
}

static void no_list(struct rig *rig)
{
	rig_set64(rig, rig_member(rig, at.v.device, AMI_F_virtio_device_vqs),
		  RIG_NOWHERE);
}

static void hostile_split(void **state)
{
	static const struct rig_damage list[] = {
		{ "huge", huge, "virtqueue-damaged" },
		{ "odd", odd, "virtqueue-damaged" },
		{ "empty", empty, "virtqueue-damaged" },
		{ "no descriptors", no_desc, "virtqueue-damaged" },
		{ "no used ring", no_used, "virtqueue-damaged" },
		{ "no states", no_state, "virtqueue-damaged" },
		{ "far ahead", far_ahead, "virtqueue-damaged" },
		{ "chain in a loop", chain_loop, "virtqueue-damaged" },
		{ "chain leaves", chain_leaves, "virtqueue-damaged" },
		{ "long part", long_part, "virtqueue-damaged" },
		{ "table of tables", table_of_tables, "virtqueue-damaged" },
		{ "odd table", odd_table, "virtqueue-damaged" },
		{ "table nowhere", table_nowhere, "virtqueue-damaged" },
		{ "not mapped", not_mapped, "buffer-not-mapped" },
		{ "queues in a loop", queue_loop, "virtqueue-damaged" },
		{ "no list", no_list, "virtqueue-damaged" },
	};

	(void)state;
	rig_survives(split, list, sizeof(list) / sizeof(list[0]));
}

/* A page of descriptors of 1 GiB, each a chain of all, nothing of it mapped. */
static void chains_of_all(void **state)
{
	struct rig *rig = split_of(ID_NET);
	const struct ami_budget *b;
	unsigned int i, num = 256;

	(void)state;
	at.desc = image_va(image_alloc(rig->m->img, 1));
	at.state = image_va(image_alloc(rig->m->img, 8));
	rig_set(rig, at.v.queue, AMI_F_vvq_num, num);
	rig_set(rig, at.v.queue, AMI_F_vvq_desc, at.desc);
	rig_set(rig, at.v.queue, AMI_F_vvq_state, at.state);
	for (i = 0; i < num; i++) {
		put(rig, i, 0x40000000, 1u << 30, WRITE | NEXT, (i + 1) % num);
		out(rig, i);
	}
	machine_analyse(rig->m);
	b = ami_dump_budget(rig->m->dump);
	assert_int_equal(b->nr_cut, 0);
	assert_true(b->used < b->limit / 10);
	assert_int_equal(rig_found(rig, "buffer-not-mapped"), 1);
	rig_free(rig);
}

static void put_packed(struct rig *rig, unsigned int i, uint64_t addr,
		       uint32_t len, uint16_t id, uint16_t flags)
{
	const struct packed_desc d = { addr, len, id, flags };

	machine_write(rig->m, at.desc + i * sizeof(d), &d, sizeof(d));
}

static void keep(struct rig *rig, unsigned int id, unsigned int num,
		 uint64_t indirect)
{
	uint64_t s = state_at(rig, id, AMI_T_vring_desc_state_packed);

	rig_set(rig, s, AMI_F_vpstate_data, 1);
	rig_set(rig, s, AMI_F_vpstate_num, num);
	rig_set(rig, s, AMI_F_vpstate_indir, indirect);
}

static void keep_part(struct rig *rig, unsigned int i, uint64_t addr,
		      uint32_t len, uint16_t flags, uint16_t next)
{
	uint64_t e = at.extra + i * image_layout(rig->m->img)
		     ->type_size[AMI_T_vring_desc_extra];

	rig_set(rig, e, AMI_F_vextra_addr, addr);
	rig_set(rig, e, AMI_F_vextra_len, len);
	rig_set(rig, e, AMI_F_vextra_flags, flags);
	rig_set(rig, e, AMI_F_vextra_next, next);
}

/*
 * In the first round: buffer 1 with two descriptors (and a context, which is
 * no table), buffer 5 came back, buffer 6 is out but overwritten in the ring.
 */
static struct rig *packed(void)
{
	struct rig *rig = with_queue(ID_BLOCK, PLATFORM | PACKED);

	at.state = image_va(image_alloc(rig->m->img, 1));
	at.extra = image_va(image_alloc(rig->m->img, 1));
	at.event = machine_object(rig->m, 64);
	rig_set(rig, at.v.queue, AMI_F_vvq_pnum, NUM);
	rig_set(rig, at.v.queue, AMI_F_vvq_pdesc, at.desc);
	rig_set(rig, at.v.queue, AMI_F_vvq_pdevice, at.event);
	rig_set(rig, at.v.queue, AMI_F_vvq_pstate, at.state);
	rig_set(rig, at.v.queue, AMI_F_vvq_pextra, at.extra);
	rig_set(rig, at.v.queue, AMI_F_vvq_pwrap, 1);
	rig_set(rig, at.v.queue, AMI_F_vvq_last_used, 1);
	rig_set(rig, at.v.queue, AMI_F_vvq_pnext, 5);
	/* Before the driver's place: an old one of buffer 1. */
	put_packed(rig, 0, IOVA(9), 4096, 1, AVAIL | WRITE);
	put_packed(rig, 1, IOVA(0), 4096, 5, AVAIL | USED | WRITE);
	put_packed(rig, 2, IOVA(1), 4096, 1, AVAIL | WRITE);
	put_packed(rig, 3, IOVA(2), 16, 1, AVAIL);
	put_packed(rig, 4, IOVA(3), 4096, 7, AVAIL | WRITE);
	keep(rig, 5, 1, 0);
	keep_part(rig, 5, IOVA(0), 4096, WRITE, 0);
	keep(rig, 1, 2, 0x600);
	keep_part(rig, 1, IOVA(8), 4096, WRITE, 2);
	keep(rig, 6, 1, 0);
	keep_part(rig, 6, IOVA(4), 4096, WRITE, 0);
	rig_set(rig, at.v.queue, AMI_F_virtqueue_num_free, NUM - 1 - 2 - 1);
	return rig;
}

static void packed_requests(void **state)
{
	struct rig *rig = packed();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, 1) &&
		    names(rig, AMI_CLASS_INFLIGHT, 4));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      at.desc - IMAGE_DIRECT_MAP));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      at.event - IMAGE_DIRECT_MAP));
	assert_int_equal(rig_found(rig, "virtqueue-damaged"), 0);
	rig_free(rig);
}

/* In the second round, with the place in one member (5.19 and later). */
static void packed_wrapped(void **state)
{
	struct rig *rig = packed();

	(void)state;
	image_layout(rig->m->img)->field[AMI_F_vvq_pwrap].present = false;
	rig_set(rig, at.v.queue, AMI_F_vvq_last_used, 7 | 1 << 15);
	rig_set(rig, at.v.queue, AMI_F_vvq_pnext, 2);
	put_packed(rig, 7, IOVA(0), 4096, 5, AVAIL | USED);
	put_packed(rig, 0, IOVA(1), 4096, 1, USED | WRITE);
	put_packed(rig, 1, IOVA(9), 4096, 1, USED | WRITE);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 3);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, 1) &&
		    names(rig, AMI_CLASS_INFLIGHT, 9) &&
		    names(rig, AMI_CLASS_INFLIGHT, 4));
	rig_free(rig);
}

/* A table that the ring leads to, and one that only the driver knows. */
static void packed_indirect(void **state)
{
	struct rig *rig = packed();
	const struct packed_desc list[] = {
		{ IOVA(5), 16, 0, 0 }, { IOVA(6), 16, 0, WRITE },
	};
	const struct packed_desc other = { IOVA(7), 16, 0, WRITE };
	uint64_t table = RIG_BUFFER + IOVA(TABLE);

	(void)state;
	image_write(rig->m->img, table, list, sizeof(list));
	image_write(rig->m->img, table + 64, &other, sizeof(other));
	put_packed(rig, 2, IOVA(TABLE), sizeof(list), 1, AVAIL | INDIRECT);
	put_packed(rig, 3, 0, 0, 7, AVAIL);
	keep(rig, 1, 1, image_va(table));
	keep(rig, 6, 1, image_va(table + 64));
	keep_part(rig, 6, IOVA(TABLE) + 64, sizeof(other), INDIRECT, 0);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(names(rig, AMI_CLASS_INFLIGHT, 6) &&
		    names(rig, AMI_CLASS_INFLIGHT, 7));
	assert_int_equal(rig_found(rig, "virtqueue-damaged"), 0);
	rig_free(rig);
}

RIG_DAMAGE(packed_huge, at.v.queue, vvq_pnum, 1ull << 32)
RIG_DAMAGE(packed_empty, at.v.queue, vvq_pnum, 0)
RIG_DAMAGE(packed_no_desc, at.v.queue, vvq_pdesc, RIG_NOWHERE)
RIG_DAMAGE(packed_no_state, at.v.queue, vvq_pstate, RIG_NOWHERE)
RIG_DAMAGE(packed_no_extra, at.v.queue, vvq_pextra, 0)
RIG_DAMAGE(packed_physical, at.v.device, virtio_device_features, PACKED)

static void parts_leave(struct rig *rig)
{
	keep(rig, 6, 2, 0);
	keep_part(rig, 6, IOVA(4), 4096, WRITE, NUM);
}

static void many_parts(struct rig *rig)
{
	keep(rig, 6, 0xffff, 0);
	keep_part(rig, 6, IOVA(4), 4096, WRITE, NUM + 1);
}

static void not_known(struct rig *rig)
{
	keep_part(rig, 6, UINT64_MAX, 4096, WRITE, 0);
}

static void known_table_nowhere(struct rig *rig)
{
	keep(rig, 6, 1, RIG_NOWHERE);
	keep_part(rig, 6, IOVA(TABLE), 32, INDIRECT, 0);
}

static void known_table_empty(struct rig *rig)
{
	keep_part(rig, 6, IOVA(TABLE), 0, INDIRECT, 0);
}

/* Indexes behind the ring: the driver's state remains. */
static void places_beyond(struct rig *rig)
{
	rig_set(rig, at.v.queue, AMI_F_vvq_last_used, 0x7fff);
	rig_set(rig, at.v.queue, AMI_F_vvq_pnext, 0xffff);
	keep_part(rig, 6, UINT64_MAX, 4096, WRITE, 0);
}

static void hostile_packed(void **state)
{
	static const struct rig_damage list[] = {
		{ "huge", packed_huge, "virtqueue-damaged" },
		{ "empty", packed_empty, "virtqueue-damaged" },
		{ "no descriptors", packed_no_desc, "virtqueue-damaged" },
		{ "no states", packed_no_state, "virtqueue-damaged" },
		{ "no extras", packed_no_extra, "virtqueue-damaged" },
		{ "physical", packed_physical, "virtqueue-damaged" },
		{ "parts leave", parts_leave, "virtqueue-damaged" },
		{ "many parts", many_parts, "virtqueue-damaged" },
		{ "not known", not_known, "virtqueue-damaged" },
		{ "no table", known_table_nowhere, "virtqueue-damaged" },
		{ "empty table", known_table_empty, "virtqueue-damaged" },
		{ "places beyond", places_beyond, "virtqueue-damaged" },
	};

	(void)state;
	rig_survives(packed, list, sizeof(list) / sizeof(list[0]));
}

/* As 5.10 has it: the last used index, the ring, shadows, states, the rest. */
static struct rig *shape(void)
{
	struct rig *rig = split();
	uint64_t behind = at.v.queue + image_layout(rig->m->img)
			  ->type_size[AMI_T_virtqueue];
	uint64_t avail = at.desc + NUM * sizeof(struct desc);
	uint64_t used = (avail + 6 + 2 * NUM + 63) / 64 * 64;
	const struct { uint16_t flags, index; struct { uint32_t id, len; } e; }
		came_back = { 0, 3, { 4, 0 } };
	const uint64_t words[] = {
		0, 2, NUM, at.desc, avail, used, 0, at.state,
	};
	const uint64_t state[NUM][2] = { { 1 }, { 0 }, { 0 }, { 0 }, { 1 } };

	image_layout(rig->m->img)->field[AMI_F_vvq_num].present = false;
	machine_write(rig->m, behind, words, sizeof(words));
	machine_write(rig->m, avail + 2, &at.index, sizeof(at.index));
	machine_write(rig->m, used, &came_back.flags, 4);
	machine_write(rig->m, used + 4 + 2 * 8, &came_back.e, 8);
	machine_write(rig->m, at.state, state, sizeof(state));
	return rig;
}

static void by_shape(void **state)
{
	struct rig *rig = shape();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "driver-types-missing"), 1);
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(rig_names(rig, AMI_CLASS_INFLIGHT, AMI_POSSIBLE,
			      RIG_BUFFER + IOVA(1)));
	assert_int_equal(rig_found(rig, "virtqueue-damaged"), 0);
	rig_free(rig);
}

static void set_behind(struct rig *rig, unsigned int word, uint64_t value)
{
	rig_set64(rig, at.v.queue + image_layout(rig->m->img)
		  ->type_size[AMI_T_virtqueue] + 8 * word, value);
}

static void other_place(struct rig *rig)
{
	set_behind(rig, 4, at.desc + 8);
}

static void no_power(struct rig *rig)
{
	set_behind(rig, 2, NUM + 1);
}

static void states_nowhere(struct rig *rig)
{
	set_behind(rig, 7, RIG_NOWHERE);
}

static void hostile_shape(void **state)
{
	static const struct rig_damage list[] = {
		{ "other place", other_place, "virtqueue-damaged" },
		{ "no power of two", no_power, "virtqueue-damaged" },
		{ "no states", states_nowhere, "virtqueue-damaged" },
	};

	(void)state;
	rig_survives(shape, list, sizeof(list) / sizeof(list[0]));
}

static void zero(struct rig *rig, uint64_t va, size_t len)
{
	static const uint8_t zeros[4096];

	machine_write(rig->m, va, zeros, len);
}

/* A queue at rest looks like zeros, except for what lies elsewhere. */
static void split_zeroed(void **state)
{
	struct rig *rig;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		rig = split();
		zero(rig, i ? at.avail : at.state, NUM * 16);
		machine_analyse(rig->m);
		assert_int_equal(rig_found(rig, "buffers-missing"), 1);
		assert_false(rig_covered(rig, "virtio"));
		rig_free(rig);
	}
}

static void packed_zeroed(void **state)
{
	struct rig *rig = packed();

	(void)state;
	zero(rig, at.state, 4096);
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "buffers-missing"), 1);
	assert_false(rig_covered(rig, "virtio"));
	rig_free(rig);
}

/* The driver was stopped between its list and its index. */
static void in_the_middle(void **state)
{
	struct rig *rig = split();

	(void)state;
	at.index++;
	machine_write(rig->m, at.avail + 2, &at.index, sizeof(at.index));
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "buffers-missing"), 0);
	assert_true(rig_covered(rig, "virtio"));
	rig_free(rig);
}

static void without_queues(void **state)
{
	uint64_t driver;
	int bound;

	(void)state;
	for (bound = 0; bound < 2; bound++) {
		struct rig *rig = split();

		driver = machine_object(rig->m, 64);
		machine_list_init(rig->m, rig_member(
			rig, at.v.device, AMI_F_virtio_device_vqs));
		if (bound)
			rig_set(rig, rig_member(rig, at.v.device,
						AMI_F_virtio_device_dev),
				AMI_F_device_driver, driver);
		machine_analyse(rig->m);
		assert_int_equal(rig_found(rig, "buffers-missing"), bound);
		assert_int_equal(rig_covered(rig, "virtio"), !bound);
		rig_free(rig);
	}
}

static void no_types(void **state)
{
	struct rig *rig = split();

	(void)state;
	image_layout(rig->m->img)->field[AMI_F_virtqueue_list].present = false;
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "driver-types-missing"), 1);
	assert_false(rig_covered(rig, "virtio"));
	rig_free(rig);
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	(void)state;
	rig_survives_gaps(split);
	rig_survives_noise(split);
	rig_survives_gaps(packed);
	rig_survives_noise(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_of_all),
		cmocka_unit_test(split_requests),
		cmocka_unit_test(split_posted),
		cmocka_unit_test(split_tables),
		cmocka_unit_test(split_indirect),
		cmocka_unit_test(split_physical),
		cmocka_unit_test(hostile_split),
		cmocka_unit_test(packed_requests),
		cmocka_unit_test(packed_wrapped),
		cmocka_unit_test(packed_indirect),
		cmocka_unit_test(hostile_packed), cmocka_unit_test(by_shape),
		cmocka_unit_test(hostile_shape), cmocka_unit_test(split_zeroed),
		cmocka_unit_test(packed_zeroed),
		cmocka_unit_test(in_the_middle),
		cmocka_unit_test(without_queues),
		cmocka_unit_test(no_types),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
