/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole analysis of one dump. */
#ifndef AMDIOMMU_ANALYSIS_H
#define AMDIOMMU_ANALYSIS_H

#include <amdiommu/dump.h>
#include <amdiommu/layout.h>
#include <amdiommu/pfnset.h>
#include <amdiommu/verdict.h>

struct ami_analysis;
struct ami_marks;

/**
 * struct ami_analyse_options - how to analyse; zeroed is the default
 * @marks: file to read marks from; NULL: search for them
 * @folder: where memory is short: folder for a temporary file, on a disk and
 *	not in memory. Sets of mapped pages move there once they are complete.
 *	The result is the same. Marks that are built from the analysis must not
 *	outlive it. NULL: all stays in memory
 * @deep: also search all struct pages for page pools that nothing lists (64 bytes
 *	for each page of the machine: not in a capture kernel)
 * @record: record what is read, for ami_extract_write()
 * @look: at which machines to look for pages that devices overwrote
 */
struct ami_analyse_options {
	const char *marks, *folder;
	bool deep, record;
	enum ami_look {
		AMI_LOOK_SMALL,		/* up to 64 GiB */
		AMI_LOOK_ALL,		/* also where it takes long */
		AMI_LOOK_NONE,
	} look;
};

/**
 * ami_analyse() - run the whole analysis over an open dump
 * @options: NULL: the default
 *
 * Takes over @dump, also on failure. Returns NULL with @err filled if there is
 * nothing to report on. The caller frees the result with ami_analysis_free().
 */
struct ami_analysis *ami_analyse(struct ami_dump *dump,
				 const struct ami_layout_source *source,
				 const struct ami_analyse_options *options,
				 struct ami_error *err)
	AMI_MUST_CHECK;
/** ami_analysis_free() - also closes the dump */
void ami_analysis_free(struct ami_analysis *a);

/** ami_analysis_dump() - the dump, which the analysis owns */
struct ami_dump *ami_analysis_dump(const struct ami_analysis *a);

/** ami_analysis_verdict() - the one word on the dump */
enum ami_verdict ami_analysis_verdict(const struct ami_analysis *a);

/** ami_analysis_covered() - can the report name all that devices could write? */
enum ami_covered ami_analysis_covered(const struct ami_analysis *a);

/**
 * ami_analysis_pages() - all pages that devices could write and that are known
 *
 * The caller frees the set. NULL when out of memory.
 */
struct ami_pfnset *ami_analysis_pages(const struct ami_analysis *a);

/**
 * ami_analysis_owned() - those of them that have one of some owners
 * @owners: names with '-' for ' ', between commas: "free,coherent-dma"
 *
 * Unknown names are ignored. The caller frees the set. NULL when out of memory.
 */
struct ami_pfnset *ami_analysis_owned(const struct ami_analysis *a,
				      const char *owners);

/**
 * ami_analysis_read_all() - read what commands show besides the analysis
 *
 * For an extract, or for a list of the pages that a dump must have. Not what
 * `who` reads of a page that no device could write. Returns -1 with @err filled
 * if the user interrupts.
 */
int ami_analysis_read_all(const struct ami_analysis *a, struct ami_error *err)
	AMI_MUST_CHECK;

/**
 * ami_analysis_read() - pages that were read until now
 * @a: with options.record
 *
 * The caller frees the set. NULL when out of memory.
 */
struct ami_pfnset *ami_analysis_read(const struct ami_analysis *a);

/** ami_analysis_lost() - is a set incomplete, because its file failed? */
bool ami_analysis_lost(const struct ami_analysis *a);

/**
 * struct ami_marking - how to make marks
 * @in_capture: the analysis runs in the capture kernel
 * @save: also save the pages that the analysis rests on
 */
struct ami_marking {
	bool in_capture, save;
};

/**
 * ami_analysis_marks() - make marks, and take over what older ones observed
 *
 * To be freed with ami_marks_free(). NULL with @err filled on failure.
 */
struct ami_marks *ami_analysis_marks(const struct ami_analysis *a,
				     const struct ami_marking *how,
				     struct ami_error *err)
	AMI_MUST_CHECK;

#endif
