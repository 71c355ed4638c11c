/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists that grow: a typed pointer and a count. Both start as zeros, and free()
 * ends them.
 *
 * A list of @count elements has memory for the next power of two, so its capacity
 * needs no member. It grows where the count is 0 or a power of two.
 */
#ifndef AMDIOMMU_VEC_H
#define AMDIOMMU_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/** enum vec_room - is there memory for one more? */
enum vec_room {
	VEC_OK,
	VEC_FULL,	/* the list has as many as it may have: report it */
	VEC_NO_MEMORY,	/* an error; the list is as it was */
};

/* For vec_reserve(); @list is a variable of that type, no cast one. */
static inline enum vec_room vec_grow(void **list, size_t count, size_t max,
				     size_t size)
{
	void *more;

	if (count >= max)
		return VEC_FULL;
	if (count & (count - 1))
		return VEC_OK;
	if (count > SIZE_MAX / 2)
		return VEC_NO_MEMORY;
	more = reallocarray(*list, count ? 2 * count : 1, size);
	if (!more)
		return VEC_NO_MEMORY;
	*list = more;
	return VEC_OK;
}

/**
 * vec_reserve() - make room for one more element
 * @list: a pointer to the elements, of any type
 * @count: how many there are
 * @max: how many there may be
 *
 * Macros cannot take the address of @list, because a pointer to any type is no
 * void pointer (strict aliasing). So they evaluate it more than once.
 */
#define vec_reserve(list, count, max) __extension__ ({			\
	void *vec_list_ = (list);					\
	enum vec_room vec_room_ =					\
		vec_grow(&vec_list_, (count), (max), sizeof(*(list)));	\
									\
	(list) = vec_list_;						\
	vec_room_; })

/**
 * vec_push() - append a value, which comes last: it may have commas
 *
 * The value must not point into @list, which may have moved.
 */
#define vec_push(list, count, max, ...) __extension__ ({		\
	enum vec_room vec_pushed_ = vec_reserve(list, count, max);	\
									\
	if (vec_pushed_ == VEC_OK) {					\
		(list)[count] = __VA_ARGS__;				\
		(count)++;						\
	}								\
	vec_pushed_; })

/**
 * vec_resize() - memory for @room elements, of a list that keeps its capacity
 *
 * False: out of memory, and the list is as it was.
 */
#define vec_resize(list, room) __extension__ ({				\
	void *vec_more_ = reallocarray((list), (room), sizeof(*(list)));	\
									\
	if (vec_more_)							\
		(list) = vec_more_;					\
	vec_more_ != NULL; })

#endif
