// link: hub-sim-parts
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "outbox.h"

#define SENT_MAX 16

/* What the outbox did, in order; `gate` is held while nothing may be sent. */
struct world {
    pthread_mutex_t lock, gate;
    pthread_cond_t changed;
    char sent[SENT_MAX + 1]; /* a letter a try */
    size_t count, dropped;
    int refuse_a; /* how many tries of 'a' fail */
};

struct message {
    struct world *world;
    char letter;
};

static int64_t send_letter(void *ctx, void *arg)
{
    struct world *world = ctx;
    const struct message *message = arg;
    pthread_mutex_lock(&world->gate);
    pthread_mutex_unlock(&world->gate);
    pthread_mutex_lock(&world->lock);
    if (world->count < SENT_MAX) {
        world->sent[world->count++] = message->letter;
    }
    bool refused = message->letter == 'a' && world->refuse_a > 0;
    world->refuse_a -= refused;
    pthread_cond_signal(&world->changed);
    pthread_mutex_unlock(&world->lock);
    return refused ? 20000 : OUTBOX_DONE;
}

static void drop_letter(void *arg)
{
    struct message *message = arg;
    pthread_mutex_lock(&message->world->lock);
    message->world->dropped++;
    pthread_mutex_unlock(&message->world->lock);
    free(message);
}

static const struct outbox_kind letters = {send_letter, drop_letter};

static bool add(struct outbox *outbox, struct world *world, const char *key, char letter)
{
    struct message *message = malloc(sizeof(*message));
    assert_non_null(message);
    *message = (struct message){world, letter};
    return outbox_add(outbox, key, message, 0);
}

static struct outbox *start(struct world *world, int refuse_a)
{
    *world = (struct world){.refuse_a = refuse_a};
    pthread_mutex_init(&world->lock, NULL);
    pthread_mutex_init(&world->gate, NULL);
    pthread_cond_init(&world->changed, NULL);
    pthread_mutex_lock(&world->gate);
    struct outbox *outbox = outbox_new(&letters, world);
    assert_non_null(outbox);
    assert_int_equal(outbox_start(outbox), 0);
    return outbox;
}

static void wait_for(struct world *world, size_t count)
{
    pthread_mutex_lock(&world->lock);
    while (world->count < count) {
        pthread_cond_wait(&world->changed, &world->lock);
    }
    pthread_mutex_unlock(&world->lock);
}

static void end(struct world *world)
{
    pthread_cond_destroy(&world->changed);
    pthread_mutex_destroy(&world->gate);
    pthread_mutex_destroy(&world->lock);
}

static void what_waits_for_a_try_holds_up_its_own_key_alone(void **state)
{
    struct world world;
    struct outbox *outbox = start(&world, 2);
    (void)state;
    assert_true(add(outbox, &world, "one", 'a'));
    assert_true(add(outbox, &world, "one", 'b'));
    assert_true(add(outbox, &world, "two", 'c'));
    pthread_mutex_unlock(&world.gate);
    wait_for(&world, 5);
    outbox_stop(outbox);
    assert_string_equal(world.sent, "acaab");
    assert_int_equal(world.dropped, 3);
    end(&world);
}

static void the_queue_has_an_end_and_is_dropped_at_the_end(void **state)
{
    struct world world;
    struct outbox *outbox = start(&world, 0);
    (void)state;
    for (size_t i = 0; i < OUTBOX_QUEUED; i++) {
        assert_true(add(outbox, &world, "one", 'x'));
    }
    assert_false(add(outbox, &world, "one", 'y'));
    assert_int_equal(world.dropped, 1);
    outbox_halt(outbox);
    pthread_mutex_unlock(&world.gate);
    outbox_stop(outbox);
    assert_int_equal(world.dropped, OUTBOX_QUEUED + 1);
    assert_true(world.count <= 1);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_for_a_try_holds_up_its_own_key_alone),
        cmocka_unit_test(the_queue_has_an_end_and_is_dropped_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
