/* The store's reading families with a sink for their records, for the unit tests. */
#ifndef STORE_READS_H
#define STORE_READS_H

#include "store/store.h"

struct sink_answer {
    struct lfi_answer base;
    struct lfi_sink sink;
};

static inline int sink_record(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    const struct sink_answer *self = (const struct sink_answer *)answer;
    (void)facts;
    return self->sink.record(self->sink.ctx, json);
}

static inline struct sink_answer answer_into(struct lfi_sink sink, void *summary)
{
    return (struct sink_answer){
        {.size = sizeof(struct lfi_answer), .record = sink_record, .summary = summary}, sink};
}

static inline struct lfi_query query_about(struct lfi_slice subject_id)
{
    return (struct lfi_query){.size = sizeof(struct lfi_query), .subject_id = subject_id};
}

/* What a page of transactions said besides its records. */
struct transactions_said {
    uint64_t total, mark;
};

static inline int read_transactions(struct store *store, const struct lfi_transaction_query *query,
                                    struct lfi_sink sink, struct transactions_said *out)
{
    struct lfi_transaction_summary summary = {.size = sizeof(summary)};
    struct sink_answer answer = answer_into(sink, &summary);
    struct lfi_error error = {""};
    int rc = store_accounts.transactions(store, NULL, query, &answer.base, &error);
    *out = (struct transactions_said){answer.base.total, summary.mark};
    return rc;
}

static inline int read_held(struct store *store, struct lfi_slice user_id, struct lfi_sink sink)
{
    const struct lfi_held_query query = {.base = {.size = sizeof(query), .subject_id = user_id}};
    struct sink_answer answer = answer_into(sink, NULL);
    struct lfi_error error = {""};
    return store_accounts.held(store, NULL, &query, &answer.base, &error);
}

static inline int read_subject(struct store *store, struct lfi_slice user_id,
                               struct lfi_slice account_id, struct lfi_account_facts *out)
{
    const struct lfi_subject_query query = {
        .size = sizeof(query), .user_id = user_id, .account_id = account_id};
    struct lfi_error error = {""};
    *out = (struct lfi_account_facts){.size = sizeof(*out)};
    return store_accounts.subject(store, NULL, &query, out, &error);
}

static inline int read_leads(struct store *store, struct lfi_sink sink)
{
    const struct lfi_query query = query_about((struct lfi_slice){NULL, 0});
    struct sink_answer answer = answer_into(sink, NULL);
    struct lfi_error error = {""};
    return store_open_data.leads(store, NULL, &query, &answer.base, &error);
}

static inline int read_record(struct store *store, struct lfi_slice account_id,
                              struct lfi_sink sink)
{
    struct sink_answer answer = answer_into(sink, NULL);
    struct lfi_error error = {""};
    return store_account_record(store, account_id, &answer.base, &error);
}

#endif
