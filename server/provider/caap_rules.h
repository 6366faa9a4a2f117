/*
 * How a provider registers customers who decide at CAAP, the central authentication and
 * authorization platform: configuration. (CAAP 5.)
 */
#ifndef PROVIDER_CAAP_RULES_H
#define PROVIDER_CAAP_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* When a customer whom CAAP has identified must type a code of the bank. */
enum caap_challenge {
    CAAP_CHALLENGE_ALWAYS,
    CAAP_CHALLENGE_UNLESS_VERIFIED, /* not after EFR or UAE Pass */
    CAAP_CHALLENGE_NEVER,
};

/* In which languages a customer is told why a consent is not valid. */
enum caap_language { CAAP_ENGLISH, CAAP_ARABIC, CAAP_BOTH };

#define CAAP_CHANNELS 3

struct caap_rules {
    enum caap_challenge challenge;
    unsigned channels[CAAP_CHANNELS]; /* enum lfi_channel, the one to try first in front */
    size_t channel_count;
    bool require_link;   /* choices are given to registered users alone */
    bool clear_identity; /* takes an Emirates ID that is not encrypted: development only */
    enum caap_language language;
};

#endif
