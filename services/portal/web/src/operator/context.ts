import { createContext, useContext, type Accessor } from "solid-js";
import type { TopUp } from "../gen/evcharging/types/v1/types_pb";
import type { Network } from "./network";

/** What every page of the operator can reach. */
export interface Operator {
  readonly userId: string;
  readonly signOut: () => void;
  readonly network: Network;
  /** Requests for money, those that wait first. */
  readonly topUps: { readonly value: Accessor<readonly TopUp[] | undefined>; refresh(): Promise<void> };
}

export const OperatorContext = createContext<Operator>();

export function useOperator(): Operator {
  const operator = useContext(OperatorContext);
  if (operator === undefined) throw new Error("outside of OperatorContext");
  return operator;
}
