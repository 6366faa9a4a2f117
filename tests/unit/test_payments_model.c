// link: lfi-store lfi-base
/*
 * A model of payments beside the core: random steps are done to both, and after each step both must
 * say the same of every payment, balance, entry and change. A difference is told with the shortest
 * sequence of steps that shows it. Broken cores prove that differences are seen.
 */
#include "payments_bank.h"

#define STEPS 90
#define SEEDS 8
#define SEEDS_LONG 400 /* with LFI_LONG */
#define SEEDS_OF_BROKEN 20
#define PAYMENTS_MAX STEPS
#define KEY_LIFE_S 100
#define NEVER INT64_MAX

/* --- the model ---------------------------------------------------------------------------------
 */

enum { MAIN, SAVING, ACCOUNTS };

static const struct {
    const char *id, *iban;
    int64_t available; /* as loaded */
} LOADED[ACCOUNTS] = {{BANK_MAIN, BANK_MAIN_IBAN, 150000}, {BANK_SAVING, BANK_SAVING_IBAN, 20000}};

static const struct {
    const char *name, *iban;
    enum lfi_rail rail;
    int own; /* account; -1: of another bank */
    int64_t after_us;
} CREDITORS[] = {
    {"aani", "AE219900000000000099999", LFI_RAIL_AANI, -1, 2 * BANK_SECOND},
    {"uaefts", "AE939910000000000000009", LFI_RAIL_UAEFTS, -1, 60 * BANK_SECOND},
    {"unreachable", "AE189940000000000000009", LFI_RAIL_NONE, -1, BANK_SECOND},
    {"main", BANK_MAIN_IBAN, LFI_RAIL_INTRA_BANK, MAIN, BANK_SECOND / 5},
    {"saving", BANK_SAVING_IBAN, LFI_RAIL_INTRA_BANK, SAVING, BANK_SECOND / 5},
};
static const int64_t AMOUNTS[] = {1, 5000, 20000, 60000};
static const int64_t WAITS_MS[] = {100, 200, 1000, 2000, 61000};
static const enum lfi_account_status STATES[] = {LFI_ACCOUNT_ACTIVE, LFI_ACCOUNT_SUSPENDED,
                                                 LFI_ACCOUNT_CLOSED};

struct model_payment {
    char id[41];
    unsigned consent, key, account, creditor;
    int64_t amount, created_us, due_us; /* NEVER: not by itself */
    enum lfi_payment_status status;
};

struct model_entry {
    size_t payment;
    int64_t amount; /* a debit is below zero */
};

struct model_change {
    size_t payment;
    enum lfi_payment_status status;
};

struct model {
    enum lfi_account_status state[ACCOUNTS];
    int64_t posted[ACCOUNTS], held[ACCOUNTS];
    struct model_payment payments[PAYMENTS_MAX];
    size_t count;
    struct model_entry entries[ACCOUNTS][2 * PAYMENTS_MAX];
    size_t entry_count[ACCOUNTS];
    struct model_change changes[3 * PAYMENTS_MAX];
    size_t change_count, changes_read;
};

struct order {
    unsigned consent, key, account, creditor;
    int64_t amount;
    bool one_in_flight;
};

static bool is_final(enum lfi_payment_status status)
{
    return status != LFI_PAYMENT_PENDING && status != LFI_PAYMENT_SETTLED;
}

static bool is_in_flight(const struct model *model, const struct order *order)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct model_payment *payment = &model->payments[i];
        if (payment->status == LFI_PAYMENT_PENDING && payment->consent == order->consent &&
            payment->creditor == order->creditor && payment->amount == order->amount) {
            return true;
        }
    }
    return false;
}

