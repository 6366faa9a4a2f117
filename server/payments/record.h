/* One payment of the core on its way into a reply. */
#ifndef PAYMENTS_RECORD_H
#define PAYMENTS_RECORD_H

#include "flow/call.h"

struct payment_record {
    struct call *call;
    struct lfi_payment_facts facts;
    bool taken;
};

/* Writes the record that the core gives as {"data":…,"meta":{}}, and keeps its facts. */
struct core_answer payment_record_answer(struct payment_record *record, struct call *call);
/* Ends the reply; refuses a core that gave no record: CORE-RECORD. */
int payment_record_end(struct payment_record *record, int status);

#endif
