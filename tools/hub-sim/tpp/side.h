/*
 * The side of the simulated Hubs that TPPs see: discovery, authorization server and resource server
 * of each Hub, on one TLS listener. A Hub's three parts are told apart by the first segment of the
 * path: /auth1.PROVIDER.apihub (the issuer), /as1.PROVIDER.apihub, /rs1.PROVIDER.apihub. A client
 * certificate is asked for and only the issuer does without.
 *
 * It uses the rest of the simulator (store, consent, bank), and nothing there uses it.
 */
#ifndef HUB_SIM_TPP_SIDE_H
#define HUB_SIM_TPP_SIDE_H

#include "sim.h"

struct tpp_side;

/* NULL in *out when the configuration has no tppListener. */
int tpp_side_open(struct tpp_side **out, struct sim *sim, struct lfi_error *error);
void tpp_side_close(struct tpp_side *side); /* NULL is fine */

/* http_handler_fn of its listener; ctx is the struct tpp_side. */
void tpp_side_handle(void *side, const struct request *request, struct reply *reply);

#endif
