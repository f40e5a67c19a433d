import { A, useLocation } from "@solidjs/router";
import { For, Show } from "solid-js";
import { TopUpState } from "../gen/evcharging/types/v1/types_pb";
import { useOperator } from "./context";
import { NavIcon, type NavIconName } from "./NavIcon";
import { shellText } from "./textShell";

const PLACES: readonly { path: string; name: NavIconName }[] = [
  { path: "/", name: "network" },
  { path: "/sessions", name: "sessions" },
  { path: "/drivers", name: "drivers" },
  { path: "/events", name: "events" },
  { path: "/charts", name: "charts" },
  { path: "/services", name: "services" },
  { path: "/dead-letters", name: "deadLetters" },
];

/** The way to every page: at the left, on a phone at the bottom. */
export function Rail() {
  const { topUps } = useOperator();
  const location = useLocation();
  const waiting = () => (topUps.value() ?? []).filter((topUp) => topUp.state === TopUpState.REQUESTED).length;
  return (
    <nav class="rail" aria-label={shellText().pages}>
      <For each={PLACES}>
        {(place) => {
          const count = () => (place.name === "drivers" ? waiting() : 0);
          return (
            <A
              class="rail-link"
              href={place.path}
              end={place.path === "/"}
              classList={{
                "is-within": place.name === "network" && location.pathname.startsWith("/charge-points/"),
              }}
              aria-describedby={count() > 0 ? "requests-waiting" : undefined}
            >
              <NavIcon name={place.name} />
              <span class="rail-name">{shellText()[place.name]}</span>
              <Show when={count() > 0}>
                <span class="rail-count number" aria-hidden="true">
                  {count()}
                </span>
              </Show>
            </A>
          );
        }}
      </For>
      <span id="requests-waiting" hidden>
        {shellText().requestsWaiting(waiting())}
      </span>
    </nav>
  );
}
