/* A store of the server's state in a folder of its own, reached through the driver's table. */
#ifndef TESTS_STATE_FIXTURE_H
#define TESTS_STATE_FIXTURE_H

#include "state/driver.h"

#include "base/array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define START_S INT64_C(1700000000)
#define SECOND_US INT64_C(1000000)
#define PROVIDER "dhowretail"
#define OTHER "dhowbusiness"

static const struct state_driver *const driver = &state_lmdb;

static struct fixture {
    char dir[64];
    char path[96];
    int64_t now_us;
    struct state_config config;
    void *store;
    struct lfi_error error;
    char given[512]; /* the last text that a sink was handed */
    unsigned count;  /* of texts */
} f;

static inline struct lfi_slice text(const char *s)
{
    return (struct lfi_slice){s, strlen(s)};
}

static inline const struct state_call *call_of(const char *provider, const char *key)
{
    static struct state_call call;
    f.error.message[0] = '\0';
    call = (struct state_call){text(provider), key ? text(key) : (struct lfi_slice){0}, f.now_us,
                               &f.error};
    return &call;
}

/* A question about a key of the provider; NULL: about all of them. */
static inline const struct state_call *at(const char *key)
{
    return call_of(PROVIDER, key);
}

static inline void keep(void *ctx, struct lfi_slice given)
{
    (void)ctx;
    f.count++;
    (void)snprintf(f.given, sizeof(f.given), "%.*s", (int)given.len, given.ptr);
}

static const struct state_sink sink = {keep, NULL};

static inline void open_store(void)
{
    assert_int_equal(driver->open(&f.store, &f.config, &f.error), LFI_OK);
    assert_non_null(f.store);
}

static inline void close_store(void)
{
    if (f.store) {
        driver->close(f.store);
    }
    f.store = NULL;
}

static inline int set_up(void **state)
{
    (void)state;
    f = (struct fixture){.dir = "/tmp/lfi-state-XXXXXX", .now_us = START_S * SECOND_US};
    assert_non_null(mkdtemp(f.dir));
    (void)snprintf(f.path, sizeof(f.path), "%s/state", f.dir);
    f.config = (struct state_config){.driver = "lmdb",
                                     .path = f.path,
                                     .create = true,
                                     .max_megabytes = 64,
                                     .max_tasks = 4,
                                     .instances = 2,
                                     .threads = 8};
    open_store();
    return 0;
}

static inline int tear_down(void **state)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char file[128];
    (void)state;
    close_store();
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        (void)snprintf(file, sizeof(file), "%s/%s", f.path, files[i]);
        (void)unlink(file);
    }
    (void)rmdir(f.path);
    return rmdir(f.dir);
}

/* Keeps a task without a destination. */
static inline int put_task(const struct state_call *call, int64_t due_s, struct lfi_slice record)
{
    const struct state_task task = {.due_s = due_s, .record = record};
    return driver->task_put(f.store, call, &task);
}

static inline int put_to(const char *destination, const char *key, int64_t due_s)
{
    char record[64];
    (void)snprintf(record, sizeof(record), "\"%s\"", key);
    const struct state_task task = {
        .destination = text(destination), .due_s = due_s, .record = text(record)};
    return driver->task_put(f.store, at(key), &task);
}

/* The outcome of a claim. */
static inline enum state_claim claim(const char *key)
{
    enum state_claim out;
    assert_int_equal(driver->claim(f.store, at(key), 10, &sink, &out), LFI_OK);
    return out;
}

#endif
