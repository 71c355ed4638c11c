// SPDX-License-Identifier: GPL-2.0-or-later
/* VMCOREINFO of a dump without a note of it, found in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image.h"

#define PAGES		0x2000u
#define BASE		0x100000u	/* of the kernel, physical */
#define OTHER_BASE	0x900000u	/* of the capture kernel */
#define UTS		0x3000u		/* from there */
#define TEXT_PAGE	0x1800000u
#define OTHER_PAGE	0x1700000u

struct found {
	struct image *img;
	struct ami_dump *dump;
	struct ami_kernel *kernel;
};

/* The text of a kernel at @base, in the page at @page, @skip bytes in. */
static void put_text(struct image *img, uint64_t page, size_t skip,
		     const char *release, uint64_t base, const char *more)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "OSRELEASE=%s\nNUMBER(phys_base)=%llu\nSYMBOL(init_uts_ns)=%llx\nNUMBER(pgtable_l5_enabled)=1\n%s",
		 release, (unsigned long long)base, IMAGE_MAP + UTS, more);
	image_write(img, page + skip, text, strlen(text));
}

static void put_kernel(struct image *img, uint64_t base, const char *release)
{
	image_write(img, base + UTS + 0x86, release, strlen(release) + 1);
}

static struct found look(struct image *img)
{
	struct found f = { .img = img };

	image_vmcoreinfo(img, "");
	f.dump = image_dump(img);
	f.kernel = image_kernel(img, f.dump);
	return f;
}

static void done(struct found *f)
{
	ami_kernel_close(f->kernel);
	ami_dump_close(f->dump);
	image_free(f->img);
}

static void in_a_page(void **state)
{
	struct image *img = image_new(PAGES);
	struct found f;

	(void)state;
	put_kernel(img, BASE, "6.1.0");
	put_text(img, TEXT_PAGE, 0, "6.1.0", BASE, "CRASHTIME=1700000000\n");
	f = look(img);
	assert_string_equal(ami_kernel_release(f.kernel), "6.1.0");
	assert_non_null(strstr(ami_dump_vmcoreinfo_from(f.dump),
			       "at 0x1800000"));
	done(&f);
}

static void as_a_note(void **state)
{
	static const uint32_t head[3] = { 11, 200, 0 };
	struct image *img = image_new(PAGES);
	struct found f;

	(void)state;
	put_kernel(img, BASE, "6.1.0");
	image_write(img, TEXT_PAGE, head, sizeof(head));
	image_write(img, TEXT_PAGE + 12, "VMCOREINFO", 11);
	put_text(img, TEXT_PAGE, 24, "6.1.0", BASE, "");
	f = look(img);
	assert_string_equal(ami_kernel_release(f.kernel), "6.1.0");
	done(&f);
}

/* Copies in files and buffers of programs, and what a text says wrongly. */
static void copies_are_not_believed(void **state)
{
	struct image *img = image_new(PAGES);
	struct found f;

	(void)state;
	put_kernel(img, BASE, "6.1.0");
	put_text(img, OTHER_PAGE, 0, "5.10.0", OTHER_BASE, "");
	put_text(img, OTHER_PAGE + 0x1000, 0, "6.1.0", OTHER_BASE, "");
	put_text(img, OTHER_PAGE + 0x2000, 0, "6.1", BASE, "");
	put_text(img, TEXT_PAGE, 0, "6.1.0", BASE, "");
	f = look(img);
	assert_string_equal(ami_kernel_release(f.kernel), "6.1.0");
	assert_non_null(strstr(ami_dump_vmcoreinfo_from(f.dump),
			       "at 0x1800000"));
	done(&f);
}

/* Of two kernels, the one that crashed. */
static void beside_a_capture_kernel(void **state)
{
	struct image *img = image_new(PAGES);
	struct found f;

	(void)state;
	put_kernel(img, OTHER_BASE, "7.3.0");
	put_kernel(img, BASE, "6.1.0");
	put_text(img, OTHER_PAGE, 0, "7.3.0", OTHER_BASE, "");
	put_text(img, TEXT_PAGE, 0, "6.1.0", BASE, "CRASHTIME=1700000000\n");
	f = look(img);
	assert_string_equal(ami_kernel_release(f.kernel), "6.1.0");
	done(&f);
}

static void nowhere(void **state)
{
	struct image *img = image_new(PAGES);
	struct ami_layout_source source = ami_layout_btf;
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump;

	(void)state;
	put_text(img, TEXT_PAGE, 0, "6.1.0", BASE, "");
	image_vmcoreinfo(img, "");
	dump = image_dump(img);
	assert_null(ami_kernel_open(dump, &source, &err));
	assert_int_equal(err.status, AMI_ERR_DATA);
	assert_int_equal(err.advice, AMI_ADVICE_VMCOREINFO);
	ami_dump_close(dump);
	image_free(img);
}

/* Of SEV the host sees random bytes in every page. */
static void ciphertext(void **state)
{
	struct image *img = image_new(PAGES);
	struct ami_error err = { .status = AMI_OK };
	uint64_t pfn, word = 1;
	struct ami_dump *dump;
	uint8_t page[AMI_PAGE_SIZE];
	size_t i;

	(void)state;
	for (pfn = 0; pfn < PAGES; pfn++) {
		for (i = 0; i < sizeof(page); i++) {
			word = word * 6364136223846793005ull + 1;
			page[i] = word >> 56;
		}
		image_write(img, pfn << AMI_PAGE_SHIFT, page, sizeof(page));
	}
	image_vmcoreinfo(img, "");
	dump = image_dump(img);
	assert_null(ami_kernel_open(dump, &ami_layout_btf, &err));
	assert_int_equal(err.status, AMI_ERR_DATA);
	assert_non_null(strstr(err.text, "encrypted (SME or SEV)"));
	ami_dump_close(dump);
	image_free(img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_a_page),
		cmocka_unit_test(as_a_note),
		cmocka_unit_test(copies_are_not_believed),
		cmocka_unit_test(beside_a_capture_kernel),
		cmocka_unit_test(nowhere),
		cmocka_unit_test(ciphertext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
