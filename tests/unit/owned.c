// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "owned.h"

static const struct {
	enum ami_field field;
	uint32_t offset, size;
} members[] = {
	{ AMI_F_page_flags, 0, 8 },
	{ AMI_F_page_compound_head, 8, 8 },
	{ AMI_F_page_pp_magic, 8, 8 },
	{ AMI_F_page_slab_cache, 16, 8 },
	{ AMI_F_page_mapping, 24, 8 },
	{ AMI_F_page_objects, 40, 2 },
	{ AMI_F_page_private, 40, 8 },
	{ AMI_F_page_type, 48, 4 },
	{ AMI_F_page_refcount, 52, 4 },
	{ AMI_F_kmem_cache_flags, 0, 8 },
	{ AMI_F_kmem_cache_size, 8, 4 },
	{ AMI_F_kmem_cache_object_size, 12, 4 },
	{ AMI_F_kmem_cache_inuse, 16, 4 },
	{ AMI_F_kmem_cache_red_left_pad, 20, 4 },
	{ AMI_F_kmem_cache_name, 24, 8 },
	{ AMI_F_kmem_cache_refcount, 32, 4 },
	{ AMI_F_address_space_host, 0, 8 },
	{ AMI_F_inode_ino, 0, 8 },
	{ AMI_F_inode_sb, 8, 8 },
	{ AMI_F_inode_dentry, 16, 8 },
	{ AMI_F_dentry_alias, 8, 8 },
	{ AMI_F_dentry_name, 0, 8 },
	{ AMI_F_super_block_id, 0, 32 },
	{ AMI_F_page_index, 32, 8 },
	{ AMI_F_task_tasks, 0, 16 },
	{ AMI_F_task_stack, 16, 8 },
	{ AMI_F_task_mm, 24, 8 },
	{ AMI_F_task_pid, 32, 4 },
	{ AMI_F_task_tgid, 36, 4 },
	{ AMI_F_task_comm, 40, 16 },
	{ AMI_F_anon_vma_areas, 16, 8 },
	{ AMI_F_anon_vma_chain_vma, 0, 8 },
	{ AMI_F_anon_vma_chain_rb, 8, 24 },
	{ AMI_F_rb_right, 8, 8 },
	{ AMI_F_rb_left, 16, 8 },
	{ AMI_F_vma_start, 0, 8 },
	{ AMI_F_vma_end, 8, 8 },
	{ AMI_F_vma_pgoff, 16, 8 },
	{ AMI_F_vma_mm, 24, 8 },
};

uint64_t owned_page(unsigned int page)
{
	return image_va(MEMMAP + (BUFFER / AMI_PAGE_SIZE + page) *
			PAGE_STRUCT);
}

void owned_mark(struct owned *f, unsigned int page, enum ami_field field,
		uint64_t value)
{
	machine_set(f->m, owned_page(page), field, value);
}

void owned_without(struct ami_layout *l, enum ami_field field)
{
	l->field[field].present = false;
}

static void add_layout(struct owned *f)
{
	struct ami_layout *l = image_layout(f->m->img);
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		l->field[members[i].field] = (struct ami_member){
			.present = true, .offset = members[i].offset,
			.size = members[i].size,
		};
	owned_without(l, AMI_F_slab_slab_cache);
	owned_without(l, AMI_F_slab_objects);
	owned_without(l, AMI_F_slab_s_mem);
	owned_without(l, AMI_F_kmem_cache_num);
	owned_without(l, AMI_F_page_compound_info);
	owned_without(l, AMI_F_page_folio_index);
	owned_without(l, AMI_F_task_thread_node);
	l->type_size[AMI_T_page] = PAGE_STRUCT;
	l->enumerator[AMI_E_PG_slab].present = true;
	l->enumerator[AMI_E_PG_slab].value = PG_SLAB;
	l->enumerator[AMI_E_PG_reserved].present = true;
	l->enumerator[AMI_E_PG_reserved].value = PG_RESERVED;
	image_vmcoreinfo_add(f->m->img,
			     "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n");
}

uint64_t owned_text(struct owned *f, const char *string)
{
	uint64_t at = image_alloc(f->m->img, 1);

	image_write(f->m->img, at, string, strlen(string) + 1);
	return image_va(at);
}

uint64_t owned_file(struct owned *f, const char *name)
{
	uint64_t mapping = machine_object(f->m, 64);
	uint64_t inode = machine_object(f->m, 64);
	uint64_t dentry = machine_object(f->m, 64);

	machine_set(f->m, mapping, AMI_F_address_space_host, inode);
	machine_set(f->m, inode, AMI_F_inode_ino, 42);
	machine_set(f->m, inode, AMI_F_inode_sb, owned_text(f, "sda1"));
	machine_set(f->m, inode, AMI_F_inode_dentry, dentry + 8);
	machine_set(f->m, dentry, AMI_F_dentry_name, owned_text(f, name));
	return mapping;
}

static void make_cache(struct owned *f)
{
	f->cache = machine_object(f->m, 64);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_flags,
		    1ull << 10 | 1ull << 31);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_size, SLOT);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_object_size, OBJECT);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_inuse, OBJECT + 8);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_refcount, 1);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_red_left_pad, LEFT);
	machine_set(f->m, f->cache, AMI_F_kmem_cache_name,
		    owned_text(f, "kmalloc-192"));
}

