// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sound: controllers of High Definition Audio 1.0a. The controller writes answers of
 * codecs (RIRB), how far streams are (position buffer), and what it records. It only
 * reads commands (CORB), the lists of a stream's buffers (BDL) and what it plays.
 * Driver: sound/hda/core, sound/pci/hda.
 */
#include "drivers.h"

#define MAX_STREAMS	64u
#define MAX_ENTRIES	256u	/* of a BDL */
#define RIRB		2048u	/* 256 answers */
#define POSITIONS	4096u
#define CAPTURE		1u	/* SNDRV_PCM_STREAM_CAPTURE */

struct bdl_entry {
	uint64_t addr;
	uint32_t len, flags;
};

static bool post_recording(struct reading *r, uint64_t stream, uint64_t count,
			   bool running)
{
	struct bdl_entry list[MAX_ENTRIES];
	enum ami_mem mem;
	uint64_t bdl, i;

	if (!reading_get(r, stream, AMI_F_hda_bdl, &bdl))
		return false;
	if (count > MAX_ENTRIES) {
		reading_damaged(r, "stream", stream);
		return false;
	}
	mem = ami_read(r->kernel, bdl, list, count * sizeof(list[0]));
	if (mem != AMI_MEM_OK) {
		reading_unread(r, "list of buffers", bdl, mem);
		return false;
	}
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				running ? AMI_PROVEN : AMI_POSSIBLE,
				r->reader->driver, "recording, %s",
				running ? "running" : "not running");
	for (i = 0; i < count; i++)
		evidence_add_dma(r->ev, r->device, list[i].addr, list[i].len);
	evidence_end_transfer(r->ev);
	return true;
}

static bool read_stream(struct reading *r, uint64_t stream)
{
	uint64_t direction, opened, running, count;

	if (!reading_get(r, stream, AMI_F_hda_direction, &direction) ||
	    !reading_get(r, stream, AMI_F_hda_opened, &opened) ||
	    !reading_get(r, stream, AMI_F_hda_running, &running) ||
	    !reading_get(r, stream, AMI_F_hda_frags, &count))
		return false;
	return direction != CAPTURE || !(opened || running) || !count ||
	       post_recording(r, stream, count, running);
}

static bool read_streams(struct reading *r, uint64_t bus)
{
	struct ami_list_iter it;
	bool complete = true;
	uint64_t node;

	ami_busy_list_start(&it, r->kernel,
			    ami_addr(r->kernel, bus, AMI_F_hda_streams),
			    MAX_STREAMS);
	while (ami_list_next(&it, &node))
		complete &= read_stream(r, ami_container(r->kernel, node,
							 AMI_F_hda_stream_list));
	if (!it.broken && it.mem == AMI_MEM_OK)
		return complete;
	reading_unread(r, "list of streams", bus,
		       it.broken ? AMI_MEM_DAMAGED : it.mem);
	return false;
}

static bool read_hda(struct reading *r)
{
	enum ami_certainty certainty;
	uint64_t chip, bus, on, rirb, positions, size;

	if (!reading_get(r, r->priv, AMI_F_hda_card_data, &chip))
		return false;
	bus = ami_addr(r->kernel, chip, AMI_F_hda_core);
	if (!reading_get(r, bus, AMI_F_hda_on, &on) ||
	    !reading_get(r, bus, AMI_F_hda_rirb, &rirb) ||
	    !reading_get(r, bus, AMI_F_hda_posbuf, &positions) ||
	    !reading_get(r, bus, AMI_F_hda_posbuf_size, &size))
		return false;
	if (size > POSITIONS) {
		reading_damaged(r, "position buffer", bus);
		return false;
	}
	/* Powered down, with all streams stopped */
	certainty = on ? AMI_PROVEN : AMI_POSSIBLE;
	if (rirb)
		reading_post_dma(r, certainty, rirb, RIRB,
				 "answers of codecs");
	if (positions && size)
		reading_post_dma(r, certainty, positions, size,
				 "position buffer");
	return read_streams(r, bus);
}

const struct reader reader_snd_hda = {
	.driver = "snd_hda_intel", .of = READ_DEVICE, .needs = AMI_F_hda_streams,
	.read = read_hda,
};
