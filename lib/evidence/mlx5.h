/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of mlx5: what they share. */
#ifndef AMI_MLX5_H
#define AMI_MLX5_H

#include "reading.h"

/**
 * struct mlx5_queue - a work queue, from a struct mlx5_frag_buf_ctrl
 * @last: index of the last stride
 * @offset: index that the first stride has in the fragments
 * @stride: bytes of a stride, as a shift
 * @per_frag: strides of a fragment, as a shift
 * @frag, @at: the fragment that was looked up last, and its address
 */
struct mlx5_queue {
	struct reading *r;
	uint64_t frags;
	uint32_t last, offset, stride, per_frag;
	uint64_t frag, at;
};

/**
 * mlx5_queue_open() - open the queue at @va
 *
 * False: there is no queue, or a finding says why it cannot be read.
 */
bool mlx5_queue_open(struct reading *r, uint64_t va, struct mlx5_queue *q);

/** mlx5_queue_read() - the first @len bytes of a stride */
bool mlx5_queue_read(struct mlx5_queue *q, uint32_t index, void *buf, size_t len);

/**
 * mlx5_add_buffer() - add a struct mlx5_frag_buf to the open transfer
 *
 * A buffer that was never allocated adds nothing. False: a part of it was not added;
 * a finding says why.
 */
bool mlx5_add_buffer(struct reading *r, uint64_t va, const char *what);

/**
 * mlx5_receive_queue() - add the buffers of a struct mlx5e_rq
 * @label: what transfers call it: "receive queue 0"
 */
bool mlx5_receive_queue(struct reading *r, uint64_t rq, const char *label);

/** mlx5_read_core() - add what the device writes for the struct mlx5_core_dev @mdev */
bool mlx5_read_core(struct reading *r, uint64_t mdev);

#endif
