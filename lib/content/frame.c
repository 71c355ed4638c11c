// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ethernet frames: IPv4, IPv6 and ARP, with or without VLAN tags. Bytes that only
 * look like a header are everywhere in memory; checksums decide.
 */
#include <stdlib.h>
#include <string.h>

#include "content.h"

#define ETH_HEADER	14u
#define ARP_SIZE	28u
#define IPV4_HEADER	20u
#define IPV6_HEADER	40u
#define VLAN_TAG	4u
#define MAX_TAGS	2u

enum { TYPE_IPV4 = 0x0800, TYPE_ARP = 0x0806, TYPE_VLAN = 0x8100,
       TYPE_QINQ = 0x88a8, TYPE_IPV6 = 0x86dd };
enum { PROTO_HOPOPT = 0, PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17,
       PROTO_FRAGMENT = 44, PROTO_ICMP6 = 58 };

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* The Internet checksum, RFC 1071: a valid sum is 0xffff. */
static uint32_t add_words(const uint8_t *p, size_t n, uint32_t sum)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sum += be16(p + i);
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/**
 * struct datagram - what a network header says of what follows it
 * @pseudo: sum over the addresses, as the transport's checksum has it
 * @known: bytes of @payload that are there; @len: that should be
 */
struct datagram {
	unsigned int proto;
	uint32_t pseudo;
	const uint8_t *payload;
	size_t known, len;
};

/* Does the transport's checksum prove every byte? */
static bool is_whole(const struct datagram *d)
{
	uint32_t sum = add_words(NULL, 0, d->pseudo + d->proto + d->len);

	if (d->known < d->len || d->len < 8)
		return false;
	switch (d->proto) {
	case PROTO_UDP:		/* 0: the sender made none */
		return be16(d->payload + 6) &&
		       add_words(d->payload, d->len, sum) == 0xffff;
	case PROTO_TCP:
	case PROTO_ICMP6:
		return d->len >= (d->proto == PROTO_TCP ? 20 : 8) &&
		       add_words(d->payload, d->len, sum) == 0xffff;
	case PROTO_ICMP:
		return add_words(d->payload, d->len, 0) == 0xffff;
	default:
		return false;
	}
}

static enum ami_frame_strength judge_ipv4(const uint8_t *p, size_t count,
					  uint32_t *len)
{
	size_t header = (p[0] & 15) * 4u, total = be16(p + 2);
	struct datagram d = {
		.proto = p[9], .payload = p + header,
		.pseudo = add_words(p + 12, 8, 0),
	};

	if (count < IPV4_HEADER || p[0] >> 4 != 4 || header < IPV4_HEADER ||
	    count < header || total < header || total > MAX_FRAME || !p[8])
		return AMI_FRAME_NONE;
	*len += total;
	if (add_words(p, header, 0) != 0xffff)
		return AMI_FRAME_WEAK;
	d.known = count - header;
	d.len = total - header;
	/* The checksum of a fragment covers other frames, too. */
	return !(be16(p + 6) & 0x3fff) && is_whole(&d) ? AMI_FRAME_WHOLE :
							 AMI_FRAME_HEADER;
}

/* Its header has no checksum. */
static enum ami_frame_strength judge_ipv6(const uint8_t *p, size_t count,
					  bool ours, uint32_t *len)
{
	struct datagram d = { .proto = p[6], .payload = p + IPV6_HEADER };

	if (count < IPV6_HEADER || p[0] >> 4 != 6)
		return AMI_FRAME_NONE;
	d.len = be16(p + 4);
	d.known = count - IPV6_HEADER;
	d.pseudo = add_words(p + 8, 32, 0);
	*len += IPV6_HEADER + d.len;
	if (d.len > MAX_FRAME || !p[7])
		return AMI_FRAME_NONE;
	if (is_whole(&d))
		return AMI_FRAME_WHOLE;
	switch (d.proto) {
	case PROTO_HOPOPT:
	case PROTO_TCP:
	case PROTO_UDP:
	case PROTO_FRAGMENT:
	case PROTO_ICMP6:
		return ours ? AMI_FRAME_HEADER : AMI_FRAME_WEAK;
	default:
		return AMI_FRAME_WEAK;
	}
}

/* Ethernet and IPv4, a request or an answer: eight bytes that never differ. */
static enum ami_frame_strength judge_arp(const uint8_t *p, size_t count,
					 uint32_t *len)
{
	static const uint8_t fixed[] = { 0, 1, 8, 0, 6, 4, 0 };

	*len += ARP_SIZE;
	return count >= ARP_SIZE && !memcmp(p, fixed, sizeof(fixed)) &&
	       (p[7] == 1 || p[7] == 2) ? AMI_FRAME_HEADER : AMI_FRAME_NONE;
}

