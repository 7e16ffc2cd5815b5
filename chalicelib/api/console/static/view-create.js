/** Creates or edits a schedule: by form or as JSON, with a live summary of when it will fire. */
import { call, curl, get, Problem } from "./api.js";
import {
  ACTIONS,
  asForm,
  bodyOf,
  CRON_FIELDS,
  differences,
  emptyDraft,
  lineOf,
  NotJson,
  OWN,
  timingOf,
  WITH_PLACEHOLDERS,
} from "./draft.js";
import { html, useEffect, useMemo, useRef, useState } from "./libs.js";
import { Act, Copy, described, Field, Note, nameOf, ProblemNote, Shown, say, useLoad, useTitle } from "./parts.js";
import { go, place, to, toSchedule } from "./router.js";
import { DRAFTS, session } from "./session.js";
import { Glyph } from "./status.js";
import { HERE, renamed } from "./time.js";
import { asCreated, OccurrenceTable } from "./view-schedule.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./types.js").Schedule} Schedule */
/** @typedef {import("./types.js").Preview} Preview */
/** @typedef {Record<string, string>} Errors by the path of the field */

const TYPING = 300; // milliseconds without a key before the preview is asked for

/** @param {{id: string | undefined}} props the schedule to edit, or none */
export function View({ id }) {
  const from = id ?? place.value.query.get("from");
  const loaded = useLoad(`draft ${from}`, async (signal) =>
    from ? get(`v1/schedules/${encodeURIComponent(from)}`, undefined, signal) : {},
  );
  useTitle(id ? "Edit" : "New schedule");
  return html`
    ${!loaded.data && html`<h1 class="vh">${id ? "Edit the schedule" : "New schedule"}</h1>`}
    <${Shown} loaded=${loaded} what="The schedule">
      ${(/** @type {Schedule | Record<string, never>} */ schedule) => html`<${Editor} key=${`${id} ${from} ${schedule.revision}`} id=${id} schedule=${from ? schedule : null} reload=${loaded.reload} />`}
    <//>
  `;
}

/** @param {{id: string | undefined, schedule: Schedule | null, reload: () => void}} props */
function Editor({ id, schedule, reload }) {
  const original = useMemo(() => schedule && asCreated(schedule), []);
  const { draft, text, setDraft, setText, fresh, isRestored, startAgain, idempotencyKey, drop } = useDraft(
    keyOf(id, schedule),
    original,
  );
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const [errors, setErrors] = useState(/** @type {Errors} */ ({}));
  useEffect(() => {
    setErrors({});
    setProblem(null);
  }, [draft, text]);
  /** @param {Partial<Draft>} changed */
  const change = (changed) => setDraft({ ...draft, ...changed });
  const body = () => (text === null ? bodyOf(draft) : parsed(text));
  const isEdit = id && original && schedule;
  const send = async () => {
    try {
      const asked = body();
      const saved = await (isEdit ? update(schedule, original, asked) : create(asked, idempotencyKey(asked)));
      drop();
      say(id ? "The schedule is changed" : "The schedule is created");
      go(toSchedule(saved.schedule_id));
    } catch (error) {
      if (error instanceof NotJson) setErrors({ [error.field]: error.message });
      else if (!(error instanceof Problem)) throw error;
      else {
        setProblem(error);
        setErrors(Object.fromEntries(error.errors.map(({ field, message }) => [field, message])));
      }
      requestAnimationFrame(focusError);
    }
  };
  const readAgain = async () => {
    if (isEdit) await rebase(schedule, original, body());
    drop();
    reload();
  };
  /** @param {boolean} isJson */
  const setJson = (isJson) => {
    try {
      if (isJson) setText(JSON.stringify(bodyOf(draft), null, 2));
      else {
        setDraft(formOf(text ?? "{}"));
        setText(null);
      }
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      setErrors({ [error.field]: error.message });
    }
  };
  return html`
    <nav class="s q crumb" aria-label="Breadcrumb"><a class="link" href=${to("/schedules")}>Schedules</a> / <bdi>${id && schedule ? nameOf(schedule) : "new"}</bdi></nav>
    <div class="top">
      <h1>${id ? "Edit the schedule" : "New schedule"}</h1>
      <${WriteAs} isJson=${text !== null} setJson=${setJson} />
    </div>
    <div class="two">
      <form class="form" novalidate onSubmit=${(/** @type {Event} */ event) => event.preventDefault()}>
        <${Restored} isRestored=${isRestored} startAgain=${startAgain} />
        <${ProblemNote} problem=${problem} />
        ${text === null ? html`<${Form} draft=${draft} change=${change} errors=${errors} />` : html`<${Json} text=${text} setText=${setText} errors=${errors} isNew=${!id} note=${text === fresh.text ? fresh.note : ""} />`}
        <p class="acts">
          <${Act} class="main" label=${id ? "Save changes" : "Create schedule"} act=${send} />
          <${ReadAgain} problem=${problem} act=${readAgain} />
          ${!id && html`<${Copy} label="Copy as curl" text=${() => curl("POST", "v1/schedules", body())} />`}
          <a class="btn bare" href=${id ? toSchedule(id) : to("/schedules")} onClick=${drop}>Discard</a>
        </p>
      </form>
      <${Summary} timing=${() => (text === null ? timingOf(draft.timing) : parsed(text).timing)} exclusions=${draft.options.exclusions ?? ""} />
    </div>
  `;
}

