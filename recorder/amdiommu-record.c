// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * amdiommu-record: has the IOMMUs' registers and command rings written into
 * memory when the kernel crashes, so that the dump has them. Nothing runs until
 * then: a BPF program and its map are pinned, and this program ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include <bpf/bpf.h>

#include "recorder.h"

static const char usage[] =
	"Usage: amdiommu-record load|unload|status [--json]\n"
	"\n"
	"load     prepare the kernel to record IOMMU registers at a crash\n"
	"unload   stop that, and free the memory\n"
	"status   will a crash be recorded? Exit code 0: yes; --json for programs\n"
	"\n"
	"See amdiommu-record(8).\n";

static int give_up(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static int give_up(const char *fmt, ...)
{
	va_list args;

	fputs("amdiommu-record: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

/** struct record - the map, and its pages in this process */
struct record {
	int map;
	uint8_t *page;
	uint32_t pages;
	uint64_t self, id;
};

static uint64_t boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void *page_of(const struct record *r, uint32_t number)
{
	return r->page + (size_t)number * AMI_RECORD_PAGE;
}

static void write_head(struct record *r, uint32_t number,
		       enum ami_record_kind kind)
{
	struct ami_record_head *h = page_of(r, number);

	memset(h, 0, AMI_RECORD_PAGE);
	h->magic[0] = AMI_RECORD_MAGIC0 ^ AMI_RECORD_MAGIC_KEY;
	h->magic[1] = AMI_RECORD_MAGIC1 ^ AMI_RECORD_MAGIC_KEY;
	h->version = AMI_RECORD_VERSION;
	h->kind = kind;
	h->page = number;
	h->pages = r->pages;
	h->self = r->self + (uint64_t)number * AMI_RECORD_PAGE;
	h->id = r->id;
}

static void write_copies(struct record *r, uint32_t iommu, uint32_t first,
			 enum ami_record_kind kind, uint64_t va)
{
	uint32_t part, at = 0;

	for (part = 0; part < AMI_RECORD_PARTS; part++) {
		struct ami_record_copy *c = page_of(r, first + part);

		write_head(r, first + part, kind);
		c->iommu = iommu;
		c->va = va;
		c->offset = at;
		c->bytes = 2 * AMI_RECORD_PAGE - at < AMI_RECORD_DATA ?
			   2 * AMI_RECORD_PAGE - at : AMI_RECORD_DATA;
		at += c->bytes;
	}
}

static void write_iommu(struct record *r, uint32_t number, const struct unit *u)
{
	static const uint64_t offset[] = {
		0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x2010, 0x2018,
	};
	struct ami_record_iommu *p = page_of(r, number);
	size_t i;

	write_head(r, number, AMI_RECORD_IOMMU);
	p->va = u->va;
	p->mmio_va = u->mmio_va;
	p->mmio_phys = u->mmio_phys;
	p->ring_va = u->ring_va;
	p->log_va = u->log_va;
	p->log_bytes = u->log_bytes;
	p->semaphore_va = u->semaphore_va;
	for (i = 0; i < AMI_RECORD_REGISTERS; i++)
		p->offset[i] = i < sizeof(offset) / sizeof(offset[0]) ?
			       offset[i] : UINT64_MAX;
	write_copies(r, number, number + 1, AMI_RECORD_RING, u->ring_va);
	write_copies(r, number, number + 1 + AMI_RECORD_PARTS, AMI_RECORD_LOG,
		     u->log_va);
}

/* All pages as they are before a crash. */
static void write_pages(struct record *r, const struct machine *m)
{
	struct ami_record_machine *p = page_of(r, 0);
	uint32_t i;

	write_head(r, 0, AMI_RECORD_MACHINE);
	p->loaded_ns = boot_ns();
	p->iommus = m->count;
	p->crashing_known = 1;
	for (i = 0; i < m->count; i++)
		write_iommu(r, 1 + i * AMI_RECORD_EACH, &m->unit[i]);
	for (i = 0; i < r->pages; i++) {
		struct ami_record_head *h = page_of(r, i);

		h->sum = ami_record_sum(h);
	}
}

static int make_record(struct record *r, const struct machine *m)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	size_t size;

	r->pages = 1 + m->count * AMI_RECORD_EACH;
	size = (size_t)r->pages * AMI_RECORD_PAGE;
	r->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, AMI_RECORD_MAP, 4, size, 1,
				&opts);
	if (r->map < 0)
		return give_up("the kernel refused a BPF map of %zu bytes: %s", size,
			       strerror(errno));
	r->page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->map, 0);
	if (r->page == MAP_FAILED)
		return give_up("the BPF map cannot be mapped into memory: %s", strerror(errno));
	if (getrandom(&r->id, sizeof(r->id), 0) != sizeof(r->id))
		r->id = boot_ns();
	r->self = recorder_self(r->map);
	if (!r->self)
		return give_up("the address of the BPF map cannot be read: %s",
			       strerror(errno));
	write_pages(r, m);
	return 0;
}

