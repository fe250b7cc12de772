import { join } from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { npmInstall } from "./npm-install.mjs";

const versions = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0", 26: "26.10.0" };

/**
 * The path of a Node of that major version, fetched from npm on first use. The folder is the one
 * that scripts/runtimes.mjs fills, so a Node is downloaded once for both.
 * @param {string} major
 */
export function newerNode(major) {
  const version = versions[major];
  if (!version)
    throw new Error(`unknown Node ${major}; known: ${Object.keys(versions).join(", ")}`);
  const { platform, arch } = process;
  const os = platform === "win32" ? "win" : platform;
  const prefix = platform === "darwin" && arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${os}-${arch}`;
  const cache = process.env.RUNTIMES_CACHE ?? cacheFolder("holdfast-runtimes");
  const dir = join(cache, `${name}@${version}`);
  npmInstall(dir, { dependencies: { [name]: version } });
  return join(dir, "node_modules", name, "bin", platform === "win32" ? "node.exe" : "node");
}
