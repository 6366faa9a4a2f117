// The data of a consent that was given earlier.
import "./i18n.js";
import {byId, showBrand} from "./page.js";
import {chooseRecent} from "./recent.js";
import {showShared} from "./shared.js";

const consentId = new URLSearchParams(location.search).get("consent") ?? "";
if (consentId) {
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
  const known = await showShared(consentId);
  if (known) {
    showBrand(known.slug, known.consent.tpp.tppName);
  } else {
    byId("shared").append(await chooseRecent());
  }
} else {
  byId("shared").replaceChildren(await chooseRecent());
}
