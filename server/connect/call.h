/*
 * What an operation sees: a request whose caller, provider, headers, parameters and body have been
 * checked. An operation writes reply->body (JSON) and status, or refuses.
 */
#ifndef CONNECT_CALL_H
#define CONNECT_CALL_H

#include "connect/connect.h"

struct call {
    struct connect *connect;
    const struct request *request;
    const struct provider *provider; /* NULL for health operations */
    const struct contract_operation *operation;
    struct contract_parameters parameters;
    struct arena *arena;
    const struct clock *clock;
    struct reply *reply;
    struct refusal *refusal;
};

/* 0: the reply is filled; -1: the refusal is. */
typedef int connect_operation_fn(struct call *call);

/* Generated from the documents: operation i of contract_ozone_connect; NULL: x-lfi-later. */
extern connect_operation_fn *const connect_operations[];

#endif
