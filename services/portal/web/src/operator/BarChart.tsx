import { For } from "solid-js";
import { formatDateTime, formatTime } from "../shared/format";
import { BarValues } from "./BarValues";
import { restText } from "./textRest";

export interface Bar {
  readonly fromMs: number;
  readonly value: number;
}

/** One bar for each hour. */
export function BarChart(props: { title: string; bars: readonly Bar[]; show: (value: number) => string }) {
  const total = () => props.bars.reduce((sum, bar) => sum + bar.value, 0);
  const most = () => Math.max(...props.bars.map((bar) => bar.value), 0);
  const share = (bar: Bar) => (most() > 0 ? bar.value / most() : 0);
  const spoken = () => {
    const highest = props.bars.find((bar) => bar.value === most());
    return highest === undefined || most() === 0
      ? `${props.title}: ${props.show(0)}`
      : `${props.title}: ${props.show(total())}. ${restText().highest(props.show(most()), formatDateTime(highest.fromMs))}`;
  };
  return (
    <figure class="card bar-chart">
      <figcaption class="bar-caption">
        <h2>{props.title}</h2>
        <strong class="number">{props.show(total())}</strong>
      </figcaption>
      <div class="bars" classList={{ "bars-dense": isLong(props.bars) }} role="img" aria-label={spoken()}>
        <For each={props.bars}>
          {(bar) => (
            <div class="bar" title={`${formatDateTime(bar.fromMs)}: ${props.show(bar.value)}`}>
              <div class="bar-fill" style={{ height: `${(share(bar) * 100).toFixed(2)}%` }} />
            </div>
          )}
        </For>
        <span class="bar-most small muted number">{props.show(most())}</span>
      </div>
      <div class="bar-axis small muted number" aria-hidden="true">
        <For each={axisMarks(props.bars)}>{(mark) => <span>{mark}</span>}</For>
      </div>
      <BarValues title={props.title} bars={props.bars} show={props.show} />
    </figure>
  );
}

/** More hours than two days have. */
const isLong = (bars: readonly Bar[]): boolean => bars.length > 48;

/** The beginning, the middle and the end: times of a day, days of a week. */
function axisMarks(bars: readonly Bar[]): string[] {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const bar = bars[Math.round(part * (bars.length - 1))];
    if (bar === undefined) return "";
    return isLong(bars)
      ? formatDateTime(bar.fromMs).split(" ").slice(0, 2).join(" ")
      : formatTime(bar.fromMs).slice(0, 5);
  });
}
