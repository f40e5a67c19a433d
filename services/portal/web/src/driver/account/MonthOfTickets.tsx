import { createSignal, For, Show, type JSX } from "solid-js";
import type { Ticket } from "../../gen/evcharging/types/v1/types_pb";
import { formatDayTime, formatEnergy, formatMoney, formatMonth } from "../../shared/format";
import { defineText } from "../../shared/text";
import type { Month } from "./tickets";

const text = defineText({
  en: { charges: (count: number) => (count === 1 ? "1 charge" : `${count} charges`) },
  es: { charges: (count: number) => (count === 1 ? "1 carga" : `${count} cargas`) },
});

/** A month with its sums; its tickets are in the page while it is open. */
export function MonthOfTickets(props: {
  month: Month;
  isNewest: boolean;
  onOpen: (ticket: Ticket) => void;
}): JSX.Element {
  const [isOpen, setIsOpen] = createSignal(props.isNewest);
  return (
    <details class="card month" open={isOpen()} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>
        <h2>{formatMonth(props.month.atMs)}</h2>
        <span class="month-sums muted number">
          <span>{text().charges(props.month.tickets.length)}</span>
          <span>{formatEnergy(props.month.energyMwh)}</span>
          <strong>{formatMoney(props.month.costMicros, props.month.currency)}</strong>
        </span>
      </summary>
      <Show when={isOpen()}>
        <ul class="tickets">
          <For each={props.month.tickets}>
            {(ticket) => (
              <li>
                <button type="button" class="ticket-row" onClick={() => props.onOpen(ticket)}>
                  <span class="ticket-row-place">
                    <strong>{ticket.cpId}</strong>
                    <span class="muted small">{formatDayTime(ticket.endedAtMs)}</span>
                  </span>
                  <span class="number muted">{formatEnergy(ticket.energyMwh)}</span>
                  <strong class="number">{formatMoney(ticket.costMicros, ticket.currency)}</strong>
                </button>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </details>
  );
}
