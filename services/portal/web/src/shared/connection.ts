import { createEffect, createSignal, onCleanup, type Accessor } from "solid-js";

// A stream that is opened anew at once is nobody's business.
const PATIENCE_MS = 2_000;

/** Whether a stream has been away for longer than it takes to open it anew. */
export function createIsAway(isConnected: Accessor<boolean>): Accessor<boolean> {
  const [isAway, setIsAway] = createSignal(false);
  createEffect(() => {
    if (isConnected()) {
      setIsAway(false);
    } else {
      const timer = setTimeout(() => setIsAway(true), PATIENCE_MS);
      onCleanup(() => clearTimeout(timer));
    }
  });
  return isAway;
}
