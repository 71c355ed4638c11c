/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an extract leaves out of memory that the analysis reads: bytes that are
 * blanked, and bytes that are replaced by what follows from them. Private to
 * lib/dump.
 */
#ifndef AMI_WITHHELD_H
#define AMI_WITHHELD_H

#include <dump/dump.h>

/** struct withheld_span - bytes that are written as zeros */
struct withheld_span {
	uint64_t paddr;
	uint64_t len;
};

/**
 * struct ami_withheld - collected while recording
 * @lines: for its VMCOREINFO; NULL: none
 * @failed: memory ran out for one of them; then no extract may be written
 */
struct ami_withheld {
	struct withheld_span *span;
	size_t nr_spans;
	struct ami_content *content;
	size_t nr_contents;
	char *lines;
	bool failed;
};

/** dump_withheld_add_span() - bytes within one page */
void dump_withheld_add_span(struct ami_withheld *w, uint64_t paddr, uint64_t len);
void dump_withheld_add_content(struct ami_withheld *w, const struct ami_content *c);

/** dump_withheld_sort() - ascending, each once; before dump_withheld_blank() */
void dump_withheld_sort(struct ami_withheld *w);

/** dump_withheld_blank() - zero what is withheld of page frame @pfn */
void dump_withheld_blank(const struct ami_withheld *w, uint64_t pfn, uint8_t *page);
void dump_withheld_free(struct ami_withheld *w);

/** dump_content_by_page() - order of struct ami_content, for qsort() */
int dump_content_by_page(const void *a, const void *b);

/** dump_withheld() - of @dump, sorted; NULL: out of memory */
const struct ami_withheld *dump_withheld(struct ami_dump *dump);

#endif
