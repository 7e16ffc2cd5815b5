/** The timeline: a lane for each schedule or resource, with past runs, planned occurrences, now, and changes of clocks. */
import { get } from "./api.js";
import { html, useEffect, useMemo, useRef, useState } from "./libs.js";
import { More, SearchBox, usePages } from "./list-parts.js";
import { Countdown, count, Empty, lateness, nameOf, otherWall, Shown, useCommands, useTitle } from "./parts.js";
import { go, place, to, toResource, toSchedule } from "./router.js";
import { Glyph, lookOf, RUN } from "./status.js";
import {
  city,
  clock,
  clockBefore,
  DAY,
  date,
  dayAndClock,
  duration,
  exact,
  HERE,
  now,
  relative,
  SECOND,
  thisMinute,
} from "./time.js";
import {
  anchorBeside,
  changesOf,
  kindsOf,
  lanesOf,
  rowsOf,
  selectedOf,
  stepped,
  stopAt,
  ticksOf,
  tickText,
  windowAt,
  ZOOMS,
} from "./timeline.js";

/** @typedef {import("./timeline.js").Lane} Lane */
/** @typedef {import("./timeline.js").Mark} Mark */
/** @typedef {import("./timeline.js").Band} Band */
/** @typedef {import("./types.js").TimelinePage} TimelinePage */
/** @typedef {{at: number, by: number, zones: string[]}} Change */
/** @typedef {TimelinePage & {begin: number, until: number}} WindowPage */
/** @typedef {{since: number, until: number, share: (at: number) => string, width: (length: number) => string}} Window */

const LANES = 20; // of a page
const EMPTY_PAGES = 5; // that are read before the reader is asked

/** @type {import("./timeline.js").Selected} */
const NOTHING = { lane: "", schedule: "", at: 0 };
const PLANNED = { glyph: "future", role: "next", word: "Planned" };

/** @param {string} status */
const look = (status) => (status === "planned" ? PLANNED : lookOf(RUN, status));

/** @typedef {{zoom: string, since: string, by: string, as: string, search: string}} Settings */

/** The zoom, the window (empty: around now), and the way of showing of an address. @param {URLSearchParams} query @returns {Settings} */
function settingsOf(query) {
  const since = Date.parse(query.get("since") ?? "");
  return {
    zoom: ZOOMS.find(({ key }) => key === query.get("zoom"))?.key ?? "days",
    since: Number.isNaN(since) ? "" : iso(since),
    by: query.get("by") ?? "",
    as: query.get("as") ?? "",
    search: query.get("search") ?? "",
  };
}

/** @param {Partial<Settings>} changed @param {{replace?: boolean}} [options] */
const change = (changed, options) => go(to("/timeline", { ...settingsOf(place.peek().query), ...changed }), options);

/** @param {number} at */
const iso = (at) => new Date(at).toISOString().replace(".000Z", "Z");

