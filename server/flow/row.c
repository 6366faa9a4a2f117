#include "flow/row.h"

bool flow_offers(const struct flow_row *row, const struct provider *provider)
{
    if (row->later || (row->offered && !row->offered(provider))) {
        return false;
    }
    return row->select == 0 ||
           (provider->insurance && (provider->insurance->sectors & 1U << row->select));
}
