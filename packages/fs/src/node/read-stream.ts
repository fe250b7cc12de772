import type { ReadStream } from "node:fs";
import { builtIn } from "./node-fs.ts";

/**
 * Node's own `ReadStream`, whose file is opened, read and closed by somebody else's calls: what its
 * option `fs` takes. What their `open` answers with is what the others are called with.
 */
export function readStreamOver(options: object, calls: object): ReadStream {
  // The path is checked by Node and given to `open`, which knows better.
  return builtIn.createReadStream("-", { ...options, fs: calls as never });
}
