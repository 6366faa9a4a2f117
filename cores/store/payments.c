/* The payments' environment. */
#include "store/payments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    unsigned flags;
} DATABASES[PAYMENTS_DB_COUNT] = {
    [PAYMENTS_META] = {"meta", 0},
    [PAYMENTS_PAYMENTS] = {"payments", 0},
    [PAYMENTS_IDS] = {"ids", 0},
    [PAYMENTS_KEYS] = {"keys", 0},
    [PAYMENTS_CONSENTS] = {"consents", MDB_DUPSORT | MDB_DUPFIXED},
    [PAYMENTS_IN_FLIGHT] = {"in_flight", 0},
    [PAYMENTS_PAID] = {"paid", 0},
    [PAYMENTS_CHANGES] = {"changes", 0},
    [PAYMENTS_DUE] = {"due", 0},
    [PAYMENTS_LEDGERS] = {"ledgers", 0},
    [PAYMENTS_ENTRIES] = {"entries", 0},
    [PAYMENTS_EXCHANGES] = {"exchanges", 0},
    [PAYMENTS_HOLDS] = {"holds", 0},
    [PAYMENTS_RELEASED] = {"released", 0},
    [PAYMENTS_OPENINGS] = {"openings", 0},
    [PAYMENTS_OPENING_IDENTITIES] = {"opening_identities", 0},
    [PAYMENTS_OPENING_CHANGES] = {"opening_changes", 0},
    [PAYMENTS_OPENING_DUE] = {"opening_due", 0},
    [PAYMENTS_QUOTES] = {"quotes", 0},
    [PAYMENTS_QUOTE_IDENTITIES] = {"quote_identities", 0},
    [PAYMENTS_QUOTE_CHANGES] = {"quote_changes", 0},
    [PAYMENTS_QUOTE_DUE] = {"quote_due", 0},
    [PAYMENTS_COVER] = {"cover", 0},
    [PAYMENTS_COVER_CHANGES] = {"cover_changes", 0},
    [PAYMENTS_COVER_DUE] = {"cover_due", 0},
    [PAYMENTS_COVER_POLICIES] = {"cover_policies", 0},
    [PAYMENTS_COVER_HOLDERS] = {"cover_holders", 0},
    [PAYMENTS_FILES] = {"files", 0},
};

static MDB_val text_val(const char *text)
{
    return val_of((struct lfi_slice){text, strlen(text)});
}

static int check_meta(struct payments *payments, MDB_txn *txn, const char *name, const char *want,
                      struct lfi_error *error)
{
    MDB_val key = text_val(name);
    MDB_val value = text_val(want);
    int rc = mdb_put(txn, payments->db[PAYMENTS_META], &key, &value, MDB_NOOVERWRITE);
    if (rc == 0) {
        return LFI_OK;
    }
    if (rc != MDB_KEYEXIST) {
        return store_fail(error, name, rc);
    }
    if (value.mv_size != strlen(want) || memcmp(value.mv_data, want, value.mv_size) != 0) {
        return store_say(error, "the payments' %s is \"%.*s\", wanted \"%s\"", name,
                         (int)value.mv_size, (const char *)value.mv_data, want);
    }
    return LFI_OK;
}

static int open_databases(struct payments *payments, const char *segment, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    char identity[PAYMENTS_IDENTITY + 1];
    int rc = mdb_txn_begin(payments->env, NULL, 0, &txn);
    for (size_t i = 0; i < PAYMENTS_DB_COUNT && rc == 0; i++) {
        rc =
            mdb_dbi_open(txn, DATABASES[i].name, MDB_CREATE | DATABASES[i].flags, &payments->db[i]);
    }
    int result = rc == 0 ? LFI_OK : store_fail(error, "payments", rc);
    if (result == LFI_OK) {
        result = check_meta(payments, txn, "format", PAYMENTS_FORMAT, error);
    }
    if (result == LFI_OK && segment) {
        result = check_meta(payments, txn, "segment", segment, error);
    }
    if (result == LFI_OK && payments_identity(payments, txn, identity) == MDB_NOTFOUND &&
        (rc = payments_put_identity(payments, txn)) != 0) {
        result = store_fail(error, "payments", rc);
    }
    if (result != LFI_OK) {
        mdb_txn_abort(txn);
        return result;
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_OK : store_fail(error, "payments", rc);
}

static int open_environment(struct payments *payments, const char *path,
                            const struct store_options *options, struct lfi_error *error)
{
    int dead = 0;
    size_t map_mib = options->map_mib > 0 ? options->map_mib : STORE_MAP_MIB;
    int rc = mdb_env_create(&payments->env);
    if (rc == 0) {
        rc = mdb_env_set_mapsize(payments->env, map_mib << 20);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxdbs(payments->env, PAYMENTS_DB_COUNT);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxreaders(payments->env, store_count_readers(options));
    }
    if (rc == 0) {
        rc = mdb_env_open(payments->env, path, 0, 0600);
    }
    if (rc != 0) {
        return store_fail(error, "payments", rc);
    }
    (void)mdb_reader_check(payments->env, &dead); /* slots of processes that were killed */
    return open_databases(payments, options->segment, error);
}

bool payments_init_cond(pthread_cond_t *out)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool made = pthread_cond_init(out, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return made;
}

static struct payments *payments_new(void)
{
    struct payments *payments = calloc(1, sizeof(*payments));
    if (!payments) {
        return NULL;
    }
    bool ok = pthread_mutex_init(&payments->lock, NULL) == 0;
    if (ok && !payments_init_cond(&payments->moved)) {
        (void)pthread_mutex_destroy(&payments->lock);
        ok = false;
    }
    if (!ok) {
        free(payments);
        return NULL;
    }
    return payments;
}

int payments_open(struct payments **out, const struct store_options *options,
                  struct lfi_error *error)
{
    int rc = LFI_FAILED;
    char *path = store_path_with(options->path, ".payments");
    struct payments *payments = payments_new();
    if (!path || !payments || !(payments->data_file = store_path_with(path, "/data.mdb"))) {
        (void)store_say(error, "out of memory");
    } else if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        (void)store_say(error, "cannot make %.180s: %s", path, strerror(errno));
    } else {
        rc = open_environment(payments, path, options, error);
    }
    if (rc == LFI_OK) {
        rc = files_open(payments, path, error);
    }
    free(path);
    if (rc == LFI_OK) {
        payments->opens = options->uaefts_closes > 0 ? options->uaefts_opens : 8;
        payments->closes = options->uaefts_closes > 0 ? options->uaefts_closes : 18;
    }
    if (rc != LFI_OK) {
        payments_close(payments);
        return rc;
    }
    *out = payments;
    return LFI_OK;
}

void payments_close(struct payments *payments)
{
    if (payments) {
        if (payments->env) {
            mdb_env_close(payments->env);
        }
        (void)pthread_cond_destroy(&payments->moved);
        (void)pthread_mutex_destroy(&payments->lock);
        free(payments->data_file);
        free(payments->files);
        free(payments);
    }
}

int payments_forget(struct payments *payments, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    int result = payments_begin(payments, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = 0;
    for (size_t i = PAYMENTS_META + 1; i < PAYMENTS_DB_COUNT && rc == 0; i++) {
        rc = mdb_drop(txn, payments->db[i], 0);
    }
    if (rc == 0) {
        rc = payments_put_identity(payments, txn);
    }
    result = payments_end(payments, txn, rc, error);
    if (result == LFI_OK) {
        files_forget(payments);
    }
    return result;
}
