/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences of findings and reasons against the fields beside them. */
#ifndef SENTENCES_H
#define SENTENCES_H

#include <exposure/exposure.h>

/**
 * sentences_check() - fail where a number, an address or a name with a digit in a
 * sentence is no field, or a field has another number than the sentence
 * @ex: whose reasons are checked as well; may be NULL
 */
void sentences_check(const struct ami_findings *f, const struct ami_exposures *ex);

#endif
