/** Parts that views share. Names and reasons are texts of users: they are shown as text nodes, never as HTML. */
import { get, Problem } from "./api.js";
import { html, signal, useEffect, useLayoutEffect, useRef, useState } from "./libs.js";
import { place, to, toSchedule } from "./router.js";
import { signOut } from "./session.js";
import { Glyph, lookOf, RUN, SCHEDULE } from "./status.js";
import {
  ahead,
  city,
  clock,
  DAY,
  date,
  dayAndClock,
  duration,
  exact,
  HERE,
  isNow,
  now,
  relative,
  SECOND,
} from "./time.js";

// Loading

const RETRY_SECONDS = 8;

/**
 * @template T
 * @typedef {{data: T | null, problem: Problem | null, at: number, isLoading: boolean, reload: () => void}} Loaded
 */

/**
 * Loads data when `key` changes, and again every `every` milliseconds while the page is visible. The last data stays
 * while it is loaded again, and when that fails; `at` is the API's time of the data. A transient problem is tried again.
 * @template T
 * @param {string} key what the data depends on
 * @param {(signal: AbortSignal) => Promise<T>} load
 * @param {{every?: number}} [options]
 * @returns {Loaded<T>}
 */
export function useLoad(key, load, { every = 0 } = {}) {
  const empty = { key, data: /** @type {T | null} */ (null), problem: /** @type {Problem | null} */ (null), at: 0 };
  const [state, setState] = useState(empty);
  const [round, setRound] = useState(0);
  const current = state.key === key ? state : empty;
  useEffect(
    () =>
      repeat(load, every, {
        shown: (data) => setState({ key, data, problem: null, at: now.peek() }),
        failed: (problem) => setState((old) => ({ ...(old.key === key ? old : empty), problem })),
      }),
    [key, round, every],
  );
  const isLoading = current.data === null && current.problem === null;
  return {
    data: current.data,
    problem: current.problem,
    at: current.at,
    isLoading,
    reload: () => setRound((n) => n + 1),
  };
}

/**
 * Loads now, and again after `every` milliseconds of a visible page. Returns a function that ends it.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load @param {number} every
 * @param {{shown: (data: T) => void, failed: (problem: Problem) => void}} tell
 */
