// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "klog.h"

#define COUNT_BITS	11u
#define COUNT		(1u << COUNT_BITS)
#define SIZE_BITS	18u
#define SIZE		(1u << SIZE_BITS)
#define FINALIZED	(2ull << 62)
#define ID_MASK		(UINT64_MAX >> 2)
#define FIRST_ID	(ID_MASK - COUNT)

static uint64_t pages(struct machine *m, uint64_t bytes)
{
	return image_va(image_alloc(m->img, bytes / AMI_PAGE_SIZE + 1));
}

/* The log before 5.10: records of their own length behind each other. */
static void start_old(struct klog *l, struct machine *m, uint64_t first)
{
	l->data = pages(m, SIZE);
	machine_variable(m, AMI_SYM_log_buf, l->data);
	machine_variable(m, AMI_SYM_log_buf_len, SIZE);
	machine_variable(m, AMI_SYM_log_first_idx, 0);
	machine_variable(m, AMI_SYM_log_first_seq, first);
	l->next_seq = machine_variable(m, AMI_SYM_log_next_seq, first);
	l->pos = 0;
}

static void add_old(struct klog *l, unsigned int level, unsigned int facility,
		    const char *device, const char *text)
{
	uint32_t header = image_layout(l->m->img)->type_size[AMI_T_printk_log];
	uint64_t at = l->data + l->pos, len = strlen(text);
	char dict[80] = "";
	size_t dict_len = *device ? 1 + snprintf(dict, sizeof(dict),
						 "SUBSYSTEM=pci%cDEVICE=%s", 0,
						 device) - 1 : 0;
	uint64_t size = (header + len + dict_len + 7) & ~7ull;

	machine_set(l->m, at, AMI_F_printk_log_ts, ++l->seq * 1000000);
	machine_set(l->m, at, AMI_F_printk_log_len, size);
	machine_set(l->m, at, AMI_F_printk_log_text_len, len);
	machine_set(l->m, at, AMI_F_printk_log_dict_len, dict_len);
	machine_set(l->m, at, AMI_F_printk_log_level, level);
	machine_set(l->m, at, AMI_F_printk_log_facility, facility);
	machine_write(l->m, at + header, text, len);
	machine_write(l->m, at + header + len, dict, dict_len);
	machine_write(l->m, l->next_seq, &l->seq, sizeof(l->seq));
	l->pos += size;
}

void klog_start(struct klog *l, struct machine *m, uint64_t first)
{
	const struct ami_layout *layout = image_layout(m->img);

	*l = (struct klog){ .m = m, .id = FIRST_ID, .seq = first,
			    .pos = -(uint64_t)SIZE };
	if (machine_has(m, AMI_F_printk_log_len)) {
		start_old(l, m, first);
		return;
	}
	l->prb = machine_object(m, 256);
	l->descs = pages(m, COUNT * layout->type_size[AMI_T_prb_desc]);
	l->infos = pages(m, COUNT * layout->type_size[AMI_T_printk_info]);
	l->data = pages(m, SIZE);
	machine_variable(m, AMI_SYM_prb, l->prb);
	machine_set(m, l->prb, AMI_F_prb_count_bits, COUNT_BITS);
	machine_set(m, l->prb, AMI_F_prb_size_bits, SIZE_BITS);
	machine_set(m, l->prb, AMI_F_prb_descs, l->descs);
	machine_set(m, l->prb, AMI_F_prb_infos, l->infos);
	machine_set(m, l->prb, AMI_F_prb_data, l->data);
	machine_set(m, l->prb, AMI_F_prb_tail_id, FIRST_ID);
}

void klog_add(struct klog *l, unsigned int level, unsigned int facility,
	      const char *device, const char *text)
{
	const struct ami_layout *layout = image_layout(l->m->img);
	uint64_t id = l->id++ & ID_MASK, at = l->data + l->pos % SIZE;
	uint64_t next = l->pos + 8 + ((strlen(text) + 7) & ~7ull);
	uint64_t desc = l->descs + id % COUNT *
			layout->type_size[AMI_T_prb_desc];
	uint64_t info = l->infos + id % COUNT *
			layout->type_size[AMI_T_printk_info];
	char name[48] = "";

	if (l->next_seq) {
		add_old(l, level, facility, device, text);
		return;
	}
	snprintf(name, sizeof(name), "%s", device);
	machine_set(l->m, desc, AMI_F_prb_desc_state, FINALIZED | id);
	machine_set(l->m, desc, AMI_F_prb_desc_begin, l->pos);
	machine_set(l->m, desc, AMI_F_prb_desc_next, next);
	machine_set(l->m, info, AMI_F_printk_seq, l->seq);
	machine_set(l->m, info, AMI_F_printk_ts, ++l->seq * 1000000);
	machine_set(l->m, info, AMI_F_printk_text_len, strlen(text));
	machine_set(l->m, info, AMI_F_printk_level, level);
	machine_set(l->m, info, AMI_F_printk_facility, facility);
	machine_write(l->m, info + layout->field[AMI_F_printk_device].offset,
		      name, sizeof(name));
	machine_write(l->m, at, &id, sizeof(id));
	machine_write(l->m, at + 8, text, strlen(text));
	machine_set(l->m, l->prb, AMI_F_prb_head_id, id);
	l->pos = next;
}

void klog_say(struct klog *l, const char *text)
{
	klog_add(l, 3, 0, "", text);
}