/** Where what is typed is kept. @param {string | undefined} id @param {Schedule | null} schedule */
const keyOf = (id, schedule) =>
  `${DRAFTS}${session.value.user} ${id ?? "new"} ${schedule?.schedule_id ?? ""} ${schedule?.revision ?? ""}`;

/**
 * Reads a schedule that was changed elsewhere, and keeps what was changed here as a draft of its new revision.
 * @param {Schedule} schedule @param {Record<string, any>} original @param {Record<string, any>} body
 */
async function rebase(schedule, original, body) {
  const id = schedule.schedule_id;
  const newest = await get(`v1/schedules/${encodeURIComponent(id)}`);
  const { draft, text } = startOf({ ...asCreated(newest), ...changesOf(original, body) });
  sessionStorage.setItem(keyOf(id, newest), JSON.stringify({ draft, text, sent: { body: "", key: "" } }));
}

/** @param {{problem: Problem | null, act: () => Promise<void>}} props */
const ReadAgain = ({ problem, act }) =>
  problem?.status === 412 && html`<${Act} label="Read it again, keep my changes" act=${act} />`;

/**
 * What is typed, kept in sessionStorage until it is sent: neither a reload nor a sign-in loses it.
 * @param {string} key of sessionStorage
 * @param {Record<string, any> | null} original
 */
function useDraft(key, original) {
  const fresh = useMemo(() => startOf(original), []);
  const found = useMemo(() => kept(key), []);
  const [isRestored, setRestored] = useState(found !== null);
  const [{ draft, text }, setState] = useState({
    draft: found?.draft ?? fresh.draft,
    text: found ? found.text : fresh.text,
  });
  const sent = useRef(found?.sent ?? { body: "", key: "" });
  const isFresh = text === fresh.text && JSON.stringify(draft) === JSON.stringify(fresh.draft);
  const drop = () => sessionStorage.removeItem(key);
  const keep = () => sessionStorage.setItem(key, JSON.stringify({ draft, text, sent: sent.current }));
  useEffect(() => (isFresh ? drop() : keep()), [draft, text]);
  const startAgain = () => {
    setState({ draft: fresh.draft, text: fresh.text });
    setRestored(false);
  };
  /** The same request again, after an answer that was lost, creates nothing twice. @param {Record<string, any>} asked */
  const idempotencyKey = (asked) => {
    const body = JSON.stringify(asked);
    if (sent.current.body !== body) sent.current = { body, key: crypto.randomUUID() };
    keep();
    return sent.current.key;
  };
  return {
    draft,
    text,
    setDraft: (/** @type {Draft} */ changed) => setState((old) => ({ ...old, draft: changed })),
    setText: (/** @type {string | null} */ changed) => setState((old) => ({ ...old, text: changed })),
    fresh,
    isRestored,
    startAgain,
    idempotencyKey,
    drop,
  };
}

