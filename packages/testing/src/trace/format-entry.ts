import { isAbsolute, relative } from "node:path";
import { formatOpenFlags } from "../calls/call.ts";
import type { StableNames } from "./stable-names.ts";
import type { TracedCall, TracedEntry } from "./trace.ts";

/** `"rename staged -> state.json"`, `"open state.json r -> ENOENT"`, `"ack saved"`. */
export function formatEntry(entry: TracedEntry, names: StableNames, callers = false): string {
  const line = entry.kind === "ack" ? `ack ${entry.label}` : formatTracedCall(entry, names);
  const { caller } = entry;
  return callers && caller !== undefined ? `${line}  (${formatCaller(caller)})` : line;
}

/** `"src/state.ts:12:5"`, from where the program runs. */
export function formatCaller(caller: string): string {
  const [, file, place] = /^(.*?)((?::\d+){0,2})$/.exec(caller)!;
  const shown = relative(process.cwd(), file!);
  return (shown.startsWith("..") ? file! : shown) + place!;
}

function formatTracedCall(call: TracedCall, names: StableNames): string {
  const words = [call.name, pathsOf(call, names), detailOf(call)];
  if (call.error !== undefined) words.push(`-> ${call.error}`);
  return words.filter((word) => word !== "").join(" ");
}

function pathsOf({ name, paths, result }: TracedCall, names: StableNames): string {
  const [first, second] = paths as [string, string?];
  // What the name begins with says nothing once it is known.
  if (name === "mkdtemp" && result !== undefined)
    return names.show((result as string | Buffer).toString());
  if (second === undefined) return names.show(first);
  // The text of a link is shown as it is, unless it is a path that may differ from run to run.
  const asWritten = name === "symlink" && !isAbsolute(first);
  return `${asWritten ? first : names.show(first)} -> ${names.show(second)}`;
}

function detailOf({ name, args, result }: TracedCall): string {
  switch (name) {
    case "open":
      return formatOpenFlags(args[1] as number);
    case "write":
    case "read":
      return transferred(name, args[3] as number, result as number | undefined);
    case "ftruncate":
    case "truncate":
      return String(args[1]);
    case "fchmod":
    case "chmod":
      return `0${(args[1] as number).toString(8)}`;
    case "fchown":
    case "chown":
    case "lchown":
      return `${args[1] as number}:${args[2] as number}`;
    default:
      return "";
  }
}

/** How much is read in one call depends on buffers: what counts is what came. */
function transferred(name: string, asked: number, done: number | undefined): string {
  if (done === undefined || done === asked) return String(asked);
  return name === "read" ? String(done) : `${done} of ${asked}`;
}
