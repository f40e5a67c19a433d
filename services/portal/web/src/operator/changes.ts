import { createEffect, on, onCleanup, type Accessor } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";

/** Changes come in bursts, which one question answers. */
const SETTLE_MS = 300;

/** Calls `refresh` soon after an event that `concerns` it, and not again before `everyMs` has passed. */
export function refreshOn(
  events: Accessor<readonly AuditEvent[]>,
  concerns: (event: AuditEvent) => boolean,
  everyMs: () => number,
  refresh: () => Promise<void>,
): void {
  // Ids rather than the newest one: an event may be stored, and so told, after one with a greater id.
  let seen = idsOf(events());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let refreshedAtMs = 0;
  let isUnderWay = false;
  let isDirty = false;
  let isGone = false;

  function plan(): void {
    isDirty = true;
    // What happens while an answer is under way may be missing from it, so it is asked for again afterwards.
    if (timer !== undefined || isUnderWay || isGone) return;
    timer = setTimeout(() => void run(), Math.max(SETTLE_MS, refreshedAtMs + everyMs() - Date.now()));
  }
  async function run(): Promise<void> {
    timer = undefined;
    isUnderWay = true;
    isDirty = false;
    try {
      await refresh();
    } finally {
      isUnderWay = false;
      refreshedAtMs = Date.now();
      if (isDirty) plan();
    }
  }
  createEffect(
    on(events, (all) => {
      const isConcerned = all.some((event) => !seen.has(event.eventId) && concerns(event));
      seen = idsOf(all);
      if (isConcerned) plan();
    }),
  );
  onCleanup(() => {
    isGone = true;
    clearTimeout(timer);
  });
}

const idsOf = (events: readonly AuditEvent[]): Set<bigint> => new Set(events.map((event) => event.eventId));
