// link: lfi-psu
/* What every status of core and state becomes for every subject. */
#include "base/array.h"
#include "psu/step_refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lfi/base.h>

#define STATUSES 7 /* LFI_UNKNOWN … LFI_IN_DOUBT, by their negatives from 1 on */

static void every_status_of_every_subject_is_answered(void **state)
{
    /* unknown, denied, blocked, unavailable, failed, stopped, in doubt */
    static const char *const ids[STEP_SUBJECTS][STATUSES] = {
#define CORE "CORE-UNAVAILABLE"
#define STATE "STATE-UNAVAILABLE"
        [STEP_CORE] = {CORE, CORE, CORE, CORE, CORE, CORE, CORE},
        [STEP_STATE] = {STATE, STATE, STATE, STATE, STATE, STATE, STATE},
        [STEP_APP] = {"APP-UNKNOWN", "APP-DECIDED", CORE, CORE, CORE, CORE, CORE},
        [STEP_PASSKEY] = {"PASSKEY-UNKNOWN", "PASSKEY-LIMIT", NULL, NULL, NULL, NULL, NULL},
        [STEP_EXTENSION] = {"SESSION-LONGEST", "SESSION-LONGEST", STATE, STATE, STATE, STATE,
                            STATE},
        [STEP_REVOCATION] = {STATE, "REVOCATION-LIMIT", STATE, STATE, STATE, STATE, STATE},
    };
    static const struct {
        const char *id;
        int status;
    } statuses[] = {{CORE, 503},
                    {STATE, 503},
                    {"APP-UNKNOWN", 404},
                    {"APP-DECIDED", 409},
                    {"PASSKEY-UNKNOWN", 404},
                    {"PASSKEY-LIMIT", 409},
                    {"SESSION-LONGEST", 409},
                    {"REVOCATION-LIMIT", 429}};
    static const int core[STATUSES] = {LFI_UNKNOWN, LFI_DENIED,  LFI_BLOCKED, LFI_UNAVAILABLE,
                                       LFI_FAILED,  LFI_STOPPED, LFI_IN_DOUBT};
    const struct lfi_error error = {"why"};
    (void)state;
    for (int i = 0; i < STEP_SUBJECTS * STATUSES; i++) {
        const char *id = ids[i / STATUSES][i % STATUSES];
        const struct step_refusal refusal =
            step_refusal_of((enum step_subject)(i / STATUSES), core[i % STATUSES], &error);
        assert_true(id ? refusal.id && strcmp(refusal.id, id) == 0 : !refusal.id);
        assert_string_equal(refusal.detail, "why");
        for (size_t at = 0; id && at < ARRAY_LEN(statuses); at++) {
            assert_true(strcmp(id, statuses[at].id) != 0 || refusal.status == statuses[at].status);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_of_every_subject_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
