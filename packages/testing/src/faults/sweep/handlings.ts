import type { FaultPoint } from "./fault-point.ts";
import type { Made } from "./faulty-calls.ts";

/** A fault, and the calls of the run that it was injected into. */
interface Handling {
  readonly point: FaultPoint;
  readonly made: readonly Made[];
}

/**
 * The ways in which a program handles faults that happen once. Those at the same call that are
 * followed by the same calls are handled in the same way: one stands for all.
 */
export class Handlings {
  readonly #different = new Map<string, Handling>();

  add(point: FaultPoint, made: readonly Made[]): void {
    // Those that last make every later call of their kind fail anyway.
    if (point.mode === "persistent" || point.mode === "dead-stop") return;
    const what = point.mode === "short" ? `short ${point.bytes}` : point.mode;
    const rest = made
      .slice(point.index)
      .map(({ call, error }) => `${call.name} ${error === undefined ? "ok" : "failed"}`);
    const key = `${what} ${point.index}: ${rest.join(", ")}`;
    if (!this.#different.has(key)) this.#different.set(key, { point, made });
  }

  different(): Iterable<Handling> {
    return this.#different.values();
  }
}
