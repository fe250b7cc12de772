import {
  invalidCombination,
  invalidRange,
  invalidType,
  Refusal,
  type PlatformFacts,
} from "@holdfast/fs/steps";
import type { RootOptions } from "../options.ts";
import { parsePath, type ParsedPath } from "../path/parse-path.ts";
import type { DeniedPlace, Rules } from "./rules.ts";

/** Checks what the host of a root has forbidden, and whom it wants asked and told. */
export function readRules(op: string, options: RootOptions, platform: PlatformFacts): Rules {
  const { deny = {}, authorize, audit } = options;
  if (typeof deny !== "object" || deny === null) {
    throw invalidType(op, "deny", "an object with lists of paths", deny);
  }
  refuseUnknown(op, "deny.", deny, ["read", "write"]);
  const fold = platform.foldsCase ? foldCase : asIs;
  return {
    denyRead: readPlaces(op, "deny.read", deny.read, platform, fold),
    denyWrite: readPlaces(op, "deny.write", deny.write, platform, fold),
    fold,
    authorize: readFunction(op, "authorize", authorize),
    audit: readFunction(op, "audit", audit),
  };
}

/** A rule that is misspelt would protect nothing. */
export function refuseUnknown(
  op: string,
  prefix: string,
  options: object,
  known: readonly string[],
): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw invalidCombination(op, `there is no option "${prefix}${name}"`);
  }
}

const asIs = (name: string): string => name;
// What HFS+ leaves out when it compares names: joiners, marks of direction, the byte order mark.
const ignorable = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * Names that differ in case, or in how an accent is encoded, are one name on such a file system. Through
 * capitals, for letters that have no small form of their own (long s is an s); closed too much is safe.
 */
const foldCase = (name: string): string =>
  name.replace(ignorable, "").normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");

function readPlaces(
  op: string,
  name: string,
  value: unknown,
  platform: PlatformFacts,
  fold: (name: string) => string,
): DeniedPlace[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalidType(op, name, "an array of paths", value);
  return value.map((path: unknown, index) => {
    const { directories, last } = parseRule(op, `${name}[${index}]`, path, platform);
    const names = last === "." ? directories : [...directories, last];
    // What ".." means depends on links that somebody may change: such a rule would protect by luck.
    if (names.includes("..")) {
      throw invalidRange(op, `${name}[${index}]`, 'a path without ".."', path);
    }
    return names.map((part) => {
      if (typeof part === "string") return fold(part);
      throw invalidRange(op, `${name}[${index}]`, "a path that is valid UTF-8", path);
    });
  });
}

/** A rule that is no path inside is a mistake of the host. */
function parseRule(op: string, name: string, path: unknown, platform: PlatformFacts): ParsedPath {
  try {
    return parsePath(op, name, path, platform);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw invalidRange(op, name, "a path relative to the root", path);
  }
}

function readFunction<F>(op: string, name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw invalidType(op, name, "a function", value);
}
