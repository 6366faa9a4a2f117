/* Every limit of the server, with its unit and its reason. Tested at the limit and one past it. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Requests. The Hub's own calls stay far below each of these. */
#define LIMIT_BODY_BYTES (1024 * 1024)         /* default; configuration `limits.bodyBytes` */
#define LIMIT_LEAD_BYTES (32 * 1024)           /* data of a lead: names, an address and a note */
#define LIMIT_STREAM_BYTES (200 * 1024 * 1024) /* of a body read in pieces: a file of payments */
#define LIMIT_STREAM_BYTES_PER_S (64 * 1024)   /* the slowest that such a body may come */
#define LIMIT_HEAD_BYTES (24 * 1024)         /* request line with query, token and other headers */
#define LIMIT_HEADERS 63                     /* CivetWeb keeps 64 and drops the rest silently */
#define LIMIT_QUERY_BYTES (12 * 1024)        /* the 200 account ids of 40 characters of a consent */
#define LIMIT_REQUEST_MS 10000               /* first byte to last byte of one request */
#define LIMIT_IDLE_MS 5000                   /* keep-alive connection without a request */
#define LIMIT_ARENA_BYTES (8 * 1024 * 1024)  /* what one request may allocate */
#define LIMIT_REPLY_BYTES (16 * 1024 * 1024) /* a page of 1,000 records, with room to spare */

/* Connections (server/http/intake.h). */
#define LIMIT_IDLE_SLACK_MS 500    /* a connection is kept longer than its caller is told */
#define LIMIT_CONNECTION_S 3600    /* age at which a connection ends with its next reply */
#define LIMIT_PENDING 1024         /* connections not being served; memory: up to 60 KB each */
#define LIMIT_PENDING_PER_PEER 512 /* a proxy's customers share an address, but are not slow */
#define LIMIT_GRACE_MS 1000        /* between two steps of a connection, whatever the load */
#define LIMIT_QUEUE_MS 1000        /* a request's wait for a worker; callers wait some seconds */
#define LIMIT_DRAIN_DELAY_MS 5000  /* balancers look at /readyz every few seconds */
#define LIMIT_DESCRIPTORS 65536    /* open files that a process uses for connections */

/* TLS. */
#define LIMIT_CHAIN_DEPTH 4           /* issuers above a client certificate */
#define LIMIT_CERTIFICATE_MARGIN_S 60 /* callers' clocks may be behind when one begins */
#define LIMIT_SESSION_S 600           /* from a full handshake to the last resumption */

/* JSON checks: deeper or larger documents are refused before anything is built from them. */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_NAMES 1024 /* members not in the contract, items that must differ */

/* The log: lines that wait for their writer, twice this; some 3,000 requests while a disk stalls.
 */
#define LIMIT_LOG_QUEUE_BYTES (1024 * 1024)

/* A file of certificates or a key. The largest public bundles have some 250 KiB. */
#define LIMIT_PEM_BYTES (1024 * 1024)

/* The configuration file. */
#define LIMIT_CONFIG_BYTES (256 * 1024)

/* Paging (data sharing 6). */
#define LIMIT_PAGE_SIZE 1000  /* larger page-size values are clamped */
#define LIMIT_WATERMARK_S 300 /* how long page 1 fixes the set for later pages */

/* Core. */
#define LIMIT_CORE_CALL_MS 8000 /* what a core may take for one call */

