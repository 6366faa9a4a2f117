/*
 * Rows: what an operation means, in one line of its document (x-lfi), beside its shape.
 * tools/openapi-compile writes one row per operation; flow.c carries them out. A row names
 * functions, so that a misspelt one does not build.
 */
#ifndef FLOW_ROW_H
#define FLOW_ROW_H

#include "contract/contract.h"
#include "provider/provider.h"

struct call;

/* Whom or what an operation is about; checked before the core is asked. */
enum flow_subject {
    FLOW_NOBODY,
    FLOW_USER,    /* of o3-psu-identifier: known to the core */
    FLOW_ACCOUNT, /* of the path: held by the user, and readable */
};

/* What the core's records become. */
enum flow_reply {
    FLOW_OTHER, /* the handler's own */
    FLOW_ONE,   /* {"data":{…},"meta":{}} */
    FLOW_LIST,  /* {"data":[…],"meta":{…}}: the core gives all, a page is cut out */
    FLOW_PAGES, /* the same, of which the core gives a page */
};

/* Decodes the parameters that are the operation's own into call->query. 0, or -1: refused. */
typedef int flow_query_fn(struct call *call);

/* Writes what stands before or after the records when that is unusual. 0, or -1: refused. */
enum flow_part { FLOW_HEAD, FLOW_TAIL };
typedef int flow_shape_fn(struct call *call, enum flow_part part);

/* Does everything by hand. 0: the reply is filled; -1: the refusal is. */
typedef int flow_handler_fn(struct call *call);

struct flow_row {
    const char *serves; /* "accounts.balances": family and function of the core; NULL: none */
    bool (*offered)(const struct provider *provider); /* NULL: always */
    /* Calls that function; `query` is the one that the function takes. */
    int (*serve)(const struct provider *provider, const struct lfi_call *call, const void *query,
                 struct lfi_answer *answer, struct lfi_error *error);
    unsigned select; /* enum lfi_insurance_sector; 0: the operation is of none */
    enum flow_subject subject;
    enum flow_reply reply;
    const char *record; /* member of each record that must name the subject; NULL: none */
    flow_query_fn *query;
    flow_shape_fn *shape;
    flow_handler_fn *handler;
    const char *const *permissions; /* of consents, NULL at the end; any of them opens it */
    unsigned stages;    /* of a customer's session in which it is allowed, 1U << enum session_stage;
                           0: none is needed */
    bool later;         /* not built yet: 501 */
    bool stream;        /* the handler reads the body in pieces, however large */
    bool connect_token; /* of the consent, may take the place of the Hub's credential */
    /* Numbers of parameters; 0: the operation has none such. */
    uint8_t page, page_size;           /* of lists */
    uint8_t psu, account;              /* of subjects */
    uint8_t interaction, consent, tpp; /* who asks */
};

/* One API: its documents compiled, with a row for each form of an operation. */
struct flow_api {
    const struct contract_api *contract;
    const struct flow_row *rows;
};

/*
 * Whether the provider's core offers what the operation needs; one of a sector of insurance needs
 * an insurer of that sector. flow_run answers for those that it does not: CAPABILITY-ABSENT 400, or
 * SECTOR-ABSENT 404.
 */
bool flow_offers(const struct flow_row *row, const struct provider *provider);

static inline const struct flow_row *flow_row_of(const struct flow_api *api,
                                                 const struct contract_operation *operation)
{
    return &api->rows[contract_operation_row(operation)];
}

#endif
