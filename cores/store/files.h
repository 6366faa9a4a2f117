/*
 * Inside the store: files of payments. What a consent waits for is in the database "files" of the
 * payments; the instructions of a file that was taken, and what became of each, are files of the
 * folder "files" in the payments' folder, named after the digest of the consent:
 *
 *   DIGEST.instructions      what the file asks for, one after the other
 *   DIGEST.report            how many went through and their sum, then a line for each
 *   PID-NUMBER.tmp           an upload under way; removed when its process is gone
 *
 * A file counts once the database says that it was taken, which is written after the instructions.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "store/payments.h"

#include <stdio.h>

#define FILES_FOLDER "/files"
#define FILES_NOTHING_PAID                                                                         \
    "NoInstructionExecuted" /* code of a payment none of which went through */

struct file_value {
    unsigned char hash[LFI_FILE_HASH_SIZE];
    uint64_t count;
    int64_t total_minor;
    int64_t expected_us, taken_us; /* taken_us 0: not yet */
    uint64_t sequence;             /* of the payment that pays it; 0: none */
    char file_type[41];
    char reference[481];
    char execution_date[11];
    char tpp_id[129];
};

/* --- files_kept.c ----------------------------------------------------------------------------- */

/* Returns an LMDB code. */
int file_get(struct payments *payments, MDB_txn *txn, struct lfi_slice consent_id,
             struct file_value *out);
int file_put(struct payments *payments, MDB_txn *txn, struct lfi_slice consent_id,
             const struct file_value *file);
/* Opens one of the consent's files: NULL with errno. */
#define FILES_PATH_MAX 4096
FILE *file_open(struct payments *payments, struct lfi_slice consent_id, const char *suffix);
bool file_path(struct payments *payments, struct lfi_slice consent_id, const char *suffix,
               char out[FILES_PATH_MAX]);
/* Writes it to the disk and gives it its name, in the place of whatever has it. 0, or errno. */
int file_settle(FILE *file, const char *from, const char *to);
/* A new file of this process. */
FILE *file_make(struct payments *payments, char path[FILES_PATH_MAX]);

/* --- files_process.c -------------------------------------------------------------------------- */

/* The order's amount and plan, when it pays a file. False: it is refused, or the batch has failed.
 */
struct payment_batch;
struct payment_ticket;
bool file_plan(struct payment_batch *batch, struct payment_ticket *ticket, struct payment *payment);
/* Notes that the payment pays the file. Returns an LMDB code. */
int file_note_payment(struct payments *payments, MDB_txn *txn, const struct payment *payment);
/* Judges each instruction and writes the report, unless there is one. Result: lfi_status. */
int file_process(struct store *store, const struct payment *payment, struct lfi_error *error);
/* What the report says; false: there is none. */
bool file_outcome(struct payments *payments, const struct payment *payment, uint32_t *successes,
                  int64_t *succeeded);
int files_report(void *core, const struct lfi_call *call, const struct lfi_query *query,
                 struct lfi_answer *answer, struct lfi_error *error);

/* --- the file of instructions ----------------------------------------------------------------- */

struct instruction_head {
    int64_t minor;
    uint16_t id_len, iban_len, name_len, unused;
};
#define INSTRUCTION_TEXT_MAX 1024

#endif
