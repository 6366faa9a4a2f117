/* Open data: machines, the product catalogue, leads. */
#include "store/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRODUCTS_MAX 1000
#define LEAD_MAX 65536

struct machines {
    struct lfi_sink sink;
    int64_t updated_us; /* newest change */
};

static int give_machine(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct machines *machines = ctx;
    int64_t updated = 0;
    (void)key;
    memcpy(&updated, value->mv_data, sizeof(updated));
    machines->updated_us = updated > machines->updated_us ? updated : machines->updated_us;
    return read_give(machines->sink, value, sizeof(updated));
}

int store_atms(void *core, struct lfi_sink sink, int64_t *out_updated_us, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct machines machines = {.sink = sink};
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_CORE_OK) {
        return rc;
    }
    rc = read_walk(store, txn, DB_ATMS, NULL, give_machine, &machines, error);
    *out_updated_us = machines.updated_us;
    mdb_txn_abort(txn);
    return rc;
}

/* --- catalogue -------------------------------------------------------------------------------- */

/* A product of the memory map, taken apart. */
struct product {
    struct product_value head;
    struct lfi_slice id, brand, category, json;
};

static bool take_apart(const MDB_val *key, const MDB_val *value, struct product *out)
{
    if (value->mv_size < sizeof(out->head)) {
        return false;
    }
    memcpy(&out->head, value->mv_data, sizeof(out->head));
    size_t texts = (size_t)out->head.brand_len + out->head.category_len;
    if (value->mv_size < sizeof(out->head) + texts) {
        return false;
    }
    const char *at = (const char *)value->mv_data + sizeof(out->head);
    out->id = (struct lfi_slice){key->mv_data, key->mv_size};
    out->brand = (struct lfi_slice){at, out->head.brand_len};
    out->category = (struct lfi_slice){at + out->head.brand_len, out->head.category_len};
    out->json = (struct lfi_slice){at + texts, value->mv_size - sizeof(out->head) - texts};
    return true;
}

static bool wanted(const struct product *product, const struct lfi_product_query *query,
                   int64_t now_us)
{
    const struct product_value *head = &product->head;
    struct lfi_slice category = query->category;
    return head->effective_to_us > now_us && (query->sharia < 0 || head->sharia == query->sharia) &&
           (query->updated_since_us == INT64_MIN || head->updated_us >= query->updated_since_us) &&
           (!category.ptr || (category.len == product->category.len &&
                              memcmp(category.ptr, product->category.ptr, category.len) == 0));
}

static int by_id(const void *a, const void *b)
{
    const struct product *x = a;
    const struct product *y = b;
    size_t shorter = x->id.len < y->id.len ? x->id.len : y->id.len;
    int order = memcmp(x->id.ptr, y->id.ptr, shorter);
    return order != 0 ? order : (x->id.len > y->id.len) - (x->id.len < y->id.len);
}

static int by_id_down(const void *a, const void *b)
{
    return by_id(b, a);
}

/* An unknown last update comes last in both directions. */
static int by_update_in(const struct product *x, const struct product *y, int direction)
{
    bool x_known = x->head.updated_us != INT64_MIN;
    bool y_known = y->head.updated_us != INT64_MIN;
    if (x_known != y_known) {
        return x_known ? -1 : 1;
    }
    int order =
        (x->head.updated_us > y->head.updated_us) - (x->head.updated_us < y->head.updated_us);
    return order != 0 ? direction * order : by_id(x, y);
}

static int by_update(const void *a, const void *b)
{
    return by_update_in(a, b, 1);
}

static int by_update_down(const void *a, const void *b)
{
    return by_update_in(a, b, -1);
}

/* The matching products, unordered. */
struct catalogue {
    const struct lfi_product_query *query;
    int64_t now_us;
    struct product *products;
    size_t count;
};

static int collect(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct catalogue *catalogue = ctx;
    if (catalogue->count == PRODUCTS_MAX) {
        return LFI_CORE_STOPPED;
    }
    struct product *product = &catalogue->products[catalogue->count];
    if (!take_apart(key, value, product)) {
        return LFI_CORE_FAILED;
    }
    catalogue->count += wanted(product, catalogue->query, catalogue->now_us);
    return LFI_CORE_OK;
}

int store_catalogue(void *core, const struct lfi_product_query *query, struct lfi_product_sink sink,
                    uint64_t *out_total, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct catalogue catalogue = {.query = query, .now_us = store->now_us(store->clock)};
    struct product *products = calloc(PRODUCTS_MAX, sizeof(*products));
    if (!products) {
        return store_say(error, "out of memory");
    }
    catalogue.products = products;
    int rc = read_begin(store, &txn, error);
    if (rc == LFI_CORE_OK) {
        rc = read_walk(store, txn, DB_PRODUCTS, NULL, collect, &catalogue, error);
    }
    size_t count = catalogue.count;
    *out_total = count;
    qsort(products, count, sizeof(*products),
          query->by_id ? (query->descending ? by_id_down : by_id)
                       : (query->descending ? by_update_down : by_update));
    for (uint64_t i = query->window.offset;
         i < count && i - query->window.offset < query->window.limit && rc == LFI_CORE_OK; i++) {
        rc = sink.record(sink.ctx, products[i].brand, products[i].json) == 0 ? LFI_CORE_OK
                                                                             : LFI_CORE_STOPPED;
    }
    if (txn) {
        mdb_txn_abort(txn);
    }
    free(products);
    return rc;
}

/* --- leads ------------------------------------------------------------------------------------ */

int store_lead_create(void *core, struct lfi_slice lead, struct lfi_id *out,
                      struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    if (lead.len > LEAD_MAX || !store_new_id(out)) {
        return store_say(error, "lead: refused");
    }
    int64_t now = store->now_us(store->clock);
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return store_fail(error, "begin", rc);
    }
    MDB_val key = val_of((struct lfi_slice){out->text, strlen(out->text)});
    MDB_val value = {sizeof(now) + lead.len, NULL};
    rc = mdb_put(txn, store->db[DB_LEADS], &key, &value, MDB_RESERVE | MDB_NOOVERWRITE);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return store_fail(error, "lead", rc);
    }
    memcpy(value.mv_data, &now, sizeof(now));
    memcpy((char *)value.mv_data + sizeof(now), lead.ptr, lead.len);
    rc = mdb_txn_commit(txn);
    return rc == 0 ? LFI_CORE_OK : store_fail(error, "commit", rc);
}

static int give_lead(void *ctx, const MDB_val *key, const MDB_val *value)
{
    const struct lfi_sink *sink = ctx;
    int64_t created = 0;
    memcpy(&created, value->mv_data, sizeof(created));
    size_t json_len = value->mv_size - sizeof(created);
    size_t max = json_len + 256;
    char *text = malloc(max);
    if (!text) {
        return LFI_CORE_FAILED;
    }
    int len =
        snprintf(text, max, "{\"leadId\":\"%.*s\",\"createdAt\":%lld,\"lead\":%.*s}",
                 (int)key->mv_size, (const char *)key->mv_data, (long long)(created / 1000000),
                 (int)json_len, (const char *)value->mv_data + sizeof(created));
    int stop = sink->record(sink->ctx, (struct lfi_slice){text, (size_t)len});
    free(text);
    return stop == 0 ? LFI_CORE_OK : LFI_CORE_STOPPED;
}

int store_leads(void *core, struct lfi_sink sink, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    int rc = read_begin(store, &txn, error);
    if (rc == LFI_CORE_OK) {
        rc = read_walk(store, txn, DB_LEADS, NULL, give_lead, &sink, error);
        mdb_txn_abort(txn);
    }
    return rc;
}
