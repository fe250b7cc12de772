import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheFolder } from "./cache-folder.mjs";
import { nodeSatisfies } from "./node-range.mjs";
import { npmInstall } from "./npm-install.mjs";

/**
 * @typedef {object} Peers
 * @property {(specifier: string) => Promise<any>} load  rejects with the reason if it is left out
 * @property {Record<string, string>} versions
 * @property {string} folder  where they are installed
 */

/**
 * Installs the pinned peers into a cache folder of their own, on first use.
 * @returns {Promise<Peers>}
 */
export async function providePeers() {
  const pinned = readFileSync(new URL("peers.json", import.meta.url), "utf8");
  const names = Object.keys(JSON.parse(pinned).dependencies);
  const digest = createHash("sha256").update(pinned).digest("hex").slice(0, 12);
  const major = process.versions.node.split(".")[0];
  const dir = join(cacheFolder("holdfast-bench"), `peers-${digest}-node${major}`);
  try {
    npmInstall(dir, JSON.parse(pinned), ["--ignore-scripts"]);
  } catch (error) {
    const load = () => Promise.reject(new Error(`npm install failed: ${error.message}`));
    return { load, versions: {}, folder: dir };
  }
  // A bare specifier resolves from the module that imports it: so a module that lies in the cache
  // folder does the importing.
  const door = join(dir, "load.mjs");
  writeFileSync(door, "export const load = (specifier) => import(specifier);\n");
  const { load } = await import(pathToFileURL(door).href);

  const manifests = Object.fromEntries(names.map((name) => [name, manifest(dir, name)]));
  return {
    folder: dir,
    versions: Object.fromEntries(
      names.map((name) => [name, manifests[name].version + nativePart(dir, name)]),
    ),
    async load(specifier) {
      const name = names.find((known) => specifier === known || specifier.startsWith(`${known}/`));
      const range = manifests[name]?.engines?.node;
      if (range && !nodeSatisfies(range, process.versions.node))
        throw new Error(`needs Node ${range}, this is ${process.versions.node}`);
      return load(specifier);
    },
  };
}

const manifest = (dir, name) =>
  JSON.parse(readFileSync(join(dir, "node_modules", name, "package.json"), "utf8"));

/** A scoped peer's native part is a package beside it, named after it and the platform. */
function nativePart(dir, name) {
  const [scope, base] = name.split("/");
  if (!base) return "";
  const parts = readdirSync(join(dir, "node_modules", scope)).filter((n) =>
    n.startsWith(`${base}-`),
  );
  return parts.length > 0 ? ` with ${parts.join(", ")}` : " without its native part";
}
