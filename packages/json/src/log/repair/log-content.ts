import { Buffer } from "node:buffer";
import type { StepSource } from "@holdfast/atomic/steps";
import type { LogInput } from "../read/log-input.ts";
import type { ScanSettings } from "../read/log-scanner.ts";

const pieceBytes = 256 * 1024;

/** A log as it is, byte by byte. */
export function wholeFile(input: LogInput): StepSource {
  const room = Buffer.allocUnsafe(pieceBytes);
  let position = 0;
  return {
    *read() {
      const piece = yield* input.bytes(room, position);
      position += piece.byteLength;
      return piece.byteLength === 0 ? undefined : piece;
    },
    release() {},
  };
}

/** The records of a log, each a line by itself. */
export function recordLines(input: LogInput, settings: ScanSettings): StepSource {
  const records = input.again(settings);
  const lineFeed = Buffer.from("\n");
  let waiting: Uint8Array | undefined;
  return {
    *read() {
      if (waiting !== undefined) {
        const piece = waiting;
        waiting = undefined;
        return piece;
      }
      if ((yield* records.next()) === undefined) return undefined;
      waiting = lineFeed;
      return records.scanner.valueBytes();
    },
    release() {},
  };
}
