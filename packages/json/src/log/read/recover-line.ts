import { findExtent, isOpening, skipSpace, type JsonExtent } from "./json-extent.ts";

/** A stretch of a line; those of a line follow each other without a gap. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** Of a record: where its value is, without the space around it. */
  readonly value: { readonly start: number; readonly end: number } | undefined;
  /** Why it is none. */
  readonly reason: "torn" | "syntax" | "encoding";
}

/** How many times the length of a line its bytes are looked at. */
const maxPasses = 16;

/**
 * Finds the records in a line that is no JSON: those that lost the line end between them, and those that
 * were written behind one that is torn.
 *
 * Where a record begins, in the order of how well that is known: where the line does, and where a whole
 * record ends; after a torn one, not behind the first byte that cannot belong to it, so it begins there, or in
 * what looks like one of its strings. Of several such places that one counts which explains the line with
 * the fewest accidents: what reaches the end of the line, then the latest one that reaches the beginning of
 * another record. An object inside a torn record is not taken for a record because of that: a comma or a
 * bracket follows it. One thing cannot be told: `{"a":{"b":1}` may be one torn record, or `{"a":` and a whole
 * one. In a line, which somebody has ended, the latter is assumed; at the end of a log, where a record may be
 * on its way, the former.
 *
 * After damage (bytes that no tear explains) an object or array counts that reaches the end of the line, or
 * the beginning of another if it is not where a member of an object or array would be.
 *
 * Given up: numbers, strings and words in such a line; whole records behind a torn one that ended where a
 * value was due, if another whole one follows in the same line (`{"a":` `{"b":1}` `{"c":2}`: the middle one);
 * and the rest of a line after looking sixteen times at as many bytes as it has, which takes somebody who
 * wants that.
 */
export class LineRecovery {
  private readonly bytes: Uint8Array;
  private readonly limit: number;
  /** Whether there is a line end: otherwise more may be on its way. */
  private readonly isEnded: boolean;
  private work: number;
  /** The end of the last piece. */
  private done: number;
  private at: number;
  /** Whether a record is known to begin here. */
  private isSure = true;
  /** What has been found out of this place already. */
  private known: JsonExtent | undefined;
  private reason: Piece["reason"] | undefined;
  private readonly ready: Piece[] = [];

  constructor(bytes: Uint8Array, start: number, limit: number, isEnded: boolean) {
    this.bytes = bytes;
    this.limit = limit;
    this.isEnded = isEnded;
    this.done = start;
    this.at = start;
    this.work = (limit - start + 64) * maxPasses;
  }

  /** The next piece; `undefined` at the end. */
  next(): Piece | undefined {
    while (this.ready.length === 0 && this.done < this.limit) this.advance();
    return this.ready.shift();
  }

  private advance(): void {
    const { bytes, limit } = this;
    const start = skipSpace(bytes, this.at, limit);
    if (start >= limit || this.work < 0) return this.drop(limit);
    if (!isOpening(bytes[start])) return this.lookFor(start, "syntax");
    const extent = this.known?.start === start ? this.known : this.extentAt(start);
    if (extent.whole) return this.wholeAt(extent);
    const isOpen = extent.end >= limit;
    if (isOpen && !this.isEnded) return this.leave(limit, "torn");
    const successor = this.successor(extent);
    if (successor !== undefined) return this.goOnAt(successor, "torn");
    if (!isOpen) return this.lookFor(Math.max(extent.end, start + 1), extent.fault);
    if (extent.lastInner < 0) return this.leave(limit, "torn");
    this.reason ??= "torn";
    this.take(extent.lastInner, lastByte(bytes, limit) + 1);
  }

  private extentAt(start: number): JsonExtent {
    const extent = findExtent(this.bytes, start, this.limit);
    this.work -= extent.end - start + 1;
    return extent;
  }

