import { createSignal, For, onMount, Show } from "solid-js";
import type { DeadLetter, ListDeadLettersResponse } from "../gen/evcharging/portal/v1/operator_pb";
import { operatorClient } from "./client";
import { formatDateTime } from "../shared/format";
import { Fact } from "./Fact";
import { Loading } from "./Loading";
import { Problem } from "./Problem";
import "./services.css";
import { restText } from "./textRest";
import { shellText } from "./textShell";

const SHOWN = 100;

export function DeadLettersPage() {
  const [told, setTold] = createSignal<ListDeadLettersResponse>();
  const [error, setError] = createSignal<unknown>();
  const [isBusy, setIsBusy] = createSignal(false);

  async function load(): Promise<void> {
    setIsBusy(true);
    try {
      const answer = await operatorClient.listDeadLetters({ pageSize: SHOWN });
      setTold(answer);
      setError(undefined);
    } catch (failure) {
      setError(() => failure);
    } finally {
      setIsBusy(false);
    }
  }
  onMount(() => void load());

  return (
    <div class="page stack">
      <header class="page-head">
        <h1>{shellText().deadLetters}</h1>
        <Show when={(told()?.total ?? 0n) > 0n}>
          <p class="muted page-note number">
            {restText().total(told()?.deadLetters.length ?? 0, String(told()?.total))}
          </p>
        </Show>
        <button type="button" class="button" disabled={isBusy()} onClick={() => void load()}>
          {shellText().refresh}
        </button>
      </header>
      <Problem error={error()} onRetry={() => void load()} />
      <Show when={told()} fallback={<Show when={error() === undefined}>{<Loading />}</Show>}>
        {(answer) => (
          <Show when={answer().deadLetters.length > 0} fallback={<AllIsWell />}>
            <p class="muted">
              <code>evcharging dead-letters replay PLACE</code> {restText().replayHint}
            </p>
            <ul class="stack">
              <For each={answer().deadLetters}>{(letter) => <Letter letter={letter} />}</For>
            </ul>
          </Show>
        )}
      </Show>
    </div>
  );
}

function AllIsWell() {
  return (
    <div class="empty card">
      <h2>{restText().noDeadLetters}</h2>
      <p>{restText().noDeadLettersHint}</p>
    </div>
  );
}

function Letter(props: { letter: DeadLetter }) {
  return (
    <li class="card stack letter">
      <p class="letter-reason">{props.letter.reason}</p>
      <dl class="facts letter-facts">
        <Fact name={restText().place}>
          <code>{props.letter.place}</code>
        </Fact>
        <Fact name={restText().rejectedAt}>{formatDateTime(props.letter.rejectedAtMs)}</Fact>
        <Fact name={restText().topic}>
          <code class="wrap">{props.letter.sourceTopic}</code>
        </Fact>
        <Fact name={restText().key}>
          <code class="wrap">{props.letter.key}</code>
        </Fact>
      </dl>
      <pre class="letter-value" tabindex="0" role="group" aria-label={restText().value}>
        {props.letter.value}
      </pre>
    </li>
  );
}
