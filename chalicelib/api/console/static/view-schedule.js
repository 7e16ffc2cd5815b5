/** One schedule: what it does, when it fires next, and the story of its runs. */
import { call, curl, get } from "./api.js";
import { html, useState } from "./libs.js";
import { More, usePages } from "./list-parts.js";
import {
  Act,
  attempt,
  Copy,
  Countdown,
  holdBack,
  Note,
  nameOf,
  Shown,
  Status,
  say,
  useCommands,
  useLoad,
  useTitle,
} from "./parts.js";
import { PauseDialog } from "./pause.js";
import { Punctuality } from "./punctuality.js";
import { go, to, toResource } from "./router.js";
import { Story } from "./story.js";
import { city, clock, DAY, date, dayAndClock, duration, exact, HERE, SECOND, transitions } from "./time.js";

/** @typedef {import("./types.js").Schedule} Schedule */
/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").RunPage} RunPage */

const CHARTED = 30;
const ENDED = ["completed", "cancelled", "failed"];

/** @param {{id: string}} props */
export function View({ id }) {
  const path = `v1/schedules/${encodeURIComponent(id)}`;
  const schedule = useLoad(id, (signal) => get(path, undefined, signal), { every: 5 * SECOND });
  const runs = usePages(
    `${id}-runs`,
    (signal) => (cursor) => /** @type {Promise<RunPage>} */ (get(`${path}/runs`, { limit: 50, cursor }, signal)),
    { every: 5 * SECOND },
  );
  useTitle(schedule.data ? nameOf(schedule.data) : id);
  const reload = () => {
    schedule.reload();
    runs.reload();
  };
  return html`
    <nav class="s q crumb" aria-label="Breadcrumb"><a class="link" href=${to("/schedules")}>Schedules</a> / <bdi>${schedule.data?.resource_id ?? id}</bdi></nav>
    ${!schedule.data && html`<h1 class="vh">Schedule</h1>`}
    <${Shown} loaded=${schedule} what="The schedule">
      ${(/** @type {Schedule} */ data) => html`
        <${Head} schedule=${data} path=${path} reload=${reload} />
        <div class="two">
          <div class="stack">
            <${Shown} loaded=${runs} what="Its runs">${(/** @type {RunPage} */ page) => html`<${Runs} key=${id} loaded=${runs} page=${page} schedule=${data} reload=${reload} />`}<//>
          </div>
          <div class="stack">
            <${Occurrences} schedule=${data} path=${path} />
            <${Facts} schedule=${data} />
          </div>
        </div>
      `}
    <//>
  `;
}

/** @param {{schedule: Schedule, path: string, reload: () => void}} props */
function Head({ schedule, path, reload }) {
  const [isPausing, setPausing] = useState(false);
  const hasEnded = ENDED.includes(schedule.status);
  const isPaused = schedule.status === "paused";
  /** @param {() => Promise<unknown>} send @param {string} result */
  const done = async (send, result) => {
    await send();
    say(result);
    reload();
  };
  const runNow = () => done(() => call("POST", `${path}/run`), "The run is queued");
  const resume = () => done(() => call("POST", `${path}/resume`), "The schedule is resumed");
  /** @param {Record<string, string>} body */
  const pause = async (body) => {
    await done(() => call("POST", `${path}/pause`, { body }), "The schedule is paused");
    setPausing(false);
  };
  const cancel = () =>
    holdBack(
      `Cancelling ${nameOf(schedule)}`,
      "From then on it does no work.",
      () => done(() => call("DELETE", path), "The schedule is cancelled"),
      path,
    );
  const duplicate = to("/new", { from: schedule.schedule_id });
  useCommands([
    ...(hasEnded
      ? []
      : [
          {
            title: isPaused ? "Resume this schedule" : "Pause this schedule",
            key: "p",
            run: () => (isPaused ? attempt(resume) : setPausing(true)),
          },
          {
            title: "Edit this schedule",
            key: "e",
            run: () => go(to(`/schedules/${encodeURIComponent(schedule.schedule_id)}/edit`)),
          },
        ]),
    { title: "Duplicate this schedule", run: () => go(duplicate) },
  ]);
  return html`
    <div class="top">
      <div class="grow">
        <h1 dir="auto">${nameOf(schedule)}</h1>
        <p><${Status} status=${schedule.status} of="schedule" /> · ${schedule.description}</p>
        ${schedule.next_run_at && html`<p class="phone">Next <${Countdown} at=${Date.parse(schedule.next_run_at)} />, ${dayAndClock(Date.parse(schedule.next_run_at))} your time</p>`}
      </div>
      <div class="acts">
        ${
          !hasEnded &&
          html`
          <${Act} label="Run now" act=${runNow} />
          ${isPaused ? html`<${Act} label="Resume" act=${resume} />` : html`<button class="btn" onClick=${() => setPausing(true)}>Pause</button>`}
          <a class="btn" href=${to(`/schedules/${encodeURIComponent(schedule.schedule_id)}/edit`)}>Edit</a>
        `
        }
        <details class="menu">
          <summary class="btn bare">More</summary>
          <div class="card">
            <a class="btn bare" href=${duplicate}>Duplicate</a>
            <${Copy} class="bare" label="Copy as curl" text=${() => curl("POST", "v1/schedules", asCreated(schedule))} />
            ${!hasEnded && html`<button class="btn bare" onClick=${cancel}>Cancel the schedule</button>`}
          </div>
        </details>
      </div>
    </div>
    <${State} schedule=${schedule} />
    ${isPausing && html`<${PauseDialog} title=${`Pause ${nameOf(schedule)}`} onClose=${() => setPausing(false)} onPause=${pause} />`}
  `;
}

