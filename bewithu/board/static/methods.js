// Finds indicators by what is typed: hides those that have not all of the words. Without it the page is the whole list.
"use strict";
(() => {
  const finder = document.getElementById("finder");
  const field = document.getElementById("find");
  const found = document.getElementById("found");
  const topics = Array.from(document.querySelectorAll(".topic"));
  const all = document.querySelectorAll("[data-find]").length;

  const plain = (text) => text.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase();

  function show() {
    const words = plain(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const topic of topics) {
      let here = 0;
      for (const method of topic.querySelectorAll("[data-find]")) {
        const fits = words.every((word) => method.dataset.find.includes(word));
        method.hidden = !fits;
        here += fits;
      }
      topic.hidden = here === 0;
      shown += here;
    }
    found.textContent = shown ? found.dataset.of.replace("{shown}", shown).replace("{all}", all) : found.dataset.none;
  }

  field.addEventListener("input", show);
  finder.hidden = false;
  show();
})();
