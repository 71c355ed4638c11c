// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols and DWARF of a vmlinux: a small one, from the compiler that is at
 * hand, in the DWARF versions it knows. What the compiler says of the same
 * structures here (offsetof) is the truth.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "image.h"

#define TEXT(...)	#__VA_ARGS__
#define EXPAND(...)	TEXT(__VA_ARGS__)

/* In the forms that the kernel uses: anonymous, nested, typed, bit fields. */
#define TYPES								\
	typedef unsigned int u32_t;					\
	struct list { struct list *next, *prev; };			\
	enum protection_domain_mode { PD_MODE_NONE, PD_MODE_V1 = 7,	\
				      PD_MODE_V2 = -3 };		\
	struct page {							\
		unsigned long flags;					\
		union {							\
			struct {					\
				union { struct list lru; long other; }; \
				void *mapping;				\
				long index;				\
				unsigned long private;			\
			};						\
			struct { unsigned long compound_head; };	\
		};							\
		union { int _mapcount; const volatile u32_t page_type; }; \
		struct { int counter; } _refcount;			\
	};								\
	struct iommu_dev_data {						\
		struct { int qdep; char enabled; } ats;			\
		u32_t pad : 3;						\
		u32_t ats_enabled : 1;					\
		u32_t more : 9;						\
		unsigned short devid;					\
	};								\
	struct iova_fq_entry { unsigned long iova_pfn, pages; };	\
	struct iova_fq {						\
		unsigned int lock, head;				\
		struct iova_fq_entry entries[3][2];			\
		unsigned int tail;					\
		struct iova_fq_entry flexible[];			\
	};								\
	struct amd_iommu;						\
	struct protection_domain {					\
		struct { int pad; struct list *root; } iop;		\
		struct amd_iommu *never_defined;			\
		enum protection_domain_mode pd_mode;			\
	};

TYPES

static const char types[] = EXPAND(TYPES);
static const char code[] =
	"struct page a; struct iommu_dev_data b; struct iova_fq c;\n"
	"struct protection_domain d;\n"
	"const char linux_banner[] = \"Linux version 6.1.0-test (x@y)\";\n"
	"#define TABLE __attribute__((aligned(4096)))\n"
	"unsigned long TABLE init_top_pgt[512] = { 1 };\n"
	"unsigned long TABLE level2_kernel_pgt[512] = { 1 };\n"
	"void _stext(void) { __asm__ volatile(\".fill 9000, 1, 0x41\"); } void *amd_iommu_list = &a;\n";

#define BUILD_ID	"00112233445566778899aabbccddeeff01234567"
#define SLIDE		0x1e000000ull
#define PHYS_BASE	"NUMBER(phys_base)=0\n"
#define INFO_TEXT	PHYS_BASE "SYMBOL(_stext)=ffffffff9f000000\nKERNELOFFSET=1e000000\n"
#define INFO		"OSRELEASE=6.1.0-test\nBUILD-ID=" BUILD_ID "\n" INFO_TEXT

struct place {
	char dir[32];
	char source[64], path[64];
};

static int place_new(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	FILE *f;

	assert_non_null(p);
	strcpy(p->dir, "/tmp/vmlinux-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->source, sizeof(p->source), "%s/k.c", p->dir);
	snprintf(p->path, sizeof(p->path), "%s/vmlinux", p->dir);
	f = fopen(p->source, "w");
	assert_non_null(f);
	fprintf(f, "%s\n%s", types, code);
	assert_int_equal(fclose(f), 0);
	*state = p;
	return 0;
}

static int place_free(void **state)
{
	struct place *p = *state;

	unlink(p->source);
	unlink(p->path);
	rmdir(p->dir);
	free(p);
	return 0;
}

/* A vmlinux, @how: more options for the compiler */
static void build(const struct place *p, const char *how)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "cc -x c -O1 -nostdlib -static -no-pie -fno-pic -mcmodel=kernel -fno-asynchronous-unwind-tables -Wl,-e,_stext -Wl,-Ttext=0xffffffff81000000 -Wl,--build-id=0x%s %s -o %s %s",
		 BUILD_ID, how, p->path, p->source);
	assert_int_equal(system(command), 0);
}

