/** Where in a run what goes wrong, in the three forms it has: data, a sentence, and a replay string. */

import { invalidRange } from "@holdfast/fs/steps";
import { formatCall, type Call } from "../../calls/call.ts";

/**
 * How a call fails.
 *
 * - `"once-before"`: once, having done nothing.
 * - `"once-after"`: once, having done what it was asked to.
 * - `"persistent"`: it and every call of its name from then on: a disk stays full.
 * - `"dead-stop"`: it and every call from then on, with `EIO`: nothing is reached any more, so what is
 *   there is what the end of the process at that point leaves.
 * - `"short"`: a read or write moves fewer bytes than asked.
 */
export type FaultMode = "once-before" | "once-after" | "persistent" | "dead-stop" | "short";

export const faultModes: readonly FaultMode[] = [
  "once-before",
  "once-after",
  "persistent",
  "dead-stop",
  "short",
];

/** One fault. The number of the call counts from 1. */
export type FaultPoint =
  | { readonly mode: "short"; readonly index: number; readonly bytes: number }
  | { readonly mode: Exclude<FaultMode, "short">; readonly index: number; readonly errno: string };

/** `"faults:once-before:3:EIO"`, two of them joined with `+`; `"faults:none"` without a fault. */
export function formatReplay(points: readonly FaultPoint[]): string {
  if (points.length === 0) return "faults:none";
  const each = points.map((point) => {
    const what = point.mode === "short" ? point.bytes : point.errno;
    return `${point.mode}:${point.index}:${what}`;
  });
  return `faults:${each.join("+")}`;
}

/** @throws `RangeError` (`ERR_INVALID_ARG`) for anything else */
export function parseReplay(text: string): FaultPoint[] {
  if (text === "faults:none") return [];
  const refused = (): RangeError =>
    invalidRange("replayFault", "replay", "what a failure of sweepFaults says", text);
  if (typeof text !== "string" || !text.startsWith("faults:")) throw refused();
  const points = text
    .slice("faults:".length)
    .split("+")
    .map((part): FaultPoint => {
      const [, mode, at, what] = /^([a-z-]+):([1-9]\d*):(\w+)$/.exec(part) ?? [];
      const index = Number(at);
      if (mode === "short" && /^\d+$/.test(what!)) return { mode, index, bytes: Number(what) };
      const known = faultModes.find((one) => one === mode);
      if (known === undefined || known === "short") throw refused();
      return { mode: known, index, errno: what! };
    });
  const inOrder = points.every(({ index }, at) => at === 0 || index > points[at - 1]!.index);
  if (points.length > 2 || !inOrder) throw refused();
  return points;
}

/** `"call 3 (fsync a.tmp) fails with EIO, before it takes effect"` */
export function describePoint(point: FaultPoint, call: Call): string {
  return `call ${point.index} (${formatCall(call)}) ${describeFault(point, call)}`;
}

function describeFault(point: FaultPoint, { name }: Call): string {
  switch (point.mode) {
    case "once-before":
      return `fails with ${point.errno}, before it takes effect`;
    case "once-after":
      return `fails with ${point.errno}, after it took effect`;
    case "persistent":
      return `fails with ${point.errno}, persistent: so does every ${name} from then on`;
    case "dead-stop":
      return `fails with ${point.errno}, dead stop: so does every call from then on`;
    case "short":
      return `moves ${point.bytes} ${point.bytes === 1 ? "byte" : "bytes"} only`;
  }
}
