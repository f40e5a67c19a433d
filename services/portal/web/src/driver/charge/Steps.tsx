import { For, Show, type JSX } from "solid-js";
import { formatTime } from "../../shared/format";
import { stepText } from "../../shared/Status";
import { defineText } from "../../shared/text";
import { useDriver } from "../context";

const text = defineText({
  en: { title: "What happened" },
  es: { title: "Qué ha pasado" },
});

/** Each step of the charge with its time. */
export function Steps(): JSX.Element {
  const { store } = useDriver();
  const steps = () => store.charge()?.steps ?? [];
  return (
    <Show when={steps().length > 0}>
      <section class="card no-print">
        <h2>{text().title}</h2>
        <ol class="steps">
          <For each={steps()}>
            {(step) => (
              <li>
                <span>{stepText(step.kind)}</span>
                <time class="muted number" dateTime={new Date(Number(step.atMs)).toISOString()}>
                  {formatTime(step.atMs)}
                </time>
              </li>
            )}
          </For>
        </ol>
      </section>
    </Show>
  );
}
