/** Where in the program a method was called. */

import { fileURLToPath } from "node:url";

/**
 * A frame of a stack trace. The text is taken, and not the structure (`Error.prepareStackTrace`): only
 * the text has been through the source maps, whoever applies them (Node, a test runner, a loader).
 *
 * A place begins with a scheme, a slash or a drive, so that spaces and parentheses in it, and in the name
 * of the function before it, do no harm. Of evaluated code it is where it was evaluated.
 */
const frame =
  /^\s*at (?:.*? \()?(?:async )?((?:[a-z][\w+.-]+:|\/|[a-z]:[\\/]).*?|[^\s()]+?)(:\d+:\d+)\)?(?:,|$)/i;

// Our own frames: those of this package's sources, or, once bundled, of the folder of the bundle.
const here = "calls/caller.ts";
const own: string = fileURLToPath(
  import.meta.url.endsWith(`/${here}`)
    ? import.meta.url.slice(0, -here.length)
    : new URL(".", import.meta.url),
);

/**
 * `"file:line:column"` of the first frame that is neither ours nor Node's; the file is a path, unless
 * the program has other names for its modules.
 *
 * @returns `undefined` if there is none. So it is where the program was bundled into one folder with
 *   this package: its frames cannot be told from ours, since bundlers rename functions, and what the
 *   program calls may have the names of ours.
 */
export function callerOf(): string | undefined {
  const lines = new Error("where").stack?.split("\n").slice(1) ?? [];
  for (const line of lines) {
    const [, where, place] = frame.exec(line) ?? [];
    if (where === undefined || where.startsWith("node:")) continue;
    const file = toPath(where);
    if (!file.startsWith(own)) return file + place;
  }
  return undefined;
}

/** A source map may give names that look like the URL of a file and are none. */
function toPath(where: string): string {
  if (!where.startsWith("file:")) return where;
  try {
    return fileURLToPath(where);
  } catch {
    return where.slice("file://".length);
  }
}
