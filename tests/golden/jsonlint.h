/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JSONLINT_H
#define JSONLINT_H

#include <stdbool.h>

/** jsonlint() - is @text one JSON value (RFC 8259), nested up to 64 deep? */
bool jsonlint(const char *text);

#endif
