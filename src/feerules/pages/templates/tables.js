"use strict";
// Tables that sort by a click on a heading and show the rows that hold every word typed.
// Without this script all rows are there, in the order in which they were written.
(() => {
  const FEW = 12; // different texts that a column may have to be chosen from a list
  const NUMBERS = new Set(["money", "number", "share"]);

  const number = (text) => {
    const digits = text.replace(/[^\d.\-]/g, "");
    return /\d/.test(digits) ? Number(digits) : null;
  };

  function equip(table) {
    const page = table.closest("main");
    const headings = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const first = [...body.rows];
    if (first.length < 2) return;
    let order = first;
    const texts = new Map(first.map((row) => [row, [...row.cells].map((cell) => cell.textContent)]));
    const whole = new Map([...texts].map(([row, cells]) => [row, cells.join("\n").toLowerCase()]));
    const words = new Intl.Collator(page.lang, { numeric: true });

    function compare(column, kind) {
      if (!NUMBERS.has(kind)) return (a, b) => words.compare(texts.get(a)[column], texts.get(b)[column]);
      const values = new Map(first.map((row) => [row, number(texts.get(row)[column])]));
      return (a, b) => values.get(a) - values.get(b);
    }

    // Columns keep their widths from the first change on: they do not jump, and rows are laid out in a third of the time.
    function freeze() {
      if (table.style.tableLayout) return;
      const widths = headings.map((heading) => heading.offsetWidth);
      headings.forEach((heading, column) => (heading.style.width = `${widths[column]}px`));
      table.style.width = `${table.offsetWidth}px`;
      table.style.tableLayout = "fixed";
    }

    // What has no value stands last, whichever way the rows are sorted.
    function sort(column, kind, falling) {
      const empty = (row) => (NUMBERS.has(kind) ? number(texts.get(row)[column]) === null : !texts.get(row)[column]);
      const told = first.filter((row) => !empty(row)).sort(compare(column, kind));
      order = [...(falling ? told.reverse() : told), ...first.filter(empty)];
      freeze();
      body.remove();
      body.append(...order);
      table.tHead.after(body);
      show();
    }

    headings.forEach((heading, column) => {
      // No <button>: browsers leave it out where a heading is repeated on the next sheet of paper.
      const button = document.createElement("span");
      button.setAttribute("role", "button");
      button.tabIndex = 0;
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        button.click();
      });
      button.addEventListener("click", () => {
        const falling = heading.getAttribute("aria-sort") === "ascending";
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
        sort(column, heading.dataset.kind, falling);
      });
    });

    const tools = document.createElement("div");
    tools.className = "tools";
    const box = document.createElement("input");
    box.type = "search";
    box.placeholder = page.dataset.filter;
    box.setAttribute("aria-label", page.dataset.filter);
    const count = document.createElement("output");
    const choices = [];

    function choose(column, heading) {
      const known = new Set(first.map((row) => texts.get(row)[column]));
      if (known.size < 2 || known.size > FEW || known.size === first.length) return;
      const list = document.createElement("select");
      list.setAttribute("aria-label", heading.textContent);
      list.append(new Option(`${heading.textContent}: ${page.dataset.every}`, ""));
      [...known].filter(Boolean).sort(words.compare).forEach((text) => list.append(new Option(text, text)));
      list.addEventListener("change", show);
      choices.push([column, list]);
    }

    function show() {
      const asked = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      const chosen = choices.filter(([, list]) => list.value);
      let shown = 0;
      for (const row of order) {
        const cells = texts.get(row);
        const fits =
          asked.every((word) => whole.get(row).includes(word)) &&
          chosen.every(([column, list]) => cells[column] === list.value);
        row.hidden = !fits;
        shown += fits;
        row.classList.toggle("beyond", shown > Number(page.dataset.paper));
      }
      const all = shown === first.length;
      count.textContent = page.dataset.rows.replace("{shown}", shown).replace("{count}", first.length);
      // Sums are of every row: beside some of them they would mislead.
      if (table.tFoot) table.tFoot.hidden = !all;
    }

    if (first.length > 5) {
      headings.forEach((heading, column) => NUMBERS.has(heading.dataset.kind) || choose(column, heading));
      box.addEventListener("input", () => {
        freeze();
        show();
      });
      tools.append(box, ...choices.map(([, list]) => list), count);
      table.parentElement.before(tools);
      show();
    }
  }

  document.querySelectorAll("table.sorts").forEach(equip);
})();
