/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_MARKS_H
#define AMDIOMMU_MARKS_H

#include <amdiommu/exposure.h>
#include <amdiommu/newfile.h>

/*
 * Marks: which pages of a dump may differ from the panic, in a container that
 * travels with the dump, and pages that the dump lacks or got too late. The
 * bytes: docs/marks-format.md.
 */

#define AMI_MARKS_SUFFIX	".amdiommu"	/* of the sidecar, after DUMP */

/* What a container may have at most; crash reads a dump's notes at once. */
#define AMI_MARKS_MAX_BYTES	(32u << 20)
#define AMI_MARKS_MAX_SAVED	4096u

/**
 * struct ami_dump_id - which crash it is
 * @release, @build_id: "" when VMCOREINFO does not tell
 * @crash_time: seconds since 1970, 0 when unknown
 * @kernel_offset, @phys_base: where this boot put the kernel
 * @max_pfn: as the file's headers had it; it depends on the format
 */
struct ami_dump_id {
	char release[128];
	char build_id[48];
	uint64_t crash_time;
	uint64_t kernel_offset;
	uint64_t phys_base;
	uint64_t max_pfn;
};

/** struct ami_mark - an exposure; see struct ami_exposure
 * @set: its pages in ami_marks.sets, -1 when none can be named */
struct ami_mark {
	struct ami_requester requester;
	enum ami_class class;
	enum ami_certainty certainty;
	bool all_ram, complete;
	uint64_t count, outside;
	int set;
	struct ami_iova_range *iovas;
	size_t nr_iovas;
};

/**
 * struct ami_observation - pages that changed between two readings
 * @first, @second: begin and end of each, nanoseconds since 1970
 * @watched: how many pages were compared
 * @beyond: how many marked pages were not: more than there was room for
 */
struct ami_observation {
	int set;
	uint64_t first[2], second[2];
	uint64_t watched, beyond;
};

/**
 * struct ami_saved - a page frame as it was at @time, zlib-compressed
 * @served, @differs: the dump's reader asked for it; the dump has it, but not
 *	with this content
 */
struct ami_saved {
	uint64_t pfn;
	uint64_t time;
	uint32_t size;
	bool served, lacking, differs;
	uint8_t *data;
};

struct ami_marks_finding {
	enum ami_severity severity;
	char *code, *where, *text;
};

/**
 * struct ami_marks - marks of one dump
 * @made: when, nanoseconds since 1970
 * @kernel: release of the kernel that ran when they were made
 * @tool: the program that made them
 * @in_capture: from /proc/vmcore, in the capture kernel
 * @unproved: used as asked for, though only UNPROVED (enum ami_bound)
 * @sets: of page frames; devices that share a page table share one
 * @saved: ascending by page frame, unless just being collected
 */
struct ami_marks {
	struct ami_dump_id id;
	uint64_t made;
	char kernel[65];
	char tool[48];
	bool in_capture;
	bool unproved;
	enum ami_capture capture;
	struct ami_pfnset **sets;
	size_t nr_sets;
	struct ami_mark *list;
	size_t count;
	struct ami_observation *observed;
	size_t nr_observed;
	struct ami_saved *saved;
	size_t nr_saved;
	enum ami_verdict verdict;
	char *reason[AMI_MAX_REASONS];
	size_t nr_reasons;
	struct ami_marks_finding *findings;
	size_t nr_findings;
};

/**
 * ami_marks_build() - marks from a finished analysis
 * @in_capture: it was made in the capture kernel
 *
 * Copies what it needs. NULL with @err filled on failure.
 */
struct ami_marks *ami_marks_build(const struct ami_exposures *ex,
				  bool in_capture, struct ami_error *err);
void ami_marks_free(struct ami_marks *marks);

/** ami_dump_identify() - from VMCOREINFO */
void ami_dump_identify(const struct ami_dump *dump, struct ami_dump_id *id);

/**
 * ami_marks_save_state() - carry the pages that the IOMMU state was read from
 *
 * Rings, logs, semaphores and device tables first, then the rest, and what
 * drivers' evidence was read from, up to @most pages. Pages that cannot be read are left out. -1: no memory.
 */
int ami_marks_save_state(struct ami_marks *marks,
			 const struct ami_exposures *ex, size_t most);

/**
 * ami_marks_inherit() - carry on what older marks of the dump observed and saved
 *
 * They were nearer to the panic. Before ami_marks_save_state(). -1: no memory.
 */
int ami_marks_inherit(struct ami_marks *marks, const struct ami_marks *old);

