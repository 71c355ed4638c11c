// SPDX-License-Identifier: GPL-2.0-or-later
/* The same for machines of unit tests as tests/golden/test_facts.py for dumps. */
#include <ctype.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sentences.h"

#define WORD	"_.:@/-"
#define LONGEST	1024u	/* text of a fact */

/** struct sentence - a sentence, and what stands beside it */
struct sentence {
	const char *code, *where, *text;
	const struct ami_facts *facts;
	const struct ami_bdf *devices;
	size_t nr_devices;
};

static const char *const constants[] = {
#define CONSTANT(phrase) phrase,
#include "../constants.def"
#undef CONSTANT
};

#define CONSTANTS	(sizeof(constants) / sizeof(constants[0]))

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Blanks over @phrase where it is not a part of a word. */
static void blank(char *text, const char *phrase)
{
	size_t len = strlen(phrase);
	char *at = text;

	while (len && (at = strstr(at, phrase))) {
		if ((at == text || !in_word(at[-1]) || !in_word(*phrase)) &&
		    (!in_word(at[len]) || !in_word(phrase[len - 1])))
			memset(at, ' ', len);
		at++;
	}
}

/* Phrases: a number in one of them needs a field of its own. */
static bool is_phrase(enum ami_fact_key key)
{
	switch (key) {
	case AMI_FACT_READ:
	case AMI_FACT_FAULT:
	case AMI_FACT_MISSING:
	case AMI_FACT_SOURCE:
	case AMI_FACT_DRIVER_SAYS:
	case AMI_FACT_DTE_SAYS:
	case AMI_FACT_STORY:
	case AMI_FACT_ACCESS:
	case AMI_FACT_WITNESSES:
		return true;
	default:
		return false;
	}
}

static bool is_number(const struct ami_fact *fact)
{
	enum ami_fact_form form = ami_fact_class(fact->key)->form;

	return form == AMI_FACT_NUMBER || form == AMI_FACT_HEX;
}

/* What names the sentence has beside it. */
static void blank_names(const struct sentence *s, char *text)
{
	const struct ami_fact *fact = s->facts->list;
	char bdf[AMI_BDF_TEXT];
	size_t i, len;

	for (i = 0; i < CONSTANTS; i++)
		blank(text, constants[i]);
	if (s->where)
		blank(text, s->where);
	/* The longest first: one may be a part of another. */
	for (len = LONGEST; len; len--)
		for (i = 0; i < s->facts->count; i++)
			if (!is_number(&fact[i]) && !is_phrase(fact[i].key) &&
			    strlen(fact[i].text) == len)
				blank(text, fact[i].text);
	for (i = 0; i < s->nr_devices; i++)
		blank(text, ami_bdf_text(s->devices[i], bdf));
}

static bool has_number(const struct sentence *s, uint64_t value)
{
	size_t i;

	for (i = 0; i < s->facts->count; i++)
		if (is_number(&s->facts->list[i]) &&
		    s->facts->list[i].value == value)
			return true;
	return false;
}

/* "12.345678": seconds, whose field has microseconds */
static bool has_seconds(const struct sentence *s, const char *word)
{
	const struct ami_fact *us = ami_facts_find(s->facts, AMI_FACT_LAST_US);
	char *end;
	uint64_t whole = strtoull(word, &end, 10), part;

	if (!us || *end != '.')
		return false;
	part = strtoull(end + 1, &end, 10);
	return !*end && us->value == whole * 1000000 + part;
}

/* Names of drivers are in reasons by their devices. */
static bool is_driver(const struct sentence *s, const char *word)
{
	return s->nr_devices && word[strspn(word, "0123456789.")];
}

/* A word of a phrase, as "v1" of "v1 paging". */
static bool is_of_phrase(const struct sentence *s, const char *word)
{
	size_t i;

	for (i = 0; i < s->facts->count; i++)
		if (!is_number(&s->facts->list[i]) &&
		    strstr(s->facts->list[i].text, word))
			return isalpha((unsigned char)*word);
	return false;
}

static void check_word(const struct sentence *s, const char *word)
{
	char *end;
	uint64_t value = strtoull(word, &end, 0);

	if ((!*end && has_number(s, value)) || has_seconds(s, word) ||
	    is_driver(s, word) || is_of_phrase(s, word))
		return;
	fail_msg("%s: '%s' is no field of: %s", s->code, word, s->text);
}

static bool has_digit(const char *word)
{
	return strpbrk(word, "0123456789");
}

/* Calls @fn for each word with a digit. */
static void each_word(const struct sentence *s, const char *text,
		      void (*fn)(const struct sentence *s, const char *word))
{
	char *copy = strdup(text), *at = copy;

	assert_non_null(copy);
	while (*at) {
		size_t len;
		char last;

		while (*at && !in_word(*at))
			at++;
		for (len = 0; in_word(at[len]) || (at[len] && strchr(WORD, at[len]));)
			len++;
		last = at[len];
		at[len] = '\0';
		for (size_t n = len; n && strchr(".:@/-", at[n - 1]); n--)
			at[n - 1] = '\0';
		if (has_digit(at))
			fn(s, at);
		at += len + !!last;
	}
	free(copy);
}

/* Numbers of 0 and 1 may be words: "the device", "no device". */
static bool is_said(const struct sentence *s, const struct ami_fact *fact)
{
	char hex[24], dec[24];

	if (fact->key == AMI_FACT_LAST_US || fact->key == AMI_FACT_DOMAIN ||
	    fact->value <= 1 || fact->value == s->nr_devices)
		return true;
	snprintf(hex, sizeof(hex), "%" PRIx64, fact->value);
	snprintf(dec, sizeof(dec), "%" PRIu64, fact->value);
	return strstr(s->text, hex) || strstr(s->text, dec);
}

static void check_sentence(const struct sentence *s)
{
	char *text = strdup(s->text);
	size_t i;

	assert_non_null(text);
	blank_names(s, text);
	each_word(s, text, check_word);
	for (i = 0; i < s->facts->count; i++) {
		const struct ami_fact *fact = &s->facts->list[i];

		if (is_number(fact) && !is_said(s, fact))
			fail_msg("%s: %s is %#" PRIx64 ", not in: %s", s->code,
				 ami_fact_class(fact->key)->name, fact->value,
				 s->text);
	}
	free(text);
}

static void check_reasons(const struct ami_reasons *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		check_sentence(&(struct sentence){
			r->list[i].code, r->list[i].where, r->list[i].text,
			&r->list[i].facts, r->list[i].devices,
			r->list[i].nr_devices });
}

void sentences_check(const struct ami_findings *f, const struct ami_exposures *ex)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		check_sentence(&(struct sentence){
			ami_finding_class(f->list[i].code)->name,
			f->list[i].where, f->list[i].text, &f->list[i].facts,
			NULL, 0 });
	if (!ex)
		return;
	check_reasons(&ex->reasons);
	check_reasons(&ex->gaps);
}
