#include "key_command.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/datetime.h"
#include "base/file.h"
#include "base/limits.h"
#include "caller/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY_S 86400
#define DAYS 400 /* rotation is yearly, and a secret is valid for 12 months at least */
#define DAYS_MAX 4000

struct arguments {
    const char *file, *id;
    int days;
};

static bool parse(struct arguments *out, int argc, char **argv)
{
    uint64_t days = DAYS;

    *out = (struct arguments){.file = NULL};
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--file") == 0) {
            out->file = argv[i + 1];
        } else if (strcmp(argv[i], "--id") == 0) {
            out->id = argv[i + 1];
        } else if (strcmp(argv[i], "--days") != 0 || !slice_to_u64(slice_of(argv[i + 1]), &days) ||
                   days == 0 || days > DAYS_MAX) {
            return false;
        }
    }
    out->days = (int)days;
    return argc % 2 == 0 && out->file && (!out->id || caller_secret_id_fits(slice_of(out->id)));
}

/* --- the file --------------------------------------------------------------------------------- */

/* Writes aside and renames, so that a reader finds the old file or the new one. */
static int write_file(const char *file, struct lfi_slice text, struct lfi_error *error)
{
    char aside[PATH_MAX];
    int fd = -1;

    if (snprintf(aside, sizeof(aside), "%s.new", file) >= (int)sizeof(aside)) {
        return error_set(error, "%s: the name is too long", file);
    }
    fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return error_set(error, "%s: %s", aside, strerror(errno));
    }
    bool good = write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    good = close(fd) == 0 && good && rename(aside, file) == 0;
    if (!good) {
        error_set(error, "%s: cannot be written: %s", file, strerror(errno));
        (void)unlink(aside);
    }
    return good ? 0 : -1;
}

/* The secrets and the text of the file; a new one has none. */
static int read_file(const char *file, struct caller_secrets **secrets, struct buf *text,
                     struct lfi_error *error)
{
    *secrets = NULL;
    if (access(file, F_OK) != 0 && errno == ENOENT) {
        return 0;
    }
    return caller_secrets_load(secrets, file, error) == 0 ? file_read(file, text, error) : -1;
}

static const struct caller_secret *find(const struct caller_secrets *secrets, const char *id)
{
    for (size_t i = 0; secrets && i < caller_secrets_count(secrets); i++) {
        if (strcmp(caller_secrets_at(secrets, i)->id, id) == 0) {
            return caller_secrets_at(secrets, i);
        }
    }
    return NULL;
}

/* --- what is done ----------------------------------------------------------------------------- */

/* The day when there is no other name: 2026-11-28. */
static void name(struct caller_secret *about, const struct arguments *arguments)
{
    char day[DATETIME_TEXT_MAX];

    (void)datetime_format_utc_ms(about->not_before_s * 1000000, day);
    snprintf(about->id, sizeof(about->id), "%.*s", arguments->id ? SECRET_ID_MAX : 10,
             arguments->id ? arguments->id : day);
}

static int add(const struct arguments *arguments, struct caller_secrets *secrets, struct buf *text,
               struct lfi_error *error)
{
    const struct clock clock = {0};
    int64_t now_s = clock_now_s(&clock);
    struct caller_secret about = {.not_before_s = now_s,
                                  .not_after_s = now_s + (int64_t)arguments->days * DAY_S};
    struct buf secret;
    int rc = -1;

    name(&about, arguments);
    if (find(secrets, about.id)) {
        return error_set(error, "%s: there is a secret %s already: give another --id",
                         arguments->file, about.id);
    }
    if (secrets && caller_secrets_count(secrets) == LIMIT_SECRETS) {
        return error_set(error, "%s: has %d secrets: take lines away that are over",
                         arguments->file, LIMIT_SECRETS);
    }
    buf_init_secret(&secret, LIMIT_TOKEN_BYTES);
    if (text->len > 0 && text->ptr[text->len - 1] != '\n') {
        buf_append(text, "\n", 1);
    }
    if (caller_secret_make(&about, &secret, text) != 0) {
        error_set(error, "%s: the secret cannot be made", arguments->file);
    } else if (write_file(arguments->file, buf_slice(text), error) == 0) {
        printf("%.*s\n", SLICE_ARG(buf_slice(&secret)));
        rc = 0;
    }
    buf_free(&secret);
    return rc;
}

static int retire(const struct arguments *arguments, struct caller_secrets *secrets,
                  struct buf *text, struct lfi_error *error)
{
    const struct caller_secret *old = arguments->id ? find(secrets, arguments->id) : NULL;
    struct lfi_slice rest = buf_slice(text), line, id;
    struct buf changed;

    if (!old || old->retired) {
        return error_set(error, "%s: %s", arguments->file,
                         old              ? "the secret is retired already"
                         : !arguments->id ? "which one? --id is missing"
                                          : "there is no secret of this --id");
    }
    buf_init(&changed, LIMIT_SECRETS_BYTES);
    while (slice_next(&rest, '\n', &line)) {
        struct lfi_slice fields = slice_trim(line);
        buf_append_slice(&changed, line);
        if (slice_next(&fields, ' ', &id) && slice_equal_text(id, old->id)) {
            buf_append_text(&changed, " retired");
        }
        buf_append_text(&changed, rest.ptr ? "\n" : "");
    }
    int rc = changed.failed ? error_set(error, "%s: is too long", arguments->file)
                            : write_file(arguments->file, buf_slice(&changed), error);
    buf_free(&changed);
    return rc;
}

static int list(const struct arguments *arguments, struct caller_secrets *secrets, struct buf *text,
                struct lfi_error *error)
{
    const struct clock clock = {0};
    int64_t now_s = clock_now_s(&clock);

    (void)text;
    if (!secrets) {
        return error_set(error, "%s: there is no such file", arguments->file);
    }
    for (size_t i = 0; i < caller_secrets_count(secrets); i++) {
        const struct caller_secret *one = caller_secrets_at(secrets, i);
        char from[DATETIME_TEXT_MAX], until[DATETIME_TEXT_MAX];
        (void)datetime_format_utc_ms(one->not_before_s * 1000000, from);
        (void)datetime_format_utc_ms(one->not_after_s * 1000000, until);
        printf("%s %s %s %s\n", one->id, from, until, caller_secret_state(one, now_s));
    }
    return 0;
}

int key_command(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const struct arguments *arguments, struct caller_secrets *secrets,
                   struct buf *text, struct lfi_error *error);
    } commands[] = {{"new", add}, {"list", list}, {"retire", retire}};
    struct arguments arguments;
    struct caller_secrets *secrets = NULL;
    struct lfi_error error = {""};
    struct buf text;

    if (argc < 2 || !parse(&arguments, argc, argv)) {
        return KEY_COMMAND_USAGE;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            buf_init(&text, LIMIT_SECRETS_BYTES);
            int rc = read_file(arguments.file, &secrets, &text, &error);
            rc = rc == 0 ? commands[i].run(&arguments, secrets, &text, &error) : rc;
            caller_secrets_free(secrets);
            buf_free(&text);
            if (rc != 0) {
                fprintf(stderr, "%s\n", error.message);
            }
            return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    return KEY_COMMAND_USAGE;
}