/* What the core must answer; *payment: the one that was made or found. */
static enum lfi_order_outcome model_create(struct model *model, const struct order *order,
                                           int64_t now_us, size_t *payment)
{
    for (size_t i = model->count; i-- > 0;) {
        const struct model_payment *made = &model->payments[i];
        if (made->consent == order->consent && made->key == order->key &&
            made->created_us + KEY_LIFE_S * BANK_SECOND > now_us) {
            *payment = i;
            return made->amount == order->amount ? LFI_ORDER_EXISTS : LFI_ORDER_KEY_USED;
        }
    }
    if (model->state[order->account] != LFI_ACCOUNT_ACTIVE) {
        return model->state[order->account] == LFI_ACCOUNT_SUSPENDED ? LFI_ORDER_BLOCKED_FOR_NOW
                                                                     : LFI_ORDER_BLOCKED_FOR_GOOD;
    }
    if (CREDITORS[order->creditor].own == (int)order->account) {
        return LFI_ORDER_BANK_RULE;
    }
    if (order->one_in_flight && is_in_flight(model, order)) {
        return LFI_ORDER_IN_FLIGHT;
    }
    if (LOADED[order->account].available + model->posted[order->account] -
            model->held[order->account] <
        order->amount) {
        return LFI_ORDER_NO_FUNDS;
    }
    *payment = model->count++;
    model->payments[*payment] = (struct model_payment){
        .consent = order->consent,
        .key = order->key,
        .account = order->account,
        .creditor = order->creditor,
        .amount = order->amount,
        .created_us = now_us,
        .due_us = now_us + CREDITORS[order->creditor].after_us,
    };
    model->held[order->account] += order->amount;
    return LFI_ORDER_CREATED;
}

static void model_book(struct model *model, int account, size_t payment, int64_t amount)
{
    model->posted[account] += amount;
    model->entries[account][model->entry_count[account]++] = (struct model_entry){payment, amount};
}

static void model_move(struct model *model, size_t at, enum lfi_payment_status status)
{
    struct model_payment *payment = &model->payments[at];
    int own = CREDITORS[payment->creditor].own;
    if (payment->status == LFI_PAYMENT_PENDING) {
        model->held[payment->account] -= payment->amount;
        if (status != LFI_PAYMENT_REJECTED) {
            model_book(model, (int)payment->account, at, -payment->amount);
            if (own >= 0) {
                model_book(model, own, at, payment->amount);
            }
        }
    }
    payment->status = status;
    payment->due_us = NEVER;
    model->changes[model->change_count++] = (struct model_change){at, status};
}

/* What is due then, the first due first. */
static void model_wait(struct model *model, int64_t now_us)
{
    for (;;) {
        size_t next = model->count;
        for (size_t i = 0; i < model->count; i++) {
            if (model->payments[i].due_us <= now_us &&
                (next == model->count ||
                 model->payments[i].due_us < model->payments[next].due_us)) {
                next = i;
            }
        }
        if (next == model->count) {
            return;
        }
        unsigned creditor = model->payments[next].creditor;
        int own = CREDITORS[creditor].own;
        bool fails = CREDITORS[creditor].rail == LFI_RAIL_NONE ||
                     (own >= 0 && model->state[own] != LFI_ACCOUNT_ACTIVE);
        model_move(model, next,
                   fails ? LFI_PAYMENT_REJECTED
                   : CREDITORS[creditor].rail == LFI_RAIL_AANI
                       ? LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING
                       : LFI_PAYMENT_CREDITED);
    }
}

static bool model_may_move(const struct model_payment *payment, enum lfi_payment_status to)
{
    enum lfi_rail rail = CREDITORS[payment->creditor].rail;
    switch (to) {
    case LFI_PAYMENT_REJECTED:
        return payment->status == LFI_PAYMENT_PENDING;
    case LFI_PAYMENT_SETTLED:
        return payment->status == LFI_PAYMENT_PENDING && rail != LFI_RAIL_NONE;
    case LFI_PAYMENT_CREDITED:
        return !is_final(payment->status) && rail != LFI_RAIL_NONE && rail != LFI_RAIL_AANI;
    case LFI_PAYMENT_ACCEPTED_WITHOUT_POSTING:
        return !is_final(payment->status) && rail == LFI_RAIL_AANI;
    case LFI_PAYMENT_PENDING:
        break;
    }
    return false;
}

/* --- broken cores ------------------------------------------------------------------------------
 */

enum fault { SOUND, FORGETS_KEYS, HIDES_REJECTIONS, LOSES_AT_RESTART, STALE_BALANCES };

