// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the recorder must know of the running kernel: where its IOMMUs are. Types
 * come from its BTF, addresses from /proc/kallsyms, memory through a small BPF
 * program: /dev/mem and /proc/kcore are closed under lockdown.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "recorder.h"

#define PEEK		64u

/** struct peek - what the program reads: an address, whether it failed, data */
struct peek {
	uint64_t va, failed;
	uint8_t data[PEEK];
};

struct layout {
	int list, mmio_base, mmio_phys, cmd_buf, cmd_sem, evt_buf;
};

struct symbols {
	uint64_t iommus, crashing, log_size;
};

long recorder_number_in(const char *path)
{
	FILE *f = fopen(path, "r");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static bool is_locked(void)
{
	char line[128] = "";
	FILE *f = fopen("/sys/kernel/security/lockdown", "r");
	bool locked = f && fgets(line, sizeof(line), f) &&
		      strstr(line, "[confidentiality]");

	if (f)
		fclose(f);
	return locked;
}

/* An embedded member of no name has its own members. -1: none */
static int member_offset(const struct btf *btf, const struct btf_type *t,
			 const char *name)
{
	const struct btf_member *m = btf_members(t);
	int i;

	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), name))
			return btf_member_bit_offset(t, i) / 8;
	return -1;
}

static const char *learn_types(const struct btf *btf, struct machine *m,
			       struct layout *l)
{
	int id = btf__find_by_name_kind(btf, "amd_iommu", BTF_KIND_STRUCT);
	int hook = btf__find_by_name_kind(btf, HOOK, BTF_KIND_FUNC);
	const struct btf_type *t;

	if (id < 0)
		return "the kernel's types have no struct amd_iommu: it was built without the AMD IOMMU driver";
	if (hook < 0)
		return "the kernel's types do not have the function " HOOK " (built without kexec?)";
	m->hook = hook;
	t = btf__type_by_id(btf, id);
	l->list = member_offset(btf, t, "list");
	l->mmio_base = member_offset(btf, t, "mmio_base");
	l->mmio_phys = member_offset(btf, t, "mmio_phys");
	l->cmd_buf = member_offset(btf, t, "cmd_buf");
	l->cmd_sem = member_offset(btf, t, "cmd_sem");
	l->evt_buf = member_offset(btf, t, "evt_buf");
	if (l->list < 0 || l->mmio_base < 0 || l->mmio_phys < 0 ||
	    l->cmd_buf < 0 || l->cmd_sem < 0 || l->evt_buf < 0)
		return "struct amd_iommu does not have the members that this version knows";
	return NULL;
}

/* One pass: the file has more than a hundred thousand lines. */
static const char *learn_symbols(struct symbols *y)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[512], name[256], type;
	unsigned long long va;
	bool any = false;

	*y = (struct symbols){ 0 };
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %255s", &va, &type, name) != 3 ||
		    strchr(line, '['))
			continue;
		any |= va;
		if (!strcmp(name, "amd_iommu_list"))
			y->iommus = va;
		else if (!strcmp(name, "crashing_cpu"))
			y->crashing = va;
		else if (!strcmp(name, "amd_iommu_evtlog_size"))
			y->log_size = va;
	}
	if (!f)
		return "/proc/kallsyms cannot be read";
	fclose(f);
	if (!any)
		return "/proc/kallsyms hides all addresses: set sysctl kernel.kptr_restrict=1 first";
	if (!y->iommus)
		return "/proc/kallsyms does not have amd_iommu_list";
	if (!y->crashing)
		return "/proc/kallsyms does not have crashing_cpu";
	return NULL;
}

static const char *make_peek(struct machine *m)
{
	LIBBPF_OPTS(bpf_map_create_opts, none);
	struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 6,
		  .src_reg = BPF_PSEUDO_MAP_VALUE }, { 0 },
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 3, .src_reg = 6 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1,
		  .imm = offsetof(struct peek, data) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = PEEK },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 6, .src_reg = 0,
		  .off = offsetof(struct peek, failed) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	m->peek_map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "amdiommu_peek", 4,
				     sizeof(struct peek), 1, &none);
	if (m->peek_map < 0)
		return "the kernel refused a BPF map (are you root?)";
	code[0].imm = m->peek_map;
	m->peek_program = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT,
					"amdiommu_peek", "GPL", code,
					sizeof(code) / sizeof(code[0]), NULL);
	if (m->peek_program >= 0)
		return NULL;
	return is_locked() ?
	       "the kernel is locked down (confidentiality): BPF programs may not read its memory" :
	       "the kernel refused a BPF program that reads its memory";
}

bool recorder_peek(const struct machine *m, uint64_t va, void *to, size_t size)
{
	struct peek p = { .va = va };
	uint32_t key = 0;

	if (size > PEEK || bpf_map_update_elem(m->peek_map, &key, &p, 0) ||
	    recorder_run(m->peek_program) ||
	    bpf_map_lookup_elem(m->peek_map, &key, &p) || p.failed)
		return false;
	memcpy(to, p.data, size);
	return true;
}

static bool learn_unit(const struct machine *m, const struct layout *l,
		       uint64_t va, struct unit *u)
{
	u->va = va;
	return recorder_peek(m, va + l->mmio_base, &u->mmio_va, 8) &&
	       recorder_peek(m, va + l->mmio_phys, &u->mmio_phys, 8) &&
	       recorder_peek(m, va + l->cmd_buf, &u->ring_va, 8) &&
	       recorder_peek(m, va + l->cmd_sem, &u->semaphore_va, 8) &&
	       recorder_peek(m, va + l->evt_buf, &u->log_va, 8) &&
	       u->mmio_va && u->ring_va;
}

static const char *learn_units(struct machine *m, const struct layout *l,
			       const struct symbols *y)
{
	uint64_t at = 0;
	uint32_t size = 0;

	if (!recorder_peek(m, y->iommus, &at, 8))
		return "amd_iommu_list cannot be read";
	if (y->log_size && !recorder_peek(m, y->log_size, &size, 4))
		size = 1;	/* not known: no copy of the log */
	while (at && at != y->iommus) {
		struct unit *u = &m->unit[m->count];

		if (m->count == AMI_RECORD_IOMMUS)
			return "this machine has more IOMMUs than a record has room for";
		if (!learn_unit(m, l, at - l->list, u))
			return "an IOMMU of amd_iommu_list cannot be read";
		u->log_bytes = size ? size : 2 * AMI_RECORD_PAGE;
		if (!u->log_va)
			u->log_bytes = 0;
		m->count++;
		if (!recorder_peek(m, at, &at, 8))
			return "amd_iommu_list cannot be read to its end";
	}
	return m->count ? NULL : "no AMD IOMMU is at work in this machine";
}

const char *recorder_learn(struct machine *m)
{
	struct symbols y;
	struct layout l;
	struct btf *btf;
	const char *why;

	if (!access("/proc/vmcore", F_OK))
		return "this is a capture kernel";
	btf = btf__load_vmlinux_btf();
	if (!btf)
		return "the kernel has no type information (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)";
	why = learn_types(btf, m, &l);
	btf__free(btf);
	if (!why)
		why = learn_symbols(&y);
	if (why)
		return why;
	m->crashing_va = y.crashing;
	why = make_peek(m);
	return why ? why : learn_units(m, &l, &y);
}