/**
 * ami_marks_observe() - add pages whose content changed
 * @o: its set is filled in here
 *
 * @pages is copied. -1: no memory.
 */
int ami_marks_observe(struct ami_marks *marks, const struct ami_pfnset *pages,
		      const struct ami_observation *o);

/** ami_marks_write() - the container; *@bytes is malloc'ed, the caller's. */
int ami_marks_write(const struct ami_marks *marks, uint8_t **bytes,
		    size_t *len, struct ami_error *err);

/**
 * ami_marks_parse() - read a container, or what `dev -v` of crash extracted
 *
 * Pure: looks at nothing but @bytes, which are not trusted and not kept. What
 * follows the container is ignored. AMI_ERR_INPUT: these are no marks at all.
 */
struct ami_marks *ami_marks_parse(const uint8_t *bytes, size_t len,
				  struct ami_error *err);

/**
 * enum ami_bound - do marks belong to a dump?
 *
 * OTHER: a field that both have differs. UNPROVED: none does, but the crash
 * time or the release, which tell crashes apart, is missing on one side. SAME.
 */
enum ami_bound { AMI_BOUND_OTHER, AMI_BOUND_UNPROVED, AMI_BOUND_SAME };

/** ami_marks_bind() - unless SAME, @err (status AMI_ERR_DATA) says why. */
enum ami_bound ami_marks_bind(const struct ami_marks *marks,
			      const struct ami_dump *dump,
			      struct ami_error *err);

/**
 * ami_marks_pages() - all pages of marks of a class; AMI_CLASSES: of any
 *
 * The caller frees it; NULL: no memory.
 */
struct ami_pfnset *ami_marks_pages(const struct ami_marks *marks, int class);

/** enum ami_marks_from - where marks were found */
enum ami_marks_from {
	AMI_MARKS_NONE,
	AMI_MARKS_NOTE,		/* a note in the dump */
	AMI_MARKS_SIDECAR,	/* DUMP.amdiommu */
	AMI_MARKS_FILE,		/* the file that was asked for */
};

const char *ami_marks_from_name(enum ami_marks_from from);

/**
 * ami_marks_find() - marks that came with a dump
 * @file: to read them from, NULL: a note, else the sidecar; @dump's own path:
 *	its note
 * @err: status AMI_OK when there are none; else why they are not used
 *
 * Returns NULL without marks of this dump. Marks whose crash is not proved to be
 * that of the dump are used only from a @file that was asked for.
 */
struct ami_marks *ami_marks_find(const struct ami_dump *dump, const char *file,
				 enum ami_marks_from *from,
				 struct ami_error *err);

/** ami_marks_read() - marks from a file of their own, of whatever dump */
struct ami_marks *ami_marks_read(const char *path, struct ami_error *err);

/** ami_marks_serve() - have @dump give saved pages; @marks must outlive it. */
void ami_marks_serve(struct ami_marks *marks, struct ami_dump *dump);

/* What the filter leaves in DUMP.amdiommu where it could make no marks. */
#define AMI_MARKS_NONE_MADE	"amdiommu: no marks: "

/** ami_marks_is_file() - does a file that begins so hold marks, or the reason
 * why there are none? */
bool ami_marks_is_file(const uint8_t *head, size_t len);

/**
 * struct ami_marks_runner - runs what writes to a dump, at some risk
 * @run: calls @fn, perhaps in another process; returns what it returns, -1 if
 *	it came to no end, anything else while it may still write
 */
struct ami_marks_runner {
	int (*run)(void *ctx, int (*fn)(void *arg, struct ami_error *err),
		   void *arg, struct ami_error *err);
	void *ctx;
};

/** struct ami_marks_note - sizes of a dump @before and @after it got a note */
struct ami_marks_note {
	uint64_t before, after;
};

/**
 * ami_marks_to_dump() - @bytes as a note in a finished kdump-compressed dump
 * @runner: NULL: here
 * @note: may be NULL
 *
 * In place; marks that it has are renewed. Whenever this is cut off, the file
 * is as readable as before; on failure it is byte for byte what it was. Returns
 * as @runner, with @err filled unless 0; AMI_ERR_DATA: the file is not one that
 * can take a note.
 */
int ami_marks_to_dump(const char *path, const uint8_t *bytes, size_t len,
		      const struct ami_marks_runner *runner,
		      struct ami_marks_note *note, struct ami_error *err);

/**
 * ami_marks_to_file() - @bytes as a file of their own, complete or not at all
 *
 * -1 with @err filled.
 */
int ami_marks_to_file(const char *path, const uint8_t *bytes, size_t len,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err);

#endif
