// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hosts extensions as makedumpfile's extension.c does (June 2026), to the
 * letter: what it looks up by name, in which order, what makes it skip one
 * extension or all. Instead of filtering it writes down, for each page of the
 * input, what was decided ('+' include, '-' exclude, '.' undecided), and
 * "dumps" by copying.
 *
 * usage: mdfhost [--extension FILE.so]... [-F] -d LEVEL VMCORE DUMPFILE
 * DECISIONS in the environment names the file to write decisions to.
 * HOST_EXIT: exit status after all is done.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/headers.h>

#include "abi.h"

#define MAX_EXTENSIONS	16
#define PG_INCLUDE	0
#define PG_EXCLUDE	1
#define PG_UNDECID	2

struct extension {
	const char *name;
	void *handle;
	int (*cb)(unsigned long pfn, const void *pcache);
};

static struct {
	struct ami_dump *dump;
	struct ami_headers *headers;
	struct extension ext[MAX_EXTENSIONS];
	int n;
} host;

/* The host's own tables, which extension.c registers last. */
const char __start_init_ksyms[1] __attribute__((aligned(8)));
extern const char __stop_init_ksyms[1]
	__attribute__((alias("__start_init_ksyms")));
extern const char __start_init_ktypes[1]
	__attribute__((alias("__start_init_ksyms")));
extern const char __stop_init_ktypes[1]
	__attribute__((alias("__start_init_ksyms")));

int readmem(int type, unsigned long long addr, void *buf, size_t size);

/* makedumpfile reads pages, and of an extract has zeros where it was blanked. */
static bool read_blanked(unsigned long long addr, uint8_t *to, size_t size)
{
	bool any = false;

	while (size) {
		size_t n = AMI_GRANULE - addr % AMI_GRANULE;

		if (n > size)
			n = size;
		memset(to, 0, n);
		any |= ami_dump_read(host.dump, addr, to, n) == AMI_MEM_OK;
		addr += n;
		to += n;
		size -= n;
	}
	return any;
}

int readmem(int type, unsigned long long addr, void *buf, size_t size)
{
	if (type != 1)
		return 0;
	if (ami_dump_read(host.dump, addr, buf, size) != AMI_MEM_OK &&
	    !read_blanked(addr, buf, size)) {
		fprintf(stderr, "readmem: addr:%llx failed\n", addr);
		return 0;
	}
	return (int)size;
}

static void load(char *const *names, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		struct extension e = { .name = names[i] };

		e.handle = dlopen(names[i], RTLD_NOW);
		if (!e.handle) {
			fprintf(stderr, "Failed to load %s\n", dlerror());
			continue;
		}
		if (!dlsym(e.handle, "extension_init")) {
			fprintf(stderr, "Skip extension %s: No extension_init()\n",
				names[i]);
			dlclose(e.handle);
			continue;
		}
		e.cb = dlsym(e.handle, "extension_callback");
		host.ext[host.n++] = e;
		fprintf(stderr, "Loaded extension: %s\n", names[i]);
	}
}

static bool has_section(void *handle, const char *kind)
{
	char start[64], stop[64];

	snprintf(start, sizeof(start), "__start_%s", kind);
	snprintf(stop, sizeof(stop), "__stop_%s", kind);
	if (dlsym(handle, start) && dlsym(handle, stop))
		return true;
	fprintf(stderr, "Invalid section start/stop\n");
	return false;
}

static bool register_all(void)
{
	int i;

	for (i = 0; i < host.n; i++)
		if (!has_section(host.ext[i].handle, "init_ksyms") ||
		    !has_section(host.ext[i].handle, "init_ktypes"))
			return false;
	return !host.n || (has_section(NULL, "init_ksyms") &&
			   has_section(NULL, "init_ktypes"));
}

/* Knows init_task and task_struct.mm, nothing else. */
static void resolve(void *handle)
{
	struct ksym_info **y = dlsym(handle, "__start_init_ksyms");
	struct ksym_info **y_end = dlsym(handle, "__stop_init_ksyms");
	struct ktype_info **t = dlsym(handle, "__start_init_ktypes");
	struct ktype_info **t_end = dlsym(handle, "__stop_init_ktypes");

	for (; y < y_end; y++)
		if (!strcmp((*y)->symname, "init_task")) {
			(*y)->value = 0xffffffff82a1b480;
			(*y)->index = 1;
		}
	for (; t < t_end; t++)
		if ((*t)->member_name && !strcmp((*t)->member_name, "mm")) {
			(*t)->member_bit_offset = 8 * 2384;
			(*t)->member_size = 8;
			(*t)->struct_size = 9792;
			(*t)->index = 1;
		}
}

