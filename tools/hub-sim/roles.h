/* The roles that a TPP may have in the directory, and what each opens. Constant; any thread. */
#ifndef HUB_SIM_ROLES_H
#define HUB_SIM_ROLES_H

/* As bits. */
enum tpp_role { TPP_READS_ACCOUNTS = 1U << 0, TPP_PAYS = 1U << 1, TPP_INSURES = 1U << 2 };
#define TPP_ALL_ROLES (TPP_READS_ACCOUNTS | TPP_PAYS | TPP_INSURES)

struct tpp_role_name {
    enum tpp_role role;
    const char *name;    /* as the directory has it */
    const char *details; /* family of the type of authorization_details that it opens */
};
#define TPP_ROLES 3
extern const struct tpp_role_name tpp_role_names[TPP_ROLES];

#endif
