// Light, dark, or as the system has it. The choice is kept where the browser lets a file keep anything.

const THEMES = [
  ["system", "light dark", "Colours: as the system"],
  ["light", "light", "Colours: light"],
  ["dark", "dark", "Colours: dark"],
];

function addThemeChoice() {
  let at = Math.max(0, THEMES.findIndex(([name]) => name === remembered()));
  const button = makeButton("theme", "", () => show((at + 1) % THEMES.length));
  document.querySelector("main").prepend(button);

  function show(next) {
    at = next;
    const [name, scheme, words] = THEMES[at];
    document.documentElement.style.colorScheme = scheme;
    button.textContent = words;
    remember(name);
  }
  show(at);
}

function remembered() {
  try {
    return localStorage.getItem("outlive-colours");
  } catch {
    return null; // private windows and some file:// pages keep nothing
  }
}

function remember(name) {
  try {
    localStorage.setItem("outlive-colours", name);
  } catch {
    // nothing is lost but the choice
  }
}

// Print shows what is folded, too, and folds it again afterwards.
function unfoldForPrint() {
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
}

// A link to a folded finding opens it.
function openWhatIsLinked() {
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  if (location.hash) open();
}

function addFoldAll() {
  const cards = [...document.querySelectorAll("details.finding")];
  if (cards.length < 4) return;
  const bar = make("p", "fold");
  const fold = (open) => {
    for (const card of cards) card.open = open;
  };
  bar.append(
    makeButton("plain", "Open all", () => fold(true)),
    makeButton("plain", "Close all", () => fold(false)),
  );
  cards[0].before(bar);
}
