import { createSignal, createUniqueId, Show } from "solid-js";
import { TopUpState, type TopUp } from "../gen/evcharging/types/v1/types_pb";
import { formatAgo, formatMoney } from "../shared/format";
import { useOperator } from "./context";
import { DecideDialog } from "./DecideDialog";
import { ForKeyed } from "./ForKeyed";
import { listText } from "./textLists";

interface Decision {
  readonly topUp: TopUp;
  readonly approve: boolean;
}

/** Drivers that asked for money and wait for an operator's word. */
export function TopUpRequests(props: { onDecided: () => void }) {
  const { topUps } = useOperator();
  const waiting = () => (topUps.value() ?? []).filter((topUp) => topUp.state === TopUpState.REQUESTED);
  // It stands beside the list, so that a request that leaves the list does not take its dialog along.
  const [asked, setAsked] = createSignal<Decision>();

  function decided(): void {
    props.onDecided();
    void topUps.refresh();
  }
  return (
    <>
      <Show when={waiting().length > 0}>
        <section class="card requests" aria-labelledby="requests-title">
          <h2 id="requests-title">
            {listText().requests} <span class="badge badge-reserved">{waiting().length}</span>
          </h2>
          <ul>
            <ForKeyed each={waiting()} by={(topUp) => topUp.topUpId}>
              {(topUp) => (
                <Request topUp={topUp()} onDecide={(approve) => setAsked({ topUp: topUp(), approve })} />
              )}
            </ForKeyed>
          </ul>
        </section>
      </Show>
      <Show when={asked()} keyed>
        {({ topUp, approve }) => (
          <DecideDialog
            topUp={topUp}
            approve={approve}
            onDone={decided}
            onClose={() => setAsked(undefined)}
          />
        )}
      </Show>
    </>
  );
}

function Request(props: { topUp: TopUp; onDecide: (approve: boolean) => void }) {
  const { network } = useOperator();
  const textId = createUniqueId();
  return (
    <li class="request">
      <span id={textId} class="request-text">
        <strong>{listText().asks(props.topUp.driverId, formatMoney(props.topUp.amountMicros))}</strong>{" "}
        <span class="muted small">{formatAgo(props.topUp.requestedAtMs, network.now())}</span>
      </span>
      <span class="cell-actions">
        <button
          type="button"
          class="button button-small button-primary"
          aria-describedby={textId}
          onClick={() => props.onDecide(true)}
        >
          {listText().approve}
        </button>
        <button
          type="button"
          class="button button-small"
          aria-describedby={textId}
          onClick={() => props.onDecide(false)}
        >
          {listText().decline}
        </button>
      </span>
    </li>
  );
}
