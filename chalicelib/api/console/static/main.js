/** The shell: navigation, clock, theme, keyboard, and the view of the place. */
import { offlineSince } from "./api.js";
import { html, render, signal, useEffect, useErrorBoundary, useState } from "./libs.js";
import { commands, Empty, heldBack, Loading, leave, Note, palette, readRecent, said, unsay, useLoad } from "./parts.js";
import { go, place, restore, to } from "./router.js";
import { session, signIn, start } from "./session.js";
import { Glyph, Symbols } from "./status.js";
import { city, clock, date, HERE, now, SECOND, thisMinute, tick } from "./time.js";

const THEME = "scheduled-tasks.theme";

/**
 * @typedef {{pattern: RegExp, load: () => Promise<{View: any}>}} Route
 * @type {Route[]}
 */
const ROUTES = [
  { pattern: /^\/overview$/, load: () => import("./view-overview.js") },
  { pattern: /^\/schedules$/, load: () => import("./view-schedules.js") },
  { pattern: /^\/schedules\/([^/]+)$/, load: () => import("./view-schedule.js") },
  { pattern: /^\/schedules\/([^/]+)\/edit$/, load: () => import("./view-create.js") },
  { pattern: /^\/new$/, load: () => import("./view-create.js") },
  { pattern: /^\/failed$/, load: () => import("./view-failed.js") },
  { pattern: /^\/jobs\/([^/]+)$/, load: () => import("./view-failed.js") },
  { pattern: /^\/timeline$/, load: () => import("./view-timeline.js") },
];

const NAVIGATION = [
  { path: "/overview", key: "o", icon: "i-over", name: "Overview" },
  { path: "/schedules", key: "s", icon: "i-list", name: "Schedules" },
  { path: "/timeline", key: "t", icon: "i-time", name: "Timeline" },
  { path: "/failed", key: "f", icon: "i-fail", name: "Failed work" },
];

function Console() {
  const { state } = session.value;
  if (state === "starting") return html`<main id="main"><${Loading} what="The console" rows=${3} /></main>`;
  if (state === "signed-out" || state === "failed") return html`<${SignedOut} />`;
  return html`
    <${Symbols} />
    <a class="skip btn" href="#main" onClick=${focusMain}>Skip to content</a>
    <${Side} />
    <main id="main" tabindex="-1">
      <${Connection} />
      <${Shown} key=${place.value.path} path=${place.value.path} />
    </main>
    <${Messages} />
    ${palette.value !== null && html`<${LazyPalette} />`}
  `;
}

/** @param {Event} event */
function focusMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function SignedOut() {
  const { state, reason } = session.value;
  const hasFailed = state === "failed";
  return html`
    <${Symbols} />
    <main id="main" class="alone">
      <${Empty}
        title=${hasFailed ? "Signing in did not work" : "You are signed out"}
        text=${hasFailed ? reason : "Sign in to see your schedules."}
        glyph=${hasFailed ? "failed" : "held"}
        role=${hasFailed ? "fail" : "stop"}
      >
        <button class="btn main" onClick=${() => signIn().catch(() => location.reload())}>Sign in</button>
      <//>
    </main>
  `;
}

/** The palette, whose file is loaded when it is first opened. */
function LazyPalette() {
  const [found, setFound] = useState(/** @type {{Palette: any} | null} */ (null));
  useEffect(() => {
    import("./palette.js").then(setFound);
  }, []);
  return found && html`<${found.Palette} navigation=${NAVIGATION} />`;
}

/** @param {{path: string}} props */
function Shown({ path }) {
  const [error, forget] = useErrorBoundary();
  const [found, setFound] = useState(/** @type {{View: any, failed?: boolean} | null} */ (null));
  const route = ROUTES.find(({ pattern }) => pattern.test(path));
  const id = decoded(route?.pattern.exec(path)?.[1] ?? "");
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    route?.load().then(setFound, () => setFound({ View: null, failed: true }));
  }, [route]);
  if (!route || id === null) {
    return html`<${Empty} title="There is no such view" text=${path}><a class="btn" href=${to("/overview")}>Overview</a><//>`;
  }
  if (error || found?.failed) {
    return html`
      <${Empty} title="The view could not be shown" glyph="failed" role="fail" text=${error ? String(error.message ?? error) : "Its file could not be loaded."}>
        <button class="btn" onClick=${() => (error ? forget() : location.reload())}>Try now</button>
      <//>
    `;
  }
  return found
    ? html`<${found.View} id=${id || undefined} path=${path} />`
    : html`<${Loading} what="The view" rows=${6} />`;
}

