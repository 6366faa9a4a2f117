/*
 * The server's side of TLS for one listener: certificate, key and the bundle that client
 * certificates must chain to. Trust comes from that bundle alone, never from the system.
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/error.h"
#include "http/http.h"

struct tls;
struct ssl_ctx_st;

/* Reads all files. The texts of `config` must outlive it. */
int tls_new(struct tls **out, const struct http_tls *config, struct lfi_error *error);
void tls_free(struct tls *tls);
/* What connections are made of; stays the same over reloads. Borrowed. */
struct ssl_ctx_st *tls_context(const struct tls *tls);
/*
 * Reads all files again. Handshakes that begin from now on use them, and sessions of before are
 * not resumed. On failure nothing changes. Any thread, one at a time.
 */
int tls_reload(struct tls *tls, struct lfi_error *error);

#endif
