#include "flow/flow.h"

#include "base/error.h"

static enum outcome_about about_of(enum flow_subject subject)
{
    static const enum outcome_about abouts[] = {
        [FLOW_NOBODY] = OUTCOME_BANK, [FLOW_USER] = OUTCOME_USER, [FLOW_ACCOUNT] = OUTCOME_ACCOUNT};
    return abouts[subject];
}

static int read_subject(struct call *call)
{
    switch (call->row->subject) {
    case FLOW_NOBODY:
        return 0;
    case FLOW_USER:
        call->query.base.subject_id = (struct lfi_slice){NULL, 0};
        if (access_user(call) != 0) {
            return -1;
        }
        call->query.base.subject_id = call->core.user_id;
        return 0;
    case FLOW_ACCOUNT:
        if (access_by_path(call) != 0) {
            return -1;
        }
        call->query.base.subject_id = call->account_id;
        return 0;
    }
    return -1;
}

static int serve(struct call *call, struct core_answer *answer)
{
    struct lfi_error error = {{0}};
    answer->base.summary = &call->summary;
    int status = call->row->serve(call->provider, &call->core, &call->query, &answer->base, &error);
    return outcome_check(call, about_of(call->row->subject), status, &error);
}

static int run_one(struct call *call)
{
    struct core_answer answer = single_answer(call);
    return serve(call, &answer) == 0 ? single_end(call) : -1;
}

static int run_list(struct call *call)
{
    const struct flow_row *row = call->row;
    bool pages = row->reply == FLOW_PAGES;
    struct list *list = &call->list;
    if (!row->shape) {
        list_append_head(call);
    } else if (row->shape(call, FLOW_HEAD) != 0) {
        return -1;
    }
    if (pages) {
        list_begin(list, call, 0, UINT64_MAX);
    } else {
        list_begin(list, call, list_offset(&call->page), call->page.size);
    }
    if (row->record) {
        list_expect_account(list, row->record);
    }
    struct core_answer answer = list_answer(list);
    if (serve(call, &answer) != 0) {
        return -1;
    }
    call->total = pages ? answer.base.total : list->seen;
    return row->shape ? row->shape(call, FLOW_TAIL) : list_end(call, pages);
}

int flow_run(struct call *call)
{
    const struct flow_row *row = call->row;
    if (row->later) {
        return refusal_set(call->refusal, "OPERATION-LATER", 501, "GenericError",
                           "This operation is not offered yet.");
    }
    if (!flow_offers(row, call->provider)) {
        return row->select != 0 ? outcome_no_sector(call) : outcome_not_offered(call);
    }
    if (row->handler) {
        return row->handler(call);
    }
    bool is_list = row->reply == FLOW_LIST || row->reply == FLOW_PAGES;
    call->query.base.size = sizeof(call->query.base);
    if (is_list && list_page(call) != 0) {
        return -1;
    }
    if ((row->query && row->query(call) != 0) || read_subject(call) != 0) {
        return -1;
    }
    return is_list ? run_list(call) : run_one(call);
}
