import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asForm,
  bodyOf,
  differences,
  draftOf,
  emptyDraft,
  lineOf,
  NotJson,
  timingOf,
} from "../../../chalicelib/api/console/static/draft.js";

const EMAIL = { type: "email", to: ["a@example.com"], subject: "Hello", text: "It is time." };

test("a body survives the form unchanged", () => {
  const bodies = [
    { timing: { at: "2027-03-01T09:00:00", timezone: "Europe/Berlin" }, action: EMAIL },
    { timing: { at: "2027-03-01T08:00:00Z" }, action: EMAIL },
    { timing: { at: "2027-03-01T08:00:00+01:00" }, action: EMAIL },
    { timing: { after: "PT10M" }, action: EMAIL, name: "Ten minutes" },
    {
      timing: { after: "P2D" },
      action: { type: "webhook", url: "https://example.com", body: { list: [1, null, "a, b"] } },
    },
    { timing: { after: "P3W" }, action: { type: "sms", to: "+4915112345678", text: "Two\nlines" } },
    {
      timing: { rate: "15 minutes", start_at: "2027-03-01T00:00:00Z" },
      action: { type: "event", detail_type: "a", detail: { b: 1 } },
    },
    { timing: { rate: "1 day" }, action: { type: "report", to: ["a@example.com", "b@example.com"], period: "month" } },
    {
      timing: { cron: "0 9 ? * MON-FRI *", timezone: "America/New_York", end_at: "2027-12-31T23:59:00Z" },
      action: { type: "invoice.remind", data: { invoice: 42 } },
      resource_id: "contract-42",
      retry: { max_retries: 0, backoff_seconds: 120 },
      delivery: { max_retries: 3 },
      on_missed: "skip",
      max_runs: 3,
      exclusions: ["2027-12-24", "2027-12-25"],
      metadata: { plan: "pro" },
      user_id: "bob",
    },
    { timing: { after: "PT10M" }, action: { ...EMAIL, placeholders: false } },
  ];
  for (const body of bodies) assert.deepEqual(bodyOf(draftOf(body)), body);
});

test("a schedule as the API shows it becomes a body without empty fields", () => {
  const shown = {
    timing: { rate: "5 minutes" },
    action: { ...EMAIL, html: null, cc: [], placeholders: true },
    name: null,
    metadata: {},
    exclusions: [],
    max_runs: null,
  };

  assert.deepEqual(bodyOf(draftOf(shown)), { timing: { rate: "5 minutes" }, action: { ...EMAIL, placeholders: true } });
});

test("what is not JSON is told with its field", () => {
  const draft = { ...emptyDraft(), type: "webhook", fields: { url: "https://example.com", body: "{a" } };

  assert.throws(
    () => bodyOf(draft),
    (error) => error instanceof NotJson && error.field === "action.body",
  );
});

test("numbers that are none are left for the API to refuse", () => {
  const draft = { ...emptyDraft(), options: { max_runs: "many", "retry.max_retries": " 5 " } };

  const body = bodyOf(draft);

  assert.equal(body.max_runs, "many");
  assert.deepEqual(body.retry, { max_retries: 5 });
});

test("one minute is not one minutes", () => {
  const { timing } = emptyDraft();

  assert.deepEqual(timingOf({ ...timing, kind: "rate", rate: "1", rateUnit: "minutes" }), { rate: "1 minute" });
  assert.deepEqual(timingOf({ ...timing, kind: "after", after: "2", afterUnit: "weeks" }), { after: "P2W" });
});

test("the line of a field in the JSON", () => {
  const text = JSON.stringify({ name: "to", timing: { cron: "x" }, action: { type: "email", to: ["a"] } }, null, 2);

  assert.equal(lineOf(text, "timing.cron"), "Line 4, ");
  assert.equal(lineOf(text, "action.to.0"), "Line 8, ");
  assert.equal(lineOf(text, "resource_id"), "");
});

test("a body that the form would change says where, and stays JSON", () => {
  const timing = { rate: "5 minutes" };
  const bodies = /** @type {[any, string[]][]} */ ([
    [{ timing, action: EMAIL }, []],
    [{ timing, action: { ...EMAIL, html: null, cc: [] }, metadata: {}, exclusions: [], max_runs: null }, []],
    [{ timing: { after: "PT1H30M" }, action: EMAIL }, ["timing.after"]],
    [{}, ["timing", "action"]],
    [{ timing: { cron: "0 9 * * ? *", timezone: "UTC", jitter: 5 }, action: EMAIL }, ["timing.jitter"]],
    [{ timing, action: { ...EMAIL, to: ['"Doe, John" <john@example.com>'] } }, ["action.to"]],
    [{ timing, action: EMAIL, retry: { max_retries: 1, jitter: true } }, ["retry.jitter"]],
    [{ timing, action: EMAIL, max_runs: "3" }, ["max_runs"]],
  ]);
  for (const [body, changed] of bodies) assert.deepEqual(asForm(body).changed, changed);
});

test("a value of another type has no form", () => {
  for (const wrong of [
    { timing: 5, action: EMAIL },
    { timing: null, action: EMAIL },
    { timing: {}, action: null },
  ])
    assert.equal(asForm(wrong).draft, null);
});

test("an empty object is a value of its own: a webhook with the body {} keeps it", () => {
  const body = { timing: { rate: "5 minutes" }, action: { type: "webhook", url: "https://example.com", body: {} } };

  assert.deepEqual(bodyOf(draftOf(body)), body);
});

test("two bodies differ where the API would see a difference", () => {
  const before = { timing: { rate: "5 minutes" }, metadata: {}, exclusions: [], action: { to: ["a"], body: {} } };

  assert.deepEqual(differences(before, { action: { body: {}, to: ["a"] }, timing: { rate: "5 minutes" } }), []);
  assert.deepEqual(differences(before, { ...before, action: { to: ["a"] } }), ["action.body"]);
});

test("a null or an empty list in the JSON that a user writes is a value", () => {
  /** @param {unknown} body @param {Record<string, any>} [metadata] */
  const webhook = (body, metadata = {}) => ({ action: { type: "webhook", cc: [], body }, metadata });

  assert.deepEqual(differences(webhook({ list: [] }), webhook({})), ["action.body.list"]);
  assert.deepEqual(differences(webhook({ note: null }), webhook({})), ["action.body.note"]);
  assert.deepEqual(differences(webhook([]), webhook(null)), ["action.body"]);
  assert.deepEqual(differences(webhook(1, { plan: null }), webhook(1)), ["metadata.plan"]);
  assert.deepEqual(differences(webhook(null), { action: { type: "webhook" } }), []);
});
