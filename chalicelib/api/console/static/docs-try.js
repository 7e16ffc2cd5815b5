// @ts-check
// "Try it": a form per operation that sends a request and shows the answer as the API sends it.

import { all, byId, element } from "./docs-dom.js";
import { canSignIn, finish, forget, holder, isReturning, paste, signIn, token } from "./docs-session.js";

const MOST_SECONDS = 30;
const MOST_CHARACTERS = 100_000;
const KEPT = "docs-try";

/**
 * @typedef {{type?: string, enum?: string[], $ref?: string}} Schema
 * @typedef {{name: string, in: "path" | "query" | "header", required: boolean, example: unknown, schema: Schema}} Parameter
 * @typedef {{content: Record<string, {examples: Record<string, {$ref: string}>}>}} Body
 * @typedef {{operationId: string, summary: string, parameters: Parameter[], requestBody?: Body,
 *   security: {bearer: string[]}[]}} Operation
 * @typedef {{paths: Record<string, Record<string, Operation>>,
 *   components: {schemas: Record<string, Schema>, examples: Record<string, {value: unknown}>}}} Description
 * @typedef {{method: string, path: string, operation: Operation, described: Description}} Entry
 */

/** @type {Promise<Description> | null} */
let description = null;

/** The open forms. @type {Map<HTMLFormElement, Entry>} */
const forms = new Map();

/** Adds a button to each operation, and restores the form that a sign-in interrupted. */
export async function tryIt() {
  for (const sample of all(".sample")) {
    const button = element("button", { type: "button", class: "btn try-open" }, "Try it");
    const section = /** @type {HTMLElement} */ (sample.closest(".op"));
    button.addEventListener("click", () => void open(section, button));
    sample.append(element("p", {}, button));
  }
  if (isReturning()) await restore();
  else sessionStorage.removeItem(KEPT);
}

/** @returns {Promise<Description>} */
function described() {
  description ??= fetch("openapi.json").then((answer) => answer.json());
  description.catch(() => (description = null));
  return description;
}

/**
 * @param {HTMLElement} section
 * @param {HTMLElement} button
 * @param {Record<string, string>} [values]
 */
async function open(section, button, values = {}) {
  button.setAttribute("disabled", "");
  /** @type {HTMLFormElement | null} */
  let form = null;
  try {
    form = tryForm(await entry(section.id), values);
    button.parentElement?.replaceWith(form);
    /** @type {HTMLElement | null} */ (form.querySelector("input, textarea, select, button"))?.focus({
      preventScroll: true,
    });
  } catch (error) {
    button.textContent = `Try it: the description cannot be loaded (${error})`;
  }
  button.removeAttribute("disabled");
  return form;
}

/**
 * @param {string} id
 * @returns {Promise<Entry>}
 */
async function entry(id) {
  const whole = await described();
  for (const [path, of] of Object.entries(whole.paths)) {
    for (const [method, operation] of Object.entries(of)) {
      if (operation.operationId === id) return { method: method.toUpperCase(), path, operation, described: whole };
    }
  }
  throw new Error(`no operation ${id}`);
}

// The form

/**
 * @param {Entry} of
 * @param {Record<string, string>} values
 */
function tryForm(of, values) {
  const id = `try-${of.operation.operationId}`;
  const send = element("button", { type: "submit", class: "btn main" }, "Send");
  const back = element("button", { type: "button", class: "btn", hidden: "" }, "Back");
  const answer = element("div", { class: "ans" });
  const form = /** @type {HTMLFormElement} */ (
    element(
      "form",
      { class: "try", "aria-label": `Try it: ${of.operation.summary}` },
      element("div", { class: "head" }, element("h4", { id }, "Try it"), element("span", { class: "s q who" })),
      element("div", { class: "token" }),
      ...of.operation.parameters.map((parameter) => parameterField(of, parameter)),
      ...bodyField(of),
      element("p", { class: "acts" }, send, back),
      answer,
    )
  );
  for (const control of controls(form)) control.value = values[control.name] ?? control.value;
  forms.set(form, of);
  showToken(form, of);
  const disarm = () => arm(form, of, false);
  form.addEventListener("input", disarm);
  back.addEventListener("click", disarm);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (changes(of) && form.dataset.armed !== "true") arm(form, of, true);
    else void sendRequest(form, of, answer).finally(disarm);
  });
  return form;
}

