// Tables that filter and sort. Rows come from the page's data; only what is shown is in the document.

const FIRST_ROWS = 20;
const MORE_ROWS = 200;

function livenTable(box, data) {
  const body = box.querySelector("tbody");
  const state = { rows: data.rows, shown: FIRST_ROWS, column: -1, down: true, words: "" };
  const status = make("p", "more");
  status.setAttribute("role", "status");
  const more = makeButton("plain", "", () => {
    state.shown += MORE_ROWS;
    show();
  });
  const filter = makeFilter(box, data, (words) => {
    state.words = words;
    state.shown = FIRST_ROWS;
    choose();
  });
  box.querySelector("p.more")?.remove();
  if (data.rows.length > 8) box.prepend(filter);
  box.append(status, more);
  box.querySelectorAll("thead th").forEach((head, at) => addSort(head, at));
  describe(matching().length);

  function addSort(head, at) {
    const button = makeButton("sort", head.textContent, () => {
      state.down = state.column === at ? !state.down : data.columns[at].kind !== "name";
      state.column = at;
      markHeads();
      choose();
    });
    head.textContent = "";
    head.append(button);
  }

  function markHeads() {
    box.querySelectorAll("thead th").forEach((head, at) => {
      if (at === state.column) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  function matching() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return data.rows;
    return data.rows.filter((row) => {
      const text = row.map(cellText).join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  function choose() {
    state.rows = [...matching()];
    if (state.column >= 0) state.rows.sort(inOrder(state.column, state.down));
    show();
  }

  function show() {
    const shown = state.rows.slice(0, state.shown).map((row) => makeRow(row, data.columns));
    body.replaceChildren(...shown);
    describe(state.rows.length);
  }

  function describe(found) {
    const shown = Math.min(found, state.shown);
    const left = data.left_out ? `; ${counted(data.left_out, "smaller row")} left out` : "";
    const all = found === data.rows.length ? counted(found, "row") : `${found} of ${counted(data.rows.length, "row")}`;
    status.textContent = shown < found ? `${shown} of ${all} shown${left}` : `${all}${left}`;
    status.hidden = data.rows.length <= 8;
    more.hidden = shown >= found;
    more.textContent = `Show ${Math.min(MORE_ROWS, found - shown)} more`;
  }
}

function makeFilter(box, data, changed) {
  const label = make("label", "filter", "Filter");
  const input = make("input");
  input.type = "search";
  input.spellcheck = false;
  input.autocomplete = "off";
  input.addEventListener("input", () => changed(input.value));
  label.append(input);
  return label;
}

function inOrder(column, down) {
  const turn = down ? -1 : 1;
  return (a, b) => {
    const [x, y] = [a[column], b[column]];
    if (typeof x === "number") return turn * (x - y);
    return turn * cellText(x).localeCompare(cellText(y), "en", { numeric: true });
  };
}

function cellText(cell) {
  return Array.isArray(cell) ? cell[0] : String(cell);
}

function makeRow(row, columns) {
  const line = make("tr");
  row.forEach((cell, at) => line.append(makeCell(cell, columns[at].kind)));
  return line;
}

function makeCell(cell, kind) {
  if (kind === "bytes") return make("td", "number", byteSize(cell));
  if (kind === "count") return make("td", "number", threeFigures(cell));
  const place = make("td", "named");
  if (kind === "link") {
    const link = make("a", "", cell[0]);
    link.href = `#${cell[1]}`;
    place.append(link);
  } else {
    const code = make("code");
    code.append(make("bdi", "", cell));
    place.append(code);
  }
  return place;
}
