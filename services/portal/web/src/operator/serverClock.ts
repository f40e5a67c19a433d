import { createSignal, onCleanup, type Accessor } from "solid-js";

/** The server's clock, which each message sets and which goes on by itself in between. */
export function createServerClock(): { now: Accessor<number>; set(serverNowMs: number): void } {
  let aheadMs = 0;
  const [now, setNow] = createSignal(Date.now());
  const timer = setInterval(() => setNow(Date.now() + aheadMs), 1000);
  onCleanup(() => clearInterval(timer));
  return {
    now,
    set(serverNowMs) {
      aheadMs = serverNowMs - Date.now();
    },
  };
}
