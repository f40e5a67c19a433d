import { Show } from "solid-js";
import { chargePointPath, driverPath, sessionPath } from "./links";

const PATHS = { chargePoint: chargePointPath, driver: driverPath, session: sessionPath };

/** Leads to what an id names; nothing when there is none. */
export function IdLink(props: { kind: keyof typeof PATHS; id: string; text?: string }) {
  return (
    <Show when={props.id}>
      {(id) => (
        <a class="id-link" href={PATHS[props.kind](id())}>
          {props.text ?? id()}
        </a>
      )}
    </Show>
  );
}

/** The end of a session's id tells sessions apart; its beginning is the time. */
export const shortId = (sessionId: string): string => `…${sessionId.slice(-6)}`;
