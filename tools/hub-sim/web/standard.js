// Account information in the standard's shape, as the Hub gives it to TPPs, for the views: they know the
// shape in which banks tell it.

/* By the path that the views ask for: where it is read, the member of Data, and names that differ. */
const RESOURCES = [
  [/^\/accounts$/, "/accounts", "Account", {AccountId: "id", AccountIdentifiers: "accountNumbers", Nickname: "nickName"}],
  [/^\/customer$/, "/parties", "Party", {}],
  [/^(\/accounts\/[^/]+)$/, "$1", "Account", {AccountId: "id", AccountIdentifiers: "accountNumbers", Nickname: "nickName"}],
  [/^(\/accounts\/[^/]+\/balances)$/, "$1", "Balance", {Type: "balanceType", DateTime: "timestamp", CreditLine: "creditLines"}],
  [/^(\/accounts\/[^/]+\/transactions)$/, "$1", "Transaction", {}],
  [/^(\/accounts\/[^/]+\/beneficiaries)$/, "$1", "Beneficiary", {CreditorAgent: "servicer"}],
  [/^(\/accounts\/[^/]+\/direct-debits)$/, "$1", "DirectDebit", {}],
  [/^(\/accounts\/[^/]+\/scheduled-payments)$/, "$1", "ScheduledPayment", {}],
  [/^(\/accounts\/[^/]+\/standing-orders)$/, "$1", "StandingOrder", {}],
  [/^(\/accounts\/[^/]+)\/products$/, "$1/product", "Product", null],
  [/^(\/accounts\/[^/]+)\/customer$/, "$1/parties", "Party", {}],
  [/^(\/accounts\/[^/]+\/statements)$/, "$1", null, null],
];
const PARTY = {PartyId: "id", PartyNumber: "number", PartyType: "customerType", PartyCategory: "customerCategory", Surname: "familyName", DateOfBirth: "birthDate"};

const small = (name) => (/^[A-Z]{2}/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1));

function renamed(value, names) {
  if (Array.isArray(value)) return value.map((item) => renamed(item, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [names[name] ?? small(name), renamed(member, names)]));
}

function found(path) {
  const resource = RESOURCES.find(([pattern]) => pattern.test(path));
  return {path: path.replace(resource[0], resource[1]), name: resource[2], names: resource[3]};
}

/** Where a TPP reads what the views call `path`. */
export const standardPath = (path) => found(path).path;

/** The Hub's answer {Data, Meta} as {data, meta}. */
export function fromStandard(path, {Data, Meta}) {
  const {name, names} = found(path);
  const records = name === null ? Data : Data[name] ?? [];
  const data = names === null ? records : renamed(records, name === "Party" ? PARTY : names);
  return {data, meta: {totalPages: Meta?.TotalPages ?? 1}};
}
