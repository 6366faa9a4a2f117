#include "caller/replay.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * An id may lie in any of the WINDOW slots from its own on. The table is twice as large as asked
 * for, so that a window is never full before the table holds what it was made for.
 */
#define WINDOW 64
#define HASH_BYTES 32

struct entry {
    unsigned char hash[HASH_BYTES]; /* SHA-256: ids cannot be chosen so that two share a place */
    int64_t until_s;                /* 0: free */
};

struct replay_table {
    size_t slots;
    struct entry entries[];
};

struct replay {
    atomic_uint owners;
    pthread_mutex_t lock;
    struct replay_table *table; /* guarded by `lock` */
};

/* --- life ------------------------------------------------------------------------------------- */

struct replay_table *replay_table_new(size_t entries)
{
    if (entries > SIZE_MAX / 4 / sizeof(struct entry)) {
        return NULL;
    }
    size_t slots = 2 * entries > WINDOW ? 2 * entries : WINDOW;
    struct replay_table *table = calloc(1, sizeof(*table) + slots * sizeof(struct entry));
    if (table) {
        table->slots = slots;
    }
    return table;
}

void replay_table_free(struct replay_table *table)
{
    free(table);
}

struct replay *replay_new(size_t entries)
{
    struct replay *replay = calloc(1, sizeof(*replay));

    if (!replay) {
        return NULL;
    }
    replay->table = replay_table_new(entries);
    if (!replay->table) {
        free(replay);
        return NULL;
    }
    atomic_init(&replay->owners, 1);
    pthread_mutex_init(&replay->lock, NULL);
    return replay;
}

struct replay *replay_share(struct replay *replay)
{
    atomic_fetch_add_explicit(&replay->owners, 1, memory_order_relaxed);
    return replay;
}

void replay_free(struct replay *replay)
{
    if (replay && atomic_fetch_sub_explicit(&replay->owners, 1, memory_order_acq_rel) == 1) {
        pthread_mutex_destroy(&replay->lock);
        replay_table_free(replay->table);
        free(replay);
    }
}

/* --- ids -------------------------------------------------------------------------------------- */

/* False: an equal one has not expired, or there is no room. */
static bool add(struct replay_table *table, const struct entry *new, int64_t now_s)
{
    uint64_t number;
    struct entry *room = NULL;

    memcpy(&number, new->hash, sizeof(number));
    for (size_t i = 0; i < WINDOW; i++) {
        struct entry *entry = &table->entries[(number % table->slots + i) % table->slots];
        if (entry->until_s < now_s) {
            room = entry;
        } else if (memcmp(entry->hash, new->hash, HASH_BYTES) == 0) {
            return false;
        }
    }
    if (room) {
        *room = *new;
    }
    return room;
}

bool replay_remember(struct replay *replay, struct lfi_slice id, int64_t until_s, int64_t now_s)
{
    struct entry new = {.until_s = until_s};

    if (EVP_Digest(id.ptr, id.len, new.hash, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    pthread_mutex_lock(&replay->lock);
    bool is_new = add(replay->table, &new, now_s);
    pthread_mutex_unlock(&replay->lock);
    return is_new;
}

/* --- resizing --------------------------------------------------------------------------------- */

static bool copy_live(const struct replay_table *from, struct replay_table *to, int64_t now_s)
{
    for (size_t i = 0; i < from->slots; i++) {
        const struct entry *entry = &from->entries[i];
        if (entry->until_s >= now_s && !add(to, entry, now_s)) {
            return false;
        }
    }
    return true;
}

bool replay_resize(struct replay *replay, struct replay_table *table, int64_t now_s)
{
    pthread_mutex_lock(&replay->lock);
    bool fits = copy_live(replay->table, table, now_s);
    struct replay_table *unused = fits ? replay->table : table;
    if (fits) {
        replay->table = table;
    }
    pthread_mutex_unlock(&replay->lock);
    replay_table_free(unused);
    return fits;
}
