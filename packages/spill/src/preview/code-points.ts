/** Where UTF-8 may be cut. Of bytes that are none, a cut is at most three bytes off. */

const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0xc0) === 0x80;

/** How long the sequence is that a byte begins; 1 where it begins none. */
export function lengthFrom(lead: number): number {
  if (lead >= 0xf0 && lead < 0xf8) return 4;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xc0 && lead < 0xe0 ? 2 : 1;
}

/** The end before a sequence that has not all its bytes before `end`. */
export function incompleteEnd(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back]!;
    if (isContinuation(byte)) continue;
    return lengthFrom(byte) > back ? end - back : end;
  }
  return end;
}

/** The start after the bytes of a sequence that began before `start`. */
export function completeStart(bytes: Uint8Array, start: number): number {
  let from = start;
  while (from < bytes.length && from < start + 3 && isContinuation(bytes[from])) from++;
  return from;
}