/** A part of an address, or null if it is malformed. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function Side() {
  const { path } = place.value;
  return html`
    <header class="side">
      <a class="brand" href=${to("/overview")}><svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><rect width="20" height="20" rx="4" fill="var(--now)" /><path d="M10 4.2V10l4 2.6" fill="none" stroke="var(--on-now)" stroke-width="2.2" /></svg>Scheduled Tasks</a>
      <button class="jump" aria-keyshortcuts="Control+K" onClick=${openPalette}>
        Search or jump to <kbd>${/Mac|iP/.test(navigator.platform) ? "⌘ K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label="Main">
        <ul>
          ${NAVIGATION.map(
            (item) => html`
              <li>
                <a href=${to(item.path)} aria-current=${path.startsWith(item.path) ? "page" : undefined}>
                  <${Glyph} name=${item.icon} />${item.name}${item.path === "/failed" && html`<${FailedCount} />`}
                </a>
              </li>
            `,
          )}
          <li class="phone">
            <details class="menu">
              <summary><${Glyph} name="i-menu" />Menu</summary>
              <div class="card">
                <p class="xs q"><bdi>${session.value.user}</bdi> · ${clock(thisMinute.value, "UTC")} UTC</p>
                <${Theme} id="menu-theme" />
                <button class="btn bare" onClick=${openPalette}>Search or jump to</button>
                <a class="btn bare" href="docs">API reference</a>
                <button class="btn bare" onClick=${leave}>Sign out</button>
              </div>
            </details>
          </li>
        </ul>
      </nav>
      <div class="foot">
        <${Clock} />
        <${Theme} id="theme" />
        <p class="xs q links"><a class="link" href="docs">API reference</a><button class="link" onClick=${leave}>Sign out</button></p>
      </div>
    </header>
  `;
}

/** How many runs failed or were missed in the last 24 hours. A list has at most 100, so there can be more. */
function FailedCount() {
  const { data } = useLoad("failed-count", readRecent, { every: 60 * SECOND });
  if (!data) return null;
  const number = data.failed.items.length + data.missed.items.length;
  if (!number) return null;
  const isMore = data.failed.next_cursor || data.missed.next_cursor;
  return html`<span class="n"><span aria-hidden="true">${number}${isMore ? "+" : ""}</span><span class="vh">, ${number}${isMore ? " or more" : ""} failed or missed in 24 hours</span></span>`;
}

function Clock() {
  const at = now.value;
  return html`
    <p class="clock">
      <time datetime=${new Date(at).toISOString()}>${clock(at, HERE, true)}</time>
      ${date(thisMinute.value)}, ${city(HERE)}
      <span class="utc"><br />${clock(at, "UTC")} UTC · <bdi>${session.value.user}</bdi></span>
    </p>
  `;
}

const openPalette = () => {
  palette.value = "";
};

const theme = signal(localStorage.getItem(THEME) ?? "system");

/** @param {{id: string}} props */
function Theme({ id }) {
  return html`
    <fieldset class="seg theme">
      <legend class="vh">Theme</legend>
      ${["system", "light", "dark"].map(
        (name) =>
          html`<label><input class="vh" type="radio" name=${id} checked=${theme.value === name} onChange=${() => applyTheme(name)} />${name[0]?.toUpperCase()}${name.slice(1)}</label>`,
      )}
    </fieldset>
  `;
}

