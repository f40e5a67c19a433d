import { Show } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { formatDateTime } from "../shared/format";
import { useOperator } from "./context";
import { describeEvent } from "./describeEvent";
import { toneOf } from "./events";
import { chargePointPath } from "./links";
import { whenText } from "./whenText";

/** One event in a list: its time, and a sentence that leads to its charge point unless it is plain. */
export function EventLine(props: { event: AuditEvent; isPlain?: boolean }) {
  const { network } = useOperator();
  const atMs = () => Number(props.event.atMs);
  return (
    <li class={`event-line tone-${toneOf(props.event)}`}>
      <time class="number" dateTime={new Date(atMs()).toISOString()} title={formatDateTime(atMs())}>
        {whenText(atMs(), network.now())}
      </time>
      <Show
        when={props.event.cpId !== "" && !props.isPlain}
        fallback={<span>{describeEvent(props.event)}</span>}
      >
        <a href={chargePointPath(props.event.cpId)}>{describeEvent(props.event)}</a>
      </Show>
    </li>
  );
}
