// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A task that is not in the dump has its stack somewhere. What a device could
 * write is in doubt only where a stack can lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pages.h"

#define LAST		0xff
#define NIC		0x10
#define TYPE_DMA	0x3
#define VMALLOC		0xffa0000000100000ull
#define AREA		(VMALLOC + 0x40000)
#define STACK		4u	/* pages */

/**
 * struct place - where the device's buffer lies
 * @at: address of its vmalloc area, 0: it is in none
 * @pages: of the area
 * @known_in_area: the stack of the task that is in the dump is an area, too
 */
struct place {
	uint64_t at;
	unsigned int pages;
	bool known_in_area;
	bool in_doubt;
};

static const struct place places[] = {
	{ 0, 0, true, false },
	{ 0, 0, false, true },
	{ AREA, STACK, true, true },
	{ AREA, STACK, false, true },
	{ AREA, 1, false, true },
	{ AREA, 1, true, false },
	{ AREA, STACK - 1, true, false },
	{ AREA, STACK + 1, true, false },
	{ AREA, 2 * STACK, true, false },
	{ AREA + 0x1000, STACK, true, false },
	{ AREA + 0x4000, STACK, true, true },
};

static void map_area(struct machine *m, uint64_t va, uint64_t phys,
		     unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		machine_map(m, va + (i << 12), phys + (i << 12));
}

/* The page of @task, which nothing else is in. */
static uint64_t own_page(struct machine *m)
{
	return image_va(image_alloc(m->img, 1));
}

/* Two tasks; the second is left out of the dump. */
static void make_tasks(struct machine *m, const struct place *p)
{
	uint64_t init = machine_object(m, 1024), seen = own_page(m);
	uint64_t missing = own_page(m), stack = image_alloc(m->img, STACK);
	uint32_t tasks = image_layout(m->img)->field[AMI_F_task_tasks].offset;

	image_layout(m->img)->symbol[AMI_SYM_init_task] = init;
	machine_list_init(m, init + tasks);
	machine_list_add(m, init + tasks, missing + tasks);
	machine_list_add(m, init + tasks, seen + tasks);
	image_write64(m->img, stack, STACK_END_MAGIC);
	map_area(m, VMALLOC, stack, STACK);
	machine_set(m, seen, AMI_F_task_stack,
		    p->known_in_area ? VMALLOC : image_va(stack));
	image_hide(m->img, (missing - image_va(0)) >> 12, AMI_MEM_FILTERED);
}

static void make_buffer(struct machine *m, const struct place *p)
{
	uint64_t buffer = image_alloc(m->img, p->pages + 1);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};

	if (p->at)
		map_area(m, p->at, buffer, p->pages);
	dte.host_root = machine_v1(m, buffer, 1);
	machine_device(m, NIC, "nic",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(m, NIC, &dte);
}

static void check_place(const struct place *p, enum shape shape)
{
	struct machine *m = machine_new_sized(shape, 0, LAST, 1 << 15);

	print_message("# %s, area %#llx of %u pages\n", shapes[shape].name,
		      (unsigned long long)p->at, p->pages);
	pages_make(m);
	make_tasks(m, p);
	make_buffer(m, p);
	machine_analyse(m);
	assert_true(machine_found(m, "tasks-unread"));
	assert_int_equal(machine_because(m, "tasks-unread", "Some stacks"),
			 p->in_doubt);
	machine_free(m);
}

static void unknown_stack(void **state)
{
	enum shape shape;
	size_t i;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++)
		for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			check_place(&places[i], shape);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
