import { createSignal, onCleanup, type Accessor } from "solid-js";

/** The time in milliseconds, told anew each second for as long as its owner lives. */
export function createClock(everyMs = 1_000): Accessor<number> {
  const [now, setNow] = createSignal(Date.now());
  const timer = setInterval(() => setNow(Date.now()), everyMs);
  onCleanup(() => clearInterval(timer));
  return now;
}