/** @param {HTMLElement} form */
const controls = (form) => /** @type {HTMLInputElement[]} */ (all("[name]", form));

/** Whether a request may change something. @param {Entry} of */
function changes({ method, operation }) {
  return method !== "GET" && !operation.security.some(({ bearer }) => bearer.every((scope) => scope.endsWith(":read")));
}

/**
 * A request that changes something needs a second click, on a button that names what it does.
 * @param {HTMLFormElement} form
 * @param {Entry} of
 * @param {boolean} isArmed
 */
function arm(form, of, isArmed) {
  const [send, back] = all(".acts .btn", form);
  if (!send || !back) return;
  form.dataset.armed = String(isArmed);
  send.textContent = isArmed ? `${of.operation.summary}: ${of.method} ${request(form, of).path}` : "Send";
  const removes = isArmed && of.method === "DELETE";
  send.classList.toggle("danger", removes);
  send.classList.toggle("main", !removes);
  back.hidden = !isArmed;
}

/**
 * @param {Entry} of
 * @param {Parameter} parameter
 */
function parameterField(of, parameter) {
  const id = `try-${of.operation.operationId}-${parameter.name}`;
  const name = `${parameter.in} ${parameter.name}`;
  const attributes = { id, name, class: "in", autocomplete: "off", spellcheck: "false" };
  const example = String(parameter.example);
  const choices = parameter.schema.enum ?? of.described.components.schemas[named(parameter.schema.$ref)]?.enum;
  const control = choices
    ? element("select", attributes, ...["", ...choices].map((value) => element("option", { value }, value)))
    : element("input", {
        ...attributes,
        ...(parameter.required ? { value: example, required: "" } : { placeholder: example }),
      });
  const where = element("small", {}, ` ${parameter.in}${parameter.required ? ", required" : ""}`);
  return element("div", { class: "f" }, element("label", { for: id }, parameter.name, where), control);
}

/** @param {string | undefined} ref */
const named = (ref) => String(ref).split("/").at(-1) ?? "";

/** @param {Entry} of */
function bodyField({ operation, described: { components } }) {
  const examples = operation.requestBody?.content["application/json"]?.examples;
  if (!examples) return [];
  const id = `try-${operation.operationId}-body`;
  const value = components.examples[Object.keys(examples)[0] ?? ""]?.value;
  const text = JSON.stringify(value, null, 2);
  const rows = String(Math.min(text.split("\n").length, 24));
  const area = element("textarea", { id, name: "body json", class: "in", rows, spellcheck: "false" }, text);
  return [element("div", { class: "f" }, element("label", { for: id }, "Body"), area)];
}

/**
 * @param {HTMLFormElement} form
 * @param {Entry} of
 */
function showToken(form, of) {
  const place = /** @type {HTMLElement} */ (form.querySelector(".token"));
  const who = /** @type {HTMLElement} */ (form.querySelector(".who"));
  who.textContent = of.operation.security.length ? holder() : "needs no token";
  place.replaceChildren();
  if (!of.operation.security.length || token()) return;
  if (canSignIn()) {
    const button = element("button", { type: "button", class: "btn" }, "Sign in");
    button.addEventListener("click", () => void leave(form, of));
    place.append(element("p", {}, button));
  }
  const id = `try-${of.operation.operationId}-token`;
  const input = /** @type {HTMLInputElement} */ (
    element("input", { id, class: "in", type: "password", autocomplete: "off" })
  );
  // The field stays while it has the focus: if it went away on leaving it, the button would move from under the pointer.
  input.addEventListener("input", () => {
    paste(input.value);
    for (const other of all("form.try .who")) other.textContent = holder();
    for (const other of all("form.try .token")) if (other !== place && token()) other.replaceChildren();
  });
  const label = element("label", { for: id }, "Token", element("small", {}, " kept in memory only"));
  place.append(element("div", { class: "f" }, label, input));
}

