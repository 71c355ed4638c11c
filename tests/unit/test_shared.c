// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that the kernel shares with devices: bounce buffers, coherent buffers,
 * DMA pools, page pools, what AHCI controllers write by themselves; and the
 * table of mappings of dma-debug.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bounce.h"
#include "drivers.h"

#define SLOTS		64u
#define SLOT		AMI_BOUNCE_SLOT
#define ORIGIN		0x9000000ull	/* what was mapped */
#define RELEASE		0xffffffff81234560ull
#define IOVA(page)	((uint64_t)(page) * AMI_PAGE_SIZE)

/* What tests change; the latest rig's. */
static struct {
	uint64_t mem, pool, slots, start;
	uint64_t host, ahci, port, priv, resource, dma_pool, page;
} at;

static uint64_t slot_at(struct rig *rig, unsigned int i)
{
	return at.slots + i *
	       image_layout(rig->m->img)->type_size[AMI_T_io_tlb_slot];
}

static void use_slot(struct rig *rig, unsigned int i, uint64_t origin)
{
	rig_set(rig, slot_at(rig, i), AMI_F_tlb_slot_orig, origin);
}

/* Slots 4 to 6 hold what lies from ORIGIN on; all others are free. */
static struct rig *bounces(void)
{
	struct rig *rig = rig_new("unknown");
	struct ami_layout *l = image_layout(rig->m->img);
	unsigned int i;

	rig_untranslated(rig);
	l->field[AMI_F_tlb_mem_defpool].offset = 0x100;
	l->field[AMI_F_tlb_mem_pools].present = false;
	at.start = image_alloc(rig->m->img, SLOTS / 2);
	at.slots = image_va(image_alloc(rig->m->img, 1));
	at.mem = machine_object(rig->m, 0x200);
	/* Symbols lie in the kernel image. */
	l->symbol[AMI_SYM_io_tlb_default_mem] = at.mem;
	at.pool = rig_member(rig, at.mem, AMI_F_tlb_mem_defpool);
	rig_set(rig, at.pool, AMI_F_tlb_pool_start, at.start);
	rig_set(rig, at.pool, AMI_F_tlb_pool_nslabs, SLOTS);
	rig_set(rig, at.pool, AMI_F_tlb_pool_slots, at.slots);
	for (i = 0; i < SLOTS; i++)
		use_slot(rig, i, UINT64_MAX);
	for (i = 0; i < 3; i++)
		use_slot(rig, 4 + i, ORIGIN + i * SLOT);
	return rig;
}

static bool taken(const struct rig *rig, unsigned int slot)
{
	return rig_names(rig, AMI_CLASS_INFLIGHT, AMI_POSSIBLE,
			 at.start + slot * SLOT);
}

/* Nobody speaks for the device: the slots could be its own. */
static void bounced(const struct rig *rig)
{
	assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT), 2);
	assert_true(taken(rig, 4) && taken(rig, 6));
	assert_int_equal(rig_found(rig, "bounce-buffers"), 1);
	assert_int_equal(rig_found(rig, "bounce-buffers-unread"), 0);
}

static void pool_in_mem(void **state)
{
	struct rig *rig = bounces();

	(void)state;
	machine_analyse(rig->m);
	bounced(rig);
	rig_free(rig);
}

/* Of a kernel that adds pools: all are in a list. */
static void pools_in_list(void **state)
{
	struct rig *rig = bounces();
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t head;

	(void)state;
	l->field[AMI_F_tlb_mem_pools].present = true;
	head = rig_member(rig, at.mem, AMI_F_tlb_mem_pools);
	machine_list_init(rig->m, head);
	machine_list_add(rig->m, head,
			 rig_member(rig, at.pool, AMI_F_tlb_pool_node));
	machine_analyse(rig->m);
	bounced(rig);
	rig_free(rig);
}

/* 5.15 to 6.5: no pools, a pointer to the slots. */
static void mem_alone(void **state)
{
	struct rig *rig = bounces();

	(void)state;
	image_layout(rig->m->img)->field[AMI_F_tlb_mem_defpool].present =
		false;
	rig_set(rig, at.mem, AMI_F_tlb_mem_start, at.start);
	rig_set(rig, at.mem, AMI_F_tlb_mem_nslabs, SLOTS);
	rig_set(rig, at.mem, AMI_F_tlb_mem_slots, at.slots);
	machine_analyse(rig->m);
	bounced(rig);
	rig_free(rig);
}

