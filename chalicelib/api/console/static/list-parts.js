/** Parts of views with lists: pages, the search, and one request for each row. */
import { html, useEffect, useRef, useState } from "./libs.js";
import { readPages, sendEach } from "./lists.js";
import { count, say, useLoad } from "./parts.js";

/**
 * Loads the first page of a list, and one page more after each `more`; `isReading` until that is there.
 * @template {{items: any[], next_cursor: string | null}} P
 * @param {string} key
 * @param {(signal: AbortSignal) => (cursor: string | null) => Promise<P>} open begins to read, and reads one page
 * @param {{every?: number}} [options]
 */
export function usePages(key, open, options) {
  const kept = useRef({ key, pages: 1 });
  if (kept.current.key !== key) kept.current = { key, pages: 1 };
  const wanted = kept.current;
  const loaded = useLoad(key, (signal) => readPages(open(signal), () => wanted.pages), options);
  const { data, problem } = loaded;
  const more = () => {
    wanted.pages += 1;
    loaded.reload();
  };
  return { ...loaded, more, isReading: data?.next_cursor && !problem && data.pages < wanted.pages };
}

/** The button that reads one page more, if there is one. @param {{loaded: ReturnType<typeof usePages>, label: string}} props */
export const More = ({ loaded, label }) =>
  loaded.data?.next_cursor &&
  html`<p class="acts tl"><button class="btn" disabled=${loaded.isReading} onClick=${loaded.more}>${label}</button></p>`;

const TYPING = 250; // milliseconds without a key before the search is sent

/**
 * The field of a list's search. It follows the address, but for what is typed and not sent yet.
 * @param {{search: string, label: string, change: (changed: {search: string}, options: {replace: boolean}) => void}} props
 */
export function SearchBox({ search, label, change }) {
  const [text, setText] = useState(search);
  const sent = useRef(search);
  useEffect(() => {
    if (search === sent.current) return;
    sent.current = search;
    setText(search);
  }, [search]);
  useEffect(() => {
    if (text.trim() === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      change({ search: sent.current }, { replace: true });
    }, TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<input class="in find" type="search" maxlength="100" placeholder="Name, id or resource" aria-label=${label} aria-keyshortcuts="/" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`;
}

/**
 * Sends one request for each row and tells what was done and what was refused. Returns both.
 * @template T
 * @param {T[]} rows @param {string} word such as `schedule` @param {string} past such as `paused`
 * @param {(row: T) => Promise<unknown>} send @param {(row: T) => string} [name]
 */
export async function forAll(rows, word, past, send, name) {
  const { done, refused } = await sendEach(rows, send);
  if (done.length) say(`${count(done.length, word)} ${past}`);
  const reasons = [...new Set(refused.map(({ row, message }) => (name ? `${name(row)}: ${message}` : message)))];
  if (refused.length) say(`${count(refused.length, word)} not ${past}. ${reasons.slice(0, 3).join("; ")}`, "fail");
  return { done, refused: refused.map(({ row }) => row) };
}

/**
 * The selected rows of a list, by key.
 * @template T
 * @param {(row: T) => string} keyOf
 */
export function useSelection(keyOf) {
  const [selected, setSelected] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  /** @param {T[]} rows @param {boolean} isOn */
  const select = (rows, isOn) =>
    setSelected((old) => {
      const keys = new Set(rows.map(keyOf));
      return new Set([...[...old].filter((key) => !keys.has(key)), ...(isOn ? keys : [])]);
    });
  return { isSelected: (/** @type {T} */ row) => selected.has(keyOf(row)), select };
}
