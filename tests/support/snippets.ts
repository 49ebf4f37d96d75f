import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The pages that a user reads. */
const PAGES = [
  "README.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .map((name) => join("docs", name))
    .filter((name) => name.endsWith(".md"))
    .sort(),
];

/**
 * The code blocks in TypeScript of the README and of docs/. Each is a module by itself; its name is
 * a file name that tells the page and the line.
 */
export const SNIPPETS: readonly { readonly name: string; readonly code: string }[] = PAGES.flatMap(
  (page) => {
    const text = readFileSync(page, "utf8");
    return [...text.matchAll(/^```(?:ts|typescript)\n(.*?)^```$/gms)].map(
      ({ 1: code = "", index }) => ({
        name: `${page.replace(/\.md$/, "").replaceAll(/[\\/]/g, "-")}-line-${
          text.slice(0, index).split("\n").length
        }.ts`,
        code,
      }),
    );
  },
);
