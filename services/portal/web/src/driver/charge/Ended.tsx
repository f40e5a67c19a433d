import { onMount, Show, type JSX } from "solid-js";
import { EndReason, SessionState, type Session } from "../../gen/evcharging/types/v1/types_pb";
import { awaitTitle } from "../../shared/nextTitle";
import { endReasonText } from "../../shared/Status";
import { defineText } from "../../shared/text";
import { useDriver } from "../context";
import { showFromTop } from "../showFromTop";
import { TicketView } from "../TicketView";
import { ErrorBanner } from "./ErrorBanner";
import { PowerCurve } from "./PowerCurve";
import { Steps } from "./Steps";

const text = defineText({
  en: {
    completed: "Charge completed",
    interrupted: "Charge interrupted",
    cancelled: "No charge",
    nothingBilled: "Nothing was supplied, and nothing is billed.",
    billedSupplied: "You pay for what was supplied until then, and for nothing else.",
    ticketComes: "The ticket is on its way",
    done: "Done",
  },
  es: {
    completed: "Carga completada",
    interrupted: "Carga interrumpida",
    cancelled: "Sin carga",
    nothingBilled: "No se suministró nada y no se cobra nada.",
    billedSupplied: "Pagas lo que se suministró hasta entonces y nada más.",
    ticketComes: "El recibo está en camino",
    done: "Hecho",
  },
});

/** How the charge ended, and its ticket. */
export function Ended(props: { session: Session }): JSX.Element {
  const { store } = useDriver();
  let title!: HTMLHeadingElement;
  onMount(() => showFromTop(title));

  const isCancelled = () => props.session.state === SessionState.CANCELLED;
  const isInterrupted = () => props.session.state === SessionState.INTERRUPTED;
  const error = () => {
    const told = store.cpError();
    const isFault = [EndReason.FAULT, EndReason.LINK_LOST].includes(props.session.endReason);
    return told ?? (isFault ? { cpId: props.session.cpId, message: "", isFixed: false } : undefined);
  };
  const heading = () =>
    isCancelled() ? text().cancelled : isInterrupted() ? text().interrupted : text().completed;

  return (
    <div class="charge">
      <Show when={error()}>{(shown) => <ErrorBanner error={shown()} />}</Show>
      <header class="charge-head no-print">
        <h1 ref={title} tabindex="-1">
          {heading()}
        </h1>
        <p class="muted">
          {props.session.cpId}: {endReasonText(props.session.endReason)}
        </p>
        <Show when={isInterrupted()}>
          <p>{text().billedSupplied}</p>
        </Show>
      </header>
      <div class="charge-columns">
        <div class="stack charge-main">
          <Show when={!isCancelled()} fallback={<p class="card">{text().nothingBilled}</p>}>
            <Show
              when={store.charge()?.ticket}
              fallback={
                <p class="card empty" role="status">
                  {text().ticketComes}
                </p>
              }
            >
              {(ticket) => <TicketView ticket={ticket()} />}
            </Show>
          </Show>
          <button
            type="button"
            class="button button-primary button-large no-print"
            onClick={() => {
              awaitTitle();
              store.dismissCharge();
            }}
          >
            {text().done}
          </button>
        </div>
        <div class="stack charge-side no-print">
          <Show when={store.power().length > 1}>
            <PowerCurve />
          </Show>
          <Steps />
        </div>
      </div>
    </div>
  );
}