struct world {
    struct pay_bank *bank;
    enum fault fault;
    unsigned calls;              /* of create */
    bool restarted;              /* while there were payments */
    int64_t balances[ACCOUNTS];  /* the first answers … */
    bool has_balances[ACCOUNTS]; /* … where there was one */
    struct model model;
    char cursor[65];
    unsigned outcomes; /* that create had, a bit each */
    char why[300];     /* the first difference */
};

static int core_create(struct world *world, struct lfi_payment_order *order, struct pay_answer *out)
{
    char key[32];
    if (world->fault == FORGETS_KEYS) {
        (void)snprintf(key, sizeof(key), "forgotten-%u", world->calls++);
        order->idempotency_key = pay_text(key);
    }
    return pay_create(world->bank, order, out);
}

static int core_find(struct world *world, const char *id, struct pay_answer *out)
{
    return world->fault == LOSES_AT_RESTART && world->restarted ? LFI_UNKNOWN
                                                                : pay_find(world->bank, id, out);
}

/* The next change; the answer counts none when there is none. */
static int core_change(struct world *world, struct pay_answer *out)
{
    struct lfi_error error = {""};
    int rc = LFI_OK;
    do {
        const struct lfi_change_query query = {
            .size = sizeof(query),
            .cursor = pay_text(world->cursor[0] ? world->cursor : NULL),
            .limit = 1};
        *out = pay_answer_of(NULL);
        out->changes = true;
        rc = store_payments.changes(world->bank->store, &world->bank->call, &query, &out->base,
                                    &error);
        if (out->count > 0) {
            memcpy(world->cursor, out->change.cursor, sizeof(world->cursor));
        }
    } while (world->fault == HIDES_REJECTIONS && out->count > 0 &&
             out->change.facts.status == LFI_PAYMENT_REJECTED);
    return rc;
}

static int64_t core_available(struct world *world, int account)
{
    int64_t now = pay_balance_of(world->bank, LOADED[account].id, "InterimAvailable");
    if (!world->has_balances[account]) {
        world->balances[account] = now;
        world->has_balances[account] = true;
    }
    return world->fault == STALE_BALANCES ? world->balances[account] : now;
}

/* --- comparing ---------------------------------------------------------------------------------
 */

#define DIFFER(world, ...) ((void)snprintf((world)->why, sizeof((world)->why), __VA_ARGS__), false)

static bool same_payments(struct world *world)
{
    struct pay_answer found;
    for (size_t i = 0; i < world->model.count; i++) {
        const struct model_payment *payment = &world->model.payments[i];
        int rc = core_find(world, payment->id, &found);
        if (rc != LFI_OK) {
            return DIFFER(world, "payment %zu is not found: %d", i, rc);
        }
        if (found.facts.status != payment->status || found.facts.amount.minor != payment->amount ||
            found.facts.rail != CREDITORS[payment->creditor].rail) {
            return DIFFER(world, "payment %zu: status %d, wanted %d", i, (int)found.facts.status,
                          (int)payment->status);
        }
    }
    return true;
}

/* The entries of an account, newest first, against the model's. */
struct entries {
    struct lfi_answer base;
    struct world *world;
    int account;
    size_t booked_left;
    int64_t pending, balance;
    bool wrong;
};

static int take_entry(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct entries *self = (struct entries *)answer;
    const struct model *model = &self->world->model;
    cJSON *entry = cJSON_ParseWithLength(json.ptr, json.len);
    struct decimal amount;
    (void)facts;
    assert_true(decimal_parse(
        cJSON_GetObjectItem(cJSON_GetObjectItem(entry, "amount"), "amount")->valuestring, &amount));
    bool debit =
        strcmp(cJSON_GetObjectItem(entry, "creditDebitIndicator")->valuestring, "Debit") == 0;
    if (strcmp(cJSON_GetObjectItem(entry, "status")->valuestring, "Pending") == 0) {
        self->pending += amount.value;
        self->wrong |= !debit || self->booked_left < model->entry_count[self->account];
    } else if (self->booked_left == 0) {
        self->wrong = true;
    } else {
        int64_t want = model->entries[self->account][--self->booked_left].amount;
        self->wrong |= want != (debit ? -amount.value : amount.value);
        const cJSON *balance = cJSON_GetObjectItem(entry, "balance");
        if (balance) {
            struct decimal after;
            assert_true(decimal_parse(
                cJSON_GetObjectItem(cJSON_GetObjectItem(balance, "amount"), "amount")->valuestring,
                &after));
            bool owed = strcmp(cJSON_GetObjectItem(balance, "creditDebitIndicator")->valuestring,
                               "Debit") == 0;
            self->wrong |= (owed ? -after.value : after.value) != self->balance;
        }
        self->balance -= want;
    }
    cJSON_Delete(entry);
    return 0;
}

