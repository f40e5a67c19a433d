import { createMemo } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { formatDateTime, formatTime } from "../shared/format";
import { stepText } from "../shared/Status";
import { actorName, describeEvent } from "./describeEvent";
import { toneOf } from "./events";
import { IdLink, shortId } from "./IdLink";
import { listText } from "./textLists";
import { shellText } from "./textShell";
import { VirtualTable, type Column } from "./VirtualTable";

export function EventTable(props: { events: readonly AuditEvent[] }) {
  const columns = createMemo<Column<AuditEvent>[]>(() => [
    {
      title: shellText().time,
      width: "84px",
      cell: (event) => (
        <time
          class="number"
          dateTime={new Date(Number(event.atMs)).toISOString()}
          title={formatDateTime(event.atMs)}
        >
          {formatTime(event.atMs)}
        </time>
      ),
    },
    {
      title: listText().kind,
      width: "minmax(150px, 0.8fr)",
      isWideOnly: true,
      cell: (event) => stepText(event.kind),
    },
    {
      title: listText().what,
      width: "minmax(180px, 2.4fr)",
      cell: (event) => <span title={event.message}>{describeEvent(event)}</span>,
    },
    {
      title: shellText().chargePoint,
      width: "minmax(100px, 0.7fr)",
      isWideOnly: true,
      cell: (event) => <IdLink kind="chargePoint" id={event.cpId} />,
    },
    {
      title: shellText().driver,
      width: "minmax(100px, 0.7fr)",
      isWideOnly: true,
      cell: (event) => <IdLink kind="driver" id={event.driverId} />,
    },
    {
      title: shellText().session,
      width: "minmax(96px, 0.6fr)",
      isWideOnly: true,
      cell: (event) => <IdLink kind="session" id={event.sessionId} text={shortId(event.sessionId)} />,
    },
    {
      title: listText().actor,
      width: "minmax(110px, 0.7fr)",
      isWideOnly: true,
      cell: (event) => actorName(event.actor),
    },
  ]);
  return (
    <VirtualTable
      label={shellText().events}
      columns={columns()}
      rows={props.events}
      rowClass={(event) => `tone-${toneOf(event)}`}
    />
  );
}
