import { invalidRange, invalidType, platforms } from "@holdfast/fs/steps";
import { requireKnown } from "../scenario/known-options.ts";
import type { MemoryFileSystemOptions } from "./options.ts";

const op = "createMemoryFileSystem";
const mostIds = 2 ** 32 - 2; // uid_t has 32 bits, and -1 means "unchanged"

/** @throws `TypeError`, `RangeError` for what cannot be meant. */
export function checkOptions(options: MemoryFileSystemOptions): void {
  requireKnown(op, options, [
    "tree",
    "platform",
    "umask",
    "uid",
    "gid",
    "capacityBytes",
    "devices",
  ]);
  const { platform, umask, uid, gid, capacityBytes, devices } = options;
  if (platform !== undefined && !Object.hasOwn(platforms, platform)) {
    throw invalidType(op, "platform", `one of ${Object.keys(platforms).join(", ")}`, platform);
  }
  checkInteger("umask", umask, 0o777);
  checkInteger("uid", uid, mostIds);
  checkInteger("gid", gid, mostIds);
  if (capacityBytes !== Infinity) checkInteger("capacityBytes", capacityBytes, 2 ** 53 - 1);
  if (devices === undefined) return;
  if (!Array.isArray(devices)) throw invalidType(op, "devices", "an array of paths", devices);
  for (const device of devices as readonly unknown[]) {
    if (typeof device === "string" && /^\/./.test(device)) continue;
    throw invalidType(op, "devices", "absolute paths of directories below /", device);
  }
}

function checkInteger(name: string, value: unknown, most: number): void {
  if (value === undefined) return;
  if (typeof value !== "number") throw invalidType(op, name, "a number", value);
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw invalidRange(op, name, `an integer from 0 to ${most}`, value);
  }
}
