// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical memory through crash. */
#include <defs.h>
#include <fcntl.h>

#include <amdiommu/headers.h>

#include "crash.h"

/* A page of text after the head of the note: VMCOREINFO_BYTES of Linux. */
#define VMCOREINFO_NOTE_MAX	(AMI_PAGE_SIZE + 64u)

struct crash_dump {
	struct ami_headers *headers;
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

	return ami_headers_valid(cd->headers, pfn);
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

	if (!ami_headers_ram(cd->headers, pfn))
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

	const char *noted = ami_headers_vmcoreinfo(cd->headers);

	return noted ? noted : cd->vmcoreinfo;
}

static bool crash_interrupted(void *ctx)
{
	(void)ctx;
	return crash_sigint_pending();
}

static void crash_close(void *ctx)
{
	struct crash_dump *cd = ctx;

	ami_headers_free(cd->headers);
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

static bool read_flattened(void *ctx, uint64_t at, void *buf, size_t len)
{
	return read_flattened_format(*(const int *)ctx, at, buf, len);
}

static int open_headers(struct ami_error *err)
{
	int fd = open(pc->dumpfile, O_RDONLY | O_CLOEXEC), ordered;

	if (fd < 0)
		return ami_error_set(err, AMI_ERR_INPUT, "cannot open %s: %s",
				     pc->dumpfile, strerror(errno));
	if (!FLAT_FORMAT())
		return fd;
	ordered = ami_headers_in_order(read_flattened, &fd);
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
	return ami_vmcoreinfo_in(note, sizeof(note));
}

static int take_headers(struct crash_dump *cd, struct ami_error *err)
{
	int fd = open_headers(err);

	if (fd < 0)
		return -1;
	cd->headers = ami_headers_read(fd, pc->dumpfile, err);
	close(fd);
	if (!cd->headers)
		return -1;
	if (ami_headers_extract(cd->headers))
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s is an extract, most of its pages are blanked; read it with the stand-alone amdiommu command",
				     pc->dumpfile);
	return 0;
}

struct ami_dump *crash_dump_open(struct ami_error *err)
{
	struct crash_dump *cd = calloc(1, sizeof(*cd));
	struct ami_dump_info info;
	struct ami_dump *dump;

	if (!cd) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	if (take_headers(cd, err)) {
		crash_close(cd);
		return NULL;
	}
	if (!ami_headers_vmcoreinfo(cd->headers))
		cd->vmcoreinfo = vmcoreinfo_in_memory(cd);
	info = *ami_headers_info(cd->headers);
	info.path = pc->dumpfile;
	info.flattened = FLAT_FORMAT();
	/* A stream gives only the headers. */
	if (info.flattened)
		info.truncated = false;
	dump = ami_dump_new(&crash_ops, cd, &info);
	if (!dump)
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return dump;
}
