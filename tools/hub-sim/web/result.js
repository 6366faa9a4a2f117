// The page after the bank: what was shared, or why nothing was.
import {byId} from "./page.js";
import {showShared} from "./shared.js";

const REFUSALS = {
  user_rejected_consent: "You declined at your bank.",
  user_failed_to_authenticate: "Your bank could not confirm that it is you.",
  user_account_blocked: "Please get in touch with your bank.",
  user_lacks_eligible_accounts: "Your bank has no account of yours that fits.",
  session_expired: "You were away for too long, so your bank ended the session.",
};

const {consent: consentId, code, error} = document.body.dataset;

if (consentId) {
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
}
if (code && consentId) {
  byId("connected").hidden = false;
  await showShared(consentId);
} else {
  const description = document.querySelector('[data-testid="tpp-error-description"]').textContent;
  byId("refused-text").textContent = REFUSALS[description] ?? `Your bank answered: ${error || "nothing we can read"}.`;
  byId("refused").hidden = false;
}
