/** What was missed and failed, what fires next, what needs somebody, and where clocks change soon. */
import { get } from "./api.js";
import { html } from "./libs.js";
import { Countdown, count, Empty, NameLink, readRecent, Shown, timingText, useLoad, useTitle } from "./parts.js";
import { to, toSchedule } from "./router.js";
import { byError, Glyph } from "./status.js";
import {
  city,
  clock,
  clockBefore,
  DAY,
  date,
  day,
  dayAndClock,
  duration,
  HERE,
  MINUTE,
  now,
  relative,
  SECOND,
  transitions,
} from "./time.js";

/** @typedef {import("./types.js").Schedule} Schedule */
/** @typedef {import("./types.js").SchedulePage} SchedulePage */
/** @typedef {import("./types.js").RunPage} RunPage */
/** @typedef {import("./parts.js").Recent} Recent */

const SHOWN = 10;
const AHEAD = 14 * DAY; // how early a change of clocks is told

export function View() {
  useTitle("Overview");
  const next = useLoad("next", (signal) => get("v1/schedules", { status: "active", limit: 50 }, signal), {
    every: 5 * SECOND,
  });
  const paused = useLoad("paused", (signal) => get("v1/schedules", { status: "paused", limit: 5 }, signal), {
    every: 15 * SECOND,
  });
  const recent = useLoad("recent", readRecent, { every: 10 * SECOND });
  return html`
    <div class="top">
      <div>
        <h1>${recent.data ? headline(recent.data) : "Overview"}</h1>
        <p>The last 24 hours, up to ${date(now.value)} ${clock(now.value)}</p>
      </div>
      <div class="acts"><a class="btn main" href=${to("/new")}>New schedule</a></div>
    </div>
    <${Shown} loaded=${recent} what="Failed and missed runs" rows=${1}>${(/** @type {Recent} */ data) => html`<${Figures} recent=${data} next=${next.data} />`}<//>
    <div class=${`two ${recent.data && recent.data.failed.items.length + recent.data.missed.items.length ? "urgent" : ""}`}>
      <section aria-labelledby="next">
        <div class="head"><h2 id="next">Fires next</h2><a class="link s" href=${to("/schedules", { status: "active" })}>All active</a></div>
        <${Shown} loaded=${next} what="Schedules">${(/** @type {SchedulePage} */ page) => html`<${Next} schedules=${page.items} />`}<//>
      </section>
      <div class="stack">
        ${recent.data && html`<${Needs} recent=${recent.data} />`}
        ${next.data && html`<${Clocks} schedules=${next.data.items} />`}
        ${paused.data && paused.data.items.length > 0 && html`<${Paused} page=${paused.data} />`}
      </div>
    </div>
  `;
}

/** `3`, or `100+` if the list goes on. @param {RunPage} page */
const figure = (page) => `${page.items.length}${page.next_cursor ? "+" : ""}`;

/** @param {Recent} recent */
function headline({ failed, missed }) {
  const [isFailed, isMissed] = [failed.items.length > 0, missed.items.length > 0];
  if (!isFailed && !isMissed) return "Nothing failed. Nothing was missed.";
  const told = (/** @type {RunPage} */ page) =>
    `${figure(page)} ${page.items.length === 1 && !page.next_cursor ? "run" : "runs"}`;
  if (!isMissed) return `Nothing was missed. ${told(failed)} failed.`;
  if (!isFailed) return `Nothing failed. ${told(missed)} ${missed.items.length === 1 ? "was" : "were"} missed.`;
  return `${told(failed)} failed, ${figure(missed)} ${missed.items.length === 1 ? "was" : "were"} missed.`;
}

/** @param {{recent: Recent, next: SchedulePage | null}} props */
function Figures({ recent, next }) {
  const first = next?.items.find((schedule) => schedule.next_run_at)?.next_run_at;
  const soon =
    next?.items.filter(
      (schedule) => schedule.next_run_at && Date.parse(schedule.next_run_at) - now.value < 60 * MINUTE,
    ) ?? [];
  const isMore = soon.length > 0 && soon.length === next?.items.length && next.next_cursor !== null;
  return html`
    <dl class="figs">
      <div>
        <dt><${Glyph} name="future" role="next" />Next run</dt>
        <dd class="v">${first ? relative(Date.parse(first)) : "none"}</dd>
        <dd class="s q">${first ? dayAndClock(Date.parse(first)) : "No schedule is active"}</dd>
      </div>
      <div>
        <dt><${Glyph} name="missed" role=${recent.missed.items.length ? "miss" : ""} />Missed</dt>
        <dd class=${`v ${recent.missed.items.length ? "col miss" : ""}`}>${figure(recent.missed)}</dd>
        <dd class="s q">${recent.missed.items[0] ? html`<a class="link" href=${to("/failed", { status: "missed", period: "day" })}>newest due ${dayAndClock(Date.parse(recent.missed.items[0].scheduled_time))}</a>` : "in 24 hours"}</dd>
      </div>
      <div>
        <dt><${Glyph} name="failed" role=${recent.failed.items.length ? "fail" : ""} />Failed</dt>
        <dd class=${`v ${recent.failed.items.length ? "col fail" : ""}`}>${figure(recent.failed)}</dd>
        <dd class="s q">${recent.failed.items.length ? html`<a class="link" href=${to("/failed", { status: "failed", period: "day" })}>${count(byError(recent.failed.items).length, "error")}</a>` : "in 24 hours"}</dd>
      </div>
      <div>
        <dt><${Glyph} name="active" role="next" />Within the hour</dt>
        <dd class="v">${soon.length}${isMore && "+"}</dd>
        <dd class="s q">${soon.length === 1 ? "schedule fires" : "schedules fire"}</dd>
      </div>
    </dl>
  `;
}

