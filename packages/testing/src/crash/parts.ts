/** The bytes of a write that reached the disk when the others did not. */
export interface Part {
  /** Counted in the write. */
  readonly from: number;
  /** The first byte after it. */
  readonly to: number;
}

/** What the page cache of Linux writes as one, wherever in the file a program's write began. */
export const page = 4096;

/**
 * The parts of a write that stand for all of them:
 *
 * - Front parts: up to the first, the middle and the last page boundary of the *file* in it; half, if it
 *   is no longer than a page; all but its last byte (the newline that ends a record).
 * - If it touches several pages, which are written back in any order: all but its first page, and only
 *   its last.
 */
export function partsOf(offset: number, length: number): Part[] {
  if (length < 2) return [];
  const boundaries = boundariesIn(offset, length);
  const fronts = new Set([...boundaries, length - 1]);
  if (length <= page) fronts.add(Math.floor(length / 2));
  return [
    ...[...fronts].sort((one, other) => one - other).map((to) => ({ from: 0, to })),
    ...boundaries
      .filter((_, index) => index === 0 || index === boundaries.length - 1)
      .map((from) => ({ from, to: length })),
  ];
}

/** The first, the middle and the last, each once. */
function boundariesIn(offset: number, length: number): number[] {
  const first = page - (offset % page);
  if (first >= length) return [];
  const count = Math.ceil((length - first) / page);
  const places = new Set([0, Math.floor(count / 2), count - 1]);
  return [...places].sort((one, other) => one - other).map((place) => first + place * page);
}
