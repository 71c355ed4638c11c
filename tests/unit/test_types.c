// SPDX-License-Identifier: GPL-2.0-or-later
/* Structures that have the same name: e1000 and e1000e, both built in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "btf.h"
#include "machine.h"

/* Eight bytes each, at 8, 16, ... of a structure; @to: 0 or what it points to. */
struct part {
	const char *name;
	int to;
};

static int add(struct btf *btf, const char *name, const struct part *part)
{
	int i, id, word = btf__add_int(btf, "long", 8, 0), pointer[8];

	for (i = 0; part[i].name; i++)
		pointer[i] = part[i].to ? btf__add_ptr(btf, part[i].to) : word;
	id = btf__add_struct(btf, name, 8 * (i + 1));
	for (i = 0; part[i].name; i++)
		assert_int_equal(btf__add_field(btf, part[i].name, pointer[i],
						64 * (i + 1), 0), 0);
	return id;
}

#define PARTS(...)	((const struct part[]){ __VA_ARGS__, { NULL, 0 } })

/* e1000's: other rings, and none of the pages of split packets. */
static void add_e1000(struct btf *btf)
{
	int ring = add(btf, "e1000_rx_ring", PARTS({ "desc", 0 }));

	add(btf, "e1000_adapter", PARTS({ "tx_ring", ring },
					{ "rx_ring", ring },
					{ "rx_buffer_len", 0 }));
}

static void add_e1000e(struct btf *btf)
{
	int ring = add(btf, "e1000_ring", PARTS({ "desc", 0 }, { "dma", 0 }));

	add(btf, "e1000_buffer", PARTS({ "dma", 0 }));
	add(btf, "e1000_ps_page", PARTS({ "page", 0 }));
	add(btf, "e1000_adapter", PARTS({ "other", 0 }, { "tx_ring", ring },
					{ "rx_ring", ring },
					{ "rx_ps_pages", 0 },
					{ "rx_buffer_len", 0 }));
}

static void resolve(struct btf *btf, struct ami_layout *layout)
{
	static struct btf_names index;

	memset(layout, 0, sizeof(*layout));
	btf_index(btf, &index);
	btf_resolve(btf, "e1000e", &index, false, layout);
	btf__free(btf);
}

static void is_e1000e(const struct ami_layout *l)
{
	assert_true(l->field[AMI_F_e1000e_rx_ring].present);
	assert_int_equal(l->field[AMI_F_e1000e_rx_ring].offset, 24);
	assert_int_equal(l->field[AMI_F_e1000e_rx_ps_pages].offset, 32);
	assert_int_equal(l->field[AMI_F_e1000e_rx_buffer_len].offset, 40);
	assert_int_equal(l->field[AMI_F_e1000e_ring_dma].offset, 16);
}

static void test_right_one(void **state)
{
	struct btf *btf = btf__new_empty();
	struct ami_layout l;

	(void)state;
	add_e1000(btf);
	add_e1000e(btf);
	resolve(btf, &l);
	is_e1000e(&l);
	btf = btf__new_empty();
	add_e1000e(btf);
	add_e1000(btf);
	resolve(btf, &l);
	is_e1000e(&l);
}

/* Of both some members are missing; one leads to the driver's own rings. */
static void test_companion(void **state)
{
	struct btf *btf = btf__new_empty();
	struct ami_layout l;
	int ring;

	(void)state;
	add_e1000(btf);
	ring = add(btf, "e1000_ring", PARTS({ "desc", 0 }));
	add(btf, "e1000_adapter", PARTS({ "pad", 0 }, { "rx_ring", ring }));
	resolve(btf, &l);
	assert_int_equal(l.field[AMI_F_e1000e_rx_ring].offset, 16);
	assert_false(l.field[AMI_F_e1000e_rx_buffer_len].present);
	assert_int_equal(l.field[AMI_F_e1000e_rx_buffer_len].doubt,
			 AMI_DOUBT_NONE);
}

/* e1000e is a module, whose own types are not to be had. */
static void test_only_the_other(void **state)
{
	struct btf *btf = btf__new_empty();
	struct ami_layout l;

	(void)state;
	add_e1000(btf);
	resolve(btf, &l);
	assert_false(l.field[AMI_F_e1000e_rx_ring].present);
	assert_false(l.field[AMI_F_e1000e_tx_ring].present);
}

