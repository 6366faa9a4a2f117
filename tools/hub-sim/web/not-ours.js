// What the app shows of a consent that this browser did not ask for: it has no access under it.
import {t} from "./i18n.js";
import {element} from "./page.js";

export const notOurs = (consentId) => element("section", {className: "card", "data-testid": "tpp-not-ours"},
  element("p", {className: "lead", textContent: t("This browser did not ask for this consent: a script did, or another browser. What has been recorded of it is in the inspector.")}),
  element("p", {className: "onward"}, element("a", {className: "button plain", href: `/inspector.html?consent=${encodeURIComponent(consentId)}`, textContent: t("Inspect this journey")})));
