/** The table of schedules: search, filters, pages, and pause, resume and cancel of many at once. */
import { call, curl, get } from "./api.js";
import { html, useRef, useState } from "./libs.js";
import { forAll, SearchBox, useSelection } from "./list-parts.js";
import {
  Copy,
  Countdown,
  count,
  Empty,
  holdBack,
  NameLink,
  nameOf,
  Shown,
  Status,
  timingText,
  useCommands,
  useLoad,
  useTitle,
  Walls,
} from "./parts.js";
import { PauseDialog } from "./pause.js";
import { go, place, to, toSchedule } from "./router.js";
import { Glyph, SCHEDULE } from "./status.js";
import { dayAndClock, SECOND } from "./time.js";

/** @typedef {import("./types.js").Schedule} Schedule */
/** @typedef {import("./types.js").SchedulePage} SchedulePage */

const PAGE = 50;
const FILTERS = ["status", "kind", "search", "cursor"];

/** The filters of an address. @param {URLSearchParams} query @returns {Record<string, string>} */
const filtersOf = (query) => Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));

/** Other filters begin at the first page. @param {Record<string, string>} changed @param {{replace?: boolean}} [options] */
const change = (changed, options) =>
  go(to("/schedules", { ...filtersOf(place.peek().query), cursor: "", ...changed }), options);

export function View() {
  useTitle("Schedules");
  const filters = filtersOf(place.value.query);
  const key = JSON.stringify(filters);
  const loaded = useLoad(
    key,
    (signal) => get("v1/schedules", { ...filters, status: filters.status || "any", limit: PAGE }, signal),
    { every: 10 * SECOND },
  );
  return html`
    <div class="top">
      <h1>Schedules</h1>
      <div class="acts"><a class="btn main" href=${to("/new")}>New schedule</a></div>
    </div>
    <${Filters} filters=${filters} />
    <${Shown} loaded=${loaded} what="Schedules" rows=${8}>
      ${(/** @type {SchedulePage} */ page) => html`<${Page} key=${key} page=${page} filters=${filters} reload=${loaded.reload} />`}
    <//>
  `;
}

/** @param {{filters: Record<string, string>}} props */
function Filters({ filters }) {
  return html`
    <form class="bar" role="search" onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
      <${SearchBox} search=${filters.search} label="Search by name, id or resource" change=${change} />
      <div class="seg" role="group" aria-label="Status">
        ${["", ...Object.keys(SCHEDULE)].map(
          (status) => html`
            <button type="button" aria-pressed=${filters.status === status ? "true" : "false"} onClick=${() => change({ status })}>
              ${status ? html`<${Glyph} name=${SCHEDULE[status]?.glyph} role=${SCHEDULE[status]?.role} />${SCHEDULE[status]?.word}` : "Any"}
            </button>
          `,
        )}
      </div>
      <select class="in" aria-label="Kind" value=${filters.kind} onChange=${(/** @type {any} */ event) => change({ kind: event.target.value })}>
        <option value="">One-time and recurring</option>
        <option value="one_time">One-time</option>
        <option value="recurring">Recurring</option>
      </select>
    </form>
  `;
}

/**
 * The rows of the newest page in the order that the reader sees. A refresh changes rows in place; new rows and another
 * order wait until the reader asks for them.
 * @param {SchedulePage} page
 */
function useSteadyRows(page) {
  const order = useRef(page.items.map((row) => row.schedule_id));
  const last = useRef(new Map(page.items.map((row) => [row.schedule_id, row])));
  const [, show] = useState(0);
  for (const row of page.items) last.current.set(row.schedule_id, row);
  const newest = page.items.map((row) => row.schedule_id);
  if (order.current.length === 0) order.current = newest;
  const present = new Set(newest);
  const isSame = newest.length === order.current.length && newest.every((id, index) => id === order.current[index]);
  return {
    rows: order.current.flatMap((id) => last.current.get(id) ?? []),
    isGone: (/** @type {string} */ id) => !present.has(id),
    isSame,
    showNewest: () => {
      order.current = newest;
      show((n) => n + 1);
    },
  };
}

