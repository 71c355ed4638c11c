// SPDX-License-Identifier: GPL-2.0-or-later
/* What is known of an open kernel without reading memory. */
#include "kernel.h"

struct ami_dump *ami_kernel_dump(const struct ami_kernel *k)
{
	return k->dump;
}

const struct ami_layout *ami_kernel_layout(const struct ami_kernel *k)
{
	return &k->layout;
}

const char *ami_kernel_source(const struct ami_kernel *k)
{
	return k->source;
}

const char *ami_kernel_release(const struct ami_kernel *k)
{
	return k->release;
}

uint64_t ami_kernel_sme(const struct ami_kernel *k)
{
	return k->sme_mask;
}

int64_t ami_enumerator(const struct ami_kernel *k, enum ami_enumerator e,
		       int64_t fallback)
{
	return k->layout.enumerator[e].present ?
	       k->layout.enumerator[e].value : fallback;
}

uint64_t ami_addr(const struct ami_kernel *k, uint64_t va, enum ami_field f)
{
	return va + k->layout.field[f].offset;
}

uint64_t ami_container(const struct ami_kernel *k, uint64_t va,
		       enum ami_field f)
{
	return va - k->layout.field[f].offset;
}
