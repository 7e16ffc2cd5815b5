/**
 * What a status looks like, and what the runs of a list tell together. Each status has a shape of its own, so that none
 * is told by its colour alone.
 */
import { html } from "./libs.js";
import { MINUTE } from "./time.js";

/**
 * @typedef {{glyph: string, role: string, word: string}} Look
 */

/** @type {Record<string, Look>} */
export const RUN = {
  succeeded: { glyph: "succeeded", role: "ok", word: "Succeeded" },
  queued: { glyph: "queued", role: "busy", word: "Queued" },
  running: { glyph: "running", role: "busy", word: "Running" },
  retrying: { glyph: "retrying", role: "retry", word: "Retrying" },
  failed: { glyph: "failed", role: "fail", word: "Failed" },
  missed: { glyph: "missed", role: "miss", word: "Missed" },
  skipped: { glyph: "skipped", role: "off", word: "Skipped" },
  held: { glyph: "held", role: "stop", word: "Held" },
};

/** @type {Record<string, Look>} */
export const SCHEDULE = {
  active: { glyph: "active", role: "next", word: "Active" },
  paused: { glyph: "paused", role: "stop", word: "Paused" },
  failed: { glyph: "failed", role: "fail", word: "Failed" },
  completed: { glyph: "completed", role: "off", word: "Completed" },
  cancelled: { glyph: "cancelled", role: "off", word: "Cancelled" },
};

/** A status that a later release of the API may have. @param {Record<string, Look>} table @param {string} status @returns {Look} */
export const lookOf = (table, status) => table[status] ?? { glyph: "queued", role: "off", word: status };

/** @param {{name: string, role?: string, size?: number, label?: string}} props */
export const Glyph = ({ name, role = "", size = 16, label = "" }) => html`
  <svg
    class=${`g ${role}`}
    width=${size}
    height=${size}
    aria-hidden=${label ? undefined : "true"}
    role=${label ? "img" : undefined}
    aria-label=${label || undefined}
  >
    <use href=${`#${name}`} />
  </svg>
`;

/** The symbols that Glyph refers to. Shown once per page. */
export const Symbols = () => html`
  <svg width="0" height="0" aria-hidden="true" focusable="false" class="vh">
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path d="M0 0V6" stroke="var(--retry)" stroke-width="2.4" opacity=".5" />
      </pattern>
    </defs>
    ${SYMBOLS.map(([id, shape]) => html`<symbol id=${id} viewBox="0 0 16 16">${shape}</symbol>`)}
  </svg>
