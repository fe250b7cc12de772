import { readlinkSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Backend } from "../../calls/backend.ts";
import {
  callFacts,
  changesDisk,
  formatCall,
  type CallName,
  type CallTable,
} from "../../calls/call.ts";
import { nodeError } from "../../calls/node-error.ts";
import { tornLength, type Control } from "../control.ts";
import type { ProcessCall } from "../outcome.ts";
import { die } from "./die.ts";
import type { Journal } from "./journal.ts";

/** A call that is about to be made. */
export interface Wanted {
  readonly name: CallName;
  readonly args: readonly unknown[];
  readonly via: string;
}

/** What is still to do once a call has been made. */
interface Entered {
  readonly index: number;
  readonly disturbAfter: boolean;
}

/**
 * Counts the calls of this process that change something below the case's directory, writes them down
 * before they are made, and disturbs the one that the test has chosen.
 */
export class SweptCalls {
  readonly #control: Extract<Control, { mode: "sweep" }>;
  readonly #journal: Journal;
  readonly #real: Backend;
  readonly #opened = new Map<number, string>();
  #count = 0;
  /** Node makes some of its functions of others: `fs.truncateSync` calls `fs.ftruncateSync`. */
  #inside = false;

  constructor(control: Extract<Control, { mode: "sweep" }>, journal: Journal, real: Backend) {
    this.#control = control;
    this.#journal = journal;
    this.#real = real;
  }

  /** The real file system, with every call counted. */
  backend(): Backend {
    const real = this.#real;
    return {
      constants: real.constants,
      sync: (name, args, origin) =>
        this.#sync({ name, args, via: origin.via }, () => real.sync(name, args, origin)),
      async: (name, args, origin) =>
        this.async({ name, args, via: origin.via }, () => real.async(name, args, origin)),
    };
  }

  /** `make` makes the call. */
  async async<Result>(wanted: Wanted, make: () => Promise<Result>): Promise<Result> {
    const entered = this.#enter(wanted, "async");
    try {
      const result = await this.#within(make);
      this.#follow(wanted, result);
      return result;
    } catch (error) {
      this.#failed(entered, error);
      throw error;
    } finally {
      this.#leave(entered);
    }
  }

  #sync<Result>(wanted: Wanted, make: () => Result): Result {
    const entered = this.#enter(wanted, "sync");
    try {
      const result = this.#within(make);
      this.#follow(wanted, result);
      return result;
    } catch (error) {
      this.#failed(entered, error);
      throw error;
    } finally {
      this.#leave(entered);
    }
  }

  /** Only what is called at once belongs to the call: what comes later may be anybody's. */
  #within<Result>(make: () => Result): Result {
    const before = this.#inside;
    this.#inside = true;
    try {
      return make();
    } finally {
      this.#inside = before;
    }
  }

  /** A descriptor was opened in another way than through the backend. */
  opened(fd: number, path: string): void {
    this.#opened.set(fd, wholePath(path)); // the program may change its working directory
  }

  /** Throws if the call is to fail; does not return if the process is to end before it. */
  #enter(wanted: Wanted, face: "sync" | "async"): Entered | undefined {
    const { name, args, via } = wanted;
    if (this.#inside || !changesDisk(name, args)) return undefined;
    const paths = this.#pathsOf(wanted);
    // What a symbolic link says is text: only where the link itself is counts.
    const places = name === "symlink" ? paths.slice(1) : paths;
    if (!places.some((path) => this.#isBelow(path)) || !this.#journal.claim()) return undefined;

    const index = ++this.#count;
    const shown = paths.map((path, at) =>
      name === "symlink" && at === 0 ? path : this.#show(path),
    );
    const text = formatCall({ name, args, paths: shown });
    const more = name === "write" ? { bytes: args[3] } : name === "open" ? { flags: args[1] } : {};
    const call = { index, name, via, face, paths: shown, text, ...more } as ProcessCall;
    this.#journal.write({ kind: "call", call });

    const { point } = this.#control;
    if (point?.index !== index) return { index, disturbAfter: false };
    if (point.verb === "fail") {
      if (point.name !== name) return { index, disturbAfter: false };
      this.#journal.write({ kind: "reached" });
      this.#journal.write({ kind: "error", index, code: point.errno });
      throw nodeError(point.errno, name, args.slice(0, callFacts[name].paths).map(String));
    }
    if (point.when === "after") return { index, disturbAfter: true };
    this.#journal.write({ kind: "reached" });
    if (point.when === "within") this.#writeHalf(args as Parameters<CallTable["write"]>);
    this.#disturb(point.verb);
    return { index, disturbAfter: false };
  }

  #leave(entered: Entered | undefined): void {
    const { point } = this.#control;
    if (entered?.disturbAfter !== true || point === undefined || point.verb === "fail") return;
    this.#journal.write({ kind: "reached" });
    this.#disturb(point.verb);
  }

  #disturb(verb: "kill" | "race"): void {
    if (verb === "kill") die();
    this.#journal.stop();
  }

  #writeHalf([fd, from, offset, length, position]: Parameters<CallTable["write"]>): void {
    this.#real.sync("write", [fd, from, offset, tornLength(length), position], { via: "write" });
  }

  #failed(entered: Entered | undefined, error: unknown): void {
    if (entered === undefined) return;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    this.#journal.write({ kind: "error", index: entered.index, code });
  }

  /** Remembers where descriptors lead to. */
  #follow({ name, args }: Wanted, result: unknown): void {
    if (name === "open" && typeof result === "number") this.opened(result, String(args[0]));
    if (name === "close") this.#opened.delete(args[0] as number);
  }

  #pathsOf({ name, args }: Wanted): string[] {
    const { paths } = callFacts[name];
    if (paths > 0) return args.slice(0, paths).map(String);
    const path = this.#opened.get(args[0] as number);
    return path === undefined ? [] : [path];
  }

  #isBelow(path: string): boolean {
    const { dir } = this.#control;
    const whole = wholePath(path);
    return whole === dir || whole.startsWith(dir + sep);
  }

  #show(path: string): string {
    if (!this.#isBelow(path)) return isAbsolute(path) ? path : resolve(path);
    return relative(this.#control.dir, wholePath(path)) || ".";
  }
}

/** Where a path leads that begins at a descriptor, as those do by which a root of `@holdfast/root` gets at its files. */
function wholePath(path: string): string {
  const [, descriptor, rest = ""] = /^(\/proc\/self\/fd\/\d+)(\/.*)?$/.exec(path) ?? [];
  if (descriptor === undefined) return resolve(path);
  try {
    return resolve(readlinkSync(descriptor) + rest);
  } catch {
    return path; // it is closed
  }
}
