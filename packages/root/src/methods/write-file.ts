import {
  attempt,
  currentUmask,
  invalidCombination,
  Refusal,
  sleep,
  wait,
  type Steps,
} from "@holdfast/fs/steps";
import {
  readOptions,
  replaceFileUnchecked,
  versionOf,
  type Content,
  type Request,
} from "@holdfast/atomic/steps";
import type { IfMatch, ReplaceFileReceipt } from "@holdfast/atomic";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { shownPath } from "../path/names.ts";
import type { Search } from "../call/path-turns.ts";
import type { ParsedPath } from "../path/parse-path.ts";
import { isBeingCreated } from "../walk/find-file.ts";
import type { Place } from "../walk/strategy.ts";
import { parse, pathOf } from "../walk/walker.ts";
import { appendFile } from "./append-file.ts";
import { inTurn, readData } from "./content-argument.ts";
import { findParent, followToWrite } from "./find-parent.ts";
import { lookAt } from "./make-change.ts";
import { readPermissions } from "./permission-mode.ts";

export function* writeFile(
  call: RootCall,
  path: unknown,
  data: unknown,
  options?: unknown,
): Steps<ReplaceFileReceipt | void> {
  switch (flagOf(options)) {
    case "w":
      return yield* replaceAt(call, path, data, options, false);
    case "wx":
      return yield* replaceAt(call, path, data, options, true);
    case "a":
      return yield* appendFile(call, path, data, options);
    default:
      throw invalidCombination(
        call.method,
        '"flag" must be "w", "wx" or "a"; for anything else there is open()',
      );
  }
}

export function* create(
  call: RootCall,
  path: unknown,
  data: unknown,
  options?: unknown,
): Steps<ReplaceFileReceipt> {
  return yield* replaceAt(call, path, data, options, true);
}

function flagOf(options: unknown): unknown {
  return (options as { flag?: unknown } | null | undefined)?.flag ?? "w";
}

function* replaceAt(
  call: RootCall,
  path: unknown,
  data: unknown,
  options: unknown,
  exclusive: boolean,
): Steps<ReplaceFileReceipt> {
  const parsed = parse(call, path);
  const request = readRequest(call, options, exclusive);
  const content = readData(call, data, options);
  return yield* inTurn(call, parsed, content, () => putInPlace(call, parsed, content, request));
}

function readRequest(call: RootCall, options: unknown, exclusive: boolean): Request {
  const { mode, ifMatch } = (typeof options === "object" && options !== null ? options : {}) as {
    mode?: unknown;
    ifMatch?: IfMatch;
  };
  const { durable, hardlinks } = call.policy;
  const { fileSystem, half } = call.core;
  const checked = readOptions(
    call.method,
    {
      filePath: "-",
      // As open(2), and not exact: who asks for 0o666 means what the umask leaves of it.
      mode:
        mode === undefined
          ? undefined
          : readPermissions(call.method, "mode", mode) & ~currentUmask(),
      preserveExistingMode: true, // as Node: the mode is for a file that is made
      syncTempFile: durable,
      syncParentDir: durable,
      symlinks: "refuse", // followed by the walker, inside
      hardlinks: hardlinks === "allow" ? "break" : "refuse",
      fileSystem,
      ifMatch,
    },
    half,
    exclusive,
  );
  return { ...checked, parents: false };
}

/** How often a place is looked up again that others keep changing. */
const maxLooks = 100;

/** Hands one name in one directory to the replacement; how it is replaced is decided there. */
export function* putInPlace(
  call: RootCall,
  path: ParsedPath,
  content: Content,
  request: Request,
): Steps<ReplaceFileReceipt> {
  // A synchronous call cannot wait for others.
  const search = call.operation.synchronous ? undefined : call.core.turns.search();
  try {
    return yield* putAtPlace(call, path, content, request, search);
  } finally {
    search?.found();
  }
}

function* putAtPlace(
  call: RootCall,
  path: ParsedPath,
  content: Content,
  request: Request,
  search: Search | undefined,
): Steps<ReplaceFileReceipt> {
  let place: Place = {
    directory: yield* findParent(call, path, request.exclusive),
    name: path.last,
  };
  // Whatever the caller asks for in the same moment has been heard of then.
  if (search !== undefined) yield* wait(Promise.resolve());
  for (let looks = 1; ; looks++) {
    if (looksFirst(call, place, content, search) && looks < maxLooks) {
      const next = yield* lookFirst(call, place, request);
      if (next !== undefined) {
        place = next;
        continue;
      }
    }
    const target = pathOf(place);
    if (typeof target !== "string") throw notUtf8();
    if (place.name === ".") throw new Refusal("EISDIR");
    if (search !== undefined) yield* search.afterEarlier();
    yield* call.mayChange(namesOf(place));
    search?.found(); // the replacement takes its place in the queue at once
    const replaced = yield* attempt(
      replaceFileUnchecked(call.operation, { ...request, target }, content),
    );
    if (replaced.ok) return conclude(call, place, replaced.value);
    const again = content.kind === "bytes" && looks < maxLooks && call.operation.effect === "none";
    const moved = again ? yield* lookAgain(call, place, replaced.error) : undefined;
    if (moved === undefined) throw replaced.error;
    place = moved;
  }
}

/**
 * Mostly there is nothing that speaks against it, or the replacement will say so. But a source of
 * pieces is used up by the first attempt; rules are for the place where a link leads, and asked about
 * once; of mounts, and of names that are not UTF-8, the replacement knows nothing; and another call that
 * is under way may lead to the same file, and must not go ahead while this one follows a link.
 */
function looksFirst(
  call: RootCall,
  place: Place,
  content: Content,
  search: Search | undefined,
): boolean {
  if (content.kind === "pieces" || call.hasRules || search?.isAlone() === false) return true;
  return call.policy.crossMounts === "refuse" || typeof place.name !== "string";
}

/** Where to look next; `undefined` if what is there can be replaced, as far as can be seen. */
function* lookFirst(call: RootCall, place: Place, request: Request): Steps<Place | undefined> {
  if (request.exclusive) return undefined;
  call.mayRead(namesOf(place));
  const stats = yield* lookAt(place);
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) return yield* followToWrite(call, place);
  call.checkMount(stats);
  if (request.hardlinks !== "refuse" || !stats.isFile() || !isBeingCreated(stats)) return undefined;
  yield* sleep(2);
  return place;
}

/** Where to go on after a refusal that may be about a link, or about a name that is gone by now. */
function* lookAgain(call: RootCall, place: Place, error: unknown): Steps<Place | undefined> {
  if (!(error instanceof Refusal)) return undefined;
  if (error.code === "ERR_SYMLINK") return yield* followToWrite(call, place);
  if (error.code !== "ERR_HARDLINK") return undefined;
  const found = yield* lookAt(place);
  // The second name may be gone since.
  if (found === undefined || found.nlink <= 1n) return place;
  if (!isBeingCreated(found)) return undefined;
  yield* sleep(2);
  return place;
}

function conclude(call: RootCall, place: Place, receipt: ReplaceFileReceipt): ReplaceFileReceipt {
  call.bytes += receipt.bytes;
  call.confirm = function* () {
    const found = yield* lookAt(place);
    return found !== undefined && versionOf(found) === receipt.version;
  };
  return Object.assign(receipt, { path: shownPath(namesOf(place)) });
}

const notUtf8 = (): Refusal =>
  new Refusal("ERR_PATH_INVALID", {
    problem: "a file whose name is not valid UTF-8 cannot be written by this method",
  });
