// Refreshes the outbox without moving what one reads: the list gets new rows at its top, everything else stays.
// Without this script, the page's links and its form do the same by loading pages.
const EVERY_MS = 2000;
const find = (selector, root = document) => root.querySelector(selector);
const rows = (root) => [...root.querySelectorAll("#list > li")];
const say = (text) => { find("#said").textContent = text; };
const isPhone = matchMedia("(max-width: 720px)");
let waiting = 0;

async function load(url) {
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  showTimes(page);
  return page;
}

/** Shows each time in the reader's zone: the time of day, and the date as well if it is not that of the cloud's clock. */
function showTimes(root) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const today = new Date(find("#clock time", root).dateTime).toDateString();
  for (const element of root.querySelectorAll("time")) {
    const at = new Date(element.dateTime);
    const time = at.toLocaleTimeString("en-GB");
    const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
    const isWhole = element.closest(".facts") !== null;
    const date = at.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });
    const short = at.toDateString() === today ? time : `${day} ${time.slice(0, 5)}`;
    element.textContent = isWhole ? `${date}, ${time}.${element.dateTime.slice(20, 23)} (${zone})` : short;
    element.title = `${element.dateTime.slice(0, 19)}Z`;
  }
  const clock = find("#clock time", root);
  const now = new Date(clock.dateTime);
  const day = now.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
  find(".zone", root).textContent = `${day}, ${zone.split("/").pop().replaceAll("_", " ")}`;
}

async function refresh() {
  if (document.hidden) return;
  try {
    const url = location.href;
    const page = await load(url);
    if (url !== location.href) return; // the reader has gone elsewhere since
    find("#gone").hidden = true;
    replace("#clock", page);
    document.title = page.title;
    replace("#count", page);
    if (!find("#list") || !find("#list", page)) {
      if (Boolean(find("#list")) !== Boolean(find("#list", page))) show(page);
      showTheme();
      return;
    }
    replace("#bar nav", page);
    addNew(page);
  } catch {
    if (find("#gone").hidden) find("#seen").textContent = find("#clock time").textContent;
    find("#gone").hidden = false;
  }
}

function replace(selector, page) {
  const [now, next] = [find(selector), find(selector, page)];
  if (now && next && now.innerHTML !== next.innerHTML && !now.contains(document.activeElement)) {
    now.replaceChildren(...next.childNodes);
  }
}

/** Adds rows at the top if the reader is there. Otherwise a button above the list says how many there are. */
function addNew(page) {
  const known = new Set(rows(document).map((row) => row.dataset.number));
  const next = rows(page);
  const added = next.filter((row) => !known.has(row.dataset.number));
  // The page that was loaded shows its newest message. The reader's choice stays.
  if (known.size) added.forEach((row) => find("a", row).removeAttribute("aria-current"));
  const box = find(".inbox");
  const isAtTop = box.scrollTop < 8 && (!isPhone.matches || scrollY < 8);
  const isNewest = !new URLSearchParams(location.search).has("before");
  if (!isNewest) return;
  if (!next.length || rows(document).length === 0 || isAtTop) {
    const kept = new Set(next.map((row) => row.dataset.number));
    rows(document).filter((row) => !kept.has(row.dataset.number)).forEach((row) => row.remove());
    find("#list").prepend(...added);
    find(".inbox .none")?.remove();
    announce(added.length);
    waiting = 0;
    find("#fresh").hidden = true;
  } else if (added.length && added.length !== waiting) {
    announce(added.length - waiting);
    waiting = added.length;
    find("#fresh").textContent = `${waiting} new ${waiting === 1 ? "message" : "messages"}`;
    find("#fresh").hidden = false;
  }
}

function announce(number) {
  if (number > 0) say(`${number} new ${number === 1 ? "message" : "messages"}`);
}

