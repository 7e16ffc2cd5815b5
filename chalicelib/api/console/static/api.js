/** Calls of the API, its problems, and what is known of the connection. */
import { signal } from "./libs.js";
import { clearToken, token } from "./session.js";
import { learnClock } from "./time.js";

/** The address of the API: the folder of the console's page, under any stage path or domain. */
export const BASE = new URL(".", location.href.replace(/[?#].*/, "").replace(/\/$/, ""));

/** Since when the API cannot be reached, in the browser's milliseconds; null: the last call was answered. */
export const offlineSince = signal(/** @type {number | null} */ (null));

/**
 * @typedef {{field: string, message: string}} FieldError
 * @typedef {Record<string, string | number | boolean | null | undefined>} Query
 * @typedef {{query?: Query, body?: unknown, headers?: Record<string, string>, signal?: AbortSignal}} Options
 */

/** An answer of the API that is an error (RFC 9457), or none (`status` 0). */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} body @param {number | null} [retryAfter] in seconds */
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || `status ${status}`);
    this.status = status;
    /** @type {string} the end of the problem's `type`, such as `schedule-busy` */
    this.kind =
      String(body.type ?? "")
        .split(/[:/]/)
        .pop() ?? "";
    /** @type {string} */
    this.title = body.title ?? "The API did not answer as described";
    /** @type {FieldError[]} */
    this.errors = body.errors ?? [];
    this.retryAfter = retryAfter;
    this.body = body;
  }

  /** Whether the same request can succeed later. */
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** @param {string} path @param {Query} [query] */
export function address(path, query = {}) {
  const url = new URL(path.replace(/^\//, ""), BASE);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  return url;
}

/**
 * Sends a request. Returns the answer's JSON, or null if it has none. Throws Problem.
 * @param {string} method @param {string} path such as `v1/schedules` @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function call(method, path, { query, body, headers = {}, signal: aborted } = {}) {
  const asked = Date.now();
  const answer = await reach(address(path, query), {
    method,
    headers: {
      ...(token() ? { Authorization: `Bearer ${token()}` } : {}),
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(aborted ? { signal: aborted } : {}),
    cache: "no-store",
    credentials: "omit",
  });
  learnClock(answer.headers.get("Date"), asked, Date.now());
  const read = await json(answer, aborted);
  if (read === undefined && answer.ok)
    throw noAnswer("Something else than the API answered. Check the connection: a proxy or a network's sign-in page?");
  offlineSince.value = null;
  if (answer.ok) return read;
  if (answer.status === 401) clearToken();
  const told = read ?? { title: `The answer is not JSON (status ${answer.status})` };
  throw new Problem(answer.status, told, seconds(answer.headers.get("Retry-After")));
}

/** @param {string} path @param {Query} [query] @param {AbortSignal} [signal] */
export const get = (path, query, signal) =>
  call("GET", path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });

/** @param {URL} url @param {RequestInit} request */
async function reach(url, request) {
  try {
    return await fetch(url, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw noAnswer("The API cannot be reached. Check the connection.");
  }
}

/** @param {string} detail */
function noAnswer(detail) {
  offlineSince.value ??= Date.now();
  return new Problem(0, { title: "No answer", detail });
}

/** The answer's JSON; null: it is empty; undefined: it is no JSON, or its end is missing. @param {Response} answer @param {AbortSignal} [aborted] */
async function json(answer, aborted) {
  try {
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
  } catch (error) {
    if (aborted?.aborted) throw error;
    return undefined;
  }
}

/** At least one, so that a 0 is no request without a pause. @param {string | null} header */
const seconds = (header) => (header && /^\d+$/.test(header) ? Math.max(Number(header), 1) : null);

/**
 * The request as a curl command for a POSIX shell. The token stays out of it.
 * @param {string} method @param {string} path @param {unknown} [body]
 */
export function curl(method, path, body) {
  /** @param {string} text */
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl -X ${method} ${quoted(address(path).href)}`, '-H "Authorization: Bearer $TOKEN"'];
  if (body !== undefined)
    lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body, null, 2))}`);
  return lines.join(" \\\n  ");
}