function repeat(load, every, tell) {
  const aborting = new AbortController();
  /** @type {number | undefined} */
  let timer;
  const again = (/** @type {number} */ wait) => {
    if (wait) timer = setTimeout(() => (document.hidden ? again(SECOND) : run()), wait);
  };
  const run = async () => {
    try {
      const data = await loadTimely(load, aborting.signal);
      if (aborting.signal.aborted) return;
      tell.shown(data);
      again(every);
    } catch (error) {
      if (aborting.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      tell.failed(error);
      again(error.isTransient ? (error.retryAfter ?? RETRY_SECONDS) * SECOND : 0);
    }
  };
  run();
  return () => {
    aborting.abort();
    clearTimeout(timer);
  };
}

/**
 * Loads again if the answer shows that the API has another time than the one that the request was made for.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load @param {AbortSignal} signal
 */
async function loadTimely(load, signal) {
  const known = ahead.peek();
  const isTimely = () => signal.aborted || ahead.peek() === known;
  try {
    const data = await load(signal);
    if (isTimely()) return data;
  } catch (error) {
    if (isTimely()) throw error;
  }
  return load(signal);
}

/**
 * @typedef {import("./types.js").RunPage} RunPage
 * @typedef {{failed: RunPage, missed: RunPage}} Recent
 */

/** @type {Promise<Recent> | null} */
let reading = null;

/** The runs that failed and were missed in the last 24 hours. The shell and the overview share a request that is under way. */
export function readRecent() {
  if (!reading) {
    const since = new Date(now.peek() - DAY).toISOString();
    const done = () => {
      reading = null;
    };
    reading = Promise.all(["failed", "missed"].map((status) => get("v1/runs", { status, since, limit: 100 }))).then(
      ([failed, missed]) => ({ failed, missed }),
    );
    reading.then(done, done);
  }
  return reading;
}

/** Shows what a view has: nothing yet, an error instead of data, or the data (with a note if it is old). */
export function Shown(
  /** @type {{loaded: Loaded<any>, what: string, rows?: number, children: (data: any) => unknown}} */ props,
) {
  const { loaded, what, rows = 6, children } = props;
  if (loaded.data !== null) {
    return html`
      ${loaded.problem && html`<${Stale} problem=${loaded.problem} at=${loaded.at} reload=${loaded.reload} />`}
      ${children(loaded.data)}
    `;
  }
  if (loaded.problem) return html`<${Failure} what=${what} problem=${loaded.problem} reload=${loaded.reload} />`;
  return html`<${Loading} what=${what} rows=${rows} />`;
}

/** @param {{problem: Problem, at: number, reload: () => void}} props */
const Stale = ({ problem, at, reload }) =>
  problem.status === 0 || problem.status === 401
    ? null // The shell says so.
    : html`
        <${Note} role="retry" glyph="warning" title=${`Not refreshed since ${clock(at, HERE, true)}`} text=${problem.message}>
          <button class="act btn small" onClick=${reload}>Try now</button>
        <//>
      `;

/** @param {{what: string, problem: Problem, reload: () => void}} props */
export function Failure({ what, problem, reload }) {
  const isGone = problem.status === 404;
  const isAddressWrong = (problem.status === 400 || problem.status === 422) && place.value.query.size > 0;
  return html`
    <div class="card empty" role="alert">
      <${Glyph} name="failed" role="fail" />
      <h2>${isGone ? problem.title : `${what} could not be read`}</h2>
      <p>
        ${problem.status ? `The API answered ${problem.status}, “${problem.message}”.` : problem.message}
        ${problem.isTransient && ` The console tries again every ${problem.retryAfter ?? RETRY_SECONDS} s.`}
      </p>
      <p class="acts">
        ${isAddressWrong ? html`<a class="btn" href=${to(place.value.path)}>Clear filters</a>` : !isGone && html`<button class="btn" onClick=${reload}>Try now</button>`}
        <${Copy} class="bare" text=${JSON.stringify(problem.body, null, 2)} label="Copy details" />
      </p>
    </div>
  `;
}

/** @param {{what: string, rows: number}} props */
export const Loading = ({ what, rows }) => html`
  <div class="card loading" aria-busy="true">
    <span class="vh" role="status">Loading ${what.toLowerCase()}</span>
    ${Array.from({ length: rows }, () => html`<div class="sk-row" aria-hidden="true"><span class="sk" /><span class="sk sk2" /></div>`)}
  </div>
`;

/** @param {{title: string, text?: unknown, glyph?: string, role?: string, children?: unknown}} props */
export const Empty = ({ title, text, glyph, role = "ok", children }) => html`
  <div class="card empty">
    ${glyph && html`<${Glyph} name=${glyph} role=${role} />`}
    <h2>${title}</h2>
    ${text && html`<p>${text}</p>`} ${children && html`<div class="acts">${children}</div>`}
  </div>
`;

/** @param {{role: string, glyph: string, title: string, text?: unknown, live?: boolean, children?: unknown}} props */
export const Note = ({ role, glyph, title, text, live = false, children }) => html`
  <div class=${`note ${role}`} role=${live ? "status" : undefined}>
    <${Glyph} name=${glyph} role=${role} /><strong>${title}</strong>${text && html`<p>${text}</p>`} ${children}
  </div>
`;

/** The general problem of a form or an action; its field errors stand at the fields. @param {{problem: Problem | null, glyph?: string}} props */
export const ProblemNote = ({ problem }) =>
  problem &&
  html`<div role="alert" tabindex="-1">
    <${Note} role="fail" glyph="failed" title=${problem.title} text=${problem.message === problem.title ? "" : problem.message} />
  </div>`;

// Status, names, times

/** @param {{status: string, of?: "run" | "schedule", isWordHidden?: boolean}} props */
export function Status({ status, of = "run", isWordHidden = false }) {
  const { glyph, role, word } = lookOf(of === "run" ? RUN : SCHEDULE, status);
  if (isWordHidden) return html`<${Glyph} name=${glyph} role=${role} /><span class="vh">${word}</span>`;
  return html`<span class=${`st ${role}`}><${Glyph} name=${glyph} role=${role} />${word}</span>`;
}

/** What a schedule is called: its name, else its id. @param {{name: string | null, schedule_id: string}} schedule */
export const nameOf = (schedule) => schedule.name || schedule.schedule_id;

/** A schedule's name as a link. @param {{schedule: {name: string | null, schedule_id: string}}} props */
export const NameLink = ({ schedule }) =>
  html`<a href=${toSchedule(schedule.schedule_id)} title=${nameOf(schedule)} dir="auto">${nameOf(schedule)}</a>`;

/** `in 18 min`; marked yellow if it is within five minutes. @param {{at: number}} props */
export const Countdown = ({ at }) =>
  html`<time datetime=${new Date(at).toISOString()} title=${exact(at)} class=${isNow(at) ? "flag" : ""}>${relative(at)}</time>`;

/** A time for the reader, and below it in the schedule's own zone if that differs. @param {{at: number, zone?: string | null}} props */
export const Walls = ({ at, zone }) => html`
  <time datetime=${new Date(at).toISOString()} title=${exact(at)}>${dayAndClock(at)}</time>
  ${zone && !isSameWall(at, zone) && html`<small title=${exact(at, zone)}>${otherWall(at, zone)}</small>`}
`;

/** @param {number} at @param {string} zone */
const isSameWall = (at, zone) => clock(at, zone) === clock(at) && date(at, zone) === date(at);

/** The zone's time, with the date if it is another one than the reader's. @param {number} at @param {string} zone */
export const otherWall = (at, zone) =>
  `${date(at, zone) === date(at) ? "" : `${date(at, zone)} `}${clock(at, zone)} ${zone === "UTC" ? zone : city(zone)}`;

/** `0.4 s late`. @param {number | null} ms */
export function lateness(ms) {
  if (ms === null) return "";
  return ms < SECOND / 20 ? "on time" : `${ms < 10 * SECOND ? `${(ms / SECOND).toFixed(1)} s` : duration(ms)} late`;
}

/**
 * The timing in English. A start that has passed means nothing to the reader.
 * @param {{description: string, timing: Record<string, string>}} schedule
 */
export const timingText = ({ description, timing }) =>
  timing.start_at && Date.parse(timing.start_at) <= now.value
    ? description.replace(/, from \d{4}-\d\d-\d\d [\d:]+ UTC/, "")
    : description;

// Actions

/**
 * @typedef {{id: number, key: string | undefined, text: string, seconds: number, why?: string, undo: () => void,
 *   finish: () => Promise<unknown>}} Held
 * @type {import("./libs.js").Signal<Held[]>}
 */
export const heldBack = signal([]);
let lastHeld = 0;

/**
 * Does something after five seconds, unless the reader takes it back in the meantime.
 * @param {string} text what will be done, such as `Cancelling 3 schedules`
 * @param {string} why the effect
 * @param {() => Promise<unknown>} act
 * @param {string} [key] what it is done to: nothing is held back twice for it
 */
export function holdBack(text, why, act, key) {
  if (key && heldBack.value.some((held) => held.key === key)) return;
  const id = ++lastHeld;
  let seconds = 5;
  const remove = () => {
    clearInterval(timer);
    heldBack.value = heldBack.value.filter((held) => held.id !== id);
  };
  const undo = () => {
    remove();
    say("Nothing was changed");
  };
  const finish = () => {
    remove();
    return attempt(act, `${text} failed`);
  };
  const show = () => {
    const others = heldBack.value.filter((held) => held.id !== id);
    heldBack.value = [...others, { id, key, text, why, seconds, undo, finish }];
  };
  const timer = setInterval(() => {
    seconds -= 1;
    if (seconds > 0) show();
    else finish();
  }, SECOND);
  show();
}

// The browser asks whether to leave: what is held back would be lost without a word.
addEventListener("beforeunload", (event) => heldBack.value.length && event.preventDefault());

/** Does at once what is held back, then signs out. */
export async function leave() {
  await Promise.all(heldBack.value.map((held) => held.finish()));
  signOut();
}

/** @type {import("./libs.js").Signal<{id: number, text: string, role: string}[]>} */
export const said = signal([]);
let lastSaid = 0;

/** Tells a result for some seconds, also to screen readers. @param {string} text @param {string} [role] */
export function say(text, role = "ok") {
  const id = ++lastSaid;
  said.value = [...said.value, { id, text, role }];
  setTimeout(() => unsay(id), role === "fail" ? 12_000 : 5_000);
}

/** @param {number} id */
export const unsay = (id) => {
  said.value = said.value.filter((message) => message.id !== id);
};

/**
 * Does something and tells its problem. Returns whether it was done.
 * @param {() => Promise<unknown>} act @param {string} [what] the problem's first words
 */
export async function attempt(act, what) {
  try {
    await act();
    return true;
  } catch (error) {
    const { title, field, message, errors = [] } = /** @type {Problem & {field?: string}} */ (error);
    const fields = errors.map((found) => `${found.field} ${found.message}`).join("; ");
    say([...new Set([what, title ?? field, fields || message])].filter(Boolean).join(": "), "fail");
    return false;
  }
}

/** A button that does one thing at a time. @param {{act: () => Promise<unknown>, class?: string, label: string, disabled?: boolean, title?: string}} props */
export function Act({ act, label, disabled = false, title, class: more = "" }) {
  const [isBusy, setBusy] = useState(false);
  const onClick = async () => {
    setBusy(true);
    await attempt(act);
    setBusy(false);
  };
  return html`<button type="button" class=${`btn ${more}`} disabled=${disabled || isBusy} title=${title} onClick=${onClick}>${label}</button>`;
}

/** @param {{text: string | (() => string), label: string, class?: string}} props */
export function Copy({ text, label, class: more = "" }) {
  const copy = () =>
    attempt(async () => {
      const copied = typeof text === "function" ? text() : text;
      await navigator.clipboard.writeText(copied).catch(() => {
        throw new Error("The browser does not allow copying");
      });
      say("Copied");
    });
  return html`<button type="button" class=${`btn ${more}`} onClick=${copy}>${label}</button>`;
}

/**
 * A modal dialog. The browser keeps the focus inside, closes it with Escape, and returns the focus.
 * @param {{title: string, onClose: () => void, children: unknown}} props
 */
export function Dialog({ title, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close(); // An open dialog that is removed does not return the focus.
  }, []);
  return html`
    <dialog class="dialog" ref=${element} aria-label=${title} onClose=${onClose}>
      <h2>${title}</h2>
      ${children}
    </dialog>
  `;
}

