import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import type { ChargePoint } from "../../gen/evcharging/types/v1/types_pb";
import { formatMoney, formatPower, formatPrice, streetOf } from "../../shared/format";
import { StatusIcon, statusLook, statusName } from "../../shared/Status";
import { defineText } from "../../shared/text";
import { useDriver } from "../context";
import { byCity, type City } from "./choice";

// A page with more tiles than this is neither quick nor a plan.
const MOST_OPEN_TILES = 200;

const text = defineText({
  en: { available: (available: number, all: number) => `${available} of ${all} available` },
  es: { available: (available: number, all: number) => `${available} de ${all} disponibles` },
});

/** The charge points as blocks of their cities. */
export function Plan(props: {
  chargePoints: ChargePoint[];
  fitting: ChargePoint[];
  onOpen: (cpId: string) => void;
}): JSX.Element {
  const cities = createMemo(() => byCity(props.chargePoints, props.fitting));
  const byName = createMemo(() => new Map(cities().map((city) => [city.name, city])));
  const names = createMemo(() => cities().map((city) => city.name), undefined, {
    // A block stays in the page, and open, while its charge points change.
    equals: (before, after) =>
      before.length === after.length && before.every((name, at) => name === after[at]),
  });
  const isFolded = () => props.chargePoints.length > MOST_OPEN_TILES;
  return (
    <div class="plan">
      <For each={names()}>
        {(name) => (
          <Show when={byName().get(name)}>
            {(city) => <Block city={city()} isFolded={isFolded()} onOpen={props.onOpen} />}
          </Show>
        )}
      </For>
    </div>
  );
}

function Block(props: { city: City; isFolded: boolean; onOpen: (cpId: string) => void }): JSX.Element {
  const { store } = useDriver();
  const [isUnfolded, setIsUnfolded] = createSignal(false);
  const isOpen = () => !props.isFolded || isUnfolded();
  const head = () => (
    <>
      <h3>{props.city.name}</h3>
      <p class="muted small number">{text().available(props.city.availableCount, props.city.count)}</p>
      <Share city={props.city} />
    </>
  );
  return (
    <section class="block" classList={{ "block-unfolded": props.isFolded && isUnfolded() }}>
      <Show when={props.isFolded} fallback={<div class="block-head">{head()}</div>}>
        <button
          type="button"
          class="block-head block-button"
          aria-expanded={isOpen()}
          onClick={() => setIsUnfolded((before) => !before)}
        >
          {head()}
        </button>
      </Show>
      <Show when={isOpen()}>
        <ul class="tiles">
          {/* By id, so that a tile stays in the page, and keeps the focus, when its status changes. */}
          <For each={props.city.chargePoints.map(({ cpId }) => cpId)}>
            {(cpId) => (
              <Show when={store.chargePoints()?.get(cpId)}>
                {(chargePoint) => <Tile chargePoint={chargePoint()} onOpen={props.onOpen} />}
              </Show>
            )}
          </For>
        </ul>
      </Show>
    </section>
  );
}

/** How much of the city is free, as a bar. Its numbers stand beside it. */
function Share(props: { city: City }): JSX.Element {
  const share = () => (props.city.availableCount / Math.max(props.city.count, 1)) * 100;
  return (
    <span class="block-share" aria-hidden="true">
      <span class="block-share-free" style={{ width: `${share()}%` }} />
    </span>
  );
}

function Tile(props: { chargePoint: ChargePoint; onOpen: (cpId: string) => void }): JSX.Element {
  const look = () => statusLook(props.chargePoint.status);
  const label = () =>
    [
      props.chargePoint.cpId,
      statusName(props.chargePoint.status),
      formatPrice(props.chargePoint.priceMicrosPerKwh),
      formatPower(props.chargePoint.maxPowerW),
      streetOf(props.chargePoint.location),
    ].join(", ");
  return (
    <li>
      <button
        type="button"
        class={`tile tile-${look()}`}
        aria-label={label()}
        title={label()}
        onClick={() => props.onOpen(props.chargePoint.cpId)}
      >
        <span class="tile-name">{props.chargePoint.cpId}</span>
        <span class="tile-price number">{formatMoney(props.chargePoint.priceMicrosPerKwh)}</span>
        <StatusIcon look={look()} />
      </button>
    </li>
  );
}
