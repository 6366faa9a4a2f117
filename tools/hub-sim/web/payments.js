// The payments of a consent that was given earlier.
import "./i18n.js";
import {byId} from "./page.js";
import {showPaying} from "./paying.js";
import {chooseRecent} from "./recent.js";

const consentId = new URLSearchParams(location.search).get("consent") ?? "";
if (consentId) {
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
  const known = await showPaying(consentId);
  if (known) {
    document.body.dataset.brand = known.slug;
    byId("mark").src = `${known.slug}.svg`;
    byId("brand").textContent = known.consent.tpp.tppName;
  } else {
    byId("paying").append(await chooseRecent());
  }
} else {
  byId("paying").replaceChildren(await chooseRecent());
}
