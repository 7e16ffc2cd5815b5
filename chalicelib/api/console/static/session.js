/**
 * Sign-in: OpenID Connect's authorization code flow with PKCE, against the issuer whose tokens the API accepts.
 *
 * Tokens are kept in memory only: a reload signs in again. sessionStorage has the verifier, the state, the settings and
 * the place to return to, while the issuer's page is shown.
 */
import { oauth, signal } from "./libs.js";

const PENDING = "scheduled-tasks.sign-in";

/** With what keys of sessionStorage begin that have what somebody typed. */
export const DRAFTS = "scheduled-tasks.draft ";

/**
 * @typedef {{issuer: string, authorization_endpoint: string, token_endpoint: string,
 *   end_session_endpoint: string | null, client_id: string, scope: string, audience: string | null}} Settings
 * @typedef {"starting" | "signed-out" | "signed-in" | "over" | "failed"} State
 */

/** `over`: the API refused the token. `failed`: signing in did not work; `reason` says why. */
export const session = signal({ state: /** @type {State} */ ("starting"), user: "", reason: "" });

let accessToken = "";

/** @type {Settings | null} */
let settings = null;

export const token = () => accessToken;

/** The API does not accept the token any more. What is on the page stays. */
export function clearToken() {
  if (!accessToken) return;
  accessToken = "";
  session.value = { ...session.value, state: "over" };
}

/** The page's address without query and hash, which is where the issuer returns to. */
const here = () => location.origin + location.pathname;

/** Reads the settings and takes the issuer's answer from the address, or goes to the issuer's page. */
export async function start() {
  try {
    const answered = new URL(location.href);
    if (answered.searchParams.has("code") || answered.searchParams.has("error")) await finish(answered);
    else await signIn();
  } catch (error) {
    session.value = { state: "failed", user: "", reason: reasonOf(error) };
  }
}

/** Why signing in failed. The issuer's own words, if it has some. @param {unknown} error */
function reasonOf(error) {
  if (error instanceof TypeError && !("code" in error))
    return "The API or the issuer did not answer. Check the connection, then try again.";
  const { error: code, error_description: told, message } = /** @type {Record<string, string>} */ (error);
  return code ? `The issuer answered: ${told ? `${told} (${code})` : code}.` : (message ?? String(error));
}

/** Goes to the issuer's page. Returns to the same place of the console. */
export async function signIn() {
  settings ??= await readSettings();
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, settings, hash: location.hash }));
  const url = new URL(settings.authorization_endpoint);
  const values = {
    client_id: settings.client_id,
    redirect_uri: here(),
    response_type: "code",
    scope: settings.scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(settings.audience ? { audience: settings.audience } : {}),
  };
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
  location.assign(url);
}

/** Forgets the token, and ends the issuer's session if the issuer has an address for that. */
export function signOut() {
  accessToken = "";
  session.value = { state: "signed-out", user: "", reason: "" };
  // What this user typed is not for the next one.
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(DRAFTS)) sessionStorage.removeItem(key);
  if (settings?.end_session_endpoint) {
    const url = new URL(settings.end_session_endpoint);
    url.searchParams.set("client_id", settings.client_id);
    url.searchParams.set("post_logout_redirect_uri", here());
    url.searchParams.set("logout_uri", here()); // Cognito's name for it
    location.assign(url);
  }
}

/** @returns {Promise<Settings>} */
async function readSettings() {
  const answer = await fetch(new URL("console/settings.json", new URL(".", here().replace(/\/$/, ""))), {
    cache: "no-cache",
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.detail ?? `The console's settings could not be read (status ${answer.status}).`);
  return body;
}

/** Exchanges the code of the issuer's answer for a token. @param {URL} answered */
async function finish(answered) {
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "{}");
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", here() + (pending.hash ?? ""));
  if (!pending.state) return signIn(); // An answer of an earlier sign-in, such as a reloaded address.
  settings = pending.settings ?? (await readSettings());
  const { issuer, token_endpoint, client_id } = /** @type {Settings} */ (settings);
  const server = { issuer, token_endpoint };
  const client = { client_id };
  const parameters = oauth.validateAuthResponse(server, client, answered, pending.state);
  const isLoopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]/.test(token_endpoint);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    here(),
    pending.verifier ?? "",
    isLoopback ? { [oauth.allowInsecureRequests]: true } : {},
  );
  const result = await oauth.processAuthorizationCodeResponse(server, client, response);
  accessToken = result.access_token;
  session.value = { state: "signed-in", user: subject(accessToken), reason: "" };
}

/** The user that a token names, for display only: the API decides. @param {string} jwt */
function subject(jwt) {
  try {
    const bytes = Uint8Array.from(atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) =>
      c.charCodeAt(0),
    );
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return String(claims.email ?? claims.username ?? claims.sub ?? "");
  } catch {
    return "";
  }
}
