/** Content that is written over, so that for a while neither the old nor the new is there. */

import { O_APPEND, O_TRUNC } from "../../calls/constants.ts";
import type { TracedCall } from "../trace.ts";
import type { Lint } from "./lint.ts";
import type { TracedFile, TracedFiles } from "./traced-files.ts";

interface Extent {
  size: number;
  /** How much of the content somebody relies on: it was there before, or was acknowledged. */
  settled: number;
  emptied: TracedCall | undefined;
  /** The call to blame since the last acknowledgement. */
  overwritten: TracedCall | undefined;
}

interface Opening {
  readonly call: TracedCall;
  /** Whether O_TRUNC has been reckoned with. */
  begun: boolean;
  /** Where the next transfer without a position of its own begins. */
  offset: number;
}

/**
 * To empty a file, or to cut its end off, is one step: the old or the new is there. Only what is then
 * written where there was content can be found in halves.
 */
export function overwriting(): Lint {
  const extents = new Map<TracedFile, Extent>();
  /** By descriptor, the last that had it: of one that is closed nothing is asked. */
  const openings = new Map<number, Opening>();

  function extentOf(file: TracedFile, size: number): Extent {
    const known = extents.get(file);
    if (known !== undefined) return known;
    const extent = { size, settled: size, emptied: undefined, overwritten: undefined };
    extents.set(file, extent);
    return extent;
  }

  function opened(call: TracedCall, files: TracedFiles): [Extent, Opening] | undefined {
    const opening = call.fd === undefined ? undefined : openings.get(call.fd);
    const file = files.of(call);
    if (opening === undefined || file === undefined) return undefined;
    const extent = extentOf(file, opening.call.size ?? 0);
    if (!opening.begun && (flagsOf(opening) & O_TRUNC) !== 0) cut(extent, 0, opening.call);
    opening.begun = true;
    return [extent, opening];
  }

  return {
    begin(call, files) {
      if (call.name === "rename") {
        // Whatever it was, it is a staged file now.
        const extent = extents.get(files.at(call.paths[0]!));
        if (extent !== undefined) Object.assign(extent, { settled: 0, overwritten: undefined });
      }
      const known = opened(call, files);
      if (known === undefined) return [];
      const [extent] = known;
      if (call.name === "write") write(...known, call);
      if (call.name === "ftruncate") cut(extent, call.args[1] as number, call);
      return [];
    },

    end(call, files) {
      if (call.error !== undefined) return [];
      if (call.name === "open") openings.set(call.fd!, { call, begun: false, offset: 0 });
      if (call.name === "truncate") {
        const file = files.at(call.target ?? call.paths[0]!);
        cut(extentOf(file, call.size ?? 0), call.args[1] as number, call);
      }
      const opening = call.name === "read" ? openings.get(call.fd!) : undefined;
      if (opening !== undefined && typeof call.args[4] !== "number") {
        opening.offset += call.result as number;
      }
      return [];
    },

    *ack(ack, files) {
      const detail = ack === undefined ? "at the end" : `ack ${JSON.stringify(ack.label)}`;
      for (const [file, extent] of extents) {
        const { overwritten: call } = extent;
        if (call !== undefined && files.hasName(file)) {
          yield { rule: "in-place-overwrite", path: files.pathOf(file), call, detail };
        }
        extent.settled = extent.size;
        extent.emptied = undefined;
        extent.overwritten = undefined;
      }
    },
  };
}

function write(extent: Extent, opening: Opening, call: TracedCall): void {
  const [, , , length, position] = call.args as [number, Uint8Array, number, number, unknown];
  const appends = (flagsOf(opening) & O_APPEND) !== 0;
  const own = typeof position === "number" || typeof position === "bigint";
  const at = appends ? extent.size : own ? Number(position) : opening.offset;
  if (!own || appends) opening.offset = at + length;
  if (length > 0 && at < extent.settled) extent.overwritten ??= extent.emptied ?? call;
  extent.size = Math.max(extent.size, at + length);
}

function cut(extent: Extent, length: number, call: TracedCall): void {
  if (length === 0 && extent.settled > 0) extent.emptied ??= call;
  // What is left of it is whole; of an emptied file it counts that there was something.
  if (length > 0) extent.settled = Math.min(extent.settled, length);
  extent.size = length;
}

const flagsOf = ({ call }: Opening): number => call.args[1] as number;
