// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program that runs at the crash, put together when it is loaded. It follows
 * no pointer: each address is a constant, as IOMMUs and their rings stay where
 * they are. Each read goes through bpf_probe_read_kernel(), which cannot fault.
 * r6 is the context, r7 the map's data, r8 the CPU, r9 counts failed reads.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "recorder.h"

#define MOST		(1u << 18)
#define WHY_LOG		(64u << 10)

struct code {
	struct bpf_insn *list;
	unsigned int count;
	int map;
};

#define AT(type, member)	((uint32_t)offsetof(struct type, member))

static void emit(struct code *c, uint8_t code, int dst, int src, int off,
		 int32_t imm)
{
	if (c->count < MOST)
		c->list[c->count++] = (struct bpf_insn){
			.code = code, .dst_reg = dst, .src_reg = src,
			.off = off, .imm = imm,
		};
}

static void emit_set(struct code *c, int dst, int32_t imm)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void emit_move(struct code *c, int dst, int src)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void emit_add(struct code *c, int dst, int32_t imm)
{
	emit(c, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm);
}

static void emit_call(struct code *c, int helper)
{
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

static void emit_wide(struct code *c, int dst, int src, uint64_t value)
{
	emit(c, BPF_LD | BPF_DW | BPF_IMM, dst, src, 0, (int32_t)value);
	emit(c, 0, 0, 0, 0, src ? 0 : (int32_t)(value >> 32));
}

static void emit_end(struct code *c)
{
	emit_set(c, 0, 0);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Store register @src at @at of the map. Offsets in instructions have 16 bits. */
static void emit_store(struct code *c, uint32_t at, int src)
{
	emit_move(c, 1, 7);
	emit_add(c, 1, at);
	emit(c, BPF_STX | BPF_MEM | BPF_DW, 1, src, 0, 0);
}

/* Copy kernel memory into the map; r0 is not 0 if it failed. */
static void emit_copy(struct code *c, uint32_t at, uint64_t va, uint32_t bytes)
{
	emit_move(c, 1, 7);
	emit_add(c, 1, at);
	emit_set(c, 2, bytes);
	emit_wide(c, 3, 0, va);
	emit_call(c, BPF_FUNC_probe_read_kernel);
	emit(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0);
	emit_add(c, 9, 1);
}

/* r0 = sum of one word at r1 + @off, with the factor in r3 */
static void emit_word(struct code *c, int off)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 4, 1, off, 0);
	emit(c, BPF_ALU64 | BPF_XOR | BPF_X, 0, 4, 0, 0);
	emit(c, BPF_ALU64 | BPF_MUL | BPF_X, 0, 3, 0, 0);
	emit(c, BPF_ALU | BPF_END | BPF_TO_BE, 0, 0, 0, 64);
}

#define UNROLLED	16u

/* ami_record_sum(), then the sum into the page; marks it as filled before. */
static void emit_seal(struct code *c, uint32_t page)
{
	uint32_t words = AMI_RECORD_WORDS - 1, first = 8, i, loop;

	emit_set(c, 2, 1);
	emit_store(c, page + AT(ami_record_head, run), 2);
	emit_move(c, 1, 7);
	emit_add(c, 1, page);
	emit_set(c, 0, AMI_RECORD_VERSION);
	emit_wide(c, 3, 0, AMI_RECORD_SUM_FACTOR);
	for (i = 0; i < AMI_RECORD_SUM_WORD; i++)
		emit_word(c, i * 8);
	while ((words - first) % UNROLLED)
		emit_word(c, first++ * 8);
	emit_set(c, 2, first * 8);
	loop = c->count;
	emit_move(c, 1, 7);
	emit_add(c, 1, page);
	emit(c, BPF_ALU64 | BPF_ADD | BPF_X, 1, 2, 0, 0);
	for (i = 0; i < UNROLLED; i++)
		emit_word(c, i * 8);
	emit_add(c, 2, UNROLLED * 8);
	emit(c, BPF_JMP | BPF_JLT | BPF_K, 2, 0,
	     (int)loop - (int)c->count - 1, words * 8);
	emit_store(c, page + AT(ami_record_head, sum), 0);
}

