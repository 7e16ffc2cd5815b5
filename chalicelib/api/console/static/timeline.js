/** What the timeline draws: the window, its ticks, and the marks and bands of a lane. Nothing here touches the page. */
import { clock, DAY, date, HERE, HOUR, MINUTE, offset, transitions, wall } from "./time.js";

/** @typedef {import("./types.js").Lane} ApiLane */
/** @typedef {{at: number, status: string, lateness?: number | null, reason?: string | null, attempts?: number, schedule: ApiLane}} Mark */
/** @typedef {{from: number, to: number, status: string, count: number, schedule: ApiLane, counts?: Record<string, number>}} Band */
/** @typedef {{key: string, title: string, text: string, href: string | null, marks: Mark[], bands: Band[], isCut: boolean, schedules: ApiLane[]}} Lane */

export const ZOOMS = [
  { key: "hour", name: "1 h", length: HOUR, ticks: 10 * MINUTE },
  { key: "hours", name: "6 h", length: 6 * HOUR, ticks: HOUR },
  { key: "day", name: "Day", length: DAY, ticks: 3 * HOUR },
  { key: "days", name: "3 days", length: 3 * DAY, ticks: 6 * HOUR },
  { key: "week", name: "Week", length: 7 * DAY, ticks: DAY },
  { key: "month", name: "Month", length: 31 * DAY, ticks: 7 * DAY },
];

const BEFORE_NOW = 0.2; // the share of a new window that lies in the past
const CLOSE = 0.016; // of the window: marks that are nearer to each other become a band

/** What a band shows if its slice has several statuses: what asks for somebody comes first. */
const FIRST = ["failed", "missed", "retrying", "held", "running", "queued", "skipped", "succeeded", "planned"];

/** A window of a length around now. @param {number} length @param {number} now */
export const windowAt = (length, now) => ({ since: Math.floor((now - length * BEFORE_NOW) / MINUTE) * MINUTE, length });

/**
 * Hours or days at which the axis has a tick, on the clocks of the zone.
 * @param {number} since @param {number} until @param {number} step @param {string} [zone]
 */
export function ticksOf(since, until, step, zone = HERE) {
  const ticks = [];
  const first = since + offset(since, zone);
  for (let at = Math.ceil(first / step) * step; at - offset(since, zone) <= until + DAY; at += step) {
    // A wall time back to its instant; around a change of clocks the second reading is right.
    const guess = at - offset(at, zone);
    const instant = at - offset(guess, zone);
    if (instant >= since && instant <= until)
      ticks.push({ at: instant, isDay: wall(instant, zone).hour === 0 && wall(instant, zone).minute === 0 });
  }
  return ticks;
}

/** @param {{at: number, isDay: boolean}} tick @param {number} step */
export const tickText = ({ at }, step) => (step >= DAY ? "" : clock(at).replace(step >= HOUR ? ":00" : "", ""));

/**
 * The marks and bands of one schedule. Neighbours of one status that would touch each other become a band.
 * @param {ApiLane} schedule @param {number} length of the window
 * @returns {{marks: Mark[], bands: Band[]}}
 */
export function shapesOf(schedule, length) {
  if (schedule.slices) return { marks: [], bands: schedule.slices.flatMap((slice) => bandOf(slice, schedule)) };
  const all = [
    ...schedule.runs.map((run) => ({
      at: Date.parse(run.scheduled_time),
      status: run.status,
      lateness: run.lateness_ms,
      reason: run.reason,
      attempts: run.attempts,
      schedule,
    })),
    ...schedule.occurrences.map((at) => ({ at: Date.parse(at), status: "planned", schedule })),
  ].sort((a, b) => a.at - b.at);
  return joined(all, length * CLOSE);
}

/** @param {Mark[]} marks in order @param {number} close @returns {{marks: Mark[], bands: Band[]}} */
function joined(marks, close) {
  /** @type {Mark[][]} */
  const groups = [];
  for (const mark of marks) {
    const last = groups.at(-1)?.at(-1);
    if (last && last.status === mark.status && mark.at - last.at < close) groups.at(-1)?.push(mark);
    else groups.push([mark]);
  }
  const long = groups.filter((group) => group.length > 2);
  return {
    marks: groups.filter((group) => group.length <= 2).flat(),
    bands: long.map((group) => ({
      from: group[0]?.at ?? 0,
      to: group.at(-1)?.at ?? 0,
      status: group[0]?.status ?? "",
      count: group.length,
      schedule: /** @type {Mark} */ (group[0]).schedule,
    })),
  };
}

