// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/dump.h>

#include "../dump/fileio.h"
#include "carrier_elf.h"

#define SECTOR		512u
#define MAX_MOVED	(UINT64_C(256) << 20)
#define NOTE_ALIGN	8u

/**
 * struct elf - headers of an ELF dump
 * @note: the only PT_NOTE
 * @low: from here on there may be notes
 */
struct elf {
	Elf64_Ehdr head;
	Elf64_Phdr *ph, *note;
	size_t count;
	uint64_t low;
};

/**
 * struct front - where notes could go, in front of all memory
 * @order: PT_LOAD headers by place in the file
 * @moved: how many of them, from the first on, go to the file's end
 * @bytes: in those
 * @end: of the file, then
 */
struct front {
	Elf64_Phdr **order;
	size_t count, moved;
	uint64_t bytes, end;
};

static uint64_t place(const struct elf *elf, const Elf64_Phdr *ph)
{
	return elf->head.e_phoff + (ph - elf->ph) * sizeof(*ph);
}

static bool read_headers(struct elf *elf, int fd)
{
	const Elf64_Ehdr *h = &elf->head;

	memset(elf, 0, sizeof(*elf));
	if (!file_read_at(fd, &elf->head, sizeof(elf->head), 0) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_type != ET_CORE ||
	    h->e_phentsize != sizeof(*elf->ph) || h->e_phnum == PN_XNUM)
		return false;
	elf->count = h->e_phnum;
	elf->ph = calloc(elf->count + 1, sizeof(*elf->ph));
	return elf->ph && file_read_at(fd, elf->ph,
				       elf->count * sizeof(*elf->ph),
				       h->e_phoff);
}

/* Notes are found, and nothing but notes and memory is behind the headers. */
static bool understood(struct elf *elf, uint64_t size)
{
	size_t i;

	elf->low = elf->head.e_phoff + elf->count * sizeof(*elf->ph);
	for (i = 0; i < elf->count; i++) {
		Elf64_Phdr *ph = &elf->ph[i];

		if (!ph->p_filesz && ph->p_type != PT_NOTE)
			continue;
		if ((ph->p_type != PT_LOAD && ph->p_type != PT_NOTE) ||
		    (ph->p_type == PT_NOTE && elf->note) ||
		    ph->p_offset < elf->low || ph->p_offset > size ||
		    ph->p_filesz > size - ph->p_offset)
			return false;
		if (ph->p_type == PT_NOTE)
			elf->note = ph;
	}
	return elf->note && !elf->head.e_shnum &&
	       elf->head.e_phoff >= sizeof(elf->head) &&
	       elf->head.e_phoff % sizeof(uint64_t) == 0 &&
	       place(elf, elf->note) / SECTOR ==
	       (place(elf, elf->note + 1) - 1) / SECTOR;
}

static int by_offset(const void *a, const void *b)
{
	const Elf64_Phdr *x = *(Elf64_Phdr *const *)a;
	const Elf64_Phdr *y = *(Elf64_Phdr *const *)b;

	if (x->p_offset != y->p_offset)
		return x->p_offset < y->p_offset ? -1 : 1;
	return (x > y) - (x < y);
}

/* crash takes an empty segment's place for the start of memory, too. */
static bool front_init(struct front *f, const struct elf *elf, uint64_t size)
{
	size_t i;

	*f = (struct front){ .end = size };
	f->order = calloc(elf->count + 1, sizeof(Elf64_Phdr *));
	for (i = 0; f->order && i < elf->count; i++)
		if (elf->ph[i].p_type == PT_LOAD && elf->ph[i].p_offset)
			f->order[f->count++] = &elf->ph[i];
	if (f->order)
		qsort(f->order, f->count, sizeof(Elf64_Phdr *), by_offset);
	return f->order;
}

static uint64_t aligned(uint64_t offset)
{
	return (offset + NOTE_ALIGN - 1) & ~(uint64_t)(NOTE_ALIGN - 1);
}

/* Room for @need bytes beside the notes that still count; 0: none. */
static uint64_t room(const struct front *f, const struct elf *elf,
		     uint64_t size, uint64_t need)
{
	uint64_t high = f->moved < f->count ? f->order[f->moved]->p_offset :
					      size;
	uint64_t notes = elf->note->p_offset, low = aligned(elf->low);
	uint64_t behind = aligned(notes + elf->note->p_filesz);

	if (notes >= high && high > low && high - low >= need)
		return low;
	if (notes < high && high > behind && high - behind >= need)
		return behind;
	if (notes < high && notes > low && notes - low >= need)
		return low;
	return 0;
}