/* 5.13, 5.14: a pointer to a structure that ends in its slots. */
static void mem_with_slots(void **state)
{
	struct rig *rig = bounces();
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t slots = at.slots;

	(void)state;
	l->field[AMI_F_tlb_mem_defpool].present = false;
	l->field[AMI_F_tlb_mem_slots].size = 0;
	l->symbol[AMI_SYM_io_tlb_default_mem] = machine_object(rig->m, 16);
	at.mem = slots - l->field[AMI_F_tlb_mem_slots].offset;
	rig_set64(rig, l->symbol[AMI_SYM_io_tlb_default_mem], at.mem);
	rig_set(rig, at.mem, AMI_F_tlb_mem_start, at.start);
	rig_set(rig, at.mem, AMI_F_tlb_mem_nslabs, SLOTS);
	machine_analyse(rig->m);
	bounced(rig);
	rig_free(rig);
}

/* 5.10: arrays behind variables. */
static void globals(struct rig *rig)
{
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t slots = image_va(image_alloc(rig->m->img, 1));
	unsigned int i;

	l->symbol[AMI_SYM_io_tlb_default_mem] = 0;
	for (i = 0; i < SLOTS; i++)
		rig_set64(rig, slots + 8 * i, UINT64_MAX);
	for (i = 0; i < 3; i++)
		rig_set64(rig, slots + 8 * (4 + i), ORIGIN + i * SLOT);
	machine_variable(rig->m, AMI_SYM_io_tlb_start, at.start);
	machine_variable(rig->m, AMI_SYM_io_tlb_nslabs, SLOTS);
	machine_variable(rig->m, AMI_SYM_io_tlb_orig_addr, slots);
}

static void in_globals(void **state)
{
	struct rig *rig = bounces();

	(void)state;
	globals(rig);
	machine_analyse(rig->m);
	bounced(rig);
	rig_free(rig);
}

/* Where a driver mapped this memory, the device writes to slots instead. */
static void leads_to_slots(void **state)
{
	static const struct {
		uint64_t phys, len;
		uint64_t slots, others;	/* bytes */
	} want[] = {
		{ ORIGIN, SLOT, SLOT, 0 },
		{ ORIGIN + 100, 10, SLOT, 0 },
		{ ORIGIN, 3 * SLOT, 3 * SLOT, 0 },
		{ ORIGIN - 100, 200, SLOT, 100 },
		{ ORIGIN + 3 * SLOT - 1, 101, SLOT, 100 },
		{ ORIGIN + 3 * SLOT, 100, 0, 100 },
		{ ORIGIN - 100, 100, 0, 100 },
		{ 0x100, 0x100, 0, 0x100 },
		{ UINT64_MAX - 5, 100, 0, 0 },
	};
	struct ami_collector c = { .no_memory = false };
	struct rig *rig = bounces();
	const struct ami_evidence *kept;
	struct ami_evidence ev;
	size_t i;

	(void)state;
	machine_analyse(rig->m);
	kept = rig->m->ex->evidence;
	assert_true(ami_bounce_of(kept, at.start + 5 * SLOT + 3)->origin ==
		    ORIGIN + SLOT);
	assert_null(ami_bounce_of(kept, at.start + 9 * SLOT));
	assert_true(ami_bounce_for(kept, ORIGIN + SLOT + 7)->slot ==
		    at.start + 5 * SLOT);
	assert_null(ami_bounce_for(kept, ORIGIN - 1));
	assert_null(ami_bounce_for(kept, ORIGIN + 3 * SLOT));
	ev = (struct ami_evidence){ .state = rig->m->state, .collector = &c };
	evidence_find_bounces(&ev);
	assert_int_equal(c.bounces->count, 3);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		evidence_begin_transfer(&ev, &rig->m->state->devices[0],
					AMI_TRANSFER_POSTED, AMI_PROVEN, "test", "%zu",
					i);
		evidence_add_memory(&ev, want[i].phys, want[i].len);
		assert_int_equal(c.open.bytes, want[i].slots + want[i].others);
		free(c.open.spans);
	}
	assert_true(evidence_bounces_to(&ev, at.start + 5 * SLOT + 3, ORIGIN + SLOT));
	assert_false(evidence_bounces_to(&ev, at.start + 5 * SLOT, ORIGIN + 5 * SLOT));
	assert_false(evidence_bounces_to(&ev, at.start + 9 * SLOT, ORIGIN));
	for (i = 0; i < ev.nr_sets; i++)
		ami_pfnset_free(ev.sets[i].pages);
	free(ev.sets);
	evidence_free_bounces(c.bounces);
	rig_free(rig);
}

