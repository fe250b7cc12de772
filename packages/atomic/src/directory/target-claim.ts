import { createHash } from "node:crypto";
import { hostname } from "node:os";
import {
  attempt,
  close,
  errorCode,
  fstat,
  joinName,
  lstat,
  mkdir,
  open,
  openFlags,
  type Operation,
  type PathArgument,
  processIdentity,
  processState,
  quotePath,
  readdir,
  Refusal,
  rmdir,
  shielded,
  sleep,
  type Steps,
  unlink,
  wait,
} from "@holdfast/fs/steps";
import { newStagedName, parseStagedName } from "../staging/staged-name.ts";
import { leaveBehind } from "./directory-target.ts";

/**
 * Who may change a target: one call at a time in this process, and one process at a time.
 *
 * Between processes: whoever wants to change it puts a file of its own, named after its process and
 * never used again, into the record directory, and *then* looks who else is there. It goes on only
 * if it is alone with the dead, and otherwise takes its file away. Of two who come at once, the one
 * whose file came later sees the other's; so at most one goes on. And a file of the dead can be
 * removed by anybody at any time: its name means nobody else.
 */
export interface Claim {
  /** The record directory. */
  readonly box: string;
  readonly name: string;
  /** What else was found in the record directory. */
  readonly found: readonly PathArgument[];
  /** The user that files made here belong to, as this file system sees it. */
  readonly uid: bigint;
}

const lastOfTurn = new Map<string, Promise<void>>();

/** Runs steps when all earlier ones of the same key have ended. */
export function* inTurn<T>(operation: Operation, key: string, steps: Steps<T>): Steps<T> {
  const before = lastOfTurn.get(key);
  if (before !== undefined && operation.synchronous) {
    throw new Refusal("ERR_IN_PROGRESS", {
      problem: "an asynchronous replacement of this directory is under way in this process",
      hint: "Wait for it, or use the asynchronous function, which does.",
    });
  }
  let end!: () => void;
  const mine = new Promise<void>((resolve) => {
    end = resolve;
  });
  const last = before === undefined ? mine : before.then(() => mine);
  lastOfTurn.set(key, last);
  const forget = (): void => {
    if (lastOfTurn.get(key) === last) lastOfTurn.delete(key);
  };
  try {
    if (before !== undefined) yield* wait(before);
    return yield* steps;
  } finally {
    end();
    // After an abort while waiting, the earlier ones are still at work: then not before they end.
    if (before === undefined) forget();
    else void last.then(forget);
  }
}

// Names of claims of this process that could not be removed: our process lives, they do not count.
const abandoned = new Set<string>();

const tag = (text: string | undefined): string =>
  text === undefined ? unknownTag : createHash("sha256").update(text).digest("hex").slice(0, 8);
const unknownTag = "00000000";

/** Tells this machine, and this run of it, from others. */
function machine(): { readonly host: string; readonly boot: string } {
  return { host: tag(hostname()), boot: tag(processIdentity().host?.split(" ")[0]) };
}

function newClaimName(): string {
  const { host, boot } = machine();
  return newStagedName(`claim-${host}-${boot}-`);
}

/** Whether the owner of a claim lives; `undefined` if a name is not that of a claim. */
function ownerOf(name: PathArgument): "alive" | "dead" | "unknown" | undefined {
  const prefix = /^claim-([0-9a-f]{8})-([0-9a-f]{8})-/.exec(String(name));
  if (prefix === null) return undefined;
  const owner = parseStagedName(String(name), prefix[0]);
  if (owner === undefined) return undefined;
  if (abandoned.has(String(name))) return "dead";
  const state = processState(owner);
  if (state !== "unknown") return state;
  // After a power cut every owner is of an earlier boot. One of a machine with our host name is
  // taken to be of this machine: otherwise no power cut would ever be recovered from unasked.
  const { host, boot } = machine();
  const earlierBoot = prefix[1] === host && prefix[2] !== boot;
  return earlierBoot && boot !== unknownTag && prefix[2] !== unknownTag ? "dead" : "unknown";
}

// Two that come at once both step back; chance decides who is first the next time.
const attempts = 6;
const longestPauseMs = 25;

