/** Addresses within the page. */
export const chargePointPath = (cpId: string): string => `/charge-points/${encodeURIComponent(cpId)}`;
export const sessionPath = (sessionId: string): string => `/sessions?id=${encodeURIComponent(sessionId)}`;
export const driverPath = (driverId: string): string => `/drivers?q=${encodeURIComponent(driverId)}`;
