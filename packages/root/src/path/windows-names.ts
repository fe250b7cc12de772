import { Refusal, type PlatformFacts } from "@holdfast/fs/steps";

/**
 * Refuses what Windows would take for something else than a name in a directory: a drive, a share, a
 * device, a stream of another file. Which names those are is in the platform table; elsewhere it is
 * empty, and nothing is refused.
 *
 * @param path with `/` alone as its separator
 */
export function refuseOnWindows(path: string, platform: PlatformFacts): void {
  if (platform.reservedNames.size === 0) return;
  if (path.startsWith("//") || /^[A-Za-z]:/.test(path)) {
    throw new Refusal("ERR_PATH_ESCAPES", {
      problem: "the path names a drive or a network share",
      hint: "Give a path relative to the root.",
    });
  }
  for (const name of path.split("/")) {
    const problem = problemOnWindows(name, platform);
    if (problem !== undefined) throw new Refusal("ERR_PATH_INVALID", { problem });
  }
}

function problemOnWindows(name: string, { reservedNames }: PlatformFacts): string | undefined {
  if (name === "" || name === "." || name === "..") return undefined;
  // An alternate data stream: "file.txt:other", "file.txt::$DATA".
  if (name.includes(":")) return "the path names a stream of another file";
  // Win32 takes them off, so that "secret." and "secret" would be one file and a rule see two.
  if (/[. ]$/.test(name)) return "a name on the path ends in a dot or a space";
  // oxlint-disable-next-line no-control-regex -- the characters that Win32 does not allow in names
  if (/[\u0001-\u001f<>"|?*]/.test(name)) return "a name on the path holds what Windows refuses";
  const base = name.split(".")[0]!.trimEnd().toUpperCase();
  if (reservedNames.has(base)) return "a name on the path means a device";
  // "GIT~1" is another name of ".git": a rule for the one would not see the other.
  if (/~\d/.test(name)) return "a name on the path may be the short form of another";
  return undefined;
}