/** @param {{schedules: Schedule[]}} props */
function Next({ schedules }) {
  const shown = schedules.filter((schedule) => schedule.next_run_at).slice(0, SHOWN);
  if (shown.length === 0) {
    return html`<${Empty} title="No schedule is active" text=${html`Create one here, or send a <code>POST</code> to <code>/v1/schedules</code>.`}><a class="btn" href=${to("/new")}>New schedule</a><//>`;
  }
  return html`
    <div class="card">
      <table class="plain">
        <thead>
          <tr><th>Countdown</th><th class="num">Your time</th><th>Schedule</th><th class="hide">Action</th><th class="hide">Its own zone</th></tr>
        </thead>
        <tbody>
          ${shown.map((schedule) => {
            const at = Date.parse(schedule.next_run_at ?? "");
            const zone = schedule.timing.timezone ?? "UTC";
            const isSame = clock(at, zone) === clock(at) && date(at, zone) === date(at);
            return html`
              <tr key=${schedule.schedule_id}>
                <td class="nw"><${Countdown} at=${at} /></td>
                <td class="num nw b">${day(at) === "Today" ? "" : `${day(at)} `}${clock(at)}</td>
                <td class="nm"><${NameLink} schedule=${schedule} /><small>${timingText(schedule)}</small></td>
                <td class="hide nw">${schedule.action.type}</td>
                <td class="hide nw">${isSame ? html`<span class="q">same</span>` : html`${clock(at, zone)}<small>${zone}</small>`}</td>
              </tr>
            `;
          })}
        </tbody>
      </table>
    </div>
  `;
}

/** @param {{recent: Recent}} props */
function Needs({ recent }) {
  const groups = [
    ...byError(recent.failed.items).map((group) => ({ ...group, status: "failed" })),
    ...byError(recent.missed.items).map((group) => ({ ...group, status: "missed" })),
  ];
  if (groups.length === 0) return null;
  return html`
    <section aria-labelledby="needs">
      <div class="head"><h2 id="needs">Needs you</h2><a class="link s" href=${to("/failed", { period: "day" })}>Failed work</a></div>
      <div class="card">
        <ul class="rows">
          ${groups.slice(0, 5).map(
            ({ error, runs, status }) => html`
              <li>
                <a href=${to("/failed", { status, period: "day" })}>
                  <span class="two-l"><span dir="auto">${error}</span><small>${count(new Set(runs.map((run) => run.schedule_id)).size, "schedule")} · since ${dayAndClock(Date.parse(runs.at(-1)?.scheduled_time ?? ""))}</small></span>
                  <strong>${runs.length}</strong>
                </a>
              </li>
            `,
          )}
        </ul>
      </div>
    </section>
  `;
}

/** Changes of clocks in the zones of the schedules that fire next, and in the reader's. @param {{schedules: Schedule[]}} props */
function Clocks({ schedules }) {
  const zones = [...new Set([HERE, ...schedules.flatMap((schedule) => schedule.timing.timezone ?? [])])];
  const found = zones
    .flatMap((zone) => transitions(zone, now.value, now.value + AHEAD).map((change) => ({ zone, ...change })))
    .sort((a, b) => a.at - b.at);
  if (found.length === 0) return null;
  return html`
    <section aria-labelledby="clocks">
      <h2 id="clocks" class="head">Clocks change</h2>
      <div class="bars2">
        ${found.slice(0, 3).map(
          ({ zone, at, by }) => html`
            <div class="note retry" key=${zone}>
              <${Glyph} name="warning" role="retry" />
              <strong>${zone}, ${date(at - SECOND, zone)}, ${clockBefore(at, by, zone)} to ${clock(at, zone)}</strong>
              <p>${by > 0 ? `Clocks go forward ${duration(by)} in ${city(zone)}: wall times between do not exist.` : `Clocks go back ${duration(by)} in ${city(zone)}: wall times occur twice.`}</p>
            </div>
          `,
        )}
      </div>
    </section>
  `;
}

/** @param {{page: SchedulePage}} props */
const Paused = ({ page }) => html`
  <section aria-labelledby="paused">
    <div class="head"><h2 id="paused">Paused</h2><a class="link s" href=${to("/schedules", { status: "paused" })}>${page.next_cursor ? "All" : count(page.items.length, "schedule")}</a></div>
    <div class="card">
      <ul class="rows">
        ${page.items.map(
          (schedule) => html`
            <li>
              <a href=${toSchedule(schedule.schedule_id)}>
                <${Glyph} name="paused" role="stop" />
                <span class="two-l"><span dir="auto">${schedule.name ?? schedule.schedule_id}</span><small dir="auto">${schedule.reason}</small></span>
                <span class="s">${schedule.paused_until ? `until ${dayAndClock(Date.parse(schedule.paused_until))}` : "no end"}</span>
              </a>
            </li>
          `,
        )}
      </ul>
    </div>
  </section>
`;
