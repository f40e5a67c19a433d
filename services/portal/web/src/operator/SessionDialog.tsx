import { createEffect, createSignal, For, on, Show } from "solid-js";
import type { GetSessionResponse } from "../gen/evcharging/portal/v1/operator_pb";
import { operatorClient } from "./client";
import { Dialog } from "../shared/Dialog";
import { refreshOn } from "./changes";
import { useOperator } from "./context";
import { EventLine } from "./EventLine";
import { Loading } from "./Loading";
import { Problem } from "./Problem";
import { createSequence } from "./sequence";
import { SessionFacts } from "./SessionFacts";
import { TicketFacts } from "./TicketFacts";
import { listText } from "./textLists";
import { shellText } from "./textShell";

const REFRESH_EACH_MS = 1000;

/** One session: where it stands, how it came there, and its bill. */
export function SessionDialog(props: { sessionId: string; onClose: () => void }) {
  const { network } = useOperator();
  const [answer, setAnswer] = createSignal<GetSessionResponse>();
  const [error, setError] = createSignal<unknown>();

  const ask = createSequence();

  async function load(): Promise<void> {
    const isNewest = ask();
    try {
      const found = await operatorClient.getSession({ sessionId: props.sessionId });
      if (!isNewest()) return;
      setAnswer(found);
      setError(undefined);
    } catch (failure) {
      if (isNewest()) setError(() => failure);
    }
  }
  createEffect(
    on(
      () => props.sessionId,
      () => void load(),
    ),
  );
  refreshOn(
    network.events,
    (event) => event.sessionId === props.sessionId,
    () => REFRESH_EACH_MS,
    load,
  );

  return (
    <Dialog open onClose={props.onClose} title={shellText().session}>
      <Problem error={error()} onRetry={() => void load()} />
      <Show when={answer()} fallback={<Show when={error() === undefined}>{<Loading />}</Show>}>
        {(found) => (
          <div class="stack">
            <Show when={found().session}>{(session) => <SessionFacts session={session()} />}</Show>
            <section class="stack" aria-labelledby="steps-title">
              <h3 id="steps-title">{listText().steps}</h3>
              <ol class="event-lines">
                <For each={found().steps}>{(step) => <EventLine event={step} isPlain />}</For>
              </ol>
            </section>
            <section class="stack" aria-labelledby="ticket-title">
              <h3 id="ticket-title">{listText().ticket}</h3>
              <Show
                when={found().ticket}
                fallback={
                  <p class="muted">
                    {found().session?.endedAtMs === undefined ? listText().noTicketYet : listText().noTicket}
                  </p>
                }
              >
                {(ticket) => <TicketFacts ticket={ticket()} />}
              </Show>
            </section>
          </div>
        )}
      </Show>
    </Dialog>
  );
}
