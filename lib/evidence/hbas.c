// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RAID controllers and host adapters of SAS and SCSI: reply queues, sense data, events
 * and lists that firmware fills in. Each is an area at a fixed place. What the
 * controllers only read (requests, lists of addresses, free queues) is left out.
 */
#include "hba.h"

#define SENSE		96u	/* SCSI_SENSE_BUFFERSIZE */
#define CRASH_DUMP	(1u << 20)	/* CRASH_DMA_BUF_SIZE */

#define AREA(what_, dma_)	.what = what_, .dma = AMI_F_##dma_

static const struct hba_area megaraid_areas[] = {
	{ AREA("reply queue", mega_reply), .count = AMI_F_mega_max_fw,
	  .plus = 1, .bytes = 4 },
	{ AREA("producer index", mega_producer), .bytes = 4 },
	{ AREA("event", mega_event), .type = AMI_T_mega_event },
	{ AREA("heartbeat", mega_heartbeat), .type = AMI_T_mega_heartbeat },
	/* Given back where the firmware does not dump itself. */
	{ AREA("crash dump", mega_crash), .va = AMI_F_mega_crash_va,
	  .bytes = CRASH_DUMP },
	{ AREA("snapshot properties", mega_snapdump),
	  .type = AMI_T_mega_snapdump, .asked = true },
	{ AREA("list of devices", mega_devices), .times = 256 + 256,
	  .type = AMI_T_mega_device, .plus = 1, .asked = true },
	{ AREA("list of disks", mega_pds), .times = 256,
	  .type = AMI_T_mega_pd, .asked = true },
	{ AREA("controller properties", mega_info),
	  .type = AMI_T_mega_info, .asked = true },
	{ AREA("list of volumes", mega_lds), .type = AMI_T_mega_lds,
	  .asked = true },
	{ AREA("list of targets", mega_targets),
	  .type = AMI_T_mega_targets, .asked = true },
	{ AREA("disk properties", mega_pd_info),
	  .type = AMI_T_mega_pd_info, .asked = true },
	{ AREA("target properties", mega_tgt_prop),
	  .type = AMI_T_mega_tgt_prop, .asked = true },
	{ AREA("affiliation", mega_affiliation), .times = 65,
	  .type = AMI_T_mega_affiliation, .asked = true },
	{ AREA("affiliation of version 1", mega_affiliation_111),
	  .type = AMI_T_mega_affiliation_111, .asked = true },
	{ AREA("sense buffers", mega_sense), .in = AMI_F_mega_fusion,
	  .count = AMI_F_mega_max_mpt, .bytes = SENSE },
	/* Status of RAID volumes comes back in the request. */
	{ AREA("request frames", mega_requests), .in = AMI_F_mega_fusion,
	  .size = AMI_F_mega_requests_size },
	{ AREA("map of volumes", mega_map), .in = AMI_F_mega_fusion,
	  .size = AMI_F_mega_map_size, .of = 2 },
	{ AREA("sequence numbers of disks", mega_seq),
	  .in = AMI_F_mega_fusion, .bytes = AMI_PAGE_SIZE, .of = 2 },
	{ .what = NULL },
};

/* Replies come first in the one allocation of frames, and are all it writes there. */
static const struct hba_area mpt_areas[] = {
	{ AREA("reply frames", mpt_frames), .count = AMI_F_mpt_reply_depth,
	  .size = AMI_F_mpt_reply_size },
	{ AREA("sense buffers", mpt_sense), .count = AMI_F_mpt_req_depth,
	  .bytes = 64 },
	{ AREA("page of the firmware", mpt_host_page),
	  .size = AMI_F_mpt_host_page_size },
	{ .what = NULL },
};

static const struct hba_area mpt3sas_areas[] = {
	{ AREA("sense buffers", mpt3_sense), .count = AMI_F_mpt3_scsi_depth,
	  .bytes = SENSE },
	{ AREA("reply frames", mpt3_reply), .count = AMI_F_mpt3_reply_depth,
	  .size = AMI_F_mpt3_reply_size },
	{ AREA("configuration page", mpt3_config),
	  .size = AMI_F_mpt3_config_size, .asked = true },
	{ .what = NULL },
};

