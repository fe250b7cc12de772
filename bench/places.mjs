import { accessSync, constants, statSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";

const tmpfsMagic = 0x01021994;

/**
 * Where to measure: memory (no device at all, so what is left is the cost of the calls) and disk.
 * @param {string} [diskDir] instead of the system's temporary folder
 * @returns {{ places: Record<string, string>, notes: string[] }}
 */
export function findPlaces(diskDir) {
  const notes = [];
  const places = {};
  if (isTmpfs("/dev/shm")) places.tmpfs = "/dev/shm";
  else notes.push("tmpfs left out: /dev/shm is not a tmpfs that can be written to");
  const disk = resolve(diskDir ?? tmpdir());
  if (isTmpfs(disk)) notes.push(`disk left out: ${disk} is a tmpfs; name another with --dir`);
  else places.disk = disk;
  if (places.tmpfs && places.disk && statSync(places.tmpfs).dev === statSync(places.disk).dev)
    notes.push("tmpfs and disk are one device: nothing is moved across devices");
  return { places, notes };
}

function isTmpfs(dir) {
  try {
    accessSync(dir, constants.W_OK);
    return statfsSync(dir).type === tmpfsMagic;
  } catch {
    return false;
  }
}
