// @ts-check
// The API reference: search, the current operation, one language for all examples, copy buttons, and "try it".
// The page is complete without this module.

import { all, byId, element } from "./docs-dom.js";
import { tryIt } from "./docs-try.js";

const MOST_FIELDS = 40;
const THEME = "scheduled-tasks.theme";
const LANGUAGE = "scheduled-tasks.language";

// Theme: the same choice as the console's.

function restoreTheme() {
  const chosen = stored(THEME);
  const radio = chosen && document.getElementById(`theme-${chosen}`);
  if (radio instanceof HTMLInputElement) radio.checked = true;
  for (const one of all("input[name=theme]")) {
    one.addEventListener("change", () => store(THEME, one.id.replace("theme-", "")));
  }
}

/** @param {string} key */
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Storage is blocked.
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is blocked: the choice ends with the page.
  }
}

// One language for all examples

/** @param {string} label */
function chooseLanguage(label) {
  for (const radio of /** @type {HTMLInputElement[]} */ (all("input[name^=lang-]"))) {
    radio.checked = radio.parentElement?.textContent === label;
  }
}

function followLanguage() {
  const chosen = stored(LANGUAGE);
  if (all(".sample label").some((label) => label.textContent === chosen)) chooseLanguage(String(chosen));
  for (const radio of all("input[name^=lang-]")) {
    radio.addEventListener("change", () => {
      const top = radio.getBoundingClientRect().top;
      const label = String(radio.parentElement?.textContent);
      chooseLanguage(label);
      store(LANGUAGE, label);
      // The examples above have another height now: what the reader looks at stays in its place.
      scrollBy(0, radio.getBoundingClientRect().top - top);
    });
  }
}

function addCopyButtons() {
  for (const sample of all(".sample")) {
    const button = element("button", { type: "button", class: "btn small bare end copy" }, "Copy");
    button.addEventListener("click", () => void copy(sample, button));
    sample.querySelector(".bar")?.append(button);
  }
}

/**
 * @param {HTMLElement} sample
 * @param {HTMLElement} button
 */
async function copy(sample, button) {
  const shown = all("pre", sample).find((block) => block.offsetParent !== null);
  try {
    await navigator.clipboard.writeText(String(shown?.textContent));
    button.textContent = "Copied";
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

// Navigation

/** The links of operations by their anchor. @type {Map<string, HTMLElement>} */
const links = new Map(all("nav a").map((link) => [String(link.getAttribute("href")).slice(1), link]));

/** @param {string} anchor */
function markCurrent(anchor) {
  for (const [name, link] of links) {
    if (name === anchor) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  const link = links.get(anchor);
  const menu = all(".menu")[0];
  if (!link || !menu || link.offsetParent === null || menu.scrollHeight <= menu.clientHeight) return;
  const [inside, outside] = [link.getBoundingClientRect(), menu.getBoundingClientRect()];
  if (inside.top < outside.top) menu.scrollTop += inside.top - outside.top - 40;
  if (inside.bottom > outside.bottom) menu.scrollTop += inside.bottom - outside.bottom + 40;
}

function followScroll() {
  /** @type {Set<Element>} */
  const visible = new Set();
  const sections = all(".op, #problems, #schemas");
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) visible[isIntersecting ? "add" : "delete"](target);
      const current = sections.find((section) => visible.has(section));
      markCurrent(current ? current.id : "");
    },
    { rootMargin: "-15% 0px -75% 0px" },
  );
  for (const section of sections) observer.observe(section);
}

/** Narrow screens begin with a closed menu, which closes again when one chooses. */
function foldMenu() {
  const menu = /** @type {HTMLDetailsElement} */ (all(".menu")[0]);
  const narrow = matchMedia("(max-width: 760px)");
  const fit = () => (menu.open = !narrow.matches);
  narrow.addEventListener("change", fit);
  menu.addEventListener("click", (event) => {
    if (narrow.matches && event.target instanceof Element && event.target.closest("a")) menu.open = false;
  });
  fit();
}

