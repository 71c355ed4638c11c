// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/analysis.h>
#include <amdiommu/fileio.h>
#include <amdiommu/marks.h>

#include "decide.h"
#include "marking.h"
#include "spare.h"
#include "watch.h"

struct bytes {
	void *data;	/* malloc'ed; NULL: unreadable */
	size_t len;
};

static struct bytes read_all(int fd)
{
	struct bytes b = { .len = ami_file_size(fd) };

	b.data = malloc(b.len + 1);
	if (b.data && !ami_file_read_at(fd, b.data, b.len, 0)) {
		free(b.data);
		b.data = NULL;
	}
	return b;
}

static int put_container(const struct ami_marks *marks, int fd,
			 struct ami_error *err)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	int ret;

	ret = ami_marks_write(marks, &bytes, &len, err);
	if (!ret && !ami_file_write_at(fd, bytes, len, 0))
		ret = ami_error_set(err, AMI_ERR_OUTPUT,
				    "no room for the marks: %s",
				    strerror(errno));
	free(bytes);
	return ret;
}

/* Its vmcore exists, or a setting says where it is. */
static bool in_capture_kernel(void)
{
	char cmdline[4096] = " ";
	FILE *f;

	if (!access("/proc/vmcore", F_OK))
		return true;
	f = fopen("/proc/cmdline", "re");
	if (!f)
		return false;
	if (!fgets(cmdline + 1, sizeof(cmdline) - 1, f))
		cmdline[1] = '\0';
	fclose(f);
	return strstr(cmdline, " elfcorehdr=") != NULL;
}

static int write_marks(const struct ami_analysis *a, int fd,
		       struct ami_error *err)
{
	const struct ami_marking how = {
		.in_capture = in_capture_kernel(), .save = true,
	};
	struct ami_marks *m = ami_analysis_marks(a, &how, err);
	int ret;

	if (!m)
		return -1;
	ret = put_container(m, fd, err);
	ami_marks_free(m);
	return ret;
}

/* --- watch ------------------------------------------------------------------ */

/* An untranslated device marks all memory: there is no list to watch. */
static int hash_marked(const struct ami_analysis *a, const struct marking *m,
		       struct ami_error *err)
{
	struct ami_pfnset *pages = ami_analysis_pages(a);
	struct ami_dump *dump = m->open(m->input, err);
	int ret;

	if (!dump)
		ret = -1;
	else if (!pages)
		ret = ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	else
		ret = watch_hash(dump, pages, m->hashes, err);
	ami_pfnset_free(pages);
	ami_dump_close(dump);
	return ret;
}

static int write_decisions(const struct marking *m,
			   const struct ami_analysis *a, struct ami_error *err)
{
	struct ami_pfnset *read;
	int ret;

	if (ami_analysis_read_all(a, err))
		return -1;
	read = ami_analysis_read(a);
	if (!read)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	ret = decide_write(a, read, m->decisions, err);
	ami_pfnset_free(read);
	return ret;
}

int marking_make(const struct marking *m, struct ami_error *err)
{
	const struct ami_analyse_options options = {
		.folder = spare_usable(m->spare) ? m->spare : NULL,
		.record = m->decisions >= 0,
		.look = AMI_LOOK_NONE,
	};
	struct ami_dump *dump = m->open(m->input, err);
	struct ami_analysis *a;
	int ret;

	if (!dump)
		return -1;
	a = ami_analyse(dump, &ami_layout_btf, &options, err);
	if (!a)
		return -1;
	ret = write_marks(a, m->marks, err);
	if (!ret && m->decisions >= 0)
		ret = write_decisions(m, a, err);
	if (!ret && m->hashes >= 0)
		ret = hash_marked(a, m, err);
	if (!ret && ami_analysis_lost(a))
		ret = ami_error_set(err, AMI_ERR_OUTPUT,
				    "a temporary file in %s cannot be read back",
				    m->spare);
	ami_analysis_free(a);
	return ret;
}

static int write_observed(int marks, int out, const struct ami_pfnset *changed,
			  const struct watch_times *t, struct ami_error *err)
{
	const struct ami_observation o = {
		.first = { t->first_begin, t->first_end },
		.second = { t->second_begin, t->second_end },
		.watched = t->pages, .beyond = t->beyond,
	};
	struct bytes b = read_all(marks);
	struct ami_marks *m = NULL;
	int ret = -1;

	if (b.data)
		m = ami_marks_parse(b.data, b.len, err);
	else
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	free(b.data);
	if (m && ami_marks_observe(m, changed, &o))
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	else if (m)
		ret = put_container(m, out, err);
	ami_marks_free(m);
	return ret;
}

int marking_observe(const char *input, int marks, int hashes, int out,
		    struct ami_error *err)
{
	struct ami_dump *dump = ami_dump_open(&input, 1, err);
	struct ami_pfnset *changed = ami_pfnset_new();
	struct watch_times times;
	int ret = -1;

	if (dump && changed &&
	    !watch_compare(dump, hashes, changed, &times, err))
		ret = write_observed(marks, out, changed, &times, err);
	ami_pfnset_free(changed);
	ami_dump_close(dump);
	return ret;
}

/* --- into the dump ------------------------------------------------------------ */

int marking_take(const char *path, int out, struct ami_error *err)
{
	struct ami_marks *m = ami_marks_read(path, err);
	int ret;

	if (!m)
		return -1;
	ret = put_container(m, out, err);
	ami_marks_free(m);
	return ret;
}

static bool write_record(void *ctx, uint64_t offset, const void *data,
			 size_t len)
{
	uint64_t head[2] = { htobe64(offset), htobe64(len) };
	FILE *out = ctx;

	return fwrite(head, sizeof(head), 1, out) == 1 &&
	       fwrite(data, len, 1, out) == 1;
}

static int write_records(const struct ami_marks_target *dump,
			 const struct bytes *marks, int out,
			 struct ami_error *err)
{
	int copy = dup(out), ret;
	FILE *to = copy >= 0 ? fdopen(copy, "w") : NULL;

	if (!to) {
		if (copy >= 0)
			close(copy);
		return ami_error_set(err, AMI_ERR_MEMORY,
				     "no room for the records");
	}
	ret = ami_marks_patch(dump, marks->data, marks->len, write_record, to,
			      err);
	if (fclose(to) && !ret)
		ret = ami_error_set(err, AMI_ERR_MEMORY,
				    "no room for the records");
	return ret;
}

int marking_records(int head, uint64_t size, int marks, int out,
		    struct ami_error *err)
{
	const struct ami_marks_target dump = { head, size };
	struct bytes b = read_all(marks);
	int ret;

	if (b.data)
		ret = write_records(&dump, &b, out, err);
	else
		ret = ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	free(b.data);
	return ret;
}
