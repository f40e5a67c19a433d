import { useLocation } from "@solidjs/router";
import { createEffect, onCleanup } from "solid-js";
import { readId } from "./links";
import { placeOf } from "./places";
import { shellText } from "./textShell";

const CHARGE_POINT = "/charge-points/";

/** Tells one tab, and one step of the browser's history, from another. */
export function keepPageTitle(): void {
  const location = useLocation();
  const name = (): string => {
    const path = location.pathname;
    if (path.startsWith(CHARGE_POINT)) return readId(path.slice(CHARGE_POINT.length));
    const place = placeOf(path);
    return place === undefined ? "" : shellText()[place.name];
  };
  createEffect(() => {
    document.title = name() === "" ? shellText().title : `${name()} – ${shellText().title}`;
  });
  onCleanup(() => (document.title = shellText().title));
}
