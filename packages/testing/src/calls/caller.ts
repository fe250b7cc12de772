/** Where in the program a method was called. */

// Our own frames: those of this package's sources, or, once bundled, of the folder of the bundle.
const here = "calls/caller.ts";
const own: string = import.meta.url.endsWith(`/${here}`)
  ? import.meta.url.slice(0, -here.length)
  : import.meta.url.slice(0, import.meta.url.lastIndexOf("/") + 1);

/** `"file:line:column"` of the first frame that is neither ours nor Node's. */
export function callerOf(): string | undefined {
  const lines = new Error("where").stack?.split("\n").slice(1) ?? [];
  for (const line of lines) {
    const place = /\(?((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(line.trim())?.[1];
    if (place === undefined || place.startsWith("node:")) continue;
    if (place.startsWith(own) || `file://${place}`.startsWith(own)) continue;
    return place.replace(/^file:\/\//, "");
  }
  return undefined;
}
