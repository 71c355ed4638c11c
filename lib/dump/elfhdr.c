// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "elfhdr.h"
#include <amdiommu/fileio.h>
#include "formats.h"
#include <dump/kdumphdr.h>
#include "record.h"

#define MAX_HEADERS	(1u << 22)
#define HEADERS_AT_ONCE	256u
#define MAX_PER_PAGE	64u	/* pieces; two or three are common */
#define MAX_PADDR	(UINT64_C(1) << 52)	/* limit of the architecture */

bool elf_is(int fd)
{
	char magic[SELFMAG];

	return ami_file_read_at(fd, magic, sizeof(magic), 0) &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

/* Big-endian machines write their headers big-endian. */
static unsigned int machine_of(const Elf64_Ehdr *head)
{
	return head->e_ident[EI_DATA] == ELFDATA2MSB ?
	       be16toh(head->e_machine) : head->e_machine;
}

static int check_machine(const Elf64_Ehdr *head, const char *path,
			 struct ami_error *err)
{
	const char *name = dump_format_machine(machine_of(head));

	if (head->e_machine == EM_X86_64 &&
	    head->e_ident[EI_DATA] == ELFDATA2LSB &&
	    head->e_ident[EI_CLASS] == ELFCLASS64)
		return 0;
	if (head->e_machine == EM_X86_64 &&
	    head->e_ident[EI_DATA] == ELFDATA2LSB)
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s has 32-bit ELF headers, which cannot hold all addresses of an x86-64 machine; load the capture kernel without --elf32-core-headers",
				     path);
	return ami_error_set(err, AMI_ERR_DATA,
			     "%s comes from another architecture%s%s; AMD IOMMUs exist on x86-64 only",
			     path, name ? ": " : "", name ? name : "");
}

static int check_header(const Elf64_Ehdr *head, const char *path,
			struct ami_error *err)
{
	if (check_machine(head, path, err))
		return -1;
	if (head->e_type != ET_CORE) {
		ami_error_set(err, AMI_ERR_INPUT,
			      "%s is a program, not a dump", path);
		return ami_error_advise(err, AMI_ADVICE_DUMP);
	}
	if (!head->e_phnum && head->e_shnum)
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s has sections and no segments, as cores of Xen domains have (xl dump-core); their IOMMU belongs to the hypervisor; let the domain write a vmcore with kdump",
				     path);
	if (head->e_phentsize != sizeof(Elf64_Phdr))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s is damaged: its ELF header is impossible; copy the dump again",
				     path);
	return 0;
}

/* With 65535 program headers or more, section 0 has their number. */
static uint64_t count_headers(int fd, const Elf64_Ehdr *head)
{
	Elf64_Shdr section;

	if (head->e_phnum != PN_XNUM)
		return head->e_phnum;
	if (head->e_shentsize != sizeof(section) ||
	    !ami_file_read_at(fd, &section, sizeof(section), head->e_shoff))
		return 0;
	return section.sh_info;
}

/* One segment holds all notes. All of them together share the limit of one. */
static void read_notes(struct elf_facts *elf, int fd, const Elf64_Phdr *ph)
{
	size_t size;
	void *notes;

	if (!ph->p_filesz || ph->p_filesz > KDUMP_MAX_NOTES - elf->notes_read)
		return;
	if (elf->notes && kdump_note_find(elf->notes, elf->notes_size,
					  "VMCOREINFO", 0, &size))
		return;
	elf->notes_read += ph->p_filesz;
	notes = malloc(ph->p_filesz);
	if (!notes || !ami_file_read_at(fd, notes, ph->p_filesz, ph->p_offset)) {
		free(notes);
		return;
	}
	free(elf->notes);
	elf->notes = notes;
	elf->notes_size = ph->p_filesz;
}

struct load {
	struct elf_piece in_file;
	uint64_t memsz;
};

static int by_paddr(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	return (x->in_file.paddr > y->in_file.paddr) -
	       (x->in_file.paddr < y->in_file.paddr);
}