/** @param {{isJson: boolean, setJson: (isJson: boolean) => void}} props */
const WriteAs = ({ isJson, setJson }) => html`
  <div class="seg" role="group" aria-label="Write as">
    <button aria-pressed=${String(!isJson)} onClick=${() => isJson && setJson(false)}>Form</button>
    <button aria-pressed=${String(isJson)} onClick=${() => isJson || setJson(true)}>JSON</button>
  </div>
`;

/** @param {{isRestored: boolean, startAgain: () => void}} props */
const Restored = ({ isRestored, startAgain }) =>
  isRestored &&
  html`
    <${Note} role="off" glyph="queued" title="This is what you typed before, and did not send.">
      <button type="button" class="act btn small" onClick=${startAgain}>Start again</button>
    <//>
  `;

/** @param {string[]} changed paths */
const noForm = (changed) =>
  `The form cannot hold ${changed.join(", ")} as written here. Stay with JSON, or change that first.`;

/** The form's draft of a text. Throws NotJson, also if the form would change a part of it. @param {string} text */
function formOf(text) {
  const { draft, changed } = asForm(parsed(text));
  if (!draft || changed.length) throw new NotJson("json", noForm(changed));
  return draft;
}

/**
 * What the editor begins with: the form, or JSON if the form would change a part of the schedule.
 * @param {Record<string, any> | null} original
 */
function startOf(original) {
  const { draft, changed } = original ? asForm(original) : { draft: emptyDraft(), changed: [] };
  const isForm = draft !== null && changed.length === 0;
  return {
    draft: draft ?? emptyDraft(),
    text: isForm ? null : JSON.stringify(original, null, 2),
    note: isForm ? "" : noForm(changed),
  };
}

/** Shows the first error, also one in a part that is folded. */
function focusError() {
  const form = document.querySelector("form.form");
  const found = /** @type {HTMLElement | null} */ (
    form?.querySelector("[aria-invalid=true]") ?? form?.querySelector("[role=alert]")
  );
  const folded = found?.closest("details");
  if (folded) folded.open = true;
  found?.focus();
}