RIG_DAMAGE(many_slots, at.pool, tlb_pool_nslabs, UINT64_MAX)
RIG_DAMAGE(odd_start, at.pool, tlb_pool_start, 0x1001)
RIG_DAMAGE(far_start, at.pool, tlb_pool_start, 1ull << 60)
RIG_DAMAGE(slots_nowhere, at.pool, tlb_pool_slots, RIG_NOWHERE)
RIG_DAMAGE(slots_null, at.pool, tlb_pool_slots, 0)
RIG_DAMAGE(no_slots, at.pool, tlb_pool_nslabs, 0)
RIG_DAMAGE(no_pool, at.pool, tlb_pool_start, 0)

static void pool_loop(struct rig *rig)
{
	uint64_t head = rig_member(rig, at.mem, AMI_F_tlb_mem_pools);
	uint64_t node = rig_member(rig, at.pool, AMI_F_tlb_pool_node);

	image_layout(rig->m->img)->field[AMI_F_tlb_mem_pools].present = true;
	rig_set64(rig, head, node);
	rig_set64(rig, node, node);
}

static void no_variable(struct rig *rig)
{
	globals(rig);
	image_layout(rig->m->img)->symbol[AMI_SYM_io_tlb_nslabs] = RIG_NOWHERE;
}

static void mem_nowhere(struct rig *rig)
{
	image_layout(rig->m->img)->symbol[AMI_SYM_io_tlb_default_mem] = RIG_NOWHERE;
}

static void hostile_bounces(void **state)
{
	static const struct rig_damage list[] = {
		{ "many slots", many_slots, "bounce-buffers-unread" },
		{ "odd start", odd_start, "bounce-buffers-unread" },
		{ "far start", far_start, "bounce-buffers-unread" },
		{ "slots nowhere", slots_nowhere, "bounce-buffers-unread" },
		{ "slots null", slots_null, "bounce-buffers-unread" },
		{ "pools in a loop", pool_loop, "bounce-buffers-unread" },
		{ "no variable", no_variable, "bounce-buffers-unread" },
		{ "nowhere", mem_nowhere, "bounce-buffers-unread" },
		{ "no slots", no_slots, NULL },
		{ "no pool", no_pool, NULL },
	};

	(void)state;
	rig_survives(bounces, list, sizeof(list) / sizeof(list[0]));
}

/* Port 1 of 2 has memory. */
static struct rig *ahci(void)
{
	struct rig *rig = rig_new("ahci");

	rig_resize(rig, AMI_F_ata_host_ports, 64);
	at.host = machine_object(rig->m, 0x200);
	at.ahci = machine_object(rig->m, 0x200);
	at.port = machine_object(rig->m, 0x100);
	at.priv = machine_object(rig->m, 0x100);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.host);
	rig_set(rig, at.host, AMI_F_ata_host_dev, rig->dev);
	rig_set(rig, at.host, AMI_F_ata_host_n_ports, 2);
	rig_set64(rig, rig_member(rig, at.host, AMI_F_ata_host_ports),
		  machine_object(rig->m, 0x100));
	rig_set64(rig, rig_member(rig, at.host, AMI_F_ata_host_ports) + 8,
		  at.port);
	rig_set(rig, at.host, AMI_F_ata_host_flags, 2);
	rig_set(rig, at.host, AMI_F_ata_host_private, at.ahci);
	rig_set(rig, at.ahci, AMI_F_ahci_port_map, 2);
	rig_set(rig, at.port, AMI_F_ata_port_private, at.priv);
	rig_set(rig, at.priv, AMI_F_ahci_cmd_slot_dma, IOVA(3));
	rig_set(rig, at.priv, AMI_F_ahci_rx_fis_dma, IOVA(5));
	return rig;
}

