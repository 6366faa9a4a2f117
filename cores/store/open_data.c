/* Open data: ATMs, the product catalogue, leads. */
#include "store/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRODUCTS_MAX 1000
#define LEAD_MAX 65536

static int give_atm(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct lfi_answer *answer = ctx;
    struct lfi_atm_summary *summary = answer->summary;
    int64_t updated = 0;
    (void)key;
    memcpy(&updated, value->mv_data, sizeof(updated));
    summary->updated_us = updated > summary->updated_us ? updated : summary->updated_us;
    return read_answer(answer, value, sizeof(updated), NULL);
}

static int open_data_atms(void *core, const struct lfi_call *call, const struct lfi_query *query,
                          struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    (void)call;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc == LFI_OK && (rc = read_begin(core, &txn, error)) == LFI_OK) {
        rc = read_walk(core, txn, DB_ATMS, NULL, give_atm, answer, error);
        mdb_txn_abort(txn);
    }
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
        return LFI_STOPPED;
    }
    struct product *product = &catalogue->products[catalogue->count];
    if (!take_apart(key, value, product)) {
        return LFI_FAILED;
    }
    catalogue->count += wanted(product, catalogue->query, catalogue->now_us);
    return LFI_OK;
}

static int give_window(const struct catalogue *catalogue, struct lfi_answer *answer)
{
    struct lfi_window window = catalogue->query->base.window;
    int rc = LFI_OK;
    for (uint64_t i = window.offset;
         i < catalogue->count && i - window.offset < window.limit && rc == LFI_OK; i++) {
        const struct product *product = &catalogue->products[i];
        const struct lfi_product_facts facts = {sizeof(facts), product->brand};
        rc = answer->record(answer, product->json, &facts) == 0 ? LFI_OK : LFI_STOPPED;
    }
    return rc;
}

static int open_data_catalogue(void *core, const struct lfi_call *call,
                               const struct lfi_product_query *query, struct lfi_answer *answer,
                               struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct store *store = core;
    struct catalogue catalogue = {.query = query, .now_us = store->now_us(store->clock)};
    (void)call;
    int rc = read_check_query(&query->base, sizeof(*query), error);
    if (rc != LFI_OK) {
        return rc;
    }
    catalogue.products = calloc(PRODUCTS_MAX, sizeof(*catalogue.products));
    if (!catalogue.products) {
        return store_say(error, "out of memory");
    }
    rc = read_begin(store, &txn, error);
    if (rc == LFI_OK) {
        rc = read_walk(store, txn, DB_PRODUCTS, NULL, collect, &catalogue, error);
    }
    answer->total = catalogue.count;
    qsort(catalogue.products, catalogue.count, sizeof(*catalogue.products),
          query->by_id ? (query->descending ? by_id_down : by_id)
                       : (query->descending ? by_update_down : by_update));
    if (rc == LFI_OK) {
        rc = give_window(&catalogue, answer);
    }
    if (txn) {
        mdb_txn_abort(txn);
    }
    free(catalogue.products);
    return rc;
}

/* --- leads ------------------------------------------------------------------------------------ */

static int open_data_lead_create(void *core, const struct lfi_call *call, struct lfi_slice lead,
                                 struct lfi_id *out, struct lfi_error *error)
{
    struct store *store = core;
    (void)call;
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
    return rc == 0 ? LFI_OK : store_fail(error, "commit", rc);
}

static int give_lead(void *ctx, const MDB_val *key, const MDB_val *value)
{
    struct lfi_answer *answer = ctx;
    int64_t created = 0;
    memcpy(&created, value->mv_data, sizeof(created));
    size_t json_len = value->mv_size - sizeof(created);
    size_t max = json_len + 256;
    char *text = malloc(max);
    if (!text) {
        return LFI_FAILED;
    }
    int len =
        snprintf(text, max, "{\"leadId\":\"%.*s\",\"createdAt\":%lld,\"lead\":%.*s}",
                 (int)key->mv_size, (const char *)key->mv_data, (long long)(created / 1000000),
                 (int)json_len, (const char *)value->mv_data + sizeof(created));
    int rc = lfi_give(answer, (struct lfi_slice){text, (size_t)len});
    free(text);
    return rc;
}

static int open_data_leads(void *core, const struct lfi_call *call, const struct lfi_query *query,
                           struct lfi_answer *answer, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    (void)call;
    int rc = read_check_query(query, sizeof(*query), error);
    if (rc == LFI_OK && (rc = read_begin(core, &txn, error)) == LFI_OK) {
        rc = read_walk(core, txn, DB_LEADS, NULL, give_lead, answer, error);
        mdb_txn_abort(txn);
    }
    return rc;
}

const struct lfi_open_data store_open_data = {
    .size = sizeof(struct lfi_open_data),
    .atms = open_data_atms,
    .catalogue = open_data_catalogue,
    .lead_create = open_data_lead_create,
    .leads = open_data_leads,
};
