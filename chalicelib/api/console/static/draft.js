/**
 * A schedule as somebody fills it into the form, and the body of the request that it becomes.
 *
 * The form keeps texts as they were typed. `bodyOf` and `draftOf` convert; what the form does not show of a body stays
 * in `rest`, so that changing between form and JSON loses nothing.
 */
import { HERE } from "./time.js";

/**
 * @typedef {{kind: "text" | "area" | "list" | "json" | "period", name: string, label: string, help?: string, isRequired?: boolean}} ActionField
 * @typedef {{label: string, fields: ActionField[]}} ActionForm
 */

/** @type {Record<string, ActionForm>} */
export const ACTIONS = {
  email: {
    label: "Email",
    fields: [
      { name: "to", kind: "list", label: "To", help: "Addresses, separated by commas.", isRequired: true },
      { name: "subject", kind: "text", label: "Subject", isRequired: true },
      { name: "text", kind: "area", label: "Text", help: "Text, HTML, or both." },
      { name: "html", kind: "area", label: "HTML" },
      { name: "cc", kind: "list", label: "Cc" },
      { name: "bcc", kind: "list", label: "Bcc" },
      { name: "reply_to", kind: "list", label: "Reply to" },
    ],
  },
  webhook: {
    label: "Webhook",
    fields: [
      {
        name: "url",
        kind: "text",
        label: "URL",
        help: "A public https address. It gets a signed POST.",
        isRequired: true,
      },
      { name: "body", kind: "json", label: "Body", help: "Any JSON. Empty: a description of the run." },
      { name: "headers", kind: "json", label: "Headers", help: 'Further headers, such as {"X-Shop": "7"}.' },
    ],
  },
  sms: {
    label: "SMS",
    fields: [
      {
        name: "to",
        kind: "text",
        label: "Phone number",
        help: "In international form, such as +4915112345678.",
        isRequired: true,
      },
      { name: "text", kind: "area", label: "Text", isRequired: true },
      {
        name: "sender_id",
        kind: "text",
        label: "Sender",
        help: "Up to 11 letters and digits, in countries that allow one.",
      },
    ],
  },
  push: {
    label: "Push notification",
    fields: [
      {
        name: "endpoint",
        kind: "text",
        label: "Endpoint",
        help: "ARN of the device's SNS platform endpoint.",
        isRequired: true,
      },
      { name: "title", kind: "text", label: "Title", isRequired: true },
      { name: "text", kind: "area", label: "Text", isRequired: true },
      { name: "data", kind: "json", label: "Data", help: "An object of texts for the app." },
    ],
  },
  report: {
    label: "Report",
    fields: [
      { name: "to", kind: "list", label: "To", help: "Addresses, separated by commas.", isRequired: true },
      { name: "period", kind: "period", label: "Period" },
      { name: "subject", kind: "text", label: "Subject", help: "Empty: one that names the period." },
    ],
  },
  event: {
    label: "Event",
    fields: [
      { name: "detail_type", kind: "text", label: "Detail type", help: "Such as contract.check.", isRequired: true },
      { name: "detail", kind: "json", label: "Detail", help: "A JSON object." },
      { name: "source", kind: "text", label: "Source" },
    ],
  },
};

export const OWN = "own";

/** Actions whose texts can have placeholders. */
export const WITH_PLACEHOLDERS = ["email", "sms", "push", "report"];

/**
 * @typedef {{kind: "at" | "after" | "rate" | "cron", at: string, after: string, afterUnit: string, rate: string,
 *   rateUnit: string, cron: string[], timezone: string, start_at: string, end_at: string}} Timing
 * @typedef {{name: string, resource_id: string, timing: Timing, type: string, ownType: string,
 *   fields: Record<string, string>, options: Record<string, string>, rest: Record<string, any>}} Draft
 */

export const CRON_FIELDS = ["Minutes", "Hours", "Day of month", "Month", "Day of week", "Year"];

/** Options of the form, with their path in the body. */
export const OPTIONS = /** @type {const} */ ([
  "retry.max_retries",
  "retry.backoff_seconds",
  "on_unknown",
  "on_missed",
  "overlap",
  "pause_after_failures",
  "max_runs",
  "exclusions",
  "flexible_window_minutes",
  "delivery.max_retries",
  "delivery.max_age_seconds",
  "metadata",
]);

const NUMBERS = [
  "retry.max_retries",
  "retry.backoff_seconds",
  "pause_after_failures",
  "max_runs",
  "flexible_window_minutes",
  "delivery.max_retries",
  "delivery.max_age_seconds",
];

