import { createSignal, createUniqueId, For, type JSX } from "solid-js";
import { driverClient, explain, isSignedOut } from "../../shared/api";
import { toast } from "../../shared/Dialog";
import { formatMoney } from "../../shared/format";
import { defineText } from "../../shared/text";
import { randomUuid } from "../../shared/uuid";
import { useDriver } from "../context";

const MICROS = 1_000_000;
const PRESETS = [10, 20, 50];
const LEAST = 1;
const MOST = 500;

const text = defineText({
  en: {
    title: "Ask for a top-up",
    placeholder:
      "This stands in for a payment provider: no card is charged. An operator approves your request, then the money is on your balance.",
    presets: "Usual amounts",
    amount: "Amount in EUR",
    hint: `From ${LEAST} to ${MOST} EUR, with at most 2 decimals.`,
    ask: "Request top-up",
    asking: "Requesting…",
    asked: (amount: string) => `Requested ${amount}. It waits for an operator.`,
  },
  es: {
    title: "Pedir una recarga de saldo",
    placeholder:
      "Esto ocupa el lugar de un proveedor de pagos: no se cobra a ninguna tarjeta. Un operador aprueba tu petición y entonces el dinero está en tu saldo.",
    presets: "Importes habituales",
    amount: "Importe en EUR",
    hint: `De ${LEAST} a ${MOST} EUR, con 2 decimales como mucho.`,
    ask: "Pedir recarga",
    asking: "Pidiendo…",
    asked: (amount: string) => `Pedido: ${amount}. Espera a un operador.`,
  },
});

/** Asks for money on the balance. */
export function TopUpForm(props: { onAsked: () => void }): JSX.Element {
  const { store } = useDriver();
  const [typed, setTyped] = createSignal("20");
  const [isBusy, setIsBusy] = createSignal(false);
  const [problem, setProblem] = createSignal("");
  // Sent again after trouble, the same amount is the same request, and the money comes once.
  let unanswered: { topUpId: string; amountMicros: bigint } | undefined;
  const hintId = createUniqueId();

  const amountMicros = () => {
    const euros = /^\d+([.,]\d{1,2})?$/.test(typed().trim()) ? Number(typed().trim().replace(",", ".")) : 0;
    return euros >= LEAST && euros <= MOST ? BigInt(Math.round(euros * MICROS)) : undefined;
  };

  const ask = async (event: SubmitEvent) => {
    event.preventDefault();
    const amount = amountMicros();
    if (amount === undefined || isBusy()) {
      setProblem(amount === undefined ? text().hint : "");
      return;
    }
    if (unanswered?.amountMicros !== amount) {
      unanswered = { topUpId: randomUuid(), amountMicros: amount };
    }
    setIsBusy(true);
    setProblem("");
    try {
      await driverClient.requestTopUp(unanswered);
      unanswered = undefined;
      toast(text().asked(formatMoney(amount)), "success");
      props.onAsked();
    } catch (error) {
      if (isSignedOut(error)) {
        store.onSignedOut();
      }
      setProblem(explain(error));
    } finally {
      setIsBusy(false);
    }
  };

  return (
    <form class="stack" onSubmit={(event) => void ask(event)}>
      <h2>{text().title}</h2>
      <p class="banner banner-warning small">{text().placeholder}</p>
      <div class="row" role="group" aria-label={text().presets}>
        <For each={PRESETS}>
          {(preset) => (
            <button
              type="button"
              class="button preset"
              aria-pressed={amountMicros() === BigInt(preset * MICROS)}
              onClick={() => setTyped(String(preset))}
            >
              {formatMoney(preset * MICROS, "EUR", 0)}
            </button>
          )}
        </For>
      </div>
      <label class="field">
        <span>{text().amount}</span>
        <input
          inputmode="decimal"
          autocomplete="off"
          maxLength={6}
          value={typed()}
          aria-describedby={hintId}
          aria-invalid={problem() !== ""}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <span id={hintId} class="field-hint">
          {text().hint}
        </span>
      </label>
      <p class="field-problem" role="alert">
        {problem()}
      </p>
      <button type="submit" class="button button-primary button-large" disabled={isBusy()}>
        {isBusy() ? text().asking : text().ask}
      </button>
    </form>
  );
}
