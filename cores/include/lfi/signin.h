/*
 * lfi/signin.h — who a customer is: the password, the approval in the bank's app, and messages.
 * Required of every core whose provider has customer pages (authorizePath); message_send also
 * serves the rates of accounts.products, which a customer is sent a code for.
 *
 * What a customer may try and how often, sessions, passkeys and decisions are the server's.
 */
#ifndef LFI_SIGNIN_H
#define LFI_SIGNIN_H

#include <lfi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a message to a customer. */
#define LFI_MESSAGE_BYTES_MAX 2048

struct lfi_login {
    uint32_t size;
    struct lfi_slice login;
    struct lfi_slice password; /* neither to be logged nor kept */
};

/* What the customer is to approve in the app. */
struct lfi_approval_request {
    uint32_t size;
    struct lfi_slice user_id;
    struct lfi_slice purpose; /* JSON object that the app shows, at most 4 KiB */
    uint32_t ttl_s;           /* it expires then */
};

/* An approval that was asked for. */
struct lfi_approval {
    uint32_t size;
    struct lfi_slice user_id;
    struct lfi_slice approval_id;
};

/* How far it has come. */
enum lfi_approval_state {
    LFI_APPROVAL_WAITING,
    LFI_APPROVAL_APPROVED,
    LFI_APPROVAL_DENIED,
    LFI_APPROVAL_EXPIRED,
};

struct lfi_signin {
    uint32_t size;

    /* --- required ----------------------------------------------------------------------------- */

    /*
     * First factor. LFI_OK and the opaque user id; LFI_DENIED for a wrong login or a
     * wrong password alike, in equal time; LFI_BLOCKED for a barred customer whose password
     * was right. The server limits the tries.
     */
    int (*sign_in)(void *core, const struct lfi_call *call, const struct lfi_login *login,
                   struct lfi_id *out_user_id, struct lfi_error *error);
    /*
     * Second factor: asks the customer's bound device. LFI_DENIED while a request of the same
     * "kind", a member of the purpose, waits for the customer: a waiting one is never replaced.
     */
    int (*approval_start)(void *core, const struct lfi_call *call,
                          const struct lfi_approval_request *request,
                          struct lfi_id *out_approval_id, struct lfi_error *error);
    /* How far it has come; LFI_UNKNOWN when the approval is not this user's. */
    int (*approval_state)(void *core, const struct lfi_call *call,
                          const struct lfi_approval *approval, enum lfi_approval_state *out,
                          struct lfi_error *error);

    /* --- optional ----------------------------------------------------------------------------- */

    /*
     * The journey that asked is over: the app shows the request no longer, and it counts as denied.
     * LFI_DENIED when it waits no longer. Without it the request stays until it expires.
     */
    int (*approval_withdraw)(void *core, const struct lfi_call *call,
                             const struct lfi_approval *approval, struct lfi_error *error);
    /*
     * Whether a customer who has proved to be this user may go on: LFI_OK, LFI_BLOCKED
     * for a barred one, LFI_UNKNOWN. Asked before a passkey counts, which the server judges
     * and keeps itself. Without it the server offers no passkeys.
     */
    int (*may_sign_in)(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                       struct lfi_error *error);
    /*
     * Sends a text to the customer's phone, by e-mail when there is none. LFI_UNAVAILABLE when
     * the customer can be reached in neither way. At most LFI_MESSAGE_BYTES_MAX long. It may hold a
     * one-time code: it must be neither logged nor written to disk.
     */
    int (*message_send)(void *core, const struct lfi_call *call, struct lfi_slice user_id,
                        struct lfi_slice text, struct lfi_error *error);

    /* --- of the simulated bank app; a bank with a real one leaves these null ------------------ */

    /*
     * The approvals that wait for the user, {"approvalId", "purpose", "expiresAt"} each. Where it
     * is offered, the server also tells a customer when the one that waits expires.
     */
    int (*approvals_waiting)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                             struct lfi_answer *answer, struct lfi_error *error);
    /* A decision is made once: later ones get LFI_DENIED. */
    int (*approval_decide)(void *core, const struct lfi_call *call,
                           const struct lfi_approval *approval, int approve,
                           struct lfi_error *error);
    /* What was sent to the user, {"sentAt", "text"} each, newest first. */
    int (*messages)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                    struct lfi_answer *answer, struct lfi_error *error);
};

#ifdef __cplusplus
}
#endif

#endif