static bool runnable(void *handle)
{
	struct ksym_info **y = dlsym(handle, "__start_init_ksyms");
	struct ksym_info **y_end = dlsym(handle, "__stop_init_ksyms");
	struct ktype_info **t = dlsym(handle, "__start_init_ktypes");
	struct ktype_info **t_end = dlsym(handle, "__stop_init_ktypes");
	bool ok = true;

	for (; y < y_end; y++)
		if ((*y)->sym_required && (*y)->index < 0)
			ok = false;
	for (; t < t_end; t++)
		if (((*t)->member_required || (*t)->struct_required) &&
		    (*t)->index < 0)
			ok = false;
	return ok;
}

static void unload(void)
{
	int i;

	for (i = 0; i < host.n; i++)
		dlclose(host.ext[i].handle);
	host.n = 0;
}

static void init(char *const *names, int count)
{
	void (*start)(void);
	int i;

	load(names, count);
	if (!register_all()) {
		fprintf(stderr, "fail & skip all extensions\n");
		unload();
		return;
	}
	for (i = 0; i < host.n; i++)
		resolve(host.ext[i].handle);
	for (i = 0; i < host.n; i++) {
		if (!runnable(host.ext[i].handle)) {
			host.ext[i].cb = NULL;
			fprintf(stderr, "Skip %dth extension\n", i + 1);
			continue;
		}
		start = dlsym(host.ext[i].handle, "extension_init");
		start();
	}
}

static int ask(unsigned long pfn, const void *pcache)
{
	int i, ret = PG_UNDECID;

	for (i = 0; i < host.n; i++) {
		int said = host.ext[i].cb ? host.ext[i].cb(pfn, pcache) :
					    PG_UNDECID;

		if (said == PG_INCLUDE)
			return PG_INCLUDE;
		if (said == PG_EXCLUDE)
			ret = said;
	}
	return ret;
}

/* Two passes, as when the disk is full and makedumpfile tries again. */
static bool decide_all(FILE *out)
{
	static const char page[64];
	uint64_t pfn, max = ami_headers_info(host.headers)->max_pfn;
	char *first = malloc(max + 1);
	bool same = first != NULL;

	for (pfn = 0; first && pfn < max; pfn++) {
		bool ram = ami_headers_ram(host.headers, pfn);

		first[pfn] = ram ? "+-."[ask(pfn, page)] : ' ';
	}
	for (pfn = 0; first && pfn < max; pfn++)
		if (first[pfn] != ' ' && first[pfn] != "+-."[ask(pfn, page)])
			same = false;
	if (first && out)
		fwrite(first, 1, max, out);
	free(first);
	return same;
}

static bool copy(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			return false;
	return !close(in) && !close(out) && !n;
}

static int open_input(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	host.headers = ami_headers_read(fd, path, NULL);
	host.dump = ami_dump_open(&path, 1, NULL);
	if (fd >= 0)
		close(fd);
	return host.headers && host.dump ? 0 : -1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "extension", required_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	char *names[MAX_EXTENSIONS];
	const char *decisions = getenv("DECISIONS"), *code = getenv("HOST_EXIT");
	int c, count = 0;
	FILE *out;

	while ((c = getopt_long(argc, argv, "Fd:", options, NULL)) != -1)
		if (c == 'x' && count < MAX_EXTENSIONS)
			names[count++] = optarg;
	if (argc - optind != 2)
		return 64;
	if (open_input(argv[optind]))
		return 66;
	init(names, count);
	out = decisions ? fopen(decisions, "w") : NULL;
	if (!decide_all(out))
		return 70;
	if (out)
		fclose(out);
	if (!copy(argv[optind], argv[optind + 1]))
		return 73;
	unload();
	ami_headers_free(host.headers);
	ami_dump_close(host.dump);
	return code ? atoi(code) : 0;
}
