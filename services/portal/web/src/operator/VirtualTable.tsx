import { createVirtualizer } from "@tanstack/solid-virtual";
import { createMemo, For, type Accessor, type JSX } from "solid-js";
import { ForKeyed } from "./ForKeyed";
import { isNarrow } from "./narrow";

const ROW_HEIGHT = 44;
const HEAD_HEIGHT = 40;
/** Between columns, and at both ends of a row, as in lists.css. */
const GAP = 16;
const NARROW_GAP = 10;

export interface Column<Row> {
  readonly title: string;
  /** In pixels. */
  readonly minWidth: number;
  /** Of the room that is left. */
  readonly share: number;
  /** Made once for each row; what it shows of the row changes within it. */
  readonly cell: (row: Accessor<Row>) => JSX.Element;
  readonly isNumber?: boolean;
  /** A phone has no room for it. */
  readonly isWideOnly?: boolean;
}

/** A table of any length, of which only the rows in sight exist. */
export function VirtualTable<Row>(props: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  rowClass?: (row: Row) => string;
  /** A press anywhere in a row; a link or a button in the row must do the same for the keyboard. */
  onOpen?: (row: Row) => void;
}) {
  let frame: HTMLDivElement | undefined;
  const columns = createMemo(() =>
    props.columns.filter((column) => !(column.isWideOnly === true && isNarrow())),
  );
  const tracks = () =>
    columns()
      .map((column) => `minmax(${column.minWidth}px, ${column.share}fr)`)
      .join(" ");
  const minWidth = () => {
    const gap = isNarrow() ? NARROW_GAP : GAP;
    return columns().reduce((sum, column) => sum + column.minWidth + gap, 0) + gap;
  };
  const pressable = props.onOpen === undefined ? "" : "is-pressable";
  const virtualizer = createVirtualizer<HTMLDivElement, HTMLDivElement>({
    get count() {
      return props.rows.length;
    },
    getScrollElement: () => frame ?? null,
    estimateSize: () => ROW_HEIGHT,
    scrollMargin: HEAD_HEIGHT,
    overscan: 8,
  });

  // Rows in sight are one after the other.
  const first = () => virtualizer.getVirtualItems()[0]?.index ?? 0;
  const inSight = createMemo(() => {
    const count = virtualizer.getVirtualItems().length;
    return props.rows.slice(first(), first() + count);
  });

  function open(event: MouseEvent, row: Row): void {
    const isOwnTarget = event.target instanceof Element && event.target.closest("a, button") !== null;
    if (!isOwnTarget) props.onOpen?.(row);
  }
  return (
    <div class="virtual-frame" ref={frame} tabindex="0" role="group" aria-label={props.label}>
      <div
        class="virtual-table"
        role="table"
        aria-label={props.label}
        aria-rowcount={props.rows.length + 1}
        aria-colcount={columns().length}
        style={{ "min-width": `${minWidth()}px` }}
      >
        <div class="virtual-head" role="rowgroup">
          <div class="virtual-row" role="row" aria-rowindex={1} style={{ "grid-template-columns": tracks() }}>
            <For each={columns()}>
              {(column) => (
                <div role="columnheader" classList={{ "is-number": column.isNumber }}>
                  {column.title}
                </div>
              )}
            </For>
          </div>
        </div>
        <div class="virtual-body" role="rowgroup" style={{ height: `${virtualizer.getTotalSize()}px` }}>
          <ForKeyed each={inSight()} by={props.rowKey}>
            {(row, place) => (
              <div
                class={`virtual-row ${pressable} ${props.rowClass?.(row()) ?? ""}`}
                role="row"
                aria-rowindex={first() + place() + 2}
                style={{
                  transform: `translateY(${(first() + place()) * ROW_HEIGHT}px)`,
                  "grid-template-columns": tracks(),
                }}
                onClick={(event) => open(event, row())}
              >
                <For each={columns()}>
                  {(column) => (
                    <div role="cell" classList={{ "is-number": column.isNumber }}>
                      {column.cell(row)}
                    </div>
                  )}
                </For>
              </div>
            )}
          </ForKeyed>
        </div>
      </div>
    </div>
  );
}