/* Run it once, as the crash would, and hold the result against the driver. */
static int test_record(struct record *r, const struct machine *m)
{
	char why[400] = "";
	int program = recorder_program(m, r->map, BY_TEST, why, sizeof(why));
	uint32_t i, k;

	if (program < 0)
		return give_up("the kernel refused the BPF program: %s\n%s",
			       strerror(errno), why);
	if (recorder_run(program))
		return give_up("the BPF program cannot be run as a test: %s",
			       strerror(errno));
	for (i = 0; i < m->count; i++) {
		uint32_t first = 1 + i * AMI_RECORD_EACH;
		const struct ami_record_iommu *p = page_of(r, first);

		for (k = 0; k <= AMI_RECORD_PARTS; k++) {
			const struct ami_record_head *h = page_of(r, first + k);

			if (!h->run || h->sum != ami_record_sum(h))
				return give_up("self-test: page %u of the record is not sealed",
					       first + k);
		}
		if (p->bad)
			return give_up("self-test: %u registers of the IOMMU at %#llx cannot be read",
				       (unsigned int)p->bad,
				       (unsigned long long)p->mmio_phys);
		if (p->value[0] == UINT64_MAX || !(p->value[1] & ~0xfffull))
			return give_up("self-test: the registers at %#llx are not those of an IOMMU with a command ring",
				       (unsigned long long)p->mmio_phys);
	}
	write_pages(r, m);
	close(program);
	return 0;
}

static int make_directory(void)
{
	struct statfs fs;

	if (statfs("/sys/fs/bpf", &fs) || fs.f_type != BPF_FS_MAGIC) {
		if (mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
			return give_up("/sys/fs/bpf cannot be mounted: %s",
				       strerror(errno));
	}
	if (mkdir(PIN_DIR, 0700) && errno != EEXIST)
		return give_up("%s cannot be made: %s", PIN_DIR, strerror(errno));
	return 0;
}

static int pin_both(int map, int link)
{
	unlink(PIN_LINK);
	unlink(PIN_MAP);
	if (bpf_obj_pin(map, PIN_MAP) || bpf_obj_pin(link, PIN_LINK)) {
		int error = errno;

		unlink(PIN_MAP);
		return give_up("%s: cannot be pinned: %s", PIN_DIR,
			       strerror(error));
	}
	return 0;
}

/* An older one stays in place until the new one is attached. */
static int load_recorder(void)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct record r;
	char why[400] = "";
	const char *cannot;
	int program, link;

	if (!m)
		return give_up("out of memory");
	setrlimit(RLIMIT_MEMLOCK, &all);	/* kernels before 5.11 */
	cannot = recorder_learn(m);
	if (cannot)
		return give_up("cannot record: %s", cannot);
	if (make_record(&r, m) || test_record(&r, m) || make_directory())
		return 1;
	program = recorder_program(m, r.map, BY_HOOK, why, sizeof(why));
	if (program < 0)
		return give_up("the kernel refused the BPF program for %s: %s\n%s",
			       HOOK, strerror(errno), why);
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0)
		return give_up("the kernel refused to attach the BPF program to %s: %s (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS?)",
			       HOOK, strerror(errno));
	if (pin_both(r.map, link))
		return 1;
	printf("recording %u IOMMU%s at a crash, into %u KiB of memory\n",
	       m->count, m->count == 1 ? "" : "s", r.pages * 4);
	free(m);
	return 0;
}

static int unload_recorder(void)
{
	bool any = !access(PIN_LINK, F_OK) || !access(PIN_MAP, F_OK);

	if ((unlink(PIN_LINK) && errno != ENOENT) ||
	    (unlink(PIN_MAP) && errno != ENOENT))
		return give_up("%s: cannot be removed: %s", PIN_DIR,
			       strerror(errno));
	rmdir(PIN_DIR);
	puts(any ? "no longer recording" : "nothing was loaded");
	return 0;
}

int main(int argc, char **argv)
{
	bool json = argc == 3 && !strcmp(argv[2], "--json");
	const char *command = argc > 1 ? argv[1] : "";

	if (argc == 2 && !strcmp(command, "--help"))
		return fputs(usage, stdout) < 0;
	if (argc == 2 && !strcmp(command, "load"))
		return load_recorder();
	if (argc == 2 && !strcmp(command, "unload"))
		return unload_recorder();
	if ((argc == 2 || json) && !strcmp(command, "status"))
		return recorder_status(json);
	fputs(usage, stderr);
	return 2;
}
