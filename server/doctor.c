#include "doctor.h"

#include "base/array.h"
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LISTENERS 3
#define NAME_BYTES 200

/* How often a check runs. */
enum repeat { ONCE, EACH_LISTENER, EACH_PROVIDER };

static const struct check {
    const char *name;
    enum repeat repeat;
    void (*run)(struct doctor_job *job);
} checks[] = {
    {"files", ONCE, doctor_check_files},         {"chains", ONCE, doctor_check_chains},
    {"names", ONCE, doctor_check_names},         {"listener", EACH_LISTENER, doctor_check_listener},
    {"state", ONCE, doctor_check_state},         {"core", EACH_PROVIDER, doctor_check_core},
    {"key store", ONCE, doctor_check_key_store}, {"issuer", EACH_PROVIDER, doctor_check_issuer},
    {"hub", EACH_PROVIDER, doctor_check_hub},    {"clock", ONCE, doctor_check_clock},
    {"versions", ONCE, doctor_check_versions},   {"configuration", ONCE, doctor_check_rest},
};

struct finding {
    enum doctor_grade grade;
    char name[NAME_BYTES];
    char text[DOCTOR_TEXT_BYTES];
    bool printed;
};

struct doctor {
    struct config strict;
    struct doctor_findings findings;
    bool hangs; /* a check was given up: its thread still uses all this */
    int64_t deadline_us;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ended;
    const struct run *current; /* whose findings count; NULL: none */
    struct finding *found;
    size_t count, room;
    bool out_of_memory;
};

struct run {
    struct doctor_job job; /* first: report gets its address */
    struct doctor *doctor;
    const struct check *check;
    bool done;
};

/* --- findings --------------------------------------------------------------------------------- */

