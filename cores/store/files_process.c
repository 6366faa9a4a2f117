/*
 * Paying a file: its plan, what becomes of each instruction, and the report. The bank books one
 * debit with the sum of what went through. Credits to its own customers are not booked: what comes
 * of a file lends itself to a TPP's journey, not to theirs.
 */
#include "store/files.h"
#include "store/payments_order.h"
#include "store/steer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESS_US INT64_C(2000000) /* after the payment is made, or its day has begun */
#define REPORT_BLOCK (16 * 1024)
#define SUMMARY_FORMAT "%010u %020lld\n"
#define SUMMARY_LEN 32
#define HEADING "Number,EndToEndId,Amount,Currency,Status,Reason\r\n"
#define LINE_TEXT 256

/* --- the order -------------------------------------------------------------------------------- */

static int64_t begin_of_day(const char *date)
{
    int64_t day;
    return date[0] && day_parse(date, &day) ? day * DAY_US - GULF_OFFSET_US : 0;
}

static bool refuse(struct payment_ticket *ticket, const char *why)
{
    ticket->outcome = LFI_ORDER_BANK_RULE;
    (void)store_say(ticket->error, "%s", why);
    return false;
}

bool file_plan(struct payment_batch *batch, struct payment_ticket *ticket, struct payment *payment)
{
    struct file_value file;
    const struct lfi_payment_order *order = ticket->order;
    int rc = file_get(batch->store->payments, batch->write, order->consent_id, &file);
    if (rc != 0 && rc != MDB_NOTFOUND) {
        batch->code = rc;
        return false;
    }
    if (rc == MDB_NOTFOUND || file.taken_us == 0) {
        return refuse(ticket, "the consent has no file");
    }
    if (file.sequence > 0) {
        return refuse(ticket, "the file has a payment already");
    }
    if (file.total_minor != order->amount.minor) {
        return refuse(ticket, "the amount is not the file's");
    }
    int64_t day_us = begin_of_day(file.execution_date);
    int64_t from_us = day_us > payment->head.created_us ? day_us : payment->head.created_us;
    payment->head.file = (uint32_t)file.count;
    payment->head.plan = PAYMENT_PLAN_FILE;
    payment->head.due_us = from_us + PROCESS_US;
    payment->text[PAYMENT_NAME_EN] = (struct lfi_slice){"Payment file", 12};
    return true;
}

int file_note_payment(struct payments *payments, MDB_txn *txn, const struct payment *payment)
{
    struct file_value file;
    int rc =
        payment->head.file > 0 ? file_get(payments, txn, payment->text[PAYMENT_CONSENT], &file) : 0;
    if (payment->head.file == 0 || rc != 0) {
        return rc;
    }
    file.sequence = payment->sequence;
    return file_put(payments, txn, payment->text[PAYMENT_CONSENT], &file);
}

/* --- instructions ----------------------------------------------------------------------------- */

struct stored {
    struct instruction_head head;
    char text[INSTRUCTION_TEXT_MAX];
};

static struct lfi_slice id_of(const struct stored *stored)
{
    return (struct lfi_slice){stored->text, stored->head.id_len};
}

static struct lfi_slice iban_of(const struct stored *stored)
{
    return (struct lfi_slice){stored->text + stored->head.id_len, stored->head.iban_len};
}

/* 1: the next; 0: there are no more; -1: the file is damaged. */
static int read_next(FILE *instructions, struct stored *out)
{
    if (fread(&out->head, sizeof(out->head), 1, instructions) != 1) {
        return ferror(instructions) ? -1 : 0;
    }
    size_t len = (size_t)out->head.id_len + out->head.iban_len + out->head.name_len;
    return len <= sizeof(out->text) && fread(out->text, len, 1, instructions) == 1 ? 1 : -1;
}

