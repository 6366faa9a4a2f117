// link: lfi-connect lfi-caller lfi-http lfi-jose lfi-base
/* The whole map: every kind of call × every status of a core or the state, and statuses that are
 * none. */
#include "flow/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define STATUSES 11

static const int statuses[STATUSES] = {
    LFI_OK,      LFI_UNKNOWN,  LFI_DENIED, LFI_BLOCKED, LFI_UNAVAILABLE, LFI_FAILED,
    LFI_STOPPED, LFI_IN_DOUBT, 1,          -8,          INT32_MIN};

static const struct {
    int http;
    const char *id;
} wanted[OUTCOME_KINDS][STATUSES] = {
    [OUTCOME_BANK] = {{0, NULL},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-UNAVAILABLE"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"}},
    [OUTCOME_USER] = {{0, NULL},
                      {400, "PSU-UNKNOWN"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-UNAVAILABLE"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"},
                      {500, "CORE-FAILED"}},
    [OUTCOME_ACCOUNT] = {{0, NULL},
                         {403, "ACCOUNT-NOT-HELD"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {403, "ACCOUNT-UNREACHABLE"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"}},
    [OUTCOME_STATE] = {{0, NULL},
                       {500, "STATE-FAILED"},
                       {500, "STATE-FAILED"},
                       {500, "STATE-FAILED"},
                       {500, "STATE-UNAVAILABLE"},
                       {500, "STATE-FAILED"},
                       {500, "STATE-FAILED"},
                       {500, "STATE-FAILED"},
                       {500, "STATE-FAILED"},
                       {500, "STATE-FAILED"},
                       {500, "STATE-FAILED"}},
    [OUTCOME_PAYMENT] = {{0, NULL},
                         {404, "PAYMENT-UNKNOWN"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-UNAVAILABLE"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"}},
    [OUTCOME_OPENING] = {{0, NULL},
                         {404, "OPENING-UNKNOWN"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-UNAVAILABLE"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"},
                         {500, "CORE-FAILED"}},
    [OUTCOME_QUOTE] = {{0, NULL},
                       {404, "FX-QUOTE-UNKNOWN"},
                       {409, "FX-QUOTE-ENDED"},
                       {409, "FX-QUOTE-ENDED"},
                       {500, "CORE-UNAVAILABLE"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"}},
    [OUTCOME_INSURANCE_QUOTE] = {{0, NULL},
                                 {404, "QUOTE-UNKNOWN"},
                                 {409, "QUOTE-STATE"},
                                 {409, "QUOTE-STATE"},
                                 {500, "CORE-UNAVAILABLE"},
                                 {500, "CORE-FAILED"},
                                 {500, "CORE-FAILED"},
                                 {500, "CORE-FAILED"},
                                 {500, "CORE-FAILED"},
                                 {500, "CORE-FAILED"},
                                 {500, "CORE-FAILED"}},
    [OUTCOME_ORDER] = {{0, NULL},
                       {403, "ACCOUNT-NOT-HELD"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-UNAVAILABLE"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"},
                       {500, "PAYMENT-IN-DOUBT"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"},
                       {500, "CORE-FAILED"}},
    [OUTCOME_POLICY] = {{0, NULL},
                        {403, "POLICY-NOT-HELD"},
                        {500, "CORE-FAILED"},
                        {500, "CORE-FAILED"},
                        {403, "POLICY-UNREACHABLE"},
                        {500, "CORE-FAILED"},
                        {500, "CORE-FAILED"},
                        {500, "CORE-FAILED"},
                        {500, "CORE-FAILED"},
                        {500, "CORE-FAILED"},
                        {500, "CORE-FAILED"}},
    [OUTCOME_LEVER] = {{0, NULL},
                       {404, "LEVER-UNKNOWN"},
                       {409, "LEVER-DENIED"},
                       {409, "LEVER-DENIED"},
                       {503, "LEVER-UNAVAILABLE"},
                       {500, "LEVER-FAILED"},
                       {500, "LEVER-FAILED"},
                       {500, "LEVER-FAILED"},
                       {500, "LEVER-FAILED"},
                       {500, "LEVER-FAILED"},
                       {500, "LEVER-FAILED"}},
    [OUTCOME_CREDIT] = {{0, NULL},
                        {404, "LEVER-UNKNOWN"},
                        {409, "LEVER-DENIED"},
                        {409, "LEVER-DENIED"},
                        {503, "LEVER-UNAVAILABLE"},
                        {500, "LEVER-FAILED"},
                        {500, "LEVER-FAILED"},
                        {500, "LEVER-FAILED"},
                        {500, "LEVER-FAILED"},
                        {500, "LEVER-FAILED"},
                        {500, "LEVER-FAILED"}},
    [OUTCOME_MOVE] = {{0, NULL},
                      {404, "LEVER-UNKNOWN"},
                      {409, "LEVER-DENIED"},
                      {409, "LEVER-DENIED"},
                      {503, "LEVER-UNAVAILABLE"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"}},
    [OUTCOME_TASK] = {{0, NULL},
                      {404, "LEVER-UNKNOWN"},
                      {409, "LEVER-DENIED"},
                      {409, "LEVER-DENIED"},
                      {503, "LEVER-UNAVAILABLE"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"},
                      {500, "LEVER-FAILED"}},
};

static void every_status_of_every_kind_of_call(void **state)
{
    (void)state;
    for (int about = 0; about < OUTCOME_KINDS; about++) {
        for (size_t i = 0; i < STATUSES; i++) {
            const struct outcome *found = outcome_find((enum outcome_about)about, statuses[i]);
            assert_int_equal(found->status, wanted[about][i].http);
            assert_int_equal(!found->id, !wanted[about][i].id);
            if (found->id) {
                assert_string_equal(found->id, wanted[about][i].id);
                assert_non_null(found->error_code);
                assert_non_null(found->message);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_status_of_every_kind_of_call)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
