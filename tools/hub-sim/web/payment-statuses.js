// What becomes of a payment.

/* By status: words for people, and how they look. */
export const STATUSES = {
  Pending: ["On its way", ""],
  AcceptedSettlementCompleted: ["Sent", ""],
  AcceptedWithoutPosting: ["Accepted by the payee's bank", "good"],
  AcceptedCreditSettlementCompleted: ["Paid", "good"],
  Rejected: ["Rejected", "bad"],
};
