/** Addresses within the page. A path with a dot in it would be taken for a file when the page is loaded there. */
export const chargePointPath = (cpId: string): string =>
  `/charge-points/${encodeURIComponent(cpId).replaceAll(".", "%2E")}`;
export const sessionPath = (sessionId: string): string => `/sessions?id=${encodeURIComponent(sessionId)}`;
export const driverPath = (driverId: string): string => `/drivers?q=${encodeURIComponent(driverId)}`;
