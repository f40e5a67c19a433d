import { For } from "solid-js";
import { ChargePointStatus } from "../gen/evcharging/types/v1/types_pb";
import { formatTime } from "../shared/format";
import { LanguageSwitch } from "../shared/LanguageSwitch";
import { StatusIcon, statusLook, statusName } from "../shared/Status";
import { useOperator } from "./context";
import { NavIcon } from "./NavIcon";
import { powerText } from "./powerText";
import { STATUS_ORDER } from "./statusOrder";
import { shellText } from "./textShell";

/** The network at a glance, and who looks at it. */
export function Header() {
  const { network, userId, signOut } = useOperator();
  return (
    <header class="header">
      <p class="header-brand">
        <img src="/logo.svg" alt="" width="32" height="32" />
        <span class="header-product">{shellText().product}</span>
      </p>
      <p class="header-power">
        <span class="header-label">{shellText().powerNow}</span>
        <strong class="number">{powerText(network.powerNow())}</strong>
      </p>
      <ul class="header-counts" aria-label={shellText().status}>
        <For each={STATUS_ORDER}>{(status) => <Count status={status} />}</For>
      </ul>
      <p class="header-messaging" classList={{ "is-away": network.messaging()?.isHeard === false }}>
        <span class="header-lamp" aria-hidden="true" />
        <span class="header-messaging-text">
          {network.messaging()?.isHeard === false ? shellText().away : shellText().heard}
        </span>
      </p>
      <p class="header-clock number">{formatTime(network.now())}</p>
      <div class="header-person">
        <span class="header-user">{userId}</span>
        <LanguageSwitch />
        <button type="button" class="button button-quiet header-out" onClick={signOut}>
          <NavIcon name="out" />
          <span>{shellText().signOut}</span>
        </button>
      </div>
    </header>
  );
}

function Count(props: { status: ChargePointStatus }) {
  const { network } = useOperator();
  const look = () => statusLook(props.status);
  return (
    <li>
      <a class={`header-count look-${look()}`} href={`/?status=${ChargePointStatus[props.status]}`}>
        <StatusIcon look={look()} />
        <span class="header-count-name">{statusName(props.status)}</span>{" "}
        <strong class="number">{network.counts().get(props.status) ?? 0}</strong>
      </a>
    </li>
  );
}
