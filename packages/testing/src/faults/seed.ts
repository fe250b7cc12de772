/**
 * A new seed, told on stderr so that what follows from it can be had again. Not cryptographic: only
 * different each time.
 */
export function newSeed(who: string): number {
  const seed = Math.floor(Math.random() * 2 ** 31);
  process.stderr.write(`${who}: seed ${seed}\n`);
  return seed;
}
