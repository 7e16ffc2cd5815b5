// @ts-check
// The token of "try it": that of the console's sign-in, or one that the reader pastes. It is kept in memory only.

/** @typedef {{signIn: () => Promise<void>, token: () => string | null, ready?: Promise<unknown>}} Session */

/** The console's sign-in. The page also works without it. */
const MODULE = "./session.js";

/** @type {Session | null} */
let session = null;
let pasted = "";

/** Loads the console's sign-in, which also completes one whose code is in the page's address. */
export async function load() {
  session ??= await import(MODULE).catch(() => null);
  await session?.ready;
}

export const isReturning = () => /[?&](code|error)=/.test(location.search);
export const canSignIn = () => session !== null;
export const signIn = async () => session?.signIn();
export const token = () => pasted || session?.token() || "";

/** @param {string} text */
export function paste(text) {
  pasted = text.trim().replace(/^Bearer\s+/i, "");
}

/** Returns whose token this is and how long it is valid, as far as the token tells. */
export function holder() {
  try {
    const [, payload = ""] = token().split(".");
    const claims = JSON.parse(atob(payload.replace(/-/g, "+").replace(/_/g, "/")));
    const minutes = Math.floor((claims.exp * 1000 - Date.now()) / 60000);
    return `as ${claims.sub}${minutes >= 0 ? `, token for ${minutes} min` : ""}`;
  } catch {
    return token() ? "with a token" : "";
  }
}
