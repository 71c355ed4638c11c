// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's log in hostile memory. The input is memory from the start of the
 * kernel image on; its first word is the variable prb.
 */
#include <string.h>

#include <kernel/printk.h>

#include "hostile.h"

#define RAM_PAGES	64u
#define TEXT		UINT64_C(0xffffffff80000000)
/* Page reads for each record: descriptor, info, two names, text. */
#define READS		32u

static const struct {
	enum ami_field field;
	struct ami_member member;
} members[] = {
	{ AMI_F_prb_count_bits, { .offset = 0, .size = 4 } },
	{ AMI_F_prb_descs, { .offset = 8, .size = 8 } },
	{ AMI_F_prb_infos, { .offset = 16, .size = 8 } },
	{ AMI_F_prb_head_id, { .offset = 24, .size = 8 } },
	{ AMI_F_prb_tail_id, { .offset = 32, .size = 8 } },
	{ AMI_F_prb_size_bits, { .offset = 40, .size = 4 } },
	{ AMI_F_prb_data, { .offset = 48, .size = 8 } },
	{ AMI_F_prb_desc_state, { .offset = 0, .size = 8 } },
	{ AMI_F_prb_desc_begin, { .offset = 8, .size = 8 } },
	{ AMI_F_prb_desc_next, { .offset = 16, .size = 8 } },
	{ AMI_F_printk_seq, { .offset = 0, .size = 8 } },
	{ AMI_F_printk_ts, { .offset = 8, .size = 8 } },
	{ AMI_F_printk_text_len, { .offset = 16, .size = 2 } },
	{ AMI_F_printk_facility, { .offset = 18, .size = 1 } },
	{ AMI_F_printk_level, { .offset = 19, .size = 1, .bit_size = 3,
				.bit_offset = 5 } },
	{ AMI_F_printk_caller, { .offset = 20, .size = 4 } },
	{ AMI_F_printk_subsystem, { .offset = 24, .size = 16 } },
	{ AMI_F_printk_device, { .offset = 40, .size = 48 } },
};

static int resolve(void *ctx, struct ami_kernel *kernel,
		   struct ami_layout *layout, struct ami_error *err)
{
	size_t i;

	(void)ctx;
	(void)kernel;
	(void)err;
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		layout->field[members[i].field] = members[i].member;
		layout->field[members[i].field].present = true;
	}
	layout->type_size[AMI_T_prb_desc] = 24;
	layout->type_size[AMI_T_printk_info] = 88;
	layout->symbol[AMI_SYM_prb] = TEXT;
	return 0;
}

static bool record(void *ctx, const struct ami_printk_record *r)
{
	const char *at;

	++*(uint64_t *)ctx;
	must(memchr(r->text, '\0', sizeof(r->text)));
	must(memchr(r->subsystem, '\0', sizeof(r->subsystem)));
	must(memchr(r->device, '\0', sizeof(r->device)));
	for (at = r->text; *at; at++)
		must(*at == '\n' || (*at >= ' ' && *at <= '~'));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ami_layout_source source = {
		.name = "fuzz", .resolve = resolve, .ctx = NULL,
	};
	struct hostile h = {
		.ram = { 0, RAM_PAGES }, .data = data, .size = size,
		.vmcoreinfo = "OSRELEASE=fuzz\nNUMBER(phys_base)=0\n",
	};
	struct ami_dump *dump = hostile_dump(&h);
	struct ami_kernel *k = ami_kernel_open(dump, &source, NULL);
	struct ami_printk_stats stats;
	uint64_t records = 0;

	must(k);
	if (ami_printk_each(k, record, &records, &stats) == AMI_MEM_OK) {
		must(records <= stats.records - stats.older);
		must(h.reads <= READS * (stats.records - stats.older + 1));
	}
	ami_kernel_close(k);
	ami_dump_close(dump);
	return 0;
}
