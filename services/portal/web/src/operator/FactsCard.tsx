import { Show } from "solid-js";
import type { ChargePoint } from "../gen/evcharging/types/v1/types_pb";
import { formatAgo, formatDateTime, formatPower, formatPrice } from "../shared/format";
import { useOperator } from "./context";
import { Fact } from "./Fact";
import { faultName, simulatedName } from "./faultText";
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
            {(kind) => <strong class="is-bad">{upperFirst(simulatedName(kind()))}</strong>}
          </Show>
        </Fact>
      </dl>
    </section>
  );
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
