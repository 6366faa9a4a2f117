/* What the functions of operations share: the server's parts behind a call. */
#ifndef CONNECT_OPERATION_H
#define CONNECT_OPERATION_H

#include "connect/cache.h"
#include "connect/connect.h"
#include "flow/call.h"
#include "jose/jwe.h"
#include "payments/copies.h"
#include "provider/share.h"

struct connect {
    struct connect_config config;
    _Atomic int check_responses; /* enum contract_replies; may change at reload */
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    struct shares *shares;         /* of the providers in the workers */
    struct cache *watermarks;      /* what page 1 saw */
    struct cache *permissions;     /* what consents permit */
    struct cache *versions;        /* of the standard, of consents */
    struct consent_copies *copies; /* of consents to payments */
    struct jwe_code_pool *codes;
};

/* Identifiers come from outside: whether this looks like one, to be logged and asked for. */
bool call_is_id(struct lfi_slice text);
/* An identifier from outside: the header when it looks like one, else "(malformed)". */
struct lfi_slice call_logged_header(const struct request *request, const char *name);

/* What the provider of the call offers at present: the versions that it serves may change. */
const struct offers *call_offers(const struct call *call);

#endif
