"use strict";

// Tables become sortable here, so that without scripts there are no buttons that do nothing.
(() => {
  const keyOf = (row, column) => {
    const cell = row.children[column];
    const text = cell.textContent.trim();
    return "value" in cell.dataset ? { number: Number(cell.dataset.value), text } : { number: null, text };
  };

  const compare = (one, other) => {
    if (one.number !== null && other.number !== null) return one.number - other.number;
    return one.text.localeCompare(other.text, "en", { numeric: true });
  };

  const sort = (table, heading, column) => {
    const upwards = heading.getAttribute("aria-sort") !== "ascending";
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: keyOf(row, column) }));
    // What has no number stands last, whichever way the others are sorted.
    const numbered = rows.some(({ key }) => key.number !== null);
    rows.sort((one, other) => {
      if (numbered && (one.key.number === null) !== (other.key.number === null)) {
        return one.key.number === null ? 1 : -1;
      }
      return upwards ? compare(one.key, other.key) : compare(other.key, one.key);
    });
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", upwards ? "ascending" : "descending");
    table.tBodies[0].append(...rows.map(({ row }) => row));
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading, column));
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
    });
  }
})();
