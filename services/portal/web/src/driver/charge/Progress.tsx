import { Show, type JSX } from "solid-js";
import type { Session } from "../../gen/evcharging/types/v1/types_pb";
import { formatDuration, formatEnergy } from "../../shared/format";
import { defineText } from "../../shared/text";
import { energyFor, msToSupply, type Meter } from "../charges";
import { useDriver } from "../context";

const DAY_MS = 86_400_000;
// A limit this near to what the balance buys was set by the balance.
const SAME_MWH = 1_000n;

const text = defineText({
  en: {
    progress: "Energy supplied, of the limit",
    ofLimit: (limit: string) => `Stops at ${limit}`,
    toLimit: "To the limit",
    toBalanceEnd: "To the end of the balance",
    elapsed: "Charging for",
  },
  es: {
    progress: "Energía suministrada, del límite",
    ofLimit: (limit: string) => `Para a los ${limit}`,
    toLimit: "Hasta el límite",
    toBalanceEnd: "Hasta agotar el saldo",
    elapsed: "Cargando desde hace",
  },
});

/** How far the charge is, and how long it can go on at the power of now. */
export function Progress(props: { session: Session; meter: Meter }): JSX.Element {
  const { store } = useDriver();
  const limitMwh = () => props.session.energyLimitMwh;
  const balanceMwh = () => energyFor(store.driver()?.balanceMicros ?? 0n, props.session.priceMicrosPerKwh);
  const isLimitedByBalance = () => limitMwh() >= balanceMwh() - SAME_MWH;

  const permille = () => {
    const share = limitMwh() > 0n ? (props.meter.energyMwh * 1_000n) / limitMwh() : 0n;
    return Math.min(Number(share), 1_000);
  };
  const timeFor = (energyMwh: bigint) => {
    const ms = msToSupply(energyMwh, props.meter.powerW);
    return ms !== undefined && ms < DAY_MS ? `≈ ${formatDuration(ms)}` : "–";
  };
  const elapsedMs = () => store.now() - Number(props.session.startedAtMs ?? store.now());

  return (
    <div class="progress">
      {/* Of all that the balance buys, a charge is a small part: a bar of it would hardly move. */}
      <Show when={!isLimitedByBalance()}>
        <progress max="1000" value={permille()} aria-label={text().progress} />
        <p class="muted small">{text().ofLimit(formatEnergy(limitMwh()))}</p>
      </Show>
      <dl class="facts">
        <div>
          <dt>{text().elapsed}</dt>
          <dd class="number">{formatDuration(elapsedMs())}</dd>
        </div>
        <Show when={!isLimitedByBalance()}>
          <div>
            <dt>{text().toLimit}</dt>
            <dd class="number">{timeFor(limitMwh() - props.meter.energyMwh)}</dd>
          </div>
        </Show>
        <div>
          <dt>{text().toBalanceEnd}</dt>
          <dd class="number">{timeFor(balanceMwh() - props.meter.energyMwh)}</dd>
        </div>
      </dl>
    </div>
  );
}