/* Objects in turn allocated and free, as slub_debug=FZP leaves them. */
static void fill_slab(struct owned *f)
{
	uint8_t page[AMI_PAGE_SIZE];
	unsigned int i;

	for (i = 0; i < AMI_PAGE_SIZE / SLOT; i++) {
		uint8_t *slot = page + i * SLOT;

		memset(slot, i % 2 ? RED_INACTIVE : RED_ACTIVE, SLOT);
		memset(slot + LEFT, i % 2 ? 0x6b : 'o', OBJECT);
		if (i % 2)
			slot[LEFT + OBJECT - 1] = 0xa5;
	}
	image_write(f->m->img, BUFFER + SLAB * AMI_PAGE_SIZE, page,
		    sizeof(page));
}

static void add_owners(struct owned *f)
{
	uint8_t filled[AMI_PAGE_SIZE];
	unsigned int i;

	memset(filled, FREE_FILL, sizeof(filled));
	image_write(f->m->img, BUFFER, filled, sizeof(filled));
	for (i = 0; i < PAGES; i++) {
		owned_mark(f, i, AMI_F_page_type, UINT32_MAX);
		owned_mark(f, i, AMI_F_page_refcount, i != FREE);
	}
	owned_mark(f, FREE, AMI_F_page_type, BUDDY);
	owned_mark(f, SLAB, AMI_F_page_flags, 1 << PG_SLAB);
	owned_mark(f, SLAB, AMI_F_page_slab_cache, f->cache);
	owned_mark(f, SLAB, AMI_F_page_objects, AMI_PAGE_SIZE / SLOT);
	owned_mark(f, CACHED, AMI_F_page_mapping, owned_file(f, "passwd"));
	owned_mark(f, ANON, AMI_F_page_mapping, image_va(0x123000) | 1);
	owned_mark(f, RESERVED, AMI_F_page_flags, 1 << PG_RESERVED);
	owned_mark(f, NETWORK, AMI_F_page_pp_magic, 0xdead000000000040ull);
	owned_mark(f, HEAD, AMI_F_page_mapping, image_va(0x123000) | 1);
	owned_mark(f, TAIL, AMI_F_page_compound_head, owned_page(HEAD) | 1);
}

int owned_setup(void **state)
{
	struct owned *f = calloc(1, sizeof(*f));
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};

	assert_non_null(f);
	f->m = machine_new_sized(SHAPE_6_1, 0, 0xff,
				 (MEMMAP + MEMMAP_SIZE) / AMI_PAGE_SIZE);
	add_layout(f);
	machine_variable(f->m, AMI_SYM_vmemmap_base, image_va(MEMMAP));
	machine_variable(f->m, AMI_SYM__page_poisoning_enabled, 1);
	make_cache(f);
	fill_slab(f);
	add_owners(f);
	f->root = dte.host_root = machine_v1(f->m, BUFFER, PAGES);
	machine_device(f->m, NIC, "nic",
		       machine_domain(f->m, 4, 3, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(f->m, NIC, &dte);
	*state = f;
	return 0;
}

int owned_teardown(void **state)
{
	struct owned *f = *state;

	machine_free(f->m);
	free(f);
	return 0;
}

void owned_task(struct owned *f, uint64_t list, int pid,
		const char *comm, uint64_t mm)
{
	uint64_t task = machine_object(f->m, 64);

	machine_set(f->m, task, AMI_F_task_stack, machine_object(f->m, 4096));
	machine_set(f->m, task, AMI_F_task_mm, mm);
	machine_set(f->m, task, AMI_F_task_pid, pid);
	machine_set(f->m, task, AMI_F_task_tgid, pid);
	machine_write(f->m, task + 40, comm, strlen(comm) + 1);
	machine_list_add(f->m, list, task);
}

uint64_t owned_area(struct owned *f, uint64_t mm, uint64_t start,
		    uint64_t pages, uint64_t offset)
{
	uint64_t area = machine_object(f->m, 64);
	uint64_t chain = machine_object(f->m, 64);

	machine_set(f->m, area, AMI_F_vma_start, start);
	machine_set(f->m, area, AMI_F_vma_end, start + pages * AMI_PAGE_SIZE);
	machine_set(f->m, area, AMI_F_vma_pgoff, offset);
	machine_set(f->m, area, AMI_F_vma_mm, mm);
	machine_set(f->m, chain, AMI_F_anon_vma_chain_vma, area);
	return chain + 8;
}

void owned_says(struct owned *f, unsigned int page, const char *text)
{
	char said[AMI_OWNER_TEXT_SIZE];

	ami_owner_describe(f->m->ex->owners, BUFFER + (page << 12), said,
			   sizeof(said));
	assert_string_equal(said, text);
}

const struct ami_finding *owned_finding(const struct owned *f,
					const char *code)
{
	const struct ami_findings *all = f->m->state->findings;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (all->list[i].code == machine_code(code))
			return &all->list[i];
	return NULL;
}
