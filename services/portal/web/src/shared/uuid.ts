/** A random UUID, also on pages that came by plain HTTP, where browsers have no `crypto.randomUUID`. */
export function randomUuid(): string {
  if ("randomUUID" in crypto) {
    return crypto.randomUUID();
  }
  const bytes: Uint8Array = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  const digits = Array.from(bytes, (byte, index) => {
    // Version 4 of the variant that RFC 9562 describes.
    const marked = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, "0");
  }).join("");
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join("-");
}
