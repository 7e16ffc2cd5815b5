/** The timeline: a lane for each schedule or resource, with past runs, planned occurrences, now, and changes of clocks. */
import { get } from "./api.js";
import { Glyph, lookOf, RUN } from "./glyphs.js";
import { html, useEffect, useMemo, useRef, useState } from "./libs.js";
import { Act, Countdown, count, Empty, lateness, otherWall, Shown, useCommands, useLoad, useTitle } from "./parts.js";
import { go, place, to, toSchedule } from "./router.js";
import {
  city,
  clock,
  clockBefore,
  DAY,
  date,
  dayAndClock,
  exact,
  HERE,
  now,
  relative,
  SECOND,
  thisMinute,
} from "./time.js";
import { changesOf, lanesOf, rowsOf, ticksOf, tickText, windowAt, ZOOMS } from "./timeline.js";

/** @typedef {import("./timeline.js").Lane} Lane */
/** @typedef {import("./timeline.js").Mark} Mark */
/** @typedef {import("./timeline.js").Band} Band */
/** @typedef {import("./types.js").TimelinePage} TimelinePage */
/** @typedef {{since: number, until: number, share: (at: number) => string, width: (length: number) => string}} Window */

const PLANNED = { glyph: "future", role: "next", word: "Planned" };

/** @param {string} status */
const look = (status) => (status === "planned" ? PLANNED : lookOf(RUN, status));

/** The window, the zoom and the way of showing, as they stand in the address. */
function useSettings() {
  const { query } = place.value;
  const zoom = ZOOMS.find(({ key }) => key === query.get("zoom")) ?? ZOOMS[3] ?? ZOOMS[0];
  const given = Date.parse(query.get("since") ?? "");
  const { length } = /** @type {typeof ZOOMS[0] & {}} */ (zoom);
  const since = Number.isNaN(given) ? windowAt(length, thisMinute.value).since : given;
  const all = {
    zoom: zoom?.key ?? "",
    since: Number.isNaN(given) ? "" : iso(given),
    by: query.get("by") ?? "",
    as: query.get("as") ?? "",
    search: query.get("search") ?? "",
  };
  /** @param {Partial<typeof all>} changed @param {{replace?: boolean}} [options] */
  const change = (changed, options) => go(to("/timeline", { ...all, ...changed }), options);
  return {
    ...all,
    zoomed: /** @type {NonNullable<typeof zoom>} */ (zoom),
    begin: since,
    until: since + length,
    change,
  };
}

/** @param {number} at */
const iso = (at) => new Date(at).toISOString().replace(".000Z", "Z");

export function View() {
  useTitle("Timeline");
  const settings = useSettings();
  const { begin, until, search, by, as, zoomed, change } = settings;
  const loaded = useLoad(
    `${begin} ${until} ${search}`,
    (signal) => get("v1/timeline", { since: iso(begin), until: iso(until), search, limit: 20 }, signal),
    { every: 15 * SECOND },
  );
  const index = ZOOMS.indexOf(zoomed);
  /** Zooms around the middle of the window, or around now if it is shown. @param {number} step */
  const zoom = (step) => {
    const next = ZOOMS[index + step];
    if (!next) return;
    const middle = (begin + until) / 2;
    change({ zoom: next.key, since: settings.since && iso(Math.floor((middle - next.length / 2) / 60_000) * 60_000) });
  };
  /** @param {number} share */
  const move = (share) => change({ since: iso(Math.round((begin + zoomed.length * share) / 60_000) * 60_000) });
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
        ${ZOOMS.map(({ key, name }) => html`<button aria-pressed=${key === zoomed.key ? "true" : "false"} onClick=${() => change({ zoom: key, since: "" })}>${name}</button>`)}
      </div>
      <button class="btn small" aria-label="Earlier" onClick=${() => move(-0.5)}>←</button>
      <button class="btn small" onClick=${() => change({ since: "" })}>Now</button>
      <button class="btn small" aria-label="Later" onClick=${() => move(0.5)}>→</button>
      <select class="in hide" aria-label="Lanes" value=${by} onChange=${(/** @type {any} */ event) => change({ by: event.target.value })}>
        <option value="">A lane per schedule</option>
        <option value="resource">A lane per resource</option>
      </select>
      <${Search} search=${search} change=${change} />
    </div>
    <${Shown} loaded=${loaded} what="The timeline" rows=${8}>
      ${(/** @type {TimelinePage} */ page) => html`<${Page} key=${`${begin} ${until} ${search}`} first=${page} settings=${settings} />`}
    <//>
  `;
}

/** @param {{search: string, change: (changed: {search: string}, options: {replace: boolean}) => void}} props */
function Search({ search, change }) {
  const [text, setText] = useState(search);
  useEffect(() => {
    if (text === search) return undefined;
    const timer = setTimeout(() => change({ search: text.trim() }, { replace: true }), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<input class="in find" type="search" maxlength="100" placeholder="Name, id or resource" aria-label="Search lanes" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`;
}

