/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of the filter: environment variables, and options for them. */
#ifndef AMI_SETTINGS_H
#define AMI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/** enum settings_wish - what else the options ask for */
enum settings_wish { SETTINGS_RUN, SETTINGS_HELP, SETTINGS_VERSION };

/**
 * settings_take() - take "--amdiommu-NAME[=VALUE]" out of @argv
 *
 * Each sets AMDIOMMU_NAME. An unknown or impossible one is a line on stderr
 * and has no effect. Sets *@wish; returns how many words remain.
 */
int settings_take(int argc, char **argv, enum settings_wish *wish);

/**
 * settings_check() - print a line for each variable with an impossible value
 */
void settings_check(void);

void settings_help(void);

/** settings_on() - is this switch on? */
bool settings_on(const char *variable);

/** settings_number() - its value, or the default if it is impossible */
uint64_t settings_number(const char *variable);

#endif
