// Lists that come in pages, with a filter by date where there is one.
import {t} from "./i18n.js";
import {empty} from "./format.js";
import {element, problem} from "./page.js";

function pager(page, {totalPages = 1, totalRecords}, go) {
  const step = (text, to, testid) => {
    const button = element("button", {type: "button", className: "button plain", textContent: t(text), disabled: to < 1 || to > totalPages, "data-testid": testid});
    button.addEventListener("click", () => go(to));
    return button;
  };
  const count = totalRecords === undefined ? "" : t(" · {count} in all", {count: totalRecords});
  return element("nav", {className: "pager", "aria-label": t("Pages of the list")},
    element("span", {role: "status", textContent: `${t("Page {page} of {pages}", {page, pages: Math.max(totalPages, 1)})}${count}`}),
    step("Newer", page - 1, "tpp-newer"), step("Older", page + 1, "tpp-older"));
}

function filterForm(apply) {
  const field = (id, label) => element("div", {className: "field"},
    element("label", {htmlFor: id, textContent: t(label)}), element("input", {id, type: "date"}));
  const form = element("form", {className: "filter"}, field("filter-from", "From"), field("filter-to", "To"),
    element("button", {className: "button plain", textContent: t("Show"), "data-testid": "tpp-filter"}));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(form.querySelector("#filter-from").value, form.querySelector("#filter-to").value);
  });
  return form;
}

/** The records of all pages of a list; `read(query)` resolves to one page, {data, meta}. */
export async function allPages(read) {
  const records = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const {data, meta} = await read(page > 1 ? `page=${page}` : "");
    if (data.length === 0) break; // whatever number of pages is told
    records.push(...data);
    pages = meta.totalPages;
  }
  return records;
}

/**
 * Shows a list page by page. `query(from, to)` makes the filter of two dates, either may be "";
 * `nodes(body)` makes what stands for a page, and an empty list for none.
 */
export function showPages({call, show}, {path, size, query, nodes, nothing}) {
  const list = element("div");
  let filter = "";
  const go = async (page) => {
    try {
      const body = await call(path, `page=${page}&page-size=${size}${filter}`);
      const made = nodes(body);
      const isAll = page === 1 && made.length === 0; // then there is nothing to leaf through
      list.replaceChildren(...(made.length > 0 ? made : [empty(t(nothing))]), ...(isAll ? [] : [pager(page, body.meta ?? {}, go)]));
    } catch (failure) {
      list.replaceChildren(problem(failure));
    }
  };
  show(filterForm((from, to) => {
    filter = query(from, to);
    return go(1);
  }), list);
  return go(1);
}

export const parameter = (name, value) => (value ? `&${name}=${encodeURIComponent(value)}` : "");
