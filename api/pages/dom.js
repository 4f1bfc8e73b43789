// Three small ways to make what the page shows. Text goes in as text nodes only: nothing that a ledger holds is ever read as markup.

/** The element of an id. */
export const $ = (id) => document.getElementById(id);

/** An element with properties (and `dataset`), and children. */
export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  const { dataset, ...rest } = properties;
  Object.assign(node, rest);
  Object.assign(node.dataset, dataset ?? {});
  node.append(...children);
  return node;
}

/** A table of text or nodes. */
export function table(head, rows, total = null) {
  const line = (cells, name) => el("tr", {}, ...cells.map((cell) => el(name, name === "th" ? { scope: "col" } : {}, cell)));
  const made = el("table", {}, el("thead", {}, line(head, "th")), el("tbody", {}, ...rows.map((row) => line(row, "td"))));
  if (total) made.append(el("tfoot", {}, line(total, "td")));
  return made;
}