/* Caller. */
#define LIMIT_TOKEN_BYTES 4096         /* a JWT Auth token has some 900 */
#define LIMIT_API_KEY_BYTES 256        /* ours have 43; a longer one costs no hash */
#define LIMIT_SECRETS 16               /* of one client or Hub; rotation makes two */
#define LIMIT_SECRETS_BYTES 16384      /* of their file: a line has some 150 */
#define LIMIT_TOKEN_SKEW_S 10          /* exp, iat, nbf on both sides (JWT Auth rules) */
#define LIMIT_TOKEN_LIFE_S 300         /* exp - iat; default, configurable */
#define LIMIT_JWKS_KEYS 200            /* usable keys of one set; rotation makes some four */
#define LIMIT_JWKS_BYTES (1024 * 1024) /* 200 entries with a chain of certificates each */
#define LIMIT_JWKS_FETCH_MS 2000       /* one fetch; no caller and no stop waits longer */
#define LIMIT_JWKS_CACHE_S 600         /* JWT Auth: at most 10 minutes */
#define LIMIT_JWKS_REFETCH_S 30        /* unknown kids cause one refetch in this time, */
#define LIMIT_JWKS_REFETCHES 2         /* this many in a burst, */
#define LIMIT_JWKS_REFETCH_GAP_S 3     /* each this long after the one before */

/* Token endpoint. A request with an assertion has some 1,200 bytes, an access token some 200. */
#define LIMIT_TOKEN_BODY_BYTES 8192
#define LIMIT_TOKEN_FIELDS 16        /* parameters of a request; the standards know six for it */
#define LIMIT_CLIENT_ASSERTION_S 300 /* a client's assertion: exp - now; a minute is usual */

/* Payments. */
#define LIMIT_PII_BYTES (256 * 1024)       /* a JWE: ten creditors and their addresses */
#define LIMIT_PII_KEPT_BYTES (1024 * 1024) /* decrypted: some 300 consents */
#define LIMIT_PII_KEPT_S 600               /* from the authorization page to the payment, and on */
#define LIMIT_COPIES_BYTES (1024 * 1024)   /* consents of which events told: some 250 */
#define LIMIT_COPIES_S 600                 /* from the decision on a consent to its payment */
#define LIMIT_CREDITORS 10                 /* that a consent may name (payment PII 7) */
#define LIMIT_PAYMENT_KEY 40 /* characters of x-idempotency-key, as the TPPs' standard has it */
#define LIMIT_PAYMENT_KEY_S (24 * 3600) /* for how long it means one payment, as at the Hub */
#define LIMIT_PROOF_AGE_S 300 /* of the TPP's own authentication of a customer, at a payment */
#define LIMIT_PROOF_SKEW_S 10 /* by which the TPP's clock may be ahead in it */
#define LIMIT_OPENING_IDENTITY_S 86400 /* in which the same request for an account is refused */
#define LIMIT_FX_IDENTITY_S 86400      /* in which a QuoteReference means one quote */
#define LIMIT_PUSH_DELAY_S 1   /* after a payment's creation, whose reply the Hub must have first */
#define LIMIT_PUSH_REPEAT_S 30 /* after a repeat of its order, when the Hub may just know it */

/* Hub. */
#define LIMIT_HUB_REPLY_BYTES (4 * 1024 * 1024) /* 500 payments with their personal data */
#define LIMIT_HUB_CALL_MS 5000
#define LIMIT_HUB_FIND_MS 120     /* inside a validation, which has 150 ms in all */
#define LIMIT_HUB_PAYMENT_MS 2000 /* inside a payment, which should take 500 ms */

/* Revocations of one customer that may be kept for a Hub that is away, within the window: more
 * than a customer has connections, too few to fill the table of tasks. */
#define LIMIT_REVOCATIONS_KEPT 50
#define LIMIT_REVOCATIONS_WINDOW_S (24 * 3600)
#define LIMIT_REVOCATIONS_SHARE 2 /* 1/2 of the table of tasks; the rest is for journeys */

/* Background tasks of a provider that are done at once: as many consents may hang at its Hub before
 * its others wait; more would press a Hub that is slow already. */
#define LIMIT_TASK_WORKERS 4

/* Tries of a background task before it is parked for an operator. The gap doubles from a second. */
#define LIMIT_TASK_GAP_S 300  /* at most: the Hub has it soon after it is back */
#define LIMIT_TASK_TRIES 300  /* while the Hub is away: a day */
#define LIMIT_TASK_REFUSED 10 /* of wrong answers and refusals, which may never change */

