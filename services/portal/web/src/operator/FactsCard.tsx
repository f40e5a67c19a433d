import { Show, type JSX } from "solid-js";
import { FaultKind, SimulatedErrorKind, type ChargePoint } from "../gen/evcharging/types/v1/types_pb";
import { formatAgo, formatDateTime, formatPower, formatPrice } from "../shared/format";
import { useOperator } from "./context";
import { chargePointText } from "./textChargePoint";
import { shellText } from "./textShell";

export function FactsCard(props: { facts: ChargePoint }) {
  const { network } = useOperator();
  const text = chargePointText;
  const yesOrNo = (is: boolean) => (is ? text().yes : text().no);
  return (
    <section class="card stack facts-card" aria-labelledby="facts-title">
      <h2 id="facts-title">{text().facts}</h2>
      <dl class="facts">
        <Fact name={shellText().since}>
          <span title={formatDateTime(props.facts.statusSinceMs)}>
            {formatAgo(props.facts.statusSinceMs, network.now())}
          </span>
        </Fact>
        <Fact name={shellText().price}>{formatPrice(props.facts.priceMicrosPerKwh)}</Fact>
        <Fact name={text().maxPower}>{formatPower(props.facts.maxPowerW)}</Fact>
        <Fact name={text().connected}>{yesOrNo(props.facts.connected)}</Fact>
        <Fact name={text().inService}>{yesOrNo(props.facts.inService)}</Fact>
        <Fact name={text().fault}>
          <Show when={props.facts.faultKind !== undefined} fallback={text().none}>
            <strong class="is-bad">{faultName(props.facts.faultKind)}</strong>
            <Show when={props.facts.faultMessage}>
              {(message) => <span class="fact-note">{message()}</span>}
            </Show>
          </Show>
        </Fact>
        <Fact name={text().simulatedError}>
          <Show when={props.facts.simulatedError} fallback={text().none}>
            {(kind) => <strong class="is-bad">{SimulatedErrorKind[kind()]}</strong>}
          </Show>
        </Fact>
      </dl>
    </section>
  );
}

/** A name and what it stands for, in a list of facts. */
export function Fact(props: { name: string; children: JSX.Element }) {
  return (
    <div class="fact">
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function faultName(kind: FaultKind | undefined): string {
  switch (kind) {
    case FaultKind.ENGINE_KO:
      return chargePointText().engineKo;
    case FaultKind.ENGINE_TIMEOUT:
      return chargePointText().engineTimeout;
    case FaultKind.ENGINE_CONNECTION_LOST:
      return chargePointText().engineConnectionLost;
    default:
      return chargePointText().fault;
  }
}
