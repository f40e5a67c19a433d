import { createEffect, createSignal, onCleanup, Show } from "solid-js";
import { formatTime } from "../shared/format";
import { useOperator } from "./context";
import { shellText } from "./textShell";

const PATIENCE_MS = 2000;

/** Says when what is shown is not live. */
export function Banners() {
  const { network } = useOperator();
  const [isLost, setIsLost] = createSignal(false);
  createEffect(() => {
    if (network.isConnected()) {
      setIsLost(false);
    } else {
      const timer = setTimeout(() => setIsLost(true), PATIENCE_MS);
      onCleanup(() => clearTimeout(timer));
    }
  });
  const awaySince = () => {
    const messaging = network.messaging();
    return messaging !== undefined && !messaging.isHeard ? hourAndMinute(messaging.sinceMs) : undefined;
  };
  return (
    <div class="banners" role="status">
      <Show when={isLost()}>
        <p class="banner banner-danger">{shellText().noConnection}</p>
      </Show>
      <Show when={!isLost() && awaySince()}>
        {(time) => <p class="banner banner-warning">{shellText().messagingAway(time())}</p>}
      </Show>
    </div>
  );
}

const hourAndMinute = (ms: bigint): string => formatTime(ms).slice(0, 5);