/** @param {{since: string, until: string, counts: Record<string, number>}} slice @param {ApiLane} schedule @returns {Band[]} */
function bandOf({ since, until, counts }, schedule) {
  const status = FIRST.find((name) => counts[name]);
  const count = Object.values(counts).reduce((sum, number) => sum + number, 0);
  return status ? [{ from: Date.parse(since), to: Date.parse(until), status, count, counts, schedule }] : [];
}

/**
 * Lanes by schedule, or by resource with the marks of all its schedules.
 * @param {ApiLane[]} schedules @param {number} length @param {boolean} byResource
 * @returns {Lane[]}
 */
export function lanesOf(schedules, length, byResource) {
  /** @type {Map<string, ApiLane[]>} */
  const groups = new Map();
  for (const schedule of schedules) {
    const key =
      byResource && schedule.resource_id ? `resource ${schedule.resource_id}` : `schedule ${schedule.schedule_id}`;
    groups.set(key, [...(groups.get(key) ?? []), schedule]);
  }
  return [...groups].map(([key, of]) => {
    const shapes = of.map((schedule) => shapesOf(schedule, length));
    const [first] = /** @type {[ApiLane]} */ (of);
    const isResource = key.startsWith("resource");
    return {
      key,
      title: isResource ? (first.resource_id ?? "") : (first.name ?? first.schedule_id),
      text: isResource ? `${of.length} schedule${of.length === 1 ? "" : "s"}` : first.description,
      href: isResource ? null : first.schedule_id,
      marks: shapes.flatMap((shape) => shape.marks).sort((a, b) => a.at - b.at),
      bands: shapes.flatMap((shape) => shape.bands),
      isCut: of.some((schedule) => schedule.is_cut),
      schedules: of,
    };
  });
}

/**
 * The hours that daylight saving takes or repeats, for the zones of the lanes. A taken hour has no length on the time
 * axis: it lies between two neighbouring minutes. A repeated hour begins when the clocks go back.
 * @param {string[]} zones @param {number} since @param {number} until
 */
export function changesOf(zones, since, until) {
  /** @type {Map<number, {at: number, by: number, zones: string[]}>} */
  const found = new Map();
  for (const zone of new Set(zones)) {
    for (const { at, by } of transitions(zone, since, until)) {
      const change = found.get(at) ?? { at, by, zones: [] };
      change.zones.push(zone);
      found.set(at, change);
    }
  }
  return [...found.values()].sort((a, b) => a.at - b.at);
}

/**
 * Rows of the table: marks and bands in order, equal ones of a schedule on one day in one row.
 * @param {Lane[]} lanes
 * @returns {{day: string, rows: {at: number, last: number, status: string, count: number, schedule: ApiLane, lateness: number | null, reason: string | null, attempts: number}[]}[]}
 */
export function rowsOf(lanes) {
  const entries = lanes.flatMap(({ marks, bands }) => [
    ...marks.map((mark) => ({
      at: mark.at,
      last: mark.at,
      status: mark.status,
      count: 1,
      schedule: mark.schedule,
      lateness: mark.lateness ?? null,
      reason: mark.reason ?? null,
      attempts: mark.attempts ?? 0,
    })),
    ...bands.flatMap((band) =>
      Object.entries(band.counts ?? { [band.status]: band.count }).map(([status, count]) => ({
        at: band.from,
        last: band.to,
        status,
        count,
        schedule: band.schedule,
        lateness: null,
        reason: null,
        attempts: 0,
      })),
    ),
  ]);
  /** @type {Map<string, Map<string, any>>} */
  const days = new Map();
  for (const entry of entries.filter(({ count }) => count).sort((a, b) => a.at - b.at)) {
    const day = date(entry.at);
    const rows = days.get(day) ?? new Map();
    days.set(day, rows);
    const key = `${entry.schedule.schedule_id} ${entry.status} ${entry.reason}`;
    const row = rows.get(key);
    if (!row) rows.set(key, { ...entry });
    else
      Object.assign(row, {
        last: entry.last,
        count: row.count + entry.count,
        lateness: Math.max(row.lateness ?? 0, entry.lateness ?? 0),
      });
  }
  return [...days].map(([day, rows]) => ({ day, rows: [...rows.values()] }));
}