  private wholeAt(extent: JsonExtent): void {
    const { isSure } = this;
    if (this.isFollowed(extent) && (isSure || !this.isMember(extent))) {
      return this.take(extent.start, extent.end);
    }
    if (!isSure) return this.lookFor(extent.end, "syntax");
    // Whole, and then something else: unless its end is in a string of the record behind a torn one.
    const successor = this.successor(extent);
    const reachesEnd = successor?.whole === true || (successor?.lastInner ?? -1) >= 0;
    if (successor !== undefined && reachesEnd) return this.goOnAt(successor, "torn");
    this.take(extent.start, extent.end);
  }

  /** Whether what is behind it is what is behind a record. */
  private isFollowed({ end, hasString }: JsonExtent): boolean {
    const after = skipSpace(this.bytes, end, this.limit);
    if (after >= this.limit) return this.isEnded || hasString;
    // Text can have `{}[]` in it, but no quotation marks without a backslash.
    return hasString && isOpening(this.bytes[after]);
  }

  /** Whether it is where the member of an object or array would be, which goes on behind it. */
  private isMember({ start, end }: JsonExtent): boolean {
    if (skipSpace(this.bytes, end, this.limit) >= this.limit) return false;
    let before = start - 1;
    while (before >= this.done && skipSpace(this.bytes, before, before + 1) > before) before--;
    if (before < this.done) return false;
    const byte = this.bytes[before];
    return byte === 0x3a || byte === 0x2c || byte === 0x5b;
  }

  /** Where the next record begins, if what begins here is torn. */
  private successor(torn: JsonExtent): JsonExtent | undefined {
    const { bytes, limit } = this;
    let glued: JsonExtent | undefined;
    let furthest: JsonExtent | undefined;
    let reached = 0;
    let isInString = false;
    this.work -= torn.end - torn.start;
    for (let at = torn.start; at <= torn.end && at < limit; at++) {
      const byte = bytes[at]!;
      const isFault = at === torn.end && !torn.whole;
      if (byte === 0x22) isInString = !isInString;
      else if (byte === 0x5c && isInString && at + 1 < torn.end) at++;
      else if (isOpening(byte) && (isFault || (isInString && at >= reached))) {
        if (this.work < 0) return undefined;
        const found = this.extentAt(at);
        // What is inside of it, and not in its strings, ends with it or is a member of it.
        if (!isFault) reached = found.end;
        if (found.whole && this.isFollowed(found)) {
          if (skipSpace(bytes, found.end, limit) >= limit) return found;
          glued = found;
        }
        if (!found.whole && found.end > (furthest ?? torn).end) furthest = found;
      }
    }
    return glued ?? furthest;
  }

  private goOnAt(extent: JsonExtent, reason: Piece["reason"]): void {
    this.reason ??= reason;
    this.at = extent.start;
    this.known = extent;
    this.isSure = extent.whole;
  }

  /** Looks for a record after bytes that no tear explains. */
  private lookFor(from: number, reason: Piece["reason"]): void {
    this.reason ??= reason;
    let at = from;
    while (at < this.limit && !isOpening(this.bytes[at])) at++;
    if (at === this.limit) return this.drop(at);
    this.at = at;
    this.isSure = false;
  }

  private leave(end: number, reason: Piece["reason"]): void {
    this.reason ??= reason;
    this.drop(end);
  }

  private drop(end: number): void {
    const reason = this.reason ?? "syntax";
    if (end > this.done) this.ready.push({ start: this.done, end, value: undefined, reason });
    this.done = end;
    this.reason = undefined;
  }

  private take(start: number, end: number): void {
    if (this.reason !== undefined) this.drop(start);
    const after = skipSpace(this.bytes, end, this.limit);
    this.ready.push({ start: this.done, end: after, value: { start, end }, reason: "syntax" });
    this.done = after;
    this.at = after;
    this.isSure = true;
    this.known = undefined;
  }
}

/** The last byte before `limit` that is not white space. */
function lastByte(bytes: Uint8Array, limit: number): number {
  let at = limit - 1;
  while (skipSpace(bytes, at, at + 1) > at) at--;
  return at;
}
