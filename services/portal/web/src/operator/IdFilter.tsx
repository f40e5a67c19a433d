/** Narrows a list to one driver or charge point. */
export function IdFilter(props: { label: string; value: string; onChange: (id: string) => void }) {
  return (
    <input
      type="search"
      class="filter-input"
      aria-label={props.label}
      placeholder={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}
