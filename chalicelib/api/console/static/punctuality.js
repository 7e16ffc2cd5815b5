/** The lateness of the last runs as a chart: one mark for each run, in the shape and colour of its status. */
import { lookOf, RUN } from "./glyphs.js";
import { html, useEffect, useRef, useState } from "./libs.js";
import { count, lateness } from "./parts.js";
import { figures } from "./runs.js";
import { clock, date, SECOND } from "./time.js";

/** @typedef {import("./types.js").Run} Run */

const HEIGHT = 190;
const LEAST = 0.1; // seconds; what is earlier stands on the lowest line
const LATE = 60; // seconds
const TICKS = [0.1, 1, 10, 60, 600, 3600, 36_000];

/** @param {number} seconds */
const tick = (seconds) =>
  seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;

/** @param {{runs: Run[]}} props the newest first */
export function Punctuality({ runs }) {
  const shown = [...runs].reverse();
  const { started, median, p95, beyond } = figures(shown);
  const [pointed, setPointed] = useState(/** @type {Run | null} */ (null));
  const told = `Lateness of the last ${count(shown.length, "run")}: median ${lateness(median)}, 95 of 100 at most ${lateness(p95)}, ${beyond} later than 1 minute.`;
  return html`
    <figure>
      <div class="head">
        <h2>Punctuality</h2>
        <p class="s q">${started > 0 && `Last ${count(shown.length, "run")} · median ${lateness(median)} · p95 ${lateness(p95)}`}</p>
      </div>
      <${Chart} runs=${shown} told=${told} point=${setPointed} />
      <figcaption class="legend">
        ${pointed ? describe(pointed) : html`${[...new Set(shown.map((run) => run.status))].map((status) => html`<${Key} status=${status} />`)}<span class="st"><span class="dash" />late beyond 1 min</span>`}
      </figcaption>
    </figure>
  `;
}

/** @param {Run} run */
const describe = (run) => {
  const due = Date.parse(run.scheduled_time);
  return html`<span><strong>${date(due)} ${clock(due)}</strong> ${lookOf(RUN, run.status).word.toLowerCase()}${run.lateness_ms === null ? "" : `, ${lateness(run.lateness_ms)}`}</span>`;
};

/** @param {{status: string}} props */
function Key({ status }) {
  const { glyph, role, word } = lookOf(RUN, status);
  return html`<span class="st"><svg class=${`g ${role}`} width="16" height="16" aria-hidden="true"><use href=${`#${glyph}`} /></svg>${word.toLowerCase()}</span>`;
}

/** @param {{runs: Run[], told: string, point: (run: Run | null) => void}} props */
function Chart({ runs, told, point }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const drawn = runs.map((run) => `${run.run_id} ${run.status} ${run.lateness_ms}`).join();
  useEffect(() => {
    /** @type {{destroy: () => void, setSize: (size: {width: number, height: number}) => void, redraw: () => void} | undefined} */
    let chart;
    let isGone = false;
    const theme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => chart?.redraw();
    const sizes = new ResizeObserver(
      () => box.current && chart?.setSize({ width: box.current.clientWidth, height: HEIGHT }),
    );
    const themes = new MutationObserver(redraw);
    Promise.all([import("./uplot.js"), style()]).then(([{ default: UPlot }]) => {
      if (isGone || !box.current) return;
      chart = new UPlot(options(runs, box.current, point), /** @type {any} */ (data(runs)), box.current);
      sizes.observe(box.current);
      themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
      theme.addEventListener("change", redraw);
    });
    return () => {
      isGone = true;
      sizes.disconnect();
      themes.disconnect();
      theme.removeEventListener("change", redraw);
      chart?.destroy();
    };
  }, [drawn]);
  return html`<div class="plot" role="img" aria-label=${told} ref=${box} />`;
}

/** Loads the library's style sheet, once. The chart is drawn after it, because the sheet places the canvas. */
function style() {
  const href = new URL("./uplot.css", import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  document.head.append(link);
  return new Promise((resolve) => {
    link.onload = resolve;
    link.onerror = resolve;
  });
}

/** @param {Run[]} runs */
const data = (runs) => [
  runs.map((_, index) => index),
  runs.map((run) => (run.lateness_ms === null ? null : Math.max(run.lateness_ms / SECOND, LEAST))),
];

/**
 * @param {Run[]} runs @param {HTMLElement} box @param {(run: Run | null) => void} point
 * @returns {any} uPlot's types have no tuples of literals
 */
function options(runs, box, point) {
  const color = (/** @type {string} */ name) => resolved(box, name);
  const most = Math.max(LATE * 2, ...runs.map((run) => (run.lateness_ms ?? 0) / SECOND)) * 1.5;
  const font = "12px system-ui, sans-serif";
  const axis = { font, stroke: () => color("--ink-3"), ticks: { show: false } };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [12, 8, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: () => [-0.6, Math.max(runs.length - 0.4, 1)] },
      y: { distr: 3, range: () => [LEAST / 3, most] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 90,
        incrs: [1, 2, 5, 10, 20, 50],
        values: (/** @type {any} */ _, /** @type {number[]} */ at) => labels(at.map((index) => runs[index])),
      },
      {
        ...axis,
        size: 56,
        grid: { stroke: () => color("--line"), width: 1 },
        splits: () => TICKS.filter((seconds) => seconds <= most),
        // By default a logarithmic axis shows the text of powers of ten only.
        filter: (/** @type {any} */ _, /** @type {number[]} */ splits) => splits,
        values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(tick),
      },
    ],
    series: [{}, { paths: () => null, points: { show: false } }],
    hooks: {
      setCursor: [(/** @type {any} */ plot) => point(runs[plot.cursor.idx ?? -1] ?? null)],
      draw: [(/** @type {any} */ plot) => draw(plot, runs, color)],
    },
  };
}

