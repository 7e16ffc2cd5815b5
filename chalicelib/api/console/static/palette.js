/** The command palette: views, commands of the shown view, and schedules by name, id or resource. */
import { get } from "./api.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./libs.js";
import { commands, leave, nameOf, palette, Status } from "./parts.js";
import { go, to, toSchedule } from "./router.js";

const WAIT = 200; // milliseconds without a key before the API is asked

/** @typedef {{id: string, label: unknown, hint?: string, run: () => void}} Choice */

/** @param {{navigation: {path: string, key: string, name: string}[]}} props */
export function Palette({ navigation }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [text, setText] = useState(palette.peek() ?? "");
  const [at, setAt] = useState(0);
  const found = useSchedules(text);
  const choices = [...matching(text, navigation), ...(found ?? [])];
  const chosen = choices[Math.min(at, choices.length - 1)];
  // In the same task as the first render: a key between the two would reach neither the field nor the kept text.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => document.getElementById(chosen?.id ?? "")?.scrollIntoView({ block: "nearest" }), [chosen?.id]);
  /** @param {Choice} choice */
  const choose = (choice) => {
    palette.value = null;
    choice.run();
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((Math.min(at, choices.length - 1) + step + choices.length) % Math.max(choices.length, 1));
    }
    if (event.key === "Enter") {
      event.preventDefault();
      if (chosen) choose(chosen);
    }
  };
  /** @param {any} event */
  const onInput = (event) => {
    setText(event.target.value);
    setAt(0);
  };
  return html`
    <dialog class="dialog pal" ref=${dialog} aria-label="Search or jump to" onClose=${() => (palette.value = null)} onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close()}>
      <input
        class="in"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant=${chosen?.id}
        aria-label="Name, id, resource or command"
        placeholder="Name, id, resource or command"
        autocomplete="off"
        maxlength="100"
        value=${text}
        onInput=${onInput}
        onKeyDown=${onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Results">
        ${choices.map(
          (choice) => html`
            <li id=${choice.id} key=${choice.id} role="option" aria-selected=${choice === chosen ? "true" : "false"} onClick=${() => choose(choice)}>
              <span>${choice.label}</span>${choice.hint && html`<kbd>${choice.hint}</kbd>`}
            </li>
          `,
        )}
      </ul>
      ${choices.length === 0 && html`<p class="q s pal-none" role="status">${found ? "Nothing matches. Esc closes." : "Searching"}</p>`}
    </dialog>
  `;
}

/** @param {string} text @param {{path: string, key: string, name: string}[]} navigation @returns {Choice[]} */
function matching(text, navigation) {
  const wanted = text.trim().toLowerCase();
  const all = [
    ...commands.value.map(({ title, key = "", run }) => ({ title, hint: key.toUpperCase(), run })),
    ...navigation.map(({ name, key, path }) => ({
      title: name,
      hint: `G ${key.toUpperCase()}`,
      run: () => go(to(path)),
    })),
    { title: "New schedule", hint: "N", run: () => go(to("/new")) },
    { title: "API reference", hint: "", run: () => location.assign("docs") },
    { title: "Sign out", hint: "", run: leave },
  ];
  return all
    .filter(({ title }) => title.toLowerCase().includes(wanted))
    .map(({ title, hint, run }, index) => ({ id: `palette-${index}`, label: title, hint, run }));
}

/** Schedules whose name, id or resource contains the text. Null until they are found. @param {string} text @returns {Choice[] | null} */
function useSchedules(text) {
  const [found, setFound] = useState(/** @type {Choice[] | null} */ (null));
  useEffect(() => {
    setFound(null);
    const search = text.trim();
    if (!search) return undefined;
    const aborting = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const page = await get("v1/schedules", { search, status: "any", limit: 8 }, aborting.signal);
        setFound(page.items.map(choiceOf));
      } catch {
        setFound([]); // The shell says what is wrong with the connection.
      }
    }, WAIT);
    return () => {
      clearTimeout(timer);
      aborting.abort();
    };
  }, [text]);
  return found;
}

/** @param {any} schedule @returns {Choice} */
const choiceOf = (schedule) => ({
  id: `palette-schedule-${schedule.schedule_id}`,
  label: html`<${Status} status=${schedule.status} of="schedule" isWordHidden /><bdi class="cut">${nameOf(schedule)}</bdi><bdi class="q cut">${schedule.resource_id}</bdi>`,
  run: () => go(toSchedule(schedule.schedule_id)),
});