// Search

/** @typedef {{link: HTMLElement, words: string, fields: {anchor: string, name: string}[]}} Operation */

/** @returns {Operation[]} */
function indexed() {
  return all(".op").map((section) => {
    const link = /** @type {HTMLElement} */ (links.get(section.id));
    const [head, path] = [section.querySelector("h3"), section.querySelector(".path")];
    const fields = all("tr[id]", section).map((row) => ({
      anchor: row.id,
      name: String(row.querySelector("code")?.textContent),
    }));
    return { link, words: `${section.id} ${head?.textContent} ${path?.textContent}`.toLowerCase(), fields };
  });
}

function addSearch() {
  const input = /** @type {HTMLInputElement} */ (byId("search"));
  const operations = indexed();
  input.hidden = false;
  input.addEventListener("input", () => filter(operations, input.value.trim().toLowerCase()));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && input.value) {
      input.value = "";
      filter(operations, "");
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      const first = shownLinks()[0];
      if (event.key === "Enter") first?.click();
      else first?.focus();
    } else return;
    event.preventDefault();
  });
  all("nav")[0]?.addEventListener("keydown", moveFocus);
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}

const shownLinks = () => all("nav a").filter((link) => link.offsetParent !== null);

/** @param {KeyboardEvent} event */
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const found = shownLinks();
  const at = found.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (!step || at < 0) return;
  event.preventDefault();
  (found[at + step] ?? (step < 0 ? byId("search") : found[at]))?.focus();
}

/**
 * Shows the operations that match, and under each its fields that match.
 * @param {Operation[]} operations
 * @param {string} asked
 */
function filter(operations, asked) {
  for (const old of all("nav .at")) old.parentElement?.remove();
  let [shown, fields] = [0, 0];
  for (const operation of operations) {
    const found = asked ? operation.fields.filter(({ name }) => name.toLowerCase().includes(asked)) : [];
    const isShown = asked.split(/\s+/).every((word) => operation.words.includes(word)) || found.length > 0;
    /** @type {HTMLElement} */ (operation.link.parentElement).hidden = !isShown;
    shown += Number(isShown);
    for (const { anchor, name } of found.slice(0, MOST_FIELDS - fields)) {
      operation.link.closest("ul")?.insertBefore(fieldLink(anchor, name), nextItem(operation.link));
      fields += 1;
    }
  }
  showGroups(asked);
  byId("found").textContent = asked ? `${count(shown, "operation")}, ${count(fields, "field")}` : "";
  const menu = all(".menu")[0];
  if (asked && menu instanceof HTMLDetailsElement) menu.open = true;
}

/** @param {HTMLElement} link */
function nextItem(link) {
  let next = link.parentElement?.nextElementSibling ?? null;
  while (next?.querySelector(".at")) next = next.nextElementSibling;
  return next;
}

/**
 * @param {string} anchor
 * @param {string} name
 */
function fieldLink(anchor, name) {
  return element("li", {}, element("a", { href: `#${anchor}`, class: "at" }, name));
}

/** @param {string} asked */
function showGroups(asked) {
  for (const group of all("nav details")) {
    const items = all("li", group);
    group.hidden = asked !== "" && !items.some((item) => !item.hidden && item.querySelector(".verb, .at"));
    if (asked && group instanceof HTMLDetailsElement) group.open = true;
  }
}

/**
 * @param {number} number
 * @param {string} noun
 */
const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Paper shows what is folded on the screen. */
function openForPrint() {
  addEventListener("beforeprint", () => {
    for (const fold of /** @type {HTMLDetailsElement[]} */ (all("details.schema"))) fold.open = true;
  });
}

restoreTheme();
followLanguage();
addCopyButtons();
foldMenu();
addSearch();
followScroll();
openForPrint();
void tryIt();