/** @param {string} name */
function applyTheme(name) {
  theme.value = name;
  localStorage.setItem(THEME, name);
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

/** Whether the session and the connection are there. */
function Connection() {
  if (session.value.state === "over") {
    return html`
      <div class="connection">
        <${Note} role="stop" glyph="held" live title="Your session is over" text="Sign in again to go on; you return to this place.">
          <button class="act btn small" onClick=${signIn}>Sign in</button>
        <//>
      </div>
    `;
  }
  if (offlineSince.value === null) return null;
  const since = offlineSince.value + (now.peek() - Date.now());
  return html`<div class="connection"><${Note} role="off" glyph="queued" live title=${`Offline since ${clock(since)}`} text=${`What you see is of ${clock(since)} or earlier. The console tries again every few seconds.`} /></div>`;
}

/** What was done, and what will be done in some seconds. */
function Messages() {
  return html`
    <div class="messages">
      ${heldBack.value.map(
        ({ id, text, why, seconds, undo }) => html`
          <${Note} key=${`held-${id}`} role="off" glyph="cancelled" live title=${html`${text}<span aria-hidden="true"> in ${seconds} s</span>`} text=${why}>
            <button class="act btn small" onClick=${undo} aria-keyshortcuts="z">Undo</button>
          <//>
        `,
      )}
      <div role="status" aria-live="polite" class="saids">
        ${said.value.map(
          ({ id, text, role }) => html`
            <div key=${id} class=${`note ${role}`}>
              <${Glyph} name=${role === "fail" ? "failed" : "succeeded"} role=${role} /><strong dir="auto">${text}</strong>
              <button class="act btn small bare" onClick=${() => unsay(id)}>Close</button>
            </div>
          `,
        )}
      </div>
    </div>
  `;
}

/** The first key of a sequence: `g`, then the key of a view. */
let prefix = "";

/** Closes the menus that a click is not in, and the one in which it has chosen. @param {Element} target */
function closeMenus(target) {
  for (const menu of openMenus()) if (!menu.contains(target) || target.closest("a, button")) menu.open = false;
}

const openMenus = () => /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll(".menu[open]"));

/**
 * The key, or on a keyboard without Latin letters the one that a Latin keyboard has there. Lower case; empty for an
 * event that autofill sends.
 * @param {KeyboardEvent} event
 */
function keyOf({ key = "", code = "" }) {
  const latin = /^Key(.)$/.exec(code)?.[1] ?? { BracketLeft: "[", BracketRight: "]" }[code];
  return (key.length === 1 && key > "~" && latin ? latin : key).toLowerCase();
}

/** @param {KeyboardEvent} event */
function leaveMenus({ key }) {
  if (key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const key = keyOf(event);
  if ((event.ctrlKey || event.metaKey) && key === "k") {
    event.preventDefault();
    palette.value = palette.value === null && !isDialogOpen() ? "" : null;
    return;
  }
  if (isDialogOpen()) return;
  if (palette.value !== null) {
    event.preventDefault();
    if (key.length === 1) palette.value += event.key;
    return;
  }
  if (isTyping(event)) return;
  const act = prefix === "g" ? jumpTo(key) : actionOf(key);
  prefix = key === "g" && prefix !== "g" ? "g" : "";
  if (!act) return;
  event.preventDefault();
  act();
}

const isDialogOpen = () => document.querySelector("dialog[open]") !== null;

/** @param {string} key */
function jumpTo(key) {
  const found = NAVIGATION.find((item) => item.key === key);
  return found && (() => go(to(found.path)));
}

/** @param {string} key */
function actionOf(key) {
  const offered = commands.value.find((command) => command.key === key);
  if (offered) return offered.run;
  if (key === "n") return () => go(to("/new"));
  if (key === "z") return heldBack.value.at(-1)?.undo;
  if (key === "/") return () => /** @type {HTMLElement | null} */ (document.querySelector("[type=search]"))?.focus();
  return undefined;
}

/** Whether a key belongs to the browser or to a field. @param {KeyboardEvent} event */
const isTyping = ({ ctrlKey, metaKey, altKey, target }) =>
  ctrlKey ||
  metaKey ||
  altKey ||
  (target instanceof HTMLElement &&
    (target.isContentEditable ||
      (/^(input|textarea|select)$/i.test(target.tagName) &&
        !/^(checkbox|radio|button)$/.test(/** @type {HTMLInputElement} */ (target).type))));

applyTheme(theme.peek());
addEventListener("keydown", onKey);
addEventListener("keydown", leaveMenus);
addEventListener("click", ({ target }) => closeMenus(/** @type {Element} */ (target)));
setInterval(tick, SECOND);
render(html`<${Console} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
start().then(restore);
