/* The store's reading families with a sink for their records, for the unit tests. */
#ifndef STORE_READS_H
#define STORE_READS_H

#include "store/store.h"

/* Receives records one by one. Return 0 to go on, anything else to stop. */
struct record_sink {
    int (*record)(void *ctx, struct lfi_slice json);
    void *ctx;
};

struct sink_answer {
    struct lfi_answer base;
    struct record_sink sink;
};

static inline int sink_record(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    const struct sink_answer *self = (const struct sink_answer *)answer;
    (void)facts;
    return self->sink.record(self->sink.ctx, json);
}

static inline struct sink_answer answer_into(struct record_sink sink, void *summary)
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
                                    struct record_sink sink, struct transactions_said *out)
{
    struct lfi_transaction_summary summary = {.size = sizeof(summary)};
    struct sink_answer answer = answer_into(sink, &summary);
    struct lfi_error error = {""};
    int rc = store_accounts.transactions(store, NULL, query, &answer.base, &error);
    *out = (struct transactions_said){answer.base.total, summary.mark};
    return rc;
}

static inline int read_held(struct store *store, struct lfi_slice user_id, struct record_sink sink)
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

static inline int read_leads(struct store *store, struct record_sink sink)
{
    const struct lfi_query query = query_about((struct lfi_slice){NULL, 0});
    struct sink_answer answer = answer_into(sink, NULL);
    struct lfi_error error = {""};
    return store_open_data.leads(store, NULL, &query, &answer.base, &error);
}

/* --- sign-in and levers by their plain arguments ---------------------------------------------- */

static inline int store_sign_in(struct store *store, struct lfi_slice login,
                                struct lfi_slice password, struct lfi_id *out,
                                struct lfi_error *error)
{
    const struct lfi_login asked = {sizeof(asked), login, password};
    return store_signin.sign_in(store, NULL, &asked, out, error);
}

static inline int store_may_sign_in(struct store *store, struct lfi_slice user_id,
                                    struct lfi_error *error)
{
    return store_signin.may_sign_in(store, NULL, user_id, error);
}

static inline int store_approval_start(struct store *store, struct lfi_slice user_id,
                                       struct lfi_slice purpose, uint32_t ttl_s, struct lfi_id *out,
                                       struct lfi_error *error)
{
    const struct lfi_approval_request request = {sizeof(request), user_id, purpose, ttl_s};
    return store_signin.approval_start(store, NULL, &request, out, error);
}

static inline int store_approval_state(struct store *store, struct lfi_slice user_id,
                                       struct lfi_slice approval_id, enum lfi_approval_state *out,
                                       struct lfi_error *error)
{
    const struct lfi_approval approval = {sizeof(approval), user_id, approval_id};
    return store_signin.approval_state(store, NULL, &approval, out, error);
}

static inline int store_approval_decide(struct store *store, struct lfi_slice user_id,
                                        struct lfi_slice approval_id, int approve,
                                        struct lfi_error *error)
{
    const struct lfi_approval approval = {sizeof(approval), user_id, approval_id};
    return store_signin.approval_decide(store, NULL, &approval, approve, error);
}

static inline int store_approval_withdraw(struct store *store, struct lfi_slice user_id,
                                          struct lfi_slice approval_id, struct lfi_error *error)
{
    const struct lfi_approval approval = {sizeof(approval), user_id, approval_id};
    return store_signin.approval_withdraw(store, NULL, &approval, error);
}

static inline int store_approvals_waiting(struct store *store, struct lfi_slice user_id,
                                          struct record_sink sink, struct lfi_error *error)
{
    const struct lfi_query query = query_about(user_id);
    struct sink_answer answer = answer_into(sink, NULL);
    return store_signin.approvals_waiting(store, NULL, &query, &answer.base, error);
}

static inline int store_message_send(struct store *store, struct lfi_slice user_id,
                                     struct lfi_slice text, struct lfi_error *error)
{
    return store_signin.message_send(store, NULL, user_id, text, error);
}

static inline int store_messages(struct store *store, struct lfi_slice user_id,
                                 struct record_sink sink, struct lfi_error *error)
{
    const struct lfi_query query = query_about(user_id);
    struct sink_answer answer = answer_into(sink, NULL);
    return store_signin.messages(store, NULL, &query, &answer.base, error);
}

static inline int store_account_set_status(struct store *store, struct lfi_slice account_id,
                                           enum lfi_account_status status, struct lfi_error *error)
{
    return store_levers.account_set_status(store, NULL, account_id, status, error);
}

static inline int store_account_set_credit_block(struct store *store, struct lfi_slice account_id,
                                                 enum lfi_credit_block block,
                                                 struct lfi_error *error)
{
    return store_levers.account_set_credit_block(store, NULL, account_id, block, error);
}

static inline int store_reset(struct store *store, struct lfi_error *error)
{
    return store_levers.reset(store, NULL, error);
}

static inline int read_record(struct store *store, struct lfi_slice account_id,
                              struct record_sink sink)
{
    struct sink_answer answer = answer_into(sink, NULL);
    struct lfi_error error = {""};
    return store_account_record(store, account_id, &answer.base, &error);
}

#endif
