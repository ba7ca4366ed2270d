// The map of retained sizes: one box for each object inside the open one, its area what would go with it.
//
// A box that holds others opens by click or Enter; Escape leads out; arrows walk from box to box. What is too small to
// be drawn, or was left out of the page, is one grey box, so that areas always add up.

const KIND = 0, LABEL = 1, OWN = 2, RETAINED = 3, OBJECTS = 4, INSIDE = 5;
const LEAST_AREA = 60;
const MOST_BOXES = 400;

function livenTreemap(place, data) {
  const open = [data.root];
  const crumbs = make("nav", "crumbs");
  crumbs.setAttribute("aria-label", "Where the map is");
  const map = make("div", "map");
  map.setAttribute("role", "group");
  const told = make("p", "told");
  place.append(crumbs, map, told);
  map.addEventListener("keydown", walk);
  new ResizeObserver(() => requestAnimationFrame(() => draw())).observe(map);
  draw();

  function draw(focus) {
    const block = open[open.length - 1];
    const { width, height } = map.getBoundingClientRect();
    const boxes = boxesOf(block, width * height);
    const places = squarify(boxes.map((box) => box.weight), 0, 0, width, height);
    map.setAttribute("aria-label", `Inside ${named(block)}: ${counted(boxes.length, "box")}`.replace(/boxs$/, "boxes"));
    map.replaceChildren(...boxes.map((box, at) => makeBox(box, places[at])));
    drawCrumbs();
    tell(block);
    settle(focus);
  }

  function settle(focus) {
    const buttons = [...map.children];
    const chosen = buttons.find((button) => button.block && button.block === focus) || buttons[0];
    if (!chosen) return;
    chosen.tabIndex = 0;
    if (focus !== undefined) chosen.focus();
  }

  function makeBox(box, where) {
    const button = makeButton("box", "", () => (box.inside ? enter(box.block) : tell(box.block, box)));
    button.block = box.block;
    button.tabIndex = -1;
    put(button, where);
    const name = paint(button, box, open.reduce((around, block) => packageOf(block, around), ""));
    if (where.width > 28 && where.height > 18) button.append(make("bdi", "name", box.label));
    if (where.width > 110 && where.height > 18) button.append(make("span", "size", byteSize(box.weight)));
    if (!box.inside) button.classList.add("leaf");
    button.setAttribute("aria-label", inWords(box));
    button.addEventListener("focus", () => tell(box.block, box));
    button.addEventListener("pointerenter", () => tell(box.block, box));
    if (box.inside && where.width > 70 && where.height > 60) drawInside(button, box.block, where, name);
    return button;
  }

  function drawInside(button, block, where, around) {
    const [width, height] = [where.width - 8, where.height - 28];
    const boxes = boxesOf(block, width * height);
    const places = squarify(boxes.map((box) => box.weight), 3, 23, width, height);
    boxes.forEach((box, at) => {
      const inner = make("span", "inner");
      inner.setAttribute("aria-hidden", "true");
      put(inner, places[at]);
      paint(inner, box, around);
      if (places[at].width > 54 && places[at].height > 18) inner.textContent = box.label;
      button.append(inner);
    });
  }

  function boxesOf(block, area) {
    const inside = block[INSIDE].filter((one) => one[RETAINED] > 0).sort((a, b) => b[RETAINED] - a[RETAINED]);
    const total = Math.max(block[RETAINED], inside.reduce((sum, one) => sum + one[RETAINED], block[OWN]));
    const drawn = inside
      .slice(0, MOST_BOXES)
      .filter((one) => (one[RETAINED] / total) * area >= LEAST_AREA)
      .map((one) => ({ block: one, label: named(one), weight: one[RETAINED], inside: one[INSIDE].length > 0 }));
    const rest = total - block[OWN] - drawn.reduce((sum, box) => sum + box.weight, 0);
    const many = Math.max(1, block[OBJECTS] - 1 - drawn.reduce((sum, box) => sum + box.block[OBJECTS], 0));
    const others = [
      { block, label: "itself", weight: block[OWN], plain: true },
      { block, label: `${counted(many, "object")} in smaller ones`, weight: rest, plain: true },
    ].filter((box) => (box.weight / total) * area >= LEAST_AREA);
    return [...drawn, ...others];  // what is no box of its own comes last, however large: it is looked at last
  }

  function enter(block) {
    open.push(block);
    draw(null);
  }

  function leave(depth) {
    if (depth >= open.length || depth < 1) return;
    const from = open[depth];
    open.length = depth;
    draw(from);
  }

  function drawCrumbs() {
    const steps = open.map((block, at) => {
      const last = at === open.length - 1;
      const step = makeButton("crumb", "", () => leave(at + 1));
      step.append(make("bdi", "", named(block)));
      step.disabled = last;
      if (last) step.setAttribute("aria-current", "true");
      return step;
    });
    crumbs.replaceChildren(...steps);
  }

  function tell(block, box) {
    const within = box && !box.plain ? [...open, block] : open;
    const path = within.slice(1).map((one) => one[LABEL]).join("") || named(block);
    const line = make("code");
    line.append(make("bdi", "", path.length > 300 ? `… ${path.slice(-300)}` : path));
    const share = (100 * (box ? box.weight : block[RETAINED])) / (data.root[RETAINED] || 1);
    told.replaceChildren(line, make("span", "", ` ${inWords(box || { block, weight: block[RETAINED] })}, ${threeFigures(share)} %`));
  }

  function inWords(box) {
    const { block } = box;
    if (box.plain) return `${box.label}: ${byteSize(box.weight)}`;
    const many = block[OBJECTS] > 1 ? `, ${counted(block[OBJECTS], "object")}` : "";
    const type = data.types[block[KIND]];
    return `${type ? `${type}: ` : ""}keeps ${byteSize(block[RETAINED])}, own ${byteSize(block[OWN])}${many}`;
  }

  function named(block) {
    return block[LABEL] || data.types[block[KIND]] || "?";
  }

  // The colour of the package that the type is of; what is built in has the colour of what it belongs to.
  function packageOf(block, around) {
    const type = data.types[block[KIND]];
    if (type.includes(".") && !type.startsWith("builtins.")) return type.split(".")[0];
    const root = /^[A-Za-z_]\w*(?=[.[]|$)/.exec(block[LABEL]);
    return root && block !== data.root ? root[0] : around;
  }

  function paint(one, box, around) {
    const name = box.plain ? "" : packageOf(box.block, around);
    if (name) one.style.setProperty("--hue", hueOf(name));
    else one.classList.add("grey");
    return name;
  }

  function walk(event) {
    const here = event.target.closest(".box");
    if (event.key === "Escape" || event.key === "Backspace") {
      if (open.length < 2) return;
      event.preventDefault();
      leave(open.length - 1);
    } else if (here && event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = neighbour(here, event.key);
      if (!next) return;
      here.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  }

  function neighbour(here, key) {
    const [cx, cy] = centre(here);
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    let best = null;
    let least = Infinity;
    for (const other of map.children) {
      const [x, y] = centre(other);
      const ahead = (x - cx) * dx + (y - cy) * dy;
      const aside = Math.abs((x - cx) * dy) + Math.abs((y - cy) * dx);
      if (other === here || ahead <= 1) continue;
      if (ahead + 2 * aside < least) [best, least] = [other, ahead + 2 * aside];
    }
    return best;
  }
}

function put(one, { x, y, width, height }) {
  one.style.left = `${x}px`;
  one.style.top = `${y}px`;
  one.style.width = `${Math.max(0, width - 2)}px`;
  one.style.height = `${Math.max(0, height - 2)}px`;
}

function centre(one) {
  const { left, top, width, height } = one.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

// The same package has the same hue on every page.
function hueOf(name) {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)) % 360;
  return (hash * 137) % 360;
}
