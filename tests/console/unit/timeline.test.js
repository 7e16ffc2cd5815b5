import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../chalicelib/api/console/static/time.js";
import {
  anchorBeside,
  changesOf,
  lanesOf,
  rowsOf,
  selectedOf,
  shapesOf,
  stepped,
  stopAt,
  stopsOf,
  ticksOf,
} from "../../../chalicelib/api/console/static/timeline.js";

/** @typedef {import("../../../chalicelib/api/console/static/types.js").Lane} Lane */

const BERLIN = "Europe/Berlin";
const at = (/** @type {string} */ text) => Date.parse(text);
const iso = (/** @type {number} */ instant) => new Date(instant).toISOString();

/** @param {Partial<Lane>} [given] @returns {Lane} */
const lane = (given = {}) => ({
  schedule_id: "digest",
  name: "Digest",
  resource_id: null,
  status: "active",
  timezone: BERLIN,
  description: "At 09:00 every day, Europe/Berlin",
  runs: [],
  occurrences: [],
  slices: null,
  is_cut: false,
  ...given,
});

const run = (/** @type {number} */ instant, status = "succeeded") => ({
  run_id: iso(instant),
  scheduled_time: iso(instant),
  status,
  lateness_ms: 100,
  attempts: 1,
  reason: null,
});

test("ticks stand on the zone's full hours, also on the day of the change", () => {
  const ticks = ticksOf(at("2027-03-27T23:00:00Z"), at("2027-03-28T22:00:00Z"), 6 * HOUR, BERLIN);

  assert.deepEqual(
    ticks.map((tick) => iso(tick.at).slice(5, 16)),
    ["03-27T23:00", "03-28T04:00", "03-28T10:00", "03-28T16:00", "03-28T22:00"],
  );
  assert.deepEqual(
    ticks.map(({ isDay }) => isDay),
    [true, false, false, false, true],
  );
});

test("a window of an hour has ticks of ten minutes", () => {
  assert.equal(
    ticksOf(at("2027-03-26T07:00:00Z"), at("2027-03-26T08:00:00Z"), 10 * MINUTE, "Asia/Kathmandu").length,
    6,
  );
});

test("marks that would touch become a band, another status keeps its mark", () => {
  const begin = at("2027-03-26T00:00:00Z");
  const runs = Array.from({ length: 10 }, (_, index) =>
    run(begin + index * 5 * MINUTE, index === 5 ? "failed" : "succeeded"),
  );

  const { marks, bands } = shapesOf(lane({ runs, occurrences: [iso(begin + 20 * HOUR)] }), DAY);

  assert.deepEqual(
    bands.map(({ status, count }) => [status, count]),
    [
      ["succeeded", 5],
      ["succeeded", 4],
    ],
  );
  assert.deepEqual(
    marks.map(({ status }) => status),
    ["failed", "planned"],
  );
});

test("nothing is lost between marks and bands", () => {
  const begin = at("2027-03-26T00:00:00Z");
  for (const length of [HOUR, DAY, 31 * DAY]) {
    const runs = Array.from({ length: 150 }, (_, index) =>
      run(begin + index * index * MINUTE, ["succeeded", "failed", "skipped"][index % 7 === 0 ? 1 : 0]),
    );
    const { marks, bands } = shapesOf(lane({ runs }), length);
    assert.equal(marks.length + bands.reduce((sum, band) => sum + band.count, 0), 150);
  }
});

test("a slice shows the status that asks for somebody", () => {
  const slices = /** @type {NonNullable<Lane["slices"]>} */ ([
    { since: "2027-03-26T00:00:00Z", until: "2027-03-26T01:00:00Z", counts: { succeeded: 59, failed: 1 } },
    { since: "2027-03-26T01:00:00Z", until: "2027-03-26T02:00:00Z", counts: {} },
    { since: "2027-03-26T02:00:00Z", until: "2027-03-26T03:00:00Z", counts: { planned: 60 } },
  ]);

  const { bands } = shapesOf(lane({ slices }), DAY);

  assert.deepEqual(
    bands.map(({ status, count }) => [status, count]),
    [
      ["failed", 60],
      ["planned", 60],
    ],
  );
});

test("lanes by resource join the schedules of a resource, and keep those without one", () => {
  const lanes = lanesOf(
    [
      lane({ schedule_id: "a", resource_id: "erp" }),
      lane({ schedule_id: "b" }),
      lane({ schedule_id: "c", resource_id: "erp" }),
    ],
    DAY,
    true,
  );

  assert.deepEqual(
    lanes.map(({ title, schedules }) => [title, schedules.length]),
    [
      ["erp", 2],
      ["Digest", 1],
    ],
  );
});

test("a change of clocks names all zones that have it", () => {
  const changes = changesOf(
    [BERLIN, "Europe/Paris", "UTC", BERLIN],
    at("2027-03-20T00:00:00Z"),
    at("2027-04-01T00:00:00Z"),
  );

  assert.deepEqual(changes, [{ at: at("2027-03-28T01:00:00Z"), by: HOUR, zones: [BERLIN, "Europe/Paris"] }]);
});

