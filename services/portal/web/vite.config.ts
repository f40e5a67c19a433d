import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

// One build for both pages. Nothing is inlined into the pages: their Content-Security-Policy lets in files of this server alone.
export default defineConfig({
  plugins: [solid()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["driver.html", "operator.html"] },
  },
});
