/*
 * The server's side of TLS for one listener: certificate, key and the bundle that client
 * certificates must chain to. Trust comes from that bundle alone, never from the system.
 *
 * A client certificate must be made for TLS clients: extendedKeyUsage clientAuth and keyUsage
 * digitalSignature. It is judged in the handshake, after a resumption (which leaves that out), and
 * by dates and reloaded files before each request, so that a kept connection ends with what it
 * rests on. Refused, with 401 where a request was there already:
 *
 *   TLS-CERT-MISSING    none was sent
 *   TLS-CERT-EXPIRED    it, or an authority of its chain, is not valid any more
 *   TLS-CERT-FUTURE     it is not valid yet
 *   TLS-CERT-PURPOSE    it is not made for TLS clients
 *   TLS-CERT-REVOKED    the revocation list names it
 *   TLS-CRL             the revocation list is none of its issuer, or out of date
 *   TLS-CERT-UNTRUSTED  it does not chain to the bundle
 *   TLS-HANDSHAKE       anything else that ends a handshake
 */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/error.h"
#include "http/http.h"
#include "http/peer.h"
#include "http/refusal.h"

struct tls;
struct ssl_ctx_st;
struct ssl_st;

/* Reads all files; copies the configuration's own fields. */
int tls_new(struct tls **out, const struct http_tls *config, struct lfi_error *error);
void tls_free(struct tls *tls);
/* What connections are made of; stays the same over reloads. Borrowed. */
struct ssl_ctx_st *tls_context(const struct tls *tls);
/*
 * Reads the files that `config` names now, for tls_commit; on failure nothing changes. Any thread,
 * one at a time.
 */
int tls_prepare(struct tls *tls, const struct http_tls *config, struct lfi_error *error);
/*
 * What was prepared counts: handshakes that begin from now on use it, and sessions of before are
 * not resumed.
 */
void tls_commit(struct tls *tls);
/*
 * Gives sessions an end: they are sealed with a key that is thrown away when it is LIMIT_SESSION_S
 * old, so that neither a session nor a chain of renewed ones lives longer. Called before each
 * handshake, by the one thread that makes them.
 */
void tls_renew_ticket_key(struct tls *tls);

/* After a handshake. -1 with a refusal: the connection must end. Clear in any case. */
int tls_peer_take(struct tls *tls, struct ssl_st *ssl, struct tls_peer *out,
                  struct refusal *refusal);
/* Before a request. -1 with a refusal TLS-CERT-…, status 401. */
int tls_peer_check(struct tls *tls, struct tls_peer *peer, struct refusal *refusal);
void tls_peer_clear(struct tls_peer *peer);

/* Why a handshake failed, from what OpenSSL has noted in this thread and in `ssl`. */
void tls_explain_failure(const struct ssl_st *ssl, struct refusal *out);

#endif
