import { createMemo, For, type JSX } from "solid-js";
import type { ChargePoint } from "../../gen/evcharging/types/v1/types_pb";
import { formatPower, formatPrice } from "../../shared/format";
import { createMedia } from "../../shared/media";
import { defineText } from "../../shared/text";
import { choicesOf, type Wish } from "./choice";

const text = defineText({
  en: {
    filters: "Filters",
    search: "Search",
    searchHint: "Name, street or city",
    city: "City",
    allCities: "All cities",
    maxPrice: "Price at most",
    anyPrice: "Any price",
    minPower: "Power at least",
    anyPower: "Any power",
    onlyAvailable: "Only available",
  },
  es: {
    filters: "Filtros",
    search: "Buscar",
    searchHint: "Nombre, calle o ciudad",
    city: "Ciudad",
    allCities: "Todas las ciudades",
    maxPrice: "Precio máximo",
    anyPrice: "Cualquier precio",
    minPower: "Potencia mínima",
    anyPower: "Cualquier potencia",
    onlyAvailable: "Solo disponibles",
  },
});

// As in picker.css, which hides the summary then: what is behind it must be open.
const WIDE = "(min-width: 900px)";

/** What the driver looks for. */
export function Filters(props: {
  all: ChargePoint[];
  wish: Wish;
  onChange: (part: Partial<Wish>) => void;
}): JSX.Element {
  const isWide = createMedia(WIDE);
  const choices = createMemo(() => choicesOf(props.all), undefined, {
    // The same choices must not close a list that is open.
    equals: (before, after) => JSON.stringify(before) === JSON.stringify(after),
  });
  return (
    <section class="filters" aria-label={text().filters}>
      <label class="field">
        <span>{text().search}</span>
        <input
          type="search"
          placeholder={text().searchHint}
          value={props.wish.search}
          onInput={(event) => props.onChange({ search: event.currentTarget.value })}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={props.wish.onlyAvailable}
          onChange={(event) => props.onChange({ onlyAvailable: event.currentTarget.checked })}
        />
        {text().onlyAvailable}
      </label>
      <details class="filters-more" open={isWide()}>
        <summary>{text().filters}</summary>
        <div class="filters-choices">
          <Choice
            label={text().city}
            any={text().allCities}
            value={props.wish.city}
            values={choices().cities}
            show={(city) => city}
            onChange={(city) => props.onChange({ city })}
          />
          <Choice
            label={text().maxPrice}
            any={text().anyPrice}
            value={props.wish.maxPriceMicros ? String(props.wish.maxPriceMicros) : ""}
            values={choices().prices.map(String)}
            show={(price) => formatPrice(Number(price))}
            onChange={(price) => props.onChange({ maxPriceMicros: Number(price) })}
          />
          <Choice
            label={text().minPower}
            any={text().anyPower}
            value={props.wish.minPowerW ? String(props.wish.minPowerW) : ""}
            values={choices().powers.map(String)}
            show={(power) => formatPower(Number(power))}
            onChange={(power) => props.onChange({ minPowerW: Number(power) })}
          />
        </div>
      </details>
    </section>
  );
}

function Choice(props: {
  label: string;
  any: string;
  value: string;
  values: string[];
  show: (value: string) => string;
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <label class="field">
      <span>{props.label}</span>
      <select onChange={(event) => props.onChange(event.currentTarget.value)}>
        <option value="" selected={props.value === ""}>
          {props.any}
        </option>
        <For each={props.values}>
          {(value) => (
            <option value={value} selected={props.value === value}>
              {props.show(value)}
            </option>
          )}
        </For>
      </select>
    </label>
  );
}