/*
 * Sign-in by password: wrong tries within the window after which the next has to wait, and each
 * after that twice as long. A browser that signed in as this login before is counted by itself:
 * strangers do not lock it out.
 */
#define LIMIT_SIGN_IN_WINDOW_S 3600
#define LIMIT_SIGN_IN_GAP_S 30
#define LIMIT_SIGN_IN_TRIES 5         /* on one login, from one address or one such browser */
#define LIMIT_SIGN_IN_LOGIN_TRIES 20  /* on one login, from all addresses */
#define LIMIT_SIGN_IN_SOURCE_TRIES 20 /* from one address, on all logins */
#define LIMIT_SIGN_IN_TOTAL_TRIES 60  /* from all addresses, on all logins: at most so many … */
#define LIMIT_SIGN_IN_TOTAL_S 15      /* … in this time */

/* Passwords are judged by half the processors, at least one, so that reads find the others free. */
#define LIMIT_SIGN_IN_WAITING 32   /* sign-ins that wait for their turn; the listener has 256 */
#define LIMIT_SIGN_IN_WAIT_MS 5000 /* … and how long: browsers and customers wait longer */
#define LIMIT_KNOWN_BROWSER_S (180 * 24 * 3600) /* a browser is known after a sign-in */

/* Requests in a customer's app that were not approved, within a day: the first of these at once,
 * the next has to wait, and each after that twice as long. */
#define LIMIT_APPROVALS_FREE 3
#define LIMIT_APPROVALS_GAP_S 30
#define LIMIT_APPROVALS_WINDOW_S (24 * 3600)
#define LIMIT_APPROVAL_S 300 /* a request waits in the app, and keeps others of its kind away */

/* Codes for customers who decide at CAAP (CAAP 7.3). Those of a user are counted together. */
#define LIMIT_CAAP_CODE_DIGITS 6
#define LIMIT_CAAP_CODE_S 300       /* its life */
#define LIMIT_CAAP_CODE_TRIES 3     /* of the customer on one code */
#define LIMIT_CAAP_REPEAT_S 30      /* asked for again within it: nothing is sent again */
#define LIMIT_CAAP_CODES_HOUR 5     /* sent to one user … */
#define LIMIT_CAAP_CODES_DAY 10     /* … and in a day */
#define LIMIT_CAAP_WRONG_DAY 10     /* wrong codes of one user: no more are sent for a day */
#define LIMIT_CAAP_IDENTITY_HOUR 10 /* registrations begun with one Emirates ID */
#define LIMIT_CAAP_UNKNOWN 60  /* Emirates IDs of nobody, of one provider, at most so many … */
#define LIMIT_CAAP_UNKNOWN_S 6 /* … in this time */
#define LIMIT_CAAP_DECRYPTS 50 /* of one provider in a second … */
#define LIMIT_CAAP_DECRYPTS_TPP 10 /* … and of what one TPP encrypted */
#define LIMIT_CAAP_PASSED_S 300    /* a right code may be repeated */
#define LIMIT_CAAP_RACES 8         /* changes of one link at the same time that are tried again */

/* The operator's token: too long to be guessed; and so short that its file is none by mistake. */
#define LIMIT_OPERATOR_TOKEN_MIN 16    /* bytes */
#define LIMIT_OPERATOR_TOKEN_BYTES 256 /* of the file, with its line end */
#define LIMIT_OPERATOR_OVERRIDES 32    /* that wait for a reply */
#define LIMIT_OPERATOR_BODY 65536      /* bytes of the body of an override */
#define LIMIT_OPERATOR_FINDINGS 4096   /* that /explain knows, twice: 2 MiB */
#define LIMIT_OPERATOR_SESSION_S 28800 /* of the console in a browser: a working day */
#define LIMIT_CALL_LOG 2048            /* calls that the console knows: 1 MiB */

#endif
