/* Files of payments, as they are kept: the folder and the database. */
#include "store/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the folder ------------------------------------------------------------------------------- */

static bool is_left_over(const char *name)
{
    char *end = NULL;
    long pid = strtol(name, &end, 10);
    size_t len = strlen(name);
    bool upload = len > 4 && strcmp(name + len - 4, ".tmp") == 0 && end != name && *end == '-';
    return upload && (pid == (long)getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH));
}

static bool is_any(const char *name)
{
    return name[0] != '.';
}

static void remove_files(struct payments *payments, bool (*which)(const char *name))
{
    DIR *folder = opendir(payments->files);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (which(entry->d_name)) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder) {
        (void)closedir(folder);
    }
}

int files_open(struct payments *payments, const char *path, struct lfi_error *error)
{
    payments->files = store_path_with(path, FILES_FOLDER);
    if (!payments->files || strlen(payments->files) > FILES_PATH_MAX - 128) {
        return store_say(error, "out of memory");
    }
    if (mkdir(payments->files, 0700) != 0 && errno != EEXIST) {
        return store_say(error, "cannot make %.180s: %s", payments->files, strerror(errno));
    }
    remove_files(payments, is_left_over);
    return LFI_OK;
}

void files_forget(struct payments *payments)
{
    remove_files(payments, is_any);
}

bool file_path(struct payments *payments, struct lfi_slice consent_id, const char *suffix,
               char out[FILES_PATH_MAX])
{
    unsigned char digest[PAYMENT_DIGEST];
    int at = snprintf(out, FILES_PATH_MAX, "%s/", payments->files);
    if (!payment_digest(&consent_id, 1, digest)) {
        return false;
    }
    for (size_t i = 0; i < PAYMENT_DIGEST; i++) {
        at += snprintf(out + at, FILES_PATH_MAX - (size_t)at, "%02x", digest[i]);
    }
    (void)snprintf(out + at, FILES_PATH_MAX - (size_t)at, "%s", suffix);
    return true;
}

FILE *file_open(struct payments *payments, struct lfi_slice consent_id, const char *suffix)
{
    char path[FILES_PATH_MAX];
    return file_path(payments, consent_id, suffix, path) ? fopen(path, "rbe") : NULL;
}

FILE *file_make(struct payments *payments, char path[FILES_PATH_MAX])
{
    static atomic_uint_least64_t made;
    (void)snprintf(path, FILES_PATH_MAX, "%s/%ld-%llu.tmp", payments->files, (long)getpid(),
                   (unsigned long long)atomic_fetch_add(&made, 1));
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (fd >= 0 && !file) {
        (void)close(fd);
    }
    return file;
}

static int sync_folder_of(const char *path)
{
    char folder[FILES_PATH_MAX];
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) == 0 ? 0 : errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

int file_settle(FILE *file, const char *from, const char *to)
{
    int rc = fflush(file) == 0 && fsync(fileno(file)) == 0 ? 0 : errno;
    if (fclose(file) != 0 && rc == 0) {
        rc = errno;
    }
    if (rc == 0 && rename(from, to) != 0) {
        rc = errno;
    }
    return rc == 0 ? sync_folder_of(to) : rc;
}

/* --- the database ----------------------------------------------------------------------------- */

int file_get(struct payments *payments, MDB_txn *txn, struct lfi_slice consent_id,
             struct file_value *out)
{
    MDB_val value;
    MDB_val key = val_of(consent_id);
    if (consent_id.len == 0 || consent_id.len > PAYMENT_REFERENCE_MAX) {
        return MDB_NOTFOUND;
    }
    int rc = mdb_get(txn, payments->db[PAYMENTS_FILES], &key, &value);
    if (rc == 0 && value.mv_size != sizeof(*out)) {
        rc = MDB_CORRUPTED;
    }
    if (rc == 0) {
        memcpy(out, value.mv_data, sizeof(*out));
    }
    return rc;
}

int file_put(struct payments *payments, MDB_txn *txn, struct lfi_slice consent_id,
             const struct file_value *file)
{
    MDB_val key = val_of(consent_id);
    MDB_val value = {sizeof(*file), (void *)(uintptr_t)file};
    return mdb_put(txn, payments->db[PAYMENTS_FILES], &key, &value, 0);
}
