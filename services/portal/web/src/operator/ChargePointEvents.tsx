import { createMemo, For } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { useOperator } from "./context";
import { EventLine } from "./EventLine";
import { mergeEvents } from "./events";
import { chargePointText } from "./textChargePoint";

const SHOWN = 30;

/** What happened at a charge point: what was told when it was opened, and what the stream tells since. */
export function ChargePointEvents(props: { cpId: string; told: readonly AuditEvent[] }) {
  const { network } = useOperator();
  const events = createMemo(() => {
    const live = network.events().filter((event) => event.cpId === props.cpId);
    return mergeEvents(live, props.told, SHOWN);
  });
  return (
    <section class="card stack" aria-labelledby="events-title">
      <h2 id="events-title">{chargePointText().events}</h2>
      <ol class="event-lines" tabindex="0" aria-labelledby="events-title">
        <For each={events()} fallback={<li class="muted">{chargePointText().noEvents}</li>}>
          {(event) => <EventLine event={event} isPlain />}
        </For>
      </ol>
    </section>
  );
}
