import { For, Show, type JSX } from "solid-js";
import type { Ticket } from "../gen/evcharging/types/v1/types_pb";
import { formatDateTime, formatDuration, formatEnergy, formatMoney, formatPrice } from "../shared/format";
import { endReasonText } from "../shared/Status";
import { defineText } from "../shared/text";
import { useDriver } from "./context";

const text = defineText({
  en: {
    ticket: "Ticket",
    driver: "Driver",
    chargePoint: "Charge point",
    location: "Location",
    price: "Price",
    duration: "Duration",
    started: "Started",
    ended: "Ended",
    reason: "Reason",
    balance: "New balance",
    session: "Session",
    trace: "Trace",
    print: "Print",
  },
  es: {
    ticket: "Recibo",
    driver: "Conductor",
    chargePoint: "Punto de carga",
    location: "Lugar",
    price: "Precio",
    duration: "Duración",
    started: "Inicio",
    ended: "Fin",
    reason: "Motivo",
    balance: "Saldo nuevo",
    session: "Sesión",
    trace: "Traza",
    print: "Imprimir",
  },
});

/** A ticket as it is shown and printed. */
export function TicketView(props: { ticket: Ticket }): JSX.Element {
  const { store } = useDriver();
  const lines = (): [string, string][] => {
    const { ticket } = props;
    const location = store.chargePoints()?.get(ticket.cpId)?.location;
    const all: [string, string][] = [
      [text().driver, store.driver()?.name || ticket.driverId],
      [text().chargePoint, ticket.cpId],
    ];
    if (location) {
      all.push([text().location, location]);
    }
    all.push(
      [text().price, formatPrice(ticket.priceMicrosPerKwh, ticket.currency)],
      [text().duration, formatDuration(ticket.durationMs)],
      [text().started, formatDateTime(ticket.startedAtMs)],
      [text().ended, formatDateTime(ticket.endedAtMs)],
      [text().reason, endReasonText(ticket.endReason)],
      [text().balance, formatMoney(ticket.balanceMicros, ticket.currency)],
    );
    return all;
  };
  return (
    <article class="ticket" aria-label={text().ticket}>
      <p class="ticket-brand">
        <img src="/logo.svg" alt="" width="24" height="24" /> EVCharging
      </p>
      <p class="ticket-sum">
        <strong class="number">{formatMoney(props.ticket.costMicros, props.ticket.currency)}</strong>
        <span class="number">{formatEnergy(props.ticket.energyMwh, 3)}</span>
      </p>
      <dl class="ticket-lines">
        <For each={lines()}>
          {([name, value]) => (
            <div>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          )}
        </For>
      </dl>
      <dl class="ticket-ids">
        <div>
          <dt>{text().session}</dt>
          <dd>
            <code>{props.ticket.sessionId}</code>
          </dd>
        </div>
        <Show when={props.ticket.traceId}>
          <div>
            <dt>{text().trace}</dt>
            <dd>
              <code>{props.ticket.traceId}</code>
            </dd>
          </div>
        </Show>
      </dl>
      <button type="button" class="button no-print" onClick={() => window.print()}>
        {text().print}
      </button>
    </article>
  );
}
