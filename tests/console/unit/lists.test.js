import assert from "node:assert/strict";
import { test } from "node:test";
import { readPages, sendEach, steadyOrder } from "../../../chalicelib/api/console/static/lists.js";

/** A list of numbers that the test can change between two pages. @param {number[]} numbers */
const listOf = (numbers) => async (/** @type {string | null} */ cursor) => {
  const items = numbers.filter((number) => number > Number(cursor ?? 0)).slice(0, 2);
  const last = items.at(-1) ?? 0;
  return { items, next_cursor: numbers.some((number) => number > last) ? String(last) : null };
};

test("pages are read one after the other, as many as are wanted, and end with the list", async () => {
  assert.deepEqual(await readPages(listOf([1, 2, 3, 4, 5]), () => 2), {
    items: [1, 2, 3, 4],
    next_cursor: "4",
    pages: 2,
  });
  assert.deepEqual(await readPages(listOf([1, 2, 3]), () => 9), { items: [1, 2, 3], next_cursor: null, pages: 2 });
});

test("a row that goes from a page is gone after the next reload, and no other row is lost", async () => {
  const numbers = [1, 2, 3, 4, 5];
  const read = listOf(numbers);
  await readPages(read, () => 2);
  numbers.splice(0, 1);

  assert.deepEqual((await readPages(read, () => 2)).items, [2, 3, 4, 5]);
});

test("known keys keep their places, and new ones come last", () => {
  assert.deepEqual(steadyOrder(["b", "a", "gone"], ["new", "a", "b"]), ["b", "a", "new"]);
});

/** @param {number | null} retryAfter @param {string} message */
const refusal = (retryAfter, message) => Object.assign(new Error(message), { retryAfter });

test("a busy API is asked again after the time that it names, and other refusals are final", async () => {
  /** @type {Record<string, Error[]>} */
  const answers = {
    busy: [refusal(5, "busy")],
    over: [refusal(1, "over"), refusal(1, "over"), refusal(1, "still over")],
    gone: [refusal(null, "gone")],
  };
  /** @type {number[]} */
  const waits = [];
  const result = await sendEach(
    ["fine", "busy", "over", "gone"],
    async (row) => {
      const refused = answers[row]?.shift();
      if (refused) throw refused;
    },
    async (seconds) => waits.push(seconds),
  );

  assert.deepEqual(result.done.sort(), ["busy", "fine"]);
  assert.deepEqual(result.refused.map(({ row, message }) => `${row}: ${message}`).sort(), [
    "gone: gone",
    "over: still over",
  ]);
  assert.deepEqual(waits.sort(), [1, 1, 5]);
});

test("at most five requests are under way at once", async () => {
  let [now, most] = [0, 0];
  await sendEach(
    Array.from({ length: 20 }, (_, index) => index),
    async () => {
      most = Math.max(most, ++now);
      await null;
      now -= 1;
    },
  );

  assert.equal(most, 5);
});
