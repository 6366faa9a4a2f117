// link: hub-sim-parts lfi-payments lfi-jose lfi-base
/* Decrypted PII of consents that is kept: for whom, how long, how much, and that it is gone then.
 */
#include "pii_world.h"

#include "base/array.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/secret_cache.h"
#include "failing.h"

#include <fcntl.h>

FAILING(EVP_PKEY_CTX *, NULL, EVP_PKEY_CTX_dup, (const EVP_PKEY_CTX *ctx), (ctx))

/* --- a consent's PII, opened ------------------------------------------------------------------ */

static const char *open_pii(struct pii_reader *reader, const char *consent_id, const cJSON *member,
                            enum pii_stage stage)
{
    static struct refusal refusal;
    struct pii pii;
    const struct pii_query query = {.member = member,
                                    .stage = stage,
                                    .provider_id = SLICE("dhowretail"),
                                    .consent_id = slice_of(consent_id)};
    struct arena *arena = arena_new(LIMIT_ARENA_BYTES);
    assert_non_null(arena);
    refusal = (struct refusal){.id = NULL};
    if (pii_open(reader, &query, arena, &pii, &refusal) == 0) {
        assert_non_null(json_get(pii.tree, "Initiation"));
        pii_close(&pii);
    }
    arena_free(arena);
    return refusal.id ? refusal.id : "";
}

/* With the private key out of use. */
static const char *recall_pii(struct pii_reader *reader, const char *consent_id,
                              const cJSON *member, enum pii_stage stage)
{
    atomic_store(&failing.left, 1);
    const char *refused = open_pii(reader, consent_id, member, stage);
    atomic_store(&failing.left, 0);
    return refused;
}

static void what_was_decrypted_is_kept_for_its_consent_alone(void **state)
{
    struct pii_world *w = *state;
    assert_string_equal(open_pii(w->reader, "consent-1", w->sealed, PII_OF_REVIEW), "");
    assert_string_equal(recall_pii(w->reader, "consent-1", w->sealed, PII_OF_REVIEW), "");
    assert_string_equal(recall_pii(w->reader, "consent-2", w->sealed, PII_OF_REVIEW), "PII-UNABLE");
}

static void of_payments_and_new_consents_nothing_is_kept(void **state)
{
    struct pii_world *w = *state;
    assert_string_equal(open_pii(w->reader, "consent-3", w->sealed, PII_OF_CONSENT), "");
    assert_string_equal(recall_pii(w->reader, "consent-3", w->sealed, PII_OF_CONSENT),
                        "PII-UNABLE");
    assert_string_equal(open_pii(w->reader, "", w->sealed, PII_OF_REVIEW), "");
    assert_string_equal(recall_pii(w->reader, "", w->sealed, PII_OF_REVIEW), "PII-UNABLE");
}

static void changed_pii_is_not_what_is_kept(void **state)
{
    struct pii_world *w = *state;
    cJSON *changed = cJSON_Duplicate(w->sealed, true);
    char *last = changed->valuestring + strlen(changed->valuestring) - 2;
    *last = *last == 'A' ? 'B' : 'A';
    assert_string_equal(open_pii(w->reader, "consent-4", w->sealed, PII_OF_REVIEW), "");
    assert_string_equal(open_pii(w->reader, "consent-4", changed, PII_OF_REVIEW), "PII-DECRYPT");
    cJSON_Delete(changed);
}

static void other_keys_find_nothing_kept(void **state)
{
    struct pii_world *w = *state;
    struct pii_reader *rotated = NULL;
    struct lfi_error error = {""};
    char file[KEY_PATH_MAX];
    EVP_PKEY *key = EVP_RSA_gen(2048);
    key_write(key, NULL, file);
    EVP_PKEY_free(key);
    const struct jose_key_file keys[] = {{NULL, file}};
    const struct pii_config config = {.keys = keys, .key_count = 1, .previous = w->reader};
    assert_string_equal(open_pii(w->reader, "consent-5", w->sealed, PII_OF_REVIEW), "");
    assert_int_equal(pii_reader_new(&rotated, &config, &w->clock, &w->log, NULL, &error), 0);
    assert_string_equal(open_pii(rotated, "consent-5", w->sealed, PII_OF_REVIEW), "PII-DECRYPT");
    pii_reader_free(rotated);
    unlink(file);
}

/* --- the cache ---------------------------------------------------------------------------------
 */

#define SECRET 64

/* What is searched for is in memory in another form, so as not to be found itself. */
struct kept {
    struct clock clock;
    struct secret_cache *cache;
    struct arena *arena;
    unsigned char inverted[SECRET];
};

static void begin(struct kept *kept)
{
    *kept = (struct kept){.arena = arena_new(LIMIT_ARENA_BYTES)};
    kept->cache = secret_cache_new(&kept->clock, LIMIT_PII_KEPT_BYTES, LIMIT_PII_KEPT_S);
    assert_non_null(kept->cache);
    assert_true(id_random(kept->inverted, SECRET));
}

static void end(struct kept *kept)
{
    secret_cache_free(kept->cache);
    arena_free(kept->arena);
}

static void key_of(unsigned number, unsigned char out[SECRET_CACHE_KEY])
{
    const struct lfi_slice of[] = {SLICE("dhowretail"), {(const char *)&number, sizeof(number)}};
    assert_true(secret_cache_key(of, ARRAY_LEN(of), out));
}

