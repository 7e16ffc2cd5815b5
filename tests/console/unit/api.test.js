import assert from "node:assert/strict";
import { test } from "node:test";

// The module reads the page's address when it is loaded.
Object.assign(globalThis, { location: new URL("https://example.com/console") });
const { call, offlineSince, Problem } = await import("../../../chalicelib/api/console/static/api.js");

/** @param {Response} answer */
const answered = (answer) => {
  globalThis.fetch = async () => answer;
  return call("GET", "v1/schedules");
};

test("a success that is not JSON is no answer of the API", async () => {
  await assert.rejects(answered(new Response("<h1>Welcome to this network</h1>")), (error) => {
    assert.ok(error instanceof Problem);
    return error.status === 0 && error.isTransient;
  });
  assert.notEqual(offlineSince.value, null);

  assert.deepEqual(await answered(new Response('{"items":[]}')), { items: [] });
  assert.equal(await answered(new Response(null, { status: 204 })), null);
  assert.equal(offlineSince.value, null);
});

test("an error that is not JSON keeps its status", async () => {
  await assert.rejects(answered(new Response("Bad gateway", { status: 502 })), { status: 502 });
});

test("a Retry-After of nothing waits for a second", async () => {
  const busy = (/** @type {string} */ seconds) =>
    answered(new Response("{}", { status: 503, headers: { "Retry-After": seconds } }));

  await assert.rejects(busy("0"), { retryAfter: 1 });
  await assert.rejects(busy("7"), { retryAfter: 7 });
});