export function View() {
  useTitle("Timeline");
  const settings = settingsOf(place.value.query);
  const { zoom: key, since, search, by, as } = settings;
  const index = ZOOMS.findIndex((zoom) => zoom.key === key);
  const zoomed = /** @type {typeof ZOOMS[0] & {}} */ (ZOOMS[index]);
  const beginning = () => (since ? Date.parse(since) : windowAt(zoomed.length, now.peek()).since);
  // A window around now goes on with each refresh.
  const loaded = usePages(
    `${key} ${since} ${search}`,
    (signal) => {
      const begin = beginning();
      const until = begin + zoomed.length;
      return async (cursor) => ({
        ...(await readLanes({ since: iso(begin), until: iso(until), search, cursor }, signal)),
        begin,
        until,
      });
    },
    { every: 15 * SECOND },
  );
  /** Zooms around the middle of the window, or around now if it is shown. @param {number} step */
  const zoom = (step) => {
    const next = ZOOMS[index + step];
    if (!next) return;
    const middle = beginning() + zoomed.length / 2;
    change({ zoom: next.key, since: since && iso(Math.floor((middle - next.length / 2) / 60_000) * 60_000) });
  };
  /** @param {number} share */
  const move = (share) => change({ since: iso(Math.round((beginning() + zoomed.length * share) / 60_000) * 60_000) });
  useCommands([
    { title: "Zoom in", key: "+", run: () => zoom(-1) },
    { title: "Zoom out", key: "-", run: () => zoom(1) },
    { title: "Earlier", key: "[", run: () => move(-0.5) },
    { title: "Later", key: "]", run: () => move(0.5) },
    { title: "Go to now", key: "h", run: () => change({ since: "" }) },
  ]);
  return html`
    <div class="top">
      <h1>Timeline</h1>
      <div class="seg" role="group" aria-label="Show">
        ${[
          ["", "Lanes"],
          ["table", "Table"],
        ].map(
          ([value = "", name]) =>
            html`<button aria-pressed=${as === value ? "true" : "false"} onClick=${() => change({ as: value })}>${name}</button>`,
        )}
      </div>
    </div>
    <div class="bar">
      <div class="seg" role="group" aria-label="Range">
        ${ZOOMS.map((zoom) => html`<button aria-pressed=${zoom === zoomed ? "true" : "false"} onClick=${() => change({ zoom: zoom.key, since: "" })}>${zoom.name}</button>`)}
      </div>
      <div class="acts">
        <button class="btn small" aria-label="Earlier" onClick=${() => move(-0.5)}>←</button>
        <button class="btn small" onClick=${() => change({ since: "" })}>Now</button>
        <button class="btn small" aria-label="Later" onClick=${() => move(0.5)}>→</button>
      </div>
      <select class="in" aria-label="Lanes" value=${by} onChange=${(/** @type {any} */ event) => change({ by: event.target.value })}>
        <option value="">A lane per schedule</option>
        <option value="resource">A lane per resource</option>
      </select>
      <${SearchBox} search=${search} label="Search lanes" change=${change} />
    </div>
    <${Shown} loaded=${loaded} what="The timeline" rows=${8}>
      ${(/** @type {WindowPage} */ page) => html`<${Page} page=${page} settings=${settings} step=${zoomed.ticks} loaded=${loaded} />`}
    <//>
  `;
}

/**
 * Reads a page of lanes. A page can be empty although there are more, because only schedules with something in the
 * window have a lane.
 * @param {Record<string, string | null>} query @param {AbortSignal} [signal]
 * @returns {Promise<TimelinePage>}
 */
async function readLanes(query, signal) {
  let page = await get("v1/timeline", { ...query, limit: LANES }, signal);
  for (let read = 1; read < EMPTY_PAGES && page.items.length === 0 && page.next_cursor; read += 1) {
    page = await get("v1/timeline", { ...query, limit: LANES, cursor: page.next_cursor }, signal);
  }
  return page;
}

/** @param {{page: WindowPage, settings: Settings, step: number, loaded: ReturnType<typeof usePages>}} props */
function Page({ page, settings: { by, as, search }, step, loaded }) {
  const { begin, until, next_cursor: cursor } = page;
  const lanes = useMemo(() => lanesOf(page.items, until - begin, by === "resource"), [page, by]);
  const changes = useMemo(() => {
    const zones = lanes.flatMap((lane) => lane.schedules.map((schedule) => schedule.timezone ?? "UTC"));
    return changesOf([HERE, ...zones], begin, until);
  }, [lanes]);
  if (lanes.length === 0 && !cursor) {
    return html`<${Empty} title="Nothing in this window" text=${search ? "No schedule matches the search." : `No run and no planned occurrence from ${dayAndClock(begin)} to ${dayAndClock(until)}.`}><a class="btn" href=${to("/new")}>New schedule</a><//>`;
  }
  return html`
    ${as === "table" ? html`<${Table} lanes=${lanes} />` : html`<${Lanes} lanes=${lanes} changes=${changes} begin=${begin} until=${until} step=${step} />`}
    ${lanes.some((lane) => lane.isCut) && html`<p class="s q">Lanes marked “cut” have more runs than were read.</p>`}
    <${More} loaded=${loaded} label="More lanes" />
    <${Legend} lanes=${lanes} changes=${changes} />
  `;
}

/** @param {{lanes: Lane[], changes: Change[]}} props */
function Legend({ lanes, changes }) {
  const shown = new Set(
    lanes.flatMap((lane) => [...lane.marks.map((mark) => mark.status), ...lane.bands.map((band) => band.status)]),
  );
  return html`
    <div class="legend tl">
      ${[...shown].map((status) => {
        const { glyph, role, word } = look(status);
        return html`<span class="st"><${Glyph} name=${glyph} role=${role} />${word}</span>`;
      })}
      ${lanes.some((lane) => lane.bands.length) && html`<span>A bar: many of one kind</span>`}
    </div>
    ${changes.map(({ at, by, zones }) => {
      const zone = zones[0] ?? HERE;
      return html`<p class="s q tl">${date(at - SECOND, zone)}, ${clockBefore(at, by, zone)} to ${clock(at, zone)}: clocks go ${by > 0 ? "forward" : "back"} ${duration(by)} in ${zones.map(city).join(", ")}</p>`;
    })}
  `;
}

