// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver keeps both addresses of memory that it shares with its device close
 * to each other: its own and the device's. That these lead to the same page is
 * not an accident. Only for kernels before 5.11, whose modules are not described in
 * the dump: this file goes when 5.10 is no longer supported.
 */
#include <stdlib.h>

#include "shape.h"

#define REACH		8u	/* words between the two addresses */
#define ADAPTER		16384u	/* bytes of a driver's own structure */
#define RING_BYTES	512u	/* of a structure for one ring */
#define MAX_RINGS	256u
#define DESC		16u
#define SMALLEST	8u	/* descriptors */
#define MAX_RING	65536u	/* bytes to look at */
#define MAX_ENTRY	64u	/* driver's bytes for one buffer */
#define LOW_MEMORY	0x100000u	/* drivers never get it */
#define ETHERNET	1500u
#define COMMON		1522u	/* holds one Ethernet frame */
#define WORDS(bytes)	((bytes) / sizeof(uint64_t))
#define QUEUES		(256u << 10)	/* bytes of NVMe's array of queues */
#define CONTROLLER	1024u		/* words of a struct nvme_dev */
#define QUEUE_WORDS	128u		/* words of one queue, at most */
#define COMPLETION	16u

/**
 * struct shared - coherent memory that a driver's structure names
 * @va: for the driver, @dma: for the device; both lead to the same page
 * @behind_va, @behind_dma: indexes of the words that follow
 */
struct shared {
	uint64_t va, dma;
	size_t behind_va, behind_dma;
};

static bool whole_page(uint64_t address)
{
	return address && !(address % AMI_PAGE_SIZE);
}

static bool is_same(void *ctx, uint64_t phys)
{
	return phys == *(const uint64_t *)ctx;
}

static bool leads_to(struct ami_evidence *ev, const struct ami_device *device,
		     uint64_t dma, uint64_t phys)
{
	return evidence_dma_leads_to(ev, device, dma, is_same, &phys);
}

static bool shared_memory(struct ami_evidence *ev,
			  const struct ami_device *device,
			  const uint64_t *words, size_t count, size_t from,
			  struct shared *found)
{
	uint64_t phys;
	size_t i, k;

	for (i = from; i < count; i++) {
		if (!whole_page(words[i]) || !ami_kernel_address(words[i]) ||
		    ami_virt_to_phys(ev->state->kernel, words[i], &phys) !=
		    AMI_MEM_OK)
			continue;
		for (k = i + 1; k < count && k <= i + REACH; k++) {
			if (!whole_page(words[k]) ||
			    !leads_to(ev, device, words[k], phys))
				continue;
			*found = (struct shared){
				words[i], words[k], i + 1, k + 1,
			};
			return true;
		}
	}
	return false;
}

/* Read as much as possible of @bytes at @va. Returns words. */
static size_t read_words(struct ami_kernel *k, uint64_t va, uint64_t *words,
			 size_t bytes)
{
	size_t done = 0, part;

	for (; done < bytes; done += part) {
		part = AMI_PAGE_SIZE - (va + done) % AMI_PAGE_SIZE;
		if (part > bytes - done)
			part = bytes - done;
		if (ami_read(k, va + done, (uint8_t *)words + done, part) !=
		    AMI_MEM_OK)
			break;
	}
	return WORDS(done);
}

/*
 * An address, and what the last write-back left. e1000e clears the lower status
 * bits, igb and ixgbe the length. In send descriptors, the error byte holds the
 * command.
 */
static bool to_fill(struct reading *r, const uint64_t desc[2])
{
	struct ami_mapping map;
	uint32_t status = desc[1];
	uint16_t length = desc[1] >> 32;

	return desc[0] && !(status >> 24) && (!(status & 0xff) || !length) &&
	       evidence_dma_phys(r->ev, r->device, desc[0], &map) && map.write &&
	       ami_dump_ram(ami_kernel_dump(r->kernel),
			    map.phys >> AMI_PAGE_SHIFT);
}

static uint32_t buffer_length(struct reading *r, uint64_t addr)
{
	uint64_t left = AMI_PAGE_SIZE - addr % AMI_PAGE_SIZE, mtu = 0;

	if (ami_get(r->kernel, r->netdev, AMI_F_netdev_mtu, &mtu) ==
	    AMI_MEM_OK && mtu <= ETHERNET && left > COMMON)
		return COMMON;
	return left;
}

