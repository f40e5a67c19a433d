import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatTime } from "./format";
import { language } from "./text";

/** One curve. */
export interface ChartSeries {
  label: string;
  unit: string;
}

export interface PlotHandle {
  update(x: number[], y: number[][]): void;
  remove(): void;
}

const NARROWEST_PX = 80;

/** Draws curves into an element and follows its width and the light or dark of the system. */
export function drawPlot(frame: HTMLElement, series: ChartSeries[], height: number): PlotHandle {
  let data: uPlot.AlignedData = [[], ...series.map(() => [])];
  const width = () => Math.max(frame.clientWidth, NARROWEST_PX);
  let plot = new uPlot(options(series, width(), height), data, frame);

  const resized = new ResizeObserver(() => plot.setSize({ width: width(), height }));
  resized.observe(frame);

  // A canvas keeps the colours that it was drawn with.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const redraw = () => {
    plot.destroy();
    plot = new uPlot(options(series, width(), height), data, frame);
  };
  dark.addEventListener("change", redraw);

  return {
    update(x, y) {
      data = [x, ...y];
      plot.setData(data);
    },
    remove() {
      resized.disconnect();
      dark.removeEventListener("change", redraw);
      plot.destroy();
    },
  };
}

function options(series: ChartSeries[], width: number, height: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = { stroke: colour("--muted"), font, ticks: { show: false } };
  return {
    width,
    height,
    // One curve needs no legend, and a chart that lives no cursor.
    legend: { show: false },
    cursor: { show: false },
    padding: [12, 12, 0, 0],
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(max * 1.15, 1)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 80, values: timesOf, size: 26 },
      { ...axis, grid: { stroke: colour("--line"), width: 1 }, space: 36, size: 44, values: numbersOf },
    ],
    series: [
      {},
      ...series.map(({ label }): uPlot.Series => {
        const colours = { stroke: colour("--chart-1"), fill: colour("--chart-fill") };
        return { label, ...colours, width: 2, points: { show: false } };
      }),
    ],
  };
}

/** In the language of the page, which need not be the browser's. */
function numbersOf(_plot: uPlot, values: number[]): string[] {
  return values.map((value) => value.toLocaleString(language()));
}

/** Seconds are told only where they differ. */
function timesOf(_plot: uPlot, seconds: number[], _axis: number, _space: number, step: number): string[] {
  return seconds.map((second) => {
    const time = formatTime(second * 1_000);
    return step < 60 ? time : time.slice(0, 5);
  });
}
