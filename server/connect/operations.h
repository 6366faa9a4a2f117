/*
 * The operations, a function for each operation of the documents that is offered. The generated
 * table in routes_ozone_connect.c names them by their operationId.
 */
#ifndef CONNECT_OPERATIONS_H
#define CONNECT_OPERATIONS_H

struct call;

/* health.c */
int connect_hello(struct call *call);
int connect_hello_mtls(struct call *call);
int connect_echo_cert(struct call *call);

/* accounts.c */
int connect_find_accounts(struct call *call);
int connect_find_by_account_id(struct call *call);

/* lists.c */
int connect_find_balances_by_account_id(struct call *call);
int connect_find_beneficiaries_by_account_id(struct call *call);
int connect_find_direct_debit_by_account_id(struct call *call);
int connect_find_scheduled_payment_by_account_id(struct call *call);
int connect_find_standing_order_by_account_id(struct call *call);
int connect_find_customer_by_account_id(struct call *call);

/* statements.c */
int connect_get_statements_by_account_id(struct call *call);

/* customers.c */
int connect_find_customer(struct call *call);

/* account_products.c */
int connect_find_products(struct call *call);

/* payee.c */
int connect_find_customer_for_cop(struct call *call);

/* open_data.c */
int connect_read_atm_data_read(struct call *call);
int connect_get_products(struct call *call);
int connect_create_lead(struct call *call);

/* transactions.c */
int connect_find_transactions_by_account_id(struct call *call);

#endif
