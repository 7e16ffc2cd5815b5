/** Names of schedules, for lists of runs, which have ids only. */
import { get } from "./api.js";
import { signal } from "./libs.js";

const MOST = 25; // schedules that one view asks for; the others are shown by their id
const AT_ONCE = 4;

/** @type {Map<string, import("./libs.js").Signal<string>>} */
const names = new Map();
/** @type {string[]} */
const waiting = [];
let working = 0;

/** The name of a schedule, or its id while the name is not known. @param {string} id */
export function useName(id) {
  let name = names.get(id);
  if (!name) {
    name = signal(id);
    names.set(id, name);
    if (names.size <= MOST) ask(id);
  }
  return name.value;
}

/** @param {string} id */
function ask(id) {
  waiting.push(id);
  if (working < AT_ONCE) work();
}

async function work() {
  working += 1;
  for (let id = waiting.shift(); id; id = waiting.shift()) {
    try {
      const schedule = await get(`v1/schedules/${encodeURIComponent(id)}`);
      const known = names.get(id);
      if (known && schedule.name) known.value = schedule.name;
    } catch {
      // The id stays: a schedule can be erased while its runs are still listed.
    }
  }
  working -= 1;
}

/** Forgets all names, because another view has others. */
export function forgetNames() {
  names.clear();
  waiting.length = 0;
}
