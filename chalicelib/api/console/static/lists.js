/** What lists of schedules and runs have in common: pages, order, and one request for each row. Nothing here touches the page. */

const AT_ONCE = 5; // requests
const ATTEMPTS = 3; // of one request

/**
 * Reads pages, each after the cursor of the one before, and returns them as one: a reload of all of them loses no row
 * that has moved from one page to the next.
 * @template {{items: any[], next_cursor: string | null}} P
 * @param {(cursor: string | null) => Promise<P>} read
 * @param {() => number} wanted how many pages, asked after each
 * @returns {Promise<P & {pages: number}>} with all items, the last cursor, and how many pages were read
 */
export async function readPages(read, wanted) {
  let page = await read(null);
  let pages = 1;
  for (; pages < wanted() && page.next_cursor; pages += 1) {
    const next = await read(page.next_cursor);
    page = { ...next, items: [...page.items, ...next.items] };
  }
  return { ...page, pages };
}

/** The keys in the order that the reader knows; new ones come last. @param {string[]} order @param {string[]} keys */
export const steadyOrder = (order, keys) => [
  ...order.filter((key) => keys.includes(key)),
  ...keys.filter((key) => !order.includes(key)),
];

/** @param {number} seconds */
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * Sends one request for each row, some at once. An answer with a `Retry-After` did nothing: its request is sent again
 * after that time, three times in all.
 * @template T
 * @param {T[]} rows @param {(row: T) => Promise<unknown>} send @param {(seconds: number) => Promise<unknown>} [wait]
 * @returns {Promise<{done: T[], refused: {row: T, message: string}[]}>}
 */
export async function sendEach(rows, send, wait = sleep) {
  const waiting = [...rows];
  /** @type {{done: T[], refused: {row: T, message: string}[]}} */
  const result = { done: [], refused: [] };
  const work = async () => {
    for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
      try {
        await patiently(send, row, wait);
        result.done.push(row);
      } catch (error) {
        result.refused.push({ row, message: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return result;
}

/** @template T @param {(row: T) => Promise<unknown>} send @param {T} row @param {(seconds: number) => Promise<unknown>} wait */
async function patiently(send, row, wait) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send(row);
    } catch (error) {
      const { retryAfter } = /** @type {{retryAfter?: number | null}} */ (error);
      if (attempt === ATTEMPTS || typeof retryAfter !== "number") throw error;
      await wait(retryAfter);
    }
  }
}
