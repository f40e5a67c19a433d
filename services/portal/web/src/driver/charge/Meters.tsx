import { Show, type JSX } from "solid-js";
import type { Session } from "../../gen/evcharging/types/v1/types_pb";
import { formatEnergy, formatMoney, formatPower, formatPrice } from "../../shared/format";
import { defineText } from "../../shared/text";
import { balanceAfter, type Meter } from "../charges";
import { useDriver } from "../context";

const text = defineText({
  en: { energy: "Energy", cost: "Cost", power: "Power now", balance: "Balance after", price: "Price" },
  es: { energy: "Energía", cost: "Coste", power: "Potencia", balance: "Saldo después", price: "Precio" },
});

/** The numbers of the charge, as its readings bring them. */
export function Meters(props: { session: Session; meter: Meter }): JSX.Element {
  const { store } = useDriver();
  const balance = () => {
    const driver = store.driver();
    return driver && balanceAfter(driver, props.session, props.meter.costMicros);
  };
  return (
    <dl class="meters">
      <div class="meter-energy">
        <dt>{text().energy}</dt>
        <dd class="number">
          <Parted value={formatEnergy(props.meter.energyMwh, 3)} />
        </dd>
      </div>
      <div class="meter-cost">
        <dt>{text().cost}</dt>
        <dd class="number">{formatMoney(props.meter.costMicros, props.session.currency)}</dd>
      </div>
      <div>
        <dt>{text().power}</dt>
        <dd class="number">{formatPower(props.meter.powerW, 1)}</dd>
      </div>
      <div>
        <dt>{text().balance}</dt>
        <dd class="number">
          <Show when={balance() !== undefined} fallback="–">
            {formatMoney(balance() ?? 0n, props.session.currency)}
          </Show>
        </dd>
      </div>
      <div>
        <dt>{text().price}</dt>
        <dd class="number">{formatPrice(props.session.priceMicrosPerKwh, props.session.currency)}</dd>
      </div>
    </dl>
  );
}

/** A number with its unit set smaller. */
function Parted(props: { value: string }): JSX.Element {
  const space = () => props.value.lastIndexOf(" ");
  return (
    <>
      {props.value.slice(0, space())}
      <span class="unit">{props.value.slice(space())}</span>
    </>
  );
}