/* The next segment, to where its place within a page stays the same. */
static bool move_one(struct front *f, struct carrier_plan *plan)
{
	Elf64_Phdr *ph = f->order[f->moved];
	struct carrier_patch *copy;
	uint64_t to = f->end + ((ph->p_offset - f->end) & (AMI_PAGE_SIZE - 1));

	if (ph->p_filesz > MAX_MOVED - f->bytes)
		return false;
	if (ph->p_filesz) {
		copy = carrier_patch(plan);
		if (!copy)
			return false;
		copy->offset = to;
		copy->len = ph->p_filesz;
		copy->from = ph->p_offset;
	}
	ph->p_offset = to;
	f->bytes += ph->p_filesz;
	f->end = to + ph->p_filesz;
	f->moved++;
	return true;
}

/*
 * New places of what moved. Disks may write some sectors of it and not others:
 * no field lies in two, and a segment is at its old place as well as its new.
 */
static bool patch_table(const struct elf *elf, const struct front *f,
			struct carrier_plan *plan)
{
	const Elf64_Phdr *first = NULL, *last = NULL;
	struct carrier_patch *p;
	size_t i;

	for (i = 0; i < f->moved; i++) {
		const Elf64_Phdr *ph = f->order[i];

		first = !first || ph < first ? ph : first;
		last = !last || ph > last ? ph : last;
	}
	if (!first)
		return true;
	p = carrier_patch(plan);
	if (!p)
		return false;
	p->offset = place(elf, first);
	p->len = (last - first + 1) * sizeof(*first);
	p->data = malloc(p->len);
	return p->data && memcpy(p->data, first, p->len);
}

/* The notes, and then the header that says where they are. */
static bool patch_notes(const struct elf *elf, uint64_t at, void *notes,
			size_t len, struct carrier_plan *plan)
{
	struct carrier_patch *p = carrier_patch(plan);
	Elf64_Phdr note = *elf->note;

	if (!p) {
		free(notes);
		return false;
	}
	p->offset = at;
	p->len = len;
	p->data = notes;
	if (note.p_memsz == note.p_filesz)
		note.p_memsz = len;
	note.p_filesz = len;
	note.p_offset = at;
	p = carrier_patch(plan);
	if (!p)
		return false;
	p->offset = place(elf, elf->note);
	p->len = sizeof(note);
	p->data = malloc(sizeof(note));
	return p->data && memcpy(p->data, &note, sizeof(note));
}

static bool make_room(struct front *f, const struct elf *elf, uint64_t size,
		      size_t need, uint64_t *at, struct carrier_plan *plan)
{
	while (!(*at = room(f, elf, size, need)))
		if (f->moved == f->count || !move_one(f, plan))
			return false;
	return true;
}

static bool plan_headers(struct elf *elf, int fd, uint64_t size,
			 const void *marks, size_t len,
			 struct carrier_plan *plan, const char **why)
{
	struct front f;
	uint64_t at;
	size_t need;
	void *notes;
	bool ok;

	notes = carrier_join(fd, elf->note->p_offset, elf->note->p_filesz,
			     marks, len, &need);
	if (!notes || !front_init(&f, elf, size)) {
		free(notes);
		return false;
	}
	ok = make_room(&f, elf, size, need, &at, plan);
	if (!ok)
		*why = "the ELF dump has no room for a note in front of its memory";
	if (ok && patch_table(elf, &f, plan)) {
		ok = patch_notes(elf, at, notes, need, plan);
	} else {
		free(notes);
		ok = false;
	}
	free(f.order);
	return ok;
}

bool plan_elf(int fd, uint64_t size, const void *marks, size_t len,
	      struct carrier_plan *plan, const char **why)
{
	struct elf elf;
	bool ok = read_headers(&elf, fd);

	/* What is appended must not be taken for memory that is missing. */
	if (ok && !understood(&elf, size)) {
		*why = "the ELF dump is cut off, or not laid out as by makedumpfile";
		ok = false;
	}
	ok = ok && plan_headers(&elf, fd, size, marks, len, plan, why);
	free(elf.ph);
	return ok;
}

bool elf_notes_at(int fd, uint64_t *offset)
{
	struct elf elf;
	bool ok = read_headers(&elf, fd) && understood(&elf, UINT64_MAX);

	if (ok)
		*offset = elf.note->p_offset;
	free(elf.ph);
	return ok;
}

bool elf_needs_beyond(int fd, uint64_t size)
{
	struct elf elf;
	bool needs = !read_headers(&elf, fd) || !understood(&elf, size);

	free(elf.ph);
	return needs;
}