static void emit_clock(struct code *c, uint32_t at)
{
	emit_call(c, BPF_FUNC_ktime_get_ns);
	emit_store(c, at, 0);
}

static void emit_sample(struct code *c, const struct unit *u, uint32_t page,
			uint32_t number)
{
	uint32_t at = page + AT(ami_record_iommu, sample) +
		      number * sizeof(struct ami_record_sample);

	emit_clock(c, at + AT(ami_record_sample, ns));
	emit_copy(c, at + AT(ami_record_sample, head), u->mmio_va + 0x2000, 8);
	emit_copy(c, at + AT(ami_record_sample, tail), u->mmio_va + 0x2008, 8);
	emit_copy(c, at + AT(ami_record_sample, status), u->mmio_va + 0x2020, 8);
}

static void emit_registers(struct code *c, const struct unit *u, uint32_t page,
			   const struct ami_record_iommu *shape)
{
	unsigned int i;

	for (i = 0; i < AMI_RECORD_REGISTERS; i++)
		if (shape->offset[i] != UINT64_MAX)
			emit_copy(c, page + AT(ami_record_iommu, value) + i * 8,
				  u->mmio_va + shape->offset[i], 8);
	if (u->semaphore_va)
		emit_copy(c, page + AT(ami_record_iommu, semaphore),
			  u->semaphore_va, 8);
}

static void emit_part(struct code *c, uint64_t va, uint32_t page, uint32_t part)
{
	uint32_t at = part * AMI_RECORD_DATA, bytes = 2 * AMI_RECORD_PAGE - at;

	if (bytes > AMI_RECORD_DATA)
		bytes = AMI_RECORD_DATA;
	emit_set(c, 9, 0);
	emit_copy(c, page + AT(ami_record_copy, data), va + at, bytes);
	emit_store(c, page + AT(ami_record_copy, bad), 9);
}

static uint32_t page_at(unsigned int iommu, unsigned int page)
{
	return (1 + iommu * AMI_RECORD_EACH + page) * AMI_RECORD_PAGE;
}

static void emit_iommu(struct code *c, const struct unit *u, unsigned int n,
		       const struct ami_record_iommu *shape)
{
	uint32_t page = page_at(n, 0), i;

	emit_set(c, 9, 0);
	emit_sample(c, u, page, 0);
	emit_registers(c, u, page, shape);
	emit_sample(c, u, page, 1);
	emit_sample(c, u, page, 2);
	emit_sample(c, u, page, 3);
	emit_store(c, page + AT(ami_record_iommu, bad), 9);
	emit_seal(c, page);
	for (i = 0; i < AMI_RECORD_PARTS; i++) {
		emit_part(c, u->ring_va, page_at(n, 1 + i), i);
		emit_seal(c, page_at(n, 1 + i));
	}
	for (i = 0; u->log_bytes == 2 * AMI_RECORD_PAGE &&
	     i < AMI_RECORD_PARTS; i++) {
		emit_part(c, u->log_va, page_at(n, 1 + AMI_RECORD_PARTS + i), i);
		emit_seal(c, page_at(n, 1 + AMI_RECORD_PARTS + i));
	}
}

/*
 * Each CPU that is stopped comes here, and the one that crashes last. Only that
 * one records; the others are counted. Before the others are stopped,
 * crashing_cpu is -1.
 */
static void emit_filter(struct code *c, const struct machine *m)
{
	emit_set(c, 1, -1);
	emit(c, BPF_STX | BPF_MEM | BPF_DW, 10, 1, -8, 0);
	emit_move(c, 1, 10);
	emit_add(c, 1, -8);
	emit_set(c, 2, 4);
	emit_wide(c, 3, 0, m->crashing_va);
	emit_call(c, BPF_FUNC_probe_read_kernel);
	emit(c, BPF_LDX | BPF_MEM | BPF_W, 9, 10, -8, 0);
}

static void emit_others(struct code *c)
{
	emit(c, BPF_JMP32 | BPF_JEQ | BPF_K, 9, 0, 7, -1);
	emit(c, BPF_JMP | BPF_JEQ | BPF_X, 9, 8, 6, 0);
	emit_set(c, 1, 1);
	emit_move(c, 2, 7);
	emit_add(c, 2, AT(ami_record_machine, others));
	emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, 2, 1, 0, BPF_ADD);
	emit_end(c);
}

