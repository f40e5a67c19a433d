import { createSignal, createUniqueId, Show, type JSX } from "solid-js";
import { ChargePointStatus, type ChargePoint } from "../../gen/evcharging/types/v1/types_pb";
import { Dialog } from "../../shared/Dialog";
import { formatDuration, formatEnergy, formatMoney, formatPower, formatPrice } from "../../shared/format";
import { StatusBadge } from "../../shared/Status";
import { defineText } from "../../shared/text";
import { costOf, energyFor } from "../charges";
import { useDriver } from "../context";
import { canBeHad } from "./choice";

const MWH_PER_KWH = 1_000_000;
// The network's own limit of one charge.
const MOST_KWH = 1_000;

const text = defineText({
  en: {
    price: "Price",
    power: "Power up to",
    since: (duration: string) => `for ${duration}`,
    balanceBuys: "Your balance buys",
    limit: "Stop at (kWh, optional)",
    limitHint: "Empty: until the vehicle is full, you stop or the balance is used up.",
    limitCost: (cost: string) => `Costs at most ${cost}.`,
    limitWrong: "A number of kWh from 0.1 to 1000.",
    chargeNow: "Charge now",
    reserveOnly: "Reserve only",
    offline: "Its link is down now. The charge begins when it is back.",
    notNow: "You can't charge here now.",
    accountAway: "Your account can't be reached now: we keep asking for a minute.",
  },
  es: {
    price: "Precio",
    power: "Potencia hasta",
    since: (duration: string) => `desde hace ${duration}`,
    balanceBuys: "Tu saldo da para",
    limit: "Parar a los (kWh, opcional)",
    limitHint: "Vacío: hasta que el vehículo esté lleno, lo pares o se agote el saldo.",
    limitCost: (cost: string) => `Cuesta como mucho ${cost}.`,
    limitWrong: "Un número de kWh de 0,1 a 1000.",
    chargeNow: "Cargar ahora",
    reserveOnly: "Solo reservar",
    offline: "Ahora no tiene conexión. La carga empieza cuando vuelva.",
    notNow: "Ahora no puedes cargar aquí.",
    accountAway: "Ahora no se puede consultar tu cuenta: seguimos pidiendo durante un minuto.",
  },
});

/** One charge point and what can be asked of it. */
export function ChargePointSheet(props: { cpId: string | undefined; onClose: () => void }): JSX.Element {
  const { store } = useDriver();
  const chargePoint = () => (props.cpId ? store.chargePoints()?.get(props.cpId) : undefined);
  return (
    <Dialog open={chargePoint() !== undefined} onClose={props.onClose} title={props.cpId ?? ""}>
      <Show when={chargePoint()}>{(shown) => <Sheet chargePoint={shown()} onClose={props.onClose} />}</Show>
    </Dialog>
  );
}

function Sheet(props: { chargePoint: ChargePoint; onClose: () => void }): JSX.Element {
  const { store, requests } = useDriver();
  const [typed, setTyped] = createSignal("");
  const hintId = createUniqueId();

  const limitMwh = () => limitOf(typed());
  const isFree = () => canBeHad(props.chargePoint.status);
  const canAsk = () => isFree() && !requests.isBusy() && limitMwh() !== "wrong";
  const ask = (startsAtOnce: boolean) => {
    const limit = limitMwh();
    if (limit !== "wrong") {
      requests.ask(props.chargePoint.cpId, limit, startsAtOnce);
      props.onClose();
    }
  };
  const hint = () => {
    const limit = limitMwh();
    if (limit === "wrong") {
      return text().limitWrong;
    }
    const price = props.chargePoint.priceMicrosPerKwh;
    return limit ? text().limitCost(formatMoney(costOf(limit, price))) : text().limitHint;
  };
  const balanceBuys = () => {
    const balance = store.driver()?.balanceMicros ?? 0n;
    return balance > 0n ? energyFor(balance, props.chargePoint.priceMicrosPerKwh) : 0n;
  };

  return (
    <form
      class="sheet"
      onSubmit={(event) => {
        event.preventDefault();
        if (canAsk()) {
          ask(true);
        }
      }}
    >
      <p class="muted">{props.chargePoint.location}</p>
      <p class="row">
        <StatusBadge status={props.chargePoint.status} />
        <span class="muted small">
          {text().since(formatDuration(store.now() - Number(props.chargePoint.statusSinceMs)))}
        </span>
      </p>
      <dl class="facts">
        <Fact name={text().price} value={formatPrice(props.chargePoint.priceMicrosPerKwh)} />
        <Fact name={text().power} value={formatPower(props.chargePoint.maxPowerW)} />
        <Fact name={text().balanceBuys} value={formatEnergy(balanceBuys(), 1)} />
      </dl>
      <Show when={isFree()} fallback={<p class="banner banner-warning">{text().notNow}</p>}>
        <label class="field">
          <span>{text().limit}</span>
          <input
            inputmode="decimal"
            autocomplete="off"
            maxLength={8}
            value={typed()}
            aria-describedby={hintId}
            aria-invalid={limitMwh() === "wrong"}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
          <span id={hintId} class="field-hint" classList={{ "field-problem": limitMwh() === "wrong" }}>
            {hint()}
          </span>
        </label>
        <Show when={props.chargePoint.status === ChargePointStatus.OFFLINE}>
          <p class="banner">{text().offline}</p>
        </Show>
        <Show when={store.accountState()?.isCurrent === false}>
          <p class="banner banner-warning">{text().accountAway}</p>
        </Show>
      </Show>
      <div class="sheet-buttons">
        <button type="submit" class="button button-primary button-large" disabled={!canAsk()}>
          {text().chargeNow}
        </button>
        <button type="button" class="button button-large" disabled={!canAsk()} onClick={() => ask(false)}>
          {text().reserveOnly}
        </button>
      </div>
    </form>
  );
}

function Fact(props: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class="number">{props.value}</dd>
    </div>
  );
}

/** What was typed, in mWh; undefined when nothing was. Both decimal signs are understood. */
function limitOf(typed: string): bigint | undefined | "wrong" {
  if (typed.trim() === "") {
    return undefined;
  }
  // Digits alone: Number() would also take 0x10 and 1e2.
  const isNumber = /^(\d+([.,]\d*)?|[.,]\d+)$/.test(typed.trim());
  const kwh = isNumber ? Number(typed.trim().replace(",", ".")) : 0;
  return kwh >= 0.1 && kwh <= MOST_KWH ? BigInt(Math.round(kwh * MWH_PER_KWH)) : "wrong";
}
