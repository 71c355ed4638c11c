// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "shapes.h"

#define ALIGN		16u	/* room of a member, whatever it is */
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* One name per structure and way to write it. */
enum variant {
	GLOBALS = 0,		/* device table and its like: variables */
	SEGMENTS = 1 << 0,	/* ... in amd_iommu_pci_seg */
	PDEV = 1 << 1,		/* iommu_dev_data.pdev */
	DEV = 1 << 2,		/* iommu_dev_data.dev */
	ATS_STRUCT = 1 << 3,	/* ats.enabled */
	ATS_BITS = 1 << 4,	/* ats_enabled : 1 */
	PT_ROOT = 1 << 5,	/* protection_domain.pt_root */
	IOP = 1 << 6,		/* amd_io_pgtable: mode, root */
	IOP_PGD = 1 << 7,	/* ... and pgd: v2 tables for the DMA API */
	GENERIC_PT = 1 << 8,
	PD_MODE = 1 << 9,
	DOMAIN_GCR3 = 1 << 10,
	DEVICE_GCR3 = 1 << 11,
	FQ_IN_IOVAD = 1 << 12,
	FQ_IN_COOKIE = 1 << 13,	/* per CPU */
	FQ_SINGLE = 1 << 14,	/* per CPU or one for all, with mod_mask */
	COOKIE_TYPE = 1 << 15,	/* iommu_dma_cookie.type */
	TYPED_COOKIE = 1 << 16,	/* iommu_domain.cookie_type */
	FREE_LIST = 1 << 17,	/* iova_fq_entry.freelist: through page.lru */
	FREE_PAGES = 1 << 18,	/* ... through ioptdesc */
	EFR2 = 1 << 19,
	SEM_PADDR = 1 << 20,	/* the kernel that reuses tables in kdump */
	NESTED = 1 << 21,
	CACHES_INSIDE = 1 << 22,	/* iova_domain.rcaches: an array */
	DEPOT_ARRAY = 1 << 23,	/* ... later a list of magazines */
	SEGMENT_NUMBER = 1 << 24,	/* amd_iommu.pci_seg: no pointer yet */
	ATOMIC_NUMBER = 1 << 25,	/* amd_iommu.cmd_sem_val */
	LOG_RECORDS = 1 << 26,	/* the log before 5.10 */
};

/*
 * RHEL 8: a 4.18 with the IOMMU code of 5.13 (4.18.0-408); its earlier minor
 * releases have the log of 4.18, too. 5.10, 6.1, 6.12, 6.18, 7: as released. 5.17 (Ubuntu 5.19 has it): flush queue
 * moved to the cookie, tables still global. SLES 15 SP5 (5.14): that queue and
 * the segments of 6.0, but io_pgtable without pgd. RHEL 9: the IOMMU code of
 * 6.12 in a 5.14 whose VMCOREINFO has no kallsyms keys, with numbers of
 * completion waits as 6.18 has them. SLES 15 SP6 (6.4):
 * per-domain GCR3 with the ATS bits of 6.8. Ubuntu 6.8: those and single_fq, but
 * no pd_mode. Ubuntu 5.15: global tables, io_pgtable without pgd, flush queue in
 * iova_domain.
 */
