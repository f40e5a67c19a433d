import type { Accessor } from "solid-js";
import { createClock } from "../shared/clock";

/** The server's clock, which each message sets and which goes on by itself in between. */
export function createServerClock(): { now: Accessor<number>; set(serverNowMs: number): void } {
  const localNow = createClock();
  let aheadMs = 0;
  return {
    now: () => localNow() + aheadMs,
    set(serverNowMs) {
      aheadMs = serverNowMs - Date.now();
    },
  };
}