/** Why the schedule is not simply active. @param {{schedule: Schedule}} props */
function State({ schedule }) {
  if (schedule.status === "paused") {
    const until = schedule.paused_until
      ? `until ${dayAndClock(Date.parse(schedule.paused_until))}, your time`
      : "until somebody resumes it";
    return html`<div class="gapb2"><${Note} role="stop" glyph="paused" title=${`Paused ${until}`} text=${schedule.reason && html`<span dir="auto">${schedule.reason}</span>`} /></div>`;
  }
  if (!schedule.confirmed) {
    return html`<div class="gapb2"><${Note} role="busy" glyph="queued" title="EventBridge has not confirmed the latest change" text="The change is recorded. The sweeper applies it within minutes." /></div>`;
  }
  if (schedule.status === "failed")
    return html`<div class="gapb2"><${Note} role="fail" glyph="failed" title="The schedule failed" text=${schedule.reason} /></div>`;
  return (
    schedule.reason && html`<div class="gapb2"><${Note} role="off" glyph="cancelled" title=${schedule.reason} /></div>`
  );
}

/** @param {{loaded: ReturnType<typeof usePages>, page: RunPage, schedule: Schedule, reload: () => void}} props */
function Runs({ loaded, page, schedule, reload }) {
  const runs = page.items;
  if (runs.length === 0) {
    return html`<section><h2>Runs</h2><p class="q">${schedule.next_run_at ? html`${schedule.last_run ? "None is kept any more. The next one" : "None yet. The first"} is due <${Countdown} at=${Date.parse(schedule.next_run_at)} />.` : "None."}</p></section>`;
  }
  return html`
    <${Punctuality} runs=${runs.slice(0, CHARTED)} />
    <section aria-labelledby="runs">
      <div class="head"><h2 id="runs">Runs</h2><p class="s q">Newest first, your time</p></div>
      <${Story} runs=${runs} zone=${schedule.timing.timezone ?? null} reload=${reload} />
      <${More} loaded=${loaded} label="Older runs" />
    </section>
  `;
}

/** @param {{schedule: Schedule, path: string}} props */
function Occurrences({ schedule, path }) {
  const loaded = useLoad(`${path}-${schedule.revision}-${schedule.next_run_at}`, (signal) =>
    get(`${path}/occurrences`, { limit: 10 }, signal),
  );
  const zone = schedule.timing.timezone ?? "UTC";
  if (ENDED.includes(schedule.status)) return null;
  return html`
    <section aria-labelledby="occurrences">
      <div class="head"><h2 id="occurrences">Next occurrences</h2><p class="s b">${schedule.next_run_at && html`<${Countdown} at=${Date.parse(schedule.next_run_at)} />`}</p></div>
      <${Shown} loaded=${loaded} what="The occurrences" rows=${3}>
        ${(/** @type {{occurrences: string[]}} */ data) => html`<${OccurrenceTable} occurrences=${data.occurrences.map((at) => Date.parse(at))} zone=${zone} />`}
      <//>
    </section>
  `;
}

/**
 * Occurrences in the schedule's zone and the reader's, with the changes of clocks between them.
 * @param {{occurrences: number[], zone: string}} props
 */
export function OccurrenceTable({ occurrences, zone }) {
  const isSame =
    zone === HERE || occurrences.every((at) => clock(at, zone) === clock(at) && date(at, zone) === date(at));
  if (occurrences.length === 0) return html`<p class="q s">None.</p>`;
  return html`
    <table class="occ">
      <thead>
        <tr>
          <th>Date</th>
          ${!isSame && html`<th class="num">${zone === "UTC" ? "UTC" : city(zone)}</th>`}
          <th class="num">You, ${city(HERE)}</th>
        </tr>
      </thead>
      <tbody>
        ${occurrences.map((at, index) => {
          const before = occurrences[index - 1];
          return html`
            ${before !== undefined && shifts(before, at, zone).map((text) => html`<tr key=${text}><td colspan="3" class="xs col retry">${text}</td></tr>`)}
            <tr key=${at}>
              <td>${date(at, zone)}</td>
              ${!isSame && html`<td class="num" title=${exact(at, zone)}>${clock(at, zone)}</td>`}
              <td class="num b" title=${exact(at)}>${date(at) !== date(at, zone) && html`<span class="q">${date(at)} </span>`}${clock(at)}</td>
            </tr>
          `;
        })}
      </tbody>
    </table>
  `;
}

