import type { PlatformName } from "@holdfast/fs";
import { changesDisk, type Call, type CallName } from "../../calls/call.ts";
import { O_CREAT, O_EXCL } from "../../calls/constants.ts";
import { errnosOfCall } from "../errnos.ts";
import type { FaultMode, FaultPoint } from "./fault-point.ts";
import type { Made } from "./faulty-calls.ts";

export interface Plan {
  readonly modes: readonly FaultMode[];
  readonly platform: PlatformName;
  /** Instead of what follows from the platform and the tree. */
  readonly errnos: ((name: CallName) => readonly string[]) | undefined;
}

/** Every fault that one call can have, given how it went without. */
export function pointsAt(made: Made, { modes, platform, errnos }: Plan): FaultPoint[] {
  const { call } = made;
  const { index, name } = call;
  return modes.flatMap((mode): FaultPoint[] => {
    switch (mode) {
      case "short":
        return shortened(made).map((bytes) => ({ mode, index, bytes }));
      case "dead-stop":
        return [{ mode, index, errno: "EIO" }];
      case "once-after":
        if (!differsAfter(call)) return [];
        return (errnos?.(name) ?? saidAfter(call, platform)).map((errno) => ({
          mode,
          index,
          errno,
        }));
      default:
        return (errnos?.(name) ?? saidBefore(call, platform)).map((errno) => ({
          mode,
          index,
          errno,
        }));
    }
  });
}

/**
 * Errnos that say something about the tree. The file system gives them itself where they are true;
 * injected they would be lies ("there is no such file", and there it is), and a program that believes
 * them is not wrong. That somebody else changed the tree is interference, not a fault.
 */
const claims: ReadonlySet<string> = new Set(
  "EEXIST EINVAL EISDIR ELOOP ENOENT ENOTDIR ENOTEMPTY".split(" "),
);

function saidBefore(call: Call, platform: PlatformName): readonly string[] {
  const flushes = call.name === "fsync" || call.name === "fdatasync";
  return errnosOfCall(call, platform).filter(
    // Of a flush EINVAL says that the file system has no such thing.
    (errno) => !claims.has(errno) || (flushes && errno === "EINVAL"),
  );
}

// What comes up late: when blocks are allocated or written.
const late: ReadonlySet<string> = new Set(["EIO", "ENOSPC", "EDQUOT"]);

/**
 * What a call can say that has taken effect: that it could not be written, or, if its answer was lost
 * and an NFS client asked again, what the second try met (RFC 1813: such requests are not idempotent).
 */
function saidAfter(call: Call, platform: PlatformName): readonly string[] {
  const possible = errnosOfCall(call, platform);
  return [...possible.filter((errno) => late.has(errno)), ...metByRetry(call, possible)];
}

function metByRetry({ name, args }: Call, possible: readonly string[]): readonly string[] {
  if (name === "unlink" || name === "rmdir" || name === "rename") return ["ENOENT"];
  const created =
    name === "open" && ((args[1] as number) & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const makesName = created || name === "mkdir" || name === "link" || name === "symlink";
  return makesName && possible.includes("EEXIST") ? ["EEXIST"] : [];
}

/**
 * Whether it makes a difference that the call took effect: not if it changes nothing, and what a flush
 * did cannot be seen in memory. A close takes effect whatever it says. A read moves the position.
 */
function differsAfter({ name, args }: Call): boolean {
  if (name === "fsync" || name === "fdatasync") return false;
  return name === "read" || changesDisk(name, args);
}

/**
 * Fewer bytes: one, half, and of a write none. A read of none would be the end of the file; and a
 * read that came to less than half by itself is not shortened by it.
 */
function shortened({ call: { name }, moved = 0 }: Made): readonly number[] {
  if (name !== "read" && name !== "write") return [];
  const lengths = name === "write" ? [0, 1, Math.floor(moved / 2)] : [1, Math.floor(moved / 2)];
  return [...new Set(lengths)].filter((bytes) => bytes < moved && (bytes > 0 || name === "write"));
}
