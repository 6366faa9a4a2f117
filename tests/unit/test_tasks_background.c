// link: lfi-psu lfi-tasks
/* Background workers over a store of the server's state, and Hubs at which some consents hang. */
#include "psu_world.h"

#include "base/array.h"
#include "base/limits.h"
#include "psu/revocation.h"
#include "psu/task.h"
#include "tasks/background.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CONSENT                                                                                    \
    "{\"id\":\"c\",\"consentType\":\"cbuae-account-access-consents\",\"status\":\"Authorized\","   \
    "\"psuIdentifiers\":{\"userId\":\"u-1\"}}"
#define PATIENCE_MS 20000 /* of a busy machine */

static struct scene {
    char dir[64];
    struct state *state;
    struct psu *psu;
    struct background *background;
    struct provider other;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool hang;      /* at consents whose id begins with "slow" */
    size_t hanging; /* calls that do */
    char calls[4096];
} scene;

static void note_call(struct hub *hub, const char *what, struct lfi_slice consent_id)
{
    (void)hub;
    pthread_mutex_lock(&scene.lock);
    size_t used = strlen(scene.calls);
    snprintf(scene.calls + used, sizeof(scene.calls) - used, "%s %.*s\n", what,
             SLICE_ARG(consent_id));
    scene.hanging++;
    pthread_cond_broadcast(&scene.changed);
    while (scene.hang && slice_starts_with(consent_id, "slow")) {
        pthread_cond_wait(&scene.changed, &scene.lock);
    }
    scene.hanging--;
    pthread_cond_broadcast(&scene.changed);
    pthread_mutex_unlock(&scene.lock);
}

static void let_go(void)
{
    pthread_mutex_lock(&scene.lock);
    scene.hang = false;
    pthread_cond_broadcast(&scene.changed);
    pthread_mutex_unlock(&scene.lock);
}

static void *let_go_soon(void *ctx)
{
    (void)ctx;
    usleep(200 * 1000); /* the Hub's time-out */
    let_go();
    return NULL;
}

static void stop(void)
{
    background_stop(scene.background);
    scene.background = NULL;
}

static bool run(void *ctx, size_t provider)
{
    (void)ctx;
    return psu_run_task(scene.psu, provider == 0 ? &world.provider : &scene.other);
}

static int set_up(void **state)
{
    scene = (struct scene){.dir = "/tmp/lfi-tasks-XXXXXX", .hang = true};
    pthread_mutex_init(&scene.lock, NULL);
    pthread_cond_init(&scene.changed, NULL);
    if (world_set_up(state) != 0 || !mkdtemp(scene.dir)) {
        return -1;
    }
    const struct state_config store = {.driver = "lmdb",
                                       .path = scene.dir,
                                       .create = true,
                                       .max_megabytes = 16,
                                       .max_tasks = 100,
                                       .instances = 1,
                                       .threads = 32};
    if (state_open(&scene.state, &store, &world.clock, NULL) != 0) {
        return -1;
    }
    scene.other = world.provider;
    scene.other.id = "dhowbusiness";
    world.consent = CONSENT;
    world.on_call = note_call;
    const struct psu_endpoint endpoints[] = {
        {.path = "/authorize", .provider = &world.provider},
        {.path = "/business", .provider = &scene.other, .provider_index = 1},
    };
    struct psu_config config = world_config(endpoints);
    config.endpoint_count = 2;
    config.state = scene.state;
    return psu_new(&scene.psu, &config, &world.clock, &world.log, NULL);
}

static int tear_down(void **state)
{
    char path[96];
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    let_go();
    stop();
    psu_free(scene.psu);
    state_close(scene.state);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", scene.dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(scene.dir);
    pthread_cond_destroy(&scene.changed);
    pthread_mutex_destroy(&scene.lock);
    return world_tear_down(state);
}

/* A customer's revocation that has been due for so long. */
static void keep_for(int64_t due_for_s, size_t provider, const char *consent_id,
                     const char *user_id)
{
    struct session session = {.user_id = slice_of(user_id)};
    struct actor actor = {.psu = scene.psu,
                          .endpoint = &scene.psu->endpoints[provider],
                          .arena = arena_new(64 * 1024),
                          .session = &session};
    struct lfi_error error = {{0}};
    assert_int_equal(revocation_put(actor, slice_of(consent_id), -due_for_s, &error), LFI_OK);
    arena_free(actor.arena);
}

static void keep(size_t provider, const char *consent_id)
{
    keep_for(1, provider, consent_id, "u-1");
}

static void start(void)
{
    const struct background_work work = {.run = run, .provider_count = 2};
    struct lfi_error error;
    assert_int_equal(background_start(&scene.background, &work, &error), 0);
}

static bool was_called(const char *line)
{
    pthread_mutex_lock(&scene.lock);
    bool found = strstr(scene.calls, line);
    pthread_mutex_unlock(&scene.lock);
    return found;
}

static void await(const char *line)
{
    for (int waited = 0; !was_called(line); waited += 10) {
        if (waited >= PATIENCE_MS) {
            fail_msg("missing: %s in\n%s", line, scene.calls);
        }
        usleep(10 * 1000);
    }
}

static void a_consent_that_hangs_delays_none_of_the_hubs_others(void **state)
{
    (void)state;
    keep_for(3, 0, "slow", "u-1");
    keep_for(2, 0, "slow", "u-2"); /* told after the first, and not before */
    keep(0, "c-1");
    keep(0, "c-2");
    keep(1, "c-3");
    start();
    await("revoke c-1\n");
    await("revoke c-2\n");
    await("revoke c-3\n");
    assert_false(was_called("revoke slow\n"));
    const char *first = strstr(scene.calls, "get slow\n");
    assert_non_null(first);
    assert_null(strstr(first + 1, "get slow\n"));
    let_go();
    await("revoke slow\n");
    await("revoke slow\nget slow\n"); /* the second is not this customer's */
    stop();
    assert_false(run(NULL, 0));
    assert_false(run(NULL, 1));
}

/* As many as a provider has workers. */
static void keep_all_busy(void)
{
    char id[32];
    for (int i = 0; i < LIMIT_TASK_WORKERS; i++) {
        snprintf(id, sizeof(id), "slow-%d", i);
        keep(0, id);
    }
    start();
    pthread_mutex_lock(&scene.lock);
    while (scene.hanging < LIMIT_TASK_WORKERS) {
        pthread_cond_wait(&scene.changed, &scene.lock);
    }
    pthread_mutex_unlock(&scene.lock);
}

static void a_hub_that_hangs_delays_no_other_providers_tasks(void **state)
{
    (void)state;
    keep_all_busy();
    keep(0, "c-1");
    keep(1, "c-2");
    await("revoke c-2\n");
    assert_false(was_called("get c-1\n"));
    let_go();
    await("revoke c-1\n");
    stop();
}

static void a_stop_waits_for_what_is_being_done_and_begins_nothing(void **state)
{
    pthread_t releaser;
    (void)state;
    keep_all_busy();
    keep(0, "c-1");
    assert_int_equal(pthread_create(&releaser, NULL, let_go_soon, NULL), 0);
    stop();
    pthread_join(releaser, NULL);
    assert_true(was_called("revoke slow-0\n"));
    assert_false(was_called("get c-1\n"));
    assert_true(run(NULL, 0)); /* it is kept for the next start */
    assert_true(was_called("revoke c-1\n"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_consent_that_hangs_delays_none_of_the_hubs_others),
        CASE(a_hub_that_hangs_delays_no_other_providers_tasks),
        CASE(a_stop_waits_for_what_is_being_done_and_begins_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