const struct shape_info shapes[SHAPES] = {
	[SHAPE_RHEL_8_OLD] = {
		"RHEL 8, old log", GLOBALS | PDEV | ATS_STRUCT | PT_ROOT |
		DOMAIN_GCR3 | FQ_IN_IOVAD | COOKIE_TYPE | CACHES_INSIDE |
		DEPOT_ARRAY | SEGMENT_NUMBER | LOG_RECORDS,
		SIGNED_BASE_LONG, SYMBOLS_BY_SHAPE,
	},
	[SHAPE_RHEL_8] = {
		"RHEL 8", GLOBALS | PDEV | ATS_STRUCT | IOP | DOMAIN_GCR3 |
		FQ_IN_IOVAD | COOKIE_TYPE | CACHES_INSIDE | DEPOT_ARRAY |
		SEGMENT_NUMBER,
		SIGNED_BASE_LONG, SYMBOLS_BY_SHAPE,
	},
	[SHAPE_5_10] = {
		"5.10", GLOBALS | PDEV | ATS_STRUCT | PT_ROOT | DOMAIN_GCR3 |
		FQ_IN_IOVAD | COOKIE_TYPE | CACHES_INSIDE | DEPOT_ARRAY,
		SIGNED_BASE, SYMBOLS_BY_SHAPE,
	},
	[SHAPE_UBUNTU_5_15] = {
		"Ubuntu 5.15", GLOBALS | PDEV | ATS_STRUCT | IOP |
		DOMAIN_GCR3 | FQ_IN_IOVAD | COOKIE_TYPE | CACHES_INSIDE |
		DEPOT_ARRAY | SEGMENT_NUMBER,
		SIGNED_BASE, SYMBOLS_BY_SHAPE,
	},
	[SHAPE_5_17] = {
		"5.17", GLOBALS | PDEV | ATS_STRUCT | IOP | DOMAIN_GCR3 |
		FQ_IN_COOKIE | COOKIE_TYPE | FREE_LIST | CACHES_INSIDE |
		DEPOT_ARRAY | SEGMENT_NUMBER,
		SIGNED_BASE, SYMBOLS_BY_SHAPE,
	},
	[SHAPE_SLES_5_14] = {
		"SLES 5.14", SEGMENTS | DEV | ATS_STRUCT | IOP | DOMAIN_GCR3 |
		FQ_IN_COOKIE | COOKIE_TYPE | FREE_LIST | DEPOT_ARRAY,
		SIGNED_BASE, SYMBOLS_BY_SHAPE,
	},
	[SHAPE_6_1] = {
		"6.1", SEGMENTS | DEV | ATS_STRUCT | IOP | IOP_PGD |
		DOMAIN_GCR3 | FQ_IN_COOKIE | COOKIE_TYPE | FREE_LIST | EFR2 |
		DEPOT_ARRAY,
		SIGNED_BASE, SYMBOLS_BY_KEYS,
	},
	[SHAPE_SLES_6_4] = {
		"SLES 6.4", SEGMENTS | DEV | ATS_BITS | IOP | IOP_PGD |
		DOMAIN_GCR3 | FQ_IN_COOKIE | COOKIE_TYPE | FREE_LIST | EFR2 |
		DEPOT_ARRAY,
		SIGNED_BASE, SYMBOLS_BY_KEYS,
	},
	[SHAPE_UBUNTU_6_8] = {
		"Ubuntu 6.8", SEGMENTS | DEV | ATS_BITS | IOP | IOP_PGD |
		DOMAIN_GCR3 | FQ_SINGLE | COOKIE_TYPE | FREE_LIST | EFR2,
		SIGNED_BASE, SYMBOLS_BY_KEYS,
	},
	[SHAPE_RHEL_9] = {
		"RHEL 9", SEGMENTS | DEV | ATS_BITS | IOP | IOP_PGD | PD_MODE |
		DEVICE_GCR3 | FQ_SINGLE | COOKIE_TYPE | FREE_LIST | EFR2 |
		ATOMIC_NUMBER,
		SIGNED_BASE, SYMBOLS_BY_SHAPE,
	},
	[SHAPE_6_12] = {
		"6.12", SEGMENTS | DEV | ATS_BITS | IOP | IOP_PGD | PD_MODE |
		DEVICE_GCR3 | FQ_SINGLE | COOKIE_TYPE | FREE_LIST | EFR2,
		SIGNED_BASE, SYMBOLS_BY_KEYS,
	},
	[SHAPE_6_18] = {
		"6.18", SEGMENTS | DEV | ATS_BITS | IOP | IOP_PGD | PD_MODE |
		DEVICE_GCR3 | FQ_SINGLE | TYPED_COOKIE | FREE_PAGES | EFR2 |
		SEM_PADDR | ATOMIC_NUMBER,
		UNSIGNED_BASE, SYMBOLS_BY_KEYS,
	},
	[SHAPE_7] = {
		"7", SEGMENTS | DEV | ATS_BITS | GENERIC_PT | PD_MODE |
		DEVICE_GCR3 | FQ_SINGLE | TYPED_COOKIE | FREE_PAGES | EFR2 |
		SEM_PADDR | NESTED,
		SELF_RELATIVE, SYMBOLS_BY_KEYS,
	},
};

