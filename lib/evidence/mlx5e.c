// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network interfaces of mlx5 devices: receive queues and completion queues of all
 * channels. Kernel: drivers/net/ethernet/mellanox/mlx5/core/en.h.
 */
#include <stdio.h>

#include "drivers.h"
#include "mlx5.h"

#define MAX_CHANNELS	4096u
#define MAX_CLASSES	16u	/* MLX5_MAX_NUM_TC is 8 */

/* Newer kernels allocate some of a channel's queues apart. */
static uint64_t part_of(struct reading *r, uint64_t channel, enum ami_field f)
{
	uint64_t at;

	if (ami_kernel_layout(r->kernel)->field[f].size != sizeof(at))
		return ami_addr(r->kernel, channel, f);
	if (!reading_get(r, channel, f, &at)) {
		r->lost = true;
		return 0;
	}
	return at;
}

static bool add_completions(struct reading *r, uint64_t queue, enum ami_field buf)
{
	return !queue || mlx5_add_buffer(r, ami_addr(r->kernel, queue, buf),
					 "completion queue");
}

/* One for each traffic class. */
static bool add_transmitters(struct reading *r, uint64_t list, uint64_t count,
			     enum ami_type type, enum ami_field buf)
{
	uint64_t size = ami_type_size(r->kernel, type), i;
	bool complete = size;

	if (count > MAX_CLASSES) {
		reading_damaged(r, "number of traffic classes", list);
		return false;
	}
	for (i = 0; i < count && size; i++)
		complete &= add_completions(r, list + i * size, buf);
	return complete;
}

/* Queues of HTB offload. */
static bool add_qos(struct reading *r, uint64_t channel)
{
	uint64_t list, count, i, sq;
	bool complete = true;
	enum ami_mem mem;

	/* A kernel counts them in 16 bits. */
	if (!reading_get(r, channel, AMI_F_mlx5e_ch_qos, &list) ||
	    !reading_get(r, channel, AMI_F_mlx5e_ch_nr_qos, &count))
		return false;
	for (i = 0; list && i < count && !reading_stopped(r); i++) {
		mem = ami_read_u64(r->kernel, list + 8 * i, &sq);
		if (mem != AMI_MEM_OK)
			reading_unread(r, "pointer to a queue", list + 8 * i,
				       mem);
		else
			complete &= add_completions(r, sq, AMI_F_mlx5e_tx_cq);
	}
	return complete;
}

static bool add_channel(struct reading *r, uint64_t channel)
{
	static const struct {
		enum ami_field queue, buf;
	} parts[] = {
		{ AMI_F_mlx5e_ch_rq, AMI_F_mlx5e_rq_cq },
		{ AMI_F_mlx5e_ch_xskrq, AMI_F_mlx5e_rq_cq },
		{ AMI_F_mlx5e_ch_icosq, AMI_F_mlx5e_ico_cq },
		{ AMI_F_mlx5e_ch_async, AMI_F_mlx5e_ico_cq },
		{ AMI_F_mlx5e_ch_rq_xdp, AMI_F_mlx5e_xdp_cq },
		{ AMI_F_mlx5e_ch_xdp, AMI_F_mlx5e_xdp_cq },
		{ AMI_F_mlx5e_ch_xsksq, AMI_F_mlx5e_xdp_cq },
	};
	uint64_t classes;
	bool complete = true;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		complete &= add_completions(r, part_of(r, channel,
						       parts[i].queue),
					    parts[i].buf);
	return reading_get(r, channel, AMI_F_mlx5e_ch_tcs, &classes) &&
	       add_transmitters(r, ami_addr(r->kernel, channel,
					    AMI_F_mlx5e_ch_sq), classes,
				AMI_T_mlx5e_txqsq, AMI_F_mlx5e_tx_cq) &&
	       add_qos(r, channel) && complete;
}

static void begin_completions(struct reading *r, const char *whose)
{
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_PROVEN, r->reader->driver,
				"%s completion queues of %s", r->name, whose);
}

