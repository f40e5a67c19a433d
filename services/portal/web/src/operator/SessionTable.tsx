import { createMemo } from "solid-js";
import type { Session } from "../gen/evcharging/types/v1/types_pb";
import { formatDateTime, formatDuration, formatEnergy, formatMoney, formatPower } from "../shared/format";
import { SessionBadge } from "../shared/Status";
import { useOperator } from "./context";
import { IdLink, shortId } from "./IdLink";
import { listText } from "./textLists";
import { shellText } from "./textShell";
import { VirtualTable, type Column } from "./VirtualTable";

/** Sessions; those that run show what the stream tells of them. */
export function SessionTable(props: { sessions: readonly Session[]; onOpen: (sessionId: string) => void }) {
  const { network } = useOperator();
  const readingOf = (session: Session) => {
    if (session.endedAtMs !== undefined) return undefined;
    const reading = network.find(session.cpId)?.reading();
    return reading?.sessionId === session.sessionId ? reading : undefined;
  };
  const columns = createMemo<Column<Session>[]>(() => [
    {
      title: shellText().session,
      minWidth: 66,
      share: 0.8,
      cell: (session) => (
        <button type="button" class="link-button number" onClick={() => props.onOpen(session().sessionId)}>
          {shortId(session().sessionId)}
        </button>
      ),
    },
    {
      title: listText().state,
      // As wide as "Interrumpida".
      minWidth: 130,
      share: 1,
      cell: (session) => <SessionBadge state={session().state} />,
    },
    {
      title: shellText().driver,
      minWidth: 74,
      share: 1,
      cell: (session) => <IdLink kind="driver" id={session().driverId} />,
    },
    {
      title: shellText().chargePoint,
      minWidth: 110,
      share: 1,
      isWideOnly: true,
      cell: (session) => <IdLink kind="chargePoint" id={session().cpId} />,
    },
    {
      title: listText().reserved,
      minWidth: 160,
      share: 1.2,
      isWideOnly: true,
      cell: (session) => <>{formatDateTime(session().createdAtMs)}</>,
    },
    {
      title: listText().duration,
      minWidth: 100,
      share: 0.8,
      isNumber: true,
      isWideOnly: true,
      cell: (session) => <>{durationText(session(), network.now)}</>,
    },
    {
      title: shellText().power,
      minWidth: 80,
      share: 0.7,
      isNumber: true,
      isWideOnly: true,
      cell: (session) => <>{powerText(session(), readingOf(session())?.powerW)}</>,
    },
    {
      title: shellText().energy,
      minWidth: 96,
      share: 0.8,
      isNumber: true,
      isWideOnly: true,
      cell: (session) => <>{formatEnergy(readingOf(session())?.energyMwh ?? session().energyMwh)}</>,
    },
    {
      title: shellText().cost,
      minWidth: 60,
      share: 0.7,
      isNumber: true,
      cell: (session) => (
        <>{formatMoney(readingOf(session())?.costMicros ?? session().costMicros, session().currency)}</>
      ),
    },
  ]);
  return (
    <VirtualTable
      label={shellText().sessions}
      columns={columns()}
      rows={props.sessions}
      rowKey={(session) => session.sessionId}
      onOpen={(session) => props.onOpen(session.sessionId)}
    />
  );
}

/** What it supplies now. */
function powerText(session: Session, measuredW: bigint | undefined): string {
  const power = measuredW ?? session.powerW;
  return session.endedAtMs === undefined && power > 0n ? formatPower(power, 1) : "";
}

/** How long it supplied, or has supplied so far. */
function durationText(session: Session, now: () => number): string {
  if (session.startedAtMs === undefined) return "";
  const untilMs = session.endedAtMs === undefined ? now() : Number(session.endedAtMs);
  return formatDuration(untilMs - Number(session.startedAtMs));
}