static void take_load(struct elf_facts *elf, const Elf64_Phdr *ph,
		      struct load *load, size_t *count)
{
	uint64_t memsz = ph->p_memsz > ph->p_filesz ? ph->p_memsz :
						      ph->p_filesz;
	uint64_t filesz = ph->p_filesz;

	/* also skips segments without a physical address (-1) */
	if (ph->p_paddr >= MAX_PADDR || memsz > MAX_PADDR - ph->p_paddr)
		return;
	if (ph->p_offset >= elf->size || filesz > elf->size - ph->p_offset)
		elf->truncated |= filesz != 0;
	load[(*count)++] = (struct load){
		{ ph->p_paddr, filesz, ph->p_offset }, memsz,
	};
}

/*
 * The kernel's text has a segment of its own, and is in the segment of its RAM
 * as well. Keep only bytes that no earlier segment has.
 */
static int sort_out(struct elf_facts *elf, struct load *load, size_t count)
{
	uint64_t have = 0;
	size_t i;

	qsort(load, count, sizeof(*load), by_paddr);
	elf->piece = malloc((count + 1) * sizeof(*elf->piece));
	if (!elf->piece)
		return -1;
	for (i = 0; i < count; i++) {
		struct elf_piece p = load[i].in_file;
		uint64_t end = p.paddr + load[i].memsz, skip;

		if (ramlist_add(&elf->ram, p.paddr >> AMI_PAGE_SHIFT,
				(end + AMI_PAGE_SIZE - 1) >> AMI_PAGE_SHIFT))
			return -1;
		skip = p.paddr < have ? have - p.paddr : 0;
		if (skip >= p.size)
			continue;
		p = (struct elf_piece){ p.paddr + skip, p.size - skip,
					p.offset + skip };
		have = p.paddr + p.size;
		elf->piece[elf->nr_pieces++] = p;
	}
	return 0;
}

static bool read_headers(struct elf_facts *elf, int fd, uint64_t offset,
			 uint64_t count, struct load *load, size_t *nr_loads)
{
	Elf64_Phdr ph[HEADERS_AT_ONCE];

	while (count) {
		size_t n = count < HEADERS_AT_ONCE ? count : HEADERS_AT_ONCE, i;

		if (!ami_file_read_at(fd, ph, n * sizeof(*ph), offset))
			return false;
		for (i = 0; i < n; i++) {
			if (ph[i].p_type == PT_NOTE)
				read_notes(elf, fd, &ph[i]);
			else if (ph[i].p_type == PT_LOAD)
				take_load(elf, &ph[i], load, nr_loads);
		}
		offset += n * sizeof(*ph);
		count -= n;
	}
	return true;
}

int elf_facts_read(int fd, const char *path, struct elf_facts *elf,
		   struct ami_error *err)
{
	struct load *load;
	uint64_t count;
	Elf64_Ehdr head;
	size_t nr = 0;
	int ret;

	memset(elf, 0, sizeof(*elf));
	elf->size = ami_file_size(fd);
	if (!ami_file_read_at(fd, &head, sizeof(head), 0))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s ends within its header; copy the dump again",
				     path);
	if (check_header(&head, path, err))
		return -1;
	count = count_headers(fd, &head);
	if (count > MAX_HEADERS || head.e_phoff > elf->size ||
	    count > (elf->size - head.e_phoff) / sizeof(Elf64_Phdr))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s ends within its program headers; copy the dump again",
				     path);
	load = malloc((count + 1) * sizeof(*load));
	ret = load ? 0 : -1;
	if (load && read_headers(elf, fd, head.e_phoff, count, load, &nr))
		ret = sort_out(elf, load, nr);
	free(load);
	if (ret)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return dump_format_refuse_notes(elf->notes, elf->notes_size, path, err);
}

void elf_facts_free(struct elf_facts *elf)
{
	free(elf->piece);
	free(elf->ram.range);
	free(elf->notes);
	memset(elf, 0, sizeof(*elf));
}

