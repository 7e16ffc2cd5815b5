/** From a wall time that somebody typed to an instant. */
import { HOUR, offset, wall } from "./time.js";

/**
 * The instant of a wall time such as `2027-03-28T02:30` in a zone: the first one if it occurs twice, and an error if
 * daylight saving skips it.
 * @param {string} text of `<input type="datetime-local">` @param {string} zone
 * @returns {{instant: number, error: null} | {instant: null, error: string}}
 */
export function instantOf(text, zone) {
  const utc = Date.parse(`${text}Z`);
  if (Number.isNaN(utc)) return { instant: null, error: "is not a date and time" };
  // Clocks change by hours at most, so the offset a day before or after is the one before or after the change.
  const candidates = [utc - offset(utc - 24 * HOUR, zone), utc - offset(utc + 24 * HOUR, zone)];
  const fitting = candidates.filter((instant) => asUtc(instant, zone) === utc);
  if (fitting.length === 0) return { instant: null, error: `does not exist in ${zone}: clocks go forward over it` };
  return { instant: Math.min(...fitting), error: null };
}

/** @param {number} instant @param {string} zone */
function asUtc(instant, zone) {
  const { year, month, day, hour, minute, second } = wall(instant, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