static void ahci_writes(void **state)
{
	struct rig *rig = ahci();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 2);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      RIG_BUFFER + IOVA(3)));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      RIG_BUFFER + IOVA(5)));
	assert_true(rig_covered(rig, "ahci"));
	rig_free(rig);
}

RIG_DAMAGE(many_ports, at.host, ata_host_n_ports, 33)
RIG_DAMAGE(other_device, at.host, ata_host_dev, 1)
RIG_DAMAGE(no_private, at.port, ata_port_private, RIG_NOWHERE)
RIG_DAMAGE(no_host, rig->dev, device_driver_data, RIG_NOWHERE)
RIG_DAMAGE(not_mapped, at.priv, ahci_rx_fis_dma, 1ull << 40)

static void hostile_ahci(void **state)
{
	static const struct rig_damage list[] = {
		{ "many ports", many_ports, "ahci-unread" },
		{ "another device", other_device, "ahci-unread" },
		{ "no private data", no_private, "ahci-unread" },
		{ "no host", no_host, "ahci-unread" },
		{ "not mapped", not_mapped, "buffer-not-mapped" },
	};

	(void)state;
	rig_survives(ahci, list, sizeof(list) / sizeof(list[0]));
}

RIG_DAMAGE(port_zeroed, at.port, ata_port_private, 0)
RIG_DAMAGE(list_zeroed, at.priv, ahci_cmd_slot_dma, 0)
RIG_DAMAGE(fis_zeroed, at.priv, ahci_rx_fis_dma, 0)
RIG_DAMAGE(ports_zeroed, at.host, ata_host_n_ports, 0)

/* The driver has not started the ports yet, or has none. */
static void not_started(struct rig *rig)
{
	port_zeroed(rig);
	rig_set(rig, at.host, AMI_F_ata_host_flags, 0);
}

static void dummy_port(struct rig *rig)
{
	port_zeroed(rig);
	rig_set(rig, at.ahci, AMI_F_ahci_port_map, 0);
}

/* Zeros over a port that the controller has are not a port at rest. */
static void zeroed_ports(void **state)
{
	static const struct {
		void (*damage)(struct rig *rig);
		bool missing;
	} list[] = {
		{ port_zeroed, true }, { list_zeroed, true }, { fis_zeroed, true },
		{ ports_zeroed, true }, { not_started, false }, { dummy_port, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rig *rig = ahci();

		list[i].damage(rig);
		machine_analyse(rig->m);
		assert_int_equal(rig_found(rig, "buffers-missing"),
				 list[i].missing);
		assert_int_equal(rig_covered(rig, "ahci"), !list[i].missing);
		rig_free(rig);
	}
}

/* One coherent buffer of two pages, one resource of another kind, one pool. */
static struct rig *managed(void)
{
	struct rig *rig = rig_new("unknown");
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t other = machine_object(rig->m, 0x100), data, head;

	l->symbol[AMI_SYM_dmam_release] = RELEASE;
	l->field[AMI_F_devres_release].present = false;
	at.resource = machine_object(rig->m, 0x100);
	head = rig_member(rig, rig->dev, AMI_F_device_devres);
	machine_list_add(rig->m, head,
			 rig_member(rig, other, AMI_F_devres_entry));
	machine_list_add(rig->m, head,
			 rig_member(rig, at.resource, AMI_F_devres_entry));
	rig_set(rig, at.resource, AMI_F_devres_node_release, RELEASE);
	data = rig_member(rig, at.resource, AMI_F_devres_data);
	rig_set(rig, data, AMI_F_dma_devres_size, 2 * AMI_PAGE_SIZE);
	rig_set(rig, data, AMI_F_dma_devres_handle, IOVA(1));
	at.dma_pool = machine_object(rig->m, 0x100);
	at.page = machine_object(rig->m, 0x100);
	machine_list_add(rig->m, rig_member(rig, rig->dev,
					    AMI_F_device_dma_pools),
			 rig_member(rig, at.dma_pool, AMI_F_dma_pool_node));
	machine_list_init(rig->m, rig_member(rig, at.dma_pool,
					     AMI_F_dma_pool_pages));
	machine_list_add(rig->m, rig_member(rig, at.dma_pool,
					    AMI_F_dma_pool_pages),
			 rig_member(rig, at.page, AMI_F_dma_page_list));
	rig_set(rig, at.dma_pool, AMI_F_dma_pool_allocation, AMI_PAGE_SIZE);
	rig_set(rig, at.page, AMI_F_dma_page_dma, IOVA(9));
	return rig;
}

static void managed_buffers(void **state)
{
	struct rig *rig = managed();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 3);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_POSSIBLE,
			      RIG_BUFFER + IOVA(2)));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_POSSIBLE,
			      RIG_BUFFER + IOVA(9)));
	rig_free(rig);
}

