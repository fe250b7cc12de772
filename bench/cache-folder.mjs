import { homedir } from "node:os";
import { join } from "node:path";

/**
 * What the bench downloads lives outside the workspace, so that installing the workspace stays
 * light and a peer can never be mistaken for a dependency.
 * @param {string} name
 */
export function cacheFolder(name) {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), name);
}
