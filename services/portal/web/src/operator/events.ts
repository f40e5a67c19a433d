import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";

/** So many are kept in the page; older ones are asked for. No more than a page of ListEvents can hold. */
export const MAX_KEPT = 1000;

/** Both, each event once, the newest first. */
export function mergeEvents(
  held: readonly AuditEvent[],
  arrived: readonly AuditEvent[],
  max: number = MAX_KEPT,
): AuditEvent[] {
  const byId = new Map(arrived.map((event) => [event.eventId, event]));
  for (const event of held) byId.set(event.eventId, event);
  return [...byId.values()]
    .sort((one, other) => (one.eventId < other.eventId ? 1 : one.eventId > other.eventId ? -1 : 0))
    .slice(0, max);
}

export type Tone = "bad" | "warning" | "good" | "command" | "plain";

const TONES: Readonly<Record<string, Tone>> = {
  CP_FAULTED: "bad",
  LIMIT_EXCEEDED: "bad",
  LATE_SUPPLY_END: "warning",
  CP_DISCONNECTED: "warning",
  CP_OUT_OF_SERVICE: "command",
  CP_IN_SERVICE: "command",
  CP_ERROR_SIMULATED: "bad",
  CP_ERROR_FIXED: "command",
  DRIVER_BLOCKED: "command",
  DRIVER_UNBLOCKED: "command",
  TOPPED_UP: "command",
  CP_RECOVERED: "good",
  STARTED: "good",
};

/** How much an event asks to be looked at. */
export function toneOf(event: AuditEvent): Tone {
  if (event.kind === "ENDED" && event.message.startsWith("INTERRUPTED")) return "warning";
  return TONES[event.kind] ?? "plain";
}

/** Every kind that the network writes today, for the filter. */
export const EVENT_KINDS = [
  "CP_DISCONNECTED",
  "CP_ERROR_FIXED",
  "CP_ERROR_SIMULATED",
  "CP_FAULTED",
  "CP_IN_SERVICE",
  "CP_OUT_OF_SERVICE",
  "CP_RECOVERED",
  "CP_REGISTERED",
  "DRIVER_BLOCKED",
  "DRIVER_CREATED",
  "DRIVER_UNBLOCKED",
  "ENDED",
  "LATE_SUPPLY_END",
  "LIMIT_EXCEEDED",
  "RESERVED",
  "STARTED",
  "START_ASKED",
  "STOP_ASKED",
  "TOPPED_UP",
] as const;