/* Members that not every shape has: one of these variants brings it. */
static const struct {
	enum ami_field field;
	unsigned int variants;
} optional[] = {
	{ AMI_F_seg_list, SEGMENTS },
	{ AMI_F_seg_id, SEGMENTS },
	{ AMI_F_seg_dev_table, SEGMENTS },
	{ AMI_F_seg_last_bdf, SEGMENTS },
	{ AMI_F_seg_dev_table_size, SEGMENTS },
	{ AMI_F_seg_rlookup_table, SEGMENTS },
	{ AMI_F_seg_irq_lookup_table, SEGMENTS },
	{ AMI_F_seg_alias_table, SEGMENTS },
	{ AMI_F_seg_unity_map, SEGMENTS },
	{ AMI_F_seg_dev_data_list, SEGMENTS },
	{ AMI_F_amd_iommu_features2, EFR2 },
	{ AMI_F_amd_iommu_cmd_sem_paddr, SEM_PADDR },
	{ AMI_F_amd_iommu_cmd_sem_counter, ATOMIC_NUMBER },
	{ AMI_F_iovad_lock_owner, 0 },		/* PREEMPT_RT */
	{ AMI_F_printk_log_ts, LOG_RECORDS },
	{ AMI_F_printk_log_len, LOG_RECORDS },
	{ AMI_F_printk_log_text_len, LOG_RECORDS },
	{ AMI_F_printk_log_dict_len, LOG_RECORDS },
	{ AMI_F_printk_log_facility, LOG_RECORDS },
	{ AMI_F_printk_log_level, LOG_RECORDS },
	{ AMI_F_printk_log_caller, LOG_RECORDS },
	{ AMI_F_dev_data_pdev, PDEV },
	{ AMI_F_dev_data_dev, DEV },
	{ AMI_F_dev_data_ats_510, ATS_STRUCT },
	{ AMI_F_dev_data_ats_enabled, ATS_BITS },
	{ AMI_F_dev_data_gcr3_tbl, DEVICE_GCR3 },
	{ AMI_F_dev_data_gcr3_glx, DEVICE_GCR3 },
	{ AMI_F_dev_data_gcr3_domid, DEVICE_GCR3 },
	{ AMI_F_pdom_pt_root, PT_ROOT },
	{ AMI_F_pdom_iop_mode, IOP },
	{ AMI_F_pdom_iop_root, IOP },
	{ AMI_F_pdom_iop_pgd, IOP_PGD },
	{ AMI_F_pdom_amdv1_top, GENERIC_PT },
	{ AMI_F_pdom_amdv2_top, GENERIC_PT },
	{ AMI_F_pdom_pd_mode, PD_MODE },
	{ AMI_F_pdom_gcr3_tbl, DOMAIN_GCR3 },
	{ AMI_F_pdom_glx, DOMAIN_GCR3 },
	{ AMI_F_iommu_domain_cookie_type, TYPED_COOKIE },
	{ AMI_F_cookie_type, COOKIE_TYPE },
	{ AMI_F_cookie_fq, FQ_IN_COOKIE },
	{ AMI_F_cookie_single_fq, FQ_SINGLE },
	{ AMI_F_cookie_percpu_fq, FQ_SINGLE },
	{ AMI_F_cookie_qt, FQ_SINGLE },
	{ AMI_F_cookie_start_cnt, FQ_IN_COOKIE | FQ_SINGLE },
	{ AMI_F_cookie_finish_cnt, FQ_IN_COOKIE | FQ_SINGLE },
	{ AMI_F_cookie_fq_timer_on, FQ_IN_COOKIE | FQ_SINGLE },
	{ AMI_F_iovad_fq, FQ_IN_IOVAD },
	{ AMI_F_iovad_start_cnt, FQ_IN_IOVAD },
	{ AMI_F_iovad_finish_cnt, FQ_IN_IOVAD },
	{ AMI_F_iovad_fq_timer_on, FQ_IN_IOVAD },
	{ AMI_F_fq_mod_mask, FQ_SINGLE },
	{ AMI_F_magazine_next, FQ_SINGLE },
	{ AMI_F_fq_entry_freelist, FREE_LIST | FREE_PAGES },
	{ AMI_F_ioptdesc_node, FREE_PAGES },
};

