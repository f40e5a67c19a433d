import { Show } from "solid-js";
import { EndReason, type Session } from "../gen/evcharging/types/v1/types_pb";
import { formatDateTime, formatEnergy, formatMoney, formatPower, formatPrice } from "../shared/format";
import { endReasonText, SessionBadge } from "../shared/Status";
import { useOperator } from "./context";
import { Fact } from "./Fact";
import { IdLink } from "./IdLink";
import { listText } from "./textLists";
import { shellText } from "./textShell";

export function SessionFacts(props: { session: Session }) {
  const { network } = useOperator();
  const session = () => props.session;
  const reading = () => {
    const newest = network.find(session().cpId)?.reading();
    return newest?.sessionId === session().sessionId && session().endedAtMs === undefined
      ? newest
      : undefined;
  };
  return (
    <dl class="facts">
      <Fact name={listText().sessionId}>
        <code class="wrap">{session().sessionId}</code>
      </Fact>
      <Fact name={listText().state}>
        <SessionBadge state={session().state} />
      </Fact>
      <Fact name={shellText().driver}>
        <IdLink kind="driver" id={session().driverId} />
      </Fact>
      <Fact name={shellText().chargePoint}>
        <IdLink kind="chargePoint" id={session().cpId} />
      </Fact>
      <Fact name={shellText().energy}>
        {formatEnergy(reading()?.energyMwh ?? session().energyMwh)}{" "}
        <span class="muted small">/ {formatEnergy(session().energyLimitMwh)}</span>
      </Fact>
      <Fact name={shellText().cost}>
        {formatMoney(reading()?.costMicros ?? session().costMicros, session().currency)}
      </Fact>
      <Show when={reading()}>
        {(newest) => <Fact name={shellText().power}>{formatPower(newest().powerW, 1)}</Fact>}
      </Show>
      <Fact name={shellText().price}>{formatPrice(session().priceMicrosPerKwh, session().currency)}</Fact>
      <Fact name={listText().reserved}>{formatDateTime(session().createdAtMs)}</Fact>
      <Show when={session().startedAtMs}>
        {(startedAtMs) => <Fact name={listText().began}>{formatDateTime(startedAtMs())}</Fact>}
      </Show>
      <Show when={session().endedAtMs}>
        {(endedAtMs) => <Fact name={listText().ended}>{formatDateTime(endedAtMs())}</Fact>}
      </Show>
      <Show when={session().endReason !== EndReason.UNSPECIFIED}>
        <Fact name={listText().endReason}>{endReasonText(session().endReason)}</Fact>
      </Show>
      <Fact name={listText().requestId}>
        <code class="wrap">{session().requestId}</code>
      </Fact>
      <Show when={session().traceId}>
        {(traceId) => (
          <Fact name={listText().traceId}>
            <code class="wrap">{traceId()}</code>
          </Fact>
        )}
      </Show>
    </dl>
  );
}
