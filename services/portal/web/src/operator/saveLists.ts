import { EndReason, SessionState, type AuditEvent, type Session } from "../gen/evcharging/types/v1/types_pb";
import { downloadCsv } from "../shared/csv";

/** What a spreadsheet reckons with: a plain number, and an instant in UTC. */
const whole = (millionths: bigint): string => (Number(millionths) / 1_000_000).toString();
const instant = (ms: bigint | undefined): string =>
  ms === undefined ? "" : new Date(Number(ms)).toISOString();

export function saveSessions(sessions: readonly Session[]): void {
  downloadCsv(
    "sessions.csv",
    [
      "session_id",
      "state",
      "driver_id",
      "cp_id",
      "reserved_at",
      "started_at",
      "ended_at",
      "end_reason",
      "energy_kwh",
      "price_per_kwh",
      "cost",
      "currency",
      "trace_id",
    ],
    sessions.map((session) => [
      session.sessionId,
      SessionState[session.state],
      session.driverId,
      session.cpId,
      instant(session.createdAtMs),
      instant(session.startedAtMs),
      instant(session.endedAtMs),
      session.endReason === EndReason.UNSPECIFIED ? "" : EndReason[session.endReason],
      whole(session.energyMwh),
      whole(session.priceMicrosPerKwh),
      whole(session.costMicros),
      session.currency,
      session.traceId,
    ]),
  );
}

export function saveEvents(events: readonly AuditEvent[]): void {
  downloadCsv(
    "events.csv",
    ["event_id", "at", "kind", "cp_id", "driver_id", "session_id", "actor", "message"],
    events.map((event) => [
      event.eventId.toString(),
      instant(event.atMs),
      event.kind,
      event.cpId,
      event.driverId,
      event.sessionId,
      event.actor,
      event.message,
    ]),
  );
}
