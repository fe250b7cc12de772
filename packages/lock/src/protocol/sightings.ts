import type { Found } from "./read-entry.ts";

interface Sighting {
  readonly identity: string;
  readonly mtimeNs: bigint;
  /** By a clock that nobody sets. */
  readonly since: number;
}

/** What one call has seen, while it waited, of entries that no kernel can judge. */
export class Sightings {
  private readonly byPath = new Map<string, Sighting>();

  /** For how many milliseconds, at least, an entry has been as it is now. */
  unchangedMs({ path, identity, stats: { mtimeNs } }: Found): number {
    const now = performance.now();
    const seen = this.byPath.get(path);
    if (seen?.identity === identity && seen.mtimeNs === mtimeNs) return now - seen.since;
    this.byPath.set(path, { identity, mtimeNs, since: now });
    return 0;
  }
}
