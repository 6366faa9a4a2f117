/*
 * A file that keeps some of the Hub's state over a restart: FOLDER/NAME.jsonl, one JSON object a
 * line, appended as things happen and rewritten when it has grown. What was appended survives the
 * sudden end of the process; a line that was cut is skipped. Readable by its owner only. Not
 * thread-safe: a lock of its user guards it.
 */
#ifndef HUB_SIM_STORE_FILE_H
#define HUB_SIM_STORE_FILE_H

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

#define STORE_FILE_GROWTH_BYTES (64 * 1024 * 1024) /* appended before the file is rewritten */
#define STORE_LINE_BYTES (16 * 1024 * 1024)        /* a whole consent with all of its notes */

struct store_file;

#define STORE_FILE_NAME_MAX 32

/* Makes the folder when it is missing. -1 also when another process has it open. */
int store_file_open(struct store_file **out, const char *folder, const char *name,
                    const struct log *log, struct lfi_error *error);
/* Another file in the folder of an open one, which stays locked until both are closed. */
int store_file_open_beside(struct store_file **out, const struct store_file *file, const char *name,
                           struct lfi_error *error);
void store_file_close(struct store_file *file);

/* Calls `take` for each object in the file, oldest first. -1: the file cannot be read. */
int store_file_read(struct store_file *file, void (*take)(void *ctx, const cJSON *record),
                    void *ctx, struct lfi_error *error);

/* A record that cannot be written is logged once and lost; the state in memory goes on. */
void store_file_append(struct store_file *file, const cJSON *record);
/* Whether it is time to rewrite the file. */
bool store_file_has_grown(const struct store_file *file);
/* These records, an array's or object's members, replace the file, at once and completely. */
void store_file_rewrite(struct store_file *file, const cJSON *records);
/* The same of what is appended between the two. */
int store_file_begin(struct store_file *file);
void store_file_commit(struct store_file *file);

#endif
