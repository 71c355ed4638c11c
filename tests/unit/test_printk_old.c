// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's log before 5.10: written as the kernel writes it, then damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <kernel/printk.h>

#include "klog.h"

#define SMALL	512u	/* bytes of a buffer that goes round */

static struct machine *m;
static struct klog klog;

struct seen {
	size_t count;
	uint64_t first;
	struct ami_printk_record last;
	char all[4 * AMI_PRINTK_TEXT];
};

static struct seen seen;
static struct ami_printk_stats stats;

static bool see(void *ctx, const struct ami_printk_record *r)
{
	(void)ctx;
	if (!seen.count++)
		seen.first = r->seq;
	seen.last = *r;
	if (seen.count <= 3)
		strcat(strcat(seen.all, r->text), "|");
	return true;
}

/* Memory is cached, so all is opened anew. */
static enum ami_mem read_log(void)
{
	struct ami_dump *dump = image_dump(m->img);
	struct ami_kernel *kernel = image_kernel(m->img, dump);
	enum ami_mem mem;

	memset(&seen, 0, sizeof(seen));
	mem = ami_printk_each(kernel, see, NULL, &stats);
	ami_kernel_close(kernel);
	ami_dump_close(dump);
	return mem;
}

static int start(void **state)
{
	(void)state;
	m = machine_new(SHAPE_RHEL_8_OLD, 0);
	klog_start(&klog, m, 100);
	return 0;
}

static int end(void **state)
{
	(void)state;
	machine_free(m);
	return 0;
}

static uint32_t header(void)
{
	return image_layout(m->img)->type_size[AMI_T_printk_log];
}

static void set_variable(enum ami_symbol y, uint64_t value)
{
	machine_write(m, image_layout(m->img)->symbol[y], &value, sizeof(value));
}

static void lines_of_kernel_and_users(void **state)
{
	(void)state;
	klog_add(&klog, 6, 0, "", "Linux version 4.18.0");
	klog_add(&klog, 3, 0, "+pci:0000:00:04.0", "Detected \tUnit\x01 Hang");
	assert_int_equal(read_log(), AMI_MEM_OK);
	assert_string_equal(seen.all, "Linux version 4.18.0|Detected  Unit? Hang|");
	assert_int_equal(seen.first, 100);
	assert_int_equal(seen.last.seq, 101);
	assert_int_equal(seen.last.level, 3);
	assert_int_equal(seen.last.facility, 0);
	assert_true(seen.last.ts_nsec > 0);
	assert_string_equal(seen.last.subsystem, "pci");
	assert_string_equal(seen.last.device, "+pci:0000:00:04.0");
	klog_add(&klog, 4, 1, "", "from /dev/kmsg");
	assert_int_equal(read_log(), AMI_MEM_OK);
	assert_int_equal(seen.last.facility, 1);
	assert_string_equal(seen.last.device, "");
	assert_int_equal(stats.records, 3);
	assert_int_equal(stats.damaged + stats.unread, 0);
}

static void empty_log(void **state)
{
	(void)state;
	assert_int_equal(read_log(), AMI_MEM_OK);
	assert_int_equal(seen.count, 0);
}

static uint32_t put(uint32_t at, const char *text)
{
	uint32_t len = (header() + strlen(text) + 7) & ~7u;

	machine_set(m, klog.data + at, AMI_F_printk_log_len, len);
	machine_set(m, klog.data + at, AMI_F_printk_log_text_len, strlen(text));
	machine_write(m, klog.data + at + header(), text, strlen(text));
	return at + len;
}

/* A record of length 0 says that the next one is at the start. */
static void goes_round(void **state)
{
	uint32_t first = SMALL - 2 * header() - 8;

	(void)state;
	set_variable(AMI_SYM_log_buf_len, SMALL);
	set_variable(AMI_SYM_log_first_idx, first);
	set_variable(AMI_SYM_log_next_seq, 103);
	put(first, "old");
	put(put(0, "newer"), "newest");
	assert_int_equal(read_log(), AMI_MEM_OK);
	assert_string_equal(seen.all, "old|newer|newest|");
	assert_int_equal(stats.damaged, 0);
}

/* All behind a broken record is lost, and said to be. */
static void broken_record(void **state)
{
	static const struct {
		enum ami_field field;
		uint64_t value;
	} bad[] = {
		{ AMI_F_printk_log_len, 0 }, { AMI_F_printk_log_len, 8 },
		{ AMI_F_printk_log_len, 0xffff },
		{ AMI_F_printk_log_text_len, 0xffff },
		{ AMI_F_printk_log_dict_len, 0xffff },
	};
	uint32_t second;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_variable(AMI_SYM_log_buf_len, SMALL);
		set_variable(AMI_SYM_log_next_seq, 103);
		second = put(0, "first");
		put(put(second, "second"), "third");
		machine_set(m, klog.data + second, bad[i].field, bad[i].value);
		assert_int_equal(read_log(), AMI_MEM_OK);
		assert_memory_equal(seen.all, "first|", 6);
		assert_null(strstr(seen.all, "third"));
		if (!bad[i].value)	/* it leads to the start again */
			continue;
		assert_int_equal(stats.damaged, 2);
	}
}

static void page_that_is_missing(void **state)
{
	(void)state;
	klog_say(&klog, "here");
	image_hide(m->img, (klog.data - IMAGE_DIRECT_MAP) >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	assert_int_equal(read_log(), AMI_MEM_OK);
	assert_int_equal(seen.count, 0);
	assert_int_equal(stats.unread, 1);
	assert_int_equal(stats.damaged, 0);
}

static void nonsense_is_refused(void **state)
{
	static const struct {
		enum ami_symbol symbol;
		uint64_t value;
	} bad[] = {
		{ AMI_SYM_log_buf, 0x1000 }, { AMI_SYM_log_buf_len, 0 },
		{ AMI_SYM_log_buf_len, 0xffffffff },
		{ AMI_SYM_log_first_idx, 0xfffffff0 },
		{ AMI_SYM_log_first_seq, 102 },
		{ AMI_SYM_log_next_seq, UINT64_MAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start(NULL);
		klog_say(&klog, "x");
		set_variable(bad[i].symbol, bad[i].value);
		assert_int_equal(read_log(), AMI_MEM_ERROR);
		assert_int_equal(seen.count, 0);
		end(NULL);
	}
}

/* Any bytes anywhere: every record that comes out is a string of bounded size. */
static void noise_does_no_harm(void **state)
{
	unsigned int seed;

	(void)state;
	for (seed = 1; seed <= 400; seed++) {
		int i;

		start(NULL);
		srand(seed);
		set_variable(AMI_SYM_log_buf_len, SMALL);
		for (i = 0; i < 3; i++)
			klog_add(&klog, 3, 0, "+pci:0000:00:02.0", "some text");
		for (i = 0; i < 8; i++) {
			uint8_t byte = rand();

			machine_write(m, klog.data + rand() % SMALL, &byte, 1);
		}
		read_log();
		assert_true(seen.count <= 3);
		assert_true(strlen(seen.last.text) < SMALL);
		end(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_of_kernel_and_users, start, end),
		cmocka_unit_test_setup_teardown(empty_log, start, end),
		cmocka_unit_test_setup_teardown(goes_round, start, end),
		cmocka_unit_test_setup_teardown(broken_record, start, end),
		cmocka_unit_test_setup_teardown(page_that_is_missing, start, end),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
