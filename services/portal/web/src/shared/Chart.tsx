import { createEffect, createSignal, onCleanup, onMount, Show, type JSX } from "solid-js";
import type { ChartSeries, PlotHandle } from "./plot";
import { language } from "./text";

export interface ChartPoints {
  /** Seconds since 1970, rising. */
  x: number[];
  /** One list for each series, as long as `x`. */
  y: number[][];
}

/** Curves over time. The drawing code is loaded when the first chart is shown. */
export function TimeChart(props: {
  points: () => ChartPoints;
  series: ChartSeries[];
  height: number;
  label: string;
}): JSX.Element {
  let frame!: HTMLDivElement;
  const [handle, setHandle] = createSignal<PlotHandle>();
  let gone = false;

  onMount(() => {
    void import("./plot").then(({ drawPlot }) => {
      if (!gone) {
        setHandle(drawPlot(frame, props.series, props.height));
      }
    });
  });
  createEffect(() => {
    const { x, y } = props.points();
    handle()?.update(x, y);
  });
  onCleanup(() => {
    gone = true;
    handle()?.remove();
  });

  const spoken = () => {
    const { y } = props.points();
    const values = props.series.map(({ label, unit }, index) => {
      const last = y[index]?.at(-1);
      const name = props.series.length > 1 ? `${label} ` : "";
      return last === undefined ? "" : `${name}${last.toLocaleString(language())} ${unit}`;
    });
    return [props.label, ...values.filter((value) => value !== "")].join(": ");
  };

  return (
    <div class="chart" role="img" aria-label={spoken()}>
      <Show when={props.series.length > 1}>
        <ul class="chart-legend" aria-hidden="true">
          {props.series.map(({ label }, index) => (
            <li class={`chart-legend-${index}`}>{label}</li>
          ))}
        </ul>
      </Show>
      <div
        class="chart-frame"
        ref={(element) => {
          frame = element;
          element.style.setProperty("height", `${props.height}px`);
        }}
      />
    </div>
  );
}
