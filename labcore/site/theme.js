// Dark or light: the system's choice until the reader makes one, which this browser then keeps.
"use strict";
const kept = {
  read(name) { try { return localStorage.getItem(`labcore:${name}`); } catch { return null; } },
  write(name, value) { try { localStorage.setItem(`labcore:${name}`, value); } catch { /* a browser that keeps nothing */ } },
};
const system = matchMedia("(prefers-color-scheme: dark)");
const theme = () => kept.read("theme") ?? (system.matches ? "dark" : "light");

function paint() {
  const now = theme(), button = document.getElementById("theme");
  document.documentElement.dataset.theme = now;
  if (!button) return;
  button.hidden = false;
  button.textContent = now === "dark" ? "Light" : "Dark";
  button.setAttribute("aria-label", `${button.textContent} page`);
}

paint();
system.addEventListener("change", paint);
document.addEventListener("DOMContentLoaded", () => {
  paint();
  document.getElementById("theme").addEventListener("click", () => {
    kept.write("theme", theme() === "dark" ? "light" : "dark");
    paint();
  });
});
