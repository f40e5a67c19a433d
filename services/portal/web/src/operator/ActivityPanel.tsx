import { For } from "solid-js";
import { useOperator } from "./context";
import { EventLine } from "./EventLine";
import { networkText } from "./textNetwork";

export const ACTIVITY_ID = "activity";
const SHOWN = 60;

/** What just happened, whoever did it. */
export function ActivityPanel() {
  const { network } = useOperator();
  return (
    <aside class="activity" aria-labelledby="activity-title">
      <h2 id="activity-title">{networkText().activity}</h2>
      <ol id={ACTIVITY_ID} class="event-lines activity-lines" tabindex="0" aria-labelledby="activity-title">
        <For
          each={network.events().slice(0, SHOWN)}
          fallback={<li class="muted small">{networkText().noActivity}</li>}
        >
          {(event) => <EventLine event={event} />}
        </For>
      </ol>
    </aside>
  );
}