/* In recent kernels, what frees the data stands beside the node. */
static void managed_recent(void **state)
{
	struct rig *rig = managed();

	(void)state;
	image_layout(rig->m->img)->field[AMI_F_devres_release].present = true;
	rig_set(rig, at.resource, AMI_F_devres_node_release, 1);
	rig_set(rig, at.resource, AMI_F_devres_release, RELEASE);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 3);
	rig_free(rig);
}

static void resource_loop(struct rig *rig)
{
	uint64_t node = rig_member(rig, at.resource, AMI_F_devres_entry);

	rig_set64(rig, node, node);
}

static void large_buffer(struct rig *rig)
{
	rig_set(rig, rig_member(rig, at.resource, AMI_F_devres_data),
		AMI_F_dma_devres_size, 1ull << 40);
}

static void pool_list_nowhere(struct rig *rig)
{
	rig_set64(rig, rig_member(rig, rig->dev, AMI_F_device_dma_pools),
		  RIG_NOWHERE);
}

static void page_loop(struct rig *rig)
{
	uint64_t node = rig_member(rig, at.page, AMI_F_dma_page_list);

	rig_set64(rig, node, node);
}

RIG_DAMAGE(large_pages, at.dma_pool, dma_pool_allocation, UINT32_MAX)

static void hostile_managed(void **state)
{
	static const struct rig_damage list[] = {
		{ "resources in a loop", resource_loop, "coherent-unread" },
		{ "large buffer", large_buffer, "coherent-unread" },
		{ "pools nowhere", pool_list_nowhere, "coherent-unread" },
		{ "pages in a loop", page_loop, "coherent-unread" },
		{ "large pages", large_pages, "coherent-unread" },
	};

	(void)state;
	rig_survives(managed, list, sizeof(list) / sizeof(list[0]));
}

#define BUCKETS		16384u
#define BOTH		0
#define TO_DEVICE	1
#define FROM_DEVICE	2
#define SG		1
#define COHERENT	2

static uint64_t bucket_at(struct rig *rig, unsigned int i)
{
	const struct ami_layout *l = image_layout(rig->m->img);

	return l->symbol[AMI_SYM_dma_entry_hash] + i *
	       l->type_size[AMI_T_hash_bucket] +
	       l->field[AMI_F_bucket_list].offset;
}

static uint64_t mapping(struct rig *rig, unsigned int bucket, uint64_t addr,
			unsigned int type, unsigned int direction)
{
	uint64_t e = machine_object(rig->m, 0x100);

	rig_set(rig, e, AMI_F_dma_debug_dev, rig->dev);
	rig_set(rig, e, AMI_F_dma_debug_addr, addr);
	rig_set(rig, e, AMI_F_dma_debug_size, AMI_PAGE_SIZE);
	rig_set(rig, e, AMI_F_dma_debug_type, type);
	rig_set(rig, e, AMI_F_dma_debug_direction, direction);
	machine_list_add(rig->m, bucket_at(rig, bucket),
			 rig_member(rig, e, AMI_F_dma_debug_list));
	return e;
}

/* The controller's own memory at pages 3 and 5 is known: see ahci(). */
static struct rig *debugged(void)
{
	struct rig *rig = ahci();
	struct ami_layout *l = image_layout(rig->m->img);
	unsigned int i;

	l->symbol[AMI_SYM_dma_entry_hash] = machine_object(rig->m, BUCKETS *
					l->type_size[AMI_T_hash_bucket]);
	for (i = 0; i < BUCKETS; i++)
		machine_list_init(rig->m, bucket_at(rig, i));
	mapping(rig, 0, IOVA(3), COHERENT, BOTH);
	mapping(rig, 7, IOVA(10), SG, FROM_DEVICE);
	mapping(rig, 7, IOVA(11), SG, TO_DEVICE);
	at.page = mapping(rig, BUCKETS - 1, IOVA(12) + 8, SG, BOTH);
	return rig;
}

