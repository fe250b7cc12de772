import { invalidRange, invalidType, type PlatformFacts } from "@holdfast/fs/steps";
import type { RootOptions } from "../options.ts";
import { shownName } from "../path/names.ts";
import { parsePath } from "../path/parse-path.ts";
import type { DeniedPlace, Rules } from "./rules.ts";

/** Checks what the host of a root has forbidden, and whom it wants asked and told. */
export function readRules(op: string, options: RootOptions, platform: PlatformFacts): Rules {
  const { deny = {}, authorize, audit } = options;
  if (typeof deny !== "object" || deny === null) {
    throw invalidType(op, "deny", "an object with lists of paths", deny);
  }
  const fold = platform.foldsCase ? foldCase : asIs;
  return {
    denyRead: readPlaces(op, "deny.read", deny.read, platform, fold),
    denyWrite: readPlaces(op, "deny.write", deny.write, platform, fold),
    fold,
    authorize: readFunction(op, "authorize", authorize),
    audit: readFunction(op, "audit", audit),
  };
}

const asIs = (name: string): string => name;
/** Names that differ in case, or in how an accent is encoded, are one name on such a file system. */
const foldCase = (name: string): string => name.normalize("NFC").toLowerCase().normalize("NFC");

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
    const { directories, last } = parsePath(op, `${name}[${index}]`, path, platform);
    const names = last === "." ? directories : [...directories, last];
    // What ".." means depends on links that somebody may change: such a rule would protect by luck.
    if (names.includes("..")) {
      throw invalidRange(op, `${name}[${index}]`, 'a path without ".."', path);
    }
    return names.map((part) => fold(shownName(part)));
  });
}

function readFunction<F>(op: string, name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw invalidType(op, name, "a function", value);
}
