// Keeps the page current: asks for its content again and again, and changes only what differs, in place. So focus,
// scroll position and opened details stay, and screen readers hear of nothing but the alerts (aria-live).
"use strict";
(() => {
  const main = document.querySelector("main[data-poll]");
  if (!main) return;
  const period = Number(main.dataset.poll);
  const longest = 30000;
  const button = document.getElementById("live");
  const state = document.getElementById("live-state");
  const address = new URL(location.href);
  address.searchParams.set("fragment", "1");
  address.hash = "";
  let paused = false;
  let wait = period;
  let version = "";

  function takeAttributes(old, fresh) {
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const name of old.getAttributeNames()) {
      const opened = name === "open" && old.nodeName === "DETAILS";
      if (!opened && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
  }

  // Makes `old` like `fresh`; what is marked data-keep belongs to this script or never changes.
  function follow(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.hasAttribute("data-keep")) return;
    takeAttributes(old, fresh);
    let present = old.firstChild;
    for (const child of Array.from(fresh.childNodes)) {
      const kept = counterpart(old, child, present);
      if (!kept) {
        old.insertBefore(child, present);
        continue;
      }
      if (kept === present) present = present.nextSibling;
      else old.insertBefore(kept, present);
      follow(kept, child);
    }
    while (present) {
      const next = present.nextSibling;
      present.remove();
      present = next;
    }
  }

  // What stands for `child` already: the element with its id, or else the next one of its name if that has no id.
  function counterpart(parent, child, present) {
    if (child.id) {
      const known = document.getElementById(child.id);
      return known && known.parentNode === parent && known.nodeName === child.nodeName ? known : null;
    }
    return present && !present.id && present.nodeName === child.nodeName ? present : null;
  }

  async function ask() {
    const answer = await fetch(address, { cache: "no-store", headers: version ? { "If-None-Match": version } : {} });
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main");
    if (paused || !fresh) return;
    follow(main, fresh);
    version = answer.headers.get("ETag") || "";
  }

  async function turn() {
    if (!paused && !document.hidden) {
      try {
        await ask();
        wait = period;
        state.textContent = "";
      } catch {
        wait = Math.min(wait * 2, longest);
        state.textContent = main.dataset.lost;
      }
    }
    setTimeout(turn, wait);
  }

  function showButton() {
    button.textContent = paused ? main.dataset.resume : main.dataset.pause;
    button.hidden = false;
  }

  button.addEventListener("click", () => {
    paused = !paused;
    showButton();
  });
  main.addEventListener("click", (event) => {
    const circle = event.target.closest("circle[data-area]");
    if (!circle) return;
    const there = new URL(location.href);
    there.searchParams.set("area", circle.dataset.area);
    location.assign(there);
  });
  document.documentElement.classList.add("map-active");
  showButton();
  setTimeout(turn, period);
})();
