// link: lfi-psu
/*
 * What a browser sends as its session: as it is, which must never open; and sealed by ourselves, as
 * if an older version had written it, which must open to a whole session or not at all.
 */
#include "psu/session.h"

#include <stdlib.h>

#define BOX_BYTES (64 * 1024)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct seal *seal;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct lfi_error error;
    (void)argc;
    (void)argv;
    struct lfi_slice key = SLICE("0123456789abcdef0123456789abcdef");
    if (seal_new(&seal, key, (struct lfi_slice){0}, &error) != 0) {
        abort();
    }
    return 0;
}

static void judge(const struct session *session)
{
    bool names_user = session->stage == SESSION_APPROVAL || session->stage == SESSION_REVIEW;
    if (session->provider.len == 0 || session->interaction_id.len == 0 ||
        session->stage >= SESSION_STAGES || (names_user && session->user_id.len == 0) ||
        (session->kind == SESSION_JOURNEY &&
         (session->consent_id.len == 0 || session->arrival.len == 0))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const purposes[SESSION_KINDS] = {"journey", "customer"};
    struct lfi_slice text = {(const char *)bytes, len};
    struct arena *arena = arena_new(1024 * 1024);
    struct session session;
    for (int kind = 0; arena && kind < SESSION_KINDS; kind++) {
        struct buf box;
        if (session_open(seal, arena, (enum session_kind)kind, text, &session)) {
            abort();
        }
        buf_init(&box, BOX_BYTES);
        if (seal_close(seal, purposes[kind], text, &box) == 0 && !box.failed) {
            if (session_open(seal, arena, (enum session_kind)kind, buf_slice(&box), &session)) {
                judge(&session);
            }
            if (session_open(seal, arena, (enum session_kind) !kind, buf_slice(&box), &session)) {
                abort();
            }
        }
        buf_free(&box);
    }
    arena_free(arena);
    return 0;
}
