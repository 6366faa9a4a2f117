/*
 * Files of payments of the type "small": lines of fils, each an instruction. Which consents wait
 * for one, and which were taken, is a table under a lock, kept as the payments are.
 */
#include "small_bank.h"

#define FILES_MAX 1024
#define FILE_NAME "small-bank.files"

struct file {
    struct lfi_file_facts facts;
    char consent[129], tpp[129];
};

struct small_files {
    pthread_mutex_t lock;
    size_t count;
    struct file files[FILES_MAX];
};

struct upload {
    struct file *file;
    struct lfi_file_content content;
    int64_t amount; /* of the line under way */
    bool digits;    /* it has some */
};

static const char *types[] = {"small", NULL, NULL};

/* --- life ------------------------------------------------------------------------------------- */

struct small_files *files_new(const char *folder, const struct bank *bank)
{
    char path[512];
    struct small_files *files = calloc(1, sizeof(*files));
    types[1] = breaks(bank, "files-types") ? "small" : NULL;
    (void)snprintf(path, sizeof(path), "%s/" FILE_NAME, folder);
    FILE *kept = files ? fopen(path, "rb") : NULL;
    if (kept) {
        if (fread(files, sizeof(*files), 1, kept) != 1) {
            memset(files, 0, sizeof(*files));
        }
        (void)fclose(kept);
        (void)remove(path);
    }
    if (files) {
        (void)pthread_mutex_init(&files->lock, NULL);
    }
    return files;
}

void files_end(struct small_files *files, const struct bank *bank)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/" FILE_NAME, bank->folder);
    for (size_t i = 0; breaks(bank, "files-keep") && i < files->count; i++) {
        files->files[i].facts.taken = 0;
    }
    FILE *kept = files->count > 0 ? fopen(path, "wb") : NULL;
    if (kept) {
        (void)fwrite(files, sizeof(*files), 1, kept);
        (void)fclose(kept);
    }
    (void)pthread_mutex_destroy(&files->lock);
    free(files);
}

/* --- the table -------------------------------------------------------------------------------- */

static void copy(char *out, size_t size, struct lfi_slice text)
{
    (void)snprintf(out, size, "%.*s", (int)text.len, text.ptr ? text.ptr : "");
}

static struct file *find(const struct bank *bank, struct lfi_slice consent_id)
{
    for (size_t i = 0; i < bank->files->count; i++) {
        if (same(consent_id, bank->files->files[i].consent)) {
            return &bank->files->files[i];
        }
    }
    return NULL;
}

static struct file *find_own(struct bank *bank, const struct lfi_call *call,
                             struct lfi_slice consent_id)
{
    struct file *file = find(bank, consent_id);
    bool own = file && (call->tpp_id.len == 0 || same(call->tpp_id, file->tpp));
    return own || breaks(bank, "files-tpp") ? file : NULL;
}

static void add(struct small_files *files, const struct lfi_call *call,
                const struct lfi_file_terms *terms)
{
    struct file *file = &files->files[files->count++];
    *file = (struct file){
        .facts = {.count = terms->count, .total_minor = terms->total_minor, .currency = "AED"}};
    copy(file->consent, sizeof(file->consent), terms->consent_id);
    copy(file->tpp, sizeof(file->tpp), call->tpp_id);
    copy(file->facts.file_type, sizeof(file->facts.file_type), terms->file_type);
    copy(file->facts.reference, sizeof(file->facts.reference), terms->reference);
    copy(file->facts.execution_date, sizeof(file->facts.execution_date), terms->execution_date);
    memcpy(file->facts.hash, terms->hash, sizeof(file->facts.hash));
}

static int expect(void *core, const struct lfi_call *call, const struct lfi_file_terms *terms,
                  enum lfi_file_outcome *out, struct lfi_error *error)
{
    struct bank *bank = core;
    int status = LFI_OK;
    *out = LFI_FILE_DONE;
    if (!same(terms->file_type, types[0])) {
        *out = LFI_FILE_TYPE;
        return LFI_OK;
    }
    (void)pthread_mutex_lock(&bank->files->lock);
    const struct file *file = find(bank, terms->consent_id);
    if (file) {
        bool equal = file->facts.count == terms->count &&
                     file->facts.total_minor == terms->total_minor &&
                     memcmp(file->facts.hash, terms->hash, sizeof(file->facts.hash)) == 0;
        *out = equal || breaks(bank, "files-expect") ? LFI_FILE_DONE : LFI_FILE_DIFFERS;
    } else if (bank->files->count == FILES_MAX) {
        status = say(error, "too many files");
    } else {
        add(bank->files, call, terms);
    }
    (void)pthread_mutex_unlock(&bank->files->lock);
    return status;
}