/** @param {{page: SchedulePage, filters: Record<string, string>, reload: () => void}} props */
function Page({ page, filters, reload }) {
  const { rows, isGone, isSame, showNewest } = useSteadyRows(page);
  const { isSelected, select } = useSelection((/** @type {Schedule} */ row) => row.schedule_id);
  const chosen = rows.filter(isSelected);
  const toggle = (/** @type {Schedule} */ row) => select([row], !isSelected(row));
  useRowKeys(rows, toggle);
  if (rows.length === 0) return html`<${NoRows} page=${page} filters=${filters} />`;
  return html`
    <div class="card">
      <table class="list">
        <thead>
          <tr>
            <th>
              <input
                type="checkbox"
                aria-label="Select all on this page"
                checked=${chosen.length === rows.length}
                indeterminate=${chosen.length > 0 && chosen.length < rows.length}
                onChange=${() => select(rows, chosen.length < rows.length)}
              />
            </th>
            <th><span class="vh">Status</span></th>
            <th>Schedule</th>
            <th>Next run</th>
            <th class="hide">Your time, its zone</th>
            <th class="hide">Last run</th>
            <th class="hide wide">Action, resource</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => html`<${Row} key=${row.schedule_id} row=${row} isGone=${isGone(row.schedule_id)} isSelected=${isSelected(row)} toggle=${toggle} />`)}
        </tbody>
      </table>
      <${Pager} page=${page} number=${rows.length} filters=${filters} />
    </div>
    ${!isSame && html`<div class="bulk" role="status"><span>The list has changed.</span><button class="btn small" onClick=${showNewest}>Show the newest</button></div>`}
    ${chosen.length > 0 && html`<${Bulk} chosen=${chosen} select=${select} reload=${reload} />`}
  `;
}

/** @param {{row: Schedule, isGone: boolean, isSelected: boolean, toggle: (row: Schedule) => void}} props */
function Row({ row, isGone, isSelected, toggle }) {
  const hasEnded = ["completed", "cancelled", "failed"].includes(row.status);
  const zone = "timezone" in row.timing ? row.timing.timezone : "UTC";
  return html`
    <tr class=${[isSelected && "on", hasEnded && "ended", isGone && "gone"].filter(Boolean).join(" ")}>
      <td><input type="checkbox" checked=${isSelected} aria-label=${`Select ${nameOf(row)}`} onChange=${() => toggle(row)} /></td>
      <td><${Status} status=${row.status} of="schedule" isWordHidden /></td>
      <td class="nm"><${NameLink} schedule=${row} /><small>${timingText(row)}</small></td>
      <td class="nw"><${Next} row=${row} /></td>
      <td class="nw hide">${row.next_run_at && html`<${Walls} at=${Date.parse(row.next_run_at)} zone=${zone} />`}</td>
      <td class="nw hide">
        ${row.last_run ? html`<${Status} status=${row.last_run.status} /><small>${dayAndClock(Date.parse(row.last_run.scheduled_time))}</small>` : html`<span class="qq">${hasEnded ? "none" : "not yet"}</span>`}
      </td>
      <td class="nw hide wide">${row.action.type}<small class="cut" dir="auto" title=${row.resource_id}>${row.resource_id}</small></td>
    </tr>
  `;
}

/** @param {{row: Schedule}} props */
function Next({ row }) {
  if (row.next_run_at) {
    const at = Date.parse(row.next_run_at);
    return html`<${Countdown} at=${at} /><small class="phone">${dayAndClock(at)}</small>`;
  }
  const { word, role } = SCHEDULE[row.status] ?? { word: row.status, role: "off" };
  const until = row.paused_until
    ? `until ${dayAndClock(Date.parse(row.paused_until))}`
    : row.status === "paused"
      ? "no end"
      : "";
  return html`<span class=${role === "fail" ? "col fail b" : "q"}>${row.status === "active" ? "none left" : word}</span><small>${until}</small>`;
}

/** @param {{page: SchedulePage, number: number, filters: Record<string, string>}} props */
function Pager({ page, number, filters }) {
  return html`
    <div class="pager">
      <span>${number} shown${filters.status ? ", soonest first" : ", active ones first"}.${filters.search && ` Searched ${count(page.searched, "schedule")}.`}</span>
      <span class="acts">
        ${filters.cursor && html`<button class="btn small" onClick=${() => change({ cursor: "" })}>First page</button>`}
        ${page.next_cursor && html`<button class="btn small" onClick=${() => change({ cursor: page.next_cursor ?? "" })}>${filters.search ? "Search on" : "Next page"}</button>`}
      </span>
    </div>
  `;
}