/** Claims a target, or refuses because another process has it. */
export function* claimTarget(
  operation: Operation,
  box: string,
  assumeOwnerDead: boolean,
): Steps<Claim> {
  for (let tried = 1; ; tried++) {
    const got = yield* tryToClaim(operation, box, assumeOwnerDead);
    if (typeof got === "object") return got;
    if (tried === attempts) throw notFree(box, got);
    yield* sleep(longestPauseMs * (0.2 + 0.8 * Math.random()));
  }
}

function notFree(box: string, because: "alive" | "unknown" | "gone"): Refusal {
  if (because !== "unknown") {
    return new Refusal("ERR_IN_PROGRESS", {
      problem: "another process or thread is replacing this directory at this moment",
      hint: "Try again when it has finished.",
    });
  }
  return new Refusal("ERR_RECOVERY", {
    problem: `somebody who cannot be judged from here (another host, container or user, or a platform that does not tell) was replacing this directory, see ${quotePath(box)}`,
    hint: "If that process has ended, call recoverDirectory() with assumeOwnerDead: true.",
  });
}

function* tryToClaim(
  operation: Operation,
  box: string,
  assumeOwnerDead: boolean,
): Steps<Claim | "alive" | "unknown" | "gone"> {
  const name = newClaimName();
  let claimed = false;
  try {
    const made = yield* attempt(mkdir(box, 0o700));
    if (!made.ok && errorCode(made.error) !== "EEXIST") throw made.error;
    const uid = yield* placeClaim(operation, box, name);
    if (uid === undefined) return "gone";
    const found = (yield* readdir(box)).filter((entry) => entry !== name);
    let hindrance: "alive" | "unknown" | undefined;
    for (const other of found) {
      const state = ownerOf(other);
      if (state === "dead" || (state === "unknown" && assumeOwnerDead)) {
        yield* attempt(unlink(joinName(box, String(other)))); // the dead hinder nobody
      } else if (state !== undefined) hindrance = hindrance === "alive" ? "alive" : state;
    }
    if (hindrance !== undefined) return hindrance;
    claimed = true;
    return { box, name, found, uid };
  } finally {
    if (!claimed) yield* releaseClaim(operation, { box, name });
  }
}

/**
 * Puts the claim in place and returns its owner, or `undefined` if the record directory went away.
 *
 * A record tells a later call what to rename and what to delete. In a directory where others may
 * write, such as /tmp, somebody could prepare one and have us delete a neighbour's directory with
 * our rights: so the record directory must be a directory, and belong to whom our files belong.
 */
function* placeClaim(operation: Operation, box: string, name: string): Steps<bigint | undefined> {
  const before = yield* attempt(lstat(box));
  if (!before.ok) {
    if (errorCode(before.error) === "ENOENT") return undefined;
    throw before.error;
  }
  if (!before.value.isDirectory()) throw notOurs(box);
  const { create, exclusive, writeOnly, noFollow } = openFlags;
  const opened = yield* attempt(
    open(joinName(box, name), create | exclusive | writeOnly | noFollow, 0o600),
  );
  if (!opened.ok) {
    if (errorCode(opened.error) === "ENOENT") return undefined;
    throw opened.error;
  }
  let uid: bigint;
  try {
    ({ uid } = yield* fstat(opened.value));
  } finally {
    yield* operation.cleanUp(close(opened.value));
  }
  if (operation.platform.owners && before.value.uid !== uid) throw notOurs(box);
  return uid;
}

function notOurs(box: string): Refusal {
  return new Refusal("ERR_RECOVERY", {
    problem: `the record directory ${quotePath(box)} was not made by this user`,
    hint: "Have its owner call recoverDirectory(), or look at it and remove it.",
  });
}

/** Gives a target free. What cannot be removed is named in `leftovers`; it hinders nobody. */
export function* releaseClaim(
  operation: Operation,
  { box, name }: Pick<Claim, "box" | "name">,
): Steps<void> {
  yield* shielded(
    (function* (): Steps<void> {
      const removed = yield* attempt(unlink(joinName(box, name)));
      if (!removed.ok && errorCode(removed.error) !== "ENOENT") {
        abandoned.add(name);
        operation.suppressed.push(removed.error);
        leaveBehind(operation, box);
      }
      const left = yield* attempt(rmdir(box));
      // Not empty: somebody else has come, or a record stays for the next call.
      if (!left.ok && !["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errorCode(left.error) ?? "")) {
        operation.suppressed.push(left.error);
        leaveBehind(operation, box);
      }
    })(),
  );
}