/** @param {{lanes: Lane[], changes: Change[], begin: number, until: number, step: number}} props */
function Lanes({ lanes, changes, begin, until, step }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [selected, setSelected] = useState(NOTHING);
  /** @param {number} at */
  const share = (at) => `${((at - begin) / (until - begin)) * 100}%`;
  const width = (/** @type {number} */ length) => `${(length / (until - begin)) * 100}%`;
  const span = { since: begin, until, share, width };
  const ticks = useMemo(() => ticksOf(begin, until, step), [begin, until, step]);
  const lane = lanes.findIndex(({ key }) => key === selected.lane);
  const shown = lanes[lane] && stopAt(lanes[lane], selected);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const next = stepped(lanes, lane, shown, event.key);
    if (event.key === "Enter" && shown && event.target === box.current) go(toSchedule(shown.schedule.schedule_id));
    if (event.key === "Escape") setSelected(NOTHING);
    if (!next) return;
    event.preventDefault();
    setSelected(next);
  };
  useEffect(
    () => box.current?.querySelector(".sel")?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    [selected],
  );
  return html`
    <div class="card lanes" tabindex="0" role="group" aria-label="Lanes. Arrow keys go from mark to mark." ref=${box} onKeyDown=${onKeyDown}>
      <div class="lab ax q xs">Your time, ${city(HERE)}</div>
      <${Axis} ticks=${ticks} step=${step} span=${span} changes=${changes} />
      ${lanes.map((one) => html`<${LaneRow} key=${one.key} lane=${one} ticks=${ticks} span=${span} changes=${changes} chosen=${one.key === selected.lane ? shown : undefined} select=${(/** @type {Mark | Band} */ stop) => setSelected(selectedOf(one, stop))} />`)}
    </div>
    <p class="vh" role="status">${shown && told(shown)}</p>
  `;
}

/** @param {{ticks: {at: number, isDay: boolean}[], step: number, span: Window, changes: {at: number, by: number, zones: string[]}[]}} props */
function Axis({ ticks, step, span, changes }) {
  const { since, until, share } = span;
  const days = ticksOf(since, until, DAY);
  const isSparse = until - since > 10 * DAY;
  // The texts of now and of changes are wider than those of ticks, which give way to them.
  const taken = [thisMinute.value, ...changes.map(({ at }) => at)];
  /** @param {number} at */
  const anchor = (at) => anchorBeside(at, thisMinute.value, until - since);
  const free = ticks.filter((tick) => taken.every((at) => Math.abs(at - tick.at) > (until - since) * 0.045));
  return html`
    <div class="ax">
      <svg aria-hidden="true">
        ${(isSparse ? ticks : days).map(({ at }) => html`<text class="dayt" x=${share(at)} dx="6" y="18">${date(at)}</text>`)}
        ${days.length === 0 && html`<text class="dayt" x="0" dx="6" y="18">${date(since)}</text>`}
        ${free.map((tick) => html`<text x=${share(tick.at)} y="46" text-anchor="middle">${tickText(tick, step)}</text>`)}
        ${changes.map(({ at, by, zones }) => html`<svg x=${share(at)} overflow="visible"><rect class="halo" x=${{ start: 24, middle: -32, end: -88 }[anchor(at)]} y="33" width="64" height="18" /><text class="gapt" x=${{ start: 24, middle: 0, end: -24 }[anchor(at)]} y="46" text-anchor=${anchor(at)}>${clockBefore(at, by, zones[0] ?? HERE)} → ${clock(at, zones[0])}</text></svg>`)}
        <${NowFlag} span=${span} />
      </svg>
    </div>
  `;
}

/** @param {{span: Window}} props */
function NowFlag({ span: { since, until, share } }) {
  const at = thisMinute.value;
  if (at < since || at > until) return null;
  return html`<svg x=${share(at)} overflow="visible"><rect x="-22" y="31" width="44" height="20" rx="3" class="nowb" /><text class="nowt" y="46" text-anchor="middle">${clock(at)}</text><path class="nowl" d="M0 51V56" /></svg>`;
}

