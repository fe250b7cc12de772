import type { Side } from "./sides.ts";

/** One row in how many each form takes; by descriptor and asynchronously, all are taken. */
const shares = {
  "async, descriptor": 1,
  "sync, descriptor": 2,
  "async, identity": 6,
  "sync, identity": 6,
  "promises view": 6,
};

/**
 * The rows of a table that a form of a root is tried with. All forms run one body over one walker, and
 * containment by identity waits for the clock of the file system: it takes a share, another one with
 * each method, so that over all methods it meets every row.
 */
export function shareOf<Row>(
  rows: readonly Row[],
  side: Side,
  methodIndex: number,
): readonly Row[] {
  const share = shares[side.name as keyof typeof shares];
  return rows.filter((_, index) => (index + methodIndex) % share === 0);
}
