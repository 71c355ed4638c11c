// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical memory through crash. */
#include <defs.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "crash.h"
#include <dump/fileio.h>
#include "headers.h"

/* A page of text behind the head of the note: VMCOREINFO_BYTES of Linux. */
#define VMCOREINFO_NOTE_MAX	(AMI_PAGE_SIZE + 64u)
#define MAX_HEADER_BLOCKS	(1u << 18)
#define SPARSE_SIZE		(1ll << 50)

struct crash_dump {
	struct dump_headers headers;
	char *vmcoreinfo;
};

/*
 * With --zero_excluded, crash makes up zeros for pages that it does not have.
 * They would look like empty page tables.
 */
static long read_piece(physaddr_t paddr, void *buf, int len)
{
	int flags = *diskdump_flags;
	long got;

	*diskdump_flags &= ~ZERO_EXCLUDED;
	got = READMEM(pc->dfd, buf, len, 0, paddr);
	*diskdump_flags = flags;
	return got;
}

/* An ELF file may hold only a part of a page. */
static uint64_t crash_valid(void *ctx, uint64_t pfn)
{
	const struct crash_dump *cd = ctx;

	return dump_headers_valid(&cd->headers, pfn);
}

static bool read_granules(uint64_t pfn, uint64_t mask, uint8_t *page)
{
	unsigned int i;

	for (i = 0; i < AMI_PAGE_SIZE / AMI_GRANULE; i++) {
		physaddr_t at = (pfn << AMI_PAGE_SHIFT) + i * AMI_GRANULE;

		if ((mask >> i & 1) &&
		    read_piece(at, page + i * AMI_GRANULE,
			       AMI_GRANULE) != AMI_GRANULE)
			return false;
	}
	return true;
}

static enum ami_mem crash_read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	const struct crash_dump *cd = ctx;
	uint64_t mask = crash_valid(ctx, pfn);
	long got;

	if (!dump_headers_ram(&cd->headers, pfn))
		return AMI_MEM_ABSENT;
	if (mask && mask != UINT64_MAX)
		return read_granules(pfn, mask, page) ? AMI_MEM_OK :
							AMI_MEM_ERROR;
	got = read_piece(pfn << AMI_PAGE_SHIFT, page, AMI_PAGE_SIZE);
	if (got == AMI_PAGE_SIZE && mask)
		return AMI_MEM_OK;
	/* crash gives zeros where an ELF dump declares RAM but has no bytes */
	if (got == AMI_PAGE_SIZE || got == PAGE_EXCLUDED)
		return AMI_MEM_FILTERED;
	return AMI_MEM_ERROR;
}

static const char *crash_vmcoreinfo(void *ctx)
{
	const struct crash_dump *cd = ctx;

	return cd->headers.vmcoreinfo ? cd->headers.vmcoreinfo :
	       cd->vmcoreinfo;
}

static bool crash_interrupted(void *ctx)
{
	(void)ctx;
	return crash_sigint_pending();
}

static void crash_close(void *ctx)
{
	struct crash_dump *cd = ctx;

	dump_headers_free(&cd->headers);
	free(cd->vmcoreinfo);
	free(cd);
}

static const struct ami_dump_ops crash_ops = {
	.read_page = crash_read_page,
	.valid = crash_valid,
	.vmcoreinfo = crash_vmcoreinfo,
	.interrupted = crash_interrupted,
	.close = crash_close,
};

/* How many blocks of a kdump file precede its page descriptors. */
static uint64_t header_blocks(int fd)
{
	struct kdump_header h;

	if (!read_flattened_format(fd, 0, &h, sizeof(h)) ||
	    memcmp(h.signature, KDUMP_SIGNATURE, sizeof(h.signature)) ||
	    h.sub_hdr_size < 1 || (uint32_t)h.sub_hdr_size > MAX_HEADER_BLOCKS ||
	    h.bitmap_blocks > MAX_HEADER_BLOCKS)
		return 0;
	return 1ull + h.sub_hdr_size + h.bitmap_blocks;
}

static bool copy_in_order(int fd, int out, uint64_t at, uint64_t len)
{
	char block[AMI_PAGE_SIZE];

	for (; len; at += sizeof(block)) {
		size_t part = len < sizeof(block) ? len : sizeof(block);

		if (!read_flattened_format(fd, at, block, part) ||
		    !file_write_at(out, block, part, at))
			return false;
		len -= part;
	}
	return true;
}

