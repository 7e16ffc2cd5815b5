import assert from "node:assert/strict";
import { test } from "node:test";
import { byError, figures, grouped } from "../../../chalicelib/api/console/static/runs.js";

/** @typedef {import("../../../chalicelib/api/console/static/types.js").Run} Run */

let number = 0;

/** @param {Partial<Run>} [given] @returns {Run} */
const run = (given = {}) => ({
  run_id: `run-${++number}`,
  schedule_id: "digest",
  resource_id: null,
  action_type: "email",
  scheduled_time: "2027-03-26T07:41:00Z",
  status: "succeeded",
  reason: null,
  lateness_ms: 400,
  next_attempt_at: null,
  possibly_repeated: false,
  unforeseen: false,
  attempts: [{ started_at: "2027-03-26T07:41:00.400Z", ended_at: "2027-03-26T07:41:00.900Z", error: null }],
  ...given,
});

test("three plain successes in a row are one line, two are not", () => {
  const failed = run({ status: "failed" });
  const runs = [run(), run(), failed, run(), run(), run(), run()];

  assert.deepEqual(
    grouped(runs).map((group) => group.length),
    [1, 1, 1, 4],
  );
  assert.deepEqual(grouped(runs).flat(), runs);
});

test("a success that was late, repeated, unforeseen or explained is not folded", () => {
  const [attempt] = run().attempts;
  const notable = [
    { lateness_ms: 60_000 },
    { attempts: [attempt, attempt] },
    { unforeseen: true },
    { reason: "queued by hand" },
  ];
  for (const given of notable) {
    const groups = grouped([run(), run(), run(), run(/** @type {Partial<Run>} */ (given)), run(), run(), run()]);
    assert.deepEqual(
      groups.map((group) => group.length),
      [3, 1, 3],
    );
  }
});

test("failed runs by error, the largest group first", () => {
  const attempt = { started_at: "", ended_at: "", error: "webhook: 503" };
  const runs = [
    run({ reason: "SES" }),
    run({ attempts: [attempt] }),
    run({ reason: "webhook: 503" }),
    run({ reason: null, attempts: [] }),
  ];

  assert.deepEqual(
    byError(runs).map(({ error, runs: of }) => [error, of.length]),
    [
      ["webhook: 503", 2],
      ["SES", 1],
      ["without a reason", 1],
    ],
  );
});

test("the figures leave out runs that never started", () => {
  const late = [100, 200, 300, 400, 61_000].map((lateness_ms) => run({ lateness_ms }));

  assert.deepEqual(figures([...late, run({ lateness_ms: null, status: "missed" })]), {
    started: 5,
    median: 300,
    p95: 61_000,
    beyond: 1,
  });
  assert.deepEqual(figures([]), { started: 0, median: 0, p95: 0, beyond: 0 });
});
