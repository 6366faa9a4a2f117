/* Files of payments: what a consent waits for, and taking a file that comes in pieces. */
#include "store/files.h"
#include "store/file_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPOOL_BUFFER (64 * 1024)

struct upload {
    struct file_reader reader;
    FILE *spool; /* NULL: it was given its name */
    char *buffer;
    char path[FILES_PATH_MAX];
    char consent_id[PAYMENT_REFERENCE_MAX + 1];
};

static void copy_text(char *out, size_t size, struct lfi_slice text)
{
    (void)snprintf(out, size, "%.*s", (int)text.len, text.ptr ? text.ptr : "");
}

static bool fits(struct lfi_slice text, size_t size)
{
    return text.len < size && (text.len == 0 || !memchr(text.ptr, '\0', text.len));
}

static bool value_of(struct store *store, const struct lfi_call *call,
                     const struct lfi_file_terms *terms, struct file_value *out)
{
    memset(out, 0, sizeof(*out));
    if (!fits(terms->file_type, sizeof(out->file_type)) ||
        !fits(terms->reference, sizeof(out->reference)) ||
        !fits(terms->execution_date, sizeof(out->execution_date)) ||
        !fits(call->tpp_id, sizeof(out->tpp_id)) || terms->consent_id.len == 0 ||
        terms->consent_id.len > PAYMENT_REFERENCE_MAX || terms->count == 0 ||
        terms->total_minor <= 0) {
        return false;
    }
    memcpy(out->hash, terms->hash, sizeof(out->hash));
    out->count = terms->count;
    out->total_minor = terms->total_minor;
    out->expected_us = store->now_us(store->clock);
    copy_text(out->file_type, sizeof(out->file_type), terms->file_type);
    copy_text(out->reference, sizeof(out->reference), terms->reference);
    copy_text(out->execution_date, sizeof(out->execution_date), terms->execution_date);
    copy_text(out->tpp_id, sizeof(out->tpp_id), call->tpp_id);
    return true;
}

static bool says_the_same(const struct file_value *a, const struct file_value *b)
{
    return memcmp(a->hash, b->hash, sizeof(a->hash)) == 0 && a->count == b->count &&
           a->total_minor == b->total_minor && strcmp(a->file_type, b->file_type) == 0 &&
           strcmp(a->reference, b->reference) == 0 &&
           strcmp(a->execution_date, b->execution_date) == 0 && strcmp(a->tpp_id, b->tpp_id) == 0;
}

static int files_expect(void *core, const struct lfi_call *call, const struct lfi_file_terms *terms,
                        enum lfi_file_outcome *out, struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    struct file_value wanted, known;
    *out = LFI_FILE_DONE;
    if (!file_reader_find(terms->file_type)) {
        *out = LFI_FILE_TYPE;
        return LFI_OK;
    }
    if (terms->size < sizeof(*terms) || !value_of(store, call, terms, &wanted)) {
        return store_say(error, "the terms are not ones that this core can keep");
    }
    int result = payments_begin(store->payments, true, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = file_get(store->payments, txn, terms->consent_id, &known);
    if (rc == 0) {
        *out = says_the_same(&known, &wanted) ? LFI_FILE_DONE : LFI_FILE_DIFFERS;
        mdb_txn_abort(txn);
        return LFI_OK;
    }
    rc = rc == MDB_NOTFOUND ? file_put(store->payments, txn, terms->consent_id, &wanted) : rc;
    return payments_end(store->payments, txn, rc, error);
}

/* Reads what is known of the consent's file, for its third party alone. Result: lfi_status. */
static int find_value(struct store *store, const struct lfi_call *call, struct lfi_slice consent_id,
                      struct file_value *out, struct lfi_error *error)
{
    MDB_txn *txn = NULL;
    int result = payments_begin(store->payments, false, &txn, error);
    if (result != LFI_OK) {
        return result;
    }
    int rc = file_get(store->payments, txn, consent_id, out);
    mdb_txn_abort(txn);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? LFI_UNKNOWN : store_fail(error, "file", rc);
    }
    struct lfi_slice tpp_id = call->tpp_id;
    bool own = tpp_id.len == 0 || (strlen(out->tpp_id) == tpp_id.len &&
                                   memcmp(out->tpp_id, tpp_id.ptr, tpp_id.len) == 0);
    return own ? LFI_OK : LFI_UNKNOWN;
}

