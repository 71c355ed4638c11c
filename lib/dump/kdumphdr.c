// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kdumphdr.h"

#define MAX_NOTES	(64u << 20)

static bool read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, buf, len, offset) == (ssize_t)len;
}

static bool truncated(int fd, const struct kdump_header *header)
{
	uint64_t blocks, size;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	blocks = 1ull + header->sub_hdr_size + header->bitmap_blocks;
	size = st.st_size;
	return size / header->block_size < blocks;
}

static void read_notes(int fd, struct kdump_facts *facts)
{
	uint64_t size = facts->sub.size_note;

	if (facts->header.header_version < 4 || !size || size > MAX_NOTES)
		return;
	facts->notes = malloc(size);
	if (!facts->notes)
		return;
	if (!read_at(fd, facts->notes, size, facts->sub.offset_note)) {
		free(facts->notes);
		facts->notes = NULL;
		facts->truncated = true;
		return;
	}
	facts->notes_size = size;
}

bool kdump_facts_read(int fd, struct kdump_facts *facts)
{
	struct kdump_header *header = &facts->header;

	memset(facts, 0, sizeof(*facts));
	if (!read_at(fd, header, sizeof(*header), 0) ||
	    memcmp(header->signature, KDUMP_SIGNATURE, 8))
		return false;
	if (header->block_size != 4096 || header->sub_hdr_size < 1 ||
	    strncmp(header->utsname[4], "x86_64", 7))
		return false;
	facts->truncated = truncated(fd, header);
	if (!read_at(fd, &facts->sub, sizeof(facts->sub), header->block_size))
		return false;
	read_notes(fd, facts);
	return true;
}

const void *kdump_note_find(const void *notes, size_t size, const char *name,
			    uint32_t type, size_t *desc_size)
{
	const uint8_t *p = notes;
	size_t left = size;

	while (left >= 12) {
		uint32_t head[3];
		uint64_t namesz, descsz;

		memcpy(head, p, sizeof(head));
		namesz = (head[0] + 3ull) & ~3ull;
		descsz = (head[1] + 3ull) & ~3ull;
		if (namesz > left - 12 || descsz > left - 12 - namesz)
			return NULL;
		if (head[2] == type && head[0] == strlen(name) + 1 &&
		    !memcmp(p + 12, name, head[0])) {
			*desc_size = head[1];
			return p + 12 + namesz;
		}
		p += 12 + namesz + descsz;
		left -= 12 + namesz + descsz;
	}
	return NULL;
}

const char *kdump_compression(uint32_t status)
{
	if (status & KDUMP_COMPRESSED_ZLIB)
		return "zlib";
	if (status & KDUMP_COMPRESSED_LZO)
		return "lzo";
	if (status & KDUMP_COMPRESSED_SNAPPY)
		return "snappy";
	if (status & KDUMP_COMPRESSED_ZSTD)
		return "zstd";
	return "";
}