static bool same_entries(struct world *world, int account)
{
    struct lfi_error error = {""};
    const struct model *model = &world->model;
    struct lfi_transaction_summary summary = {.size = sizeof(summary)};
    struct entries entries = {
        .base = {.size = sizeof(entries.base), .record = take_entry, .summary = &summary},
        .world = world,
        .account = account,
        .booked_left = model->entry_count[account],
        .balance = 100000 + model->posted[account]};
    const struct lfi_transaction_query query = {
        .base = {sizeof(query), pay_text(LOADED[account].id), {0, 1000}},
        .from = LFI_WALL_MIN,
        .to = LFI_WALL_MAX};
    int rc = store_accounts.transactions(world->bank->store, &world->bank->call, &query,
                                         &entries.base, &error);
    if (rc != LFI_OK || entries.wrong || entries.booked_left > 0 ||
        entries.pending != model->held[account]) {
        return DIFFER(world, "%s: entries differ, %zu are missing, %lld is pending, wanted %lld",
                      LOADED[account].id, entries.booked_left, (long long)entries.pending,
                      (long long)model->held[account]);
    }
    return true;
}

static bool same_accounts(struct world *world)
{
    const struct model *model = &world->model;
    for (int i = 0; i < ACCOUNTS; i++) {
        int64_t want = LOADED[i].available + model->posted[i] - model->held[i];
        int64_t available = core_available(world, i);
        if (available != want) {
            return DIFFER(world, "%s: %lld are available, wanted %lld", LOADED[i].id,
                          (long long)available, (long long)want);
        }
        if (!same_entries(world, i)) {
            return false;
        }
    }
    int64_t booked = pay_balance_of(world->bank, BANK_MAIN, "InterimBooked");
    return booked == 100000 + model->posted[MAIN] ||
           DIFFER(world, "%lld are booked", (long long)booked);
}

/* For every payment the sum of its entries is the amount or nothing, and credits are debits. */
static bool is_conserved(struct world *world)
{
    const struct model *model = &world->model;
    int64_t sum[PAYMENTS_MAX] = {0};
    for (int account = 0; account < ACCOUNTS; account++) {
        for (size_t i = 0; i < model->entry_count[account]; i++) {
            sum[model->entries[account][i].payment] += model->entries[account][i].amount;
        }
    }
    for (size_t i = 0; i < model->count; i++) {
        const struct model_payment *payment = &model->payments[i];
        bool paid =
            payment->status != LFI_PAYMENT_PENDING && payment->status != LFI_PAYMENT_REJECTED;
        int64_t left = paid && CREDITORS[payment->creditor].own < 0 ? -payment->amount : 0;
        if (sum[i] != left) {
            return DIFFER(world, "the entries of payment %zu sum to %lld", i, (long long)sum[i]);
        }
    }
    return true;
}

/* The newest statement: what closes is what opened and what the summary says. */
struct statement {
    struct lfi_answer base;
    int64_t opening, closing, summary;
    size_t count;
};

static int64_t statement_money(const cJSON *object)
{
    struct decimal amount;
    const cJSON *money = cJSON_GetObjectItem(object, "Amount");
    assert_true(decimal_parse(cJSON_GetObjectItem(money, "Amount")->valuestring, &amount));
    return strcmp(cJSON_GetObjectItem(object, "CreditDebitIndicator")->valuestring, "Debit") == 0
               ? -amount.value
               : amount.value;
}

static int take_statement(struct lfi_answer *answer, struct lfi_slice json, const void *facts)
{
    struct statement *self = (struct statement *)answer;
    cJSON *statement = cJSON_ParseWithLength(json.ptr, json.len);
    const cJSON *row;
    (void)facts;
    self->opening = statement_money(cJSON_GetObjectItem(statement, "OpeningBalance"));
    self->closing = statement_money(cJSON_GetObjectItem(statement, "ClosingBalance"));
    cJSON_ArrayForEach(row, cJSON_GetObjectItem(statement, "Summary"))
    {
        self->summary += statement_money(row);
    }
    self->count++;
    cJSON_Delete(statement);
    return 0;
}

