/** Addresses within the page. */
export const chargePointPath = (cpId: string): string => `/charge-points/${encodeURIComponent(cpId)}`;
export const sessionPath = (sessionId: string): string => `/sessions?id=${encodeURIComponent(sessionId)}`;
export const driverPath = (driverId: string): string => `/drivers?q=${encodeURIComponent(driverId)}`;

/** The id in a path; what can't be read stays as it is, and names no charge point. */
export function readId(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
