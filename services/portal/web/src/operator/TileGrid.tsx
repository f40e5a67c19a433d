import { createVirtualizer } from "@tanstack/solid-virtual";
import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount } from "solid-js";
import { useOperator } from "./context";
import type { LiveChargePoint } from "./network";
import { shellText } from "./textShell";
import { Tile } from "./Tile";

/** The same heights as in network.css. */
const DENSE = { rowHeight: 116, minTileWidth: 196 };
const ROOMY = { rowHeight: 164, minTileWidth: 264 };
const MOST_ROOMY = 40;
const GAP = 8;

let lastScrollTop = 0;

/** Only the rows in sight exist, however many charge points there are. */
export function TileGrid(props: { chargePoints: readonly LiveChargePoint[] }) {
  let frame: HTMLDivElement | undefined;
  const { network } = useOperator();
  // Few charge points are shown large. It depends on how many there are, not on how many are found.
  const size = createMemo(() => (network.chargePoints().length <= MOST_ROOMY ? ROOMY : DENSE));
  const [width, setWidth] = createSignal(0);
  const columns = createMemo(() => Math.max(1, Math.floor((width() + GAP) / (size().minTileWidth + GAP))));
  onMount(() => {
    if (frame === undefined) return;
    const scrolled = frame;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const isFirst = width() === 0;
      setWidth(entry.contentRect.width);
      // Whoever comes back from a charge point finds it where it was.
      if (isFirst) scrolled.scrollTop = lastScrollTop;
    });
    observer.observe(scrolled);
    onCleanup(() => {
      lastScrollTop = virtualizer.scrollOffset ?? 0;
      observer.disconnect();
    });
  });

  const virtualizer = createVirtualizer<HTMLDivElement, HTMLDivElement>({
    get count() {
      return Math.ceil(props.chargePoints.length / columns());
    },
    getScrollElement: () => frame ?? null,
    estimateSize: () => size().rowHeight,
    overscan: 3,
  });
  createEffect(on(size, () => virtualizer.measure(), { defer: true }));

  // One list rather than a list of rows: a tile that moves to another row stays the same element, with its focus.
  const first = () => (virtualizer.getVirtualItems()[0]?.index ?? 0) * columns();
  const inSight = createMemo(() => {
    const count = virtualizer.getVirtualItems().length * columns();
    return props.chargePoints.slice(first(), first() + count);
  });

  return (
    <div class="tiles" classList={{ "tiles-roomy": size() === ROOMY }} ref={frame}>
      <div
        class="virtual-body"
        role="list"
        aria-label={shellText().network}
        style={{ height: `${virtualizer.getTotalSize()}px` }}
      >
        <div
          class="tile-rows"
          style={{
            transform: `translateY(${virtualizer.getVirtualItems()[0]?.start ?? 0}px)`,
            "grid-template-columns": `repeat(${columns()}, minmax(0, 1fr))`,
          }}
        >
          <For each={inSight()}>
            {(chargePoint, place) => (
              <div
                role="listitem"
                aria-setsize={props.chargePoints.length}
                aria-posinset={first() + place() + 1}
              >
                <Tile chargePoint={chargePoint} />
              </div>
            )}
          </For>
        </div>
      </div>
    </div>
  );
}
