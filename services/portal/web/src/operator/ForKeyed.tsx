import { createMemo, For, type Accessor, type JSX } from "solid-js";

/** As For, but a row is known by its key: one that is told anew keeps its elements, and the focus that is in them. */
export function ForKeyed<Row>(props: {
  each: readonly Row[];
  by: (row: Row) => string;
  fallback?: JSX.Element;
  children: (row: Accessor<Row>, place: Accessor<number>) => JSX.Element;
}) {
  const rows = createMemo(() => new Map(props.each.map((row) => [props.by(row), row])));
  return (
    <For each={[...rows().keys()]} fallback={props.fallback}>
      {(key, place) => {
        // A row that leaves is asked for once more before its elements go.
        let last: Row | undefined;
        const row = createMemo(() => (last = rows().get(key) ?? last) as Row);
        return props.children(row, place);
      }}
    </For>
  );
}
