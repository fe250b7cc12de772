import { formatCall, type Call } from "../calls/call.ts";
import type { Interceptor } from "../calls/intercept.ts";
import type { NodeFileSystem } from "../calls/node-file-system.ts";
import { callLine, errorName, type ListedLine } from "../scenario/call-lines.ts";
import type { Adversary, Moment } from "./adversary.ts";

/** A move and when it is made: after so many calls of the program. */
export interface Move {
  readonly kind: "act" | "undo";
  readonly after: number;
}

/** A move that was made, or tried. */
export interface Made {
  readonly move: Move;
  readonly landed: boolean;
  /** `"between call 2 (lstat a) and call 3 (open a r)"` */
  readonly when: string;
}

type Outcome = void | Promise<void>;

/**
 * Stops a program at chosen points between its calls and lets an adversary act there.
 *
 * Calls are made one after the other, also those that the program makes at the same time: otherwise an
 * adversary that takes time would act during a call, and no longer between two.
 */
export class Interruption implements Interceptor {
  /** The calls and the moves. */
  readonly lines: ListedLine[] = [];
  readonly moves: Made[] = [];
  /** Resolves if the program makes more calls than it may. */
  readonly overrun: Promise<void>;
  overran = false;
  /** What an adversary threw that is no error of the file system: a mistake in the test. */
  mistake: { readonly error: unknown } | undefined;
  readonly #fs: NodeFileSystem;
  readonly #adversary: Adversary | undefined;
  readonly #plan: readonly Move[];
  readonly #maxCalls: number;
  #tellOverrun: () => void = () => {};
  #made = 0;
  #last: Call | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    fs: NodeFileSystem,
    adversary: Adversary | undefined,
    plan: readonly Move[],
    maxCalls: number,
  ) {
    this.#fs = fs;
    this.#adversary = adversary;
    this.#plan = plan;
    this.#maxCalls = maxCalls;
    this.overrun = new Promise((resolve) => {
      this.#tellOverrun = resolve;
    });
  }

  /** How many calls the program has made. */
  get made(): number {
    return this.#made;
  }

  sync(call: Call, proceed: () => unknown): unknown {
    if (this.#pending(call) instanceof Promise) this.#cannotWait(call);
    if (!this.#count(call)) throw new Error(`more than ${this.#maxCalls} calls`);
    const number = this.#made;
    try {
      const result = proceed();
      this.lines.push({ number, text: callLine(call) });
      return result;
    } catch (error) {
      this.lines.push({ number, text: callLine(call, error) });
      throw error;
    }
  }

  async async(call: Call, proceed: () => Promise<unknown>): Promise<unknown> {
    const before = this.#turn;
    let pass = (): void => {};
    this.#turn = new Promise<void>((resolve) => {
      pass = resolve;
    });
    await before;
    try {
      await this.#pending(call);
      if (!this.#count(call)) return await new Promise(() => {}); // given up: the case is over
      return await this.#proceed(call, proceed);
    } finally {
      pass();
    }
  }

  async #proceed(call: Call, proceed: () => Promise<unknown>): Promise<unknown> {
    const number = this.#made;
    try {
      const result = await proceed();
      this.lines.push({ number, text: callLine(call) });
      return result;
    } catch (error) {
      this.lines.push({ number, text: callLine(call, error) });
      throw error;
    }
  }

  /** The run is over: what was to be done after its last call is done now. */
  async finish(): Promise<void> {
    await this.#pending(undefined);
  }

  #count(call: Call): boolean {
    if (this.#made >= this.#maxCalls) {
      this.overran = true;
      this.#tellOverrun();
      return false;
    }
    this.#made++;
    this.#last = call;
    return true;
  }

  /** Makes the move that is due before `next`, or at the end. */
  #pending(next: Call | undefined): Outcome {
    const move = this.#plan[this.moves.length];
    if (move === undefined || move.after !== this.#made || this.mistake !== undefined) return;
    const moment: Moment =
      next === undefined ? { call: this.#last, when: "after" } : { call: next, when: "before" };
    const done = (landed: boolean, outcome: string): void => {
      this.moves.push({ move, landed, when: this.#whenOf(next) });
      this.lines.push({ text: `-- ${outcome}` });
    };
    const { name, did = name } = this.#adversary!;
    const said =
      did + (move === this.#plan[0] ? "" : move.kind === "undo" ? ", undone" : ", again");
    const failed = (error: unknown): void => {
      if (!isSystemError(error)) this.mistake = { error };
      done(false, `${said}: did not land (${errorName(error)})`);
    };
    try {
      const outcome = this.#play(move, moment);
      if (outcome instanceof Promise) return outcome.then(() => done(true, said), failed);
      done(true, said);
    } catch (error) {
      failed(error);
    }
  }

  #play({ kind }: Move, moment: Moment): Outcome {
    const adversary = this.#adversary!;
    return kind === "undo" && adversary.undo !== undefined
      ? adversary.undo(this.#fs, moment)
      : adversary.act(this.#fs, moment);
  }

  #whenOf(next: Call | undefined): string {
    const last =
      this.#last === undefined ? undefined : `call ${this.#made} (${formatCall(this.#last)})`;
    const coming = next === undefined ? undefined : `call ${this.#made + 1} (${formatCall(next)})`;
    if (last === undefined)
      return coming === undefined ? "while the run made no call" : `before ${coming}`;
    return coming === undefined ? `after ${last}` : `between ${last} and ${coming}`;
  }

  #cannotWait(call: Call): void {
    const error = new TypeError(
      `exploreInterference: "${this.#adversary!.name}" returned a promise before the synchronous ` +
        `call "${formatCall(call)}", which cannot wait for it (ERR_INVALID_ARG)`,
    );
    this.mistake = { error: Object.assign(error, { code: "ERR_INVALID_ARG" }) };
  }
}

/** Whether the file system said no, and not a mistake in the adversary. */
function isSystemError(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" && /^E(?!RR_)[A-Z0-9]+$/.test(code);
}
