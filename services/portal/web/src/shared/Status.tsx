import { Match, Switch, type JSX } from "solid-js";
import { ChargePointStatus, SessionState } from "../gen/evcharging/types/v1/types_pb";
import { sessionName, statusName } from "./words";

export { endReasonText, refusalText, sessionName, statusName, stepText } from "./words";

type Look = "available" | "charging" | "reserved" | "faulted" | "out" | "offline";

/** Colour, sign and word of a charge point's status. */
export function StatusBadge(props: { status: ChargePointStatus }): JSX.Element {
  return <Badge look={statusLook(props.status)} name={statusName(props.status)} />;
}

/** Colour, sign and word of a session's state. */
export function SessionBadge(props: { state: SessionState }): JSX.Element {
  return <Badge look={sessionLook(props.state)} name={sessionName(props.state)} />;
}

/** The last part of the CSS classes that colour a status: `badge-available`, `tile-available` and so on. */
export function statusLook(status: ChargePointStatus): Look {
  switch (status) {
    case ChargePointStatus.AVAILABLE:
      return "available";
    case ChargePointStatus.CHARGING:
      return "charging";
    case ChargePointStatus.RESERVED:
      return "reserved";
    case ChargePointStatus.FAULTED:
      return "faulted";
    case ChargePointStatus.OUT_OF_SERVICE:
      return "out";
    default:
      return "offline";
  }
}

export function sessionLook(state: SessionState): Look {
  switch (state) {
    case SessionState.CHARGING:
      return "charging";
    case SessionState.RESERVED:
    case SessionState.STARTING:
    case SessionState.STOPPING:
      return "reserved";
    case SessionState.COMPLETED:
      return "available";
    case SessionState.INTERRUPTED:
      return "faulted";
    default:
      return "offline";
  }
}

/** The sign of a status alone, for places where its word stands beside it or in a label. */
export function StatusIcon(props: { look: Look }): JSX.Element {
  return (
    <svg class="status-icon" viewBox="0 0 16 16" aria-hidden="true">
      <Switch fallback={<path d="M3.5 8h9" />}>
        <Match when={props.look === "available"}>
          <path d="M3.5 8.5l3 3 6-7" />
        </Match>
        <Match when={props.look === "charging"}>
          <path class="status-icon-solid" d="M9.4 1L3 9.2h4.1L6.4 15l6.6-8.4H8.7z" />
        </Match>
        <Match when={props.look === "reserved"}>
          <path d="M8 3.5V8l3 2M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8z" />
        </Match>
        <Match when={props.look === "faulted"}>
          <path d="M8 3v6M8 12.4v.3" />
        </Match>
        <Match when={props.look === "out"}>
          <path d="M4 4l8 8M12 4l-8 8" />
        </Match>
      </Switch>
    </svg>
  );
}

function Badge(props: { look: Look; name: string }): JSX.Element {
  return (
    <span class={`badge badge-${props.look}`}>
      <StatusIcon look={props.look} />
      {props.name}
    </span>
  );
}
