/** The history of a schedule's runs as a story: what happened, when, how late, and why. */
import { call } from "./api.js";
import { html, useState } from "./libs.js";
import { Act, count, lateness, say } from "./parts.js";
import { Glyph, grouped, lookOf, RUN } from "./status.js";
import { city, clock, DAY, date, duration, exact, HERE, MINUTE, now, relative, transitions } from "./time.js";

/** @typedef {import("./types.js").Run} Run */

const REDRIVABLE = ["failed", "missed", "skipped"];
/** @param {{runs: Run[], zone: string | null, reload: () => void}} props */
export function Story({ runs, zone, reload }) {
  const groups = grouped(runs);
  return html`
    <ol class="story">
      ${groups.map((group, index) => {
        const [newest] = group;
        const older = groups[index + 1]?.[0];
        return html`
          ${group.length === 1 ? html`<${Entry} key=${newest?.run_id} run=${newest} reload=${reload} />` : html`<${Folded} key=${group.at(-1)?.run_id} group=${group} reload=${reload} />`}
          ${older && changes(zone, Date.parse(older.scheduled_time), Date.parse(group.at(-1)?.scheduled_time ?? ""))}
        `;
      })}
    </ol>
  `;
}

/** The changes of clocks between two runs. @param {string | null} zone @param {number} since @param {number} until */
function changes(zone, since, until) {
  if (until - since > 400 * DAY) return null;
  return [...new Set([zone ?? HERE, HERE])].flatMap((place) =>
    transitions(place, since, until).map(
      ({ at, by }) => html`
        <li key=${`${place}-${at}`}>
          <div class="when"><small>${date(at)} ${clock(at)}</small></div>
          <${Dot} />
          <p class="event">Clocks went ${by > 0 ? "forward" : "back"} ${duration(by)} in ${city(place)}</p>
        </li>
      `,
    ),
  );
}

const Dot = () =>
  html`<svg class="g" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="2.5" fill="var(--ink-3)" /></svg>`;

/** @param {{group: Run[], reload: () => void}} props */
function Folded({ group, reload }) {
  const [isOpen, setOpen] = useState(false);
  const [newest, oldest] = [Date.parse(group[0]?.scheduled_time ?? ""), Date.parse(group.at(-1)?.scheduled_time ?? "")];
  const latest = Math.max(...group.map((run) => run.lateness_ms ?? 0));
  return html`
    <li>
      <div class="when"><span class="b">${date(newest)}</span><small>${date(newest) === date(oldest) ? `${clock(oldest)} to ${clock(newest)}` : `back to ${date(oldest)}`}</small></div>
      <${Glyph} name="succeeded" role="ok" />
      <p><button class="fold" aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>${group.length} succeeded</button></p>
      <div class="end s num q">at most ${lateness(latest)}</div>
    </li>
    ${isOpen && group.map((run) => html`<${Entry} key=${run.run_id} run=${run} reload=${reload} />`)}
  `;
}

/** @param {{run: Run, reload: () => void}} props */
function Entry({ run, reload }) {
  const due = Date.parse(run.scheduled_time);
  const { glyph, role } = lookOf(RUN, run.status);
  const redrive = async () => {
    await call(
      "POST",
      `v1/schedules/${encodeURIComponent(run.schedule_id)}/runs/${encodeURIComponent(run.run_id)}/redrive`,
    );
    say("The run is queued");
    reload();
  };
  return html`
    <li id=${`run-${run.run_id}`}>
      <div class="when"><span class="b">${date(due)}</span><small title=${exact(due)}>${clock(due, HERE, due % MINUTE !== 0)}</small></div>
      <${Glyph} name=${glyph} role=${role} />
      <div>
        <p><span class=${`st ${role}`}>${told(run)}</span></p>
        ${reasons(run).map((text) => html`<p class="why" dir="auto">${text}</p>`)} ${run.attempts.length > 1 && html`<${Attempts} run=${run} />`}
      </div>
      <div class="end s num q">
        ${[run.lateness_ms !== null && lateness(run.lateness_ms), run.attempts.length > 0 && count(run.attempts.length, "attempt")].filter(Boolean).join(" · ")}
        ${REDRIVABLE.includes(run.status) && html`<${Act} class="small" label="Redrive" act=${redrive} />`}
      </div>
    </li>
  `;
}

const ORDINALS = ["", "first", "second", "third", "fourth", "fifth"];

/** @param {Run} run */
function told(run) {
  const { word } = lookOf(RUN, run.status);
  const tries = run.attempts.length;
  return run.status === "succeeded" && tries > 1 ? `Succeeded at the ${ORDINALS[tries] ?? `${tries}th`} attempt` : word;
}

/** What the API tells about a run beside its status. @param {Run} run */
function reasons(run) {
  const due = Date.parse(run.scheduled_time);
  const [last] = run.attempts.slice(-1);
  const ended = last?.ended_at ? Date.parse(last.ended_at) : null;
  return [
    run.reason ?? (run.status === "retrying" || run.status === "failed" ? last?.error : null),
    run.next_attempt_at && nextAttempt(Date.parse(run.next_attempt_at)),
    run.status === "succeeded" && run.attempts.length > 1 && ended && `Done ${duration(ended - due)} after its time.`,
    run.possibly_repeated && "An interrupted attempt may have done the work before.",
    run.unforeseen && "EventBridge fired at a time that the API did not predict.",
  ].filter(Boolean);
}

/** @param {number} at */
const nextAttempt = (at) => (at > now.value ? `The next attempt is ${relative(at)}.` : "The next attempt is due.");

/** @param {{run: Run}} props */
const Attempts = ({ run }) => html`
  <ol class="tries" aria-label="Attempts">
    ${run.attempts.map((/** @type {import("./types.js").Attempt} */ attempt) => {
      const [from, to] = [Date.parse(attempt.started_at), attempt.ended_at ? Date.parse(attempt.ended_at) : null];
      return html`
        <li>
          <time datetime=${attempt.started_at} title=${exact(from)}>${clock(from, HERE, true)}</time>
          <span dir="auto">${attempt.error ?? (to === null ? "in progress" : "done")}</span>
          <span class="qq">${to === null ? "" : duration(to - from)}</span>
        </li>
      `;
    })}
  </ol>
`;
