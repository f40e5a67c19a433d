import { Show, type JSX } from "solid-js";
import { defineText } from "../../shared/text";
import type { ChargePointError } from "../chargePointError";

const text = defineText({
  en: {
    errorAt: (cpId: string) => `ERROR AT ${cpId}`,
    well: (cpId: string) => `${cpId} is well again.`,
  },
  es: {
    errorAt: (cpId: string) => `ERROR EN ${cpId}`,
    well: (cpId: string) => `${cpId} vuelve a funcionar.`,
  },
});

/** Something is wrong at the charge point where the driver charges. */
export function ErrorBanner(props: { error: ChargePointError }): JSX.Element {
  return (
    <section class="error-banner" role="alert">
      <h2>{text().errorAt(props.error.cpId)}</h2>
      <Show when={props.error.message}>
        <p>{props.error.message}</p>
      </Show>
      <Show when={props.error.isFixed}>
        <p class="error-banner-well">{text().well(props.error.cpId)}</p>
      </Show>
    </section>
  );
}
