// The payments of a consent that was given earlier.
import "./i18n.js";
import {byId} from "./page.js";
import {showPaying} from "./paying.js";
import {chooseRecent} from "./recent.js";

const consentId = new URLSearchParams(location.search).get("consent") ?? "";
if (consentId) {
  byId("inspect").href = `/inspector.html?consent=${encodeURIComponent(consentId)}`;
  byId("inspect").hidden = false;
  const app = await showPaying(consentId);
  if (app) {
    document.body.dataset.brand = app.slug;
    byId("mark").src = `${app.slug}.svg`;
    byId("brand").textContent = app.tppName;
  } else {
    byId("paying").append(await chooseRecent());
  }
} else {
  byId("paying").replaceChildren(await chooseRecent());
}
