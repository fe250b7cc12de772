import type { Call } from "../calls/call.ts";
import { Interception, type Interceptor } from "../calls/intercept.ts";
import type { MemoryBackend } from "../memory/memory-backend.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { letterOf } from "./choice.ts";

/** A call that waits until it may be made. */
interface Gate {
  /** `undefined`: the beginning of the run. */
  readonly call: Call | undefined;
  /** Lets it pass. */
  readonly open: () => void;
  /** Resolves when the call has been made. */
  readonly made: Promise<void>;
}

/** Told of what the runs do. */
export interface Listener {
  /** A synchronous call is about to be made. @throws to refuse it */
  beforeSync(contestant: Contestant, call: Call): void;
  /** A call has been made. */
  after(contestant: Contestant, call: Call, error?: unknown): void;
  /** A call waits. */
  arrived(): void;
}

/** One of the runs of a schedule: each of its asynchronous calls waits at a gate. */
export class Contestant implements Interceptor {
  /** Its place among the scenarios. */
  readonly index: number;
  /** `"A"`, `"B"`, … */
  readonly letter: string;
  readonly scenario: Scenario;
  readonly interception: Interception;
  /** The calls that wait, in the order in which they were made. */
  readonly gates: Gate[] = [];
  readonly acks: unknown[] = [];
  /** `undefined` while it runs. */
  end: "done" | Error | undefined;
  readonly #listener: Listener;

  constructor(index: number, scenario: Scenario, memory: MemoryBackend, listener: Listener) {
    this.index = index;
    this.letter = letterOf(index);
    this.scenario = scenario;
    this.interception = new Interception(memory, this);
    this.#listener = listener;
  }

  /** Waits until the run may begin. */
  begin(): Promise<void> {
    return this.#pass(undefined).then((made) => made());
  }

  sync(call: Call, proceed: () => unknown): unknown {
    this.#listener.beforeSync(this, call);
    try {
      const result = proceed();
      this.#listener.after(this, call);
      return result;
    } catch (error) {
      this.#listener.after(this, call, error);
      throw error;
    }
  }

  async async(call: Call, proceed: () => Promise<unknown>): Promise<unknown> {
    const made = await this.#pass(call);
    try {
      const result = await proceed();
      this.#listener.after(this, call);
      return result;
    } catch (error) {
      this.#listener.after(this, call, error);
      throw error;
    } finally {
      made();
    }
  }

  /** Resolves when the gate is opened, with what is to be called when the call has been made. */
  #pass(call: Call | undefined): Promise<() => void> {
    return new Promise((resolve) => {
      let made = (): void => {};
      const done = new Promise<void>((resolveMade) => {
        made = resolveMade;
      });
      this.gates.push({ call, open: () => resolve(made), made: done });
      this.#listener.arrived();
    });
  }
}
