/* Files of payments: what is promised of expecting, reading and taking one. */
#include "files.h"
#include "base/array.h"

#include "base/clock.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (16 * 1024 * 1024) /* of the file that is given */
#define FINE_MAX (64 * 1024)        /* of one that is read byte by byte, too */
#define PIECE 4096
#define TPP "core-check-tpp"
#define OTHER_TPP "core-check-other-tpp"

/* --- calling ---------------------------------------------------------------------------------- */

static struct lfi_call call_for(const struct run *run, const char *tpp)
{
    struct lfi_call call = call_of(run, NULL);
    call.tpp_id = slice_of(tpp);
    return call;
}

static int ask_expect(struct run *run, const struct lfi_file_terms *terms,
                      enum lfi_file_outcome *out)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_for(run, TPP);
    int status = run->provider->files->expect(run->provider->core, &call, terms, out, &error);
    watch(run, "files.expect", &call, status, &error);
    return status;
}

static int ask_find(struct run *run, const char *tpp, const char *consent,
                    struct lfi_file_facts *out)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_for(run, tpp);
    *out = (struct lfi_file_facts){.size = sizeof(*out)};
    int status =
        run->provider->files->find(run->provider->core, &call, slice_of(consent), out, &error);
    watch(run, "files.find", &call, status, &error);
    return status;
}

/* Who sends the consent's file, as what. */
struct sending {
    const char *tpp, *consent, *media;
};

static int ask_begin(struct run *run, const struct sending *sending, void **upload,
                     enum lfi_file_outcome *out)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_for(run, sending->tpp);
    *upload = NULL;
    int status = run->provider->files->begin(run->provider->core, &call, slice_of(sending->consent),
                                             slice_of(sending->media), upload, out, &error);
    watch(run, "files.begin", &call, status, &error);
    return status;
}

/* Begins, and gives the core `len` bytes in pieces; NULL, and broken: it does not take them. */
static void *send_bytes(struct run *run, const struct sample *sample, size_t len, size_t piece)
{
    struct lfi_error error = {""};
    void *upload = NULL;
    enum lfi_file_outcome outcome = LFI_FILE_MALFORMED;
    int status =
        ask_begin(run, &(struct sending){TPP, sample->consent, run->file_media}, &upload, &outcome);
    for (size_t at = 0; status == LFI_OK && outcome == LFI_FILE_DONE && at < len; at += piece) {
        size_t now = len - at < piece ? len - at : piece;
        status = run->provider->files->piece(run->provider->core, upload,
                                             (struct lfi_slice){sample->bytes + at, now}, &outcome,
                                             &error);
    }
    if (status == LFI_OK && outcome == LFI_FILE_DONE && upload) {
        return upload;
    }
    broken(run, "the file is not read: %s, outcome %d %s", status_name(status), (int)outcome,
           error.message);
    run->provider->files->abandon(run->provider->core, upload);
    return NULL;
}

/* Sends the whole file; NULL, and broken: it is not read to its end. */
static void *send_all(struct run *run, const struct sample *sample, size_t piece,
                      struct lfi_file_content *content)
{
    struct lfi_error error = {""};
    enum lfi_file_outcome outcome = LFI_FILE_MALFORMED;
    void *upload = send_bytes(run, sample, sample->len, piece);
    *content = (struct lfi_file_content){.size = sizeof(*content)};
    if (!upload) {
        return NULL;
    }
    int status = run->provider->files->end(run->provider->core, upload, content, &outcome, &error);
    if (status != LFI_OK || outcome != LFI_FILE_DONE) {
        broken(run, "the file is not read to its end: %s, outcome %d %s", status_name(status),
               (int)outcome, error.message);
        run->provider->files->abandon(run->provider->core, upload);
        return NULL;
    }
    return upload;
}

static int ask_keep(struct run *run, void *upload)
{
    struct lfi_error error = {""};
    struct lfi_call call = call_for(run, TPP);
    int status = run->provider->files->keep(run->provider->core, &call, upload, &error);
    watch(run, "files.keep", &call, status, &error);
    return status;
}

static void abandon(struct run *run, void *upload)
{
    if (upload) {
        run->provider->files->abandon(run->provider->core, upload);
    }
}

/* --- the file --------------------------------------------------------------------------------- */

static bool offers_files(struct run *run)
{
    if (!run->provider->files) {
        not_checked(run, "the core takes no files of payments");
        return false;
    }
    return true;
}