static void test_copies(void **state)
{
	struct btf *btf = btf__new_empty();
	struct ami_layout l;

	(void)state;
	add_e1000e(btf);
	add_e1000e(btf);
	resolve(btf, &l);
	is_e1000e(&l);
}

static void add_adapter(struct btf *btf, const char *first)
{
	add(btf, "e1000_adapter", PARTS({ first, 0 }, { "rx_ring", 0 },
					{ "tx_ring", 0 },
					{ "rx_buffer_len", 0 },
					{ "rx_ps_pages", 0 },
					{ "rx_ps_bsize0", 0 }));
}

/* Nothing speaks for one of them: none is believed. */
static void test_ambiguous(void **state)
{
	struct btf *btf = btf__new_empty();
	struct ami_layout l;
	int i;

	(void)state;
	add_adapter(btf, "pad");
	add(btf, "e1000_adapter", PARTS({ "rx_ring", 0 }, { "tx_ring", 0 },
					{ "rx_buffer_len", 0 },
					{ "rx_ps_pages", 0 },
					{ "rx_ps_bsize0", 0 }));
	resolve(btf, &l);
	assert_false(l.field[AMI_F_e1000e_rx_ring].present);
	assert_int_equal(l.field[AMI_F_e1000e_rx_ring].doubt,
			 AMI_DOUBT_SAME_NAME);
	/* More than are looked at. */
	btf = btf__new_empty();
	for (i = 0; i < (int)MAX_SAME_NAME + 1; i++)
		add_adapter(btf, "pad");
	resolve(btf, &l);
	assert_int_equal(l.field[AMI_F_e1000e_rx_ring].doubt,
			 AMI_DOUBT_SAME_NAME);
}

/* To the report it is neither missing from the kernel nor read. */
static void test_reported(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_member *f = &image_layout(m->img)->field[AMI_F_group_id];
	uint64_t value;
	size_t i;

	(void)state;
	*f = (struct ami_member){ .doubt = AMI_DOUBT_SAME_NAME };
	machine_analyse(m);
	assert_int_equal(ami_get(m->kernel, m->iommu, AMI_F_group_id, &value),
			 AMI_MEM_NO_PLACE);
	assert_true(machine_found(m, "type-ambiguous"));
	for (i = 0; i < m->state->findings->count; i++)
		assert_null(strstr(m->state->findings->list[i].text,
				   "This kernel has no member iommu_group"));
	machine_free(m);
}

/* The first task, as RANDSTRUCT hides it, or not. */
static struct machine *with_task(const char *comm, bool listed)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_layout *l = image_layout(m->img);
	uint64_t task = machine_object(m, 64);

	l->field[AMI_F_task_tasks] = (struct ami_member){
		.present = true, .size = 16,
	};
	l->field[AMI_F_task_comm] = (struct ami_member){
		.present = true, .offset = 16, .size = 16,
	};
	l->symbol[AMI_SYM_init_task] = task;
	machine_write(m, task + 16, comm, strlen(comm) + 1);
	if (listed)
		machine_list_init(m, task);
	machine_analyse(m);
	return m;
}

static void test_contradicted(void **state)
{
	struct machine *m = with_task("", false);
	uint64_t value;

	(void)state;
	assert_true(machine_found(m, "layout-contradicted"));
	assert_false(machine_found(m, "tasks-broken"));
	assert_false(machine_found(m, "tasks-unread"));
	assert_false(ami_has(m->kernel, AMI_F_kset_list));
	assert_int_equal(ami_get(m->kernel, m->iommu, AMI_F_task_pid, &value),
			 AMI_MEM_NO_PLACE);
	/* What RANDSTRUCT leaves alone is read as ever. */
	assert_true(ami_has(m->kernel, AMI_F_amd_iommu_list));
	assert_int_equal(m->state->nr_iommus, 1);
	machine_free(m);
}

/* One of the two may be damage. */
static void test_not_contradicted(void **state)
{
	struct machine *m = with_task("", true);

	(void)state;
	assert_false(machine_found(m, "layout-contradicted"));
	machine_free(m);
	m = with_task("swapper/0", false);
	assert_false(machine_found(m, "layout-contradicted"));
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right_one),
		cmocka_unit_test(test_companion),
		cmocka_unit_test(test_only_the_other),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_reported),
		cmocka_unit_test(test_contradicted),
		cmocka_unit_test(test_not_contradicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
