/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of mlx5: what they share. */
#ifndef AMI_MLX5_H
#define AMI_MLX5_H

#include "reading.h"

/**
 * struct mlx5_queue - a work queue, from a struct mlx5_frag_buf_ctrl
 * @last: index of the last stride; @offset: of the first one in the fragments
 * @stride, @per_frag: bytes of a stride, strides of a fragment, as shifts
 */
struct mlx5_queue {
	struct reading *r;
	uint64_t frags;
	uint32_t last, offset, stride, per_frag;
	uint64_t frag, at;	/* the fragment that was looked up last, and where */
};

/** mlx5_queue_open() - open the queue at @va; false: none is there, or it is reported */
bool mlx5_queue_open(struct reading *r, uint64_t va, struct mlx5_queue *q);

/** mlx5_queue_read() - the first @len bytes of a stride */
bool mlx5_queue_read(struct mlx5_queue *q, uint32_t index, void *buf, size_t len);

/**
 * mlx5_add_buffer() - add a struct mlx5_frag_buf to the open transfer
 *
 * One that was never allocated adds nothing. False: not all of it, and reported.
 */
bool mlx5_add_buffer(struct reading *r, uint64_t va, const char *what);

/**
 * mlx5_receive_queue() - buffers of a struct mlx5e_rq
 * @label: "receive queue 0"
 */
bool mlx5_receive_queue(struct reading *r, uint64_t rq, const char *label);

/** mlx5_read_core() - what the device writes for the struct mlx5_core_dev @mdev */
bool mlx5_read_core(struct reading *r, uint64_t mdev);

#endif
