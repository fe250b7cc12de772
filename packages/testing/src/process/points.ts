/** The points of a program at which a sweep can disturb it, and how they are written. */

import { currentPlatform, invalidRange } from "@holdfast/fs/steps";
import { callNames, type CallName } from "../calls/call.ts";
import { isErrno } from "../calls/node-error.ts";
import { errnosOfCall } from "../faults/errnos.ts";
import { tornLength, type Point } from "./control.ts";
import type { Disturbance, ProcessCall } from "./outcome.ts";

type Verb = Point["verb"];

/** All that can be done at one call. */
export function pointsAt(
  call: ProcessCall,
  verb: Verb,
  asked: readonly string[] | undefined,
): Point[] {
  const { index, name, bytes = 0 } = call;
  if (verb === "kill") {
    const times =
      tornLength(bytes) > 0
        ? (["before", "within", "after"] as const)
        : (["before", "after"] as const);
    return times.map((when) => ({ verb, index, when }));
  }
  if (verb === "race") return (["before", "after"] as const).map((when) => ({ verb, index, when }));
  const possible = errnosOfCall({ name, args: [undefined, call.flags] }, currentPlatform.name);
  const errnos = asked === undefined ? possible : asked.filter((errno) => possible.includes(errno));
  return errnos.map((errno) => ({ verb, index, errno, name }));
}

/** `"kill 3 before"`, `"race 2 after"`, `"fail 4 EIO fsync"`. */
export function formatPoint(point: Point | undefined): string {
  if (point === undefined) return "undisturbed";
  if (point.verb === "fail") return `fail ${point.index} ${point.errno} ${point.name}`;
  return `${point.verb} ${point.index} ${point.when}`;
}

/**
 * What `formatPoint` wrote.
 *
 * @throws `RangeError` (`ERR_INVALID_ARG`) for anything else, or another verb
 */
export function parsePoint(text: string, verb: Verb): Point | undefined {
  if (text === "undisturbed") return undefined;
  const [given, number, third, name] = text.split(" ");
  const index = Number(number);
  const bad = (): never => {
    throw invalidRange("sweepProcess", "only", `the replay of a failure of verb "${verb}"`, text);
  };
  if (given !== verb || !Number.isInteger(index) || index < 1) return bad();
  if (verb === "fail") {
    if (!isErrno(third!) || !callNames.includes(name as CallName)) return bad();
    return { verb, index, errno: third!, name: name as CallName };
  }
  if (third === "before" || third === "after") return { verb, index, when: third };
  if (third === "within" && verb === "kill") return { verb, index, when: third };
  return bad();
}

/** What a point means in a run in which it came. */
export function disturbanceOf(point: Point, calls: readonly ProcessCall[]): Disturbance {
  const call = calls[point.index - 1]!;
  if (point.verb === "fail") {
    return { verb: point.verb, call, when: "before", errno: point.errno };
  }
  return { verb: point.verb, call, when: point.when };
}

/** `"killed before call 3 (rename a.tmp -> a)"`. */
export function describeDisturbance(disturbed: Disturbance | undefined): string {
  if (disturbed === undefined) return "undisturbed";
  const { verb, when, errno, call } = disturbed;
  const at = `call ${call.index} (${call.text})`;
  if (verb === "fail") return `${at} failed with ${errno}`;
  return `${verb === "kill" ? "killed" : "raced"} ${when} ${at}`;
}
