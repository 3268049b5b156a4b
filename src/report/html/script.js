'use strict';
// Sorts and filters the table of hosts. Rows that do not find room on a few screens stay out of the document until they are
// asked for: that keeps ten thousand of them quick.
(() => {
  const SCREENS = 500;
  const table = document.getElementById('table');
  const find = document.getElementById('find');
  const tools = document.getElementById('tools');
  const told = document.getElementById('told');
  const rest = document.getElementById('rest');
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  // What a column is sorted by: the number at this place of a row's keys, or else its text.
  const KEYS = [0, 1, null, 2, 3, 4, null, null];
  const collator = new Intl.Collator('en', { numeric: true });
  const rows = Array.from(body.rows, (row) => ({
    row,
    verdict: row.dataset.v,
    keys: row.dataset.k.split(',').map((key) => (key === '' ? null : Number(key))),
    texts: null,
  }));
  const texts = (entry) => {
    entry.texts ??= Array.from(entry.row.cells, (cell) => (cell.querySelector('summary') ?? cell).textContent);
    return entry.texts;
  };
  let order = rows;
  let limit = SCREENS;
  // Whether the table is what is looked for, or all: paper has all.
  let isAll = false;

  const show = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set(Array.from(tools.querySelectorAll('input:checked'), (box) => box.value));
    const found = isAll ? order : order.filter((entry) => {
      if (!verdicts.has(entry.verdict)) return false;
      if (words.length === 0) return true;
      // What is told where the row unfolds, or nowhere, is found too.
      entry.lower ??= `${texts(entry).join('\n')}\n${entry.row.dataset.f ?? ''}`.toLowerCase();
      return words.every((word) => entry.lower.includes(word));
    });
    const shown = isAll ? found : found.slice(0, limit);
    body.replaceChildren(...shown.map((entry) => entry.row));
    const of = `${found.length} of ${rows.length} hosts`;
    told.textContent = shown.length < found.length ? `${of}, the first ${shown.length} shown` : of;
    rest.hidden = shown.length === found.length;
    rest.firstElementChild.textContent = `Show all ${found.length}`;
  };

  const compare = (column) => {
    const key = KEYS[column];
    if (key === null) return (one, other) => collator.compare(texts(one)[column], texts(other)[column]);
    return (one, other) => one.keys[key] - other.keys[key];
  };
  const isMissing = (column) => {
    const key = KEYS[column];
    return key === null ? (entry) => texts(entry)[column].trim() === '' : (entry) => entry.keys[key] === null;
  };
  const sort = (column, isDescending) => {
    const missing = isMissing(column);
    const known = rows.filter((entry) => !missing(entry)).sort(compare(column));
    if (isDescending) known.reverse();
    // What is not known comes last whichever way.
    order = known.concat(rows.filter(missing));
    heads.forEach((head, index) => {
      if (index === column) head.setAttribute('aria-sort', isDescending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    const isWorstFirst = column === 0 && !isDescending;
    const by = `by ${names[column]}, ${isDescending ? 'descending' : 'ascending'}`;
    document.getElementById('order').textContent = isWorstFirst ? 'the worst first' : by;
    show();
  };
  const names = heads.map((head) => head.textContent);
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.addEventListener('click', () => sort(column, head.getAttribute('aria-sort') === 'ascending'));
    head.append(button);
  });
  find.addEventListener('input', () => {
    limit = SCREENS;
    show();
  });
  tools.addEventListener('change', show);
  document.getElementById('all').addEventListener('click', () => {
    limit = Infinity;
    show();
  });
  // What moves in its own box is reached with the keyboard; what fits is no stop on the way.
  const reach = () => {
    for (const box of document.querySelectorAll('.plain, figure.map')) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute('tabindex');
    }
  };
  window.addEventListener('resize', reach);
  reach();
  // Paper has all hosts, whatever is looked for on the screen: its caption says so.
  window.addEventListener('beforeprint', () => {
    isAll = true;
    show();
  });
  window.addEventListener('afterprint', () => {
    isAll = false;
    show();
  });
  tools.hidden = false;
  heads[0].setAttribute('aria-sort', 'ascending');
  show();
})();
