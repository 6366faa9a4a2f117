/* What the listeners say of themselves to whoever knows no path of theirs. */
#ifndef HUB_SIM_ABOUT_H
#define HUB_SIM_ABOUT_H

#include "sim.h"

/* A listener of programs; browsers have the start page of the plain one. */
struct about {
    const char *service; /* who calls it, and for what */
    const char *begin;   /* where a client of it begins */
};

/* Answers GET / with what the listener is, anything else with 404. */
void about_answer(const struct sim *sim, const struct about *about, const struct request *request,
                  struct reply *reply);

#endif
