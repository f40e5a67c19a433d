import { Show } from "solid-js";
import type { Ticket } from "../gen/evcharging/types/v1/types_pb";
import { formatDuration, formatEnergy, formatMoney, formatPrice } from "../shared/format";
import { endReasonText } from "../shared/Status";
import { Fact } from "./Fact";
import { listText } from "./textLists";
import { shellText } from "./textShell";

export function TicketFacts(props: { ticket: Ticket }) {
  return (
    <dl class="facts">
      <Fact name={shellText().energy}>{formatEnergy(props.ticket.energyMwh)}</Fact>
      <Fact name={shellText().price}>
        {formatPrice(props.ticket.priceMicrosPerKwh, props.ticket.currency)}
      </Fact>
      <Fact name={shellText().cost}>
        <strong>{formatMoney(props.ticket.costMicros, props.ticket.currency)}</strong>
      </Fact>
      <Fact name={listText().duration}>{formatDuration(props.ticket.durationMs)}</Fact>
      <Fact name={listText().balanceAfter}>
        {formatMoney(props.ticket.balanceMicros, props.ticket.currency)}
      </Fact>
      <Fact name={listText().endReason}>{endReasonText(props.ticket.endReason)}</Fact>
      <Show when={props.ticket.traceId}>
        {(traceId) => (
          <Fact name={listText().traceId}>
            <code class="wrap">{traceId()}</code>
          </Fact>
        )}
      </Show>
    </dl>
  );
}
