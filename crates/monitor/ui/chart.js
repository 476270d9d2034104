// A small chart of the last five minutes, drawn by uPlot. What it shows stands beside it in words, and the values of its
// legend follow the pointer.
import uPlot from "/ui/vendor/uplot/uPlot.esm.js";
import { h, tell } from "./dom.js";

const SPAN = 300; // seconds
const HEIGHT = 112;

// A canvas knows no variables of CSS: an element that nobody sees tells what they are now.
const probe = h("span", { hidden: true });
const colours = new Map();
document.addEventListener("waypost:theme", () => colours.clear());

function colour(name) {
  if (!colours.has(name)) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name})`;
    colours.set(name, getComputedStyle(probe).color);
  }
  return colours.get(name);
}

// series: [{ name, tone, fill }], where `tone` is a colour of tokens.css. `show` formats a value; `whole`: there are no halves.
export function chart({ title, series, show, whole = false }) {
  const values = series.map(() => h("b", {}, "–"));
  const plot = h("div", { class: "chart-plot", "aria-hidden": "true" });
  const element = h(
    "figure",
    { class: "chart" },
    h(
      "figcaption",
      {},
      h("span", { class: "chart-title" }, title),
      series.map((one, at) =>
        h("span", { class: "chart-key" }, h("i", { class: "swatch", data: { tone: one.tone } }), one.name, " ", values[at]),
      ),
    ),
    plot,
  );

  let latest = [];
  let hovered = null;
  const legend = () => {
    for (const [at, value] of values.entries()) {
      const shown = hovered === null ? latest[at]?.at(-1) : latest[at]?.[hovered];
      tell(value, shown === null || shown === undefined ? "–" : show(shown));
    }
  };

  const drawn = new uPlot(options(series, show, whole, (at) => ((hovered = at), legend())), [[], ...series.map(() => [])], plot);
  const sized = new ResizeObserver(() => drawn.setSize({ width: plot.clientWidth, height: HEIGHT }));
  sized.observe(plot);
  const repaint = () => drawn.redraw(false);
  document.addEventListener("waypost:theme", repaint);

  return {
    element,
    set(times, data) {
      latest = data;
      drawn.setData([times, ...data]);
      legend();
    },
    close() {
      sized.disconnect();
      document.removeEventListener("waypost:theme", repaint);
      drawn.destroy();
    },
  };
}

function options(series, show, whole, onHover) {
  const font = "11px system-ui, sans-serif";
  return {
    width: 300,
    height: HEIGHT,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 } },
    hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
    scales: {
      x: {
        time: false,
        range: () => {
          const now = Date.now() / 1000;
          return [now - SPAN, now];
        },
      },
      y: { range: (_, __, top) => [0, Math.max(1, (top ?? 0) * 1.08)] },
    },
    axes: [
      {
        font,
        size: 20,
        gap: 4,
        stroke: () => colour("chart-text"),
        grid: { show: false },
        ticks: { show: false },
        splits: (_, __, from, to) => [0, 1, 2, 3, 4, 5].map((minute) => from + ((to - from) * minute) / 5),
        values: () => ["", "−4 min", "−3", "−2", "−1", "now"],
      },
      {
        font,
        size: 40,
        gap: 6,
        space: 30,
        stroke: () => colour("chart-text"),
        grid: { stroke: () => colour("chart-grid"), width: 1 },
        ticks: { show: false },
        values: (_, splits) => splits.map((value) => (whole && !Number.isInteger(value) ? "" : axis(value))),
      },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.name,
        width: 1.5,
        stroke: () => colour(one.tone),
        fill: one.fill ? () => colour(one.tone).replace("rgb(", "rgba(").replace(")", ", 0.12)") : undefined,
        points: { show: false },
        value: (_, value) => show(value),
      })),
    ],
  };
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const axis = (value) => compact.format(value);
