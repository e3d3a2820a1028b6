"use strict";
(() => {
  const $ = (query) => [...document.querySelectorAll(query)];
  document.documentElement.classList.add("js");
  const words = document.getElementById("words");
  const verdict = document.getElementById("verdict");
  const count = document.getElementById("count");
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const each of $("[data-text]")) {
      const text = each.dataset.text;
      const fits = wanted.every((word) => text.includes(word));
      const right = !verdict.value || ` ${text} `.includes(` ${verdict.value} `);
      each.hidden = !(fits && right);
      shown += !each.hidden;
    }
    count.textContent = shown + " shown";
  };
  words.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  const fold = (open) => $("details.case-picture").forEach((each) => { each.open = open; });
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  // a link to something folded unfolds it, and one text at a time lies over a picture
  const reveal = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    const inner = target.querySelector && target.querySelector("details.case-picture");
    if (inner) inner.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  const close = (but) => $(".rows details[open]").forEach((each) => { if (each !== but) each.open = false; });
  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.closest(".rows")) close(event.target);
  }, true);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("click", (event) => { if (!event.target.closest(".rows")) close(); });
})();