static int files_find(void *core, const struct lfi_call *call, struct lfi_slice consent_id,
                      struct lfi_file_facts *out, struct lfi_error *error)
{
    uint32_t size = out->size;
    struct file_value file;
    int rc = find_value(core, call, consent_id, &file, error);
    if (rc != LFI_OK) {
        return rc;
    }
    struct lfi_file_facts facts = {.size = size,
                                   .taken = file.taken_us > 0,
                                   .count = file.count,
                                   .total_minor = file.total_minor,
                                   .currency = "AED"};
    memcpy(facts.file_type, file.file_type, sizeof(facts.file_type));
    memcpy(facts.reference, file.reference, sizeof(facts.reference));
    memcpy(facts.execution_date, file.execution_date, sizeof(facts.execution_date));
    memcpy(facts.hash, file.hash, sizeof(facts.hash));
    memcpy(out, &facts, size < sizeof(facts) ? size : sizeof(facts));
    return LFI_OK;
}

/* --- an upload -------------------------------------------------------------------------------- */

static bool keep_instruction(void *ctx, const struct instruction *instruction)
{
    struct upload *upload = ctx;
    const struct instruction_head head = {.minor = instruction->minor,
                                          .id_len = (uint16_t)instruction->id.len,
                                          .iban_len = (uint16_t)instruction->iban.len,
                                          .name_len = (uint16_t)instruction->name.len};
    FILE *spool = upload->spool;
    return fwrite(&head, sizeof(head), 1, spool) == 1 &&
           fwrite(instruction->id.ptr, head.id_len, 1, spool) == 1 &&
           fwrite(instruction->iban.ptr, head.iban_len, 1, spool) == 1 &&
           fwrite(instruction->name.ptr, head.name_len, 1, spool) == 1;
}

static void files_abandon(void *core, void *ended)
{
    struct upload *upload = ended;
    (void)core;
    if (upload) {
        if (upload->spool) {
            (void)fclose(upload->spool);
            (void)unlink(upload->path);
        }
        if (upload->reader.state) {
            upload->reader.kind->free(&upload->reader);
        }
        free(upload->buffer);
        free(upload);
    }
}

static int files_begin(void *core, const struct lfi_call *call, struct lfi_slice consent_id,
                       struct lfi_slice content_type, void **out_upload, enum lfi_file_outcome *out,
                       struct lfi_error *error)
{
    struct store *store = core;
    struct file_value file;
    *out_upload = NULL;
    *out = LFI_FILE_DONE;
    int rc = find_value(store, call, consent_id, &file, error);
    if (rc != LFI_OK) {
        return rc;
    }
    const struct file_reader_kind *kind =
        file_reader_find((struct lfi_slice){file.file_type, strlen(file.file_type)});
    if (!kind || !file_reader_takes(kind, content_type)) {
        *out = LFI_FILE_MEDIA;
        return LFI_OK;
    }
    struct upload *upload = calloc(1, sizeof(*upload));
    if (!upload) {
        return store_say(error, "out of memory");
    }
    upload->reader = (struct file_reader){.kind = kind, .take = keep_instruction, .ctx = upload};
    copy_text(upload->consent_id, sizeof(upload->consent_id), consent_id);
    upload->spool = file_make(store->payments, upload->path);
    upload->buffer = malloc(SPOOL_BUFFER);
    if (!upload->spool || !upload->buffer || kind->begin(&upload->reader) != 0) {
        (void)store_say(error, "cannot begin an upload: %s", strerror(errno));
        files_abandon(store, upload);
        return LFI_UNAVAILABLE;
    }
    (void)setvbuf(upload->spool, upload->buffer, _IOFBF, SPOOL_BUFFER);
    *out_upload = upload;
    return LFI_OK;
}

