/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Named bit fields of little-endian hardware entries, and the list of decoded
 * operands that the text and JSON renderers share.
 *
 * An entry is an array of 64-bit words in memory order. Bit n of the entry is
 * bit n % 64 of word n / 64, which is how spec 48882 numbers wide entries.
 */
#ifndef AMDIOMMU_BITS_H
#define AMDIOMMU_BITS_H

#include <stddef.h>
#include <stdint.h>

/** Upper bound of the values any *_values() function of lib/amdvi stores. */
#define AMDVI_VALUES_MAX 64

/** How a decoded value is meant to be shown. */
enum amdvi_fmt {
	AMDVI_FMT_FLAG,		/* 0 or 1 */
	AMDVI_FMT_DEC,		/* small number, decimal */
	AMDVI_FMT_HEX,		/* bit pattern or opaque data */
	AMDVI_FMT_ADDR,		/* byte address: field value << field.shift */
	AMDVI_FMT_DEVID,	/* 16 bit bus:device.function */
};

/**
 * One named field of an entry.
 * @name: the spec's name
 * @title: what it says, a few words; may be NULL
 * @lsb: lowest bit, counted over the whole entry
 * @width: 1..64 bits; may cross from one 64-bit word to the next
 * @fmt: how to show it
 * @shift: value is stored right-shifted by this much (addresses)
 */
struct amdvi_bitfield {
	const char *name;
	const char *title;
	uint8_t lsb;
	uint8_t width;
	enum amdvi_fmt fmt;
	uint8_t shift;
};

/**
 * One decoded operand for display. @name points to constant text, so a list
 * of values stays valid after the entry it came from is gone. An address is
 * complete: already shifted, SME mask already removed.
 */
struct amdvi_value {
	const char *name;
	uint64_t value;
	enum amdvi_fmt fmt;
};

/** All-ones value of @width bits, 1..64. */
static inline uint64_t amdvi_ones(unsigned int width)
{
	return ~0ULL >> (64 - width);
}

/** Value of the @width (1..64) bits of @raw that start at bit @lsb. */
static inline uint64_t amdvi_bits(const uint64_t *raw, unsigned int lsb,
				  unsigned int width)
{
	unsigned int word = lsb / 64, bit = lsb % 64;
	uint64_t value = raw[word] >> bit;

	if (bit + width > 64)
		value |= raw[word + 1] << (64 - bit);
	return value & amdvi_ones(width);
}

/** Store the low @width bits of @value at bit @lsb of @raw. */
static inline void amdvi_bits_set(uint64_t *raw, unsigned int lsb,
				  unsigned int width, uint64_t value)
{
	unsigned int word = lsb / 64, bit = lsb % 64;
	uint64_t mask = amdvi_ones(width);

	value &= mask;
	raw[word] = (raw[word] & ~(mask << bit)) | value << bit;
	if (bit + width > 64)
		raw[word + 1] = (raw[word + 1] & ~(mask >> (64 - bit))) |
				value >> (64 - bit);
}

/** Growing list of values over a caller's array; surplus is dropped. */
struct amdvi_list {
	struct amdvi_value *out;
	size_t max;
	size_t count;
};

/** Append one value to @list. */
void amdvi_list_add(struct amdvi_list *list, const char *name, uint64_t value,
		    enum amdvi_fmt fmt);

/** Append every field of @fields[@n], as found in @raw, to @list. */
void amdvi_list_add_bits(struct amdvi_list *list,
			 const struct amdvi_bitfield *fields, size_t n,
			 const uint64_t *raw);

/**
 * A bit field and the struct member that holds it, so that one table drives
 * decoding, encoding and display of a format. A value that the entry stores in
 * several pieces has one field per piece: the first has the name, the others
 * have none, and each one's shift is its place in the value.
 * @bits: where in the entry
 * @offset: of the member in its struct
 * @size: of the member, 1, 2, 4 or 8 bytes
 */
struct amdvi_field {
	struct amdvi_bitfield bits;
	uint16_t offset;
	uint8_t size;
};

/** Table entry: @member of struct @type, shown as AMDVI_FMT_@fmt. */
#define AMDVI_FIELD(type, member, name, title, lsb, width, fmt, shift)	\
	{ { name, title, lsb, width, AMDVI_FMT_##fmt, shift },		\
	  offsetof(struct type, member),				\
	  sizeof(((struct type *)0)->member) }

/**
 * Set the members of @out from @raw. @sme_mask is cleared from members of
 * AMDVI_FMT_ADDR. Pass 0 for formats without physical addresses.
 */
void amdvi_fields_decode(const struct amdvi_field *fields, size_t n,
			 const uint64_t *raw, uint64_t sme_mask, void *out);

/** Inverse: @sme_mask is set in addresses that are not 0. */
void amdvi_fields_encode(const struct amdvi_field *fields, size_t n,
			 const void *in, uint64_t sme_mask, uint64_t *raw);

/** Append the members of @in, in table order, to @list. */
void amdvi_list_add_fields(struct amdvi_list *list,
			   const struct amdvi_field *fields, size_t n,
			   const void *in);

/** Text under construction in a caller's buffer, snprintf() semantics. */
struct amdvi_text {
	char *buf;
	size_t len;
	size_t used;		/* without the NUL; may exceed @len */
	uint16_t segment;	/* of the devices named in it */
};

/** Append to @text. The buffer is NUL terminated if @len is not 0. */
void amdvi_text_add(struct amdvi_text *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Append @devid as ssss:bb:dd.f. */
void amdvi_text_add_devid(struct amdvi_text *text, uint16_t devid);

#endif
