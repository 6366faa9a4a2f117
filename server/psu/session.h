/*
 * The customer's session: all that is known of one journey, sealed into a cookie. Nothing about it
 * is kept on the server, so any instance can serve any request. What must be counted or done once
 * is not here but in the core: an old cookie can be played back.
 */
#ifndef PSU_SESSION_H
#define PSU_SESSION_H

#include "base/arena.h"
#include "base/buf.h"
#include "jose/seal.h"

#define SESSION_EXTENSIONS_MAX 10 /* WCAG 2.2.1 asks for ten at least */

/* What the customer signs in for. */
enum session_kind {
    SESSION_JOURNEY,  /* to decide on a consent that a TPP asks for */
    SESSION_CUSTOMER, /* to look at their own consents; nothing of it is known to the Hub */
    SESSION_KINDS,
};

/* How far the customer has come. */
enum session_stage {
    SESSION_SIGN_IN,  /* the customer is not known yet */
    SESSION_APPROVAL, /* the password was right; the app has been asked */
    SESSION_REVIEW,   /* both factors were right */
    SESSION_STEP_UP,  /* what was decided must be confirmed once more */
    SESSION_ENDED,    /* the Hub has been told how it ended; or signed out */
    SESSION_STAGES,
};

/* What moves a session from one stage to another. */
enum session_event {
    SESSION_ASKED,     /* the password was right: the app is asked for the second factor */
    SESSION_SIGNED_IN, /* both factors were right, here or in another browser of the journey */
    SESSION_CHOSEN,    /* accounts were chosen: the app is asked to confirm it */
    SESSION_REOPENED,  /* what was chosen is not offered: the customer chooses again */
    SESSION_OVER,      /* decided, left, refused or signed out */
    SESSION_EVENTS,
};

/* Texts are borrowed: from the arena after session_open(). */
struct session {
    enum session_kind kind;
    enum session_stage stage;
    struct lfi_slice provider;
    struct lfi_slice interaction_id; /* of the Hub; of a customer session, our own */
    struct lfi_slice consent_id;     /* of a journey */
    struct lfi_slice arrival;        /* the same: digest of the address the customer came with */
    struct lfi_slice user_id;        /* absent before SESSION_APPROVAL */
    struct lfi_slice approval_id;    /* of SESSION_APPROVAL and SESSION_STEP_UP */
    struct lfi_slice decision;       /* of SESSION_STEP_UP: digest of the accounts chosen */
    struct lfi_slice tpp;            /* whom it is about, cut to a length; absent until read */
    struct lfi_slice reason;         /* of SESSION_ENDED: why without consent; absent: as wished */
    int64_t number;                  /* of the request in the app: two digits, drawn for each */
    int64_t started_s;               /* moved on when the customer asked for more time … */
    int64_t extensions;              /* … which may be done SESSION_EXTENSIONS_MAX times */
    bool on_phone; /* taken over from another browser, which is sent back to the TPP */
};

/*
 * Moves the session as the table of transitions says, the only way to another stage. False, and it
 * stays where it is: this cannot happen in its stage.
 */
bool session_move(struct session *session, enum session_event event)
    __attribute__((warn_unused_result));

/* Appends the sealed cookie value; -1 when it does not fit `out`. */
int session_seal(const struct seal *seal, const struct session *session, struct buf *out);
/* False when the value was not sealed by us, for this kind, or is not a session. */
bool session_open(const struct seal *seal, struct arena *arena, enum session_kind kind,
                  struct lfi_slice value, struct session *out);

#endif
