import { createMemo } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { formatDateTime } from "../shared/format";
import { stepText } from "../shared/Status";
import { actorName, describeEvent } from "./describeEvent";
import { useOperator } from "./context";
import { toneOf } from "./events";
import { IdLink, shortId } from "./IdLink";
import { listText } from "./textLists";
import { shellText } from "./textShell";
import { whenText } from "./whenText";
import { VirtualTable, type Column } from "./VirtualTable";

export function EventTable(props: { events: readonly AuditEvent[] }) {
  const { network } = useOperator();
  const columns = createMemo<Column<AuditEvent>[]>(() => [
    {
      title: shellText().time,
      // As wide as a day and its time.
      minWidth: 112,
      share: 0,
      cell: (event) => (
        <time
          class="number"
          dateTime={new Date(Number(event().atMs)).toISOString()}
          title={formatDateTime(event().atMs)}
        >
          {whenText(event().atMs, network.now())}
        </time>
      ),
    },
    {
      title: listText().kind,
      minWidth: 150,
      share: 0.8,
      isWideOnly: true,
      cell: (event) => <>{stepText(event().kind)}</>,
    },
    {
      title: listText().what,
      minWidth: 180,
      share: 2.4,
      cell: (event) => (
        <span class="two-lines" title={event().message}>
          {describeEvent(event())}
        </span>
      ),
    },
    {
      title: shellText().chargePoint,
      minWidth: 100,
      share: 0.7,
      isWideOnly: true,
      cell: (event) => <IdLink kind="chargePoint" id={event().cpId} />,
    },
    {
      title: shellText().driver,
      minWidth: 100,
      share: 0.7,
      isWideOnly: true,
      cell: (event) => <IdLink kind="driver" id={event().driverId} />,
    },
    {
      title: shellText().session,
      minWidth: 96,
      share: 0.6,
      isWideOnly: true,
      cell: (event) => <IdLink kind="session" id={event().sessionId} text={shortId(event().sessionId)} />,
    },
    {
      title: listText().actor,
      minWidth: 124,
      share: 0.7,
      isWideOnly: true,
      cell: (event) => <>{actorName(event().actor)}</>,
    },
  ]);
  return (
    <VirtualTable
      label={shellText().events}
      columns={columns()}
      rows={props.events}
      rowKey={(event) => String(event.eventId)}
      rowClass={(event) => `tone-${toneOf(event)}`}
    />
  );
}