/* Returns the status of opening the kernel; its layout if that is wanted. */
static enum ami_status open_with(const struct place *p, const char *info,
				 struct ami_layout *layout, char *said,
				 size_t size)
{
	struct ami_layout_source source = ami_layout_vmlinux(p->path);
	struct image *img = image_new(1 << 12);
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump;
	struct ami_kernel *k;

	image_vmcoreinfo(img, info);
	dump = image_dump(img);
	k = ami_kernel_open(dump, &source, &err);
	assert_int_equal(k != NULL, err.status == AMI_OK);
	if (k && layout)
		*layout = *ami_kernel_layout(k);
	if (said)
		snprintf(said, size, "%s", err.text);
	ami_kernel_close(k);
	ami_dump_close(dump);
	image_free(img);
	return err.status;
}

static void refused(const struct place *p, const char *info,
		    enum ami_status status, const char *why)
{
	char said[512];

	assert_int_equal(open_with(p, info, NULL, said, sizeof(said)), status);
	if (!strstr(said, why))
		fail_msg("\"%s\" is not in: %s", why, said);
}

#define AT(field, type, member)						\
	{ AMI_F_##field, offsetof(struct type, member),			\
	  sizeof(((struct type *)NULL)->member) }

static void check_members(const struct ami_layout *l)
{
	static const struct {
		enum ami_field field;
		uint32_t offset, size;
	} truth[] = {
		AT(page_flags, page, flags), AT(page_lru, page, lru),
		AT(page_mapping, page, mapping),
		AT(page_private, page, private),
		AT(page_compound_head, page, compound_head),
		AT(page_type, page, page_type),
		AT(page_refcount, page, _refcount),
		AT(dev_data_ats_510, iommu_dev_data, ats.enabled),
		AT(dev_data_devid, iommu_dev_data, devid),
		AT(fq_entries, iova_fq, entries), AT(fq_tail, iova_fq, tail),
		AT(pdom_iop_root, protection_domain, iop.root),
		AT(pdom_pd_mode, protection_domain, pd_mode),
	};
	size_t i;

	for (i = 0; i < sizeof(truth) / sizeof(truth[0]); i++) {
		const struct ami_member *m = &l->field[truth[i].field];

		assert_true(m->present);
		assert_int_equal(m->offset, truth[i].offset);
		assert_int_equal(m->size, truth[i].size);
		assert_int_equal(m->bit_size, 0);
	}
}

/* Where the compiler puts a bit field, it shows by setting it. */
static void check_bits(const struct ami_member *m)
{
	union {
		struct iommu_dev_data data;
		uint8_t byte[sizeof(struct iommu_dev_data)];
	} one;
	uint32_t value = 0;

	memset(&one, 0, sizeof(one));
	one.data.ats_enabled = 1;
	assert_true(m->present);
	assert_int_equal(m->bit_size, 1);
	memcpy(&value, one.byte + m->offset, m->size);
	assert_int_equal(value, 1u << m->bit_offset);
}

static void types_and_symbols(void **state)
{
	static const char *const how[] = {
		"-gdwarf-4", "-gdwarf-5", "-gdwarf-4 -gstrict-dwarf",
		"-gdwarf-5 -gz=zlib", "-gdwarf-3 -gstrict-dwarf",
	};
	const struct place *p = *state;
	struct ami_layout l;
	unsigned int i;

	for (i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		print_message("# %s\n", how[i]);
		build(p, how[i]);
		assert_int_equal(open_with(p, INFO, &l, NULL, 0), AMI_OK);
		assert_int_equal(l.symbol[AMI_SYM__stext],
				 0xffffffff81000000ull + SLIDE);
		assert_true(l.symbol[AMI_SYM_amd_iommu_list] >
			    l.symbol[AMI_SYM__stext]);
		assert_int_equal(l.symbol[AMI_SYM_init_task], 0);
		check_members(&l);
		check_bits(&l.field[AMI_F_dev_data_ats_enabled]);
		assert_int_equal(l.type_size[AMI_T_page], sizeof(struct page));
		assert_int_equal(l.type_size[AMI_T_iova_fq_entry],
				 sizeof(struct iova_fq_entry));
		/* Declared only; without such a member; not there. */
		assert_int_equal(l.type_size[AMI_T_amd_iommu], 0);
		assert_false(l.field[AMI_F_amd_iommu_list].present);
		assert_false(l.field[AMI_F_pdom_pt_root].present);
		assert_false(l.field[AMI_F_page_slab_cache].present);
		assert_true(l.enumerator[AMI_E_PD_MODE_NONE].present);
		assert_int_equal(l.enumerator[AMI_E_PD_MODE_NONE].value, 0);
		assert_int_equal(l.enumerator[AMI_E_PD_MODE_V2].value, -3);
		assert_false(l.enumerator[AMI_E_IOMMU_INITIALIZED].present);
	}
}