/* ISO 13616: the first four characters come last, letters count from 10. */
static bool is_iban(struct lfi_slice iban)
{
    unsigned rest = 0;
    for (size_t i = 0; i < iban.len; i++) {
        char c = iban.ptr[(i + 4) % iban.len];
        rest = c <= '9' ? (rest * 10 + (unsigned)(c - '0')) % 97
                        : (rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
    }
    return rest == 1;
}

/* Codes of what cannot be carried out, besides those of the table of payments. */
static const char *const codes[] = {
    [STORE_STEER_CREDITOR_ORDINARY] = "",
    [STORE_STEER_CREDITOR_INVALID] = "InvalidIban",
    [STORE_STEER_CREDITOR_UNREACHABLE] = "CreditorBankNotReachable",
    [STORE_STEER_CREDITOR_UNUSABLE] = "CreditorAccountUnusable",
    [STORE_STEER_CREDITOR_REJECTED] = "",
};

#define REFUSED "400 Consent.FailsControlParameters" /* by the server, before the core pays */

static const struct {
    const char *place, *shows, *status;
    enum store_steer_creditor creditor;
    const char *reason; /* NULL: that of the creditor */
    const char *terms;  /* of the file, in place of a creditor; NULL: as they are */
} rows[] = {
    {"file-paid", "an instruction that is carried out", "Accepted", STORE_STEER_CREDITOR_ORDINARY,
     NULL, NULL},
    {"file-invalid-iban", "an instruction whose IBAN has wrong check digits", "Rejected",
     STORE_STEER_CREDITOR_INVALID, NULL, NULL},
    {"file-unreachable", "an instruction to a bank that no rail reaches", "Rejected",
     STORE_STEER_CREDITOR_UNREACHABLE, NULL, NULL},
    {"file-unusable", "an instruction to a closed account of the bank", "Rejected",
     STORE_STEER_CREDITOR_UNUSABLE, NULL, NULL},
    {"file-rejected", "an instruction to a creditor whom the table of payments rejects", "Rejected",
     STORE_STEER_CREDITOR_REJECTED, NULL, NULL},
    {"file-nothing-paid", "alone in its file, which makes the payment end so", "Rejected",
     STORE_STEER_CREDITOR_INVALID, FILES_NOTHING_PAID, NULL},
    {"file-other-hash", "the hash of another file: the file is not taken", REFUSED,
     STORE_STEER_CREDITOR_NONE, "",
     "{\"FileHash\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}"},
    {"file-other-count", "another number of instructions: the file is not taken", REFUSED,
     STORE_STEER_CREDITOR_NONE, "", "{\"NumberOfTransactions\":1000}"},
    {"file-other-sum", "another sum of the amounts: the file is not taken", REFUSED,
     STORE_STEER_CREDITOR_NONE, "", "{\"ControlSum\":\"1000000.00\"}"},
};

bool store_steer_file(size_t n, struct store_steer *out)
{
    if (n >= sizeof(rows) / sizeof(rows[0])) {
        return false;
    }
    *out = (struct store_steer){.place = rows[n].place,
                                .party = STORE_STEER_CUSTOMER,
                                .status = rows[n].status,
                                .creditor = rows[n].creditor};
    (void)snprintf(out->shows, sizeof(out->shows), "%s", rows[n].shows);
    (void)snprintf(out->reason, sizeof(out->reason), "%s",
                   rows[n].reason ? rows[n].reason : codes[rows[n].creditor]);
    (void)snprintf(out->request, sizeof(out->request), "%s", rows[n].terms ? rows[n].terms : "");
    return true;
}

static void set_code(char out[PAYMENT_CODE_SIZE], enum store_steer_creditor creditor)
{
    (void)snprintf(out, PAYMENT_CODE_SIZE, "%s", codes[creditor]);
}

/* Why an instruction cannot be carried out: a code, "" when it can. Result: lfi_status. */
static int judge(struct store *store, MDB_txn *txn, const struct stored *stored,
                 char code[PAYMENT_CODE_SIZE], struct lfi_error *error)
{
    struct lfi_id own;
    struct lfi_reach reach;
    uint32_t answer_s = 0;
    struct payment_outcome outcome = {.what = STORE_OUTCOME_ORDINARY};
    const struct lfi_payment_order order = {.creditor.iban = iban_of(stored),
                                            .amount.minor = stored->head.minor};
    code[0] = '\0';
    if (!is_iban(order.creditor.iban)) {
        set_code(code, STORE_STEER_CREDITOR_INVALID);
        return LFI_OK;
    }
    int rc = payments_reach_in(store, txn, order.creditor.iban, &reach, &own, &answer_s, error);
    if (rc == LFI_OK) {
        rc = payment_outcome_of(store, txn, &order, &reach, &outcome, error);
    }
    if (rc != LFI_OK) {
        return rc;
    }
    if (outcome.what == STORE_OUTCOME_REJECTED) {
        (void)snprintf(code, PAYMENT_CODE_SIZE, "%.*s", (int)outcome.code.len, outcome.code.ptr);
    } else if (outcome.what == STORE_OUTCOME_UNREACHABLE ||
               (!reach.own && !reach.aani && !reach.uaefts)) {
        set_code(code, STORE_STEER_CREDITOR_UNREACHABLE);
    } else if (reach.can_receive == LFI_NO) {
        set_code(code, STORE_STEER_CREDITOR_UNUSABLE);
    }
    return LFI_OK;
}

static int format_line(char out[LINE_TEXT], unsigned number, const struct stored *stored,
                       const char *status, const char *reason)
{
    char amount[MONEY_TEXT];
    struct lfi_slice id = id_of(stored);
    bool quoted = memchr(id.ptr, ',', id.len);
    decimal_format((struct decimal){stored->head.minor, 2}, amount);
    return snprintf(out, LINE_TEXT, "%u,%s%.*s%s,%s,AED,%s,%s\r\n", number, quoted ? "\"" : "",
                    (int)id.len, id.ptr, quoted ? "\"" : "", amount, status, reason);
}

/* --- processing ------------------------------------------------------------------------------- */

static int write_report(struct store *store, FILE *instructions, FILE *report,
                        struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    struct stored stored;
    char line[LINE_TEXT], code[PAYMENT_CODE_SIZE];
    unsigned number = 0, successes = 0;
    long long succeeded = 0;
    int more = 1;
    int rc = read_begin(store, &txn, error);
    if (rc != LFI_OK) {
        return rc;
    }
    (void)fprintf(report, SUMMARY_FORMAT HEADING, successes, succeeded);
    while (rc == LFI_OK && (more = read_next(instructions, &stored)) > 0) {
        rc = judge(store, txn, &stored, code, error);
        successes += code[0] == '\0';
        succeeded += code[0] == '\0' ? stored.head.minor : 0;
        int len = format_line(line, ++number, &stored, code[0] ? "Rejected" : "Accepted", code);
        (void)fwrite(line, (size_t)len, 1, report);
    }
    mdb_txn_abort(txn);
    if (rc == LFI_OK && more < 0) {
        rc = store_say(error, "the instructions of a file are damaged");
    }
    rewind(report);
    (void)fprintf(report, SUMMARY_FORMAT, successes, succeeded);
    return rc == LFI_OK && ferror(report) ? store_say(error, "cannot write a report") : rc;
}

bool file_outcome(struct payments *payments, const struct payment *payment, uint32_t *successes,
                  int64_t *succeeded)
{
    long long sum = 0;
    FILE *report = file_open(payments, payment->text[PAYMENT_CONSENT], ".report");
    bool fine = report && fscanf(report, "%u %lld", successes, &sum) == 2;
    if (report) {
        (void)fclose(report);
    }
    *succeeded = sum;
    return fine;
}

int file_process(struct store *store, const struct payment *payment, struct lfi_error *error)
{
    uint32_t successes;
    int64_t succeeded;
    char from[FILES_PATH_MAX], to[FILES_PATH_MAX];
    struct payments *payments = store->payments;
    struct lfi_slice consent_id = payment->text[PAYMENT_CONSENT];
    if (file_outcome(payments, payment, &successes, &succeeded)) {
        return LFI_OK;
    }
    FILE *instructions = file_open(payments, consent_id, ".instructions");
    FILE *report = instructions ? file_make(payments, from) : NULL;
    int rc = report && file_path(payments, consent_id, ".report", to)
                 ? write_report(store, instructions, report, error)
                 : store_say(error, "cannot process a file: %s", strerror(errno));
    if (instructions) {
        (void)fclose(instructions);
    }
    if (rc == LFI_OK) {
        int code = file_settle(report, from, to);
        rc = code == 0 ? LFI_OK : store_say(error, "cannot keep a report: %s", strerror(code));
    } else if (report) {
        (void)fclose(report);
    }
    if (rc != LFI_OK && report) {
        (void)unlink(from);
    }
    return rc;
}

/* --- the report ------------------------------------------------------------------------------- */

static int give(struct lfi_answer *answer, const char *text, size_t len)
{
    return lfi_give(answer, (struct lfi_slice){text, len});
}

/* What was processed, as it was written. */
static int give_report(FILE *report, struct lfi_answer *answer)
{
    char block[REPORT_BLOCK];
    int rc = fseek(report, SUMMARY_LEN, SEEK_SET) == 0 ? LFI_OK : LFI_FAILED;
    size_t got = 1;
    while (rc == LFI_OK && got > 0) {
        got = fread(block, 1, sizeof(block), report);
        rc = got > 0 ? give(answer, block, got) : rc;
    }
    return rc == LFI_OK && ferror(report) ? LFI_FAILED : rc;
}

/* Before that, or when the whole file was rejected: all instructions alike. */
static int give_alike(FILE *instructions, const struct payment *payment, struct lfi_answer *answer)
{
    struct stored stored;
    char line[LINE_TEXT], code[PAYMENT_CODE_SIZE] = "";
    unsigned number = 0;
    bool rejected = payment->head.status == LFI_PAYMENT_REJECTED;
    struct lfi_slice reason = payment->text[PAYMENT_CODE];
    int rc = give(answer, HEADING, sizeof(HEADING) - 1);
    if (rejected) {
        (void)snprintf(code, sizeof(code), "%.*s", (int)reason.len, reason.ptr ? reason.ptr : "");
    }
    while (rc == LFI_OK && read_next(instructions, &stored) > 0) {
        int len = format_line(line, ++number, &stored, rejected ? "Rejected" : "Pending", code);
        rc = give(answer, line, (size_t)len);
    }
    return rc;
}

static int give_files(struct payments *payments, const struct payment *payment,
                      struct lfi_answer *answer, struct lfi_error *error)
{
    struct lfi_slice consent_id = payment->text[PAYMENT_CONSENT];
    bool pending = payment->head.status == LFI_PAYMENT_PENDING;
    FILE *report = pending ? NULL : file_open(payments, consent_id, ".report");
    FILE *instructions = report ? NULL : file_open(payments, consent_id, ".instructions");
    if (!report && !instructions) {
        return store_say(error, "a file of a payment is missing: %s", strerror(errno));
    }
    int rc = report ? give_report(report, answer) : give_alike(instructions, payment, answer);
    (void)fclose(report ? report : instructions);
    return rc == LFI_FAILED ? store_say(error, "cannot read a report") : rc;
}

int files_report(void *core, const struct lfi_call *call, const struct lfi_query *query,
                 struct lfi_answer *answer, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    uint64_t sequence = 0;
    struct payment payment;
    char room[PAYMENT_BYTES_MAX];
    struct lfi_report_summary *summary = answer->summary;
    (void)call;
    if (!lfi_query_is_known(query, sizeof(*query))) {
        return store_say(error, "a query with members that this core does not know");
    }
    int result = payments_begin(store->payments, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = payment_sequence(store->payments, txn, query->subject_id, &sequence);
    if (rc == 0) {
        rc = payment_get_copy(store->payments, txn, sequence, room, &payment);
    }
    mdb_txn_abort(txn);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? LFI_UNKNOWN : store_fail(error, "payment", rc);
    }
    if (payment.head.file == 0) {
        return LFI_UNKNOWN;
    }
    (void)snprintf(summary->media_type, sizeof(summary->media_type), "text/csv; charset=utf-8");
    (void)snprintf(summary->consent_id, sizeof(summary->consent_id), "%.*s",
                   (int)payment.text[PAYMENT_CONSENT].len, payment.text[PAYMENT_CONSENT].ptr);
    return give_files(store->payments, &payment, answer, error);
}
