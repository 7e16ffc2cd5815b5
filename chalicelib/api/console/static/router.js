/** The place in the console: the path and the query after `#`, so that every place has an address to share. */
import { signal } from "./libs.js";

/** @typedef {{path: string, query: URLSearchParams}} Place */

/** @returns {Place} */
function read() {
  const [path = "", query = ""] = location.hash.replace(/^#/, "").split(/\?(.*)/s);
  return { path: path || "/overview", query: new URLSearchParams(query) };
}

export const place = signal(read());

addEventListener("hashchange", () => {
  place.value = read();
});

/** Reads the address again, after sign-in has restored it. */
export const restore = () => {
  place.value = read();
};

/**
 * The address of a place, for `href`. Values that are empty are left out.
 * @param {string} path such as `/schedules` @param {Record<string, string | null | undefined>} [query]
 */
export function to(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const text = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

const LONGEST_SEARCH = 100; // characters that the API accepts

/** The schedules of a resource. @param {string} id */
export const toResource = (id) => to("/schedules", { search: [...id].slice(0, LONGEST_SEARCH).join("") });

/** @param {string} id */
export const toSchedule = (id) => to(`/schedules/${encodeURIComponent(id)}`);

/** Goes to an address made by `to`. `replace`: the current place leaves the history. @param {string} address @param {{replace?: boolean}} [options] */
export function go(address, { replace = false } = {}) {
  if (replace) history.replaceState(null, "", address);
  else location.hash = address;
  place.value = read();
}
