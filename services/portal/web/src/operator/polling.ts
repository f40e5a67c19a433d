import { createSignal, onCleanup, onMount, type Accessor } from "solid-js";
import { createSequence } from "./sequence";

/** Asks again and again while the page is in sight. The last answer stays while there is no newer one. */
export function createPolled<Answer>(
  load: () => Promise<Answer>,
  everyMs: number,
): { value: Accessor<Answer | undefined>; error: Accessor<unknown>; refresh(): Promise<void> } {
  const [value, setValue] = createSignal<Answer>();
  const [error, setError] = createSignal<unknown>();

  const ask = createSequence();

  async function refresh(): Promise<void> {
    const isNewest = ask();
    try {
      const answer = await load();
      if (!isNewest()) return;
      setValue(() => answer);
      setError(undefined);
    } catch (failure) {
      if (isNewest()) setError(() => failure);
    }
  }

  let isUnderWay = false;
  async function tick(): Promise<void> {
    if (isUnderWay || document.hidden) return;
    isUnderWay = true;
    await refresh();
    isUnderWay = false;
  }
  onMount(() => {
    void tick();
    const timer = setInterval(() => void tick(), everyMs);
    onCleanup(() => clearInterval(timer));
  });
  return { value, error, refresh };
}
