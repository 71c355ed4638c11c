// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks: as they are, and with right checksums around what is wrong. Pages that
 * they bring along are served to a reader.
 */
#include <stdlib.h>

#include "hostile.h"
#include "repair.h"

/* What is understood is written the same way again. */
static void again(const struct ami_marks *marks)
{
	struct ami_marks *second;
	struct ami_error err;
	uint8_t *bytes, *more;
	size_t len, size;

	must(!ami_marks_write(marks, &bytes, &len, &err));
	second = ami_marks_parse(bytes, len, &err);
	must(second);
	must(second->count == marks->count);
	must(second->nr_sets == marks->nr_sets);
	must(!ami_marks_write(second, &more, &size, &err));
	must(size == len && !memcmp(more, bytes, len));
	ami_marks_free(second);
	free(bytes);
	free(more);
}

static void serve(struct ami_marks *marks)
{
	struct hostile h = { .ram = { 0, 64 } };
	struct ami_dump *dump = hostile_dump(&h);
	uint8_t page[AMI_PAGE_SIZE];
	size_t i;

	ami_marks_serve(marks, dump);
	for (i = 0; i < marks->nr_saved; i++) {
		struct ami_saved *s = &marks->saved[i];
		enum ami_mem mem = AMI_MEM_ERROR;

		if (s->pfn <= UINT64_MAX >> AMI_PAGE_SHIFT)
			mem = ami_dump_read(dump, s->pfn << AMI_PAGE_SHIFT,
					    page, sizeof(page));
		must(!s->served || mem == AMI_MEM_OK);
	}
	ami_dump_close(dump);
}

static void parse(const uint8_t *data, size_t size)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_marks *marks = ami_marks_parse(data, size, &err);

	if (!marks) {
		must(err.status != AMI_OK && err.text[0]);
	} else {
		again(marks);
		serve(marks);
	}
	ami_marks_free(marks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	must(copy);
	memcpy(copy, data, size);
	parse(copy, size);
	repair_marks(copy, size);
	parse(copy, size);
	free(copy);
	return 0;
}