static void table_of_mappings(void **state)
{
	struct rig *rig = debugged();
	size_t i;

	(void)state;
	machine_analyse(rig->m);
	/* 12 and 13 by one mapping that begins within a page. */
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 5);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      RIG_BUFFER + IOVA(10)));
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_PROVEN,
			      RIG_BUFFER + IOVA(13)));
	assert_int_equal(rig_found(rig, "evidence-missed"), 1);
	for (i = 0; rig->m->state->findings->list[i].code !=
		     AMI_FIND_EVIDENCE_MISSED; i++)
		;
	assert_non_null(strstr(rig->m->state->findings->list[i].text,
			       "has 3 pages"));
	rig_free(rig);
}

/* What others know, too, is not missed; a table that is off says nothing. */
static void table_agrees(void **state)
{
	struct rig *rig = debugged();

	(void)state;
	rig_set(rig, at.priv, AMI_F_ahci_cmd_slot_dma, IOVA(10));
	rig_set(rig, at.priv, AMI_F_ahci_rx_fis_dma, IOVA(12));
	rig_set(rig, at.page, AMI_F_dma_debug_addr, IOVA(12));
	machine_analyse(rig->m);
	assert_int_equal(rig_found(rig, "evidence-missed"), 0);
	rig_free(rig);
	rig = debugged();
	machine_variable(rig->m, AMI_SYM_global_disable, 1);
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 2);
	rig_free(rig);
}

static void bucket_loop(struct rig *rig)
{
	rig_set64(rig, rig_member(rig, at.page, AMI_F_dma_debug_list),
		  rig_member(rig, at.page, AMI_F_dma_debug_list));
}

static void bucket_nowhere(struct rig *rig)
{
	rig_set64(rig, bucket_at(rig, 3), RIG_NOWHERE);
}

static void table_nowhere(struct rig *rig)
{
	image_layout(rig->m->img)->symbol[AMI_SYM_dma_entry_hash] = RIG_NOWHERE;
}

RIG_DAMAGE(vast_mapping, at.page, dma_debug_size, UINT64_MAX)
RIG_DAMAGE(third_way, at.page, dma_debug_direction, 77)
RIG_DAMAGE(mapped_nowhere, at.page, dma_debug_addr, 1ull << 40)

static void hostile_table(void **state)
{
	static const struct rig_damage list[] = {
		{ "bucket in a loop", bucket_loop, "dma-debug-unread" },
		{ "bucket nowhere", bucket_nowhere, "dma-debug-unread" },
		{ "table nowhere", table_nowhere, "dma-debug-unread" },
		{ "vast mapping", vast_mapping, "dma-debug-unread" },
		{ "third way", third_way, "dma-debug-unread" },
		{ "mapped nowhere", mapped_nowhere, "buffer-not-mapped" },
	};

	(void)state;
	rig_survives(debugged, list, sizeof(list) / sizeof(list[0]));
}

/* Two pages of order 1 in the pool of a driver that nobody reads. */
static struct rig *page_pool(void)
{
	struct rig *rig = rig_new("unknown");
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t pools = machine_object(rig->m, 64);
	uint64_t node = machine_object(rig->m, 0x400);

	l->field[AMI_F_page_pool_mapped].offset = 0x300;
	l->symbol[AMI_SYM_page_pools] = pools;
	at.pool = machine_object(rig->m, 0x400);
	rig_set(rig, pools, AMI_F_xarray_head, at.pool);
	rig_set(rig, at.pool, AMI_F_page_pool_order, 1);
	rig_set(rig, at.pool, AMI_F_page_pool_dev, rig->dev);
	rig_set(rig, at.pool, AMI_F_page_pool_dir, FROM_DEVICE);
	at.page = rig_member(rig, node, AMI_F_xa_node_slots);
	rig_set64(rig, at.page + 8, rig_page(RIG_BUFFER));
	rig_set64(rig, at.page + 16, rig_page(RIG_BUFFER + IOVA(8)));
	/* Of a device's own memory. */
	rig_set64(rig, at.page + 24, rig_page(RIG_BUFFER + IOVA(12)) | 1);
	rig_set(rig, rig_member(rig, at.pool, AMI_F_page_pool_mapped),
		AMI_F_xarray_head, node | 2);
	return rig;
}

