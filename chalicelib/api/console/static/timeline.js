/** What the timeline draws: the window, its ticks, and the marks and bands of a lane. Nothing here touches the page. */
import { clock, DAY, date, HERE, HOUR, MINUTE, offset, transitions, wall } from "./time.js";

/** @typedef {import("./types.js").Lane} ApiLane */
/** @typedef {{at: number, status: string, lateness?: number | null, reason?: string | null, attempts?: number, schedule: ApiLane}} Mark */
/** @typedef {{at: number, to: number, status: string, count: number, schedule: ApiLane, counts?: Record<string, number>, marks: Mark[]}} Band from `at` to `to`: slices that the API counted, or marks that would touch each other */
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
      at: group[0]?.at ?? 0,
      to: group.at(-1)?.at ?? 0,
      status: group[0]?.status ?? "",
      count: group.length,
      schedule: /** @type {Mark} */ (group[0]).schedule,
      marks: group,
    })),
  };
}

/** @param {{since: string, until: string, counts: Record<string, number>}} slice @param {ApiLane} schedule @returns {Band[]} */
function bandOf({ since, until, counts }, schedule) {
  const status = FIRST.find((name) => counts[name]);
  const count = Object.values(counts).reduce((sum, number) => sum + number, 0);
  return status ? [{ at: Date.parse(since), to: Date.parse(until), status, count, counts, schedule, marks: [] }] : [];
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

/** What the arrow keys go through: the marks and bands of a lane in order. @param {Lane} lane @returns {(Mark | Band)[]} */
export const stopsOf = ({ marks, bands }) => [...marks, ...bands].sort((a, b) => a.at - b.at);

/** @typedef {{lane: string, schedule: string, at: number}} Selected a mark or band by names that a refresh keeps */

/** @param {Lane} lane @param {Mark | Band} stop @returns {Selected} */
export const selectedOf = (lane, { schedule, at }) => ({ lane: lane.key, schedule: schedule.schedule_id, at });

/**
 * The selected mark or band. With the window its bands move: then the one that covers the time.
 * @param {Lane} lane @param {Selected} selected
 */
export function stopAt(lane, { schedule, at }) {
  const own = stopsOf(lane).filter((stop) => stop.schedule.schedule_id === schedule);
  return own.find((stop) => stop.at === at) ?? own.find((stop) => "to" in stop && stop.at <= at && at <= stop.to);
}

/**
 * The lane and the mark or band that an arrow key leads to: from nothing to the first one. Null: another key.
 * @param {Lane[]} lanes @param {number} lane of `from`, or -1 @param {Mark | Band | undefined} from @param {string} key
 * @returns {Selected | null}
 */
export function stepped(lanes, lane, from, key) {
  if (!/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key) || lanes.length === 0) return null;
  const row = from ? Math.min(Math.max(lane + ({ ArrowDown: 1, ArrowUp: -1 }[key] ?? 0), 0), lanes.length - 1) : 0;
  const chosen = /** @type {Lane} */ (lanes[row]);
  const stops = stopsOf(chosen);
  let index = 0;
  if (from) {
    const at = row === lane ? stops.findIndex((stop) => isSame(stop, from)) : nearest(stops, from.at);
    index = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: stops.length - 1 }[key] ?? at;
  }
  const stop = stops[Math.min(Math.max(index, 0), stops.length - 1)];
  return stop ? selectedOf(chosen, stop) : { lane: chosen.key, schedule: "", at: 0 };
}

/** @param {Mark | Band} one @param {Mark | Band} other */
const isSame = (one, other) => one.at === other.at && one.schedule.schedule_id === other.schedule.schedule_id;

/** @param {(Mark | Band)[]} stops @param {number} at */
function nearest(stops, at) {
  const distances = stops.map((stop) => Math.abs(stop.at - at));
  return distances.indexOf(Math.min(...distances));
}

/** How many of each status. @param {Band} band @returns {[string, number][]} */
export const kindsOf = (band) =>
  Object.entries(band.counts ?? { [band.status]: band.count }).filter(([, number]) => number);

/**
 * @typedef {{at: number, last: number, status: string, count: number, schedule: ApiLane, lateness: number | null, reason: string | null}} Row
 */

/**
 * Rows of the table: runs and occurrences in order, equal ones of a schedule on one day in one row with their longest
 * lateness (null: none of them has begun). What a slice counts as planned lies after now.
 * @param {Lane[]} lanes @param {number} now
 * @returns {{day: string, rows: Row[]}[]}
 */
export function rowsOf(lanes, now) {
  const entries = lanes.flatMap(({ marks, bands }) => [
    ...[...marks, ...bands.flatMap((band) => band.marks)].map(rowOf),
    ...bands.filter((band) => band.counts).flatMap((band) => countedRows(band, now)),
  ]);
  /** @type {Map<string, Map<string, Row>>} */
  const days = new Map();
  for (const entry of entries.sort((a, b) => a.at - b.at)) {
    const day = date(entry.at);
    const rows = days.get(day) ?? new Map();
    days.set(day, rows);
    const key = `${entry.schedule.schedule_id} ${entry.status} ${entry.reason}`;
    const row = rows.get(key);
    rows.set(key, row ? joinedRow(row, entry) : entry);
  }
  return [...days].map(([day, rows]) => ({ day, rows: [...rows.values()] }));
}

/** @param {Mark} mark @returns {Row} */
const rowOf = ({ at, status, schedule, lateness = null, reason = null }) => ({
  ...{ at, last: at, status, count: 1, schedule, lateness, reason },
});

/** @param {Band} band @param {number} now @returns {Row[]} */
const countedRows = (band, now) =>
  kindsOf(band).map(([status, count]) => ({
    at: status === "planned" ? Math.max(band.at, now) : band.at,
    last: status === "planned" ? band.to : Math.min(band.to, Math.max(now, band.at)),
    ...{ status, count, schedule: band.schedule, lateness: null, reason: null },
  }));

/** @param {Row} row @param {Row} next @returns {Row} */
const joinedRow = (row, next) => ({
  ...row,
  last: Math.max(row.last, next.last),
  count: row.count + next.count,
  lateness: row.lateness === null ? next.lateness : Math.max(row.lateness, next.lateness ?? 0),
});

/**
 * Where the text of a change of clocks is anchored, so that the flag of now does not cover it.
 * @param {number} at @param {number} now @param {number} length of the window, all in milliseconds
 * @returns {"start" | "middle" | "end"}
 */
export function anchorBeside(at, now, length) {
  if (Math.abs(at - now) > length * 0.08) return "middle";
  return at > now ? "start" : "end";
}
