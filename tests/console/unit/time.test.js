import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clock,
  clockBefore,
  DAY,
  date,
  day,
  duration,
  HOUR,
  learnClock,
  MINUTE,
  now,
  offset,
  relative,
  renamed,
  SECOND,
  transitions,
} from "../../../chalicelib/api/console/static/time.js";
import { instantOf } from "../../../chalicelib/api/console/static/walls.js";

const BERLIN = "Europe/Berlin";
const at = (/** @type {string} */ text) => Date.parse(text);

/** @param {string} text an instant */
function standAt(text) {
  now.value = at(text);
}

test("a length of time has two units at most", () => {
  const cases = /** @type {[number, string][]} */ ([
    [400, "0.4 s"],
    [9960, "10 s"],
    [59 * SECOND, "59 s"],
    [228 * SECOND, "3 min 48 s"],
    [HOUR, "1 h"],
    [78 * MINUTE, "1 h 18 min"],
    [2 * DAY + 22 * HOUR + 59 * MINUTE, "2 d 22 h"],
    [400 * DAY, "400 d"],
  ]);
  for (const [length, text] of cases) assert.equal(duration(length), text);
});

test("a relative time has seconds within five minutes only", () => {
  const from = at("2027-03-26T07:41:12Z");
  const cases = /** @type {[number, string][]} */ ([
    [0, "now"],
    [SECOND, "in 1 s"],
    [-59 * SECOND, "59 s ago"],
    [228 * SECOND, "in 3 min 48 s"],
    [-3 * MINUTE, "3 min ago"],
    [18 * MINUTE + 10 * SECOND, "in 18 min"],
    [59 * MINUTE + 40 * SECOND, "in 1 h"],
    [-25 * HOUR, "1 d 1 h ago"],
  ]);
  for (const [ahead, text] of cases) assert.equal(relative(from + ahead, from), text);
});

test("days are named from the reader's day, on the zone's calendar", () => {
  standAt("2027-03-26T22:30:00Z"); // 23:30 in Berlin, Saturday in Sydney
  assert.equal(day(at("2027-03-26T22:59:00Z"), BERLIN), "Today");
  assert.equal(day(at("2027-03-26T23:00:00Z"), BERLIN), "Tomorrow");
  assert.equal(day(at("2027-03-26T23:00:00Z"), "Australia/Sydney"), "Today");
  assert.equal(day(at("2027-03-25T23:30:00Z"), BERLIN), "Today");
  assert.equal(day(at("2027-03-25T22:30:00Z"), BERLIN), "Yesterday");
  assert.equal(day(at("2027-03-29T09:00:00Z"), BERLIN), "Mon");
  assert.equal(day(at("2027-04-02T09:00:00Z"), BERLIN), "Fri 2 Apr");
  assert.equal(date(at("2028-01-01T00:00:00Z"), BERLIN), "Sat 1 Jan 2028");
});

test("the change of clocks in spring and autumn", () => {
  const found = transitions(BERLIN, at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
  assert.deepEqual(found, [
    { at: at("2027-03-28T01:00:00Z"), by: HOUR },
    { at: at("2027-10-31T01:00:00Z"), by: -HOUR },
  ]);
  assert.equal(clock(at("2027-03-28T01:00:00Z"), BERLIN), "03:00");
  assert.equal(clockBefore(at("2027-03-28T01:00:00Z"), HOUR, BERLIN), "02:00");
});

test("changes of half an hour, at midnight, and none", () => {
  const year = /** @type {const} */ ([at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")]);
  assert.deepEqual(
    transitions("Australia/Lord_Howe", ...year).map(({ by }) => by),
    [-HOUR / 2, HOUR / 2],
  );
  assert.deepEqual(
    transitions("Africa/Cairo", ...year).map((change) => clock(change.at, "Africa/Cairo")),
    ["01:00", "23:00"],
  );
  assert.deepEqual(transitions("Asia/Kolkata", ...year), []);
  assert.deepEqual(transitions("UTC", ...year), []);
});

test("an unknown zone is shown as UTC", () => {
  assert.equal(clock(at("2027-03-26T07:41:00Z"), "Mars/Olympus"), "07:41");
  assert.equal(offset(at("2027-03-26T07:41:00Z"), "Asia/Kathmandu"), 5 * HOUR + 45 * MINUTE);
});

test("a wall time that daylight saving skips is refused, a repeated one is the first", () => {
  assert.equal(instantOf("2027-03-26T09:00", BERLIN).instant, at("2027-03-26T08:00:00Z"));
  assert.match(instantOf("2027-03-28T02:30", BERLIN).error ?? "", /does not exist/);
  assert.equal(instantOf("2027-03-28T03:00", BERLIN).instant, at("2027-03-28T01:00:00Z"));
  assert.equal(instantOf("2027-10-31T02:30", BERLIN).instant, at("2027-10-31T00:30:00Z"));
  assert.match(instantOf("tomorrow", BERLIN).error ?? "", /not a date/);
});

test("now is the API's clock, when it differs by more than its resolution", () => {
  const real = Date.now();
  learnClock(new Date(real + 40 * DAY).toUTCString(), real, real);
  assert.ok(Math.abs(now.value - (Date.now() + 40 * DAY)) < 2 * SECOND);

  learnClock(new Date(real).toUTCString(), real, real);
  assert.ok(Math.abs(now.value - Date.now()) < SECOND);

  const before = now.value;
  learnClock("not a date", real, real);
  learnClock(null, real, real);
  assert.equal(now.value, before);
});

test("a zone that the browser reports by an earlier name has the one of today", () => {
  assert.equal(renamed("Asia/Calcutta"), "Asia/Kolkata");
  assert.equal(renamed(BERLIN), BERLIN);
});
