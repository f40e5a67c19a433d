import { createEffect, createSignal, onCleanup, onMount, type JSX } from "solid-js";
import type { ChartSeries, PlotHandle } from "./plot";
import { language } from "./text";

export interface ChartPoints {
  /** Seconds since 1970, rising. */
  x: number[];
  /** One list for each series, as long as `x`. */
  y: number[][];
}

/** A curve over time. The drawing code is loaded when the first chart is shown. */
export function TimeChart(props: {
  points: () => ChartPoints;
  series: [ChartSeries];
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
    // Drawn anew in another language, too: the numbers of its axis are written in it.
    language();
    handle()?.update(x, y);
  });
  onCleanup(() => {
    gone = true;
    handle()?.remove();
  });

  const spoken = () => {
    const last = props.points().y[0]?.at(-1);
    const value = last === undefined ? "" : `: ${last.toLocaleString(language())} ${props.series[0].unit}`;
    return `${props.label}${value}`;
  };

  return (
    <div class="chart" role="img" aria-label={spoken()}>
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
