// SPDX-License-Identifier: GPL-2.0-or-later
/* What disk controllers write that their drivers keep in lists and arrays. */
#include <stdio.h>

#include "hba.h"

#define MAX_QUEUES	1024u
#define MAX_COMMANDS	65536u
#define SENSE		96u	/* SCSI_SENSE_BUFFERSIZE */
#define MFI_SENSE	128u
#define FUSION_QUEUES	128u	/* MAX_MSIX_QUEUES_FUSION */
#define FRAME_SIZES	4096u
#define REPLY		8u	/* MPI2_REPLY_DESCRIPTORS_UNION */
#define DIAG_BUFFERS	3u
#define MAX_BLOCKS	1024u	/* SYM_CONF_MAX_START is 512 */
#define RAM		8192u	/* on the chip of a sym53c8xx, at most */

/**
 * struct many - areas of one kind, which are one transfer
 * @complete: all of them were read
 */
struct many {
	struct reading *r;
	const char *what;
	bool complete;
};

static struct many begin_many(struct reading *r, enum ami_transfer_kind kind,
			 enum ami_certainty certainty, const char *what)
{
	evidence_begin_transfer(r->ev, r->device, kind, certainty,
				r->reader->driver, "%s %s", r->name, what);
	return (struct many){ .r = r, .what = what, .complete = true };
}

static bool end_many(struct many *m)
{
	evidence_end_transfer(m->r->ev);
	return m->complete;
}

/* An address of the device, a member of @object. */
static void add_member(struct many *m, uint64_t object, enum ami_field f, uint64_t len)
{
	uint64_t dma;

	if (!reading_get(m->r, object, f, &dma))
		m->complete = false;
	else if (dma && len)
		evidence_add_dma(m->r->ev, m->r->device, dma, len);
}

/* The next of an array of pointers or of addresses; false: that was the last. */
static bool next_pointer(struct many *m, uint64_t list, uint64_t count, uint64_t *i,
		    uint64_t *value)
{
	enum ami_mem mem;

	if (!list || *i >= count)
		return false;
	mem = evidence_spend(m->r->ev, AMI_COST_ENTRY) ?
	      ami_read_u64(m->r->kernel, list + 8 * (*i)++, value) :
	      AMI_MEM_LEFT_OUT;
	if (mem == AMI_MEM_OK)
		return true;
	m->complete = false;
	reading_unread(m->r, m->what, list, mem);
	return false;
}

static bool too_many(struct reading *r, uint64_t count, uint64_t most,
		     const char *what)
{
	if (count > most)
		reading_damaged(r, what, r->priv);
	return count > most;
}

/* The firmware writes its answer into the frame. */
static bool mfi_commands(struct reading *r, uint64_t adapter)
{
	uint64_t list, count, size, command, i = 0;
	struct many m;

	if (!reading_get(r, adapter, AMI_F_mega_cmds, &list) ||
	    !reading_get(r, adapter, AMI_F_mega_max_mfi, &count) ||
	    !reading_get(r, adapter, AMI_F_mega_frame_size, &size) ||
	    too_many(r, size, FRAME_SIZES, "size of command frames"))
		return false;
	m = begin_many(r, AMI_TRANSFER_POSTED, AMI_PROVEN,
		  "command frames and sense buffers");
	while (next_pointer(&m, list, count, &i, &command))
		if (command) {
			add_member(&m, command, AMI_F_mfi_frame, size);
			add_member(&m, command, AMI_F_mfi_sense, MFI_SENSE);
		}
	return end_many(&m);
}

/* A queue for each vector: each has an address, or one is for all. */
static bool fusion_queues(struct reading *r, uint64_t adapter, uint64_t fusion)
{
	uint64_t size, vectors, polled = 0, apart, dma, i = 0;
	uint64_t list = ami_addr(r->kernel, fusion, AMI_F_mega_queues);
	struct many m;

	if (!reading_get(r, fusion, AMI_F_mega_queue_size, &size) ||
	    !reading_get(r, adapter, AMI_F_mega_vectors, &vectors) ||
	    !reading_get(r, adapter, AMI_F_mega_rdpq, &apart) ||
	    (ami_has(r->kernel, AMI_F_mega_polled) &&
	     !reading_get(r, adapter, AMI_F_mega_polled, &polled)))
		return false;
	if (!vectors)
		vectors = 1;
	if (too_many(r, vectors, FUSION_QUEUES, "number of vectors") ||
	    too_many(r, polled, FUSION_QUEUES, "number of vectors") ||
	    too_many(r, size, FUSION_QUEUES * MAX_COMMANDS, "reply queue"))
		return false;
	m = begin_many(r, AMI_TRANSFER_POSTED, AMI_PROVEN, "reply queues");
	while (next_pointer(&m, list, FUSION_QUEUES, &i, &dma))
		if (dma)
			evidence_add_dma(r->ev, r->device, dma, apart ? size :
					 size * (vectors + polled));
	return end_many(&m);
}

