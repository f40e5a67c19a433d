import { createSignal, createUniqueId, For, Show } from "solid-js";
import { TopUpState, type TopUp } from "../gen/evcharging/types/v1/types_pb";
import { explain, operatorClient } from "../shared/api";
import { toast } from "../shared/Dialog";
import { formatAgo, formatMoney } from "../shared/format";
import { useOperator } from "./context";
import { listText } from "./textLists";

/** Drivers that asked for money and wait for an operator's word. */
export function TopUpRequests(props: { onDecided: () => void }) {
  const { topUps } = useOperator();
  const waiting = () => (topUps.value() ?? []).filter((topUp) => topUp.state === TopUpState.REQUESTED);

  async function decided(): Promise<void> {
    props.onDecided();
    await topUps.refresh();
  }
  return (
    <Show when={waiting().length > 0}>
      <section class="card requests" aria-labelledby="requests-title">
        <h2 id="requests-title">
          {listText().requests} <span class="badge badge-reserved">{waiting().length}</span>
        </h2>
        <ul>
          <For each={waiting()}>{(topUp) => <Request topUp={topUp} onDecided={decided} />}</For>
        </ul>
      </section>
    </Show>
  );
}

function Request(props: { topUp: TopUp; onDecided: () => Promise<void> }) {
  const { network, userId } = useOperator();
  const [isBusy, setIsBusy] = createSignal(false);
  const textId = createUniqueId();
  const amount = () => formatMoney(props.topUp.amountMicros);

  async function decide(approve: boolean): Promise<void> {
    const { topUpId, driverId } = props.topUp;
    setIsBusy(true);
    try {
      await operatorClient.decideTopUp({ topUpId, approve });
      const say = approve ? listText().didApprove : listText().didDecline;
      toast(say(userId, driverId, amount()), "success");
      await props.onDecided();
    } catch (error) {
      toast(explain(error), "danger");
    } finally {
      setIsBusy(false);
    }
  }
  return (
    <li class="request">
      <span id={textId} class="request-text">
        <strong>{listText().asks(props.topUp.driverId, amount())}</strong>{" "}
        <span class="muted small">{formatAgo(props.topUp.requestedAtMs, network.now())}</span>
      </span>
      <span class="cell-actions">
        <button
          type="button"
          class="button button-small button-primary"
          aria-describedby={textId}
          disabled={isBusy()}
          onClick={() => void decide(true)}
        >
          {listText().approve}
        </button>
        <button
          type="button"
          class="button button-small"
          aria-describedby={textId}
          disabled={isBusy()}
          onClick={() => void decide(false)}
        >
          {listText().decline}
        </button>
      </span>
    </li>
  );
}
