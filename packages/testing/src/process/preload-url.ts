import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/**
 * Where the module is that a program loads before its own. Found by the name of this package: a bundler
 * moves code between files, but not what package.json exports.
 */
export function preloadUrl(): string {
  const require = createRequire(import.meta.url);
  return pathToFileURL(require.resolve("@holdfast/testing/preload")).href;
}

/** The environment of a program that loads it, beside what `NODE_OPTIONS` asks for already. */
export function withPreload(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const before = env["NODE_OPTIONS"] === undefined ? "" : `${env["NODE_OPTIONS"]} `;
  return { ...env, NODE_OPTIONS: `${before}--import ${preloadUrl()}` };
}
