/** Failed and missed runs, grouped by error; redrive of one, of selected ones, or of all at a rate; and its job. */
import { call, get } from "./api.js";
import { html, useEffect, useMemo, useRef, useState } from "./libs.js";
import { forAll, More, usePages, useSelection } from "./list-parts.js";
import { steadyOrder } from "./lists.js";
import { forgetNames, useName } from "./names.js";
import { Act, attempt, count, Empty, lateness, Note, Shown, say, useCommands, useLoad, useTitle } from "./parts.js";
import { go, place, to, toSchedule } from "./router.js";
import { byError, Glyph, lookOf, RUN } from "./status.js";
import { DAY, dayAndClock, duration, exact, now, SECOND } from "./time.js";

/** @typedef {import("./types.js").Run} Run */
/** @typedef {import("./types.js").RunPage} RunPage */
/** @typedef {import("./types.js").Job} Job */

const PERIODS = {
  day: { name: "24 hours", days: 1 },
  week: { name: "7 days", days: 7 },
  all: { name: "All kept", days: 0 },
};
const ROWS = 20; // of a group that are shown at first
const RATES = [10, 60, 300, 600]; // a minute

/** @param {{id: string | undefined, path: string}} props */
export function View({ id, path }) {
  return path.startsWith("/jobs/") && id ? html`<${JobView} id=${id} />` : html`<${Failed} />`;
}

function Failed() {
  useTitle("Failed work");
  useEffect(() => forgetNames, []);
  const { query } = place.value;
  const status = query.get("status") === "missed" ? "missed" : "failed";
  const period = Object.hasOwn(PERIODS, query.get("period") ?? "")
    ? /** @type {keyof typeof PERIODS} */ (query.get("period"))
    : "week";
  const job = query.get("job");
  /** @param {Record<string, string>} changed */
  const change = (changed) => go(to("/failed", { status, period, ...(job ? { job } : {}), ...changed }));
  const since = () => (PERIODS[period].days ? new Date(now.peek() - PERIODS[period].days * DAY).toISOString() : null);
  const loaded = usePages(
    `${status} ${period}`,
    (signal) => {
      const begin = since();
      return (cursor) => get("v1/runs", { status, since: begin, limit: 100, cursor }, signal);
    },
    { every: 10 * SECOND },
  );
  return html`
    <div class="top">
      <div>
        <h1>${status === "failed" ? "Failed work" : "Missed work"}</h1>
        <p>${status === "failed" ? "Runs whose work failed after all retries." : "Occurrences that were not delivered in time."} A redrive keeps the run's id and history.</p>
      </div>
    </div>
    ${job && html`<${JobNote} id=${job} close=${() => change({ job: "" })} reload=${loaded.reload} />`}
    <div class="bar">
      <div class="seg" role="group" aria-label="Status">
        ${["failed", "missed"].map((name) => {
          const { glyph, role, word } = lookOf(RUN, name);
          return html`<button aria-pressed=${name === status ? "true" : "false"} onClick=${() => change({ status: name })}><${Glyph} name=${glyph} role=${role} />${word}</button>`;
        })}
      </div>
      <div class="seg" role="group" aria-label="Period">
        ${Object.entries(PERIODS).map(([key, { name }]) => html`<button aria-pressed=${key === period ? "true" : "false"} onClick=${() => change({ period: key })}>${name}</button>`)}
      </div>
    </div>
    <${Shown} loaded=${loaded} what="Runs">
      ${(/** @type {RunPage} */ page) => html`<${Groups} key=${`${status} ${period}`} page=${page} status=${status} since=${since()} loaded=${loaded} follow=${(/** @type {Job} */ started) => change({ job: started.job_id })} />`}
    <//>
  `;
}

