#include "payments/file.h"

#include "base/error.h"
#include "consent/consent.h"
#include "payments/agreed.h"
#include "payments/file_terms.h"

#include <openssl/evp.h>

static int refuse_body(struct call *call, const char *id, const char *message)
{
    return refusal_set(call->refusal, id, 400, "Body.InvalidFormat", message);
}

static int refuse_id(struct call *call)
{
    return agreed_refuse(call, "FILE-CONSENT-ID",
                         "The consent is not the one that o3-consent-id names.");
}

/* --- which file it will be -------------------------------------------------------------------- */

static int answer_expected(struct call *call, enum lfi_file_outcome outcome)
{
    switch (outcome) {
    case LFI_FILE_DONE:
        call->reply->content_type = NULL;
        call->reply->status = 201;
        return 0;
    case LFI_FILE_DIFFERS:
        return agreed_refuse(call, "FILE-DIFFERS", "The consent is for another file.");
    case LFI_FILE_TYPE:
    case LFI_FILE_MEDIA:
    case LFI_FILE_MALFORMED:
        break;
    }
    return outcome_fail(call, "the outcome of a file's terms is out of range");
}

static int expect(struct call *call, const struct payment_means *means, const cJSON *body)
{
    struct lfi_error error = {""};
    struct lfi_file_terms terms;
    enum lfi_file_outcome outcome = LFI_FILE_MALFORMED;
    const struct provider *provider = call->provider;
    if (!slice_equal(json_get_string(body, "consentId"), call->core.consent_id)) {
        return refuse_id(call);
    }
    const char *wrong = file_terms_read(json_get(body, "request"), call->arena, &terms);
    if (wrong) {
        return refuse_body(call, "FILE-TERMS", wrong);
    }
    if (!file_terms_type_is_read(provider, terms.file_type)) {
        return refuse_body(call, "FILE-TYPE", "The bank does not read files of this FileType.");
    }
    if (!file_terms_are_ahead(&terms, clock_now_us(means->clock))) {
        return refuse_body(call, "FILE-DATE",
                           "RequestedExecutionDate must be after today and within a year.");
    }
    terms.consent_id = call->core.consent_id;
    int status = provider->files->expect(provider->core, &call->core, &terms, &outcome, &error);
    return outcome_check(call, OUTCOME_BANK, status, &error) == 0 ? answer_expected(call, outcome)
                                                                  : -1;
}

int file_expect(struct call *call, const struct payment_means *means)
{
    cJSON *body = json_parse(call->request->body);
    int rc = body ? expect(call, means, body)
                  : refuse_body(call, "FILE-TERMS", "The body must say which file will come.");
    cJSON_Delete(body);
    return rc;
}

/* --- the file --------------------------------------------------------------------------------- */

struct taking {
    struct call *call;
    EVP_MD_CTX *digest;
    struct lfi_file_facts facts; /* what the consent says */
    void *upload;
    enum lfi_file_outcome outcome;
    struct lfi_error why; /* of LFI_FILE_MALFORMED */
};

static int refuse_unknown(struct call *call)
{
    return agreed_refuse(call, "FILE-CONSENT-UNKNOWN", "The consent waits for no file.");
}

/* Before the customer decides, and at no other time, the consent's file may come. */
static int check_state(struct call *call, const struct payment_means *means)
{
    cJSON *tree;
    struct consent consent;
    int rc = agreed_fetch(call, means, &tree);
    if (rc == 0) {
        consent_read(tree, &consent);
        rc = consent.payment && consent.payment->file &&
                     consent_is_open(&consent, clock_now_us(means->clock))
                 ? 0
                 : agreed_refuse(call, "FILE-CONSENT-STATE",
                                 "The consent does not await authorization of a file.");
    }
    cJSON_Delete(tree);
    return rc;
}

/* What is wrong before the first byte. The file is never decompressed. */
static int check_head(struct call *call, struct lfi_slice consent_id)
{
    if (!slice_equal(consent_id, call->core.consent_id)) {
        return refuse_id(call);
    }
    struct lfi_slice encoding = request_header(call->request, "Content-Encoding", NULL);
    if (encoding.len > 0 && !slice_equal_nocase(encoding, "identity")) {
        return refuse_body(call, "FILE-ENCODING", "A file must come without Content-Encoding.");
    }
    return call->request->stream ? 0 : outcome_fail(call, "the file does not come as a stream");
}

static int begin(struct taking *taking, struct lfi_slice consent_id)
{
    struct call *call = taking->call;
    const struct provider *provider = call->provider;
    struct lfi_slice type = request_header(call->request, "Content-Type", NULL);
    struct lfi_error error = {""};
    int status =
        provider->files->find(provider->core, &call->core, consent_id, &taking->facts, &error);
    if (status == LFI_OK) {
        status = provider->files->begin(provider->core, &call->core, consent_id, type,
                                        &taking->upload, &taking->outcome, &error);
    }
    if (status == LFI_UNKNOWN) {
        return refuse_unknown(call);
    }
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return -1;
    }
    if (taking->outcome == LFI_FILE_MEDIA) {
        return refuse_body(call, "FILE-MEDIA",
                           "The Content-Type is not one of the consent's FileType.");
    }
    return taking->upload ? 0 : outcome_fail(call, "the core began no upload");
}

