import type { Ticket } from "../../gen/evcharging/types/v1/types_pb";
import { endReasonText } from "../../shared/Status";

const MICROS_PER_CENT = 10_000n;

/** The tickets of one month, by the clock of whoever reads. */
export interface Month {
  key: string;
  /** An instant within it. */
  atMs: bigint;
  currency: string;
  tickets: Ticket[];
  energyMwh: bigint;
  costMicros: bigint;
}

/** Newest first, as the tickets come. */
export function byMonth(tickets: Ticket[]): Month[] {
  const months = new Map<string, Month>();
  for (const ticket of tickets) {
    const ended = new Date(Number(ticket.endedAtMs));
    const key = `${ended.getFullYear()}-${ended.getMonth()}`;
    let month = months.get(key);
    if (!month) {
      month = {
        key,
        atMs: ticket.endedAtMs,
        currency: ticket.currency,
        tickets: [],
        energyMwh: 0n,
        costMicros: 0n,
      };
      months.set(key, month);
    }
    month.tickets.push(ticket);
    month.energyMwh += ticket.energyMwh;
    month.costMicros += ticket.costMicros;
  }
  return [...months.values()];
}

/** The tickets as a file: numbers with a point and instants in UTC, for whatever reads it. */
export function csvOf(tickets: Ticket[], driverId: string) {
  return {
    fileName: `evcharging-${driverId}.csv`,
    header: [
      "session_id",
      "cp_id",
      "started_at",
      "ended_at",
      "duration_s",
      "energy_kwh",
      "cost",
      "currency",
      "balance",
      "end_reason",
      "trace_id",
    ],
    rows: tickets.map((ticket) => [
      ticket.sessionId,
      ticket.cpId,
      instant(ticket.startedAtMs),
      instant(ticket.endedAtMs),
      String(Number(ticket.durationMs) / 1_000),
      (Number(ticket.energyMwh) / 1_000_000).toFixed(6),
      money(ticket.costMicros),
      ticket.currency,
      money(ticket.balanceMicros),
      endReasonText(ticket.endReason),
      ticket.traceId,
    ]),
  };
}

function instant(ms: bigint): string {
  return new Date(Number(ms)).toISOString();
}

function money(micros: bigint): string {
  return (Number(micros / MICROS_PER_CENT) / 100).toFixed(2);
}
