// Search over titles, headings, claims and figures: every word of the query must stand in an entry.
"use strict";
const query = new URLSearchParams(location.search).get("q") ?? "", words = query.toLowerCase().split(/\s+/).filter(Boolean);
const kinds = ["Lab", "Heading", "Figure", "Claim"], rank = kind => (kinds.indexOf(kind) + kinds.length) % kinds.length;
const found = !words.length ? [] : LABCORE_INDEX.filter(entry => {
  const text = entry.join(" ").toLowerCase();
  return words.every(word => text.includes(word));
});
const title = entry => words.filter(word => entry[1].toLowerCase().includes(word)).length;
found.sort((a, b) => title(b) - title(a) || rank(a[0]) - rank(b[0]));
const list = document.getElementById("results");
for (const [kind, words, href, more] of found.slice(0, 100)) {
  const link = Object.assign(document.createElement("a"), { href, textContent: words });
  const small = Object.assign(document.createElement("small"), { textContent: `${kind}. ${more}` });
  const item = document.createElement("li");
  item.append(link, document.createElement("br"), small);
  list.append(item);
}
document.getElementById("query").value = query;
document.getElementById("found").textContent = !words.length ? "Type a word into the box above."
  : `${found.length} found for '${query}'${found.length > 100 ? "; the first 100 stand here" : ""}.`;
