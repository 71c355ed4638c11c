// SPDX-License-Identifier: GPL-2.0-or-later
/* The headers of a flattened dump, for hosts that read it as it is. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <amdiommu/fileio.h>
#include <amdiommu/headers.h>
#include <dump/kdumphdr.h>

#define MAX_HEADER_BLOCKS	(1u << 18)
#define SPARSE_SIZE		(1ll << 50)

/* A dump that is read through a host. */
struct stream {
	bool (*read)(void *ctx, uint64_t at, void *buf, size_t len);
	void *ctx;
};

/* How many blocks of a kdump file precede its page descriptors. */
static uint64_t header_blocks(const struct stream *s)
{
	struct kdump_header h;

	if (!s->read(s->ctx, 0, &h, sizeof(h)) ||
	    memcmp(h.signature, KDUMP_SIGNATURE, sizeof(h.signature)) ||
	    h.sub_hdr_size < 1 || (uint32_t)h.sub_hdr_size > MAX_HEADER_BLOCKS ||
	    h.bitmap_blocks > MAX_HEADER_BLOCKS)
		return 0;
	return 1ull + h.sub_hdr_size + h.bitmap_blocks;
}

static bool copy_bytes(const struct stream *s, int out, uint64_t at,
		       uint64_t len)
{
	char block[AMI_PAGE_SIZE];

	for (; len; at += sizeof(block)) {
		size_t part = len < sizeof(block) ? len : sizeof(block);

		if (!s->read(s->ctx, at, block, part) ||
		    !ami_file_write_at(out, block, part, at))
			return false;
		len -= part;
	}
	return true;
}

/* Marks that were added later lie after the pages, together with all notes. */
static bool copy_notes(const struct stream *s, int out)
{
	struct kdump_sub_header sub;

	return s->read(s->ctx, KDUMP_BLOCK, &sub, sizeof(sub)) &&
	       sub.size_note <= KDUMP_MAX_NOTES &&
	       sub.offset_note <= SPARSE_SIZE - KDUMP_MAX_NOTES &&
	       copy_bytes(s, out, sub.offset_note, sub.size_note);
}

int ami_headers_in_order(bool (*read)(void *ctx, uint64_t at, void *buf,
				      size_t len), void *ctx)
{
	const struct stream s = { read, ctx };
	uint64_t blocks = header_blocks(&s);
	int out = blocks ? memfd_create("amdiommu", MFD_CLOEXEC) : -1;

	if (out < 0)
		return -1;
	if (!ftruncate(out, SPARSE_SIZE) &&
	    copy_bytes(&s, out, 0, blocks * AMI_PAGE_SIZE) &&
	    copy_notes(&s, out))
		return out;
	close(out);
	return -1;
}
