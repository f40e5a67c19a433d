import { Show } from "solid-js";
import { createIsAway } from "../shared/connection";
import { formatTime } from "../shared/format";
import { useOperator } from "./context";
import { shellText } from "./textShell";

/** Says when what is shown is not live. */
export function Banners() {
  const { network } = useOperator();
  const isLost = createIsAway(network.isConnected);
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