/** @param {{page: RunPage, status: string, since: string | null, loaded: ReturnType<typeof usePages>, follow: (job: Job) => void}} props */
function Groups({ page, status, since, loaded, follow }) {
  const { items: runs, next_cursor: cursor } = page;
  const { reload } = loaded;
  const groups = useSteadyGroups(runs);
  const { isSelected, select } = useSelection(keyOf);
  const chosen = runs.filter(isSelected);
  /** What is refused stays selected. */
  const redriveChosen = async () => {
    const { done } = await forAll(chosen, "run", "queued", redrive);
    select(done, false);
    reload();
  };
  useCommands(
    chosen.length
      ? [{ title: `Redrive ${count(chosen.length, "run")}`, key: "r", run: () => void attempt(redriveChosen) }]
      : [],
  );
  if (runs.length === 0) {
    return html`<${Empty} glyph="succeeded" title=${`0 ${status}`} text=${`Runs that are ${status} appear here, grouped by error.`}><a class="btn" href=${to("/overview")}>Overview</a><//>`;
  }
  return html`
    <${All} status=${status} since=${since} number=${runs.length} isMore=${cursor !== null} follow=${follow} />
    ${groups.map(({ error, runs: of }) => html`<${Group} key=${error} error=${error} runs=${of} isSelected=${isSelected} select=${select} reload=${reload} />`)}
    <p class="s q">${count(runs.length, "run")} read${cursor ? "; there are more" : ", all of this period"}.</p>
    <${More} loaded=${loaded} label="Read 100 more" />
    ${
      chosen.length > 0 &&
      html`
      <div class="bulk" role="region" aria-label="Selected runs">
        <span role="status">${chosen.length} selected</span>
        <${Act} class="small main" label=${`Redrive ${chosen.length}`} act=${redriveChosen} />
        <button class="btn small bare" onClick=${() => select(chosen, false)}>Clear</button>
      </div>
    `
    }
  `;
}

/** The groups of runs. A refresh changes them in place, and new ones come last. @param {Run[]} runs */
function useSteadyGroups(runs) {
  const order = useRef(/** @type {string[]} */ ([]));
  return useMemo(() => {
    const groups = new Map(byError(runs).map((group) => [group.error, group]));
    order.current = steadyOrder(order.current, [...groups.keys()]);
    return order.current.flatMap((error) => groups.get(error) ?? []);
  }, [runs]);
}

/** @param {Run} run */
const keyOf = (run) => `${run.schedule_id} ${run.run_id}`;

/** @param {Run} run */
const redrive = (run) =>
  call("POST", `v1/schedules/${encodeURIComponent(run.schedule_id)}/runs/${encodeURIComponent(run.run_id)}/redrive`);

/** @param {{status: string, since: string | null, number: number, isMore: boolean, follow: (job: Job) => void}} props */
function All({ status, since, number, isMore, follow }) {
  const [rate, setRate] = useState(60);
  const start = async () => {
    const job = await call("POST", "v1/runs/redrive", {
      body: { status, ...(since ? { since } : {}), per_minute: rate },
    });
    say("The job is recorded. The sweeper does the work");
    follow(job);
  };
  return html`
    <div class="bar all">
      <span class="s q">${isMore ? `More than ${number}` : number} ${status}</span>
      <label class="s end">Redrive all at <select class="in inline" value=${rate} onChange=${(/** @type {any} */ event) => setRate(Number(event.target.value))}>${RATES.map((each) => html`<option value=${each}>${each}</option>`)}</select> a minute</label>
      <${Act} class="small" label=${`Redrive all ${isMore ? "" : number}`} act=${start} />
    </div>
  `;
}

/** @param {{error: string, runs: Run[], isSelected: (run: Run) => boolean, select: (of: Run[], isOn: boolean) => void, reload: () => void}} props */
function Group({ error, runs, isSelected, select, reload }) {
  const [rows, setRows] = useState(ROWS);
  const [isOpenFirst] = useState(runs.length <= ROWS); // then the reader decides
  const schedules = new Set(runs.map((run) => run.schedule_id)).size;
  const oldest = Date.parse(runs.at(-1)?.scheduled_time ?? "");
  const all = runs.every(isSelected);
  return html`
    <details class="card grp" open=${isOpenFirst}>
      <summary>
        <${Glyph} name="i-chevron" role="chev" />
        <span class="two-l"><strong dir="auto">${error}</strong><small>${count(schedules, "schedule")} · since ${dayAndClock(oldest)}</small></span>
        <span class="b">${runs.length}</span>
      </summary>
      <table class="list">
        <thead>
          <tr>
            <th><input type="checkbox" aria-label=${`Select all ${runs.length} of this error`} checked=${all} onChange=${() => select(runs, !all)} /></th>
            <th>Due</th>
            <th>Schedule</th>
            <th class="hide">Attempts</th>
            <th><span class="vh">Action</span></th>
          </tr>
        </thead>
        <tbody>
          ${runs.slice(0, rows).map((run) => html`<${Row} key=${keyOf(run)} run=${run} isSelected=${isSelected(run)} select=${select} reload=${reload} />`)}
        </tbody>
      </table>
      ${runs.length > rows && html`<div class="pager"><span>${rows} of ${runs.length} shown</span><button class="btn small" onClick=${() => setRows(rows + 100)}>Show more</button></div>`}
    </details>
  `;
}

