/*
 * lfi/identity.h — who a person is whom another has identified, and codes that only this person
 * reads. Required of every core whose provider's customers decide at CAAP, the central
 * authentication and authorization platform (CAAP operations; `authorization: caap`).
 *
 * Codes are made, counted and judged by the server; the core carries them.
 */
#ifndef LFI_IDENTITY_H
#define LFI_IDENTITY_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a code reaches a customer, as bits. */
enum lfi_channel {
    LFI_CHANNEL_APP = 1 << 0,
    LFI_CHANNEL_SMS = 1 << 1,
    LFI_CHANNEL_EMAIL = 1 << 2,
};

/* A customer. Texts are NUL-terminated; empty: not known. */
struct lfi_person {
    uint32_t size;
    struct lfi_id user_id;
    uint32_t blocked;      /* may not be served: fraud, sanctions, deceased */
    uint32_t channels;     /* enum lfi_channel: which of them reach the customer */
    char masked_phone[32]; /* "+971 50 *** **12": recognised by the owner, useless to others */
    char masked_email[96];
};

struct lfi_code_message {
    uint32_t size;
    struct lfi_slice user_id;
    enum lfi_channel channel;
    struct lfi_slice code; /* digits; to be neither logged nor kept */
    uint32_t valid_s;      /* for so long */
};

/* Any number of threads at once; may block until the call's deadline. */
struct lfi_identity {
    uint32_t size;
    /*
     * The customer of this segment with this Emirates ID, 15 digits: LFI_OK; LFI_UNKNOWN: none;
     * LFI_DENIED: several have it. The id is neither to be logged nor kept.
     */
    int (*find)(void *core, const struct lfi_call *call, struct lfi_slice emirates_id,
                struct lfi_person *out, struct lfi_error *error);
    /* The same of a user id. LFI_UNKNOWN: there is no such user. */
    int (*about)(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                 struct lfi_person *out, struct lfi_error *error);
    /* LFI_OK: on its way. LFI_UNAVAILABLE: it cannot be sent now. */
    int (*deliver)(void *core, const struct lfi_call *call, const struct lfi_code_message *message,
                   struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