/* A text of this length that begins with the secret. */
static void put(struct kept *kept, unsigned number, size_t len)
{
    unsigned char key[SECRET_CACHE_KEY];
    char *text = calloc(1, len);
    assert_non_null(text);
    for (size_t i = 0; i < SECRET; i++) {
        text[i] = (char)(0xff ^ kept->inverted[i]);
    }
    key_of(number, key);
    secret_cache_put(kept->cache, key, (struct lfi_slice){text, len});
    OPENSSL_cleanse(text, len);
    free(text);
}

static bool has(struct kept *kept, unsigned number)
{
    unsigned char key[SECRET_CACHE_KEY];
    key_of(number, key);
    arena_hold_secret(kept->arena);
    bool found = secret_cache_get(kept->cache, key, kept->arena).ptr;
    arena_reset(kept->arena);
    return found;
}

static size_t count_in(const struct kept *kept, const unsigned char *bytes, size_t len)
{
    size_t count = 0;
    const unsigned char *at = bytes, *end = bytes + len;
    while (end - at >= SECRET &&
           (at = memchr(at, 0xff ^ kept->inverted[0], (size_t)(end - at) - SECRET + 1))) {
        size_t same = 1;
        while (same < SECRET && (at[same] ^ kept->inverted[same]) == 0xff) {
            same++;
        }
        count += same == SECRET;
        at++;
    }
    return count;
}

#define PIECE ((size_t)1024 * 1024)
#define SHADOW (UINT64_C(8) << 30) /* larger mappings are a sanitizer's own */

/* How often the secret stands in memory that this process can write to. */
static size_t count_in_memory(const struct kept *kept)
{
    char line[512];
    size_t count = 0;
    static unsigned char piece[PIECE + SECRET];
    FILE *maps = fopen("/proc/self/maps", "re");
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    assert_true(maps && memory >= 0);
    while (fgets(line, sizeof(line), maps)) {
        unsigned long long from = 0, to = 0;
        char access[8] = "";
        (void)sscanf(line, "%llx-%llx %7s", &from, &to, access);
        bool own = (uintptr_t)piece >= from && (uintptr_t)piece < to;
        if (access[1] != 'w' || to - from > SHADOW || own) {
            continue;
        }
        for (unsigned long long at = from; at < to; at += PIECE) {
            ssize_t got = pread(memory, piece, PIECE + SECRET - 1, (off_t)at);
            count += got > 0 ? count_in(kept, piece, (size_t)got) : 0;
        }
    }
    (void)close(memory);
    (void)fclose(maps);
    return count;
}

static void what_is_kept_ends_after_its_time(void **state)
{
    struct kept kept;
    (void)state;
    begin(&kept);
    put(&kept, 1, 1000);
    atomic_store(&kept.clock.offset_us, INT64_C(1000000) * (LIMIT_PII_KEPT_S - 60));
    assert_true(has(&kept, 1));
    atomic_store(&kept.clock.offset_us, INT64_C(1000000) * LIMIT_PII_KEPT_S);
    assert_false(has(&kept, 1));
    end(&kept);
}

static void the_oldest_make_room_for_the_newest(void **state)
{
    struct kept kept;
    const size_t len = LIMIT_PII_KEPT_BYTES / 4;
    (void)state;
    begin(&kept);
    for (unsigned i = 0; i < 4; i++) {
        put(&kept, i, len);
    }
    assert_false(has(&kept, 0)); /* an entry is a little longer than its text */
    assert_true(has(&kept, 1) && has(&kept, 2) && has(&kept, 3));
    put(&kept, 3, len); /* in its own place */
    assert_true(has(&kept, 1) && has(&kept, 2) && has(&kept, 3));
    put(&kept, 4, LIMIT_PII_KEPT_BYTES - 1000);
    assert_true(has(&kept, 4));
    assert_false(has(&kept, 1) || has(&kept, 2) || has(&kept, 3));
    put(&kept, 5, LIMIT_PII_KEPT_BYTES);
    assert_false(has(&kept, 5));
    assert_true(has(&kept, 4));
    end(&kept);
}

static void what_is_dropped_is_overwritten(void **state)
{
    struct kept kept;
    (void)state;
    begin(&kept);
    put(&kept, 1, 1000);
    assert_int_equal(count_in_memory(&kept), 1);
    put(&kept, 1, 1000);
    assert_int_equal(count_in_memory(&kept), 1);
    put(&kept, 2, LIMIT_PII_KEPT_BYTES - 1000);
    assert_int_equal(count_in_memory(&kept), 1);
    atomic_store(&kept.clock.offset_us, INT64_C(1000000) * LIMIT_PII_KEPT_S);
    assert_false(has(&kept, 2));
    assert_int_equal(count_in_memory(&kept), 0);
    put(&kept, 3, 1000);
    assert_int_equal(count_in_memory(&kept), 1);
    end(&kept);
    assert_int_equal(count_in_memory(&kept), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_decrypted_is_kept_for_its_consent_alone),
        cmocka_unit_test(of_payments_and_new_consents_nothing_is_kept),
        cmocka_unit_test(changed_pii_is_not_what_is_kept),
        cmocka_unit_test(other_keys_find_nothing_kept),
        cmocka_unit_test(what_is_kept_ends_after_its_time),
        cmocka_unit_test(the_oldest_make_room_for_the_newest),
        cmocka_unit_test(what_is_dropped_is_overwritten),
    };
    return cmocka_run_group_tests(tests, pii_set_up, pii_tear_down);
}