/* What is not 8 bytes long. */
static const struct {
	enum ami_field field;
	uint16_t size;
	uint8_t bits;
} sized[] = {
	{ AMI_F_pci_dev_dev, 0x100, 0 },
	{ AMI_F_cookie_iovad, 0x300, 0 },
	{ AMI_F_iovad_lock, 4, 0 },
	{ AMI_F_iovad_anchor, 0x80, 0 },
	{ AMI_F_iova_node, 3 * ALIGN, 0 },
	{ AMI_F_rcache_depot_size, 4, 0 },
	{ AMI_F_magazine_pfns, 8 * SHAPE_MAGAZINE, 0 },
	{ AMI_F_host_bridge_windows, 16, 0 },
	{ AMI_F_resource_entry_node, 16, 0 },
	{ AMI_F_pdom_domain, 0x80, 0 },
	{ AMI_F_fq_entries, SHAPE_FQ_ENTRIES * 5 * ALIGN, 0 },
	{ AMI_F_amd_iommu_devid, 2, 0 },
	{ AMI_F_amd_iommu_cmd_buf_tail, 4, 0 },
	{ AMI_F_amd_iommu_need_sync, 1, 0 },
	{ AMI_F_seg_id, 2, 0 },
	{ AMI_F_seg_last_bdf, 2, 0 },
	{ AMI_F_seg_dev_table_size, 4, 0 },
	{ AMI_F_dev_data_devid, 2, 0 },
	{ AMI_F_dev_data_ats_510, 1, 0 },
	{ AMI_F_dev_data_ats_enabled, 1, 1 },
	{ AMI_F_dev_data_defer_attach, 1, 0 },
	{ AMI_F_dev_data_gcr3_glx, 4, 0 },
	{ AMI_F_dev_data_gcr3_domid, 2, 0 },
	{ AMI_F_pdom_id, 2, 0 },
	{ AMI_F_pdom_pd_mode, 4, 0 },
	{ AMI_F_pdom_dirty_tracking, 1, 0 },
	{ AMI_F_pdom_iop_mode, 4, 0 },
	{ AMI_F_iommu_domain_type, 4, 0 },
	{ AMI_F_iommu_domain_cookie_type, 4, 0 },
	{ AMI_F_cookie_type, 4, 0 },
	{ AMI_F_cookie_fq_timer_on, 4, 0 },
	{ AMI_F_iovad_fq_timer_on, 4, 0 },
	{ AMI_F_cookie_qt, 4, 0 },
	{ AMI_F_fq_entry_freelist, 16, 0 },
	{ AMI_F_page_lru, 16, 0 },
	{ AMI_F_ioptdesc_node, 16, 0 },
	{ AMI_F_fq_head, 4, 0 },
	{ AMI_F_fq_tail, 4, 0 },
	{ AMI_F_fq_mod_mask, 4, 0 },
	{ AMI_F_printk_text_len, 2, 0 },
	{ AMI_F_printk_facility, 1, 0 },
	{ AMI_F_printk_level, 1, 3 },
	{ AMI_F_printk_subsystem, 16, 0 },
	{ AMI_F_printk_device, 48, 0 },
	{ AMI_F_printk_log_len, 2, 0 },
	{ AMI_F_printk_log_text_len, 2, 0 },
	{ AMI_F_printk_log_dict_len, 2, 0 },
	{ AMI_F_printk_log_facility, 1, 0 },
	{ AMI_F_printk_log_level, 1, 3 },
	{ AMI_F_printk_log_caller, 4, 0 },
};