/* Is there an address of the device, and behind it one of the buffer? */
static bool is_buffer(struct reading *r, const uint64_t buffer[2])
{
	struct ami_mapping map;

	return buffer[0] >= LOW_MEMORY && ami_kernel_address(buffer[1]) &&
	       evidence_dma_phys(r->ev, r->device, buffer[0], &map) && map.write &&
	       ami_dump_ram(ami_kernel_dump(r->kernel),
			    map.phys >> AMI_PAGE_SHIFT);
}

/* A ring has one empty slot. All others of a receive ring have buffers. */
static bool are_buffers(struct reading *r, uint64_t va, uint64_t stride)
{
	uint64_t buffer[2];
	unsigned int i, good = 0;

	for (i = 0; i < SMALLEST; i++)
		good += ami_read(r->kernel, va + i * stride, buffer,
				 sizeof(buffer)) == AMI_MEM_OK &&
			is_buffer(r, buffer);
	return good + 1 >= SMALLEST;
}

static void post_buffers(struct reading *r, uint64_t va, uint64_t stride,
			 size_t count)
{
	uint64_t buffer[2];
	size_t i;

	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_POSSIBLE, r->reader->driver,
				"%s: buffers of what looks like the driver's state of a receive ring",
				r->name);
	for (i = 0; i < count; i++)
		if (ami_read(r->kernel, va + i * stride, buffer,
			     sizeof(buffer)) == AMI_MEM_OK &&
		    is_buffer(r, buffer))
			evidence_add_dma(r->ev, r->device, buffer[0],
					 buffer_length(r, buffer[0]));
	evidence_end_transfer(r->ev);
}

/* Filled descriptors have lost their addresses. The driver's state has them. */
static bool find_buffers(struct reading *r, const uint64_t *words, size_t count,
			 size_t descriptors)
{
	uint64_t stride;
	size_t i;

	for (i = 0; i < count; i++)
		for (stride = 16; ami_kernel_address(words[i]) &&
		     stride <= MAX_ENTRY; stride += 8)
			if (are_buffers(r, words[i], stride)) {
				post_buffers(r, words[i], stride,
					     descriptors);
				return true;
			}
	return false;
}

/* A ring in which most descriptors wait to be filled. */
static bool post_filling(struct reading *r, const uint64_t *ring, size_t count)
{
	size_t used = 0, fill = 0, i;

	for (i = 0; i < count; i++) {
		used += ring[2 * i] || ring[2 * i + 1];
		fill += to_fill(r, &ring[2 * i]);
	}
	if (fill < SMALLEST / 2 || 2 * fill < used)
		return false;
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_POSSIBLE, r->reader->driver,
				"%s: %zu buffers of a ring that looks like a receive ring",
				r->name, fill);
	for (i = 0; i < count; i++)
		if (to_fill(r, &ring[2 * i]))
			evidence_add_dma(r->ev, r->device, ring[2 * i],
					 buffer_length(r, ring[2 * i]));
	evidence_end_transfer(r->ev);
	return true;
}

/* Behind the device's address, drivers keep the length in bytes. */
static bool one_ring(struct reading *r, const uint64_t *words, size_t count,
		     const struct shared *s)
{
	uint32_t bytes = s->behind_dma < count ? words[s->behind_dma] : 0;
	uint64_t ring[WORDS(AMI_PAGE_SIZE)];
	bool receive = false;
	uint32_t at;

	if (bytes % (SMALLEST * DESC) || !bytes || bytes > MAX_RING)
		return false;
	reading_post_dma(r, AMI_POSSIBLE, s->dma, bytes,
			  "memory that looks like a descriptor ring");
	for (at = 0; at < bytes; at += AMI_PAGE_SIZE) {
		size_t got = read_words(r->kernel, s->va + at, ring,
					bytes - at < sizeof(ring) ?
					bytes - at : sizeof(ring));

		receive |= post_filling(r, ring, got / 2);
	}
	return find_buffers(r, words, count, bytes / DESC) || receive;
}