bool hba_megaraid(struct reading *r, uint64_t adapter)
{
	uint64_t fusion;
	bool complete = mfi_commands(r, adapter);

	if (!reading_get(r, adapter, AMI_F_mega_fusion, &fusion))
		return false;
	return (!fusion || fusion_queues(r, adapter, fusion)) && complete;
}

static bool diag_buffers(struct reading *r, uint64_t adapter)
{
	uint64_t list = ami_addr(r->kernel, adapter, AMI_F_mpt3_diag);
	uint64_t sizes = ami_addr(r->kernel, adapter, AMI_F_mpt3_diag_size);
	uint64_t dma, i = 0;
	bool complete = true;
	uint32_t size;

	for (; i < DIAG_BUFFERS; i++) {
		enum ami_mem mem = ami_read_u64(r->kernel, list + 8 * i, &dma);

		if (mem == AMI_MEM_OK)
			mem = ami_read_u32(r->kernel, sizes + 4 * i, &size);
		if (mem != AMI_MEM_OK)
			reading_unread(r, "diagnostic buffers", list, mem);
		complete &= mem == AMI_MEM_OK &&
			    hba_post(r, AMI_PROVEN, dma, 1, size,
				     "diagnostic buffer");
	}
	return complete;
}

bool hba_mpt3sas(struct reading *r, uint64_t adapter)
{
	uint64_t step = ami_type_size(r->kernel, AMI_T_mpt3_post);
	uint64_t list, count, depth, apart, i;
	bool complete = diag_buffers(r, adapter);
	struct many m;

	if (!reading_get(r, adapter, AMI_F_mpt3_post, &list) ||
	    !reading_get(r, adapter, AMI_F_mpt3_post_depth, &depth) ||
	    !reading_get(r, adapter, AMI_F_mpt3_rdpq, &apart) ||
	    !reading_get(r, adapter, AMI_F_mpt3_queues, &count) ||
	    too_many(r, count, MAX_QUEUES, "number of queues") || !step)
		return false;
	m = begin_many(r, AMI_TRANSFER_POSTED, AMI_PROVEN, "reply queues");
	for (i = 0; list && i < (apart ? count : 1); i++)
		add_member(&m, list + i * step, AMI_F_mpt3_post_dma,
		    depth * REPLY * (apart ? 1 : count));
	return end_many(&m) && complete;
}

static bool reply_segments(struct many *m, uint64_t queue, uint64_t entry)
{
	uint64_t step = ami_type_size(m->r->kernel, AMI_T_mpi3_segment);
	uint64_t list, count, depth, i;

	if (!reading_get(m->r, queue, AMI_F_mpi3_segments, &list) ||
	    !reading_get(m->r, queue, AMI_F_mpi3_nr_segments, &count) ||
	    !reading_get(m->r, queue, AMI_F_mpi3_segment_depth, &depth) ||
	    !step)
		return false;
	for (i = 0; list && i < count &&
	     evidence_spend(m->r->ev, AMI_COST_ENTRY); i++)
		add_member(m, list + i * step, AMI_F_mpi3_segment_dma, depth * entry);
	return true;
}

static bool reply_queues(struct reading *r, uint64_t adapter)
{
	uint64_t step = ami_type_size(r->kernel, AMI_T_mpi3_queue);
	uint64_t list, count, entry, i;
	struct many m;

	if (!reading_get(r, adapter, AMI_F_mpi3_queues, &list) ||
	    !reading_get(r, adapter, AMI_F_mpi3_nr_queues, &count) ||
	    !reading_get(r, adapter, AMI_F_mpi3_entry, &entry) ||
	    too_many(r, count, MAX_QUEUES, "number of queues") ||
	    too_many(r, entry, FRAME_SIZES, "size of a reply") || !step)
		return false;
	m = begin_many(r, AMI_TRANSFER_POSTED, AMI_PROVEN, "reply queues");
	for (i = 0; list && i < count; i++)
		m.complete &= reply_segments(&m, list + i * step, entry);
	return end_many(&m);
}

/* struct dma_memory_desc, diag_buffer_desc: they lie one after another. */
static bool post_descs(struct reading *r, uint64_t at, uint64_t count,
		       uint64_t step, enum ami_field dma, enum ami_field size,
		       enum ami_certainty certainty, const char *what)
{
	uint64_t addr, len, i;
	bool complete = step;

