import { createEffect, on, onCleanup, type Accessor } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";

/** Calls `refresh` soon after an event that `concerns` it, and not again before `everyMs` has passed. */
export function refreshOn(
  events: Accessor<readonly AuditEvent[]>,
  concerns: (event: AuditEvent) => boolean,
  everyMs: () => number,
  refresh: () => Promise<void>,
): void {
  let newestSeen = events()[0]?.eventId ?? 0n;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshedAtMs = 0;

  async function run(): Promise<void> {
    await refresh();
    refreshedAtMs = Date.now();
    timer = undefined;
  }
  createEffect(
    on(events, (all) => {
      const isConcerned = all.some((event) => event.eventId > newestSeen && concerns(event));
      newestSeen = all[0]?.eventId ?? newestSeen;
      if (isConcerned && timer === undefined) {
        timer = setTimeout(() => void run(), Math.max(300, refreshedAtMs + everyMs() - Date.now()));
      }
    }),
  );
  onCleanup(() => clearTimeout(timer));
}
