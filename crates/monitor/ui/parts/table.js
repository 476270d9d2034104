// Tables. Where the columns do not fit, each row is folded into a block with the column's name before each value; the roles are
// spelt out because such a style would otherwise take them away.
import { h, keyed } from "../dom.js";

// columns: [{ label, align: "end", cell(item), narrow: "head" | "wide" | "corner" | "foot" | "hide" }], cells being text or nodes.
// `rowKey(item)` keeps rows in place when `set` is called again; `onOpen(item)` makes the row clickable (its first link is
// what the keyboard uses). `dense`: short values, many to a line when folded.
export function table({ label, columns, rowKey, onOpen, select, dense = false }) {
  const body = h("tbody", { role: "rowgroup" });
  const heads = columns.map((column) =>
    h("th", { role: "columnheader", scope: "col", data: { align: column.align } }, column.label),
  );
  if (select) heads.unshift(h("th", { role: "columnheader", scope: "col", class: "tick" }, select.head));
  const element = h(
    "div",
    { class: dense ? "table-frame dense" : "table-frame" },
    h(
      "table",
      { role: "table", "aria-label": label },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, heads)),
      body,
    ),
  );

  function make(item) {
    let current = item;
    const cells = columns.map((column) => {
      const cell = h("td", { role: "cell", data: { label: typeof column.label === "string" ? column.label : "", align: column.align, narrow: column.narrow } });
      put(cell, column.cell(item));
      return cell;
    });
    const row = h("tr", { role: "row" }, select && h("td", { role: "cell", class: "tick" }, select.cell(item)), cells);
    if (onOpen) {
      row.classList.add("opens");
      row.addEventListener("click", (event) => {
        if (event.target.closest("a, button, input, label") || String(getSelection())) return;
        onOpen(current);
      });
    }
    return {
      element: row,
      set(next) {
        current = next;
        for (const [at, column] of columns.entries()) put(cells[at], column.cell(next));
      },
    };
  }

  const fit = folding(element);
  return {
    element,
    body,
    set(items) {
      keyed(body, items, rowKey, make);
      fit();
    },
  };
}

// Folds a table that is wider than its frame, and unfolds it when there is room again for the width that it needed. Which width
// that is depends on the face and on what is in it, so it is measured and not written down.
function folding(frame) {
  let needed = 0;
  const fit = () => {
    const room = frame.clientWidth;
    if (!room) return;
    if (frame.classList.contains("folded") && room >= needed) frame.classList.remove("folded");
    if (!frame.classList.contains("folded") && frame.scrollWidth > room) {
      needed = frame.scrollWidth;
      frame.classList.add("folded");
    }
  };
  new ResizeObserver(fit).observe(frame);
  return fit;
}

// A cell that holds elements keeps them while they are equal: a button in it must not lose the focus.
function put(cell, content) {
  const nodes = (Array.isArray(content) ? content.flat(Infinity) : [content]).filter((node) => node !== null && node !== undefined && node !== false);
  const old = [...cell.childNodes];
  if (old.length === nodes.length && nodes.every((node, at) => same(old[at], node))) return;
  cell.replaceChildren(...nodes);
}

function same(old, node) {
  if (old === node) return true;
  if (typeof node === "string" || typeof node === "number") return old.nodeType === Node.TEXT_NODE && old.data === String(node);
  return old.isEqualNode(node) && !node.querySelector?.("button") && node.tagName !== "BUTTON";
}

// The end of a list that comes in pages: how many are shown, and the button for more.
export function pager(more) {
  const text = h("span", { class: "soft", role: "status" });
  const next = h("span");
  const element = h("div", { class: "pager" }, text, next);
  return {
    element,
    set(shown, token) {
      text.textContent = shown;
      next.replaceChildren(...(token ? [more(token)] : []));
    },
  };
}
