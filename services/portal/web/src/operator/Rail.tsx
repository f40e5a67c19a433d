import { A, useLocation } from "@solidjs/router";
import { For, Show } from "solid-js";
import { TopUpState } from "../gen/evcharging/types/v1/types_pb";
import { useOperator } from "./context";
import { isNarrow } from "./narrow";
import { NavIcon } from "./NavIcon";
import { PLACES, placeOf, type Place } from "./places";
import "./rail.css";
import { RailMore } from "./RailMore";
import { shellText } from "./textShell";

/** A phone's bar has room for so many, and for the way to the rest. */
const NARROW_COUNT = 4;

/** The way to every page: at the left, on a phone at the bottom. */
export function Rail() {
  const { topUps } = useOperator();
  const location = useLocation();
  const waiting = () => (topUps.value() ?? []).filter((topUp) => topUp.state === TopUpState.REQUESTED).length;
  const rest = PLACES.slice(NARROW_COUNT);
  const isInRest = () => rest.some((place) => place === placeOf(location.pathname));
  return (
    <nav class="rail" aria-label={shellText().pages}>
      <For each={isNarrow() ? PLACES.slice(0, NARROW_COUNT) : PLACES}>
        {(place) => <RailLink place={place} count={place.name === "drivers" ? waiting() : 0} />}
      </For>
      <Show when={isNarrow()}>
        <RailMore isWithin={isInRest()}>
          <For each={rest}>{(place) => <RailLink place={place} count={0} />}</For>
        </RailMore>
      </Show>
      <span id="requests-waiting" hidden>
        {shellText().requestsWaiting(waiting())}
      </span>
    </nav>
  );
}

function RailLink(props: { place: Place; count: number }) {
  const location = useLocation();
  return (
    <A
      class="rail-link"
      href={props.place.path}
      end={props.place.path === "/"}
      classList={{
        "is-within": props.place.name === "network" && location.pathname.startsWith("/charge-points/"),
      }}
      aria-describedby={props.count > 0 ? "requests-waiting" : undefined}
    >
      <NavIcon name={props.place.name} />
      <span class="rail-name">{shellText()[props.place.name]}</span>
      <Show when={props.count > 0}>
        <span class="rail-count number" aria-hidden="true">
          {props.count}
        </span>
      </Show>
    </A>
  );
}
