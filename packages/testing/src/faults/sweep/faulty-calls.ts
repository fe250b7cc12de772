import type { Backend, Origin } from "../../calls/backend.ts";
import type { Call } from "../../calls/call.ts";
import { driveAsync, driveSync } from "../../calls/composite.ts";
import type { Interceptor } from "../../calls/intercept.ts";
import { errnosOfCall } from "../errnos.ts";
import { perform, type Injected } from "../perform.ts";
import type { FaultPoint } from "./fault-point.ts";
import { attribute } from "./unhandled-rejections.ts";
import { inodeOfDescriptor, type InodeKey } from "./inode-key.ts";

/** A call that was made, and what became of it. */
export interface Made {
  readonly call: Call;
  readonly injected: Injected | undefined;
  /** What it threw. */
  error?: unknown;
  /** How many bytes a read or write moved. */
  moved?: number;
  /** Of a descriptor's call, from the first failed flush on. */
  readonly inode: InodeKey | undefined;
}

/** Makes the calls of one run, with the faults of one case in them, and remembers them all. */
export class FaultyCalls implements Interceptor {
  readonly made: Made[] = [];
  /** Rejections with an injected error that nobody handled. */
  readonly unhandled: unknown[] = [];
  /** Set when the case is judged: what comes later is none of it. */
  isOver = false;
  /** How many of the points were reached. */
  reached = 0;
  /** Whether the run made more calls than any that ends. */
  exceeded = false;
  /** Called when it has. */
  onExceeded: () => void = () => {};
  readonly #under: Backend;
  readonly #points: readonly FaultPoint[];
  readonly #mostCalls: number;
  /** The calls that the points met. */
  readonly #met: Call[] = [];
  #flushFailed = false;

  constructor(under: Backend, points: readonly FaultPoint[], mostCalls: number) {
    this.#under = under;
    this.#points = points;
    this.#mostCalls = mostCalls;
  }

  sync(call: Call, proceed: () => unknown): unknown {
    if (this.#exceeds(call)) throw new Error(`stopped after ${call.index - 1} calls`);
    const made = this.#begin(call);
    const { injected } = made;
    try {
      if (injected === undefined) return this.#done(made, proceed());
      return this.#done(made, driveSync(this.#under, perform(call, injected), originOf(call)));
    } catch (error) {
      throw this.#failed(made, error);
    }
  }

  async async(call: Call, proceed: () => Promise<unknown>): Promise<unknown> {
    if (this.#exceeds(call)) return await new Promise(() => {});
    const made = this.#begin(call);
    const { injected } = made;
    try {
      if (injected === undefined) return this.#done(made, await proceed());
      const work = perform(call, injected);
      return this.#done(made, await driveAsync(this.#under, work, originOf(call)));
    } catch (error) {
      throw this.#failed(made, error);
    }
  }

  #begin(call: Call): Made {
    const injected = this.#choose(call);
    const flush = call.name === "fsync" || call.name === "fdatasync";
    if (flush && injected !== undefined) this.#flushFailed = true;
    const inode =
      this.#flushFailed && call.fd !== undefined
        ? inodeOfDescriptor(this.#under, call.fd)
        : undefined;
    const made: Made = { call, injected, inode };
    this.made.push(made);
    return made;
  }

  #done(made: Made, result: unknown): unknown {
    const { name } = made.call;
    if (name === "read" || name === "write") made.moved = result as number;
    return result;
  }

  #failed(made: Made, error: unknown): unknown {
    made.error = error;
    if (made.injected !== undefined) attribute(error, this.#unhandled);
    return error;
  }

  readonly #unhandled = (reason: unknown): boolean => {
    if (!this.isOver) this.unhandled.push(reason);
    return !this.isOver;
  };

  #choose(call: Call): Injected | undefined {
    const next = this.#points[this.reached];
    if (next?.index === call.index) {
      this.reached++;
      this.#met.push(call);
      if (next.mode === "short") return { atMostBytes: next.bytes };
      return { errno: next.errno, when: next.mode === "once-after" ? "after" : "before" };
    }
    for (const [at, { name }] of this.#met.entries()) {
      const point = this.#points[at]!;
      const goesOn =
        point.mode === "dead-stop" ||
        (point.mode === "persistent" &&
          name === call.name &&
          errnosOfCall(call, this.#under.platform ?? "linux").includes(point.errno));
      if (goesOn) return { errno: point.errno, when: "before" };
    }
    return undefined;
  }

  #exceeds(call: Call): boolean {
    if (call.index <= this.#mostCalls) return false;
    this.exceeded = true;
    this.onExceeded();
    return true;
  }
}

const originOf = ({ via, caller }: Call): Origin =>
  caller === undefined ? { via } : { via, caller };
