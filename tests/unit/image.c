// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdiommu/fileio.h>
#include "image.h"

/* Memory is handed out from the kernel image on, where that fits. */
#define FIRST_FREE	((IMAGE_TEXT - IMAGE_MAP + IMAGE_PHYS_BASE) / AMI_PAGE_SIZE)
#define FIRST_FREE_TINY	0x100u
/* Of large machines, what the kernel image keeps for itself from there on. */
#define LARGE		(1u << 20)
#define TEXT_PAGES	4096u
#define DATA		AMI_PAGE_SIZE	/* of an ELF file: where RAM starts */

struct image_page {
	enum ami_mem mem;
	unsigned int reads;
	uint8_t data[AMI_PAGE_SIZE];
};

/* Large machines are mostly empty: pages by page frame, in two steps. */
#define CHUNK_SHIFT	15
#define CHUNK_PAGES	(1ul << CHUNK_SHIFT)

struct image {
	struct image_page ***chunk;	/* NULL, or NULL inside: zeros */
	uint64_t nr_chunks;
	struct ami_range ram;
	uint64_t next;			/* page frame to give out */
	uint64_t text;			/* the same for the kernel image, or 0 */
	struct ami_layout layout;
	int dump_level;
	bool ram_merged;
	char *vmcoreinfo;
};

struct image *image_new(uint64_t ram_pages)
{
	struct image *img = calloc(1, sizeof(*img));

	assert_non_null(img);
	img->ram.count = ram_pages;
	img->dump_level = -1;
	img->nr_chunks = (ram_pages + CHUNK_PAGES - 1) >> CHUNK_SHIFT;
	img->chunk = calloc(img->nr_chunks, sizeof(*img->chunk));
	assert_non_null(img->chunk);
	img->next = ram_pages > FIRST_FREE ? FIRST_FREE : FIRST_FREE_TINY;
	if (ram_pages > LARGE) {
		img->text = img->next;
		img->next += TEXT_PAGES;
	}
	assert_true(asprintf(&img->vmcoreinfo,
			     "OSRELEASE=made-by-hand\nNUMBER(phys_base)=%llu\n"
			     "NUMBER(pgtable_l5_enabled)=1\nNUMBER(sme_mask)=0\n",
			     (unsigned long long)IMAGE_PHYS_BASE) > 0);
	return img;
}

void image_free(struct image *img)
{
	uint64_t i, k;

	for (i = 0; i < img->nr_chunks; i++) {
		for (k = 0; img->chunk[i] && k < CHUNK_PAGES; k++)
			free(img->chunk[i][k]);
		free(img->chunk[i]);
	}
	free(img->chunk);
	free(img->vmcoreinfo);
	free(img);
}

/* NULL: never written */
static struct image_page *written_page(const struct image *img, uint64_t pfn)
{
	struct image_page **chunk = img->chunk[pfn >> CHUNK_SHIFT];

	return chunk ? chunk[pfn % CHUNK_PAGES] : NULL;
}

static struct image_page *page_at(struct image *img, uint64_t pfn)
{
	struct image_page ***chunk, **page;

	assert_true(pfn < img->ram.count);
	chunk = &img->chunk[pfn >> CHUNK_SHIFT];
	if (!*chunk)
		*chunk = calloc(CHUNK_PAGES, sizeof(**chunk));
	assert_non_null(*chunk);
	page = &(*chunk)[pfn % CHUNK_PAGES];
	if (!*page)
		*page = calloc(1, sizeof(**page));
	assert_non_null(*page);
	return *page;
}

uint64_t image_alloc(struct image *img, unsigned int pages)
{
	uint64_t paddr = img->next << AMI_PAGE_SHIFT;

	img->next += pages;
	assert_true(img->next <= img->ram.count);
	return paddr;
}

uint64_t image_alloc_text(struct image *img, unsigned int pages)
{
	uint64_t paddr = img->text << AMI_PAGE_SHIFT;

	if (!img->text)
		return image_alloc(img, pages);
	img->text += pages;
	assert_true(img->text <= FIRST_FREE + TEXT_PAGES);
	return paddr;
}

void image_write(struct image *img, uint64_t paddr, const void *bytes,
		 size_t len)
{
	const uint8_t *from = bytes;

	while (len) {
		size_t at = paddr % AMI_PAGE_SIZE, part = AMI_PAGE_SIZE - at;

		if (part > len)
			part = len;
		memcpy(page_at(img, paddr >> AMI_PAGE_SHIFT)->data + at, from,
		       part);
		from += part;
		paddr += part;
		len -= part;
	}
}

void image_read(struct image *img, uint64_t paddr, void *bytes, size_t len)
{
	assert_true(paddr % AMI_PAGE_SIZE + len <= AMI_PAGE_SIZE);
	memcpy(bytes, page_at(img, paddr >> AMI_PAGE_SHIFT)->data +
	       paddr % AMI_PAGE_SIZE, len);
}

void image_write64(struct image *img, uint64_t paddr, uint64_t value)
{
	image_write(img, paddr, &value, sizeof(value));
}

void image_write32(struct image *img, uint64_t paddr, uint32_t value)
{
	image_write(img, paddr, &value, sizeof(value));
}

void image_hide(struct image *img, uint64_t pfn, enum ami_mem mem)
{
	page_at(img, pfn)->mem = mem;
}