/* When the month is over, its statement has all that was booked. */
static bool same_statement(struct world *world)
{
    struct lfi_error error = {""};
    struct model *model = &world->model;
    struct lfi_statement_summary summary = {.size = sizeof(summary)};
    struct statement statement = {
        .base = {.size = sizeof(statement.base), .record = take_statement, .summary = &summary}};
    const struct lfi_statement_query query = {.base = {sizeof(query), pay_text(BANK_MAIN), {0, 1}},
                                              .from_day = INT64_MIN,
                                              .to_day = INT64_MAX};
    world->bank->now_us = BANK_START + 86400 * BANK_SECOND; /* before what is pending moves */
    int rc = store_accounts.statements(world->bank->store, &world->bank->call, &query,
                                       &statement.base, &error);
    bool none = model->entry_count[MAIN] == 0;
    if (rc != LFI_OK || statement.count != (none ? 0 : 1)) {
        return DIFFER(world, "statements: %d, and %zu of them", rc, statement.count);
    }
    return none ||
           (statement.opening == 100000 && statement.closing == 100000 + model->posted[MAIN] &&
            statement.summary == model->posted[MAIN]) ||
           DIFFER(world, "a statement from %lld to %lld, whose summary is %lld",
                  (long long)statement.opening, (long long)statement.closing,
                  (long long)statement.summary);
}

/* --- steps -------------------------------------------------------------------------------------
 */

enum op { CREATE, WAIT, MOVE, FEED, RESTART, BLOCK };

struct step {
    enum op op;
    struct order order;             /* CREATE */
    int64_t wait_ms;                /* WAIT */
    unsigned nth;                   /* MOVE: of the payments; BLOCK: account; FEED: how many */
    enum lfi_payment_status status; /* MOVE */
    enum lfi_account_status state;  /* BLOCK */
};

static bool do_create(struct world *world, const struct order *order)
{
    char key[16];
    char consent[16];
    size_t payment = 0;
    struct pay_answer said;
    struct model *model = &world->model;
    (void)snprintf(key, sizeof(key), "key-%u", order->key);
    (void)snprintf(consent, sizeof(consent), "consent-%u", order->consent);
    struct lfi_payment_order asked = pay_order(key, CREDITORS[order->creditor].iban, order->amount);
    asked.consent_id = pay_text(consent);
    asked.account_id = pay_text(LOADED[order->account].id);
    asked.key_life_s = KEY_LIFE_S;
    asked.one_in_flight = order->one_in_flight;
    enum lfi_order_outcome want = model_create(model, order, world->bank->now_us, &payment);
    int got = core_create(world, &asked, &said);
    world->outcomes |= 1U << want;
    if (got != (int)want) {
        return DIFFER(world, "create: outcome %d, wanted %d", got, (int)want);
    }
    if (want == LFI_ORDER_CREATED) {
        memcpy(model->payments[payment].id, said.facts.payment_id, sizeof(said.facts.payment_id));
    }
    return want != LFI_ORDER_EXISTS ||
           strcmp(model->payments[payment].id, said.facts.payment_id) == 0 ||
           DIFFER(world, "create: the key has another payment");
}

static bool do_move(struct world *world, const struct step *step)
{
    struct model *model = &world->model;
    struct lfi_error error = {""};
    const struct lfi_payment_reason reason = {LFI_RAIL_AANI, "AC04", "The account is closed."};
    if (model->count == 0) {
        return true;
    }
    size_t at = step->nth % model->count;
    int want = model_may_move(&model->payments[at], step->status) ? LFI_OK : LFI_DENIED;
    int got = store_levers.payment_set_status(
        world->bank->store, &world->bank->call, pay_text(model->payments[at].id), step->status,
        step->status == LFI_PAYMENT_REJECTED ? &reason : NULL, &error);
    if (want == LFI_OK) {
        model_move(model, at, step->status);
    }
    return got == want || DIFFER(world, "move: %d, wanted %d", got, want);
}

