// SPDX-License-Identifier: GPL-2.0-or-later
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <amdiommu/pfnset.h>

#include "spare.h"

/* Not every system's <linux/magic.h> has it. */
#define XFS_MAGIC	0x58465342

bool stdout_file(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/fd/1", path, size - 1);
	struct stat st;

	path[n > 0 ? n : 0] = '\0';
	return *path == '/' && !fstat(STDOUT_FILENO, &st) &&
	       S_ISREG(st.st_mode);
}

void spare_folder(const struct job *job, char *path, size_t size)
{
	const char *dump = job->kind == JOB_SPLIT ? job->part[0] : job->output;
	const char *set = getenv("TMPDIR");
	bool known = dump ? snprintf(path, size, "%s", dump) < (int)size :
			    stdout_file(path, size);
	const char *folder = known ? dirname(path) : NULL;

	if (known)
		memmove(path, folder, strlen(folder) + 1);
	else if (snprintf(path, size, "%s", set ? set : "") >= (int)size)
		*path = '\0';
}

bool spare_usable(const char *folder)
{
	struct ami_spill probe;
	struct statfs fs;

	if (!*folder || statfs(folder, &fs))
		return false;
	switch (fs.f_type) {
	case EXT4_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case XFS_MAGIC:
		break;
	default:
		return false;
	}
	if (ami_spill_open(&probe, folder))
		return false;
	ami_spill_close(&probe);
	return true;
}
