/** The shell: navigation, clock, theme, keyboard, and the view of the place. */
import { get, offlineSince } from "./api.js";
import { html, render, useEffect, useErrorBoundary, useState } from "./libs.js";
import { commands, Empty, heldBack, Loading, Note, palette, said, unsay, useLoad } from "./parts.js";
import { go, place, restore, to } from "./router.js";
import { session, signIn, signOut, start } from "./session.js";
import { Glyph, Symbols } from "./status.js";
import { city, clock, DAY, date, HERE, now, SECOND, thisMinute, tick } from "./time.js";

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
  useEffect(() => {
    route?.load().then(setFound, () => setFound({ View: null, failed: true }));
  }, [route]);
  if (!route) {
    return html`<${Empty} title="There is no such view" text=${path}><a class="btn" href=${to("/overview")}>Overview</a><//>`;
  }
  if (error || found?.failed) {
    return html`
      <${Empty} title="The view could not be shown" glyph="failed" role="fail" text=${error ? String(error.message ?? error) : "Its file could not be loaded."}>
        <button class="btn" onClick=${() => (error ? forget() : location.reload())}>Try now</button>
      <//>
    `;
  }
  const parameters = (route.pattern.exec(path) ?? []).slice(1).map(decodeURIComponent);
  return found
    ? html`<${found.View} id=${parameters[0]} path=${path} />`
    : html`<${Loading} what="The view" rows=${6} />`;
}

function Side() {
  const { path } = place.value;
  return html`
    <header class="side">
      <a class="brand" href=${to("/overview")}><svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true"><rect width="20" height="20" rx="4" fill="var(--now)" /><path d="M10 4.2V10l4 2.6" fill="none" stroke="var(--on-now)" stroke-width="2.2" /></svg>Scheduled Tasks</a>
      <button class="jump" aria-keyshortcuts="Control+K" onClick=${() => (palette.value = "")}>
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
        </ul>
      </nav>
      <div class="foot">
        <${Clock} />
        <${Theme} />
        <p class="xs q links"><a class="link" href="docs">API reference</a><button class="link" onClick=${signOut}>Sign out</button></p>
      </div>
    </header>
  `;
}

/** How many runs failed or were missed in the last 24 hours. A list has at most 100, so there can be more. */
function FailedCount() {
  const loaded = useLoad(
    "failed-count",
    async (signal) => {
      const since = new Date(now.peek() - DAY).toISOString();
      const pages = await Promise.all(
        ["failed", "missed"].map((status) => get("v1/runs", { status, since, limit: 100 }, signal)),
      );
      return { number: pages.flatMap((page) => page.items).length, isMore: pages.some((page) => page.next_cursor) };
    },
    { every: 60 * SECOND },
  );
  if (!loaded.data?.number) return null;
  const { number, isMore } = loaded.data;
  return html`<span class="n"><span aria-hidden="true">${number}${isMore && "+"}</span><span class="vh">, ${number}${isMore && " or more"} failed or missed in 24 hours</span></span>`;
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

function Theme() {
  const [theme, setTheme] = useState(localStorage.getItem(THEME) ?? "system");
  useEffect(() => applyTheme(theme), [theme]);
  return html`
    <fieldset class="seg theme">
      <legend class="vh">Theme</legend>
      ${["system", "light", "dark"].map(
        (name) =>
          html`<label><input class="vh" type="radio" name="theme" checked=${theme === name} onChange=${() => setTheme(name)} />${name[0]?.toUpperCase()}${name.slice(1)}</label>`,
      )}
    </fieldset>
  `;
}

/** @param {string} theme */
function applyTheme(theme) {
  localStorage.setItem(THEME, theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Whether the session and the connection are there. */
function Connection() {
  if (session.value.state === "over") {
    return html`
      <${Note} role="stop" glyph="held" live title="Your session is over" text="Sign in again to go on; you return to this place.">
        <button class="act btn small" onClick=${signIn}>Sign in</button>
      <//>
    `;
  }
  if (offlineSince.value === null) return null;
  const since = offlineSince.value + (now.peek() - Date.now());
  return html`<${Note} role="off" glyph="queued" live title=${`Offline since ${clock(since)}`} text=${`What you see is of ${clock(since)} or earlier. The console tries again every few seconds.`} />`;
}

/** What was done, and what will be done in some seconds. */
function Messages() {
  return html`
    <div class="messages">
      ${heldBack.value.map(
        ({ id, text, why, seconds, undo }) => html`
          <${Note} key=${`held-${id}`} role="off" glyph="cancelled" live title=${`${text} in ${seconds} s`} text=${why}>
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

/** @param {KeyboardEvent} event */
function onKey(event) {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "k") {
    event.preventDefault();
    palette.value = palette.value === null ? "" : null;
    return;
  }
  if (palette.value !== null && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    if (event.key.length === 1) palette.value += event.key;
    return;
  }
  if (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    isTyping(event.target) ||
    document.querySelector("dialog[open]")
  )
    return;
  const act = prefix === "g" ? jumpTo(key) : actionOf(key);
  prefix = key === "g" && prefix !== "g" ? "g" : "";
  if (!act) return;
  event.preventDefault();
  act();
}

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

/** @param {EventTarget | null} target */
const isTyping = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    (/^(input|textarea|select)$/i.test(target.tagName) &&
      !/^(checkbox|radio|button)$/.test(/** @type {HTMLInputElement} */ (target).type)));

applyTheme(localStorage.getItem(THEME) ?? "system");
addEventListener("keydown", onKey);
setInterval(tick, SECOND);
render(html`<${Console} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
start().then(restore);