/* Is it the dumped kernel? By build ID, else by its version. */
static void identity(void **state)
{
	const struct place *p = *state;

	build(p, "-g");
	refused(p, "OSRELEASE=6.1.0-test\nBUILD-ID=ffffffffffffffffffffffffffffffffffffffff\n" INFO_TEXT,
		AMI_ERR_DATA, "its build ID is " BUILD_ID);
	assert_int_equal(open_with(p, "OSRELEASE=6.1.0-test\n" INFO_TEXT,
				   NULL, NULL, 0), AMI_OK);
	refused(p, "OSRELEASE=6.1.0-other\n" INFO_TEXT, AMI_ERR_DATA,
		"it is Linux 6.1.0-test, and the dump comes from Linux 6.1.0-other");
	refused(p, INFO_TEXT, AMI_ERR_DATA, "it cannot be proved that");
	refused(p, PHYS_BASE "OSRELEASE=6.1.0-test\nSYMBOL(_stext)=ffffffff9f001000\nKERNELOFFSET=1e000000\n",
		AMI_ERR_DATA, "disagree on _stext");
	refused(p, PHYS_BASE "OSRELEASE=6.1.0-test\n", AMI_ERR_DATA,
		"has no SYMBOL(_stext)");
	build(p, "-g -Wl,--build-id=none");
	refused(p, INFO, AMI_ERR_DATA, "it has no build ID");
	build(p, "-g -Dlinux_banner=other");
	refused(p, "OSRELEASE=6.1.0-test\n" INFO_TEXT, AMI_ERR_DATA,
		"it cannot be proved that");
	build(p, "-g -D_stext=other -Wl,-e,other");
	refused(p, INFO, AMI_ERR_DATA, "no symbol _stext");
}

/* Two files of drivers that are built in; both have a struct e1000_adapter. */
static const char e1000[] =
	"struct e1000_rx_ring { void *desc; };\n"
	"struct e1000_adapter { struct e1000_rx_ring *tx_ring, *rx_ring;\n"
	"	long rx_buffer_len; } e1000;\n";
static const char e1000e[] =
	"struct e1000_ring { void *desc; long dma; } ring;\n"
	"struct e1000_buffer { long dma; } buffer;\n"
	"struct e1000_ps_page { void *page; } ps_page;\n"
	"struct e1000_adapter { long other; struct e1000_ring *tx_ring,\n"
	"	*rx_ring; void *rx_ps_pages; long rx_buffer_len; } e1000e;\n";

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* Without BTF in the dump, drivers' types come from here; by what they have. */
static void built_in_drivers(void **state)
{
	const struct place *p = *state;
	char first[64], second[64], how[160];
	struct ami_layout l;
	int order;

	snprintf(first, sizeof(first), "%s/a.c", p->dir);
	snprintf(second, sizeof(second), "%s/b.c", p->dir);
	for (order = 0; order < 2; order++) {
		write_text(first, order ? e1000 : e1000e);
		write_text(second, order ? e1000e : e1000);
		snprintf(how, sizeof(how), "-g %s %s", first, second);
		build(p, how);
		assert_int_equal(open_with(p, INFO, &l, NULL, 0), AMI_OK);
		assert_true(l.field[AMI_F_e1000e_rx_ring].present);
		assert_int_equal(l.field[AMI_F_e1000e_rx_ring].offset, 16);
		assert_int_equal(l.field[AMI_F_e1000e_rx_ps_pages].offset, 24);
		assert_int_equal(l.field[AMI_F_e1000e_ring_dma].offset, 8);
	}
	/* e1000e is not in this kernel: the other's is none of its types. */
	write_text(second, "");
	write_text(first, e1000);
	build(p, how);
	assert_int_equal(open_with(p, INFO, &l, NULL, 0), AMI_OK);
	assert_false(l.field[AMI_F_e1000e_rx_ring].present);
	unlink(first);
	unlink(second);
}

