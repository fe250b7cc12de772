import type { Buffer } from "node:buffer";
import { completeStart, incompleteEnd } from "./code-points.ts";

const newline = 0x0a;

/** How much may be shown. */
export interface Room {
  readonly bytes: number;
  readonly lines: number;
}

/** A part of an output as text, and how many of its bytes that is. */
export interface Shown {
  readonly text: string;
  readonly length: number;
}

/**
 * The beginning of an output. Cut at the end of a line where half of the room or more is used then,
 * and otherwise between two code points.
 */
export function headOf(bytes: Buffer, room: Room): Shown {
  return fit(room.bytes, (most) => {
    let end = Math.min(bytes.length, most, endOfLines(bytes, room.lines));
    end = incompleteEnd(bytes, end);
    const line = bytes.lastIndexOf(newline, end - 1) + 1;
    if (end > 0 && end < bytes.length && line >= end / 2) end = line;
    return bytes.subarray(0, end);
  });
}

/** The end of an output, in the same way. */
export function tailOf(bytes: Buffer, room: Room): Shown {
  return fit(room.bytes, (most) => {
    let start = Math.max(0, bytes.length - most, startOfLines(bytes, room.lines));
    start = completeStart(bytes, start);
    // Where all of it is shown there is nothing to be cut.
    const atLine = start === 0 || bytes[start - 1] === newline;
    const line = bytes.indexOf(newline, start) + 1;
    if (!atLine && line > start && bytes.length - line >= (bytes.length - start) / 2) start = line;
    return bytes.subarray(start);
  });
}

/** What is no UTF-8 becomes longer when it is shown: then less of it is. */
function fit(room: number, cut: (most: number) => Buffer): Shown {
  for (let most = room; ;) {
    const part = cut(most);
    const text = part.toString("utf8");
    const over = globalThis.Buffer.byteLength(text) - room;
    if (over <= 0) return { text, length: part.length };
    most = Math.max(0, Math.min(most, part.length) - Math.ceil(over / 3));
  }
}

function endOfLines(bytes: Buffer, lines: number): number {
  if (lines === 0) return 0;
  let end = 0;
  for (let line = 0; line < lines; line++) {
    const at = bytes.indexOf(newline, end);
    if (at < 0) return bytes.length;
    end = at + 1;
  }
  return end;
}

function startOfLines(bytes: Buffer, lines: number): number {
  if (lines === 0) return bytes.length;
  // A newline at the very end begins no line.
  let start = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length;
  for (let line = 0; line < lines; line++) {
    if (start <= 0) return 0;
    const at = bytes.lastIndexOf(newline, start - 1);
    if (at < 0) return 0;
    start = at;
  }
  return start + 1;
}