/* The first piece that ends after @paddr. */
static size_t find_piece(const struct elf_facts *elf, uint64_t paddr)
{
	size_t lo = 0, hi = elf->nr_pieces;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct elf_piece *p = &elf->piece[mid];

		if (p->paddr + p->size <= paddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Cut @p to the page at @paddr. False: it lies beyond. */
static bool clip(struct elf_piece *p, uint64_t paddr)
{
	uint64_t end = p->paddr + p->size;

	if (p->paddr >= paddr + AMI_PAGE_SIZE)
		return false;
	if (end > paddr + AMI_PAGE_SIZE)
		end = paddr + AMI_PAGE_SIZE;
	if (p->paddr < paddr) {
		p->offset += paddr - p->paddr;
		p->paddr = paddr;
	}
	p->size = end - p->paddr;
	return true;
}

static uint64_t past_the_end(const struct elf_facts *elf,
			     const struct elf_piece *p)
{
	if (p->offset >= elf->size)
		return p->size;
	return p->size > elf->size - p->offset ?
	       p->size - (elf->size - p->offset) : 0;
}

/* Count the present bytes of each granule. Pieces do not overlap. */
static void count_bytes(unsigned int *bytes, size_t from, size_t to)
{
	while (from < to) {
		size_t end = (from / AMI_GRANULE + 1) * AMI_GRANULE;

		if (end > to)
			end = to;
		bytes[from / AMI_GRANULE] += end - from;
		from = end;
	}
}

uint64_t elf_valid(const struct elf_facts *elf, uint64_t pfn)
{
	unsigned int bytes[AMI_PAGE_SIZE / AMI_GRANULE] = { 0 }, g;
	uint64_t paddr = pfn << AMI_PAGE_SHIFT, mask = 0;
	size_t first = find_piece(elf, paddr), i;

	for (i = first; i < elf->nr_pieces && i - first < MAX_PER_PAGE; i++) {
		struct elf_piece p = elf->piece[i];

		if (!clip(&p, paddr))
			break;
		count_bytes(bytes, p.paddr - paddr, p.paddr - paddr + p.size -
						    past_the_end(elf, &p));
	}
	for (g = 0; g < AMI_PAGE_SIZE / AMI_GRANULE; g++)
		if (bytes[g] == AMI_GRANULE)
			mask |= 1ull << g;
	return mask;
}

enum ami_mem elf_read_page(const struct elf_facts *elf, int fd, uint64_t pfn,
			   uint8_t *page)
{
	uint64_t paddr = pfn << AMI_PAGE_SHIFT, cut = 0;
	size_t i, first;

	if (pfn >= MAX_PADDR >> AMI_PAGE_SHIFT)
		return AMI_MEM_ABSENT;
	first = find_piece(elf, paddr);
	memset(page, 0, AMI_PAGE_SIZE);
	for (i = first; i < elf->nr_pieces && i - first < MAX_PER_PAGE; i++) {
		struct elf_piece p = elf->piece[i];
		uint64_t lost;

		if (!clip(&p, paddr))
			break;
		lost = past_the_end(elf, &p);
		if (!ami_file_read_at(fd, page + (p.paddr - paddr), p.size - lost,
				  p.offset))
			return AMI_MEM_ERROR;
		cut += lost;
	}
	if (elf_valid(elf, pfn))
		return AMI_MEM_OK;
	if (cut)
		return AMI_MEM_ERROR;
	return ramlist_has(&elf->ram, pfn) ? AMI_MEM_FILTERED : AMI_MEM_ABSENT;
}

size_t elf_run(const struct elf_facts *elf, uint64_t pfn, size_t count,
	       uint64_t *offset)
{
	uint64_t paddr = pfn << AMI_PAGE_SHIFT, size, skip;
	const struct elf_piece *p;
	size_t i;

	if (pfn >= MAX_PADDR >> AMI_PAGE_SHIFT)
		return 0;
	i = find_piece(elf, paddr);
	p = &elf->piece[i];
	if (i == elf->nr_pieces || p->paddr > paddr)
		return 0;
	skip = paddr - p->paddr;
	size = p->size - past_the_end(elf, p);
	if (size <= skip)
		return 0;
	*offset = p->offset + skip;
	size = (size - skip) >> AMI_PAGE_SHIFT;
	return size < count ? size : count;
}
