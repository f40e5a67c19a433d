/** Saves a table as a file that spreadsheets open (RFC 4180, UTF-8). */
export function downloadCsv(fileName: string, header: string[], rows: string[][]): void {
  const lines = [header, ...rows].map((cells) => cells.map(csvCell).join(","));
  // The mark at the front tells spreadsheets that this is UTF-8.
  const file = new Blob(["\uFEFF", lines.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}

function csvCell(value: string): string {
  // A spreadsheet runs a cell that begins like a formula; a plain negative number is none.
  const isFormula = /^[=+\-@\t\r]/.test(value) && !/^-\d+(\.\d+)?$/.test(value);
  const safe = isFormula ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