static const struct hba_area mpi3mr_areas[] = {
	{ AREA("admin reply queue", mpi3_admin),
	  .size = AMI_F_mpi3_admin_size },
	{ AREA("reply buffers", mpi3_reply), .count = AMI_F_mpi3_nr_reply,
	  .size = AMI_F_mpi3_reply_size },
	{ AREA("sense buffers", mpi3_sense), .count = AMI_F_mpi3_nr_sense,
	  .bytes = 256 },
	{ AREA("event sequence number", mpi3_pel),
	  .size = AMI_F_mpi3_pel_size },
	{ .what = NULL },
};

static const struct hba_area smartpqi_areas[] = {
	{ AREA("error buffers", pqi_error), .size = AMI_F_pqi_error_size },
	{ AREA("event queue", pqi_event), .times = 32,
	  .type = AMI_T_pqi_event_response },
	{ AREA("event queue index", pqi_event_pi), .bytes = 4 },
	{ AREA("admin replies", pqi_admin), .times = 20, .bytes = 64 },
	{ AREA("admin request index", pqi_admin_ci), .bytes = 4 },
	{ AREA("admin reply index", pqi_admin_pi), .bytes = 4 },
	{ .what = NULL },
};

static const struct hba_area pvscsi_areas[] = {
	{ AREA("completion ring", pvs_cmp), .count = AMI_F_pvs_cmp_pages,
	  .bytes = AMI_PAGE_SIZE },
	{ AREA("message ring", pvs_msg), .count = AMI_F_pvs_msg_pages,
	  .bytes = AMI_PAGE_SIZE },
	{ AREA("indexes of the rings", pvs_state), .bytes = AMI_PAGE_SIZE },
	{ .what = NULL },
};

static const struct hba_area esp_areas[] = {
	{ AREA("command block", esp_block), .bytes = 16 },
	{ .what = NULL },
};

/* The controller runs a program that keeps its state in memory of the host. */
static const struct hba_area sym_areas[] = {
	{ AREA("controller block", sym_hcb), .type = AMI_T_sym_hcb },
	{ AREA("queue of commands", sym_squeue), .bytes = AMI_PAGE_SIZE },
	{ AREA("queue of replies", sym_dqueue), .bytes = AMI_PAGE_SIZE },
	{ .what = NULL },
};

#define HBA(name_, id, needs_, ...) {					\
	.driver = name_, .of = READ_DEVICE, .needs = AMI_F_##needs_,	\
	.read = hba_read, .hba = &(const struct hba){			\
		.areas = id##_areas, __VA_ARGS__ },			\
}

const struct reader hba_readers[] = {
	HBA("megaraid_sas", megaraid, mega_reply, .more = hba_megaraid),
	HBA("mptsas", mpt, mpt_frames, .data = HBA_ADAPTER),
	HBA("mptspi", mpt, mpt_frames, .data = HBA_ADAPTER),
	HBA("mptfc", mpt, mpt_frames, .data = HBA_ADAPTER),
	HBA("mpt3sas", mpt3sas, mpt3_reply, .data = HBA_HOST,
	    .more = hba_mpt3sas),
	HBA("mpi3mr", mpi3mr, mpi3_reply, .data = HBA_HOST,
	    .more = hba_mpi3mr),
	HBA("smartpqi", smartpqi, pqi_error, .more = hba_smartpqi),
	HBA("vmw_pvscsi", pvscsi, pvs_cmp, .data = HBA_HOST,
	    .more = hba_pvscsi),
	HBA("am53c974", esp, esp_block, .data = HBA_POINTER,
	    .adapter = AMI_F_esp_of_pci, .more = hba_esp),
	HBA("sym53c8xx", sym, sym_hcb, .data = HBA_HOST_POINTER,
	    .adapter = AMI_F_sym_ncb, .more = hba_sym),
	{ .driver = NULL },
};