`;

/** @type {[string, unknown][]} */
const SYMBOLS = [
  [
    "succeeded",
    html`<circle cx="8" cy="8" r="6.5" fill="currentColor" /><path d="m5 8.2 2.1 2.1L11.2 6" fill="none" stroke="var(--surface)" stroke-width="1.8" />`,
  ],
  [
    "running",
    html`<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.8" /><path d="M8 4.6a3.4 3.4 0 0 1 0 6.8z" fill="currentColor" />`,
  ],
  [
    "queued",
    html`<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.8" stroke-dasharray="2.4 2" />`,
  ],
  [
    "retrying",
    html`<path d="M13 8a5 5 0 1 1-1.6-3.7" fill="none" stroke="currentColor" stroke-width="2" /><path d="M12.9 1.4v4.2H8.7z" fill="currentColor" />`,
  ],
  [
    "failed",
    html`<rect x="1.8" y="1.8" width="12.4" height="12.4" rx="2" fill="currentColor" /><path d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" stroke="var(--surface)" stroke-width="1.8" />`,
  ],
  [
    "missed",
    html`<circle cx="8" cy="8" r="5.2" fill="none" stroke="currentColor" stroke-width="2" /><path d="M2 14 14 2" stroke="currentColor" stroke-width="2" />`,
  ],
  [
    "skipped",
    html`<path d="m2.5 3.5 5 4.5-5 4.5zm6 0 5 4.5-5 4.5z" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" />`,
  ],
  [
    "held",
    html`<rect x="1.9" y="1.9" width="12.2" height="12.2" rx="2" fill="none" stroke="currentColor" stroke-width="1.7" /><path d="M6.3 5.2v5.6m3.4-5.6v5.6" stroke="currentColor" stroke-width="1.8" />`,
  ],
  ["paused", html`<path d="M5.2 3v10m5.6-10v10" stroke="currentColor" stroke-width="3" />`],
  ["active", html`<path d="M4.5 3 12.5 8l-8 5z" fill="currentColor" />`],
  ["completed", html`<path d="m2.5 8.5 3.6 3.6L13.5 4.5" fill="none" stroke="currentColor" stroke-width="2.2" />`],
  [
    "cancelled",
    html`<circle cx="8" cy="8" r="5.6" fill="none" stroke="currentColor" stroke-width="1.8" /><path d="M5 8h6" stroke="currentColor" stroke-width="1.8" />`,
  ],
  ["future", html`<circle cx="8" cy="8" r="4.2" fill="var(--surface)" stroke="currentColor" stroke-width="1.8" />`],
  [
    "never",
    html`<path d="M8 2.4 13.6 8 8 13.6 2.4 8z" fill="var(--surface)" stroke="currentColor" stroke-width="1.7" stroke-dasharray="3 1.6" />`,
  ],
  [
    "warning",
    html`<path d="M8 1.8 15 14H1z" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linejoin="round" /><path d="M8 6v4m0 1.4v1.4" stroke="currentColor" stroke-width="1.7" />`,
  ],
  ["i-over", html`<path d="M2 13.2h12M4 13V8m4 5V3m4 10V6" fill="none" stroke="currentColor" stroke-width="1.6" />`],
  ["i-list", html`<path d="M2 4h12M2 8h12M2 12h8" fill="none" stroke="currentColor" stroke-width="1.6" />`],
  [
    "i-time",
    html`<path d="M1.5 4.5h13m-13 7h13M6 2v12" fill="none" stroke="currentColor" stroke-width="1.3" /><circle cx="10.5" cy="4.5" r="2" fill="currentColor" /><circle cx="3.4" cy="11.5" r="1.6" fill="currentColor" />`,
  ],
  [
    "i-fail",
    html`<rect x="2.4" y="2.4" width="11.2" height="11.2" rx="2" fill="none" stroke="currentColor" stroke-width="1.6" /><path d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8" stroke="currentColor" stroke-width="1.6" />`,
  ],
  ["i-menu", html`<path d="M3 8h2m2 0h2m2 0h2" fill="none" stroke="currentColor" stroke-width="2.2" />`],
  ["i-chevron", html`<path d="m5.5 3 5 5-5 5" fill="none" stroke="currentColor" stroke-width="1.8" />`],
];

// Lists of runs

/** @typedef {import("./types.js").Run} Run */

const FOLDED = 3; // so many plain successes in a row are one line

/** A run that went as planned needs no reader. @param {Run} run */
const isPlain = (run) =>
  run.status === "succeeded" &&
  run.attempts.length === 1 &&
  (run.lateness_ms ?? 0) < MINUTE &&
  !run.unforeseen &&
  !run.reason;

/**
 * Groups runs that are side by side: plain successes together, any other by itself.
 * @param {Run[]} runs
 * @returns {Run[][]}
 */
export function grouped(runs) {
  /** @type {Run[][]} */
  const groups = [];
  for (const run of runs) {
    const last = groups.at(-1);
    if (last?.[0] && isPlain(last[0]) && isPlain(run)) last.push(run);
    else groups.push([run]);
  }
  return groups.flatMap((group) => (group.length < FOLDED ? group.map((run) => [run]) : [group]));
}

/**
 * Runs by their reason, the largest group first.
 * @param {Run[]} runs
 * @returns {{error: string, runs: Run[]}[]}
 */
export function byError(runs) {
  /** @type {Map<string, Run[]>} */
  const groups = new Map();
  for (const run of runs) {
    const error = run.reason ?? run.attempts.at(-1)?.error ?? "without a reason";
    groups.set(error, [...(groups.get(error) ?? []), run]);
  }
  return [...groups].map(([error, of]) => ({ error, runs: of })).sort((a, b) => b.runs.length - a.runs.length);
}

/** @param {number[]} sorted @param {number} share */
export const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;

/** The figures of a list of runs: how many started, median and 95th percentile of the lateness. @param {Run[]} runs */
export function figures(runs) {
  const late = runs.flatMap((run) => (run.lateness_ms === null ? [] : [run.lateness_ms])).sort((a, b) => a - b);
  return {
    started: late.length,
    median: percentile(late, 0.5),
    p95: percentile(late, 0.95),
    beyond: late.filter((ms) => ms > MINUTE).length,
  };
}