/** @param {{first: TimelinePage, settings: ReturnType<typeof useSettings>}} props */
function Page({ first, settings }) {
  const { begin, until, by, as, search, zoomed } = settings;
  const [more, setMore] = useState(/** @type {TimelinePage | null} */ (null));
  const schedules = useMemo(() => {
    const newest = new Set(first.items.map((item) => item.schedule_id));
    return [...first.items, ...(more?.items ?? []).filter((item) => !newest.has(item.schedule_id))];
  }, [first, more]);
  const lanes = useMemo(() => lanesOf(schedules, until - begin, by === "resource"), [schedules, begin, until, by]);
  const cursor = more ? more.next_cursor : first.next_cursor;
  const readMore = async () => {
    const next = await get("v1/timeline", { since: iso(begin), until: iso(until), search, limit: 20, cursor });
    setMore({ items: [...(more?.items ?? []), ...next.items], next_cursor: next.next_cursor });
  };
  if (lanes.length === 0 && !cursor) {
    return html`<${Empty} title="Nothing in this window" text=${search ? "No schedule matches the search." : `No run and no planned occurrence from ${dayAndClock(begin)} to ${dayAndClock(until)}.`}><a class="btn" href=${to("/new")}>New schedule</a><//>`;
  }
  return html`
    ${as === "table" ? html`<${Table} lanes=${lanes} />` : html`<${Lanes} lanes=${lanes} begin=${begin} until=${until} step=${zoomed.ticks} />`}
    ${lanes.some((lane) => lane.isCut) && html`<p class="s q">Lanes marked “cut” have more runs than were read.</p>`}
    ${cursor && html`<p class="acts tl"><${Act} label="More lanes" act=${readMore} /></p>`}
    <${Legend} lanes=${lanes} />
  `;
}

/** @param {{lanes: Lane[]}} props */
function Legend({ lanes }) {
  const shown = new Set(
    lanes.flatMap((lane) => [...lane.marks.map((mark) => mark.status), ...lane.bands.map((band) => band.status)]),
  );
  return html`
    <p class="legend tl">
      ${[...shown].map((status) => {
        const { glyph, role, word } = look(status);
        return html`<span class="st"><${Glyph} name=${glyph} role=${role} />${word}</span>`;
      })}
      ${lanes.some((lane) => lane.bands.length) && html`<span>A bar: many of one kind</span>`}
    </p>
  `;
}

/** @param {{lanes: Lane[], begin: number, until: number, step: number}} props */
function Lanes({ lanes, begin, until, step }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [selected, setSelected] = useState({ lane: -1, mark: -1 });
  const zones = [HERE, ...lanes.flatMap((lane) => lane.schedules.map((schedule) => schedule.timezone ?? "UTC"))];
  const changes = useMemo(() => changesOf(zones, begin, until), [zones.join(), begin, until]);
  /** @param {number} at */
  const share = (at) => `${((at - begin) / (until - begin)) * 100}%`;
  const width = (/** @type {number} */ length) => `${(length / (until - begin)) * 100}%`;
  const span = { since: begin, until, share, width };
  const ticks = useMemo(() => ticksOf(begin, until, step), [begin, until, step]);
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const next = stepped(lanes, selected, event.key);
    const found = lanes[selected.lane]?.marks[selected.mark];
    if (event.key === "Enter" && found) go(toSchedule(found.schedule.schedule_id));
    if (event.key === "Escape") setSelected({ lane: -1, mark: -1 });
    if (!next) return;
    event.preventDefault();
    setSelected(next);
  };
  useEffect(
    () => box.current?.querySelector(".sel")?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    [selected],
  );
  const shown = lanes[selected.lane]?.marks[selected.mark];
  return html`
    <div class="card lanes" tabindex="0" role="group" aria-label="Lanes. Arrow keys go from mark to mark." ref=${box} onKeyDown=${onKeyDown}>
      <div class="lab ax q xs">Your time, ${city(HERE)}</div>
      <${Axis} ticks=${ticks} step=${step} span=${span} changes=${changes} />
      ${lanes.map((lane, index) => html`<${LaneRow} key=${lane.key} lane=${lane} ticks=${ticks} span=${span} changes=${changes} selected=${selected.lane === index ? selected.mark : -1} select=${(/** @type {number} */ mark) => setSelected({ lane: index, mark })} />`)}
    </div>
    <p class="vh" role="status">${shown && told(shown)}</p>
  `;
}

