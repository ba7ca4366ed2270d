// Everything above, once the page stands.

const DATA = JSON.parse(document.getElementById("data").textContent);

addThemeChoice();
unfoldForPrint();
openWhatIsLinked();
addFoldAll();
for (const box of document.querySelectorAll("[data-table]")) {
  const data = DATA.tables[box.dataset.table];
  if (data) livenTable(box, data);
}
const MAP = document.getElementById("treemap");
if (MAP && DATA.tree) livenTreemap(MAP, DATA.tree);