static bool was_told(const struct doctor *doctor, const char *name, const char *text)
{
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *one = &doctor->found[i];
        if (strcmp(one->name, name) == 0 && strcmp(one->text, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool make_room(struct doctor *doctor)
{
    if (doctor->count < doctor->room) {
        return true;
    }
    size_t room = doctor->room > 0 ? 2 * doctor->room : 64;
    struct finding *found = reallocarray(doctor->found, room, sizeof(*found));
    if (!found) {
        doctor->out_of_memory = true;
        return false;
    }
    doctor->found = found;
    doctor->room = room;
    return true;
}

static void keep(struct doctor *doctor, enum doctor_grade grade, const char *name, const char *text)
{
    if (was_told(doctor, name, text) || !make_room(doctor)) {
        return;
    }
    struct finding *one = &doctor->found[doctor->count++];
    *one = (struct finding){.grade = grade};
    snprintf(one->name, sizeof(one->name), "%s", name);
    snprintf(one->text, sizeof(one->text), "%s", text);
}

static void report(const struct doctor_job *job, enum doctor_grade grade, const char *name,
                   const char *text)
{
    const struct run *run = (const struct run *)job;

    pthread_mutex_lock(&run->doctor->lock);
    if (run->doctor->current == run) {
        keep(run->doctor, grade, name, text);
    }
    pthread_mutex_unlock(&run->doctor->lock);
}

/* The last word of a name tells what it is about apart from others: a provider, a setting. */
static size_t kind_length(const char *name)
{
    const char *space = strrchr(name, ' ');
    return space ? (size_t)(space - name) + 1 : 0;
}

/* "core dhowretail, dhowbusiness: answers": all from `first` on of which the same is so. */
static void print_alike(struct doctor *doctor, size_t first)
{
    static const char *const words[] = {"ok  ", "warn", "FAIL"};
    const struct finding *head = &doctor->found[first];
    const size_t kind = kind_length(head->name);

    printf("%s  %s", words[head->grade], head->name);
    for (size_t i = first + 1; i < doctor->count; i++) {
        struct finding *one = &doctor->found[i];
        if (!one->printed && one->grade == head->grade && strcmp(one->text, head->text) == 0 &&
            kind_length(one->name) == kind && strncmp(one->name, head->name, kind) == 0) {
            printf(", %s", one->name + kind);
            one->printed = true;
        }
    }
    printf(": %s\n", head->text);
}

static void print_new(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->count; i++) {
        if (!doctor->found[i].printed) {
            doctor->found[i].printed = true;
            print_alike(doctor, i);
        }
    }
    (void)fflush(stdout);
}

/* Prints how many findings there were of each grade, and returns the worst. */
static enum doctor_grade summarize(const struct doctor *doctor)
{
    size_t counts[DOCTOR_FAIL + 1] = {0};

    for (size_t i = 0; i < doctor->count; i++) {
        counts[doctor->found[i].grade]++;
    }
    if (doctor->out_of_memory) {
        printf("FAIL  doctor: out of memory: not all is told\n");
        counts[DOCTOR_FAIL]++;
    }
    const size_t warnings = counts[DOCTOR_WARN], faults = counts[DOCTOR_FAIL];
    const size_t all = counts[DOCTOR_OK] + warnings + faults;
    printf("%zu check%s, %zu warning%s, %zu fault%s\n", all, all == 1 ? "" : "s", warnings,
           warnings == 1 ? "" : "s", faults, faults == 1 ? "" : "s");
    (void)fflush(stdout);
    return faults > 0 ? DOCTOR_FAIL : warnings > 0 ? DOCTOR_WARN : DOCTOR_OK;
}

/* --- running ---------------------------------------------------------------------------------- */

static void *run_check(void *ctx)
{
    struct run *run = ctx;

    run->check->run(&run->job);
    pthread_mutex_lock(&run->doctor->lock);
    run->done = true;
    pthread_cond_signal(&run->doctor->ended);
    pthread_mutex_unlock(&run->doctor->lock);
    return NULL;
}

static struct timespec moment(int64_t monotonic_us)
{
    return (struct timespec){.tv_sec = monotonic_us / 1000000,
                             .tv_nsec = (long)(monotonic_us % 1000000 * 1000)};
}

/* Waits until the check has ended or its time is over. */
static bool wait_for(struct doctor *doctor, struct run *run)
{
    int64_t until_us = clock_monotonic_us() + (int64_t)DOCTOR_CHECK_MS * 1000;
    const struct timespec until =
        moment(until_us < doctor->deadline_us ? until_us : doctor->deadline_us);

    pthread_mutex_lock(&doctor->lock);
    while (!run->done &&
           pthread_cond_timedwait(&doctor->ended, &doctor->lock, &until) != ETIMEDOUT) {
    }
    bool done = run->done;
    doctor->current = NULL;
    if (!done) {
        const bool of_provider = run->check->repeat == EACH_PROVIDER;
        char name[NAME_BYTES];
        snprintf(name, sizeof(name), "%s%s%s", run->check->name, of_provider ? " " : "",
                 of_provider ? doctor->strict.providers[run->job.index].id : "");
        keep(doctor, DOCTOR_FAIL, name,
             "does not end in time: what it looks at hangs (a disk, a core, the network)");
    }
    pthread_mutex_unlock(&doctor->lock);
    return done;
}

static void run_one(struct doctor *doctor, const struct check *check, size_t index)
{
    struct run *run = calloc(1, sizeof(*run));
    pthread_t thread;

    if (!run) {
        doctor->out_of_memory = true;
        return;
    }
    *run = (struct run){.job = {&doctor->strict, index, &doctor->findings, report},
                        .doctor = doctor,
                        .check = check};
    doctor->current = run;
    if (pthread_create(&thread, NULL, run_check, run) != 0) {
        doctor_report(&run->job, DOCTOR_FAIL, check->name, "not checked: no thread");
        free(run);
    } else if (wait_for(doctor, run)) {
        pthread_join(thread, NULL);
        free(run);
    } else {
        pthread_detach(thread); /* keeps `run` */
        doctor->hangs = true;
        atomic_store(&doctor->findings.broken, true);
    }
}

static size_t times(const struct doctor *doctor, enum repeat repeat)
{
    switch (repeat) {
    case EACH_LISTENER:
        return LISTENERS;
    case EACH_PROVIDER:
        return doctor->strict.provider_count;
    default:
        return 1;
    }
}

static void run_all(struct doctor *doctor)
{
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        for (size_t index = 0; index < times(doctor, checks[i].repeat); index++) {
            if (clock_monotonic_us() < doctor->deadline_us) {
                run_one(doctor, &checks[i], index);
            } else {
                keep(doctor, DOCTOR_FAIL, checks[i].name,
                     "not checked: the time for all checks is over");
            }
        }
        print_new(doctor);
    }
}

static void init(struct doctor *doctor, const struct config *config)
{
    pthread_condattr_t attributes;

    doctor->strict = *config;
    doctor->strict.development = false; /* what has expired is wrong here too */
    doctor->findings.clock_ahead_s = DOCTOR_UNKNOWN;
    doctor->deadline_us = clock_monotonic_us() + (int64_t)DOCTOR_ALL_MS * 1000;
    pthread_mutex_init(&doctor->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&doctor->ended, &attributes);
    pthread_condattr_destroy(&attributes);
}

int doctor_run(const char *config_path)
{
    struct doctor *doctor = calloc(1, sizeof(*doctor));
    struct lfi_error error = {""};
    struct config *config = NULL;

    if (!doctor) {
        printf("FAIL  doctor: out of memory\n");
        return DOCTOR_FAIL;
    }
    if (config_load(&config, config_path, &error) != 0) {
        keep(doctor, DOCTOR_FAIL, "configuration", error.message);
        print_new(doctor);
        int status = (int)summarize(doctor);
        free(doctor->found);
        free(doctor);
        return status;
    }
    init(doctor, config);
    run_all(doctor);
    int status = (int)summarize(doctor);
    if (doctor->hangs) {
        _exit(status);
    }
    free(doctor->found);
    pthread_cond_destroy(&doctor->ended);
    pthread_mutex_destroy(&doctor->lock);
    free(doctor);
    config_free(config);
    return status;
}
