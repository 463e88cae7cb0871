// Explorers from stored states, put together as `decode` of labcore/site/states.py does, and predictions.
"use strict";
const expand = (markup, table) => markup.replace(/§(\d+);/g, (_, n) => table[n]);
const number = label => Number(label.replaceAll(",", ""));

function make(tag, attributes, ...inside) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  one.append(...inside);
  return one;
}

function explorer(figure) {
  const data = LABCORE[figure.id], { controls, table, slots, rows, sentences } = data;
  const svg = figure.querySelector("svg"), groups = [...svg.querySelectorAll("g.moving > g")];
  const says = figure.querySelector("[role=status]"), box = figure.querySelector(".controls");
  const places = data.start.split(",").map(Number), drawn = [];
  const ticks = n => controls[n].lists[controls[n].at ? controls[n].at[places.slice(0, n).join()] : 0];

  // The controls behind one that moved keep their value where it is still offered, as `settle` of a control does.
  function move(n, place) {
    const stood = controls.map((_, k) => ticks(k)[places[k]]);
    places[n] = place;
    for (let k = n + 1; k < controls.length; k++) places[k] = settled(controls[k], ticks(k), stood[k]);
    show();
  }
  function settled(control, offered, label) {
    const at = offered.indexOf(label);
    if (at >= 0) return at;
    if (!control.range) return Math.max(0, offered.indexOf(control.declared));
    const off = offered.map(one => Math.abs(number(one) - number(label)));
    return off.indexOf(Math.min(...off));
  }
  function show() {
    const [said, ...row] = rows[places.join()];
    slots.forEach((slot, k) => {
      const piece = slot[slot.length > 1 ? row.shift() : 0];
      if (drawn[k] !== piece) groups[k].innerHTML = expand(piece, table);
      drawn[k] = piece;
    });
    svg.setAttribute("aria-label", `${data.shows} ${sentences[said]}`);
    says.textContent = sentences[said];
    for (const [n, row] of shown.entries()) row?.(ticks(n), places[n]);
  }
  function row(control, n) {
    if (control.lists.every(list => list.length < 2)) return null;
    const id = `${figure.id}-${control.name}`, label = make("label", { for: id }, control.label);
    const input = control.range ? make("input", { id, type: "range", min: 0, step: 1 }) : make("select", { id });
    const value = make("output", { for: id, "aria-live": "off" });
    input.addEventListener("input", () => move(n, control.range ? input.valueAsNumber : input.selectedIndex));
    box.append(make("div", { class: "control" }, label, input, ...(control.range ? [value] : [])));
    return (offered, place) => {
      if (control.range) {
        input.max = offered.length - 1;
        input.value = place;
        value.textContent = offered[place];
        input.setAttribute("aria-valuetext", offered[place]);
      } else {
        if ([...input.options].map(one => one.text).join("\n") !== offered.join("\n"))
          input.replaceChildren(...offered.map(one => make("option", {}, one)));
        input.selectedIndex = place;
      }
    };
  }
  const shown = controls.map(row);
  show();
}

function prediction(form) {
  const id = form.dataset.id, unit = form.dataset.unit, input = form.querySelector("input");
  const says = form.querySelector("[role=status]"), answers = document.querySelectorAll(`.computed[data-id="${id}"]`);
  const digits = value => `${Number(value.toPrecision(3)).toLocaleString("en")} ${unit}`.trim();
  function show() {
    const guess = kept.read(id);
    if (guess === null) return;
    input.value = guess;
    says.textContent = `Kept: ${guess} ${unit}`.trim() + ". The end of the lab comes back to it.";
    for (const one of answers) {
      const ratio = Number(guess) / Number(one.dataset.value);
      const off = Math.abs(ratio - 1) <= 0.1 ? "Within 10 %." : ratio > 0 ? `The guess is ${digits(ratio).replace(unit, "").trim()} times that.` : "";
      one.querySelector(".yours").textContent = `Your prediction: ${guess} ${unit}. `;
      one.querySelector(".verdict").textContent = off && `. ${off}`;
      form.querySelector(".answer").textContent = one.querySelector(".value").textContent;
      form.querySelector("details").hidden = false;
    }
  }
  form.addEventListener("submit", event => {
    event.preventDefault();
    const typed = input.value.trim().replace(unit, "").trim(), value = Number(typed);
    if (typed && Number.isFinite(value)) kept.write(id, typed), show();
    else says.textContent = `A number is wanted, such as 12.5 or 3e9; got '${input.value}'.`;
  });
  form.querySelector("button").disabled = input.disabled = false;
  show();
}

document.querySelectorAll("figure.explorer").forEach(explorer);
document.querySelectorAll("form.predict").forEach(prediction);
