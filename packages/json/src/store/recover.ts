import { createHash } from "node:crypto";
import { attempt, HoldfastError, type Operation, Refusal, type Steps } from "@holdfast/fs/steps";
import { serializeJson } from "../text/serialize-json.ts";
import type { Found } from "../target/place.ts";
import { generation, versionBackup, writeBeside } from "./backups.ts";
import { contentOf, readContent, sameBytes, type Content } from "./content.ts";
import {
  contentWithoutFile,
  isOlder,
  parseDocument,
  type Hold,
  type StoreCall,
} from "./held-document.ts";
import type { StoreRecovery } from "./options.ts";
import { migrate, putVersion } from "./versions.ts";

/** Whether a document was read and is wrong. One that could not be read may be right. */
export function isCorrupt(error: unknown): error is Refusal {
  return (
    error instanceof Refusal &&
    (error.code === "ERR_JSON_SYNTAX" || error.code === "ERR_JSON_INVALID")
  );
}

/**
 * Does what `onCorrupt` says with a document that is wrong, after its bytes are safe beside it.
 *
 * @throws what was wrong, if nothing is to be done, or no backup is right
 */
export function* recover<Value>(
  call: StoreCall<Value>,
  hold: Hold,
  found: Found,
  error: Refusal,
): Steps<{ readonly content: Content<Value>; readonly recovery: StoreRecovery }> {
  const { operation, place, settings } = call;
  const { onCorrupt } = settings;
  if (onCorrupt === "throw") throw error;
  const backup = onCorrupt === "restore-backup" ? yield* newestBackup(call, hold) : undefined;
  if (onCorrupt === "restore-backup" && backup === undefined) throw withoutBackup(error);
  const content = backup?.content ?? (yield* contentWithoutFile(call));
  const bytes = backup?.bytes ?? serializeJson(putVersion(settings, content.body), settings.format);
  yield* hold.check();
  const corrupt = yield* keepCorrupt(call, found);
  yield* place.replace(operation, bytes, settings.file);
  const recovery: StoreRecovery = {
    outcome: backup === undefined ? "quarantined" : "restored",
    corrupt,
    backup: backup?.shown,
    error: publicError(operation, error),
  };
  return { content, recovery };
}

/**
 * Keeps the bytes of a corrupt document beside it. The name is made of them: another corruption has
 * another file, and who crashed here and begins again finds that they are kept already.
 *
 * @returns the file, as the caller would name it
 */
export function* keepCorrupt(call: StoreCall<unknown>, { bytes }: Found): Steps<string> {
  const { operation, place, settings } = call;
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  for (let tried = 1; ; tried++) {
    const suffix = `.corrupt-${digest}${tried === 1 ? "" : `-${tried}`}`;
    const sibling = place.file.sibling(suffix);
    const kept = yield* attempt(sibling.read(operation, bytes.length));
    // Of this name, and something else: whatever it is, it is not ours to replace.
    if (!kept.ok && tried < 100) continue;
    if (!kept.ok) throw kept.error;
    if (kept.value !== undefined && !sameBytes(kept.value.bytes, bytes)) continue;
    // Again where it is there already: a crash may have come before it was flushed.
    yield* writeBeside(operation, place, settings, suffix, bytes, true);
    return sibling.shown ?? sibling.file.path;
  }
}

/** A backup that is right. */
interface Backup<Value> {
  readonly shown: string;
  readonly bytes: Uint8Array;
  readonly content: Content<Value>;
}

/** Those that cannot be read are errors: an older one in their place would lose what they hold. */
function* newestBackup<Value>(
  call: StoreCall<Value>,
  hold: Hold,
): Steps<Backup<Value> | undefined> {
  const { operation, place, settings } = call;
  const { backups, version = 0, maxBytes } = settings;
  const suffixes = [
    ...Array.from({ length: Math.max(backups, 1) }, (_, index) => generation(index + 1)),
    // Of a migration that was interrupted, or failed.
    ...Array.from({ length: version }, (_, index) => versionBackup(version - 1 - index)),
  ];
  for (const suffix of suffixes) {
    const sibling = place.file.sibling(suffix);
    const found = yield* sibling.read(operation, maxBytes);
    if (found === undefined) continue;
    const read = yield* attempt(readBackup(call, hold, found));
    if (read.ok) return { shown: sibling.shown ?? sibling.file.path, ...read.value };
    // Wrong in itself, newer than this program, or a migration cannot make anything of it.
    if (!(read.error instanceof Refusal)) throw read.error;
  }
  return undefined;
}

function* readBackup<Value>(
  call: StoreCall<Value>,
  hold: Hold,
  found: Found,
): Steps<Omit<Backup<Value>, "shown">> {
  const { operation, settings } = call;
  const versioned = parseDocument(call, found);
  if (!isOlder(call, versioned)) {
    const content = yield* readContent(operation, settings, versioned.body, !found.isPrivate);
    return { bytes: found.bytes, content };
  }
  const migrated = yield* migrate(settings, versioned, hold.run);
  const content = yield* contentOf(operation, settings, migrated, found.isPrivate);
  return { bytes: serializeJson(putVersion(settings, content.body), settings.format), content };
}

const withoutBackup = (error: Refusal): Refusal =>
  new Refusal(error.code, {
    ...error.details,
    problem: `${error.details.problem ?? "it is corrupt"}; no backup of it is right`,
  });

/** For who is told of an error that is dealt with. */
export function publicError({ op, path }: Operation, { code, details }: Refusal): HoldfastError {
  return new HoldfastError({ op, path, effect: "none", ...details, code });
}
