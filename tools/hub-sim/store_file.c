#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct store_file {
    const struct log *log;
    char name[STORE_FILE_NAME_MAX], new_name[STORE_FILE_NAME_MAX]; /* new: while it is rewritten */
    int folder; /* locked as long as it is open */
    int fd;
    off_t size, kept; /* bytes now, and after the last rewriting */
    bool failed;      /* said already */
};

static void report(struct store_file *file, const char *what)
{
    if (!file->failed) {
        LOG_EVENT(file->log, LOG_WARN, "state-not-kept", LOG_TEXT("cause", slice_of(what)),
                  LOG_TEXT("error", slice_of(strerror(errno))));
    }
    file->failed = true;
}

static struct store_file *new_file(const char *name, const struct log *log)
{
    struct store_file *file = calloc(1, sizeof(*file));
    if (file) {
        *file = (struct store_file){.log = log, .folder = -1, .fd = -1};
        (void)snprintf(file->name, sizeof(file->name), "%s.jsonl", name);
        (void)snprintf(file->new_name, sizeof(file->new_name), "%s.jsonl.new", name);
    }
    return file;
}

/* Of a file whose folder is open. */
static int open_for_appending(struct store_file *file, struct lfi_error *error)
{
    file->fd = openat(file->folder, file->name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return file->fd < 0 || fchmod(file->fd, 0600)
               ? error_set(error, "stateFolder: %s: %s", file->name, strerror(errno))
               : 0;
}

static int lock_folder(struct store_file *file, const char *folder, struct lfi_error *error)
{
    if ((mkdir(folder, 0700) && errno != EEXIST) ||
        (file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        return error_set(error, "stateFolder %s: %s", folder, strerror(errno));
    }
    return flock(file->folder, LOCK_EX | LOCK_NB)
               ? error_set(error, "stateFolder %s: another hub-sim uses it", folder)
               : 0;
}

int store_file_open(struct store_file **out, const char *folder, const char *name,
                    const struct log *log, struct lfi_error *error)
{
    struct store_file *file = new_file(name, log);
    if (!file) {
        return error_set(error, "out of memory");
    }
    if (lock_folder(file, folder, error) || open_for_appending(file, error)) {
        store_file_close(file);
        return -1;
    }
    *out = file;
    return 0;
}

int store_file_open_beside(struct store_file **out, const struct store_file *beside,
                           const char *name, struct lfi_error *error)
{
    struct store_file *file = new_file(name, beside->log);
    if (!file) {
        return error_set(error, "out of memory");
    }
    file->folder = fcntl(beside->folder, F_DUPFD_CLOEXEC, 0); /* the lock is that of both */
    if (file->folder < 0) {
        error_set(error, "stateFolder: %s", strerror(errno));
    }
    if (file->folder < 0 || open_for_appending(file, error)) {
        store_file_close(file);
        return -1;
    }
    *out = file;
    return 0;
}

void store_file_close(struct store_file *file)
{
    if (!file) {
        return;
    }
    if (file->fd >= 0) {
        close(file->fd);
    }
    if (file->folder >= 0) {
        close(file->folder);
    }
    free(file);
}

int store_file_read(struct store_file *file, void (*take)(void *ctx, const cJSON *record),
                    void *ctx, struct lfi_error *error)
{
    char *line = NULL;
    size_t room = 0, skipped = 0;
    ssize_t len;
    int fd = openat(file->folder, file->name, O_RDONLY | O_CLOEXEC);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    if (!stream) {
        return error_set(error, "stateFolder: %s: %s", file->name, strerror(errno));
    }
    while ((len = getline(&line, &room, stream)) >= 0) {
        cJSON *record =
            len > STORE_LINE_BYTES ? NULL : json_parse((struct lfi_slice){line, (size_t)len});
        if (cJSON_IsObject(record)) {
            take(ctx, record);
        } else {
            skipped++;
        }
        cJSON_Delete(record);
    }
    if (skipped > 0) {
        LOG_EVENT(file->log, LOG_WARN, "state-lines-skipped",
                  LOG_NUMBER("count", (int64_t)skipped));
    }
    free(line);
    (void)fclose(stream);
    return 0;
}

void store_file_append(struct store_file *file, const cJSON *record)
{
    char *text = cJSON_PrintUnformatted(record);
    size_t len = text ? strlen(text) : 0, done = 0;
    if (!text) {
        report(file, "out of memory");
        return;
    }
    text[len++] = '\n'; /* in place of the end of the text */
    while (done < len) {
        ssize_t count = write(file->fd, text + done, len - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            report(file, "cannot write");
            (void)!ftruncate(file->fd, file->size); /* not half a line */
            len = done = 0;
            break;
        }
        done += (size_t)count;
    }
    file->size += (off_t)len;
    cJSON_free(text);
}

bool store_file_has_grown(const struct store_file *file)
{
    return file->size - file->kept > STORE_FILE_GROWTH_BYTES;
}

int store_file_begin(struct store_file *file)
{
    int fd = openat(file->folder, file->new_name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
                    0600);
    if (fd < 0) {
        report(file, "cannot rewrite");
        file->kept = file->size; /* not tried again at once */
        return -1;
    }
    close(file->fd);
    file->fd = fd;
    file->size = 0;
    return 0;
}

void store_file_commit(struct store_file *file)
{
    if (fsync(file->fd) || renameat(file->folder, file->new_name, file->folder, file->name)) {
        report(file, "cannot rewrite");
    }
    file->kept = file->size;
}

void store_file_rewrite(struct store_file *file, const cJSON *records)
{
    const cJSON *record;
    if (store_file_begin(file)) {
        return;
    }
    cJSON_ArrayForEach(record, records)
    {
        store_file_append(file, record);
    }
    store_file_commit(file);
}
