import { shellText } from "./textShell";

export function Loading() {
  return (
    <p class="empty" role="status">
      {shellText().loading}
    </p>
  );
}