/* To the end, also of a file that is malformed: what is left on the way would cut the reply. */
static int read_pieces(struct taking *taking)
{
    struct call *call = taking->call;
    struct request_stream *stream = call->request->stream;
    const struct provider *provider = call->provider;
    struct lfi_slice piece;
    int more = 1;
    while ((more = stream->next(stream, &piece, call->refusal)) > 0) {
        if (EVP_DigestUpdate(taking->digest, piece.ptr, piece.len) != 1) {
            return outcome_fail(call, "a file cannot be hashed");
        }
        if (taking->outcome != LFI_FILE_DONE) {
            continue;
        }
        int status = provider->files->piece(provider->core, taking->upload, piece, &taking->outcome,
                                            &taking->why);
        if (outcome_check(call, OUTCOME_BANK, status, &taking->why) != 0) {
            return -1;
        }
    }
    return more;
}

static int refuse_terms(struct call *call, const char *id, const char *message)
{
    return refusal_set(call->refusal, id, 400, "Consent.FailsControlParameters", message);
}

static int check_hash(struct taking *taking)
{
    unsigned char hash[LFI_FILE_HASH_SIZE];
    if (EVP_DigestFinal_ex(taking->digest, hash, NULL) != 1) {
        return outcome_fail(taking->call, "a file cannot be hashed");
    }
    return memcmp(hash, taking->facts.hash, sizeof(hash)) == 0
               ? 0
               : refuse_terms(taking->call, "FILE-HASH", "The file is not the one of FileHash.");
}

static int check_content(struct taking *taking)
{
    struct call *call = taking->call;
    const struct provider *provider = call->provider;
    struct lfi_file_content content = {.size = sizeof(content)};
    int status = LFI_OK;
    if (taking->outcome == LFI_FILE_DONE) {
        status = provider->files->end(provider->core, taking->upload, &content, &taking->outcome,
                                      &taking->why);
    }
    if (outcome_check(call, OUTCOME_BANK, status, &taking->why) != 0) {
        return -1;
    }
    if (taking->outcome != LFI_FILE_DONE) {
        struct lfi_slice message =
            arena_format(call->arena, "The file is malformed: %s.", taking->why.message);
        return refuse_body(call, "FILE-FORM", message.ptr ? message.ptr : "The file is malformed.");
    }
    if (content.count != taking->facts.count) {
        return refuse_terms(call, "FILE-COUNT",
                            "The file does not have NumberOfTransactions instructions.");
    }
    return content.total_minor == taking->facts.total_minor
               ? 0
               : refuse_terms(call, "FILE-SUM",
                              "The amounts of the file do not add up to ControlSum.");
}

/* However long the file took to come, the core has its time from here on. */
static int keep(struct taking *taking)
{
    struct call *call = taking->call;
    const struct provider *provider = call->provider;
    struct lfi_error error = {""};
    call->core.deadline_us = core_call(provider->host, NULL).deadline_us;
    int status = provider->files->keep(provider->core, &call->core, taking->upload, &error);
    if (outcome_check(call, OUTCOME_BANK, status, &error) != 0) {
        return -1;
    }
    call->reply->content_type = NULL;
    call->reply->status = 204;
    return 0;
}

int file_take(struct call *call, const struct payment_means *means, struct lfi_slice consent_id)
{
    struct taking taking = {.call = call, .facts = {.size = sizeof(taking.facts)}};
    if (check_head(call, consent_id) != 0 || begin(&taking, consent_id) != 0) {
        return -1;
    }
    int rc = check_state(call, means);
    taking.digest = rc == 0 ? EVP_MD_CTX_new() : NULL;
    if (rc == 0 && (!taking.digest || EVP_DigestInit_ex(taking.digest, EVP_sha256(), NULL) != 1)) {
        rc = outcome_fail(call, "out of memory");
    }
    if (rc == 0) {
        rc = read_pieces(&taking);
    }
    if (rc == 0) {
        rc = check_hash(&taking);
    }
    if (rc == 0) {
        rc = check_content(&taking);
    }
    if (rc == 0) {
        rc = keep(&taking);
    }
    EVP_MD_CTX_free(taking.digest);
    call->provider->files->abandon(call->provider->core, taking.upload);
    return rc;
}

/* --- the report ------------------------------------------------------------------------------- */

static int append_text(void *ctx, struct lfi_slice text, const void *facts)
{
    struct call *call = ctx;
    (void)facts;
    buf_append_slice(&call->reply->body, text);
    return call->reply->body.failed ? -1 : 0;
}

int file_report(struct call *call, struct lfi_slice payment_id)
{
    struct lfi_error error = {"the payment is of another consent"};
    struct lfi_report_summary summary = {.size = sizeof(summary)};
    const struct lfi_query query = {.size = sizeof(query), .subject_id = payment_id};
    struct core_answer answer = core_answer(append_text, call);
    const struct provider *provider = call->provider;
    answer.base.summary = &summary;
    int status = provider->files->report(provider->core, &call->core, &query, &answer.base, &error);
    if (status == LFI_OK && !slice_equal_text(call->core.consent_id, summary.consent_id)) {
        buf_clear(&call->reply->body);
        status = LFI_UNKNOWN;
    }
    if (outcome_check(call, OUTCOME_PAYMENT, status, &error) != 0) {
        return -1;
    }
    call->reply->content_type = arena_text(call->arena, slice_of(summary.media_type));
    call->reply->status = 200;
    return call->reply->content_type ? 0 : outcome_fail(call, "out of memory");
}
