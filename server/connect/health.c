/* Health checks: no credential, no o3 headers, errors without errorCode. (Hub to bank 7.) */
#include "connect/operation.h"

#include "rows_health_check.h"

#include "base/json.h"

static void begin(struct call *call, struct json_writer *w, const char *mtls_status)
{
    json_begin(w, &call->reply->body);
    json_open_object(w, NULL);
    json_bool(w, "connectionEstablished", true);
    json_text(w, "mtlsStatus", mtls_status);
    json_text(w, "hostName", call->connect->config.host_name);
    call->reply->status = 200;
}

static int check_certificate(struct call *call)
{
    struct caller_subject subject;
    return caller_check_certificate(call->peers->caller, call->request, &subject, call->refusal);
}

int connect_hello(struct call *call)
{
    struct json_writer w;
    begin(call, &w, "not-checked");
    json_close_object(&w);
    return 0;
}

int connect_hello_mtls(struct call *call)
{
    struct json_writer w;
    if (check_certificate(call) != 0) {
        return -1;
    }
    begin(call, &w, "established");
    json_close_object(&w);
    return 0;
}

int connect_echo_cert(struct call *call)
{
    struct json_writer w;
    if (check_certificate(call) != 0) {
        return -1;
    }
    begin(call, &w, "established");
    json_open_object(&w, "clientCertificate");
    json_string(&w, "subject", caller_subject_text(call->arena, call->request->peer));
    json_string(&w, "issuer", caller_issuer_text(call->arena, call->request->peer));
    json_close_object(&w);
    json_close_object(&w);
    return 0;
}
