import { createContext, useContext } from "solid-js";
import type { ChargeOrders } from "./orders";
import type { ChargeRequests } from "./requests";
import type { DriverStore } from "./store";

export interface DriverPage {
  store: DriverStore;
  requests: ChargeRequests;
  orders: ChargeOrders;
}

const DriverContext = createContext<DriverPage>();

export const DriverProvider = DriverContext.Provider;

export function useDriver(): DriverPage {
  const page = useContext(DriverContext);
  if (!page) {
    throw new Error("the driver's page is used outside of its provider");
  }
  return page;
}
