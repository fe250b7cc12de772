import {
  invalidCombination,
  invalidRange,
  invalidType,
  platforms,
  readBoolean,
  readSignal,
  requireObject,
} from "@holdfast/fs/steps";
import type { OpenSpillStoreOptions, SpillOptions } from "../options.ts";
import type { CallSettings, StoreSettings } from "./settings.ts";

const perCall = [
  ...(["maxBytes", "maxChars", "maxLines", "headroom"] as const),
  ...(["headBytes", "tailBytes", "headLines", "tailLines", "escape", "howToRead"] as const),
];
const ofStore: readonly string[] = [
  ...perCall,
  ...(["root", "session", "exempt", "maxFileBytes", "maxSessionBytes", "maxStoreBytes"] as const),
  ...(["durable", "fileSystem"] as const),
];
const ofSpill: readonly string[] = [...perCall, "extension", "signal"];

/** Refuses an option that does not exist: nobody would notice that it does nothing. */
export function refuseUnknown(op: string, options: object, known: readonly string[]): void {
  const stranger = Object.keys(options).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw invalidCombination(op, `there is no option ${JSON.stringify(stranger)}`);
  }
}

const kib = 1024;
const mib = 1024 * kib;

const defaults: CallSettings = {
  maxBytes: 50 * kib,
  maxChars: Infinity,
  maxLines: Infinity,
  headroom: 0,
  headBytes: 2 * kib,
  tailBytes: 2 * kib,
  headLines: Infinity,
  tailLines: Infinity,
  escape: undefined,
  howToRead: "Read the rest in pages, by this ref.",
  extension: undefined,
  signal: undefined,
};

/** Checks the options of a store, all but where it is. */
export function readStoreOptions(op: string, options: OpenSpillStoreOptions): StoreSettings {
  requireObject(op, options);
  refuseUnknown(op, options, ofStore);
  const { exempt } = options;
  if (exempt !== undefined && typeof exempt !== "function") {
    throw invalidType(op, "exempt", "a function", exempt);
  }
  return {
    session: readSession(op, options.session),
    call: readSettings(op, options, defaults),
    exempt,
    maxFileBytes: readLimit(op, "maxFileBytes", options.maxFileBytes, 50 * mib),
    maxSessionBytes: readLimit(op, "maxSessionBytes", options.maxSessionBytes, 500 * mib),
    maxStoreBytes: readLimit(op, "maxStoreBytes", options.maxStoreBytes, 5 * 1024 * mib),
    durable: readBoolean(op, "durable", options.durable, true),
  };
}

/** Checks the options of a call; what is not given is as the store has it. */
export function readSpillOptions(
  op: string,
  options: SpillOptions | undefined,
  byDefault: CallSettings,
): CallSettings {
  if (options === undefined) return byDefault;
  requireObject(op, options);
  refuseUnknown(op, options, ofSpill);
  const { extension } = options;
  if (extension !== undefined) {
    if (typeof extension !== "string") throw invalidType(op, "extension", "a string", extension);
    if (!/^[A-Za-z0-9]{1,16}$/.test(extension)) {
      throw invalidRange(op, "extension", "1 to 16 letters or digits", extension);
    }
  }
  return {
    ...readSettings(op, options, byDefault),
    extension,
    signal: readSignal(op, options.signal),
  };
}

function readSettings(
  op: string,
  options: Omit<SpillOptions, "extension" | "signal">,
  byDefault: CallSettings,
): CallSettings {
  const { escape, howToRead } = options;
  if (escape !== undefined && typeof escape !== "function") {
    throw invalidType(op, "escape", "a function", escape);
  }
  if (howToRead !== undefined && typeof howToRead !== "string") {
    throw invalidType(op, "howToRead", "a string", howToRead);
  }
  const limit = (name: (typeof perCall)[number] & keyof CallSettings): number =>
    readLimit(op, name, options[name], byDefault[name] as number);
  const settings: CallSettings = {
    ...byDefault,
    maxBytes: limit("maxBytes"),
    maxChars: limit("maxChars"),
    maxLines: limit("maxLines"),
    headroom: limit("headroom"),
    headBytes: readCapacity(op, "headBytes", options.headBytes, byDefault.headBytes),
    tailBytes: readCapacity(op, "tailBytes", options.tailBytes, byDefault.tailBytes),
    headLines: limit("headLines"),
    tailLines: limit("tailLines"),
    escape: escape ?? byDefault.escape,
    howToRead: howToRead === undefined ? byDefault.howToRead : Buffer.from(howToRead).toString(),
  };
  if (settings.headroom >= settings.maxBytes && settings.headroom > 0) {
    throw invalidCombination(
      op,
      `"headroom" (${settings.headroom}) must be less than "maxBytes" (${settings.maxBytes})`,
    );
  }
  return settings;
}

/** A number of bytes, characters or lines, which may be more than 2 ** 31. */
export function readLimit(op: string, name: string, value: unknown, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (typeof value !== "number") throw invalidType(op, name, "a number", value);
  if (value === Infinity || (Number.isSafeInteger(value) && value >= 0)) return value;
  throw invalidRange(op, name, "an integer of at least 0, or Infinity", value);
}

/** What is held in memory for each call. */
const largestCapacity = 16 * mib;

/** A number of bytes that are held in memory. */
export function readCapacity(op: string, name: string, value: unknown, byDefault: number): number {
  const bytes = readLimit(op, name, value, byDefault);
  if (bytes <= largestCapacity) return bytes;
  throw invalidRange(op, name, `at most ${largestCapacity} (16 MiB)`, bytes);
}

/** A name that is one directory on every platform, and none of those that a lock makes beside it. */
export const sessionPattern: RegExp = /^(?!.*\.lock)[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?<!\.)$/;

function readSession(op: string, value: unknown): string {
  if (typeof value !== "string") throw invalidType(op, "session", "a string", value);
  const device = platforms.win32.reservedNames.has(value.split(".")[0]!.toUpperCase());
  if (sessionPattern.test(value.toLowerCase()) && !device) return value;
  throw invalidRange(
    op,
    "session",
    'a name of at most 100 letters, digits, ".", "_" and "-", none of a device, without ".lock"',
    value,
  );
}