static void emit_all(struct code *c, const struct machine *m,
		     enum recorder_way way, const struct ami_record_iommu *shape)
{
	unsigned int i;

	emit_move(c, 6, 1);
	emit_wide(c, 7, BPF_PSEUDO_MAP_VALUE, c->map);
	emit_call(c, BPF_FUNC_get_smp_processor_id);
	emit_move(c, 8, 0);
	emit_filter(c, m);
	if (way == BY_HOOK)
		emit_others(c);
	emit_store(c, AT(ami_record_machine, cpu), 8);
	emit_store(c, AT(ami_record_machine, crashing_cpu), 9);
	emit_clock(c, AT(ami_record_machine, begun_ns));
	for (i = 0; i < m->count; i++)
		emit_iommu(c, &m->unit[i], i, shape);
	emit_clock(c, AT(ami_record_machine, ended_ns));
	emit_seal(c, 0);
	emit_end(c);
}

static int load_code(const struct code *c, enum recorder_way way,
		     uint32_t hook, char *why, size_t size)
{
	char *log = calloc(1, WHY_LOG);
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = way == BY_HOOK ? BPF_TRACE_FENTRY : 0,
		    .attach_btf_id = way == BY_HOOK ? hook : 0);
	int fd, error;

	fd = bpf_prog_load(way == BY_HOOK ? BPF_PROG_TYPE_TRACING :
			   BPF_PROG_TYPE_RAW_TRACEPOINT, "amdiommu_record",
			   "GPL", c->list, c->count, &opts);
	error = errno;
	if (fd < 0 && log) {
		opts.log_buf = log;
		opts.log_size = WHY_LOG;
		opts.log_level = 1;
		bpf_prog_load(way == BY_HOOK ? BPF_PROG_TYPE_TRACING :
			      BPF_PROG_TYPE_RAW_TRACEPOINT, "amdiommu_record",
			      "GPL", c->list, c->count, &opts);
		if (size)
			snprintf(why, size, "%s", log + (strlen(log) < size ? 0 :
				 strlen(log) - size + 1));
	}
	free(log);
	errno = error;
	return fd < 0 ? -1 : fd;
}

int recorder_program(const struct machine *m, int map, enum recorder_way way,
		     char *why, size_t size)
{
	struct code c = { .map = map };
	static const uint64_t offset[AMI_RECORD_REGISTERS] = {
		0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x2010, 0x2018,
		[9 ... AMI_RECORD_REGISTERS - 1] = UINT64_MAX,
	};
	struct ami_record_iommu shape;
	int fd;

	memcpy(shape.offset, offset, sizeof(offset));
	c.list = calloc(MOST, sizeof(*c.list));
	if (!c.list)
		return -1;
	emit_all(&c, m, way, &shape);
	errno = E2BIG;
	fd = c.count < MOST ? load_code(&c, way, m->hook, why, size) : -1;
	free(c.list);
	return fd;
}

uint64_t recorder_self(int map)
{
	struct code c = { .map = map };
	struct bpf_insn list[16];
	uint64_t self = 0;
	uint32_t key = 0;
	uint8_t *value;
	int fd;

	c.list = list;
	emit_wide(&c, 7, BPF_PSEUDO_MAP_VALUE, map);
	emit_store(&c, AT(ami_record_head, self), 7);
	emit_end(&c);
	fd = load_code(&c, BY_TEST, 0, NULL, 0);
	value = calloc(AMI_RECORD_PAGES, AMI_RECORD_PAGE);
	if (fd >= 0 && value && !recorder_run(fd) &&
	    !bpf_map_lookup_elem(map, &key, value))
		memcpy(&self, value + AT(ami_record_head, self), sizeof(self));
	free(value);
	if (fd >= 0)
		close(fd);
	return self;
}

int recorder_run(int program)
{
	uint64_t context[12] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = context,
		    .ctx_size_in = sizeof(context));

	return bpf_prog_test_run_opts(program, &opts) ? -1 : 0;
}
