// @ts-check
// The token of "try it": that of the console's sign-in, or one that the reader pastes. It is kept in memory only.

/** @typedef {typeof import("./session.js")} Session */

/** @type {Session | null} */
let session = null;
let pasted = "";

/** Whether the issuer has just returned to this page. */
export const isReturning = () => /[?&](code|error)=/.test(location.search);

/** Whether the API has a console, whose sign-in this page uses. */
export const canSignIn = () => document.querySelector('a[href="console"]') !== null;

/** Leaves for the issuer's page, which returns to this page. */
export async function signIn() {
  await (await load()).signIn();
}

/** Takes the token from the issuer's answer in the page's address. Returns why there is none, or an empty text. */
export async function finish() {
  const { start, session: state } = await load();
  await start();
  return state.value.reason;
}

/** @returns {Promise<Session>} */
async function load() {
  session ??= await import("./session.js");
  return session;
}

export const token = () => pasted || session?.token() || "";

/** @param {string} text */
export function paste(text) {
  pasted = text.trim().replace(/^Bearer\s+/i, "");
}

/** The API does not accept the token: the reader needs another one. */
export function forget() {
  pasted = "";
  session?.clearToken();
}

/** Returns whose token this is and how long it is valid, as far as the token tells. */
export function holder() {
  try {
    const [, payload = ""] = token().split(".");
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return `as ${JSON.parse(new TextDecoder().decode(bytes)).sub}`;
  } catch {
    return token() ? "with a token" : "";
  }
}