/** @param {{run: Run, isSelected: boolean, select: (of: Run[], isOn: boolean) => void, reload: () => void}} props */
function Row({ run, isSelected, select, reload }) {
  const due = Date.parse(run.scheduled_time);
  const act = async () => {
    await redrive(run);
    say("The run is queued");
    reload();
  };
  return html`
    <tr class=${isSelected ? "on" : ""}>
      <td><input type="checkbox" checked=${isSelected} aria-label=${`Select the run of ${run.schedule_id} due ${dayAndClock(due)}`} onChange=${() => select([run], !isSelected)} /></td>
      <td class="nw" title=${exact(due)}>${dayAndClock(due)}<small>${run.lateness_ms === null ? "" : lateness(run.lateness_ms)}</small></td>
      <td class="nm"><a href=${toSchedule(run.schedule_id)} dir="auto">${useName(run.schedule_id)}</a><small dir="auto">${[run.action_type, run.resource_id].filter(Boolean).join(" · ")}</small></td>
      <td class="hide">${run.attempts.length}</td>
      <td class="num"><${Act} class="small" label="Redrive" act=${act} /></td>
    </tr>
  `;
}

/** The progress of a job above the list. @param {{id: string, close: () => void, reload: () => void}} props */
function JobNote({ id, close, reload }) {
  const loaded = useJob(id, reload);
  const job = loaded.data;
  if (!job)
    return (
      loaded.problem &&
      html`<${Note} role="fail" glyph="failed" title="The job could not be read" text=${loaded.problem.message}><button class="act btn small bare" onClick=${close}>Close</button><//>`
    );
  const isRunning = job.status === "running";
  return html`
    <div class="job">
      <${Note} role=${isRunning ? "busy" : "ok"} glyph=${isRunning ? "running" : "succeeded"} live title=${jobTitle(job)} text=${html`<a class="link" href=${to(`/jobs/${encodeURIComponent(id)}`)}>Job ${id.slice(0, 8)}</a>`}>
        <button class="act btn small bare" onClick=${close}>Close</button>
      <//>
    </div>
  `;
}

/** @param {string} id @param {() => void} [changed] */
function useJob(id, changed = () => undefined) {
  const [isDone, setDone] = useState(false);
  return useLoad(
    `job-${id}`,
    async (signal) => {
      const job = await get(`v1/jobs/${encodeURIComponent(id)}`, undefined, signal);
      if (job.status !== "running" && !isDone) {
        setDone(true);
        changed();
      }
      return job;
    },
    { every: isDone ? 0 : 3 * SECOND },
  );
}

/** @param {Job} job */
const jobTitle = (job) =>
  `${job.status === "running" ? "Redriving" : "Redrive ended"}: ${count(job.done, "run")} queued${job.passed_over ? `, ${job.passed_over} cannot be queued` : ""}`;

/** @param {{id: string}} props */
function JobView({ id }) {
  useTitle("Job");
  const loaded = useJob(id);
  return html`
    <nav class="s q crumb" aria-label="Breadcrumb"><a class="link" href=${to("/failed")}>Failed work</a> / job</nav>
    <div class="top"><h1>Job <code>${id.slice(0, 8)}</code></h1></div>
    <${Shown} loaded=${loaded} what="The job" rows=${3}>
      ${(/** @type {Job} */ job) => html`
        <dl class="facts">
          <dt>Status</dt><dd>${job.status}</dd>
          <dt>Kind</dt><dd>${job.kind.replaceAll("_", " ")}</dd>
          <dt>Done</dt><dd>${job.done}</dd>
          <dt>Passed over</dt><dd>${job.passed_over}</dd>
          <dt>Begun</dt><dd>${dayAndClock(Date.parse(job.created_at))}</dd>
          <dt>Last change</dt><dd>${dayAndClock(Date.parse(job.updated_at))}, ${duration(Date.parse(job.updated_at) - Date.parse(job.created_at))} after it began</dd>
          <dt>Id</dt><dd><code>${job.job_id}</code></dd>
        </dl>
      `}
    <//>
  `;
}
