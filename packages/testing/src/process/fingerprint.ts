import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * A text that is another one once something below a directory was created, written to, renamed or
 * removed: also by a program whose calls nobody sees. What is there then must be older than a tick of
 * the kernel's clock (`tickMs`), or a change may leave all times as they were.
 */
export function fingerprintOf(path: string): string {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return `${path}: missing`;
  const { ino, mode, size, mtimeNs, ctimeNs } = stat;
  const own = `${JSON.stringify(path)} ${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`;
  if (!stat.isDirectory()) return own;
  return [own, ...entriesOf(path).map((name) => fingerprintOf(join(path, name)))].join("\n");
}

/** 10 milliseconds where the kernel has 100 ticks a second, and some to spare. */
export const tickMs = 20;

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    // A program may take away what a test needs to look into its directories.
    if ((error as NodeJS.ErrnoException).code === "EACCES") return [];
    throw error;
  }
}
