/*
 * Files of payments, read as they come: one reader for each file type, all alike from outside. A
 * reader keeps less than FILE_READER_BYTES in memory however large the file is, and takes nothing
 * for granted: what it refuses, it says in words for the third party.
 *
 * A reader belongs to one thread at a time.
 */
#ifndef STORE_FILE_READER_H
#define STORE_FILE_READER_H

#include <lfi/base.h>

#include <stdbool.h>

#define FILE_READER_BYTES (512 * 1024)
#define FILE_INSTRUCTIONS_MAX 150000 /* what became of them must fit a reply of 16 MiB */
#define FILE_ID_MAX 35               /* bytes of an end-to-end id */
#define FILE_IBAN_MAX 34
#define FILE_NAME_MAX 280 /* bytes: 70 characters of UTF-8 */
#define FILE_MESSAGE_MAX 160

/* One credit of a file. Borrowed; plain texts. */
struct instruction {
    struct lfi_slice id;   /* end-to-end id: letters, digits and / - ? : ( ) . , ' + blank, and no
                              first sign by which a spreadsheet would take it for a formula */
    struct lfi_slice iban; /* capitals and digits; not judged */
    struct lfi_slice name;
    int64_t minor; /* AED, 1/100, above zero */
};

enum file_result { FILE_FINE, FILE_MALFORMED, FILE_FAILED };

struct file_reader;

/* Results other than FILE_FINE end the reader, and `why` of the reader says why. */
struct file_reader_kind {
    const char *name;         /* the file type */
    const char *const *media; /* types that it may come as, NULL at the end */
    int (*begin)(struct file_reader *reader);
    enum file_result (*feed)(struct file_reader *reader, struct lfi_slice bytes);
    enum file_result (*end)(struct file_reader *reader);
    void (*free)(struct file_reader *reader);
};

struct file_reader {
    const struct file_reader_kind *kind;
    /* Takes one instruction. False: it cannot be kept (FILE_FAILED). */
    bool (*take)(void *ctx, const struct instruction *instruction);
    void *ctx;
    void *state; /* of the kind */
    uint64_t count;
    int64_t total_minor;
    char why[FILE_MESSAGE_MAX];
};

/* The kind of a file type; NULL: none. */
const struct file_reader_kind *file_reader_find(struct lfi_slice file_type);
extern const char *const file_reader_types[];
/* Whether a content type is one of the kind's. */
bool file_reader_takes(const struct file_reader_kind *kind, struct lfi_slice content_type);

/* --- for the kinds ---------------------------------------------------------------------------- */

extern const struct file_reader_kind file_pain001, file_csv;

enum file_result file_malformed(struct file_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Checks the texts of an instruction and hands it on: `where` stands before what is wrong. */
enum file_result file_take(struct file_reader *reader, const char *where,
                           const struct instruction *instruction);
/* "12", "12.5", "12.50" of at most 15 digits before the point, above zero. */
bool file_amount(struct lfi_slice text, int64_t *minor);
bool file_number(struct lfi_slice text, uint64_t *out);
bool file_is_utf8(struct lfi_slice text);

#endif
