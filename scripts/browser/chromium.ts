/**
 * Chromium, driven by playwright-core, and axe-core. Both packages are outside the main install, as
 * are their types.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";

/** As far as it is used. */
export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<Result>(expression: string): Promise<Result>;
  on(event: "request" | "response", listener: (about: { url(): string }) => void): void;
  close(): Promise<void>;
}
export interface Look {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
}
export interface Browser {
  newPage(look: Look): Promise<Page>;
  close(): Promise<void>;
}
interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; args: readonly string[] }): Promise<Browser>;
  };
}

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/** Without a sandbox of its own, Chromium also starts as root, as in a container. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts a browser with an empty profile. Ends the process with code 2 if something is missing. */
export async function startChromium(): Promise<{ browser: Browser; axe: string }> {
  const executablePath =
    process.env["CHROMIUM"] ??
    (process.env["PATH"] ?? "")
      .split(delimiter)
      .flatMap((folder) => NAMES.map((name) => join(folder, name)))
      .find(existsSync);
  if (executablePath === undefined || !existsSync(executablePath))
    refuse("Chromium is not installed, or CHROMIUM names no file.");
  const { resolve } = createRequire(import.meta.url);
  let paths: readonly [playwright: string, axe: string];
  try {
    paths = [resolve("playwright-core"), resolve("axe-core/axe.min.js")];
  } catch {
    return refuse("playwright-core is not installed. Run: npm --prefix scripts/browser ci");
  }
  const { chromium } = ((await import(pathToFileURL(paths[0]).href)) as { default: Playwright })
    .default;
  return {
    browser: await chromium.launch({ executablePath, args: FLAGS }),
    axe: readFileSync(paths[1], "utf8"),
  };
}

function refuse(what: string): never {
  console.error(what);
  process.exit(2);
}
