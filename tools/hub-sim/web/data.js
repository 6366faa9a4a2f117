// The data of a consent that was given earlier.
import {byId} from "./page.js";
import {showShared} from "./shared.js";

const consentId = new URLSearchParams(location.search).get("consent") ?? "";
byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
const known = await showShared(consentId);
if (known) {
  document.body.dataset.brand = known.slug;
  byId("mark").src = `${known.slug}.svg`;
  byId("brand").textContent = known.consent.tpp.tppName;
}
