/** One line drawing for each page. */
const DRAWINGS = {
  network: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z",
  sessions: "M13 2 5 13h6l-1 9 9-12h-6z",
  drivers: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.6-6 8-6s8 2 8 6",
  events: "M5 6h14M5 12h14M5 18h9",
  charts: "M4 4v16h16M8 16v-5M12 16V7M16 16v-3",
  services: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  deadLetters: "M3 6h18v13H3zM3 7l9 7 9-7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  out: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
} as const;

export type NavIconName = Exclude<keyof typeof DRAWINGS, "more" | "out">;

export function NavIcon(props: { name: keyof typeof DRAWINGS }) {
  return (
    <svg class="nav-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={DRAWINGS[props.name]} />
    </svg>
  );
}
