// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults from outside (LD_PRELOAD) in a child process of makedumpfile-amdiommu
 * or of makedumpfile with the extension, never in that process itself.
 *
 * FAULT=NAME:N  at the Nth read or write of a file. kill, segv: by that signal;
 * hang, spin: for ever; hangwrite: a write does; eio: reads fail from then on; nospace: writes do;
 * short: reads find the end of the file from then on; eat: all the memory that
 * can be had, then SIGABRT. Reads of files without a name, our own, do not count.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define STEP	(1u << 20)

static pid_t parent;
static unsigned int calls;

__attribute__((constructor)) static void remember(void)
{
	parent = getpid();
}

static void eat(void)
{
	char *p;

	while ((p = mmap(NULL, STEP, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED)
		memset(p, 1, STEP);
	abort();
}

static int is(const char *fault, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(fault, name, len) && fault[len] == ':' &&
	       ++calls >= (unsigned int)atoi(fault + len + 1);
}

static int nameless(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && !st.st_nlink;
}

/* Returns the errno with which the call has to fail, 0 for none. */
static int at_call(int write, int fd)
{
	const char *fault = getenv("FAULT");

	if (!fault || getpid() == parent)
		return 0;
	if (write && is(fault, "hangwrite"))
		for (;;)
			pause();
	if (write)
		return is(fault, "nospace") ? ENOSPC : 0;
	if (nameless(fd))
		return 0;
	if (is(fault, "kill"))
		raise(SIGKILL);
	if (is(fault, "segv"))
		raise(SIGSEGV);
	if (is(fault, "hang"))
		for (;;)
			pause();
	if (is(fault, "spin"))
		for (;;)
			__asm__ volatile("" ::: "memory");
	if (is(fault, "eat"))
		eat();
	return is(fault, "eio") ? EIO : is(fault, "short") ? -1 : 0;
}

typedef ssize_t read_fn(int, void *, size_t, off_t);
typedef ssize_t readv_fn(int, const struct iovec *, int, off_t);
typedef ssize_t write_fn(int, const void *, size_t, off_t);

static ssize_t do_read(const char *name, int fd, void *buf, size_t len,
		       off_t at)
{
	int fault = at_call(0, fd);

	if (fault > 0) {
		errno = fault;
		return -1;
	}
	return fault ? 0 :
	       ((read_fn *)dlsym(RTLD_NEXT, name))(fd, buf, len, at);
}

static ssize_t do_write(const char *name, int fd, const void *buf, size_t len,
			off_t at)
{
	int fault = at_call(1, fd);

	if (fault) {
		errno = fault;
		return -1;
	}
	return ((write_fn *)dlsym(RTLD_NEXT, name))(fd, buf, len, at);
}

static ssize_t do_readv(const char *name, int fd, const struct iovec *piece,
			int count, off_t at)
{
	int fault = at_call(0, fd);

	if (fault > 0) {
		errno = fault;
		return -1;
	}
	return fault ? 0 :
	       ((readv_fn *)dlsym(RTLD_NEXT, name))(fd, piece, count, at);
}

ssize_t preadv(int fd, const struct iovec *piece, int count, off_t at)
{
	return do_readv("preadv", fd, piece, count, at);
}

ssize_t preadv64(int fd, const struct iovec *piece, int count, off_t at)
{
	return do_readv("preadv64", fd, piece, count, at);
}

ssize_t pread(int fd, void *buf, size_t len, off_t at)
{
	return do_read("pread", fd, buf, len, at);
}

ssize_t pread64(int fd, void *buf, size_t len, off_t at)
{
	return do_read("pread64", fd, buf, len, at);
}

/* makedumpfile's own way, with --non-mmap. */
ssize_t read(int fd, void *buf, size_t len)
{
	static ssize_t (*next)(int, void *, size_t);
	int fault = at_call(0, fd);

	if (fault > 0) {
		errno = fault;
		return -1;
	}
	if (!next)
		next = (ssize_t (*)(int, void *, size_t))
		       dlsym(RTLD_NEXT, "read");
	return fault ? 0 : next(fd, buf, len);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return do_write("pwrite", fd, buf, len, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off_t at)
{
	return do_write("pwrite64", fd, buf, len, at);
}

ssize_t pwritev2(int fd, const struct iovec *piece, int count, off_t at,
		 int flags)
{
	static ssize_t (*next)(int, const struct iovec *, int, off_t, int);

	if (at_call(1, fd)) {
		errno = ENOSPC;
		return -1;
	}
	if (!next)
		next = (ssize_t (*)(int, const struct iovec *, int, off_t, int))
		       dlsym(RTLD_NEXT, "pwritev2");
	return next(fd, piece, count, at, flags);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	static ssize_t (*next)(int, const void *, size_t);

	if (at_call(1, fd)) {
		errno = ENOSPC;
		return -1;
	}
	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))
		       dlsym(RTLD_NEXT, "write");
	return next(fd, buf, len);
}