/** @param {number} since @param {number} until @param {string} zone */
function shifts(since, until, zone) {
  if (until - since > 400 * DAY) return [];
  return [...new Set([zone, HERE])].flatMap((place) =>
    transitions(place, since, until).map(
      ({ at, by }) => `${date(at, place)}: clocks go ${by > 0 ? "forward" : "back"} ${duration(by)} in ${city(place)}`,
    ),
  );
}

/** The body that creates such a schedule again. @param {Schedule} schedule */
export function asCreated(schedule) {
  const { timing, action, name, resource_id, metadata, flexible_window_minutes, delivery, retry } = schedule;
  const { on_unknown, overlap, pause_after_failures, max_runs, exclusions, on_missed } = schedule;
  const all = {
    timing,
    action,
    name,
    resource_id,
    metadata,
    flexible_window_minutes,
    delivery,
    retry,
    on_unknown,
    overlap,
    pause_after_failures,
    max_runs,
    exclusions,
    on_missed,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

/** @param {{schedule: Schedule}} props */
function Facts({ schedule }) {
  const [isJson, setJson] = useState(false);
  const { type, ...fields } = schedule.action;
  const { timezone, ...timing } = schedule.timing;
  const options = [
    ...Object.entries(timing).map(([name, value]) => [label(name), html`<code>${value}</code>`]),
    ...(timezone ? [["Time zone", timezone]] : []),
    [
      "Resource",
      schedule.resource_id &&
        html`<a class="link" dir="auto" href=${toResource(schedule.resource_id)}>${schedule.resource_id}</a>`,
    ],
    ["Id", html`<code>${schedule.schedule_id}</code>`],
    [
      "Retries",
      schedule.retry.max_retries
        ? `${schedule.retry.max_retries}, the first after ${duration(schedule.retry.backoff_seconds * SECOND)}`
        : "none",
    ],
    ["If unknown", schedule.on_unknown],
    ["If missed", schedule.on_missed.replaceAll("_", " ")],
    ["Overlap", schedule.overlap],
    [
      "Pauses after",
      schedule.pause_after_failures
        ? `${schedule.pause_after_failures} failed runs in a row, now ${schedule.failures_in_a_row}`
        : "never",
    ],
    [
      "Runs so far",
      `${schedule.run_count}, ${schedule.max_runs === null ? "no limit" : `at most ${schedule.max_runs}`}`,
    ],
    ["Window", schedule.flexible_window_minutes ? `${schedule.flexible_window_minutes} min` : "exact"],
    ["Excluded", schedule.exclusions.length ? schedule.exclusions.join(", ") : "no dates"],
    [
      "Metadata",
      Object.keys(schedule.metadata).length > 0 && html`<code class="wrap">${JSON.stringify(schedule.metadata)}</code>`,
    ],
    [
      "Created",
      html`<span title=${exact(Date.parse(schedule.created_at))}>${dayAndClock(Date.parse(schedule.created_at))}</span>`,
    ],
    [
      "Changed",
      html`<span title=${exact(Date.parse(schedule.updated_at))}>${dayAndClock(Date.parse(schedule.updated_at))}</span>`,
    ],
  ];
  return html`
    <section aria-labelledby="facts">
      <div class="head"><h2 id="facts">Facts</h2><button class="btn small bare" aria-pressed=${isJson ? "true" : "false"} onClick=${() => setJson(!isJson)}>JSON</button></div>
      ${
        isJson
          ? html`<pre class="code wrap" tabindex="0">${JSON.stringify(schedule, null, 2)}</pre>`
          : html`
            <dl class="facts">
              <dt>Action</dt>
              <dd>${type}</dd>
              ${[...Object.entries(fields).map(([name, value]) => [label(name), shown(value)]), ...options].map(([name, value]) => value && html`<dt>${name}</dt><dd dir="auto">${value}</dd>`)}
            </dl>
          `
      }
    </section>
  `;
}

/** @param {string} name */
const label = (name) => (name === "url" ? "URL" : name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " "));

/** @param {unknown} value */
const shown = (value) =>
  typeof value === "string"
    ? value
    : Array.isArray(value)
      ? value.join(", ")
      : html`<code class="wrap">${JSON.stringify(value)}</code>`;