test("the table has equal entries of a day in one row, with their number", () => {
  const begin = at("2027-03-26T06:00:00Z");
  const runs = [run(begin), run(begin + 3 * HOUR), run(begin + 6 * HOUR, "failed"), run(begin + 2 * DAY)];

  const days = rowsOf(lanesOf([lane({ runs })], 3 * DAY, false), begin);

  assert.deepEqual(
    days.map(({ rows }) => rows.map(({ status, count }) => [status, count])),
    [
      [
        ["succeeded", 2],
        ["failed", 1],
      ],
      [["succeeded", 1]],
    ],
  );
});

test("the table has the longest lateness of a row, and none if no run has begun", () => {
  const begin = at("2027-03-26T06:00:00Z");
  const runs = [
    { ...run(begin, "missed"), lateness_ms: null },
    { ...run(begin + MINUTE, "missed"), lateness_ms: null },
    ...[0, 1, 2].map((index) => ({ ...run(begin + 3 * HOUR + index * MINUTE), lateness_ms: 100 + index })),
    { ...run(begin + 9 * HOUR), lateness_ms: 50 },
  ];

  const [day] = rowsOf(lanesOf([lane({ runs })], DAY, false), begin);

  assert.deepEqual(
    day?.rows.map(({ status, count, lateness }) => [status, count, lateness]),
    [
      ["missed", 2, null],
      ["succeeded", 4, 102],
    ],
  );
});

test("runs of one bar that failed for two reasons are two rows of the table", () => {
  const begin = at("2027-03-26T06:00:00Z");
  const runs = ["503", "503", "410"].map((reason, index) => ({ ...run(begin + index * MINUTE, "failed"), reason }));

  const [day] = rowsOf(lanesOf([lane({ runs })], DAY, false), begin);

  assert.deepEqual(
    day?.rows.map(({ reason, count }) => [reason, count]),
    [
      ["503", 2],
      ["410", 1],
    ],
  );
});

test("what a slice around now plans lies after now in the table, and what it did before", () => {
  const slices = [
    { since: "2027-03-26T06:00:00Z", until: "2027-03-26T12:00:00Z", counts: { succeeded: 10, planned: 8 } },
  ];

  const [day] = rowsOf(lanesOf([lane({ slices })], DAY, false), at("2027-03-26T09:00:00Z"));

  assert.deepEqual(
    day?.rows.map((row) => [row.status, row.count, iso(row.at).slice(11, 16), iso(row.last).slice(11, 16)]),
    [
      ["succeeded", 10, "06:00", "09:00"],
      ["planned", 8, "09:00", "12:00"],
    ],
  );
});

test("arrow keys reach marks and bands, and go to the nearest one of the next lane", () => {
  const begin = at("2027-03-26T06:00:00Z");
  const runs = [run(begin, "failed"), ...[60, 61, 62].map((minute) => run(begin + minute * MINUTE))];
  const lanes = lanesOf(
    [
      lane({ schedule_id: "a", runs, occurrences: [iso(begin + 6 * HOUR)] }),
      lane({ schedule_id: "b", occurrences: [iso(begin), iso(begin + 5 * HOUR)] }),
      lane({ schedule_id: "none" }),
    ],
    DAY,
    false,
  );
  /** @type {import("../../../chalicelib/api/console/static/timeline.js").Selected} */
  let place = { lane: "", schedule: "", at: 0 };
  const press = (/** @type {string} */ key) => {
    const index = lanes.findIndex((one) => one.key === place.lane);
    place = stepped(lanes, index, lanes[index] && stopAt(lanes[index], place), key) ?? place;
    const lane = lanes.find((one) => one.key === place.lane);
    const found = lane && stopAt(lane, place);
    return found && `${found.schedule.schedule_id} ${found.status} ${iso(found.at).slice(11, 16)}`;
  };

  assert.deepEqual(
    ["x", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Home", "End", "ArrowDown"].map(press),
    [
      undefined,
      "a failed 06:00",
      "a succeeded 07:00",
      "a planned 12:00",
      "a planned 12:00",
      "a failed 06:00",
      "a planned 12:00",
      "b planned 11:00",
    ],
  );
  assert.equal(press("ArrowDown"), undefined);
});

test("a selected mark and a selected slice are found again when a refresh moves the window", () => {
  const begin = at("2027-03-26T06:00:00Z");
  const slicesFrom = (/** @type {number} */ since) =>
    [0, 1].map((index) => ({
      since: iso(since + index * HOUR),
      until: iso(since + (index + 1) * HOUR),
      counts: { planned: 60 },
    }));
  for (const [before, after, time] of /** @type {[Partial<Lane>, Partial<Lane>, string][]} */ ([
    [{ runs: [run(begin), run(begin + 9 * HOUR)] }, { runs: [run(begin + 9 * HOUR)] }, "15:00"],
    [{ slices: slicesFrom(begin) }, { slices: slicesFrom(begin + MINUTE) }, "06:01"],
  ])) {
    const [old, fresh] = [before, after].map((given) => lanesOf([lane(given)], DAY, false)[0]);
    const stop = old && stopsOf(old).at(-1);
    assert.ok(old && fresh && stop);
    assert.equal(iso(stopAt(fresh, selectedOf(old, stop))?.at ?? 0).slice(11, 16), time);
  }
});

test("the text of a change of clocks beside now is on the far side of the flag", () => {
  assert.equal(anchorBeside(0, 50, 100), "middle");
  assert.equal(anchorBeside(48, 50, 100), "end");
  assert.equal(anchorBeside(52, 50, 100), "start");
});