/**
 * @param {{lane: Lane, ticks: {at: number, isDay: boolean}[], span: Window, changes: Change[], chosen: Mark | Band | undefined, select: (stop: Mark | Band) => void}} props
 */
function LaneRow({ lane, ticks, span, changes, chosen, select }) {
  const { since, until, share } = span;
  const at = Math.min(Math.max(thisMinute.value, since), until);
  const counts = countsOf(lane);
  const link = lane.href === null ? toResource(lane.title) : toSchedule(lane.href);
  const paused = lane.schedules.length === 1 && lane.schedules[0]?.status === "paused";
  return html`
    <div class="lab"><a href=${link} title=${lane.title} dir="auto">${lane.title}</a><small>${lane.text}${paused && " · paused"}${lane.isCut && " · cut"}</small></div>
    <div class="tr">
      <svg role="img" aria-label=${`${lane.title}: ${counts || "nothing in this window"}`}>
        <rect class="past" width=${share(at)} height="50" />
        ${ticks.filter(({ isDay }) => isDay).map((tick) => html`<line class="grid" x1=${share(tick.at)} x2=${share(tick.at)} y1="0" y2="50" />`)}
        ${changes.map((change) => html`<${Change} change=${change} span=${span} />`)}
        <line class=${paused ? "tk stopped" : "tk"} x1="0" x2="100%" y1="25" y2="25" />
        ${lane.bands.map((band) => html`<${BandShape} key=${`${band.schedule.schedule_id} ${band.at}`} band=${band} span=${span} isSelected=${band === chosen} select=${() => select(band)} />`)}
        ${lane.marks.map((mark) => html`<${MarkShape} key=${`${mark.schedule.schedule_id} ${mark.at}`} mark=${mark} x=${share(mark.at)} isSelected=${mark === chosen} select=${() => select(mark)} />`)}
        ${thisMinute.value >= since && thisMinute.value <= until && html`<line class="nowl" x1=${share(at)} x2=${share(at)} y1="0" y2="50" />`}
      </svg>
      ${chosen && html`<${Popup} stop=${chosen} span=${span} />`}
    </div>
  `;
}

/** A taken hour is a narrow band, for it has no length. A repeated one covers both times. @param {{change: {at: number, by: number}, span: Window}} props */
const Change = ({ change: { at, by }, span: { share, width } }) =>
  by < 0
    ? html`<rect class="gapb" x=${share(at + by)} width=${width(-2 * by)} height="50" />`
    : html`<svg x=${share(at)} overflow="visible"><rect class="gapb" x="-5" width="10" height="50" /></svg>`;

/** @param {{band: Band, span: Window, isSelected: boolean, select: () => void}} props */
function BandShape({ band, span: { share }, isSelected, select }) {
  const { role } = look(band.status);
  const ends = { x1: share(band.at), x2: share(band.to), y1: 25, y2: 25 };
  return html`
    ${isSelected && html`<line class="sel wide" ...${ends} />`}
    <line class=${band.status === "planned" ? "bandf" : `band ${role}`} ...${ends} />
    <line class="mark hit" ...${ends} onClick=${select}><title>${told(band)}</title></line>
  `;
}