static void not_a_vmlinux(void **state)
{
	const struct place *p = *state;
	int fd;

	unlink(p->path);
	refused(p, INFO, AMI_ERR_INPUT, "No such file");
	assert_int_equal(mkdir(p->path, 0700), 0);
	refused(p, INFO, AMI_ERR_INPUT, "a directory");
	assert_int_equal(rmdir(p->path), 0);
	assert_int_equal(mkfifo(p->path, 0600), 0);
	refused(p, INFO, AMI_ERR_INPUT, "not a regular file");
	assert_int_equal(unlink(p->path), 0);
	fd = open(p->path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "bzImage", 7), 7);
	assert_int_equal(close(fd), 0);
	refused(p, INFO, AMI_ERR_INPUT, "not an ELF file");
	build(p, "");
	refused(p, INFO, AMI_ERR_DATA, "no debug information");
	build(p, "-g -s");
	refused(p, INFO, AMI_ERR_DATA, "is stripped");
	/* e_machine */
	build(p, "-g");
	fd = open(p->path, O_WRONLY);
	assert_int_equal(pwrite(fd, "\xb7", 1, 18), 1);
	assert_int_equal(close(fd), 0);
	refused(p, INFO, AMI_ERR_DATA, "not for x86-64");
}

/* Cut and damaged files: refused, or read; whatever is read is in bounds. */
static void damaged(void **state)
{
	const struct place *p = *state;
	struct ami_layout l;
	uint8_t *good, *bad;
	unsigned int i, n;
	struct stat st;
	int fd;

	build(p, "-gdwarf-5");
	fd = open(p->path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	good = malloc(st.st_size);
	bad = malloc(st.st_size);
	assert_true(good && bad);
	assert_int_equal(pread(fd, good, st.st_size, 0), st.st_size);
	srand(1);
	for (i = 0; i < 600; i++) {
		memcpy(bad, good, st.st_size);
		for (n = 0; n < 1 + i % 8; n++)
			bad[rand() % st.st_size] = rand();
		assert_int_equal(pwrite(fd, bad, st.st_size, 0), st.st_size);
		assert_int_equal(ftruncate(fd, i % 3 ? st.st_size :
					   rand() % st.st_size), 0);
		memset(&l, 0, sizeof(l));
		if (open_with(p, INFO, &l, NULL, 0) == AMI_OK)
			assert_int_equal(l.symbol[AMI_SYM__stext],
					 0xffffffff81000000ull + SLIDE);
	}
	close(fd);
	free(good);
	free(bad);
}

#define DELTA		0x2000000ull	/* where the kernel was loaded */
#define LEVEL3		0x5000000u	/* tables that are in no file */
#define LEVEL4		0x5001000u
#define BIG		0x6000u		/* pages */

/* Whole pages of code, where the kernel was loaded. */
static void code_of_file(void **state)
{
	const struct place *p = *state;
	struct ami_layout_source source = ami_layout_vmlinux(p->path);
	struct image *img = image_new(1 << 12);
	struct ami_error err = { .status = AMI_OK };
	uint64_t at = 0xffffffff81000000 - IMAGE_MAP + SLIDE;
	uint8_t page[AMI_PAGE_SIZE] = { 0 };
	struct ami_dump *dump;
	struct ami_kernel *k;
	unsigned int i;

	build(p, "-g");
	image_vmcoreinfo(img, INFO);
	dump = image_dump(img);
	k = ami_kernel_open(dump, &source, &err);
	assert_non_null(k);
	for (i = 0; i < 2; i++) {
		memset(page, 0, sizeof(page));
		assert_true(ami_kernel_text(k, at + i * AMI_PAGE_SIZE, page));
		assert_int_equal(page[0], 0x41);
		assert_int_equal(page[AMI_PAGE_SIZE - 1], 0x41);
	}
	assert_false(ami_kernel_text(k, at + 2 * AMI_PAGE_SIZE, page));
	assert_false(ami_kernel_text(k, at - AMI_PAGE_SIZE, page));
	ami_kernel_close(k);
	ami_dump_close(dump);
	image_free(img);
}

/* Physical address of a symbol of the vmlinux, as it was loaded. */
static uint64_t loaded_at(const struct place *p, const char *symbol)
{
	char command[128], line[128], name[64] = "";
	unsigned long long at = 0;
	FILE *nm;

	snprintf(command, sizeof(command), "nm %s", p->path);
	nm = popen(command, "r");
	assert_non_null(nm);
	while (strcmp(name, symbol) && fgets(line, sizeof(line), nm))
		sscanf(line, "%llx %*c %63s", &at, name);
	pclose(nm);
	assert_string_equal(name, symbol);
	return at - IMAGE_MAP + DELTA;
}

static void load_kernel(const struct place *p, struct image *img, bool five)
{
	static const char banner[] = "Linux version 6.1.0-test (x@y)";
	uint64_t top = loaded_at(p, "init_top_pgt"), i;
	uint64_t level2 = loaded_at(p, "level2_kernel_pgt");

	image_write(img, loaded_at(p, "linux_banner"), banner,
		    sizeof(banner));
	image_write64(img, top + 511 * 8, (five ? LEVEL4 : LEVEL3) | 0x63);
	image_write64(img, LEVEL4 + 511 * 8, LEVEL3 | 0x63);
	image_write64(img, LEVEL3 + 510 * 8, level2 | 0x63);
	for (i = 0; i < 16; i++)
		image_write64(img, level2 + 8 * (SLIDE / 0x200000 + 8 + i),
			      (DELTA + 0x1000000 + i * 0x200000) | 0x1e3);
}

static void placed(const struct place *p, bool five)
{
	struct ami_layout_source source = ami_layout_vmlinux(p->path);
	struct image *img = image_new(BIG);
	struct ami_error err = { .status = AMI_OK };
	struct ami_kernel *k;
	struct ami_dump *dump;
	uint64_t paddr, l5;

	load_kernel(p, img, five);
	image_vmcoreinfo(img, "");
	dump = image_dump(img);
	k = ami_kernel_open(dump, &source, &err);
	if (!k)
		fail_msg("%s", err.text);
	assert_string_equal(ami_kernel_release(k), "6.1.0-test");
	assert_int_equal(ami_virt_to_phys(k, ami_symbol(k, AMI_SYM__stext),
					  &paddr), AMI_MEM_OK);
	assert_int_equal(paddr, loaded_at(p, "_stext"));
	assert_true(ami_vmcoreinfo_number(dump, "NUMBER(pgtable_l5_enabled)",
					  10, &l5));
	assert_int_equal(l5, five);
	ami_kernel_close(k);
	ami_dump_close(dump);
	image_free(img);
}

/* No VMCOREINFO anywhere: the vmlinux says what to look for. */
static void place_by_banner(void **state)
{
	const struct place *p = *state;

	build(p, "-g");
	placed(p, false);
	placed(p, true);
}

/* The banner alone, as in a copy of the file, proves nothing. */
static void banner_alone(void **state)
{
	const struct place *p = *state;
	struct ami_layout_source source = ami_layout_vmlinux(p->path);
	struct image *img = image_new(BIG);
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump;

	build(p, "-g");
	image_write(img, loaded_at(p, "linux_banner"),
		    "Linux version 6.1.0-test (x@y)", 31);
	image_vmcoreinfo(img, "");
	dump = image_dump(img);
	assert_null(ami_kernel_open(dump, &source, &err));
	assert_non_null(strstr(err.text, "is not in"));
	ami_dump_close(dump);
	image_free(img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_drivers),
		cmocka_unit_test(types_and_symbols),
		cmocka_unit_test(code_of_file),
		cmocka_unit_test(identity),
		cmocka_unit_test(not_a_vmlinux),
		cmocka_unit_test(place_by_banner),
		cmocka_unit_test(banner_alone),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, place_new, place_free);
}