/** @returns {Draft} */
export const emptyDraft = () => ({
  name: "",
  resource_id: "",
  timing: {
    kind: "cron",
    at: "",
    after: "10",
    afterUnit: "minutes",
    rate: "15",
    rateUnit: "minutes",
    cron: ["0", "9", "?", "*", "MON-FRI", "*"],
    timezone: HERE,
    start_at: "",
    end_at: "",
  },
  type: "email",
  ownType: "",
  fields: {},
  options: {},
  rest: {},
});

/** A text that should be JSON is not. `field` is its path in the body. */
export class NotJson extends Error {
  /** @param {string} field @param {string} message */
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/** @param {string} field @param {string} text */
function readJson(field, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NotJson(field, `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** The `timing` of a request. @param {Timing} timing @returns {Record<string, string>} */
export function timingOf(timing) {
  const bounds = {
    ...(timing.start_at ? { start_at: timing.start_at } : {}),
    ...(timing.end_at ? { end_at: timing.end_at } : {}),
  };
  const hasZone = !/(Z|[+-]\d\d:?\d\d)$/i.test(timing.at);
  if (timing.kind === "at") return { at: withSeconds(timing.at), ...(hasZone ? { timezone: timing.timezone } : {}) };
  if (timing.kind === "after") return { after: durationOf(timing.after, timing.afterUnit) };
  const unit = timing.rate.trim() === "1" ? timing.rateUnit.replace(/s$/, "") : timing.rateUnit;
  if (timing.kind === "rate") return { rate: `${timing.rate.trim()} ${unit}`, ...bounds };
  return { cron: timing.cron.map((field) => field.trim() || "*").join(" "), timezone: timing.timezone, ...bounds };
}

/** `2027-03-01T09:00` as the API takes it. @param {string} wall */
const withSeconds = (wall) => (/T\d\d:\d\d$/.test(wall) ? `${wall}:00` : wall);

const PERIODS = { minutes: "PT#M", hours: "PT#H", days: "P#D", weeks: "P#W" };

/** @param {string} number @param {string} unit */
const durationOf = (number, unit) =>
  (PERIODS[/** @type {keyof typeof PERIODS} */ (unit)] ?? "PT#S").replace("#", number.trim());

/**
 * The body of `POST /v1/schedules`. Throws NotJson.
 * @param {Draft} draft
 * @returns {Record<string, any>}
 */
export function bodyOf(draft) {
  /** @type {Record<string, any>} */
  const body = { ...draft.rest, timing: timingOf(draft.timing), action: actionOf(draft) };
  if (draft.name.trim()) body.name = draft.name.trim();
  if (draft.resource_id.trim()) body.resource_id = draft.resource_id.trim();
  for (const [path, text] of Object.entries(draft.options)) {
    if (text.trim()) put(body, path, optionOf(path, text.trim()));
  }
  return body;
}

/** @param {string} path @param {string} text */
function optionOf(path, text) {
  if (path === "exclusions") return text.split(/[\s,]+/).filter(Boolean);
  if (path === "metadata") return readJson(path, text);
  return NUMBERS.includes(path) && /^-?\d+$/.test(text) ? Number(text) : text;
}

/** @param {Record<string, any>} body @param {string} path @param {unknown} value */
function put(body, path, value) {
  const [first = "", second] = path.split(".");
  body[first] = second ? { ...body[first], [second]: value } : value;
}

/** @param {Draft} draft */
function actionOf({ type, ownType, fields, rest }) {
  /** @type {Record<string, any>} */
  const action = { type: type === OWN ? ownType.trim() : type, ...(rest.action ?? {}) };
  const form = ACTIONS[type];
  if (!form) return { ...action, ...(fields.data?.trim() ? { data: readJson("action.data", fields.data) } : {}) };
  for (const { name, kind } of form.fields) {
    const text = fields[name] ?? "";
    if (text.trim()) action[name] = fieldOf(kind, `action.${name}`, text);
  }
  return action;
}

/** @param {string} kind @param {string} path @param {string} text */
function fieldOf(kind, path, text) {
  if (kind === "list")
    return text
      .split(/[,;\n]+/)
      .map((part) => part.trim())
      .filter(Boolean);
  return kind === "json" ? readJson(path, text) : text;
}

/**
 * The draft of a request's body, or of a schedule as the API shows it.
 * @param {Record<string, any>} body
 * @returns {Draft}
 */
export function draftOf(body) {
  const { name, resource_id, timing = {}, action = {}, ...more } = body;
  const draft = {
    ...emptyDraft(),
    name: name ?? "",
    resource_id: resource_id ?? "",
    timing: timingDraft(timing),
    ...actionDraft(action),
  };
  for (const path of OPTIONS) {
    const [first = "", second] = path.split(".");
    const value = second ? more[first]?.[second] : more[first];
    if (value !== undefined && value !== null) draft.options[path] = textOf(value);
  }
  const shown = new Set(OPTIONS.map((path) => path.split(".")[0]));
  draft.rest = { ...draft.rest, ...Object.fromEntries(Object.entries(more).filter(([key]) => !shown.has(key))) };
  return draft;
}

/** @param {unknown} value */
function textOf(value) {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(", ");
  if (typeof value === "object") return Object.keys(value ?? {}).length ? JSON.stringify(value, null, 2) : "";
  return String(value);
}

/** @param {Record<string, string>} timing @returns {Timing} */
function timingDraft(timing) {
  const draft = emptyDraft().timing;
  const kind = /** @type {Timing["kind"]} */ (["at", "after", "rate", "cron"].find((name) => name in timing) ?? "cron");
  const [, number = "", unit = ""] = /^P(?:T(?=\d+[HM]$))?(\d+)([HMDW])$/.exec(timing.after ?? "") ?? [];
  const [rate = draft.rate, rateUnit = draft.rateUnit] = (timing.rate ?? "").split(/\s+/).filter(Boolean);
  return {
    ...draft,
    kind,
    at: timing.at ?? "",
    ...(number
      ? { after: number, afterUnit: { H: "hours", M: "minutes", D: "days", W: "weeks" }[unit] ?? "minutes" }
      : {}),
    rate,
    rateUnit: rateUnit.replace(/s?$/, "s"),
    cron: timing.cron ? timing.cron.trim().split(/\s+/) : draft.cron,
    timezone: timing.timezone ?? draft.timezone,
    start_at: timing.start_at ?? "",
    end_at: timing.end_at ?? "",
  };
}

/** @param {Record<string, any>} action */
function actionDraft({ type, ...given }) {
  const form = ACTIONS[type];
  if (!form)
    return {
      type: type ? OWN : "email",
      ownType: type ?? "",
      fields: { data: given.data ? JSON.stringify(given.data, null, 2) : "" },
      rest: {},
    };
  /** @type {Record<string, string>} */
  const fields = {};
  for (const { name, kind } of form.fields) fields[name] = fieldText(kind, given[name]);
  const names = new Set(form.fields.map((field) => field.name));
  const other = Object.fromEntries(Object.entries(given).filter(([name, value]) => !names.has(name) && value !== null));
  return { type, ownType: "", fields, rest: Object.keys(other).length ? { action: other } : {} };
}

/** The text of a field of an action, as somebody would type it. @param {string} kind @param {unknown} value */
function fieldText(kind, value) {
  if (value === undefined || value === null) return "";
  return kind === "json" ? JSON.stringify(value, null, 2) : textOf(value);
}

/**
 * The draft of a body, and the paths of the values that the form would change: it has fewer words than JSON.
 * @param {Record<string, any>} body
 * @returns {{draft: Draft | null, changed: string[]}} without a draft if a value has another type
 */
export function asForm(body) {
  try {
    const draft = draftOf(body);
    return { draft, changed: differences(body, bodyOf(draft)) };
  } catch {
    return { draft: null, changed: ["the type of a value"] };
  }
}

/**
 * The paths at which two bodies differ. Left out, `null`, `[]` and empty metadata are the same to the API, but not
 * inside the JSON that users write.
 * @param {Record<string, any>} before @param {Record<string, any>} after
 */
export const differences = (before, after) =>
  compared({ ...before, metadata: before.metadata ?? {} }, { ...after, metadata: after.metadata ?? {} }, "");

/** @param {any} before @param {any} after @param {string} path @returns {string[]} */
function compared(before, after, path) {
  if (!isObject(before) || !isObject(after)) return text(before, path) === text(after, path) ? [] : [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => compared(before[name], after[name], path ? `${path}.${name}` : name));
}

/** @param {unknown} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON that users write. Its root is none or null; what is inside is theirs. */
const FREE = /^(?:metadata|action\.(?:body|data|detail|headers))(\.|$)/;

/** @param {unknown} value @param {string} path */
function text(value, path) {
  const free = FREE.exec(path);
  if (free?.[1]) return JSON.stringify(value);
  return JSON.stringify(!free && Array.isArray(value) && value.length === 0 ? null : (value ?? null));
}

/** `Line 2, ` for the line on which a field such as `timing.cron` stands. @param {string} text @param {string} field */
export function lineOf(text, field) {
  let at = 0;
  for (const name of field.split(".")) {
    const found = text.indexOf(`"${name}"`, at);
    if (found < 0) break;
    at = found;
  }
  return at ? `Line ${text.slice(0, at).split("\n").length}, ` : "";
}