static void pool_pages(void **state)
{
	struct rig *rig = page_pool();

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(rig_pages(rig, AMI_CLASS_POSTED), 4);
	assert_true(rig_names(rig, AMI_CLASS_POSTED, AMI_POSSIBLE,
			      RIG_BUFFER + IOVA(9)));
	rig_free(rig);
}

/* Pages to send are only read. */
static void pool_to_send(struct rig *rig)
{
	rig_set(rig, at.pool, AMI_F_page_pool_dir, TO_DEVICE);
}

static void pool_order(struct rig *rig)
{
	rig_set(rig, at.pool, AMI_F_page_pool_order, 64);
}

static void pool_nowhere(struct rig *rig)
{
	rig_set(rig, image_layout(rig->m->img)->symbol[AMI_SYM_page_pools],
		AMI_F_xarray_head, RIG_NOWHERE);
}

static void pools_nowhere(struct rig *rig)
{
	image_layout(rig->m->img)->symbol[AMI_SYM_page_pools] = RIG_NOWHERE;
}

static void node_nowhere(struct rig *rig)
{
	rig_set(rig, rig_member(rig, at.pool, AMI_F_page_pool_mapped),
		AMI_F_xarray_head, RIG_NOWHERE | 2);
}

static void hostile_pool(void **state)
{
	static const struct rig_damage list[] = {
		{ "order", pool_order, "page-pool-unread" },
		{ "pool nowhere", pool_nowhere, "page-pool-unread" },
		{ "pools nowhere", pools_nowhere, "page-pool-unread" },
		{ "node nowhere", node_nowhere, "page-pool-unread" },
		{ "to send", pool_to_send, NULL },
	};

	(void)state;
	rig_survives(page_pool, list, sizeof(list) / sizeof(list[0]));
}

#define MARK	0xdead000000000040ull	/* PP_SIGNATURE */
#define NIC	0x020000u		/* class code: Ethernet */

/* A kernel that does not list the pages of pools: only their marks name them. */
static void mark_page(struct rig *rig, unsigned int page, uint64_t pool,
		      uint64_t dma)
{
	uint64_t at_page = machine_page(rig->m, RIG_BUFFER + IOVA(page));

	rig_set(rig, at_page, AMI_F_page_pp_magic, MARK);
	rig_set(rig, at_page, AMI_F_page_pp, pool);
	rig_set(rig, at_page, AMI_F_page_dma_addr, dma);
}

/* Pages 2 and 3 are of the device's pool; 5 of another's; 7 of none. */
static struct rig *marked(void)
{
	static const enum ami_field words[] = {
		AMI_F_page_pp_magic, AMI_F_page_pp, AMI_F_page_dma_addr,
	};
	struct rig *rig = page_pool();
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t other = machine_object(rig->m, 0x400);
	unsigned int i;

	l->field[AMI_F_page_pool_mapped].present = false;
	l->field[AMI_F_xarray_head].present = false;
	for (i = 0; i < 3; i++)
		l->field[words[i]] = (struct ami_member){
			.present = true, .offset = 8 + 8 * i, .size = 8,
		};
	machine_vmemmap(rig->m);
	rig_class(rig, NIC);
	rig_set(rig, other, AMI_F_page_pool_dev, RIG_NOWHERE);
	rig_set(rig, at.pool, AMI_F_page_pool_order, 0);
	mark_page(rig, 2, at.pool, IOVA(2));
	mark_page(rig, 3, at.pool, IOVA(3));
	mark_page(rig, 5, other, 0x123000);
	return rig;
}

static bool pooled(const struct rig *rig, unsigned int page)
{
	return rig_names(rig, AMI_CLASS_POSTED, AMI_POSSIBLE,
			 RIG_BUFFER + IOVA(page));
}

static void pool_by_marks(void **state)
{
	struct rig *rig = marked();

	(void)state;
	machine_analyse(rig->m);
	assert_true(pooled(rig, 2) && pooled(rig, 3));
	assert_false(pooled(rig, 5) || pooled(rig, 7));
	assert_int_equal(rig_found(rig, "page-pools-not-searched"), 0);
	assert_int_equal(rig_found(rig, "no-evidence-provider"), 1);
	rig_free(rig);
}