/** @param {{page: SchedulePage, filters: Record<string, string>}} props */
function NoRows({ page, filters }) {
  const hasFilter = filters.search || filters.status || filters.kind;
  if (page.next_cursor) {
    return html`
      <${Empty} title="No match yet" text=${`Searched ${count(page.searched, "schedule")}. There are more.`}>
        <button class="btn" onClick=${() => change({ cursor: page.next_cursor ?? "" })}>Search on</button>
        <button class="btn bare" onClick=${() => change({ search: "", status: "", kind: "" })}>Clear filters</button>
      <//>
    `;
  }
  if (hasFilter || filters.cursor) {
    return html`
      <${Empty} title=${filters.cursor ? "No more schedules" : "No schedule matches"} text=${`Searched ${count(page.searched, "schedule")}.`}>
        ${filters.cursor && html`<button class="btn" onClick=${() => change({ cursor: "" })}>First page</button>`}
        <button class="btn bare" onClick=${() => change({ search: "", status: "", kind: "" })}>Clear filters</button>
      <//>
    `;
  }
  const example = {
    timing: { after: "PT1M" },
    action: { type: "email", to: ["you@example.com"], subject: "Hello", text: "It is time." },
  };
  return html`
    <${Empty} title="No schedules yet" text=${html`Create one here, or send a <code>POST</code> to <code>/v1/schedules</code>.`}>
      <a class="btn main" href=${to("/new")}>New schedule</a>
      <${Copy} label="Copy as curl" text=${() => curl("POST", "v1/schedules", example)} />
    <//>
  `;
}

/** @param {{chosen: Schedule[], select: (of: Schedule[], isOn: boolean) => void, reload: () => void}} props */
function Bulk({ chosen, select, reload }) {
  const [isPausing, setPausing] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const clear = () => select(chosen, false);
  /**
   * What is refused stays selected.
   * @param {string} past @param {string} method @param {string} [action] @param {unknown} [body]
   */
  const change = async (past, method, action = "", body) => {
    setBusy(true);
    const send = (/** @type {Schedule} */ row) =>
      call(method, `v1/schedules/${encodeURIComponent(row.schedule_id)}${action}`, { body });
    const { done, refused } = await forAll(chosen, "schedule", past, send, nameOf);
    select(done, false);
    select(refused, true);
    setBusy(false);
    reload();
  };
  /** @param {Record<string, string>} body */
  const pause = (body) => {
    setPausing(false);
    change("paused", "POST", "/pause", body);
  };
  const cancel = () => {
    holdBack(`Cancelling ${count(chosen.length, "schedule")}`, "From then on they do no work.", () =>
      change("cancelled", "DELETE"),
    );
    clear();
  };
  const are = (/** @type {string} */ status) => chosen.some((row) => row.status === status);
  return html`
    <div class="bulk" role="region" aria-label="Selected schedules">
      <span role="status">${chosen.length} selected</span>
      <button class="btn small" disabled=${isBusy || !are("active")} onClick=${() => setPausing(true)}>Pause ${chosen.length}</button>
      <button class="btn small" disabled=${isBusy || !are("paused")} onClick=${() => change("resumed", "POST", "/resume")}>Resume ${chosen.length}</button>
      <button class="btn small" disabled=${isBusy} onClick=${cancel}>Cancel ${chosen.length}</button>
      <button class="btn small bare" disabled=${isBusy} onClick=${clear}>Clear</button>
    </div>
    ${isPausing && html`<${PauseDialog} title=${`Pause ${count(chosen.length, "schedule")}`} onClose=${() => setPausing(false)} onPause=${pause} />`}
  `;
}

/** J and K go through the rows, X selects, Enter opens. @param {Schedule[]} rows @param {(row: Schedule) => void} toggle */
function useRowKeys(rows, toggle) {
  const links = () => /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("tbody .nm a")]);
  const current = () =>
    links().findIndex(
      (link) => link === document.activeElement || link.closest("tr")?.contains(document.activeElement),
    );
  const step = (/** @type {number} */ by) => () =>
    links()[Math.min(Math.max(current() + by, 0), rows.length - 1)]?.focus();
  /** @param {(row: Schedule) => void} act */
  const withCurrent = (act) => {
    const row = rows[current()];
    if (row) act(row);
  };
  useCommands([
    { title: "Next row", key: "j", run: step(1) },
    { title: "Previous row", key: "k", run: step(-1) },
    { title: "Select row", key: "x", run: () => withCurrent(toggle) },
    { title: "Open row", run: () => withCurrent((row) => go(toSchedule(row.schedule_id))) },
  ]);
}