static bool read_channel(struct reading *r, uint64_t channel, unsigned int number)
{
	char label[40];
	bool complete;

	snprintf(label, sizeof(label), "channel %u", number);
	begin_completions(r, label);
	complete = add_channel(r, channel);
	evidence_end_transfer(r->ev);
	snprintf(label, sizeof(label), "receive queue %u", number);
	complete &= mlx5_receive_queue(r, ami_addr(r->kernel, channel,
						   AMI_F_mlx5e_ch_rq), label);
	snprintf(label, sizeof(label), "AF_XDP receive queue %u", number);
	return mlx5_receive_queue(r, ami_addr(r->kernel, channel,
					      AMI_F_mlx5e_ch_xskrq), label) &&
	       complete;
}

/* Frames whose arrival is timed by the device. */
static bool read_ptp(struct reading *r)
{
	uint64_t ptp, rq, sqs, classes;
	bool complete;

	if (!reading_get(r, r->priv, AMI_F_mlx5e_ptp, &ptp))
		return false;
	if (!ptp)
		return true;
	if (!reading_get(r, ptp, AMI_F_mlx5e_ptp_tcs, &classes))
		return false;
	rq = ami_addr(r->kernel, ptp, AMI_F_mlx5e_ptp_rq);
	sqs = ami_addr(r->kernel, ptp, AMI_F_mlx5e_ptp_sqs);
	begin_completions(r, "timed frames");
	complete = add_completions(r, rq, AMI_F_mlx5e_rq_cq);
	complete &= add_transmitters(r, sqs, classes, AMI_T_mlx5e_ptpsq,
				     AMI_F_mlx5e_ptp_cq);
	complete &= add_transmitters(r, sqs, classes, AMI_T_mlx5e_ptpsq,
				     AMI_F_mlx5e_ptp_ts_cq);
	evidence_end_transfer(r->ev);
	return mlx5_receive_queue(r, rq, "receive queue of timed frames") &&
	       complete;
}

/* Frames that were to be dropped, and that somebody watches. */
static bool read_trap(struct reading *r)
{
	uint64_t trap, rq;
	bool complete;

	if (!reading_get(r, r->priv, AMI_F_mlx5e_trap, &trap))
		return false;
	if (!trap)
		return true;
	rq = ami_addr(r->kernel, trap, AMI_F_mlx5e_trap_rq);
	begin_completions(r, "dropped frames");
	complete = add_completions(r, rq, AMI_F_mlx5e_rq_cq);
	evidence_end_transfer(r->ev);
	return mlx5_receive_queue(r, rq, "receive queue of dropped frames") &&
	       complete;
}

static bool read_channels(struct reading *r)
{
	uint64_t list, count, i, channel;
	bool complete = true;
	enum ami_mem mem;

	if (!reading_get(r, r->priv, AMI_F_mlx5e_channels, &list) ||
	    !reading_get(r, r->priv, AMI_F_mlx5e_nr_channels, &count))
		return false;
	if (count > MAX_CHANNELS) {
		reading_damaged(r, "number of channels", r->priv);
		return false;
	}
	for (i = 0; i < count && !reading_stopped(r); i++) {
		mem = ami_read_u64(r->kernel, list + 8 * i, &channel);
		if (mem != AMI_MEM_OK)
			reading_unread(r, "pointer to a channel", list + 8 * i,
				       mem);
		else if (channel)
			complete &= read_channel(r, channel, i);
	}
	return (count || reading_none(r, "channel")) && complete;
}

/* A function of the device that is no PCI function has a part of its own. */
static bool read_other_core(struct reading *r)
{
	uint64_t mdev, bound;

	if (!reading_get(r, r->priv, AMI_F_mlx5e_mdev, &mdev) ||
	    !reading_get(r, r->device->dev, AMI_F_device_driver_data, &bound))
		return false;
	return mdev == bound || mlx5_read_core(r, mdev);
}

static bool read_mlx5e(struct reading *r)
{
	uint64_t netdev;
	bool complete;

	if (!reading_get(r, r->priv, AMI_F_mlx5e_netdev, &netdev))
		return false;
	/* An interface over InfiniBand keeps its state in another way. */
	if (netdev != r->netdev) {
		reading_left_out(r, "queues of this kind of interface");
		return true;
	}
	complete = read_channels(r);
	complete &= read_ptp(r);
	complete &= read_trap(r);
	return read_other_core(r) && complete;
}

const struct reader reader_mlx5e = {
	.driver = "mlx5_core", .of = READ_INTERFACE,
	.needs = AMI_F_mlx5e_channels, .read = read_mlx5e,
};
