/**
 * Times as the console shows them: instants in milliseconds, walls in a time zone, and lengths of time.
 *
 * "Now" is the API's clock, not the browser's: the two can differ, and the local cloud's clock can be advanced.
 */
import { computed, signal } from "./libs.js";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Chromium reports these zones by their earlier names. */
const RENAMED = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
};

/** The name of a zone that its people use today. @param {string} zone */
export const renamed = (zone) => /** @type {Record<string, string>} */ (RENAMED)[zone] ?? zone;

/** The reader's time zone, such as `Europe/Berlin`. */
export const HERE = renamed(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

/** Milliseconds by which the API's clock is ahead of the browser's. */
export const ahead = signal(0);

/** The API's time in milliseconds. Changes every second, so views that read it count down. */
export const now = signal(Date.now());

/** The API's time, at the beginning of its minute. Changes once a minute. */
export const thisMinute = computed(() => Math.floor(now.value / MINUTE) * MINUTE);

/** Sets `now` by the browser's clock and what is known of the API's. */
export function tick() {
  now.value = Date.now() + ahead.peek();
}

/**
 * Learns the API's clock from an answer. `Date` headers have whole seconds, so small differences mean nothing.
 * @param {string | null} date the header
 * @param {number} asked browser's time of the request, in milliseconds
 * @param {number} answered browser's time of the answer, in milliseconds
 */
export function learnClock(date, asked, answered) {
  const told = date ? Date.parse(date) : NaN;
  if (Number.isNaN(told)) return;
  const found = told + SECOND / 2 - (asked + answered) / 2;
  if (Math.abs(found - ahead.peek()) <= 1.5 * SECOND) return;
  ahead.value = Math.abs(found) <= 1.5 * SECOND ? 0 : found;
  tick();
}

/**
 * @typedef {{year: number, month: number, day: number, hour: number, minute: number, second: number}} Wall
 */

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} zone */
function formatOf(zone) {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      ...{ timeZone: zone, hourCycle: "h23", calendar: "gregory", numberingSystem: "latn" },
      ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
    });
    formats.set(zone, format);
  }
  return format;
}

/**
 * Whether this browser knows the time zone. Browsers and the API can have different editions of the tz database.
 * @param {string} zone
 */
export function isZone(zone) {
  try {
    return Boolean(formatOf(zone));
  } catch {
    return false;
  }
}

/**
 * The wall time of an instant in a zone. A zone that the browser does not know is read as UTC.
 * @param {number} instant @param {string} zone
 * @returns {Wall}
 */
export function wall(instant, zone) {
  /** @type {Record<string, number>} */
  const found = {};
  for (const { type, value } of formatOf(isZone(zone) ? zone : "UTC").formatToParts(instant))
    found[type] = Number(value);
  return /** @type {any} */ (found);
}

/** Milliseconds that the zone is ahead of UTC at an instant. @param {number} instant @param {string} zone */
export function offset(instant, zone) {
  const { year, month, day, hour, minute, second } = wall(instant, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / SECOND) * SECOND;
}

/**
 * The instants at which a zone's clocks change, with the change in milliseconds (positive: forward).
 * @param {string} zone @param {number} since @param {number} until both in milliseconds
 * @returns {{at: number, by: number}[]}
 */