static int files_find(void *core, const struct lfi_call *call, struct lfi_slice consent_id,
                      struct lfi_file_facts *out, struct lfi_error *error)
{
    struct bank *bank = core;
    uint32_t size = out->size;
    (void)error;
    (void)pthread_mutex_lock(&bank->files->lock);
    const struct file *file = find_own(bank, call, consent_id);
    if (file) {
        memcpy(out, &file->facts, size < sizeof(*out) ? size : sizeof(*out));
        out->size = size;
    }
    (void)pthread_mutex_unlock(&bank->files->lock);
    return file ? LFI_OK : LFI_UNKNOWN;
}

/* --- an upload -------------------------------------------------------------------------------- */

static int begin(void *core, const struct lfi_call *call, struct lfi_slice consent_id,
                 struct lfi_slice content_type, void **out_upload, enum lfi_file_outcome *out,
                 struct lfi_error *error)
{
    struct bank *bank = core;
    (void)pthread_mutex_lock(&bank->files->lock);
    struct file *file = find_own(bank, call, consent_id);
    (void)pthread_mutex_unlock(&bank->files->lock);
    *out_upload = NULL;
    *out = LFI_FILE_DONE;
    if (!file) {
        return LFI_UNKNOWN;
    }
    if (!same(content_type, "text/plain") && !breaks(bank, "files-media")) {
        *out = LFI_FILE_MEDIA;
        return LFI_OK;
    }
    struct upload *upload = calloc(1, sizeof(*upload));
    if (!upload) {
        return say(error, "out of memory");
    }
    upload->file = file;
    *out_upload = upload;
    return LFI_OK;
}

static void end_line(struct upload *upload)
{
    if (upload->digits) {
        upload->content.count++;
        upload->content.total_minor += upload->amount;
    }
    upload->amount = 0;
    upload->digits = false;
}

static int piece(void *core, void *under_way, struct lfi_slice bytes, enum lfi_file_outcome *out,
                 struct lfi_error *error)
{
    const struct bank *bank = core;
    struct upload *upload = under_way;
    *out = LFI_FILE_DONE;
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.ptr[i];
        if (c == '\n') {
            end_line(upload);
        } else if (c >= '0' && c <= '9' && upload->amount < 1000000) {
            upload->amount = upload->amount * 10 + (c - '0');
            upload->digits = true;
        } else {
            (void)say(error, "a line is no amount");
            *out = LFI_FILE_MALFORMED;
        }
    }
    if (breaks(bank, "files-pieces")) {
        end_line(upload); /* as if none were cut */
    }
    return LFI_OK;
}

static int end(void *core, void *under_way, struct lfi_file_content *content,
               enum lfi_file_outcome *out, struct lfi_error *error)
{
    struct bank *bank = core;
    struct upload *upload = under_way;
    (void)error;
    end_line(upload);
    content->count = upload->content.count;
    content->total_minor = upload->content.total_minor;
    *out = LFI_FILE_DONE;
    if (breaks(bank, "files-abandon")) {
        upload->file->facts.taken = 1;
    }
    return LFI_OK;
}

static int keep(void *core, const struct lfi_call *call, void *under_way, struct lfi_error *error)
{
    struct bank *bank = core;
    struct upload *upload = under_way;
    (void)call;
    (void)error;
    (void)pthread_mutex_lock(&bank->files->lock);
    upload->file->facts.taken = 1;
    (void)pthread_mutex_unlock(&bank->files->lock);
    return LFI_OK;
}

static void abandon(void *core, void *upload)
{
    (void)core;
    free(upload);
}

/* --- the payment of a file -------------------------------------------------------------------- */

bool files_have(const struct bank *bank, struct lfi_slice consent_id, int64_t total_minor)
{
    (void)pthread_mutex_lock(&bank->files->lock);
    const struct file *file = find(bank, consent_id);
    bool ready = file && file->facts.taken && file->facts.total_minor == total_minor;
    (void)pthread_mutex_unlock(&bank->files->lock);
    return ready;
}

static int report(void *core, const struct lfi_call *call, const struct lfi_query *query,
                  struct lfi_answer *answer, struct lfi_error *error)
{
    const struct bank *bank = core;
    struct lfi_report_summary *summary = answer->summary;
    (void)call;
    (void)error;
    if (!payments_file(bank, query->subject_id, summary->consent_id)) {
        return LFI_UNKNOWN;
    }
    (void)snprintf(summary->media_type, sizeof(summary->media_type), "text/plain");
    return answer->record(answer, TEXT("all paid\n"), NULL) == 0 ? LFI_OK : LFI_STOPPED;
}

const struct lfi_files FILES = {.size = sizeof(FILES),
                                .file_types = types,
                                .expect = expect,
                                .find = files_find,
                                .begin = begin,
                                .piece = piece,
                                .end = end,
                                .keep = keep,
                                .abandon = abandon,
                                .report = report};
