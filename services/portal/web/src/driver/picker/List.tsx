import { createWindowVirtualizer } from "@tanstack/solid-virtual";
import { createEffect, createSignal, For, on, onCleanup, onMount, Show, type JSX } from "solid-js";
import type { ChargePoint } from "../../gen/evcharging/types/v1/types_pb";
import { formatPower, formatPrice } from "../../shared/format";
import { createMedia } from "../../shared/media";
import { StatusBadge } from "../../shared/Status";
import { defineText } from "../../shared/text";
import { canBeHad } from "./choice";

const ROW_PX = 108;
const ROW_WIDE_PX = 84;
const MORE_ROWS = 6;

const text = defineText({
  en: { chargeHere: "Charge here", details: "Details", list: "Charge points" },
  es: { chargeHere: "Cargar aquí", details: "Detalles", list: "Puntos de carga" },
});

/** All that fits, best first. Only the rows near the window are in the page. */
export function List(props: { chargePoints: ChargePoint[]; onOpen: (cpId: string) => void }): JSX.Element {
  let list!: HTMLUListElement;
  const [topPx, setTopPx] = createSignal(0);
  const isWide = createMedia("(min-width: 640px)");
  const rowPx = () => (isWide() ? ROW_WIDE_PX : ROW_PX);
  // A turned phone, a banner or an opened filter moves the list.
  const measureTop = () => setTopPx(Math.round(list.getBoundingClientRect().top + window.scrollY));
  const resized = new ResizeObserver(measureTop);
  onMount(() => {
    measureTop();
    resized.observe(document.body);
  });
  onCleanup(() => resized.disconnect());

  const virtualizer = createWindowVirtualizer({
    get count() {
      return props.chargePoints.length;
    },
    get scrollMargin() {
      return topPx();
    },
    estimateSize: () => rowPx(),
    overscan: MORE_ROWS,
  });
  createEffect(on(rowPx, () => virtualizer.measure(), { defer: true }));

  return (
    <ul
      ref={list}
      class="cp-list"
      aria-label={text().list}
      style={{ height: `${virtualizer.getTotalSize()}px` }}
    >
      <For each={virtualizer.getVirtualItems()}>
        {(item) => (
          <Show when={props.chargePoints[item.index]}>
            {(chargePoint) => (
              <Row
                chargePoint={chargePoint()}
                place={item.index + 1}
                count={props.chargePoints.length}
                topPx={item.start - topPx()}
                heightPx={rowPx()}
                onOpen={props.onOpen}
              />
            )}
          </Show>
        )}
      </For>
    </ul>
  );
}

function Row(props: {
  chargePoint: ChargePoint;
  place: number;
  count: number;
  topPx: number;
  heightPx: number;
  onOpen: (cpId: string) => void;
}): JSX.Element {
  return (
    <li
      class="cp-row"
      aria-setsize={props.count}
      aria-posinset={props.place}
      style={{ transform: `translateY(${props.topPx}px)`, height: `${props.heightPx}px` }}
    >
      <div class="cp-row-name">
        <h3>{props.chargePoint.cpId}</h3>
        <p class="muted small">{props.chargePoint.location}</p>
      </div>
      <p class="cp-row-price number">
        <strong>{formatPrice(props.chargePoint.priceMicrosPerKwh)}</strong>
        <span class="muted"> {formatPower(props.chargePoint.maxPowerW)}</span>
      </p>
      <StatusBadge status={props.chargePoint.status} />
      <button type="button" class="button" onClick={() => props.onOpen(props.chargePoint.cpId)}>
        {canBeHad(props.chargePoint.status) ? text().chargeHere : text().details}
        <span class="visually-hidden"> {props.chargePoint.cpId}</span>
      </button>
    </li>
  );
}
