/** Installs the tools of scripts/interop/ where they are missing or out of date. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder that has the tools in its node_modules/. */
export const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** @returns the version of an installed package */
export const versionOf = (name: string): string =>
  (
    JSON.parse(readFileSync(`${FOLDER}node_modules/${name}/package.json`, "utf8")) as {
      version: string;
    }
  ).version;

/**
 * @param say where to say that it installs
 * @throws Error if npm fails
 */
export function install(say: (text: string) => void): void {
  const { dependencies } = JSON.parse(readFileSync(`${FOLDER}package.json`, "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const stale = Object.entries(dependencies).filter(
    ([name, version]) =>
      !existsSync(`${FOLDER}node_modules/${name}/package.json`) || versionOf(name) !== version,
  );
  if (stale.length === 0) return;
  say("Installing the tools in scripts/interop/ …");
  // No tool needs what its packages would build or report at their installation.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, {
    cwd: FOLDER,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("The tools could not be installed in scripts/interop/.");
}