	for (i = 0; i < count && complete; i++, at += step)
		complete = reading_get(r, at, dma, &addr) &&
			   reading_get(r, at, size, &len) &&
			   hba_post(r, certainty, addr, 1, len, what);
	return complete;
}

/* Segments of a trace buffer: the other buffers are each in one piece. */
static bool trace_segments(struct reading *r, uint64_t adapter)
{
	uint64_t step = ami_type_size(r->kernel, AMI_T_mpi3_segment);
	uint64_t list, count, i;
	struct many m;

	if (!reading_get(r, adapter, AMI_F_mpi3_trace, &list) ||
	    !reading_get(r, adapter, AMI_F_mpi3_nr_trace, &count) ||
	    too_many(r, count, MAX_COMMANDS, "trace buffer") || !step)
		return false;
	m = begin_many(r, AMI_TRANSFER_POSTED, AMI_PROVEN, "trace buffer");
	for (i = 0; list && i < count; i++)
		add_member(&m, list + i * step, AMI_F_mpi3_segment_dma, AMI_PAGE_SIZE);
	return end_many(&m);
}

bool hba_mpi3mr(struct reading *r, uint64_t adapter)
{
	struct ami_kernel *k = r->kernel;
	bool complete = reply_queues(r, adapter);

	if (ami_has(k, AMI_F_mpi3_ioctl)) {
		uint64_t step = ami_type_size(k, AMI_T_mpi3_desc);

		complete &= post_descs(r, ami_addr(k, adapter, AMI_F_mpi3_ioctl),
				       256, step, AMI_F_mpi3_desc_dma,
				       AMI_F_mpi3_desc_size, AMI_POSSIBLE,
				       "buffer of programs' commands");
		complete &= post_descs(r, ami_addr(k, adapter,
						   AMI_F_mpi3_response),
				       1, step, AMI_F_mpi3_desc_dma,
				       AMI_F_mpi3_desc_size, AMI_POSSIBLE,
				       "response to programs' commands");
	}
	if (ami_has(k, AMI_F_mpi3_diag))
		complete &= post_descs(r, ami_addr(k, adapter, AMI_F_mpi3_diag),
				       2, ami_type_size(k, AMI_T_mpi3_diag),
				       AMI_F_mpi3_diag_dma,
				       AMI_F_mpi3_diag_size, AMI_PROVEN,
				       "diagnostic buffer");
	return (!ami_has(k, AMI_F_mpi3_trace) ||
		trace_segments(r, adapter)) && complete;
}

/* Memory that the firmware got for itself: addresses and lengths, in a header. */
static bool pqi_memory(struct reading *r, uint64_t va, enum ami_field count,
		       enum ami_field list, const char *what)
{
	uint64_t n;

	return !va || (reading_get(r, va, count, &n) &&
		       !too_many(r, n, 64, what) &&
		       post_descs(r, ami_addr(r->kernel, va, list), n, 16,
				  AMI_F_pqi_sg_addr, AMI_F_pqi_sg_len,
				  AMI_PROVEN, what));
}

static bool pqi_groups(struct reading *r, uint64_t adapter)
{
	uint64_t step = ami_type_size(r->kernel, AMI_T_pqi_group);
	uint64_t group = ami_addr(r->kernel, adapter, AMI_F_pqi_groups);
	uint64_t count, depth, i;
	struct many m;

	if (!reading_get(r, adapter, AMI_F_pqi_nr_groups, &count) ||
	    !reading_get(r, adapter, AMI_F_pqi_depth, &depth) || !step ||
	    too_many(r, count, 64, "number of queues"))
		return false;
	m = begin_many(r, AMI_TRANSFER_POSTED, AMI_PROVEN, "replies and indexes");
	for (i = 0; i < count; i++, group += step) {
		uint64_t list = ami_addr(r->kernel, group, AMI_F_pqi_ci), n = 0;
		uint64_t dma;

		add_member(&m, group, AMI_F_pqi_oq, depth * 16);
		add_member(&m, group, AMI_F_pqi_pi, 4);
		while (next_pointer(&m, list, 2, &n, &dma))
			if (dma)
				evidence_add_dma(r->ev, r->device, dma, 4);
	}
	return end_many(&m);
}

