/* The TPP app: the pages that start a consent and receive the customer back. */
#ifndef HUB_SIM_APP_H
#define HUB_SIM_APP_H

#include "sim.h"

/* GET /tpp/callback: keeps what the customer brought and shows it. */
void app_receive_customer(struct sim *sim, const struct request *request, struct reply *reply);
/* A file of the app; 404 with a page that leads on when there is none. */
void app_serve_file(const struct request *request, struct reply *reply);

#endif
