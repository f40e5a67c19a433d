import { createSignal, For, Show } from "solid-js";
import { formatDateTime } from "../shared/format";
import type { Bar } from "./BarChart";
import { restText } from "./textRest";
import { shellText } from "./textShell";

/** The values of the bars as a table, for whoever can't point at a bar or see it. Hours without anything are left out. */
export function BarValues(props: { title: string; bars: readonly Bar[]; show: (value: number) => string }) {
  const [isOpen, setIsOpen] = createSignal(false);
  const bars = () => props.bars.filter((bar) => bar.value > 0);
  return (
    <details class="bar-values" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary class="small">
        {restText().values}
        <span class="visually-hidden">: {props.title}</span>
      </summary>
      <Show when={isOpen()}>
        <div class="table-frame bar-values-frame" tabindex="0" role="group" aria-label={props.title}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{shellText().time}</th>
                <th scope="col" class="cell-number">
                  {restText().value}
                </th>
              </tr>
            </thead>
            <tbody>
              <For
                each={bars()}
                fallback={
                  <tr>
                    <td colspan="2">{restText().noHours}</td>
                  </tr>
                }
              >
                {(bar) => (
                  <tr>
                    <td>{formatDateTime(bar.fromMs)}</td>
                    <td class="cell-number">{props.show(bar.value)}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      </Show>
    </details>
  );
}
