/** What views read from a list of runs. Nothing here touches the page. */
import { MINUTE } from "./time.js";

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