static bool read_sample(struct run *run, struct sample *sample)
{
    FILE *file = fopen(run->file_path, "rbe");
    sample->bytes = malloc(FILE_MAX);
    sample->len = file && sample->bytes ? fread(sample->bytes, 1, FILE_MAX, file) : 0;
    if (file) {
        (void)fclose(file);
    }
    return sample->len > 0 &&
           EVP_Digest(sample->bytes, sample->len, sample->terms.hash, NULL, EVP_sha256(), NULL);
}

/* A consent of its own that waits for the file. False: broken. */
static bool expect_sample(struct run *run, struct sample *sample)
{
    enum lfi_file_outcome outcome = LFI_FILE_MALFORMED;
    (void)snprintf(sample->consent, sizeof(sample->consent), "core-check-%" PRId64 "-%u",
                   clock_now_us(run->clock), run->attempts++);
    sample->terms.consent_id = slice_of(sample->consent);
    int status = ask_expect(run, &sample->terms, &outcome);
    return (status == LFI_OK && outcome == LFI_FILE_DONE) ||
           broken(run, "the file is not expected: %s, outcome %d", status_name(status),
                  (int)outcome);
}

bool can_take_file(struct run *run, struct sample *sample)
{
    struct lfi_file_content content;
    *sample = (struct sample){.terms = {.size = sizeof(sample->terms),
                                        .file_type = slice_of(run->file_type),
                                        .reference = SLICE("core-check"),
                                        .count = 1,
                                        .total_minor = 1}};
    if (!offers_files(run)) {
        return false;
    }
    if (!run->file_type || !read_sample(run, sample)) {
        not_checked(run, run->file_type ? "the file cannot be read" : "it needs --file");
        return false;
    }
    if (!expect_sample(run, sample)) {
        return false;
    }
    void *upload = send_all(run, sample, PIECE, &content);
    abandon(run, upload);
    sample->terms.count = content.count;
    sample->terms.total_minor = content.total_minor;
    return upload && expect_sample(run, sample);
}

bool take_file(struct run *run, const struct sample *sample)
{
    struct lfi_file_content content;
    void *upload = send_all(run, sample, PIECE, &content);
    int status = upload ? ask_keep(run, upload) : LFI_OK;
    abandon(run, upload);
    return upload &&
           (status == LFI_OK || broken(run, "the file is not kept: %s", status_name(status)));
}

static bool is_taken(struct run *run, const struct sample *sample)
{
    struct lfi_file_facts facts;
    int status = ask_find(run, TPP, sample->consent, &facts);
    if (status != LFI_OK) {
        broken(run, "the consent's file is not found: %s", status_name(status));
    }
    return facts.taken;
}

/* --- the rules -------------------------------------------------------------------------------- */

static void types(struct run *run)
{
    if (!offers_files(run)) {
        return;
    }
    const char *const *names = run->provider->files->file_types;
    for (size_t i = 0; names[i]; i++) {
        size_t len = strlen(names[i]);
        if (len < 1 || len > 40) {
            broken(run, "a file type of %zu characters", len);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(names[i], names[k]) == 0) {
                broken(run, "file type %s stands twice", names[i]);
            }
        }
    }
    if (!names[0]) {
        broken(run, "there are no file types");
    }
}

static void check_facts(struct run *run, const struct sample *sample)
{
    struct lfi_file_facts facts;
    const struct lfi_file_terms *terms = &sample->terms;
    int status = ask_find(run, TPP, sample->consent, &facts);
    if (status != LFI_OK || facts.count != terms->count ||
        facts.total_minor != terms->total_minor ||
        memcmp(facts.hash, terms->hash, sizeof(facts.hash)) != 0 ||
        strcmp(facts.file_type, run->file_type) != 0 ||
        strcmp(facts.reference, "core-check") != 0 || facts.execution_date[0]) {
        broken(run, "the file is found otherwise than it was expected: %s", status_name(status));
    }
}

static void expect(struct run *run)
{
    struct sample sample;
    struct lfi_file_facts facts;
    enum lfi_file_outcome again = LFI_FILE_MALFORMED;
    enum lfi_file_outcome other = LFI_FILE_MALFORMED;
    enum lfi_file_outcome type = LFI_FILE_MALFORMED;
    if (can_take_file(run, &sample)) {
        struct lfi_file_terms terms = sample.terms;
        int status = ask_expect(run, &terms, &again);
        terms.count++;
        status = status == LFI_OK ? ask_expect(run, &terms, &other) : status;
        terms.consent_id = SLICE(CHECK_ID_UNKNOWN);
        terms.file_type = SLICE("core-check-none");
        status = status == LFI_OK ? ask_expect(run, &terms, &type) : status;
        if (status != LFI_OK || again != LFI_FILE_DONE || other != LFI_FILE_DIFFERS ||
            type != LFI_FILE_TYPE) {
            broken(run, "%s, and outcomes %d for the same, %d for other terms, %d for no type",
                   status_name(status), (int)again, (int)other, (int)type);
        }
        check_facts(run, &sample);
        status = ask_find(run, TPP, CHECK_ID_UNKNOWN, &facts);
        if (status != LFI_UNKNOWN) {
            broken(run, "%s for a consent that waits for no file", status_name(status));
        }
    }
    free(sample.bytes);
}