/** The mark that an arrow key leads to. @param {Lane[]} lanes @param {{lane: number, mark: number}} from @param {string} key */
function stepped(lanes, from, key) {
  if (!/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key)) return null;
  if (from.lane < 0) return lanes.length ? { lane: 0, mark: 0 } : null;
  const marks = lanes[from.lane]?.marks ?? [];
  if (key === "ArrowLeft") return { ...from, mark: Math.max(0, from.mark - 1) };
  if (key === "ArrowRight") return { ...from, mark: Math.min(marks.length - 1, from.mark + 1) };
  if (key === "Home") return { ...from, mark: 0 };
  if (key === "End") return { ...from, mark: marks.length - 1 };
  const lane = Math.min(Math.max(from.lane + (key === "ArrowDown" ? 1 : -1), 0), lanes.length - 1);
  return { lane, mark: nearest(lanes[lane]?.marks ?? [], marks[from.mark]?.at ?? now.peek()) };
}

/** @param {Mark[]} marks @param {number} at */
function nearest(marks, at) {
  let found = 0;
  marks.forEach((mark, index) => {
    if (Math.abs(mark.at - at) < Math.abs((marks[found]?.at ?? 0) - at)) found = index;
  });
  return found;
}

/** @param {{ticks: {at: number, isDay: boolean}[], step: number, span: Window, changes: {at: number, by: number, zones: string[]}[]}} props */
function Axis({ ticks, step, span, changes }) {
  const { since, until, share } = span;
  const days = ticksOf(since, until, DAY);
  const isSparse = until - since > 10 * DAY;
  // The texts of now and of changes are wider than those of ticks, which give way to them.
  const taken = [thisMinute.value, ...changes.map(({ at }) => at)];
  const free = ticks.filter((tick) => taken.every((at) => Math.abs(at - tick.at) > (until - since) * 0.045));
  return html`
    <div class="ax">
      <svg aria-hidden="true">
        ${(isSparse ? ticks : days).map(({ at }) => html`<text class="dayt" x=${share(at)} dx="6" y="18">${date(at)}</text>`)}
        ${days.length === 0 && html`<text class="dayt" x="0" dx="6" y="18">${date(since)}</text>`}
        ${free.map((tick) => html`<text x=${share(tick.at)} y="46" text-anchor="middle">${tickText(tick, step)}</text>`)}
        ${changes.map(({ at, by, zones }) => html`<svg x=${share(at)} overflow="visible"><rect class="halo" x="-32" y="33" width="64" height="18" /><text class="gapt" y="46" text-anchor="middle">${clockBefore(at, by, zones[0] ?? HERE)} → ${clock(at, zones[0])}</text></svg>`)}
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
 * @param {{lane: Lane, ticks: {at: number, isDay: boolean}[], span: Window, changes: {at: number, by: number, zones: string[]}[], selected: number, select: (mark: number) => void}} props
 */
function LaneRow({ lane, ticks, span, changes, selected, select }) {
  const { since, until, share } = span;
  const at = Math.min(Math.max(thisMinute.value, since), until);
  const chosen = lane.marks[selected];
  const counts = countsOf(lane);
  const link = lane.href === null ? to("/schedules", { search: lane.title }) : toSchedule(lane.href);
  const paused = lane.schedules.length === 1 && lane.schedules[0]?.status === "paused";
  return html`
    <div class="lab"><a href=${link} title=${lane.title} dir="auto">${lane.title}</a><small>${lane.text}${paused && " · paused"}${lane.isCut && " · cut"}</small></div>
    <div class="tr">
      <svg role="img" aria-label=${`${lane.title}: ${counts || "nothing in this window"}`}>
        <rect class="past" width=${share(at)} height="50" />
        ${ticks.filter(({ isDay }) => isDay).map((tick) => html`<line class="grid" x1=${share(tick.at)} x2=${share(tick.at)} y1="0" y2="50" />`)}
        ${changes.map((change) => html`<${Change} change=${change} span=${span} />`)}
        <line class=${paused ? "tk stopped" : "tk"} x1="0" x2="100%" y1="25" y2="25" />
        ${lane.bands.map((band) => html`<${BandShape} band=${band} span=${span} />`)}
        ${lane.marks.map((mark, index) => html`<${MarkShape} key=${`${mark.schedule.schedule_id} ${mark.at}`} mark=${mark} x=${share(mark.at)} isSelected=${index === selected} select=${() => select(index)} />`)}
        ${thisMinute.value >= since && thisMinute.value <= until && html`<line class="nowl" x1=${share(at)} x2=${share(at)} y1="0" y2="50" />`}
      </svg>
      ${chosen && html`<${Popup} mark=${chosen} span=${span} />`}
    </div>
  `;
}

/** A taken hour is a narrow band, for it has no length. A repeated one covers both times. @param {{change: {at: number, by: number}, span: Window}} props */
const Change = ({ change: { at, by }, span: { share, width } }) =>
  by < 0
    ? html`<rect class="gapb" x=${share(at + by)} width=${width(-2 * by)} height="50" />`
    : html`<svg x=${share(at)} overflow="visible"><rect class="gapb" x="-5" width="10" height="50" /></svg>`;

/** @param {{band: Band, span: Window}} props */
function BandShape({ band, span: { share } }) {
  const { role } = look(band.status);
  const kinds = Object.entries(band.counts ?? { [band.status]: band.count }).filter(([, number]) => number);
  const text = kinds.map(([status, number]) => `${number} ${look(status).word.toLowerCase()}`).join(", ");
  return html`
    <line class=${band.status === "planned" ? "bandf" : `band ${role}`} x1=${share(band.from)} x2=${share(band.to)} y1="25" y2="25">
      <title>${`${text}, ${dayAndClock(band.from)} to ${dayAndClock(band.to)}`}</title>
    </line>
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

/** @param {{mark: Mark, span: Window}} props */
function Popup({ mark, span: { since, until } }) {
  const { glyph, role, word } = look(mark.status);
  const element = useRef(/** @type {HTMLElement | null} */ (null));
  const part = (mark.at - since) / (until - since);
  useEffect(() => {
    element.current?.style.setProperty(
      part < 0.5 ? "inset-inline-start" : "inset-inline-end",
      `${(part < 0.5 ? part : 1 - part) * 100}%`,
    );
    element.current?.style.setProperty(part < 0.5 ? "inset-inline-end" : "inset-inline-start", "auto");
  }, [part]);
  const zone = mark.schedule.timezone ?? "UTC";
  return html`
    <div class="pop" ref=${element}>
      <p class=${`st ${role}`}><${Glyph} name=${glyph} role=${role} />${word}: ${date(mark.at)} ${clock(mark.at)}</p>
      <p class="q">${otherWall(mark.at, zone)}${mark.status === "planned" ? html`, ${relative(mark.at)}` : ""}</p>
      ${mark.lateness !== undefined && mark.lateness !== null && html`<p class="q">${lateness(mark.lateness)} · ${count(mark.attempts ?? 0, "attempt")}</p>`}
      ${mark.reason && html`<p dir="auto">${mark.reason}</p>`}
      <p><a class="link" href=${toSchedule(mark.schedule.schedule_id)} dir="auto">${mark.schedule.name ?? mark.schedule.schedule_id}</a></p>
    </div>
  `;
}

/** @param {Mark} mark */
const told = (mark) =>
  [
    `${mark.schedule.name ?? mark.schedule.schedule_id}: ${look(mark.status).word.toLowerCase()}, ${exact(mark.at)}`,
    mark.lateness !== undefined && mark.lateness !== null && lateness(mark.lateness),
    mark.reason,
  ]
    .filter(Boolean)
    .join(", ");

/** `3 succeeded, 1 failed, 10 planned`. @param {Lane} lane */
function countsOf(lane) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const mark of lane.marks) counts[mark.status] = (counts[mark.status] ?? 0) + 1;
  for (const band of lane.bands)
    for (const [status, number] of Object.entries(band.counts ?? { [band.status]: band.count }))
      counts[status] = (counts[status] ?? 0) + number;
  return Object.entries(counts)
    .map(([status, number]) => `${number} ${look(status).word.toLowerCase()}`)
    .join(", ");
}

/** @param {{lanes: Lane[]}} props */
function Table({ lanes }) {
  const days = useMemo(() => rowsOf(lanes), [lanes]);
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
      <td class="nm"><a href=${toSchedule(row.schedule.schedule_id)} dir="auto">${row.schedule.name ?? row.schedule.schedule_id}</a><small>${row.schedule.description}${row.count > 1 && ` · until ${clock(row.last)}`}</small></td>
      <td class="nw"><span class=${`st ${role}`}><${Glyph} name=${glyph} role=${role} />${row.count > 1 ? `${row.count} ${word.toLowerCase()}` : word}</span></td>
      <td class="hide q" dir="auto">${row.status === "planned" ? html`<${Countdown} at=${row.at} />` : [row.lateness !== null && `${row.count > 1 ? "at most " : ""}${lateness(row.lateness)}`, row.reason].filter(Boolean).join(" · ")}</td>
    </tr>
  `;
}