/* What is a pointer in other shapes: arrays, and a number. */
static const struct {
	enum ami_field field;
	unsigned int variant;
	uint16_t size;
} no_pointers[] = {
	{ AMI_F_amd_iommu_pci_seg, SEGMENT_NUMBER, 2 },
	{ AMI_F_iovad_rcaches, CACHES_INSIDE, 6 * 4 * ALIGN },
	{ AMI_F_rcache_depot, DEPOT_ARRAY, 2 * ALIGN },
};

static bool has(enum shape shape, enum ami_field f)
{
	size_t i;

	if (!strcmp(ami_field_wants[f].type, "printk_ringbuffer") ||
	    !strcmp(ami_field_wants[f].type, "printk_info") ||
	    !strcmp(ami_field_wants[f].type, "prb_desc"))
		return !(shapes[shape].variants & LOG_RECORDS);
	for (i = 0; i < COUNT(optional); i++)
		if (optional[i].field == f)
			return shapes[shape].variants & optional[i].variants;
	return true;
}

static struct ami_member member(enum shape shape, enum ami_field f,
				uint32_t at)
{
	struct ami_member m = {
		.present = true, .offset = at, .size = 8,
	};
	size_t i;

	for (i = 0; i < COUNT(sized); i++) {
		if (sized[i].field != f)
			continue;
		m.size = sized[i].size;
		m.bit_size = sized[i].bits;
		/* Bits that start at 0 would hide a wrong shift. */
		m.bit_offset = sized[i].bits ? 3 : 0;
	}
	for (i = 0; i < COUNT(no_pointers); i++)
		if (no_pointers[i].field == f &&
		    shapes[shape].variants & no_pointers[i].variant)
			m.size = no_pointers[i].size;
	return m;
}

/* Where the next member goes: behind all that are there already. */
static uint32_t end_of(const struct ami_layout *l, const char *type)
{
	uint32_t end = 0;
	int i;

	for (i = 0; i < AMI_NR_CORE_FIELDS; i++) {
		uint32_t at = l->field[i].offset + l->field[i].size;

		if (l->field[i].present &&
		    !strcmp(type, ami_field_wants[i].type) && at > end)
			end = at;
	}
	return (end + ALIGN - 1) / ALIGN * ALIGN;
}

/* "kobj" as a whole starts where the first of "kobj.name" and the like does. */
static bool whole_of(const struct ami_layout *l, int field, uint32_t *at)
{
	const struct ami_field_want *want = &ami_field_wants[field];
	size_t len = strlen(want->path);
	int i;

	for (i = 0; i < field; i++) {
		if (strcmp(want->type, ami_field_wants[i].type) ||
		    strncmp(want->path, ami_field_wants[i].path, len) ||
		    ami_field_wants[i].path[len] != '.' ||
		    !l->field[i].present)
			continue;
		*at = l->field[i].offset;
		return true;
	}
	return false;
}

/* An atomic64_t is a structure, and no longer than what it holds. */
static bool is_small(enum ami_field f)
{
	return f == AMI_F_amd_iommu_cmd_sem_val;
}

/* Members of a structure follow each other in the order of fields.h. */
void shape_layout(enum shape shape, struct ami_layout *l)
{
	int i, t;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < AMI_NR_CORE_FIELDS; i++) {
		const char *type = ami_field_wants[i].type;
		uint32_t at = end_of(l, type);

		if (!has(shape, i))
			continue;
		if (whole_of(l, i, &at))
			l->field[i] = (struct ami_member){
				.present = true, .offset = at,
				.size = is_small(i) ? 8 : SHAPE_INNER,
			};
		else
			l->field[i] = member(shape, i, at);
		for (t = 0; t < AMI_NR_CORE_TYPES; t++)
			if (!strcmp(type, ami_type_wants[t].name))
				l->type_size[t] = end_of(l, type);
	}
	l->type_size[AMI_T_page] = 64;
	if (shapes[shape].variants & NESTED)
		l->type_size[AMI_T_nested_domain] = 0x100;
	if (shapes[shape].variants & PD_MODE) {
		l->enumerator[AMI_E_PD_MODE_V2].present = true;
		l->enumerator[AMI_E_PD_MODE_V2].value = 2;
	}
}