static bool do_feed(struct world *world, unsigned limit)
{
    struct model *model = &world->model;
    for (unsigned i = 0; i < limit; i++) {
        struct pay_answer out;
        bool more = model->changes_read < model->change_count;
        int rc = core_change(world, &out);
        if (rc != LFI_OK || out.count != (more ? 1 : 0)) {
            return DIFFER(world, "changes: %d, and %zu records of %d", rc, out.count, (int)more);
        }
        if (!more) {
            return true;
        }
        const struct model_change *want = &model->changes[model->changes_read++];
        if (strcmp(out.change.facts.payment_id, model->payments[want->payment].id) != 0 ||
            out.change.facts.status != want->status) {
            return DIFFER(world, "changes: another one came than payment %zu, status %d",
                          want->payment, (int)want->status);
        }
    }
    return true;
}

static bool do_step(struct world *world, const struct step *step)
{
    struct pay_bank *bank = world->bank;
    struct lfi_error error = {""};
    switch (step->op) {
    case CREATE:
        return do_create(world, &step->order);
    case WAIT:
        pay_wait(bank, step->wait_ms * 1000);
        model_wait(&world->model, bank->now_us);
        return true;
    case MOVE:
        return do_move(world, step);
    case FEED:
        return do_feed(world, step->nth);
    case RESTART:
        world->restarted = world->model.count > 0;
        store_close(bank->store);
        pay_open(bank);
        return true;
    case BLOCK:
        world->model.state[step->nth] = step->state;
        return store_levers.account_set_status(bank->store, &bank->call,
                                               pay_text(LOADED[step->nth].id), step->state,
                                               &error) == LFI_OK;
    }
    return false;
}

/* Does the steps from an empty bank on; false: there was a difference. */
static bool run(struct world *world, const struct step *steps, size_t count)
{
    struct pay_bank *bank = world->bank;
    *world = (struct world){.bank = bank, .fault = world->fault};
    bank->now_us = BANK_START;
    bank->call.deadline_us = pay_monotonic(NULL) + 60 * BANK_SECOND;
    assert_int_equal(store_levers.reset(bank->store, &bank->call, NULL), LFI_OK);
    bool same = same_accounts(world);
    for (size_t i = 0; i < count && same; i++) {
        same = do_step(world, &steps[i]) && same_payments(world) && same_accounts(world) &&
               is_conserved(world);
    }
    return same && same_statement(world);
}

/* --- random sequences, and the shortest one ----------------------------------------------------
 */

static unsigned draw(uint64_t *seed, size_t limit)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((*seed >> 33) % limit);
}

static struct step draw_step(uint64_t *seed)
{
    static const enum op OFTEN[] = {CREATE, CREATE, CREATE, CREATE, CREATE, WAIT,  WAIT,
                                    WAIT,   MOVE,   MOVE,   FEED,   FEED,   BLOCK, RESTART};
    return (struct step){
        .op = OFTEN[draw(seed, ARRAY_LEN(OFTEN))],
        .order = {.consent = draw(seed, 2),
                  .key = draw(seed, 12),
                  .account = draw(seed, ACCOUNTS),
                  .creditor = draw(seed, ARRAY_LEN(CREDITORS)),
                  .amount = AMOUNTS[draw(seed, ARRAY_LEN(AMOUNTS))],
                  .one_in_flight = draw(seed, 2) == 1},
        .wait_ms = WAITS_MS[draw(seed, ARRAY_LEN(WAITS_MS))],
        .nth = draw(seed, 2),
        .status = (enum lfi_payment_status)draw(seed, 5),
        /* mostly active, so that there is something to see */
        .state = STATES[draw(seed, 2) == 0 ? 0 : draw(seed, ARRAY_LEN(STATES))],
    };
}

static void draw_steps(uint64_t seed, struct step steps[STEPS])
{
    for (size_t i = 0; i < STEPS; i++) {
        steps[i] = draw_step(&seed);
        if (steps[i].op == MOVE) {
            steps[i].nth = draw(&seed, PAYMENTS_MAX);
        } else if (steps[i].op == FEED) {
            steps[i].nth = 1 + draw(&seed, 4);
        }
    }
}