/** @param {{mark: Mark, x: string, isSelected: boolean, select: () => void}} props */
function MarkShape({ mark, x, isSelected, select }) {
  const { glyph, role } = look(mark.status);
  return html`
    <svg x=${x} overflow="visible" class=${`g mark ${role}`} onClick=${select}>
      <circle class="halo" cy="25" r="9" />
      <use href=${`#${glyph}`} x="-7" y="18" width="14" height="14" />
      ${isSelected && html`<circle class="sel" cy="25" r="12" />`}
      <title>${told(mark)}</title>
    </svg>
  `;
}

/** @param {{stop: Mark | Band, span: Window}} props */
function Popup({ stop, span: { since, until } }) {
  const { glyph, role, word } = look(stop.status);
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const part = (stop.at - since) / (until - since);
  useEffect(() => {
    element.current?.style.setProperty(
      part < 0.5 ? "inset-inline-start" : "inset-inline-end",
      `${(part < 0.5 ? Math.max(part, 0) : 1 - part) * 100}%`,
    );
    element.current?.style.setProperty(part < 0.5 ? "inset-inline-end" : "inset-inline-start", "auto");
  }, [part]);
  const { schedule } = stop;
  return html`
    <div class="pop" ref=${element}>
      <p class=${`st ${role}`}><${Glyph} name=${glyph} role=${role} />${"to" in stop ? kindsText(kindsOf(stop)) : `${word}: ${date(stop.at)} ${clock(stop.at)}`}</p>
      <p class="q">${"to" in stop ? `${dayAndClock(stop.at)} to ${dayAndClock(stop.to)}` : html`${otherWall(stop.at, schedule.timezone ?? "UTC")}${stop.status === "planned" ? html`, ${relative(stop.at)}` : ""}`}</p>
      ${"to" in stop || typeof stop.lateness !== "number" ? null : html`<p class="q">${lateness(stop.lateness)} · ${count(stop.attempts ?? 0, "attempt")}</p>`}
      ${"to" in stop || (stop.reason && html`<p dir="auto">${stop.reason}</p>`)}
      <p><a class="link" href=${toSchedule(schedule.schedule_id)} dir="auto">${nameOf(schedule)}</a></p>
    </div>
  `;
}

/** @param {[string, number][]} kinds `3 succeeded, 1 failed` */
const kindsText = (kinds) => kinds.map(([status, number]) => `${number} ${look(status).word.toLowerCase()}`).join(", ");

/** @param {Mark | Band} stop */
const told = (stop) =>
  "to" in stop
    ? `${nameOf(stop.schedule)}: ${kindsText(kindsOf(stop))}, ${dayAndClock(stop.at)} to ${dayAndClock(stop.to)}`
    : [
        `${nameOf(stop.schedule)}: ${look(stop.status).word.toLowerCase()}, ${exact(stop.at)}`,
        typeof stop.lateness === "number" && lateness(stop.lateness),
        stop.reason,
      ]
        .filter(Boolean)
        .join(", ");

/** `3 succeeded, 1 failed, 10 planned`. @param {Lane} lane */
function countsOf(lane) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const mark of lane.marks) counts[mark.status] = (counts[mark.status] ?? 0) + 1;
  for (const [status, number] of lane.bands.flatMap(kindsOf)) counts[status] = (counts[status] ?? 0) + number;
  return kindsText(Object.entries(counts));
}

/** @param {{lanes: Lane[]}} props */
function Table({ lanes }) {
  const days = useMemo(() => rowsOf(lanes, now.peek()), [lanes]);
  let isNowShown = false;
  return html`
    <div class="card">
      <table class="tlt plain">
        <thead>
          <tr><th class="num">Your time</th><th class="num hide">Its zone</th><th>Schedule</th><th>What</th><th class="hide">Late, reason or when</th></tr>
        </thead>
        ${days.map(
          ({ day, rows }) => html`
          <tbody key=${day}>
            <tr class="day"><th colspan="5" scope="rowgroup">${day}</th></tr>
            ${rows.map((row) => {
              const isFirstAhead = !isNowShown && row.at > thisMinute.value;
              isNowShown ||= isFirstAhead;
              return html`${isFirstAhead && html`<tr class="nowr"><td class="num"><span class="flag">${clock(thisMinute.value)}</span></td><td class="hide"></td><td colspan="3" class="q">now</td></tr>`}<${TableRow} key=${`${row.schedule.schedule_id} ${row.status} ${row.at}`} row=${row} />`;
            })}
          </tbody>
        `,
        )}
      </table>
    </div>
  `;
}

/** @param {{row: ReturnType<typeof rowsOf>[number]["rows"][number]}} props */
function TableRow({ row }) {
  const { glyph, role, word } = look(row.status);
  const zone = row.schedule.timezone ?? "UTC";
  const isSame = clock(row.at, zone) === clock(row.at) && date(row.at, zone) === date(row.at);
  return html`
    <tr>
      <td class="num b nw">${clock(row.at)}</td>
      <td class="num nw q hide">${isSame ? "same" : otherWall(row.at, zone)}</td>
      <td class="nm"><a href=${toSchedule(row.schedule.schedule_id)} dir="auto">${nameOf(row.schedule)}</a><small>${row.schedule.description}${row.count > 1 && ` · until ${clock(row.last)}`}</small></td>
      <td class="nw"><span class=${`st ${role}`}><${Glyph} name=${glyph} role=${role} />${row.count > 1 ? `${row.count} ${word.toLowerCase()}` : word}</span></td>
      <td class="hide q" dir="auto">${row.status === "planned" ? html`<${Countdown} at=${row.at} />` : [row.lateness !== null && `${row.count > 1 ? "at most " : ""}${lateness(row.lateness)}`, row.reason].filter(Boolean).join(" · ")}</td>
    </tr>
  `;
}
