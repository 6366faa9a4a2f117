/*
 * lfi/files.h — files of payments: many credits from one account, which a third party sends as one
 * file. Serves service-initiation (POST /payment-consents, POST /payment-consents/{consentId}/file,
 * GET /payments/{paymentId}/report-file) and the checks of consents to files. A bank without the
 * family takes none.
 *
 * The order of things: the Hub says which file a consent is for (expect), sends the file, which the
 * server hands on in pieces as it comes (begin, piece, end), and the server compares what the core
 * found in it with the consent before the core takes it (keep). Only then does the customer decide;
 * the payment is made by lfi_payments.create with `file` set, and told by its change feed.
 *
 * Formats are the core's own: it names the file types it reads, and is the only one that looks into
 * a file. The server limits its size and computes its hash.
 *
 * Durable. What expect() and keep() returned LFI_OK for survives a crash at any later instant. A
 * file of which keep() did not return was not taken, whole or in part.
 */
#ifndef LFI_FILES_H
#define LFI_FILES_H

#include <lfi/base.h>
#include <lfi/payments.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LFI_FILE_HASH_SIZE 32 /* SHA-256 of the file's bytes */

/* What a consent says of its file. */
struct lfi_file_terms {
    uint32_t size;
    struct lfi_slice consent_id;     /* 1 to 128 characters */
    struct lfi_slice file_type;      /* 1 to 40 characters; one of the core's */
    struct lfi_slice reference;      /* up to 120 characters; absent: none */
    struct lfi_slice execution_date; /* "2026-12-31"; absent: as soon as it is paid */
    unsigned char hash[LFI_FILE_HASH_SIZE];
    uint64_t count;      /* of instructions, at least 1 */
    int64_t total_minor; /* of their amounts, 1/100, above zero */
};

/* What became of a call. Anything but LFI_FILE_DONE did nothing; `error` may say more. */
enum lfi_file_outcome {
    LFI_FILE_DONE,
    LFI_FILE_DIFFERS,   /* expect: other terms are known for the consent */
    LFI_FILE_TYPE,      /* expect: not a file type of this core */
    LFI_FILE_MEDIA,     /* begin: the content type is not one of the file type */
    LFI_FILE_MALFORMED, /* piece, end: `error` says where and why, in words for the third party:
                           no names, numbers of accounts or amounts */
};

/* What is known of the file of a consent. Texts are NUL-terminated UTF-8. */
struct lfi_file_facts {
    uint32_t size;
    uint32_t taken; /* 0: expected, keep() has not returned for it */
    char file_type[41];
    char reference[481];
    char execution_date[11]; /* empty: none */
    unsigned char hash[LFI_FILE_HASH_SIZE];
    uint64_t count;
    int64_t total_minor;
    char currency[4];
};

/* What a file holds, as end() found it. */
struct lfi_file_content {
    uint32_t size;
    uint64_t count;
    int64_t total_minor;
};

/* Every function may be called from any number of threads at once; those of one upload come one
 * after the other. All are required. */
struct lfi_files {
    uint32_t size;

    /* The names of the file types, NULL at the end; constant. */
    const char *const *file_types;
    /*
     * A consent, of call->tpp_id, waits for a file. The same terms again: LFI_FILE_DONE.
     */
    int (*expect)(void *core, const struct lfi_call *call, const struct lfi_file_terms *terms,
                  enum lfi_file_outcome *out, struct lfi_error *error);
    /* LFI_UNKNOWN: the consent waits for none, or is of another third party than call->tpp_id,
       unless that is absent. */
    int (*find)(void *core, const struct lfi_call *call, struct lfi_slice consent_id,
                struct lfi_file_facts *out, struct lfi_error *error);
    /*
     * Begins to read a file of the consent, also when one was taken or others are being read. With
     * LFI_FILE_DONE *upload lives until abandon(), which ends it in every case. `content_type` as
     * sent; absent: none was.
     */
    int (*begin)(void *core, const struct lfi_call *call, struct lfi_slice consent_id,
                 struct lfi_slice content_type, void **upload, enum lfi_file_outcome *out,
                 struct lfi_error *error);
    /* The next bytes, some KiB; the core keeps less than 1 MiB in memory, however many come. */
    int (*piece)(void *core, void *upload, struct lfi_slice bytes, enum lfi_file_outcome *out,
                 struct lfi_error *error);
    /* There are no more: what the file holds. Nothing is taken yet. */
    int (*end)(void *core, void *upload, struct lfi_file_content *content,
               enum lfi_file_outcome *out, struct lfi_error *error);
    /* Takes the file: it was as the consent says. Taken already: nothing changes. */
    int (*keep)(void *core, const struct lfi_call *call, void *upload, struct lfi_error *error);
    /* Frees the upload; what was not taken is forgotten. */
    void (*abandon)(void *core, void *upload);
    /*
     * What became of each instruction, in the bank's format, as texts one after the other:
     * `query->subject_id` is a payment of a file. answer->summary is a struct lfi_report_summary.
     * LFI_UNKNOWN: no such payment, or not of a file.
     */
    int (*report)(void *core, const struct lfi_call *call, const struct lfi_query *query,
                  struct lfi_answer *answer, struct lfi_error *error);
};

struct lfi_report_summary {
    uint32_t size;
    char media_type[65];  /* "text/csv; charset=utf-8" */
    char consent_id[129]; /* of the payment */
};

#ifdef __cplusplus
}
#endif

#endif