/* Takes steps away while the difference stays: many at once first, at last one by one. */
static size_t shorten(struct world *world, struct step *steps, size_t count)
{
    struct step fewer[STEPS];
    for (size_t many = count / 2; many > 0;) {
        bool shorter = false;
        for (size_t from = 0; from + many <= count;) {
            memcpy(fewer, steps, from * sizeof(*steps));
            memcpy(fewer + from, steps + from + many, (count - from - many) * sizeof(*steps));
            if (run(world, fewer, count - many)) {
                from++;
                continue;
            }
            count -= many;
            memcpy(steps, fewer, count * sizeof(*steps));
            shorter = true;
        }
        many = shorter && many == 1 ? 1 : many / 2;
    }
    (void)run(world, steps, count);
    return count;
}

static void print_steps(const struct world *world, const struct step *steps, size_t count)
{
    static const char *const STATUSES[] = {"Pending", "settled", "credited", "accepted",
                                           "Rejected"};
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        const struct order *order = &step->order;
        switch (step->op) {
        case CREATE:
            print_message("  create consent-%u key-%u %s -> %s %lld%s\n", order->consent,
                          order->key, LOADED[order->account].id, CREDITORS[order->creditor].name,
                          (long long)order->amount, order->one_in_flight ? " once in flight" : "");
            break;
        case WAIT:
            print_message("  wait %lld ms\n", (long long)step->wait_ms);
            break;
        case MOVE:
            print_message("  move payment %u to %s\n", step->nth, STATUSES[step->status]);
            break;
        case FEED:
            print_message("  read %u changes\n", step->nth);
            break;
        case RESTART:
            print_message("  restart\n");
            break;
        case BLOCK:
            print_message("  set %s to status %d\n", LOADED[step->nth].id, (int)step->state);
            break;
        }
    }
    print_message("  differ: %s\n", world->why);
}

static void test_core_and_model_say_the_same(void **state)
{
    static struct world world;
    static struct step steps[STEPS];
    unsigned outcomes = 0;
    const uint64_t seeds = getenv("LFI_LONG") ? SEEDS_LONG : SEEDS;
    world = (struct world){.bank = *state};
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        draw_steps(seed, steps);
        if (!run(&world, steps, STEPS)) {
            size_t count = shorten(&world, steps, STEPS);
            print_steps(&world, steps, count);
            fail_msg("seed %llu: core and model differ after %zu steps", (unsigned long long)seed,
                     count);
        }
        assert_true(world.model.change_count > 0);
        outcomes |= world.outcomes;
    }
    for (enum lfi_order_outcome outcome = LFI_ORDER_CREATED; outcome <= LFI_ORDER_BANK_RULE;
         outcome++) {
        bool open_creditor = outcome == LFI_ORDER_CREDITOR; /* no order here leaves it open */
        assert_true((outcomes >> outcome & 1) != open_creditor);
    }
}

static void test_a_broken_core_is_seen_in_few_steps(void **state)
{
    static const struct {
        enum fault fault;
        const char *name;
        size_t steps; /* the fewest that show it */
    } FAULTS[] = {{FORGETS_KEYS, "forgets keys", 2},
                  {HIDES_REJECTIONS, "hides rejections", 3},
                  {LOSES_AT_RESTART, "loses payments at a restart", 2},
                  {STALE_BALANCES, "tells old balances", 1}};
    static struct world world;
    static struct step steps[STEPS];
    for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
        uint64_t seed = 0;
        world = (struct world){.bank = *state, .fault = FAULTS[i].fault};
        do {
            draw_steps(++seed, steps);
        } while (seed <= SEEDS_OF_BROKEN && run(&world, steps, STEPS));
        assert_true(seed <= SEEDS_OF_BROKEN);
        size_t count = shorten(&world, steps, STEPS);
        print_message("a core that %s:\n", FAULTS[i].name);
        print_steps(&world, steps, count);
        assert_int_equal(count, FAULTS[i].steps);
    }
}

static int setup(void **state)
{
    *state = pay_make(false, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_core_and_model_say_the_same, setup, pay_teardown),
        cmocka_unit_test_setup_teardown(test_a_broken_core_is_seen_in_few_steps, setup,
                                        pay_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