bool hba_smartpqi(struct reading *r, uint64_t adapter)
{
	static const enum ami_field owned[] = {
		AMI_F_pqi_ofa_memory, AMI_F_pqi_log_memory,
	};
	bool complete = pqi_groups(r, adapter);
	uint64_t va;
	size_t i;

	if (ami_has(r->kernel, AMI_F_pqi_ofa_old))
		return reading_get(r, adapter, AMI_F_pqi_ofa_old, &va) &&
		       pqi_memory(r, va, AMI_F_pqi_old_count,
				  AMI_F_pqi_old_list, "memory of the firmware") &&
		       complete;
	for (i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		complete &= reading_get(r, adapter, owned[i], &va) &&
			    pqi_memory(r, va, AMI_F_pqi_host_count,
				       AMI_F_pqi_host_list,
				       "memory of the firmware");
	return complete;
}

/* Sense data of commands that were issued. */
bool hba_pvscsi(struct reading *r, uint64_t adapter)
{
	uint64_t step = ami_type_size(r->kernel, AMI_T_pvs_ctx);
	uint64_t list, count, command, i;
	struct many m;

	if (!reading_get(r, adapter, AMI_F_pvs_map, &list) ||
	    !reading_get(r, adapter, AMI_F_pvs_depth, &count) || !step ||
	    too_many(r, count, MAX_COMMANDS, "number of commands"))
		return false;
	m = begin_many(r, AMI_TRANSFER_INFLIGHT, AMI_LIKELY,
		  "sense data of commands");
	for (i = 0; list && i < count &&
	     evidence_spend(r->ev, AMI_COST_ENTRY); i++) {
		uint64_t at = list + i * step;

		if (!reading_get(r, at, AMI_F_pvs_cmd, &command))
			m.complete = false;
		else if (command)
			add_member(&m, at, AMI_F_pvs_sense, SENSE);
	}
	return end_many(&m) && (!list || i == count);
}

static void add_sense(struct many *m, uint64_t entry)
{
	uint64_t sense;

	if (!reading_get(m->r, entry, AMI_F_esp_sense_ptr, &sense))
		m->complete = false;
	else if (sense)
		add_member(m, entry, AMI_F_esp_sense, SENSE);
}

/* Sense data that the driver asks for itself, after a command that failed. */
bool hba_esp(struct reading *r, uint64_t adapter)
{
	struct many m = begin_many(r, AMI_TRANSFER_INFLIGHT, AMI_LIKELY,
			      "sense data of commands");
	uint64_t active, node;
	struct ami_list_iter it;

	if (!reading_get(r, adapter, AMI_F_esp_active, &active))
		m.complete = false;
	else if (active)
		add_sense(&m, active);
	ami_busy_list_start(&it, r->kernel,
			    ami_addr(r->kernel, adapter, AMI_F_esp_commands),
			    MAX_COMMANDS);
	while (ami_list_next(&it, &node))
		add_sense(&m, ami_container(r->kernel, node, AMI_F_esp_entry));
	if (it.broken || it.mem != AMI_MEM_OK) {
		reading_unread(r, "list of commands", adapter,
			       it.broken ? AMI_MEM_DAMAGED : it.mem);
		m.complete = false;
	}
	return end_many(&m);
}

/* Not those parts of the program that are in the controller's own memory. */
static void add_script(struct many *m, uint64_t hcb, uint64_t ram,
		       enum ami_field f, enum ami_field size)
{
	uint64_t dma, len;

	if (!reading_get(m->r, hcb, f, &dma) ||
	    !reading_get(m->r, hcb, size, &len))
		m->complete = false;
	else if (!ram || dma - ram >= RAM)
		add_member(m, hcb, f, len);
}

static void add_blocks(struct many *m, uint64_t first, uint64_t size)
{
	uint64_t at = first, n = 0;

	for (; at && n < MAX_BLOCKS; n++) {
		add_member(m, at, AMI_F_sym_ccb_dma, size);
		if (!reading_get(m->r, at, AMI_F_sym_ccb_next, &at)) {
			m->complete = false;
			return;
		}
	}
	if (at) {
		reading_damaged(m->r, "list of command blocks", first);
		m->complete = false;
	}
}

/* Command blocks are found by a table with chains; 0 is never on one. */
bool hba_sym(struct reading *r, uint64_t hcb)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_sym_ccb);
	uint64_t ram, table, chain, i = 0;
	struct many m;

	if (!reading_get(r, hcb, AMI_F_sym_ram, &ram) ||
	    !reading_get(r, hcb, AMI_F_sym_ccbs, &table) || !size)
		return false;
	m = begin_many(r, AMI_TRANSFER_POSTED, AMI_PROVEN,
		  "command blocks and scripts");
	add_script(&m, hcb, ram, AMI_F_sym_a, AMI_F_sym_a_size);
	add_script(&m, hcb, ram, AMI_F_sym_b, AMI_F_sym_b_size);
	add_script(&m, hcb, ram, AMI_F_sym_z, AMI_F_sym_z_size);
	while (next_pointer(&m, table, 256, &i, &chain))
		add_blocks(&m, chain, size);
	return end_many(&m);
}
