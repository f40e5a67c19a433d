import { Match, Switch } from "solid-js";
import { ChargePointStatus } from "../gen/evcharging/types/v1/types_pb";
import { formatEnergy, formatMoney, formatPower, formatPrice } from "../shared/format";
import { StatusIcon, statusLook, statusName } from "../shared/Status";
import { chargePointPath } from "./links";
import type { LiveChargePoint } from "./network";
import { networkText } from "./textNetwork";

/** A charge point at a glance: what it is, what it does, and for whom. */
export function Tile(props: { chargePoint: LiveChargePoint }) {
  const facts = () => props.chargePoint.facts();
  const look = () => statusLook(facts().status);
  return (
    <a class={`tile tile-${look()}`} href={chargePointPath(props.chargePoint.cpId)}>
      <span class="tile-head">
        <strong class="tile-id">{props.chargePoint.cpId}</strong>{" "}
        <span class="tile-status">
          <StatusIcon look={look()} />
          {statusName(facts().status)}
        </span>
      </span>{" "}
      <span class="tile-place">{facts().location}</span>{" "}
      <span class="tile-detail">
        <Switch fallback={<Offer chargePoint={props.chargePoint} />}>
          <Match when={facts().status === ChargePointStatus.CHARGING}>
            <Charge chargePoint={props.chargePoint} />
          </Match>
          <Match when={facts().status === ChargePointStatus.RESERVED}>
            <span class="tile-driver">{networkText().reservedFor(facts().driverId)}</span>
          </Match>
          <Match when={facts().status === ChargePointStatus.FAULTED && facts().faultMessage}>
            <span class="tile-message">{facts().faultMessage}</span>
          </Match>
        </Switch>
      </span>
    </a>
  );
}

function Offer(props: { chargePoint: LiveChargePoint }) {
  const facts = () => props.chargePoint.facts();
  return (
    <span class="tile-line number">
      <span>{formatPrice(facts().priceMicrosPerKwh)}</span> <span>{formatPower(facts().maxPowerW)}</span>
    </span>
  );
}

function Charge(props: { chargePoint: LiveChargePoint }) {
  const facts = () => props.chargePoint.facts();
  const reading = () => props.chargePoint.reading();
  const share = () => {
    const most = Number(facts().maxPowerW);
    const power = Number(reading()?.powerW ?? 0n);
    return most > 0 ? Math.min(1, power / most) : 0;
  };
  return (
    <>
      <span class="tile-line">
        <span class="tile-driver">{facts().driverId}</span>{" "}
        <span class="number">{formatMoney(reading()?.costMicros ?? 0n)}</span>
      </span>{" "}
      <span class="tile-line number">
        <span>{formatEnergy(reading()?.energyMwh ?? 0n)}</span>{" "}
        <span>{formatPower(reading()?.powerW ?? 0n, 1)}</span>
      </span>
      <span class="tile-meter" aria-hidden="true">
        <span style={{ transform: `scaleX(${share().toFixed(3)})` }} />
      </span>
    </>
  );
}