/* Not translated, its pages are found where all are searched, on demand. */
static void pool_by_scan(void **state)
{
	int scan;

	(void)state;
	for (scan = 0; scan < 2; scan++) {
		struct rig *rig = marked();

		rig_untranslated(rig);
		rig->m->deep = scan;
		machine_analyse(rig->m);
		assert_int_equal(pooled(rig, 2) && pooled(rig, 3), scan);
		assert_false(pooled(rig, 7));
		assert_int_equal(rig_found(rig, "page-pools-not-searched"),
				 !scan);
		rig_free(rig);
	}
}

static void mark_of_wild_pool(struct rig *rig)
{
	mark_page(rig, 2, RIG_NOWHERE, IOVA(2));
	mark_page(rig, 3, RIG_NOWHERE, IOVA(3));
}

static void mark_of_sending_pool(struct rig *rig)
{
	rig_set(rig, at.pool, AMI_F_page_pool_dir, TO_DEVICE);
}

static void struct_pages_unread(struct rig *rig)
{
	image_hide(rig->m->img, (machine_page(rig->m, RIG_BUFFER) -
				 IMAGE_DIRECT_MAP) >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
}

static void hostile_marks(void **state)
{
	static const struct rig_damage list[] = {
		{ "pool nowhere", mark_of_wild_pool, "page-pool-unread" },
		{ "order", pool_order, "page-pool-unread" },
		{ "unread", struct_pages_unread, "page-pool-unread" },
		{ "to send", mark_of_sending_pool, NULL },
	};

	(void)state;
	rig_survives(marked, list, sizeof(list) / sizeof(list[0]));
}

/* What is said of the only device that has a struct device. */
static void silence(void **state)
{
	static const struct {
		const char *driver;
		bool blocked;
		const char *text;	/* NULL: nothing */
	} want[] = {
		{ "aacraid", .text = "the driver aacraid had" },
		{ "uio_pci_generic", .text = "the driver uio_pci_generic had" },
		{ NULL, .text = "a driver that has left, or firmware, had" },
		{ "aacraid", .blocked = true },
	};
	const struct amdvi_dte none = { .v = true, .tv = true, .domain_id = 4 };
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct rig *rig = rig_new(want[i].driver);
		const struct ami_findings *f;

		if (want[i].blocked)
			machine_dte(rig->m, RIG_DEVICE, &none);
		/* An ID of which nothing but the IOMMU's state is known. */
		machine_dev_data(rig->m, RIG_DEVICE + 1, 0);
		machine_analyse(rig->m);
		f = rig->m->state->findings;
		assert_int_equal(rig_found(rig, "no-evidence-provider"),
				 !!want[i].text);
		for (k = 0; want[i].text && f->list[k].code !=
		     AMI_FIND_NO_EVIDENCE_PROVIDER;
		     k++)
			;
		if (want[i].text)
			assert_non_null(strstr(f->list[k].text, want[i].text));
		rig_free(rig);
	}
}

/* Whatever page of it a filter drops. */
static void gaps(void **state)
{
	(void)state;
	rig_survives_gaps(bounces);
	rig_survives_noise(bounces);
	rig_survives_gaps(ahci);
	rig_survives_noise(ahci);
	rig_survives_gaps(managed);
	rig_survives_noise(managed);
	rig_survives_gaps(debugged);
	rig_survives_noise(debugged);
	rig_survives_gaps(page_pool);
	rig_survives_noise(page_pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool_in_mem), cmocka_unit_test(pools_in_list),
		cmocka_unit_test(mem_alone), cmocka_unit_test(mem_with_slots),
		cmocka_unit_test(in_globals), cmocka_unit_test(leads_to_slots),
		cmocka_unit_test(hostile_bounces),
		cmocka_unit_test(ahci_writes), cmocka_unit_test(hostile_ahci), cmocka_unit_test(zeroed_ports),
		cmocka_unit_test(managed_buffers),
		cmocka_unit_test(managed_recent),
		cmocka_unit_test(hostile_managed),
		cmocka_unit_test(table_of_mappings),
		cmocka_unit_test(table_agrees),
		cmocka_unit_test(hostile_table), cmocka_unit_test(pool_pages),
		cmocka_unit_test(hostile_pool),
		cmocka_unit_test(pool_by_marks), cmocka_unit_test(pool_by_scan),
		cmocka_unit_test(hostile_marks), cmocka_unit_test(silence),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
