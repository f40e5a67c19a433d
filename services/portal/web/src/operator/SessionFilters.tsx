import { createSignal, For, Show } from "solid-js";
import { SessionState } from "../gen/evcharging/types/v1/types_pb";
import { sessionName } from "../shared/Status";
import { IdFilter } from "./IdFilter";
import { isSessionId, type SessionsView } from "./sessionsView";
import { listText } from "./textLists";

const OPEN_STATES = [
  SessionState.RESERVED,
  SessionState.STARTING,
  SessionState.CHARGING,
  SessionState.STOPPING,
];
const ALL_STATES = [...OPEN_STATES, SessionState.COMPLETED, SessionState.INTERRUPTED, SessionState.CANCELLED];

export function SessionFilters(props: { view: SessionsView }) {
  const view = props.view;
  const [isWrong, setIsWrong] = createSignal(false);
  let wanted: HTMLInputElement | undefined;

  function find(event: SubmitEvent): void {
    event.preventDefault();
    const sessionId = wanted?.value.trim().toLowerCase() ?? "";
    setIsWrong(!isSessionId(sessionId));
    if (isSessionId(sessionId)) view.open(sessionId);
  }
  return (
    <div class="filters" role="search">
      <form class="filter-form" onSubmit={find}>
        <input
          type="search"
          class="filter-input filter-search"
          ref={wanted}
          aria-label={listText().sessionId}
          aria-invalid={isWrong()}
          aria-describedby="session-id-problem"
          placeholder={listText().sessionIdHint}
        />
        <button type="submit" class="button">
          {listText().find}
        </button>
      </form>
      <IdFilter label={listText().driverIdHint} value={view.driverId()} onChange={view.setDriver} />
      <IdFilter label={listText().cpIdHint} value={view.cpId()} onChange={view.setCp} />
      <select
        class="filter-input"
        aria-label={listText().state}
        onChange={(event) => view.setState(event.currentTarget.value)}
      >
        <option value="">{listText().anyState}</option>
        <For each={view.isAll() ? ALL_STATES : OPEN_STATES}>
          {(state) => (
            <option value={SessionState[state]} selected={state === view.state()}>
              {sessionName(state)}
            </option>
          )}
        </For>
      </select>
      <p id="session-id-problem" class="field-problem small" role="alert">
        <Show when={isWrong()}>{listText().notAUuid}</Show>
      </p>
    </div>
  );
}