/** Dates, or the time of day where the date is that of the label before. @param {(Run | undefined)[]} at */
function labels(at) {
  const instants = at.map((run) => (run ? Date.parse(run.scheduled_time) : null));
  return instants.map((instant, index) => {
    const before = instants[index - 1];
    if (instant === null) return "";
    return before && date(before) === date(instant) ? clock(instant) : date(instant);
  });
}

/** A token's colour in the current theme. Canvas takes no variables. @param {HTMLElement} box @param {string} name */
function resolved(box, name) {
  const probe = box.appendChild(document.createElement("i"));
  probe.style.setProperty("color", `var(${name})`);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @param {any} plot @param {Run[]} runs @param {(name: string) => string} color */
function draw(plot, runs, color) {
  const { ctx } = plot;
  const scale = devicePixelRatio;
  const [floor, none] = [plot.valToPos(LEAST, "y", true), plot.valToPos(LEAST / 2, "y", true)];
  ctx.save();
  ctx.lineWidth = scale;
  ctx.setLineDash([4 * scale, 3 * scale]);
  line(
    ctx,
    color("--retry"),
    [plot.bbox.left, plot.valToPos(LATE, "y", true)],
    [plot.bbox.left + plot.bbox.width, plot.valToPos(LATE, "y", true)],
  );
  ctx.setLineDash([]);
  runs.forEach((run, index) => {
    const x = plot.valToPos(index, "x", true);
    const y = run.lateness_ms === null ? none : plot.valToPos(Math.max(run.lateness_ms / SECOND, LEAST), "y", true);
    if (run.lateness_ms !== null) line(ctx, color("--line"), [x, floor], [x, y]);
    const { glyph, role } = lookOf(RUN, run.status);
    mark(ctx, glyph, x, y, 13 * scale, color(`--${role}`), color("--canvas"));
  });
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx @param {string} color @param {[number, number]} from @param {[number, number]} to */
function line(ctx, color, from, to) {
  ctx.strokeStyle = color;
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}

/** Shapes in a square of 16, as in glyphs.js: filled ones, then lines in the status's colour, then lines cut out. */
const MARKS = /** @type {Record<string, {fill?: string, stroke?: string, cut?: string}>} */ ({
  succeeded: { fill: "M14.5 8a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0z", cut: "m5 8.2 2.1 2.1L11.2 6" },
  failed: { fill: "M1.8 1.8h12.4v12.4H1.8z", cut: "m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" },
  missed: { stroke: "M13.2 8a5.2 5.2 0 1 1-10.4 0 5.2 5.2 0 0 1 10.4 0zM2 14 14 2" },
  skipped: { stroke: "m2.5 3.5 5 4.5-5 4.5zm6 0 5 4.5-5 4.5z" },
  retrying: { stroke: "M13 8a5 5 0 1 1-1.6-3.7", fill: "M12.9 1.4v4.2H8.7z" },
  held: { stroke: "M1.9 1.9h12.2v12.2H1.9zM6.3 5.2v5.6m3.4-5.6v5.6" },
  running: { stroke: "M13.6 8A5.6 5.6 0 1 1 2.4 8a5.6 5.6 0 0 1 11.2 0z", fill: "M8 4.6a3.4 3.4 0 0 1 0 6.8z" },
  queued: { stroke: "M13.6 8A5.6 5.6 0 1 1 2.4 8a5.6 5.6 0 0 1 11.2 0z" },
});

/** @param {CanvasRenderingContext2D} ctx @param {string} glyph @param {number} x @param {number} y @param {number} size @param {string} color @param {string} ground */
function mark(ctx, glyph, x, y, size, color, ground) {
  const { fill, stroke, cut } = MARKS[glyph] ?? MARKS.queued ?? {};
  ctx.save();
  ctx.translate(x - size / 2, y - size / 2);
  ctx.scale(size / 16, size / 16);
  ctx.lineWidth = 1.8;
  ctx.fillStyle = color;
  if (fill) ctx.fill(new Path2D(fill));
  for (const [path, of] of [
    [stroke, color],
    [cut, ground],
  ]) {
    if (!path || !of) continue;
    ctx.strokeStyle = of;
    ctx.stroke(new Path2D(path));
  }
  ctx.restore();
}