bool nic_guess_rings(struct reading *r)
{
	uint64_t adapter[WORDS(ADAPTER)], child[WORDS(RING_BYTES)];
	size_t count = read_words(r->kernel, r->priv, adapter, ADAPTER);
	uint64_t seen[MAX_RINGS];
	unsigned int rings = 0, receive = 0;
	struct shared s;
	size_t i, n, k;

	for (i = 0; i < count && rings < MAX_RINGS; i++) {
		if (!ami_kernel_address(adapter[i]) || adapter[i] % 8)
			continue;
		n = read_words(r->kernel, adapter[i], child, RING_BYTES);
		if (!shared_memory(r->ev, r->device, child, n, 0, &s))
			continue;
		for (k = 0; k < rings && seen[k] != s.dma; k++)
			;
		if (k < rings)
			continue;
		seen[rings++] = s.dma;
		receive += one_ring(r, child, n, &s);
	}
	ami_finding_add_with(r->ev->state->findings,
			AMI_FIND_DRIVER_TYPES_MISSING, r->where,
			AMI_FACTS(READING_NAMES(r), AMI_SAYS(COUNT, receive),
				  AMI_SAYS(OF, rings)),
			"The dump does not describe the structures of the driver %s (kernels before 5.11 do not, for modules). By their shape, %u of its structures are descriptor rings, %u of them for %s to receive. What they say is possible, and may be incomplete.",
			r->reader->driver, rings, receive, r->name);
	return receive;
}

/*
 * A queue shares two pieces: submissions, which the device only reads, and
 * completions. Both CPU addresses come first, then both device addresses. A
 * doorbell and the depth follow.
 */
static bool one_queue(struct ami_evidence *ev, const struct ami_device *device,
		      const uint64_t *words, size_t count, unsigned int number)
{
	struct shared sq, cq;
	uint16_t depth;

	if (!shared_memory(ev, device, words, count, 0, &sq) ||
	    !shared_memory(ev, device, words, count, sq.behind_va, &cq) ||
	    cq.behind_dma + 1 >= count)
		return false;
	depth = words[cq.behind_dma + 1];
	evidence_begin_transfer(ev, device, AMI_TRANSFER_POSTED, AMI_POSSIBLE, "nvme",
				"memory that looks like completion queue %u", number);
	evidence_add_dma(ev, device, cq.dma, (uint64_t)depth * COMPLETION);
	evidence_end_transfer(ev);
	return true;
}

/* Each queue begins with a pointer to its controller. */
static size_t queue_end(const uint64_t *words, size_t count, size_t from,
			uint64_t dev)
{
	size_t i;

	for (i = from + 1; i < count && words[i] != dev; i++)
		;
	return i - from < QUEUE_WORDS ? i : from + QUEUE_WORDS;
}

/*
 * Shadow doorbells and the table of a host memory buffer are in the controller.
 */
static void own_memory(struct ami_evidence *ev,
		       const struct ami_device *device, uint64_t dev)
{
	uint64_t words[CONTROLLER];
	size_t count = read_words(ev->state->kernel, dev, words,
				  sizeof(words));
	struct shared s = { .behind_dma = 0 };

	evidence_begin_transfer(ev, device, AMI_TRANSFER_POSTED, AMI_POSSIBLE, "nvme",
				"memory that the controller seems to share");
	while (shared_memory(ev, device, words, count, s.behind_dma, &s))
		evidence_add_dma(ev, device, s.dma, AMI_PAGE_SIZE);
	evidence_end_transfer(ev);
}

unsigned int evidence_guess_completions(struct ami_evidence *ev,
					const struct ami_device *device)
{
	struct ami_kernel *k = ev->state->kernel;
	uint64_t *words = malloc(QUEUES), dev = 0, queues;
	unsigned int found = 0, number = 0;
	size_t count = 0, i, end;

	if (!words)
		ev->collector->no_memory = true;
	/* The array comes first in the controller. */
	else if (ami_get(k, device->dev, AMI_F_device_driver_data, &dev) ==
		 AMI_MEM_OK && ami_read_u64(k, dev, &queues) == AMI_MEM_OK)
		count = read_words(k, queues, words, QUEUES);
	if (count)
		own_memory(ev, device, dev);
	for (i = 0; i < count && words[i] == dev; i = end) {
		end = queue_end(words, count, i, dev);
		found += one_queue(ev, device, words + i,
				   (end < count ? end : count) - i, number++);
	}
	free(words);
	return found;
}
