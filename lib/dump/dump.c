// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An open dump: its host, what the file says of itself, who watches, and what
 * was counted.
 */
#include <stdlib.h>
#include <string.h>

#include "handle.h"

const char *ami_mem_text(enum ami_mem mem)
{
	switch (mem) {
	case AMI_MEM_OK:
		return "present";
	case AMI_MEM_FILTERED:
		return "filtered out of the dump";
	case AMI_MEM_ABSENT:
		return "not RAM of this machine";
	case AMI_MEM_ERROR:
		return "unreadable in the dump file";
	case AMI_MEM_UNMAPPED:
		return "not mapped in the kernel's page tables";
	case AMI_MEM_NO_FIELD:
		return "not a member in this kernel";
	case AMI_MEM_DAMAGED:
		return "damaged in memory";
	case AMI_MEM_NO_PLACE:
		return "at an unknown place in its structure";
	case AMI_MEM_LEFT_OUT:
		return "not read (work limit reached)";
	}
	return "unknown";
}

struct ami_dump *ami_dump_new(const struct ami_dump_ops *ops, void *ctx,
			      const struct ami_dump_info *info)
{
	struct ami_dump *dump = calloc(1, sizeof(*dump));
	size_t i;

	if (dump)
		dump->data = malloc((size_t)CACHE_PAGES * AMI_PAGE_SIZE);
	if (!dump || !dump->data) {
		free(dump);
		if (ops->close)
			ops->close(ctx);
		return NULL;
	}
	dump->ops = *ops;
	dump->ctx = ctx;
	dump->info = *info;
	dump->info.listed = info->ram;
	dump->info.nr_listed = info->nr_ram;
	for (i = 0; i < info->nr_ram; i++)
		dump->ram_pages += info->ram[i].count;
	memset(dump->bucket, 0xff, sizeof(dump->bucket));
	ami_dump_run(dump);
	return dump;
}

void ami_dump_close(struct ami_dump *dump)
{
	if (!dump)
		return;
	if (dump->ops.close)
		dump->ops.close(dump->ctx);
	if (dump->recording)
		ami_record_free(&dump->record);
	dump_withheld_free(&dump->withheld);
	free(dump->vmcoreinfo);
	free(dump->vmcoreinfo_from);
	free(dump->all_ram);
	free(dump->data);
	free(dump);
}

const struct ami_dump_info *ami_dump_info(const struct ami_dump *dump)
{
	return &dump->info;
}

int ami_dump_set_vmcoreinfo(struct ami_dump *dump, const char *text,
			    const char *from)
{
	char *a = strdup(text), *b = strdup(from);

	if (!a || !b) {
		free(a);
		free(b);
		return -1;
	}
	free(dump->vmcoreinfo);
	free(dump->vmcoreinfo_from);
	dump->vmcoreinfo = a;
	dump->vmcoreinfo_from = b;
	return 0;
}

const char *ami_dump_vmcoreinfo_from(const struct ami_dump *dump)
{
	return dump->vmcoreinfo_from;
}

const char *ami_dump_vmcoreinfo(const struct ami_dump *dump)
{
	if (dump->vmcoreinfo)
		return dump->vmcoreinfo;
	return dump->ops.vmcoreinfo ? dump->ops.vmcoreinfo(dump->ctx) : NULL;
}

void ami_dump_doing(struct ami_dump *dump, const char *what)
{
	dump->doing = what;
	ami_budget_phase(&dump->budget, what);
}

struct ami_budget *ami_dump_budget(struct ami_dump *dump)
{
	return &dump->budget;
}

void ami_dump_run(struct ami_dump *dump)
{
	ami_budget_run(&dump->budget, dump->info.present ? dump->info.present :
							   dump->ram_pages);
}

void ami_dump_watch(struct ami_dump *dump,
		    void (*watcher)(void *ctx, const char *doing, uint64_t pages),
		    void *ctx)
{
	dump->watcher = watcher;
	dump->watcher_ctx = ctx;
}

bool ami_dump_interrupted(const struct ami_dump *dump)
{
	if (dump->watcher && dump->doing)
		dump->watcher(dump->watcher_ctx, dump->doing, dump->pages_read);
	return dump->ops.interrupted && dump->ops.interrupted(dump->ctx);
}

const char *ami_dump_cut(const struct ami_dump *dump)
{
	if (dump->info.truncated)
		return "truncated: it ends before its own headers say";
	return dump->info.incomplete ?
	       "incomplete: makedumpfile could not finish it, or a part is missing" :
	       NULL;
}

uint64_t ami_dump_cut_reads(const struct ami_dump *dump)
{
	return dump->cut_reads;
}

bool ami_dump_is_extract(const struct ami_dump *dump)
{
	return dump->info.format && !strcmp(dump->info.format, "extract");
}

/* An extract of a cut dump leaves out what could not be read. */
void dump_count_cut(struct ami_dump *dump, enum ami_mem mem)
{
	if (mem == AMI_MEM_FILTERED && ami_dump_is_extract(dump) &&
	    dump->info.incomplete)
		mem = AMI_MEM_ERROR;
	if (mem == AMI_MEM_ERROR && ami_dump_cut(dump))
		dump->cut_reads++;
}

void ami_dump_copy(struct ami_dump *dump)
{
	ami_budget_run(&dump->budget, UINT64_MAX);
}

bool ami_dump_stopped(const struct ami_dump *dump)
{
	return dump->budget.over || ami_dump_interrupted(dump);
}

uint64_t ami_dump_pages_read(const struct ami_dump *dump)
{
	return dump->pages_read;
}

bool ami_dump_left_out(const struct ami_dump *dump)
{
	return dump->left_out;
}