enum ami_frame_strength content_frame_judge(const uint8_t *bytes, size_t count,
					    bool ours, uint32_t *len)
{
	size_t at = 2 * AMI_MAC_SIZE;
	uint32_t type;
	unsigned int tags = 0;

	/* No interface sends from a group address. */
	if (count < ETH_HEADER + IPV6_HEADER || bytes[AMI_MAC_SIZE] & 1)
		return AMI_FRAME_NONE;
	type = be16(bytes + at);
	while ((type == TYPE_VLAN || type == TYPE_QINQ) && tags++ < MAX_TAGS) {
		at += VLAN_TAG;
		if (at + 2 + IPV6_HEADER > count)
			return AMI_FRAME_NONE;
		type = be16(bytes + at);
	}
	at += 2;
	*len = at;
	switch (type) {
	case TYPE_IPV4:
		return judge_ipv4(bytes + at, count - at, len);
	case TYPE_IPV6:
		return judge_ipv6(bytes + at, count - at, ours, len);
	case TYPE_ARP:
		return judge_arp(bytes + at, count - at, len);
	default:
		return AMI_FRAME_NONE;
	}
}

static void set_bit(uint8_t *bits, uint32_t value)
{
	bits[value / 8] |= 1u << value % 8;
}

static bool has_bit(const uint8_t *bits, const uint8_t *p)
{
	return bits[be16(p) / 8] >> be16(p) % 8 & 1;
}

#define BITS_SIZE	(65536u / 8)

int content_finder_init(struct frame_finder *f, const struct ami_contents *c)
{
	size_t i;

	f->c = c;
	f->tail = calloc(2, BITS_SIZE);
	if (!f->tail)
		return -1;
	f->type = f->tail + BITS_SIZE;
	for (i = 0; i < c->nr_macs; i++)
		set_bit(f->tail, be16(c->macs[i].byte + AMI_MAC_SIZE - 2));
	set_bit(f->type, TYPE_IPV4);
	set_bit(f->type, TYPE_IPV6);
	set_bit(f->type, TYPE_ARP);
	set_bit(f->type, TYPE_VLAN);
	return 0;
}

void content_finder_free(struct frame_finder *f)
{
	free(f->tail);
	f->tail = NULL;
}

static bool same_device(const struct ami_interface *a,
			const struct ami_interface *b)
{
	return a->has_device && b->has_device &&
	       !memcmp(&a->bdf, &b->bdf, sizeof(a->bdf));
}

static int rank_of(const struct ami_interface *i)
{
	return i->has_device + i->direct;
}

/*
 * Bonds have the address of their interfaces, and a VLAN that of the one below it.
 * The one that is on a device itself is named, if all are on the same one.
 */
static bool find_interface(const struct ami_contents *c, const uint8_t *p,
			   int *found)
{
	bool ours = false, several = false;
	size_t i;

	*found = -1;
	for (i = 0; i < c->nr_macs; i++) {
		const struct ami_interface *at =
			&c->interfaces[c->macs[i].interface];

		if (memcmp(p, c->macs[i].byte, AMI_MAC_SIZE))
			continue;
		ours = true;
		if (*found >= 0 && at->has_device &&
		    c->interfaces[*found].has_device &&
		    !same_device(at, &c->interfaces[*found]))
			several = true;
		if (*found < 0 || rank_of(at) > rank_of(&c->interfaces[*found]))
			*found = c->macs[i].interface;
	}
	if (several)
		*found = -1;
	return ours;
}

typedef uint16_t words __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t quads __attribute__((vector_size(16)));

#define PLACES		8u	/* that are looked at together */
#define BE16(value)	((uint16_t)__builtin_bswap16(value))

/*
 * May an EtherType lie at any of the places from @p on? That of IPv4 alone is a
 * small number, so the first byte of its header is looked at as well.
 */
static bool any_type(const uint8_t *p)
{
	const words type = *(const words *)p;
	const words next = *(const words *)(p + 2);
	const quads hit = (quads)((type == BE16(TYPE_IPV4)) &
				  ((next & 0xf0) == 0x40)) |
			  (quads)(type == BE16(TYPE_IPV6)) |
			  (quads)(type == BE16(TYPE_ARP)) |
			  (quads)(type == BE16(TYPE_VLAN)) |
			  (quads)(type == BE16(TYPE_QINQ));

	return hit[0] | hit[1];
}

/* The next place whose neighbours may have an EtherType. */
static size_t skip_places(const uint8_t *page, size_t at, size_t last)
{
	while (at + 2 * PLACES <= last &&
	       !any_type(page + at + 2 * AMI_MAC_SIZE))
		at += 2 * PLACES;
	return at;
}

/* A device's buffer begins at an even address. */
bool content_finder_next(const struct frame_finder *f, const uint8_t *page,
			 size_t count, bool ours, size_t *at,
			 struct ami_frame *frame)
{
	size_t last = count - ETH_HEADER - IPV6_HEADER, i, looked = *at;

	if (last >= AMI_PAGE_SIZE)
		last = AMI_PAGE_SIZE - 2;
	for (i = *at; i <= last; i += 2) {
		bool to_us;

		if (i == looked) {
			i = skip_places(page, i, last);
			looked = i + 2 * PLACES;
		}
		to_us = has_bit(f->tail, page + i + AMI_MAC_SIZE - 2);
		if (!to_us && (ours || !has_bit(f->type, page + i +
						2 * AMI_MAC_SIZE)))
			continue;
		frame->interface = -1;
		to_us = to_us && find_interface(f->c, page + i,
						&frame->interface);
		if (!to_us && ours)
			continue;
		frame->strength = content_frame_judge(page + i, count - i,
						      to_us, &frame->len);
		if (frame->strength < AMI_FRAME_HEADER)
			continue;
		frame->phys = i;
		*at = i + 2;
		return true;
	}
	return false;
}