void image_merge_ram(struct image *img)
{
	img->ram_merged = true;
}

void image_vmcoreinfo(struct image *img, const char *text)
{
	free(img->vmcoreinfo);
	img->vmcoreinfo = strdup(text);
	assert_non_null(img->vmcoreinfo);
}

void image_vmcoreinfo_add(struct image *img, const char *text)
{
	img->vmcoreinfo = realloc(img->vmcoreinfo, strlen(img->vmcoreinfo) +
				  strlen(text) + 1);
	assert_non_null(img->vmcoreinfo);
	strcat(img->vmcoreinfo, text);
}

unsigned int image_reads(const struct image *img, uint64_t pfn)
{
	const struct image_page *page = written_page(img, pfn);

	return page ? page->reads : 0;
}

uint64_t image_va(uint64_t paddr)
{
	return IMAGE_DIRECT_MAP + paddr;
}

uint64_t image_text_va(uint64_t paddr)
{
	assert_true(paddr >= IMAGE_PHYS_BASE);
	return IMAGE_MAP + (paddr - IMAGE_PHYS_BASE);
}

struct ami_layout *image_layout(struct image *img)
{
	return &img->layout;
}

static enum ami_mem image_read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct image *img = ctx;
	struct image_page *p;

	if (pfn >= img->ram.count)
		return AMI_MEM_ABSENT;
	p = written_page(img, pfn);
	if (!p) {
		memset(page, 0, AMI_PAGE_SIZE);
		return AMI_MEM_OK;
	}
	p->reads++;
	if (p->mem == AMI_MEM_OK)
		memcpy(page, p->data, AMI_PAGE_SIZE);
	return p->mem;
}

void image_filter(struct image *img, int level)
{
	img->dump_level = level;
}

static const char *get_vmcoreinfo(void *ctx)
{
	const struct image *img = ctx;

	return *img->vmcoreinfo ? img->vmcoreinfo : NULL;
}

struct ami_dump *image_dump(struct image *img)
{
	static const struct ami_dump_ops ops = {
		.read_page = image_read_page,
		.vmcoreinfo = get_vmcoreinfo,
	};
	struct ami_dump_info info = {
		.path = "image", .format = "image", .compression = "",
		.dump_level = img->dump_level, .max_pfn = img->ram.count,
		.ram = &img->ram, .nr_ram = 1, .present = img->next,
		.ram_merged = img->ram_merged,
	};
	struct ami_dump *dump = ami_dump_new(&ops, img, &info);

	assert_non_null(dump);
	return dump;
}

static int image_resolve(void *ctx, struct ami_kernel *kernel,
			 struct ami_layout *layout, struct ami_error *err)
{
	(void)kernel;
	(void)err;
	*layout = ((struct image *)ctx)->layout;
	return 0;
}

struct ami_kernel *image_kernel(struct image *img, struct ami_dump *dump)
{
	struct ami_layout_source source = {
		.name = "hand", .resolve = image_resolve, .ctx = img,
	};
	struct ami_error err;
	struct ami_kernel *k = ami_kernel_open(dump, &source, &err);

	assert_non_null(k);
	return k;
}

static size_t make_note(const struct image *img, uint8_t *note)
{
	Elf64_Nhdr head = {
		.n_namesz = sizeof("VMCOREINFO"),
		.n_descsz = strlen(img->vmcoreinfo),
	};

	memcpy(note, &head, sizeof(head));
	memcpy(note + sizeof(head), "VMCOREINFO", head.n_namesz);
	memcpy(note + sizeof(head) + 12, img->vmcoreinfo, head.n_descsz);
	return sizeof(head) + 12 + (head.n_descsz + 3) / 4 * 4;
}

static void save_page(const struct image *img, int fd, uint64_t pfn)
{
	const struct image_page *page = written_page(img, pfn);

	if (page)
		assert_true(ami_file_write_at(fd, page->data, AMI_PAGE_SIZE,
					  DATA + (pfn << AMI_PAGE_SHIFT)));
}

void image_save(struct image *img, const char *path)
{
	uint8_t *note = calloc(1, strlen(img->vmcoreinfo) + 64);
	size_t note_size = make_note(img, note);
	const struct {
		Elf64_Ehdr elf;
		Elf64_Phdr note, ram;
	} head = {
		.elf = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_CORE, .e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
		},
		.note = {
			.p_type = PT_NOTE, .p_offset = sizeof(head),
			.p_filesz = note_size, .p_memsz = note_size,
		},
		.ram = {
			.p_type = PT_LOAD, .p_offset = DATA,
			.p_vaddr = IMAGE_DIRECT_MAP,
			.p_filesz = img->ram.count << AMI_PAGE_SHIFT,
			.p_memsz = img->ram.count << AMI_PAGE_SHIFT,
		},
	};
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	uint64_t pfn;

	assert_true(fd >= 0);
	assert_true(sizeof(head) + note_size <= DATA);
	assert_true(ami_file_write_at(fd, &head, sizeof(head), 0));
	assert_true(ami_file_write_at(fd, note, note_size, sizeof(head)));
	/* Pages that were never written become holes: zeros. */
	assert_int_equal(ftruncate(fd, DATA + head.ram.p_filesz), 0);
	for (pfn = 0; pfn < img->ram.count; pfn++)
		save_page(img, fd, pfn);
	assert_int_equal(close(fd), 0);
	free(note);
}