/* Marks that were added later lie behind the pages, together with all notes. */
static bool copy_notes(int fd, int out)
{
	struct kdump_sub_header sub;

	return read_flattened_format(fd, KDUMP_BLOCK, &sub, sizeof(sub)) &&
	       sub.size_note <= KDUMP_MAX_NOTES &&
	       sub.offset_note <= SPARSE_SIZE - KDUMP_MAX_NOTES &&
	       copy_in_order(fd, out, sub.offset_note, sub.size_note);
}

/*
 * crash reads a flattened stream as it is, but the library reads ordered files.
 * So it gets the headers in order, in a file without a name that is otherwise
 * one hole.
 */
static int headers_in_order(int fd)
{
	uint64_t blocks = header_blocks(fd);
	int out = memfd_create("amdiommu", MFD_CLOEXEC);

	if (out < 0 || !blocks || ftruncate(out, SPARSE_SIZE))
		goto fail;
	if (!copy_in_order(fd, out, 0, blocks * AMI_PAGE_SIZE) ||
	    !copy_notes(fd, out))
		goto fail;
	return out;
fail:
	if (out >= 0)
		close(out);
	return -1;
}

static int open_headers(struct ami_error *err)
{
	int fd = open(pc->dumpfile, O_RDONLY | O_CLOEXEC), ordered;

	if (fd < 0)
		return ami_error_set(err, AMI_ERR_INPUT, "cannot open %s: %s",
				     pc->dumpfile, strerror(errno));
	if (!FLAT_FORMAT())
		return fd;
	ordered = headers_in_order(fd);
	close(fd);
	if (ordered < 0)
		ami_error_set(err, AMI_ERR_INPUT,
			      "the headers of the flattened dump %s cannot be read; put it in order with makedumpfile -R",
			      pc->dumpfile);
	return ordered;
}

/* Without page tables: if these are damaged, crash jumps out. */
static bool read_linear(struct crash_dump *cd, ulong va, void *buf, size_t len)
{
	uint8_t page[AMI_PAGE_SIZE];
	uint8_t *to = buf;

	while (len) {
		size_t part = AMI_PAGE_SIZE - va % AMI_PAGE_SIZE;

		if (part > len)
			part = len;
		if (crash_read_page(cd, VTOP(va) >> AMI_PAGE_SHIFT,
				    page) != AMI_MEM_OK)
			return false;
		memcpy(to, page + va % AMI_PAGE_SIZE, part);
		to += part;
		va += part;
		len -= part;
	}
	return true;
}

/*
 * The kernel's own copy: a guest's dump made from outside may not have a note.
 */
static char *vmcoreinfo_in_memory(struct crash_dump *cd)
{
	uint8_t note[VMCOREINFO_NOTE_MAX];
	ulong va;

	if (!kernel_symbol_exists("vmcoreinfo_note") ||
	    !read_linear(cd, symbol_value("vmcoreinfo_note"), &va,
			 sizeof(va)) ||
	    !read_linear(cd, va, note, sizeof(note)))
		return NULL;
	return vmcoreinfo_in(note, sizeof(note));
}

static int take_headers(struct crash_dump *cd, struct ami_error *err)
{
	const struct kdump_facts *k = &cd->headers.kdump;
	int fd = open_headers(err), ret;
	size_t size;

	if (fd < 0)
		return -1;
	ret = dump_headers_read(fd, pc->dumpfile, &cd->headers, err);
	close(fd);
	if (ret)
		return -1;
	if (k->notes && kdump_note_find(k->notes, k->notes_size,
					EXTRACT_NOTE_NAME, EXTRACT_NOTE_TYPE,
					&size))
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s is an extract, most of its pages are blanked; read it with the stand-alone amdiommu command",
				     pc->dumpfile);
	cd->headers.info.path = pc->dumpfile;
	cd->headers.info.flattened = FLAT_FORMAT();
	/* A stream gives only the headers. */
	if (cd->headers.info.flattened)
		cd->headers.info.truncated = false;
	return 0;
}

struct ami_dump *crash_dump_open(struct ami_error *err)
{
	struct crash_dump *cd = calloc(1, sizeof(*cd));
	struct ami_dump *dump;

	if (!cd) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	if (take_headers(cd, err)) {
		crash_close(cd);
		return NULL;
	}
	if (!cd->headers.vmcoreinfo)
		cd->vmcoreinfo = vmcoreinfo_in_memory(cd);
	dump = ami_dump_new(&crash_ops, cd, &cd->headers.info);
	if (!dump)
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return dump;
}