/** @param {string} key @returns {{draft: Draft, text: string | null, sent: {body: string, key: string}} | null} */
function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} text @returns {Record<string, any>} */
function parsed(text) {
  try {
    const body = JSON.parse(text);
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw new SyntaxError("it must be an object");
    return body;
  } catch (error) {
    throw new NotJson("body", `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** The fields that differ. @param {Record<string, any>} original @param {Record<string, any>} body */
const changesOf = (original, body) =>
  Object.fromEntries(
    differences(original, body)
      .map((field) => field.split(".")[0] ?? "")
      .map((name) => [name, body[name] ?? null]),
  );

/** @param {Record<string, any>} body @param {string} key */
const create = (body, key) => call("POST", "v1/schedules", { body, headers: { "Idempotency-Key": key } });

/**
 * Sends the fields that differ, on condition that nobody changed the schedule in the meantime.
 * @param {Schedule} schedule @param {Record<string, any>} original @param {Record<string, any>} body
 */
async function update(schedule, original, body) {
  const path = `v1/schedules/${encodeURIComponent(schedule.schedule_id)}`;
  const fields = changesOf(original, body);
  if (Object.keys(fields).length === 0) return schedule;
  return call("PATCH", path, { body: fields, headers: { "If-Match": `"${schedule.revision}"` } });
}

/** @param {{text: string, setText: (text: string) => void, errors: Errors, isNew: boolean, note: string}} props */
function Json({ text, setText, errors, isNew, note }) {
  const lines = Object.entries(errors).map(([field, message]) =>
    field === "json" ? message : `${lineOf(text, field)}${field} ${message}`,
  );
  const error = lines.join("; ") || null;
  return html`
    <${Field} id="json" label=${isNew ? html`Body of <code>POST /v1/schedules</code>` : "Fields of the schedule"} error=${error} help=${note}>
      <textarea class="in" rows="20" spellcheck="false" ...${described("json", error, Boolean(note))} value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
    <//>
  `;
}

/**
 * @typedef {{draft: Draft, change: (changed: Partial<Draft>) => void, errors: Errors}} FormProps
 */

/** @param {FormProps} props */
const Form = ({ draft, change, errors }) => html`
  <section aria-labelledby="when">
    <h2 id="when">When</h2>
    <${Timing} draft=${draft} change=${change} errors=${errors} />
  </section>
  <section aria-labelledby="what">
    <h2 id="what">What</h2>
    <${Action} draft=${draft} change=${change} errors=${errors} />
  </section>
  <section aria-labelledby="about">
    <h2 id="about">About</h2>
    <div class="row">
      <${Text} id="name" label="Name" value=${draft.name} errors=${errors} onChange=${(/** @type {string} */ name) => change({ name })} help="One line. The action receives it." />
      <${Text} id="resource_id" label="Resource" value=${draft.resource_id} errors=${errors} onChange=${(/** @type {string} */ resource_id) => change({ resource_id })} help="Id of the thing that the schedule is about, such as contract-42." />
    </div>
  </section>
  <${Options} draft=${draft} change=${change} errors=${errors} />
`;

/**
 * A text field by the path of its value in the body.
 * @param {{id: string, label: string, value: string, errors: Errors, onChange: (value: string) => void, help?: string, type?: string, rows?: number, list?: string, placeholder?: string}} props
 */
function Text({ id, label, value, errors, onChange, help, type = "text", rows, list, placeholder }) {
  const error = errorOf(errors, id);
  const attributes = {
    ...described(id, error, Boolean(help)),
    class: "in",
    value,
    onInput: (/** @type {any} */ event) => onChange(event.target.value),
  };
  return html`
    <${Field} id=${id} label=${label} help=${help} error=${error}>
      ${rows ? html`<textarea rows=${rows} spellcheck="false" ...${attributes} />` : html`<input type=${type} list=${list} placeholder=${placeholder} autocomplete="off" ...${attributes} />`}
    <//>
  `;
}

/** The API's errors at a path or below it: `action.to.0` belongs to `action.to`. @param {Errors} errors @param {string} path */
function errorOf(errors, path) {
  const found = Object.entries(errors).filter(([field]) => field === path || field.startsWith(`${path}.`));
  return (
    found
      .map(([field, message]) => (field === path ? message : `${field.slice(path.length + 1)} ${message}`))
      .join("; ") || null
  );
}

/**
 * @param {{id: string, label: string, value: string, options: Record<string, string>, onChange: (value: string) => void, errors: Errors, help?: string}} props
 */
function Choice({ id, label, value, options, onChange, errors, help }) {
  const error = errorOf(errors, id);
  return html`
    <${Field} id=${id} label=${label} help=${help} error=${error}>
      <select class="in" ...${described(id, error, Boolean(help))} value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>
        ${Object.entries(options).map(([key, name]) => html`<option value=${key}>${name}</option>`)}
      </select>
    <//>
  `;
}

const TIMINGS = { at: "Once", after: "After", rate: "Every", cron: "Calendar" };

/** @param {FormProps} props */
function Timing({ draft, change, errors }) {
  const { timing } = draft;
  /** @param {Partial<import("./draft.js").Timing>} changed */
  const set = (changed) => change({ timing: { ...timing, ...changed } });
  const general = Object.hasOwn(errors, "timing") ? errors.timing : null;
  return html`
    <div class="seg" role="group" aria-label="Timing">
      ${Object.entries(TIMINGS).map(([kind, name]) => html`<button type="button" aria-pressed=${kind === timing.kind ? "true" : "false"} onClick=${() => set({ kind: /** @type {any} */ (kind) })}>${name}</button>`)}
    </div>
    ${general && html`<p class="err" role="alert"><${Glyph} name="failed" role="fail" />${general}</p>`}
    ${timing.kind === "at" && html`<div class="row"><${At} timing=${timing} set=${set} errors=${errors} /><${Zone} timing=${timing} set=${set} errors=${errors} /></div>`}
    ${timing.kind === "after" && html`<${Length} id="timing.after" label="After" number=${timing.after} unit=${timing.afterUnit} units=${["minutes", "hours", "days", "weeks"]} set=${(/** @type {string} */ after, /** @type {string} */ afterUnit) => set({ after, afterUnit })} errors=${errors} />`}
    ${timing.kind === "rate" && html`<${Length} id="timing.rate" label="Every" number=${timing.rate} unit=${timing.rateUnit} units=${["minutes", "hours", "days"]} set=${(/** @type {string} */ rate, /** @type {string} */ rateUnit) => set({ rate, rateUnit })} errors=${errors} help="Elapsed time: a change of clocks does not move it." />`}
    ${timing.kind === "cron" && html`<${Cron} timing=${timing} set=${set} errors=${errors} /><${Zone} timing=${timing} set=${set} errors=${errors} />`}
    ${(timing.kind === "rate" || timing.kind === "cron") && html`<${Bounds} timing=${timing} set=${set} errors=${errors} />`}
    <datalist id="zones">${Intl.supportedValuesOf("timeZone").map((zone) => html`<option value=${renamed(zone)} />`)}</datalist>
  `;
}

/**
 * @typedef {{timing: import("./draft.js").Timing, set: (changed: Partial<import("./draft.js").Timing>) => void, errors: Errors}} TimingProps
 */

/** @param {TimingProps} props */
function At({ timing, set, errors }) {
  const isWall = timing.at === "" || /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(timing.at);
  return html`<${Text} id="timing.at" label="Date and time" type=${isWall ? "datetime-local" : "text"} value=${timing.at} errors=${errors} onChange=${(/** @type {string} */ at) => set({ at })} />`;
}

/** @param {TimingProps} props */
const Zone = ({ timing, set, errors }) =>
  html`<${Text} id="timing.timezone" label="Time zone" list="zones" value=${timing.timezone} errors=${errors} onChange=${(/** @type {string} */ timezone) => set({ timezone })} help=${timing.timezone === HERE ? "Yours." : `Yours is ${HERE}.`} />`;

/** @param {{id: string, label: string, number: string, unit: string, units: string[], set: (number: string, unit: string) => void, errors: Errors, help?: string}} props */
function Length({ id, label, number, unit, units, set, errors, help }) {
  const error = errorOf(errors, id);
  return html`
    <${Field} id=${id} label=${label} help=${help} error=${error}>
      <span class="bar">
        <input class="in short" inputmode="numeric" autocomplete="off" ...${described(id, error, Boolean(help))} value=${number} onInput=${(/** @type {any} */ event) => set(event.target.value, unit)} />
        <select class="in" aria-label="Unit" value=${unit} onChange=${(/** @type {any} */ event) => set(number, event.target.value)}>${units.map((name) => html`<option value=${name}>${name}</option>`)}</select>
      </span>
    <//>
  `;
}

/** @type {[string, string[]][]} */
const PRESETS = [
  ["Every day", ["0", "9", "*", "*", "?", "*"]],
  ["Monday to Friday", ["0", "9", "?", "*", "MON-FRI", "*"]],
  ["Every Monday", ["0", "9", "?", "*", "MON", "*"]],
  ["First of the month", ["0", "9", "1", "*", "?", "*"]],
  ["Last day of the month", ["0", "9", "L", "*", "?", "*"]],
  ["Every 15 minutes", ["0/15", "*", "*", "*", "?", "*"]],
];

/** @param {TimingProps} props */
function Cron({ timing, set, errors }) {
  const error = errorOf(errors, "timing.cron");
  const values = CRON_FIELDS.map((_, index) => timing.cron[index] ?? "");
  /** @param {number} index @param {string} text */
  const edit = (index, text) => {
    const pasted = text.trim().split(/\s+/);
    set({ cron: pasted.length > 1 ? pasted : values.map((value, at) => (at === index ? text : value)) });
  };
  return html`
    <div class="f">
      <span class="lab" id="cron-label">Cron</span>
      <div class="cron" role="group" aria-labelledby="cron-label" id="timing.cron">
        ${CRON_FIELDS.map((name, index) => html`<label>${name}<input autocomplete="off" spellcheck="false" aria-invalid=${error ? "true" : undefined} aria-describedby=${error ? "timing.cron-err" : "cron-help"} value=${values[index]} onInput=${(/** @type {any} */ event) => edit(index, event.target.value)} /></label>`)}
      </div>
      ${timing.cron.length !== CRON_FIELDS.length && html`<p class="help">The expression has ${timing.cron.length} fields.</p>`}
      ${error && html`<p class="err" id="timing.cron-err"><${Glyph} name="failed" role="fail" />${error}</p>`}
      <p class="help" id="cron-help">One of the two day fields is <code>?</code>. Also: <code>L</code> last, <code>W</code> weekday, <code>MON#1</code> first Monday, <code>0/15</code> every 15. A whole expression can be pasted into any field.</p>
      <div class="bar presets" role="group" aria-label="Examples">${PRESETS.map(([name, cron]) => html`<button type="button" class="btn small" onClick=${() => set({ cron })}>${name}</button>`)}</div>
    </div>
  `;
}

/** @param {TimingProps} props */
const Bounds = ({ timing, set, errors }) => html`
  <div class="row">
    <${Text} id="timing.start_at" label="Not before" value=${timing.start_at} errors=${errors} placeholder="2027-03-01T00:00:00Z" onChange=${(/** @type {string} */ start_at) => set({ start_at })} help="An instant with Z or an offset. Optional." />
    <${Text} id="timing.end_at" label="Not after" value=${timing.end_at} errors=${errors} placeholder="2027-12-31T23:59:00Z" onChange=${(/** @type {string} */ end_at) => set({ end_at })} help="An instant with Z or an offset. Optional." />
  </div>
`;

/** @param {FormProps} props */
function Action({ draft, change, errors }) {
  const form = ACTIONS[draft.type];
  /** @param {string} name @param {string} value */
  const set = (name, value) => change({ fields: { ...draft.fields, [name]: value } });
  const types = {
    ...Object.fromEntries(Object.entries(ACTIONS).map(([type, { label }]) => [type, label])),
    [OWN]: "An action of your own",
  };
  return html`
    <${Choice} id="action.type" label="Action" value=${draft.type} options=${types} errors=${errors} onChange=${(/** @type {string} */ type) => change({ type })} />
    ${!form && html`<${Text} id="action.type-own" label="Type" value=${draft.ownType} errors=${errors} onChange=${(/** @type {string} */ ownType) => change({ ownType })} help="Such as invoice.remind." /><${Text} id="action.data" label="Data" rows=${5} value=${draft.fields.data ?? ""} errors=${errors} onChange=${(/** @type {string} */ value) => set("data", value)} help="A JSON object." />`}
    ${form?.fields.map(({ name, kind, label, help, isRequired }) => {
      const shared = {
        id: `action.${name}`,
        label: isRequired ? label : `${label} (optional)`,
        value: draft.fields[name] ?? "",
        errors,
        help,
        onChange: (/** @type {string} */ value) => set(name, value),
      };
      if (kind === "period")
        return html`<${Choice} key=${name} ...${shared} label=${label} options=${{ "": "Week", day: "Day", month: "Month" }} />`;
      return html`<${Text} key=${name} ...${shared} rows=${kind === "area" ? 4 : kind === "json" ? 4 : undefined} />`;
    })}
    ${WITH_PLACEHOLDERS.includes(draft.type) && html`<p class="help">Texts can have placeholders: <code>{{name}}</code>, <code>{{resource_id}}</code>, <code>{{local_date}}</code>, <code>{{local_time}}</code>, <code>{{metadata.plan}}</code>.</p>`}
    ${Object.hasOwn(errors, "action") && html`<p class="err" role="alert"><${Glyph} name="failed" role="fail" />${errors.action}</p>`}
  `;
}

/** @param {FormProps} props */
function Options({ draft, change, errors }) {
  const hasError = Object.keys(errors).some((field) => !/^(timing|action|name|resource_id)\b/.test(field));
  /** @param {string} id @param {string} label @param {string} [help] @param {Record<string, unknown>} [more] */
  const text = (id, label, help, more = {}) =>
    html`<${Text} id=${id} label=${label} help=${help} value=${draft.options[id] ?? ""} errors=${errors} onChange=${(/** @type {string} */ value) => change({ options: { ...draft.options, [id]: value } })} ...${more} />`;
  /** @param {string} id @param {string} label @param {Record<string, string>} options @param {string} [help] */
  const choice = (id, label, options, help) =>
    html`<${Choice} id=${id} label=${label} help=${help} value=${draft.options[id] ?? ""} options=${{ "": "Default", ...options }} errors=${errors} onChange=${(/** @type {string} */ value) => change({ options: { ...draft.options, [id]: value } })} />`;
  return html`
    <details class="more" open=${hasError || Object.keys(draft.options).length > 0}>
      <summary><${Glyph} name="i-chevron" role="chev" /><h2>Failures, limits, dates</h2></summary>
      <div class="row">
        ${text("retry.max_retries", "Retries", "0 to 20. Default: 3.")} ${text("retry.backoff_seconds", "First retry after seconds", "60 to 3600, then twice as long each time. Default: 60.")}
        ${choice("on_unknown", "If it is unknown whether the work was done", { retry: "Retry", stop: "Stop" })} ${choice("on_missed", "If an occurrence was missed", { run_now: "Run now", skip: "Skip" }, "Default: run now for one-time, skip for recurring.")}
        ${choice("overlap", "While an earlier run is in progress", { allow: "Allow", skip: "Skip" })} ${text("pause_after_failures", "Pause after failures in a row", "0: never. Default: 10 for recurring.")}
        ${text("max_runs", "Most runs", "Completed after so many runs. Empty: no limit.")} ${text("flexible_window_minutes", "Flexible window in minutes", "0: exact. At most 1440.")}
        ${text("delivery.max_retries", "Delivery retries", "0 to 185: retries of EventBridge's delivery.")} ${text("delivery.max_age_seconds", "Give up the delivery after seconds", "60 to 86400. Default: 3600.")}
      </div>
      ${text("exclusions", "Excluded dates", "In the timing's time zone, such as 2027-12-24, 2027-12-25.")} ${text("metadata", "Metadata", "A JSON object that the action receives.", { rows: 3 })}
    </details>
  `;
}

/**
 * The live summary: the timing in English, its next occurrences, and warnings.
 * @param {{timing: () => Record<string, string> | undefined, exclusions: string}} props
 */
function Summary({ timing, exclusions }) {
  const { preview, problem, isWaiting } = usePreview(timing);
  const excluded = new Set(exclusions.split(/[\s,]+/).filter(Boolean));
  const zone = preview?.timing.timezone ?? "UTC";
  return html`
    <section class="card sum" aria-label="Summary" aria-busy=${isWaiting ? "true" : "false"}>
      ${problem && html`<div role="status"><p class="say">No occurrence yet</p><p class="s col retry">${problem}</p></div>`}
      ${
        !problem &&
        preview &&
        html`
        <p class="say" role="status">${preview.description}</p>
        ${preview.warnings.map((text) => html`<div class="note retry"><${Glyph} name="warning" role="retry" /><strong>${text}</strong></div>`)}
        <${OccurrenceTable} occurrences=${preview.occurrences.map((at) => Date.parse(at))} zone=${zone} />
        ${excluded.size > 0 && html`<p class="s q">Without the excluded dates: ${[...excluded].join(", ")}.</p>`}
      `
      }
      ${!problem && !preview && html`<p class="q s" role="status">The next occurrences appear here.</p>`}
    </section>
  `;
}

/** @param {() => Record<string, string> | undefined} timing */
function usePreview(timing) {
  const [state, setState] = useState({ preview: /** @type {Preview | null} */ (null), problem: "" });
  const [isWaiting, setWaiting] = useState(true);
  const asked = attemptToWrite(timing);
  useEffect(() => {
    setWaiting(asked !== null);
    if (!asked) return undefined;
    const aborting = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const preview = await call("POST", "v1/occurrences", {
          body: { timing: JSON.parse(asked), limit: 10 },
          signal: aborting.signal,
        });
        setState({ preview, problem: "" });
      } catch (error) {
        if (aborting.signal.aborted) return;
        const problem = /** @type {Problem} */ (error);
        setState((old) => ({
          ...old,
          problem:
            problem.errors?.map(({ field, message }) => `${field.replace("timing.", "")}: ${message}`).join("; ") ||
            problem.message,
        }));
      }
      setWaiting(false);
    }, TYPING);
    return () => {
      clearTimeout(timer);
      aborting.abort();
    };
  }, [asked]);
  return { ...state, isWaiting };
}

/** @param {() => Record<string, string> | undefined} timing @returns {string | null} its JSON */
function attemptToWrite(timing) {
  try {
    return JSON.stringify(timing() ?? {});
  } catch {
    return null;
  }
}
