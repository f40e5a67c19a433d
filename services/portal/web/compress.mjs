// Puts a .gz beside every text file of the build, so that the server sends what is ready, and says what a first visit costs.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_BYTES = 150_000;
const sizes = new Map();
for (const file of readdirSync("dist", { recursive: true })) {
  if (/\.(html|js|css|svg|json)$/.test(file)) {
    const compressed = gzipSync(readFileSync(`dist/${file}`), { level: 9 });
    writeFileSync(`dist/${file}.gz`, compressed);
    sizes.set(file, compressed.length);
  }
}
for (const page of ["driver.html", "operator.html"]) {
  const html = readFileSync(`dist/${page}`, "utf8");
  const loaded = [page, ...[...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1])];
  const bytes = loaded.reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0);
  console.log(`${page}: ${loaded.length} files, ${(bytes / 1000).toFixed(1)} kB compressed`);
  if (bytes > LIMIT_BYTES) {
    console.error(`${page} is over its ${LIMIT_BYTES / 1000} kB`);
    process.exitCode = 1;
  }
}