static void third_party(struct run *run)
{
    void *upload = NULL;
    struct sample sample;
    struct lfi_file_facts facts;
    enum lfi_file_outcome outcome = LFI_FILE_DONE;
    if (can_take_file(run, &sample)) {
        int found = ask_find(run, OTHER_TPP, sample.consent, &facts);
        int begun = ask_begin(run, &(struct sending){OTHER_TPP, sample.consent, run->file_media},
                              &upload, &outcome);
        abandon(run, upload);
        if (found != LFI_UNKNOWN || begun != LFI_UNKNOWN) {
            broken(run, "to another third party the file is %s, and its upload %s",
                   status_name(found), status_name(begun));
        }
    }
    free(sample.bytes);
}

static void media(struct run *run)
{
    void *upload = NULL;
    struct sample sample;
    enum lfi_file_outcome outcome = LFI_FILE_DONE;
    if (can_take_file(run, &sample)) {
        int status =
            ask_begin(run, &(struct sending){TPP, sample.consent, "application/x-core-check"},
                      &upload, &outcome);
        abandon(run, upload);
        if (status != LFI_OK || outcome != LFI_FILE_MEDIA) {
            broken(run, "%s, outcome %d for another media type", status_name(status), (int)outcome);
        }
    }
    free(sample.bytes);
}

static void pieces(struct run *run)
{
    struct sample sample;
    struct lfi_file_content content;
    if (can_take_file(run, &sample)) {
        const size_t sizes[] = {sample.len, 7, 1};
        size_t count = sample.len <= FINE_MAX ? ARRAY_LEN(sizes) : 1;
        for (size_t i = 0; i < count; i++) {
            void *upload = send_all(run, &sample, sizes[i], &content);
            abandon(run, upload);
            if (upload && (content.count != sample.terms.count ||
                           content.total_minor != sample.terms.total_minor)) {
                broken(run,
                       "in pieces of %zu bytes there are %" PRIu64 " instructions, not %" PRIu64,
                       sizes[i], content.count, sample.terms.count);
            }
        }
    }
    free(sample.bytes);
}

static void not_kept(struct run *run)
{
    struct sample sample;
    struct lfi_file_content content;
    if (can_take_file(run, &sample)) {
        abandon(run, send_bytes(run, &sample, sample.len / 2, PIECE));
        abandon(run, send_all(run, &sample, PIECE, &content));
        if (is_taken(run, &sample)) {
            broken(run, "a file of which keep() was not called is taken");
        }
    }
    free(sample.bytes);
}

static void kept(struct run *run)
{
    struct sample sample;
    struct lfi_file_content content;
    if (can_take_file(run, &sample)) {
        void *first = send_all(run, &sample, PIECE, &content);
        void *second = send_all(run, &sample, PIECE, &content);
        int one = first ? ask_keep(run, first) : LFI_FAILED;
        int other = second ? ask_keep(run, second) : LFI_FAILED;
        abandon(run, first);
        abandon(run, second);
        if (one != LFI_OK || other != LFI_OK || !is_taken(run, &sample)) {
            broken(run, "of two uploads at once the first is kept with %s, the second with %s",
                   status_name(one), status_name(other));
        }
        run->reopen(run);
        if (!is_taken(run, &sample)) {
            broken(run, "after the core was closed and opened the file is not taken");
        }
        check_facts(run, &sample);
    }
    free(sample.bytes);
}

const struct rule RULES_FILES[] = {
    {"files-types", "File types have names, each once.", types},
    {"files-expect", "A consent waits for one file, and for no other.", expect},
    {"files-tpp", "To another third party a consent waits for no file.", third_party},
    {"files-media", "A file comes as its type says.", media},
    {"files-pieces", "However a file is cut, it is the same.", pieces},
    {"files-abandon", "A file that was not kept is not taken.", not_kept},
    {"files-keep", "A file that was kept is there when the core is opened again.", kept},
    {NULL, NULL, NULL},
};