/**
 * Signing in leaves the page: what was written is there again afterwards.
 * @param {HTMLFormElement} form
 * @param {Entry} of
 */
async function leave(form, of) {
  const values = Object.fromEntries(controls(form).map((control) => [control.name, control.value]));
  sessionStorage.setItem(KEPT, JSON.stringify({ id: of.operation.operationId, values }));
  try {
    await signIn();
  } catch (error) {
    tell(form, error instanceof Error ? error.message : String(error));
  }
}

async function restore() {
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  const reason = await finish();
  const { id, values } = JSON.parse(kept ?? "{}");
  const button = document.getElementById(id)?.querySelector(".try-open");
  if (!(button instanceof HTMLElement)) return;
  const form = await open(byId(id), button, values);
  if (form && reason) tell(form, reason);
  form?.scrollIntoView({ block: "center" });
}

/**
 * Says why nobody is signed in.
 * @param {HTMLFormElement} form
 * @param {string} reason
 */
function tell(form, reason) {
  const status = element("span", { class: "st fail" }, "Not signed in");
  form.querySelector(".ans")?.replaceChildren(element("p", { role: "status", class: "s q" }, status, ` ${reason}`));
}

// The request

/**
 * @param {HTMLFormElement} form
 * @param {Entry} of
 */
function request(form, of) {
  const path = of.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(filled(form, "path")[name] ?? ""));
  const query = String(new URLSearchParams(filled(form, "query")));
  const body = filled(form, "body").json;
  const headers = filled(form, "header");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (of.operation.security.length && token()) headers.Authorization = `Bearer ${token()}`;
  return { path: query ? `${path}?${query}` : path, headers, body };
}

/**
 * Returns what is filled in, by name.
 * @param {HTMLFormElement} form
 * @param {"path" | "query" | "header" | "body"} place
 * @returns {Record<string, string>}
 */
function filled(form, place) {
  const found = controls(form).filter(({ name, value }) => name.startsWith(`${place} `) && value.trim());
  return Object.fromEntries(found.map(({ name, value }) => [name.slice(place.length + 1), value]));
}

/**
 * @param {HTMLFormElement} form
 * @param {Entry} of
 * @param {HTMLElement} place
 */
async function sendRequest(form, of, place) {
  const { path, headers, body } = request(form, of);
  const status = element("p", { role: "status", class: "s q" }, "Sending");
  place.replaceChildren(status);
  const begun = performance.now();
  try {
    const signal = AbortSignal.timeout(MOST_SECONDS * 1000);
    const answer = await fetch(path.slice(1), {
      method: of.method,
      headers,
      signal,
      ...(body === undefined ? {} : { body }),
    });
    const content = await answer.text();
    const took = Math.round(performance.now() - begun);
    const word = element(
      "span",
      { class: answer.ok ? "st ok" : "st fail" },
      `${answer.status} ${answer.statusText}`.trim(),
    );
    status.replaceChildren(word, ` in ${took} ms`);
    place.append(...shown(of, answer, content));
    if (answer.status === 401) forget();
  } catch (error) {
    status.replaceChildren(element("span", { class: "st fail" }, "No answer"), ` ${error}`);
  }
  for (const [each, its] of forms) showToken(each, its);
}

/**
 * @param {Entry} of
 * @param {Response} answer
 * @param {string} content
 */
function shown(of, answer, content) {
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const blocks = [block(`Headers of the answer, ${of.operation.operationId}`, headers)];
  if (content) blocks.push(block(`Body of the answer, ${of.operation.operationId}`, readable(content)));
  return blocks;
}

/**
 * @param {string} name
 * @param {string} text
 */
function block(name, text) {
  return element("pre", { class: "code", tabindex: "0", role: "region", "aria-label": name }, text);
}

/** @param {string} content */
function readable(content) {
  let text = content;
  try {
    text = JSON.stringify(JSON.parse(content), null, 2);
  } catch {
    // Not JSON: as it was sent.
  }
  const rest = text.length - MOST_CHARACTERS;
  return rest > 0 ? `${text.slice(0, MOST_CHARACTERS)}\n… ${rest} more characters` : text;
}