/**
 * A field with its label, its help, and the API's error for it.
 * @param {{id: string, label: unknown, error?: string | null | undefined, help?: unknown, children: unknown}} props
 */
export const Field = ({ id, label, error, help, children }) => html`
  <div class="f">
    <label for=${id}>${label}</label>
    ${children} ${help && html`<p class="help" id=${`${id}-help`}>${help}</p>`}
    ${error && html`<p class="err" id=${`${id}-err`}><${Glyph} name="failed" role="fail" />${error}</p>`}
  </div>
`;

/** Attributes of a control inside Field. @param {string} id @param {string | null | undefined} error @param {boolean} [hasHelp] */
export const described = (id, error, hasHelp = false) => ({
  id,
  "aria-invalid": error ? "true" : undefined,
  "aria-describedby": [error && `${id}-err`, hasHelp && `${id}-help`].filter(Boolean).join(" ") || undefined,
});

// Commands and keys

/**
 * @typedef {{title: string, hint?: string, key?: string, run: () => void}} Command
 */

/** What was typed before the command palette was there, which is loaded when it is first opened; null: it is closed. */
export const palette = signal(/** @type {string | null} */ (null));

/** Commands of the view that is shown, for the palette and the keyboard. */
export const commands = signal(/** @type {Command[]} */ ([]));

/** @param {Command[]} offered those of this view; `key` is one character, such as `p` */
export function useCommands(offered) {
  // Before the view is painted: a key that is pressed at once must find its command.
  useLayoutEffect(() => {
    commands.value = offered;
  });
  const forget = () => {
    commands.value = [];
  };
  useLayoutEffect(() => forget, []);
}

/** @param {string} title */
export function useTitle(title) {
  useEffect(() => {
    document.title = `${title} · Scheduled Tasks`;
  }, [title]);
}

/** `1 run`, `3 runs`. @param {number} number @param {string} word */
export const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
