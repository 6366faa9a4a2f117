// The page after the bank: what was shared, or why nothing was.
import {t} from "./i18n.js";
import {byId, markStep} from "./page.js";
import {showPaying} from "./paying.js";
import {arrive} from "./own.js";
import {showShared} from "./shared.js";

/* By error_description: what a bank may end a journey with. */
const REFUSALS = {
  user_rejected_consent: "You declined at your bank.",
  user_failed_to_authenticate: "Your bank could not confirm that it is you.",
  user_failed_step_up_authentication: "You did not confirm your decision in time, or your bank could not confirm that it is you.",
  user_account_blocked: "Your bank cannot share your data at the moment. Please contact your bank.",
  user_lacks_eligible_accounts: "Your bank has no account of yours that fits.",
  user_lacks_eligible_policies: "Your insurer has no policy of yours that fits.",
  session_expired: "The request had expired, or you were away for too long.",
  consent_not_supported: "Your bank does not offer what this app asked for.",
  lfi_internal_error: "Something went wrong at your bank. Please try again later.",
  lfi_temporarily_unavailable: "Your bank is not available at the moment. Please try again in a few minutes.",
  api_hub_communication_error: "Your bank could not reach the Open Finance hub. Please try again later.",
};
/* By error, for a description that is not known. */
const ERRORS = {
  invalid_request_uri: REFUSALS.session_expired,
  server_error: REFUSALS.lfi_internal_error,
  temporarily_unavailable: REFUSALS.lfi_temporarily_unavailable,
};

/* What this app itself found wrong with what came back. */
const OWN = {
  "APP-ISS": "The answer is not from the Hub that was asked.",
  "APP-CODE": "The answer has no code.",
};

const {consent: consentId, code, error, kind, asked} = document.body.dataset;

/** The code is redeemed by the app's backend; why it was not, or null. */
async function redeem() {
  try {
    const {connected, error: found, description} = await arrive(location.search.slice(1));
    return connected ? null : t("The Hub gave no access: {reason}", {reason: OWN[found] ? t(OWN[found]) : description});
  } catch (failure) {
    return failure.message;
  }
}

markStep(2);
if (consentId) {
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
}
const scripted = code && consentId && asked !== "app";
const failed = code && consentId && !scripted ? await redeem() : null;
if (scripted) {
  byId("scripted").hidden = false;
} else if (failed) {
  markStep(1);
  byId("refused-text").textContent = failed;
  byId("refused").hidden = false;
} else if (code && consentId && kind === "payment") {
  byId("payable").hidden = false;
  await showPaying(consentId);
} else if (code && consentId) {
  byId("connected").hidden = false;
  await showShared(consentId);
} else {
  markStep(1);
  const description = document.querySelector('[data-testid="tpp-error-description"]').textContent;
  byId("refused-text").textContent = consentId
    ? t(REFUSALS[description] ?? ERRORS[error] ?? "Your bank answered: {error}.", {error: error || t("nothing we can read")})
    : t("This request is not known here. Please start again.");
  byId("refused").hidden = false;
}
