// SPDX-License-Identifier: GPL-2.0-or-later
/* Marks: as they are, and with right checksums around what is wrong. */
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

static void parse(const uint8_t *data, size_t size)
{
	struct ami_error err = { AMI_OK, "" };
	struct ami_marks *marks = ami_marks_parse(data, size, &err);

	if (!marks)
		must(err.status != AMI_OK && err.text[0]);
	else
		again(marks);
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