static int result_of(const struct upload *upload, enum file_result result,
                     enum lfi_file_outcome *out, struct lfi_error *error)
{
    *out = LFI_FILE_DONE;
    switch (result) {
    case FILE_FINE:
        return LFI_OK;
    case FILE_MALFORMED:
        *out = LFI_FILE_MALFORMED;
        (void)store_say(error, "%s", upload->reader.why);
        return LFI_OK;
    case FILE_FAILED:
        break;
    }
    (void)store_say(error, "cannot keep an instruction: %s", strerror(errno));
    return LFI_UNAVAILABLE;
}

static int files_piece(void *core, void *under_way, struct lfi_slice bytes,
                       enum lfi_file_outcome *out, struct lfi_error *error)
{
    struct upload *upload = under_way;
    (void)core;
    return result_of(upload, upload->reader.kind->feed(&upload->reader, bytes), out, error);
}

static int files_end(void *core, void *under_way, struct lfi_file_content *content,
                     enum lfi_file_outcome *out, struct lfi_error *error)
{
    struct upload *upload = under_way;
    (void)core;
    int rc = result_of(upload, upload->reader.kind->end(&upload->reader), out, error);
    content->count = upload->reader.count;
    content->total_minor = upload->reader.total_minor;
    return rc;
}

static int flush_spool(const struct upload *upload, struct lfi_error *error)
{
    if (fflush(upload->spool) == 0 && fsync(fileno(upload->spool)) == 0) {
        return LFI_OK;
    }
    (void)store_say(error, "cannot keep a file: %s", strerror(errno));
    return LFI_UNAVAILABLE;
}

/* In a transaction that writes, so that of two uploads one comes first. */
static int settle(struct store *store, MDB_txn *txn, struct upload *upload, struct lfi_error *error)
{
    struct file_value file;
    char path[FILES_PATH_MAX];
    struct lfi_slice consent_id = {upload->consent_id, strlen(upload->consent_id)};
    int rc = file_get(store->payments, txn, consent_id, &file);
    if (rc != 0) {
        return store_fail(error, "file", rc);
    }
    if (file.taken_us > 0) {
        return LFI_OK;
    }
    FILE *spool = upload->spool;
    upload->spool = NULL;
    if (!file_path(store->payments, consent_id, ".instructions", path) ||
        (rc = file_settle(spool, upload->path, path)) != 0) {
        (void)unlink(upload->path);
        (void)store_say(error, "cannot keep a file: %s", strerror(rc));
        return LFI_UNAVAILABLE;
    }
    file.taken_us = store->now_us(store->clock);
    rc = file_put(store->payments, txn, consent_id, &file);
    return rc == 0 ? LFI_OK : store_fail(error, "file", rc);
}

static int files_keep(void *core, const struct lfi_call *call, void *under_way,
                      struct lfi_error *error)
{
    struct store *store = core;
    MDB_txn *txn = NULL;
    (void)call;
    int result = flush_spool(under_way, error); /* before the transaction, which others wait for */
    if (result == LFI_OK) {
        result = payments_begin(store->payments, true, &txn, error);
    }
    if (result != LFI_OK) {
        return result;
    }
    result = settle(store, txn, under_way, error);
    if (result != LFI_OK) {
        mdb_txn_abort(txn);
        return result;
    }
    return payments_end(store->payments, txn, 0, error);
}

const struct lfi_files store_files = {
    .size = sizeof(struct lfi_files),
    .file_types = file_reader_types,
    .expect = files_expect,
    .find = files_find,
    .begin = files_begin,
    .piece = files_piece,
    .end = files_end,
    .keep = files_keep,
    .abandon = files_abandon,
    .report = files_report,
};