/** Shows another state of the page. What stays the same, such as the list and its scroll position, is not touched. */
function show(page) {
  const [now, next] = [find("#main"), find("#main", page)];
  const from = find(".inbox")?.scrollTop ?? 0;
  const sameRows = String(rows(document).map((row) => row.dataset.number)) === String(rows(page).map((row) => row.dataset.number));
  document.title = page.title;
  now.className = next.className;
  const gone = find("#gone").hidden;
  const text = find("#bar input[type=search]");
  const typed = text === document.activeElement ? text : null;
  if (typed && find("#bar input[type=search]", page)) find("#bar input[type=search]", page).replaceWith(typed);
  now.replaceChildren(...next.childNodes);
  find("#gone").hidden = gone;
  find("#clear").hidden = !find("#list");
  if (typed) typed.focus();
  if (sameRows) find(".inbox")?.scrollTo(0, from);
  waiting = 0;
}

/** What the reader chose for one message, such as the tab, stays chosen for the next one that has it. */
const chosen = {};
document.addEventListener("change", ({ target }) => {
  if (target.closest(".tabs")) chosen[target.name] = target.value;
  if (target.name.startsWith("theme")) showTheme();
});

/** Shows the email in the theme that was chosen for it, or else in the page's. */
function showTheme() {
  const [frame, own] = [find("iframe.mail"), find("input[name=theme-of-mail]:checked")];
  if (!frame || !own) return;
  own.closest(".by-script").classList.add("works");
  const theme = own.value === "auto" ? find("#theme :checked").value : own.value;
  const [path, query] = frame.getAttribute("src").split("?");
  const message = new URLSearchParams(query).get("message");
  const url = `${path}?message=${message}${theme ? `&theme=${theme}` : ""}`;
  if (frame.getAttribute("src") !== url) frame.src = url;
}

let listScroll = 0;

async function go(url, { push = true } = {}) {
  const reads = new URLSearchParams(new URL(url, location.href).search).has("message");
  const wasList = !find("#main").classList.contains("one");
  if (isPhone.matches && wasList) listScroll = scrollY;
  try {
    const page = await load(url);
    if (push) history.pushState(null, "", url);
    show(page);
    for (const [name, value] of Object.entries(chosen)) {
      const same = find(`.tabs input[name=${name}][value=${value}]`);
      if (same) same.checked = true;
    }
    showTheme();
    if (isPhone.matches) scrollTo(0, reads ? 0 : listScroll);
    if (reads) (isPhone.matches ? find("#message") : find("#list [aria-current]"))?.focus({ preventScroll: true });
  } catch {
    location.href = url; // the browser says what is wrong
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0;
  if (link && plain && !link.target && link.pathname === location.pathname && link.hash === "") {
    event.preventDefault();
    go(link.href);
  }
});

let pause = 0;
document.addEventListener("input", (event) => {
  if (event.target.name !== "search") return;
  clearTimeout(pause);
  const { form } = event.target;
  pause = setTimeout(() => go(`${form.action}?${new URLSearchParams(new FormData(form))}`), 250);
});

document.addEventListener("submit", (event) => event.preventDefault());
addEventListener("popstate", () => go(location.href, { push: false }));

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea") || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    find("#bar input[type=search]")?.focus();
  } else if (event.key === "j" || event.key === "k") {
    const links = rows(document).map((row) => find("a", row));
    const at = links.findIndex((link) => link.hasAttribute("aria-current") || link === document.activeElement);
    const to = links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))];
    if (to) go(to.href);
  }
});

document.addEventListener("click", async (event) => {
  if (!event.target.closest("#clear")) return;
  await fetch(location.pathname, { method: "DELETE" });
  say("The outbox is empty");
  go(location.pathname);
});

function keepTheme() {
  const form = find("#theme");
  const stored = localStorage.getItem("theme") ?? "";
  const known = find(`input[value="${CSS.escape(stored)}"]`, form);
  if (known) known.checked = true;
  form.addEventListener("change", () => localStorage.setItem("theme", find(":checked", form).value));
  form.hidden = false;
}

showTimes(document);
keepTheme();
showTheme();
find("#clear").hidden = !find("#list");
setInterval(refresh, EVERY_MS);
