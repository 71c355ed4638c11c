/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_ROOM_MARKS_H
#define AMI_ROOM_MARKS_H

#include <amdiommu/marks.h>
#include <exposure/exposure.h>

/* Limits of a container. crash reads all notes of a dump at once. */
#define AMI_MARKS_MAX_BYTES	(32u << 20)
#define AMI_MARKS_MAX_SAVED	4096u

/**
 * struct ami_dump_id - identity of a crash
 * @release, @build_id: "" if VMCOREINFO does not have it
 * @crash_time: seconds since 1970, 0 if unknown
 * @kernel_offset, @phys_base: where this boot put the kernel
 * @max_pfn: one past the last page frame by the file's headers; it depends on
 *	the format
 */
struct ami_dump_id {
	char release[128];
	char build_id[48];
	uint64_t crash_time;
	uint64_t kernel_offset;
	uint64_t phys_base;
	uint64_t max_pfn;
};

/**
 * struct ami_mark - an exposure in marks; see struct ami_exposure
 * @set: its pages, an index into ami_marks.sets; -1 if no page can be named
 */
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
 * struct ami_saved - a page frame as it was at @time
 * @time: nanoseconds since 1970
 * @size: bytes of @data, which is zlib-compressed
 * @served: it was given out in place of the dump's page
 * @missing: the dump does not have the page
 * @differs: the dump has the page with another content
 */
struct ami_saved {
	uint64_t pfn;
	uint64_t time;
	uint32_t size;
	bool served, missing, differs;
	uint8_t *data;
};

struct ami_marks_finding {
	enum ami_severity severity;
	char *code, *where, *text;
};

/**
 * struct ami_marks - marks of one dump
 * @made: when they were made, nanoseconds since 1970
 * @kernel: release of the kernel that ran when they were made
 * @tool: the program that made them
 * @in_capture: they were made from /proc/vmcore, in the capture kernel
 * @has_coverage: marks of older versions have none; @gap: its reasons
 * @unproved: they are used because the user asked for it, though they are only
 *	UNPROVED (enum ami_bound)
 * @sets: sets of page frames; devices that share a page table share one
 * @saved: ascending by page frame, except while they are collected
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
	bool has_coverage;
	enum ami_covered covered;
	char *gap[AMI_MAX_REASONS];
	size_t nr_gaps;
	struct ami_marks_finding *findings;
	size_t nr_findings;
};

/**
 * ami_marks_build() - make marks from a finished analysis
 * @in_capture: the analysis ran in the capture kernel
 *
 * Copies what it needs. Returns NULL with @err filled on failure.
 */
struct ami_marks *ami_marks_build(const struct ami_exposures *ex,
				  bool in_capture, struct ami_error *err);

/** ami_dump_identify() - fill @id from the dump's VMCOREINFO and headers */
void ami_dump_identify(const struct ami_dump *dump, struct ami_dump_id *id);

/**
 * ami_marks_save_state() - put the pages that the analysis rests on into marks
 * @most: number of pages at most
 *
 * Rings, logs, semaphores and device tables come first, then the rest of the
 * IOMMU state and what drivers' evidence was read from. Pages that cannot be
 * read are left out. Returns -1 when out of memory.
 */
int ami_marks_save_state(struct ami_marks *marks,
			 const struct ami_exposures *ex, size_t most);

/**
 * ami_marks_inherit() - take over what older marks observed and saved
 *
 * They were made nearer to the panic. Call it before ami_marks_save_state().
 * Returns -1 when out of memory.
 */
int ami_marks_inherit(struct ami_marks *marks, const struct ami_marks *old);

/**
 * enum ami_bound - do marks belong to a dump?
 *
 * OTHER: a field that both have differs. UNPROVED: no field differs, but the
 * crash time or the release, which distinguish crashes, is missing on one side.
 * SAME: they belong to this crash.
 */
enum ami_bound { AMI_BOUND_OTHER, AMI_BOUND_UNPROVED, AMI_BOUND_SAME };

/** ami_marks_bind() - unless SAME, @err says why (status AMI_ERR_DATA). */
enum ami_bound ami_marks_bind(const struct ami_marks *marks,
			      const struct ami_dump *dump,
			      struct ami_error *err);

/**
 * ami_marks_pages() - all pages of a class in marks; AMI_CLASSES: of any class
 *
 * The caller frees the set. NULL when out of memory.
 */
struct ami_pfnset *ami_marks_pages(const struct ami_marks *marks, int class);

/** enum ami_marks_from - where marks were found */
enum ami_marks_from {
	AMI_MARKS_NONE,
	AMI_MARKS_NOTE,		/* a note in the dump */
	AMI_MARKS_SIDECAR,	/* DUMP.amdiommu */
	AMI_MARKS_FILE,		/* the file that was asked for */
};

/** ami_marks_from_name() - "none", "note", "sidecar", "file" */
const char *ami_marks_from_name(enum ami_marks_from from);

/**
 * ami_marks_find() - find the marks that came with a dump
 * @file: the file to read them from. NULL: the note, else the sidecar. @dump's
 *	own path: the note
 * @from: set to where they were found
 * @err: why marks are not used; status AMI_OK if there are no marks
 *
 * Returns NULL if there are no marks of this dump. Marks that are only UNPROVED
 * are used only from a @file that was asked for.
 */
struct ami_marks *ami_marks_find(const struct ami_dump *dump, const char *file,
				 enum ami_marks_from *from,
				 struct ami_error *err);

/** ami_marks_serve() - have @dump serve saved pages; @marks must outlive it. */
void ami_marks_serve(struct ami_marks *marks, struct ami_dump *dump);

#endif
