/**
 * What is at a path before a call changes it: nobody says afterwards whether `open` made the name, what
 * it emptied, or where a symbolic link led. Written once, as steps, for both faces.
 */

import type { Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Backend } from "../calls/backend.ts";
import type { Path } from "../calls/call.ts";

interface Found {
  /** Whether the name was there; `undefined` if that is not known. */
  readonly existed: boolean | undefined;
  /** The size in bytes of the file that it leads to, if there is one. */
  readonly size: number | undefined;
  /** Where it leads, if it is a symbolic link. */
  readonly target: string | undefined;
}

type LookUpStep = readonly [name: "lstat" | "readlink", path: Path];
type LookUp = Generator<LookUpStep, Found, Stats | string>;

const mostLinks = 40; // where Linux gives up, with ELOOP: path_resolution(7)

function* steps(path: Path, absolute: string): LookUp {
  let at = absolute;
  let existed: boolean | undefined;
  for (let links = 0; links < mostLinks; links++) {
    const asked = links === 0 ? path : at;
    const target = links === 0 ? undefined : at;
    try {
      const stats = (yield ["lstat", asked]) as Stats;
      existed = true;
      if (!stats.isSymbolicLink()) {
        return { existed, size: stats.isFile() ? stats.size : undefined, target };
      }
      at = resolve(dirname(at), (yield ["readlink", asked]) as string);
    } catch (error) {
      // Of a link that leads nowhere, `open` makes what it names.
      return { existed: whetherMissing(error), size: undefined, target };
    }
  }
  return { existed, size: undefined, target: undefined };
}

const whetherMissing = (error: unknown): false | undefined =>
  (error as NodeJS.ErrnoException).code === "ENOENT" ? false : undefined;

const origin = { via: "trace" };

export function lookUpSync(under: Backend, path: Path, absolute: string): Found {
  const running = steps(path, absolute);
  let step = running.next();
  while (step.done !== true) {
    const [name, asked] = step.value;
    let found: Stats | string;
    try {
      found =
        name === "lstat"
          ? (under.sync("lstat", [asked, { bigint: false }], origin) as Stats)
          : (under.sync("readlink", [asked, { encoding: "utf8" }], origin) as string);
    } catch (error) {
      step = running.throw(error);
      continue;
    }
    step = running.next(found);
  }
  return step.value;
}

export async function lookUp(under: Backend, path: Path, absolute: string): Promise<Found> {
  const running = steps(path, absolute);
  let step = running.next();
  while (step.done !== true) {
    const [name, asked] = step.value;
    let found: Stats | string;
    try {
      found =
        name === "lstat"
          ? ((await under.async("lstat", [asked, { bigint: false }], origin)) as Stats)
          : ((await under.async("readlink", [asked, { encoding: "utf8" }], origin)) as string);
    } catch (error) {
      step = running.throw(error);
      continue;
    }
    step = running.next(found);
  }
  return step.value;
}
