import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import { callFacts, type CallName, type Path } from "./call.ts";

// Asked once: it makes a new map each time.
const meanings = getSystemErrorMap();
// libuv's number for a name: on Windows it is not that of the C runtime.
const ofLibuv = new Map([...meanings].map(([number, [name]]) => [name, number]));
const ofSystem = constants.errno as Readonly<Record<string, number | undefined>>;

/** As Node gives it in `error.errno`, negative; `undefined` for a name that the system does not know. */
function numberOf(errno: string): number | undefined {
  const own = ofSystem[errno];
  return ofLibuv.get(errno) ?? (own === undefined ? undefined : -own);
}

/** Whether the system that the program runs on has an errno of this name. */
export const isErrno = (name: string): boolean => numberOf(name) !== undefined;

/** For the errno of another system: a number that no error has. */
const notToBeHad = -99_999;

/**
 * An error as Node makes them: the same properties, the same message. `paths` stays empty for a call
 * on a descriptor.
 */
export function nodeError(
  errno: string,
  name: CallName,
  paths: readonly string[],
): NodeJS.ErrnoException {
  const number = numberOf(errno) ?? notToBeHad;
  // Node knows only libuv's names: EDQUOT and ESTALE, say, come as "Unknown system error -122".
  const unmapped = number === notToBeHad ? errno : `Unknown system error ${number}`;
  const [code, meaning] = meanings.get(number) ?? [unmapped, unmapped];
  const syscall = callFacts[name].syscall ?? name;
  const where = paths.map((path) => `'${path}'`).join(" -> ");
  const error: NodeJS.ErrnoException & { dest?: string } = new Error(
    `${code}: ${meaning}, ${syscall}${where && ` ${where}`}`,
  );
  error.errno = number;
  error.code = code;
  error.syscall = syscall;
  if (paths[0] !== undefined) error.path = paths[0];
  if (paths[1] !== undefined) error.dest = paths[1];
  return error;
}

/**
 * Where libuv or Node makes several calls and reports the failure of any of them as that of the whole:
 * the same error, so that whoever made it knows it again, with the name and the paths of the whole.
 */
export function asErrorOf(syscall: string, error: unknown, paths: readonly Path[]): unknown {
  const failed = error as (NodeJS.ErrnoException & { dest?: string }) | null;
  if (!(failed instanceof Error) || typeof failed.syscall !== "string") return error;
  const meaning = failed.message.split(`, ${failed.syscall}`, 1)[0]!;
  const [path, dest] = paths.map(String);
  failed.syscall = syscall;
  if (path !== undefined) failed.path = path;
  if (dest !== undefined) failed.dest = dest;
  failed.message = `${meaning}, ${syscall} ${paths.map((one) => `'${String(one)}'`).join(" -> ")}`;
  return failed;
}
