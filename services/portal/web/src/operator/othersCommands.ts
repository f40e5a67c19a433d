import { createEffect, on, onCleanup } from "solid-js";
import { EndReason, type AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { toast } from "../shared/Dialog";
import { describeEvent, isPerson } from "./describeEvent";
import type { Network } from "./network";
import { shellText } from "./textShell";

/** Toasts that come faster than this are one. */
const SAY_EACH_MS = 2000;

const COMMANDS = new Set([
  "CP_ERROR_SIMULATED",
  "CP_ERROR_FIXED",
  "CP_OUT_OF_SERVICE",
  "CP_IN_SERVICE",
  "DRIVER_BLOCKED",
  "DRIVER_UNBLOCKED",
  "TOPPED_UP",
]);

function isCommand(event: AuditEvent): boolean {
  // What had not begun to charge ends at once, without being asked to stop.
  if (event.kind === "STOP_ASKED" || event.kind === "ENDED")
    return event.message.endsWith(EndReason[EndReason.OPERATOR_STOPPED]);
  return COMMANDS.has(event.kind);
}

/** Says on every page what other operators do while it is open. */
export function announceOthersCommands(network: Network, userId: string): void {
  let seen = new Set<bigint>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saidAtMs = 0;
  /** Newest first. */
  let waiting: AuditEvent[] = [];

  function say(): void {
    timer = undefined;
    saidAtMs = Date.now();
    const [newest] = waiting;
    if (newest === undefined) return;
    const others = waiting.length - 1;
    waiting = [];
    toast(describeEvent(newest) + (others > 0 ? ` ${shellText().andMore(others)}` : ""));
  }
  createEffect(
    on(network.events, (events) => {
      const openedAtMs = network.openedAtMs();
      const arrived = events.filter((event) => !seen.has(event.eventId));
      seen = new Set(events.map((event) => event.eventId));
      // What happened before the page was opened is no news.
      const news = arrived.filter(
        (event) =>
          openedAtMs !== undefined &&
          Number(event.atMs) > openedAtMs &&
          isCommand(event) &&
          isPerson(event.actor) &&
          event.actor !== userId,
      );
      if (news.length === 0) return;
      waiting = [...news, ...waiting];
      timer ??= setTimeout(say, Math.max(0, saidAtMs + SAY_EACH_MS - Date.now()));
    }),
  );
  onCleanup(() => clearTimeout(timer));
}