export function transitions(zone, since, until) {
  const found = [];
  for (let begin = since; begin < until; begin += 7 * DAY) {
    let [low, high] = [begin, Math.min(begin + 7 * DAY, until)];
    const before = offset(low, zone);
    const by = offset(high, zone) - before;
    if (by === 0) continue;
    while (high - low > SECOND) {
      const middle = Math.floor((low + high) / 2 / SECOND) * SECOND;
      if (offset(middle, zone) === before) low = middle;
      else high = middle;
    }
    found.push({ at: Math.ceil(high / SECOND) * SECOND, by });
  }
  return found;
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

/** The number of a wall time's day, so that days can be compared. @param {Wall} at */
const dayNumber = (at) => Date.UTC(at.year, at.month - 1, at.day) / DAY;

/**
 * `08:45`, or `08:45:30` with seconds.
 * @param {number} instant @param {string} [zone] @param {boolean} [seconds]
 */
export function clock(instant, zone = HERE, seconds = false) {
  const at = wall(instant, zone);
  return `${two(at.hour)}:${two(at.minute)}${seconds ? `:${two(at.second)}` : ""}`;
}

/**
 * `Fri 26 Mar`, with the year if it is not the current one.
 * @param {number} instant @param {string} [zone]
 */
export function date(instant, zone = HERE) {
  const [at, today] = [wall(instant, zone), wall(thisMinute.value, zone)];
  const weekday = WEEKDAYS[(dayNumber(at) + 4) % 7];
  return `${weekday} ${at.day} ${MONTHS[at.month - 1]}${at.year === today.year ? "" : ` ${at.year}`}`;
}

/**
 * `Today`, `Tomorrow`, `Yesterday`, a weekday within six days, else the date.
 * @param {number} instant @param {string} [zone]
 */
export function day(instant, zone = HERE) {
  const days = dayNumber(wall(instant, zone)) - dayNumber(wall(thisMinute.value, zone));
  if (days === 0) return "Today";
  if (days === 1) return "Tomorrow";
  if (days === -1) return "Yesterday";
  return Math.abs(days) <= 6 ? WEEKDAYS[(dayNumber(wall(instant, zone)) + 4) % 7] : date(instant, zone);
}

/** What the clocks would show without their change `by` at this instant. @param {number} at @param {number} by @param {string} zone */
export const clockBefore = (at, by, zone) => clock(at + offset(at, zone) - by, "UTC");

/** `Today 08:45`. @param {number} instant @param {string} [zone] */
export const dayAndClock = (instant, zone = HERE) => `${day(instant, zone)} ${clock(instant, zone)}`;

/** `2027-03-26 08:45:12`, for tooltips. @param {number} instant @param {string} [zone] */
export function exact(instant, zone = HERE) {
  const at = wall(instant, zone);
  return `${at.year}-${two(at.month)}-${two(at.day)} ${clock(instant, zone, true)} ${zone}`;
}

/** `Berlin` of `Europe/Berlin`. @param {string} zone */
export const city = (zone) => (zone.split("/").pop() ?? zone).replaceAll("_", " ");

/**
 * A length of time in two units at most: `0.4 s`, `3 min 48 s`, `1 h 18 min`, `2 d 22 h`.
 * @param {number} length in milliseconds
 */
export function duration(length) {
  const ms = Math.abs(length);
  if (ms < 10 * SECOND) return `${Number((ms / SECOND).toFixed(1))} s`;
  const units = /** @type {const} */ ([
    ["d", DAY],
    ["h", HOUR],
    ["min", MINUTE],
    ["s", SECOND],
  ]);
  const first = units.findIndex(([, size]) => ms >= size);
  const [[unit, size], next] = [units[first], units[first + 1]];
  const whole = Math.floor(ms / size);
  const rest = next ? Math.floor((ms - whole * size) / next[1]) : 0;
  return next && rest ? `${whole} ${unit} ${rest} ${next[0]}` : `${whole} ${unit}`;
}

/**
 * `in 18 min`, `3 min 48 s ago`. Seconds are shown within five minutes only.
 * @param {number} instant @param {number} [from] the current time by default
 */
export function relative(instant, from = now.value) {
  const length = instant - from;
  const size = Math.abs(length);
  const shown = size < 5 * MINUTE ? Math.round(size / SECOND) * SECOND : Math.round(size / MINUTE) * MINUTE;
  if (shown < SECOND) return "now";
  const text = shown < MINUTE ? `${shown / SECOND} s` : duration(shown);
  return length > 0 ? `in ${text}` : `${text} ago`;
}

/** Whether an instant is within the next five minutes, which the console marks yellow. @param {number} instant */
export const isNow = (instant) => instant - now.value < 5 * MINUTE && instant - now.value > -MINUTE;
