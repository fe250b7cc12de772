import { inspect } from "node:util";
import type { PowerLossModel } from "./models.ts";
import type { CrashPoint } from "./crash-point.ts";
import type { Disk } from "./disk.ts";
import type { LegalState } from "./legal-states.ts";
import type { Timeline } from "./timeline.ts";

/** One run of the program, or one recovery: what can be cut off. */
export interface History<Ack> {
  readonly timeline: Timeline;
  /** All that was acknowledged by its end. */
  readonly acks: readonly Ack[];
  /** By the number of acknowledgements: equal for equal ones. */
  readonly tokens: readonly string[];
  /** Which fsync failed, counted from 1; 0 for none. */
  readonly fault: number;
  /** Of a recovery: the power loss before it. */
  readonly before?: CrashCase<Ack>;
}

/** A power loss: when, and what was on the disk. */
export interface CrashCase<Ack> {
  readonly history: History<Ack>;
  readonly point: CrashPoint;
  /** The first in which it is legal. */
  readonly model: PowerLossModel;
  /** The others, as far as they were looked at. */
  readonly alsoIn: PowerLossModel[];
  readonly state: LegalState;
  /** Knows the inodes of the state; at another time by now. */
  readonly disk: Disk;
}

/** What was acknowledged before this power loss; the same array for the next case of the same moment. */
export function acksOf<Ack>({ history, point }: CrashCase<Ack>): readonly Ack[] {
  if (history.before !== undefined) return acksOf(history.before);
  const { acks } = history;
  const last = lastPrefix.get(acks);
  if (last?.length === point.acks) return last as readonly Ack[];
  const prefix = acks.slice(0, point.acks);
  lastPrefix.set(acks, prefix);
  return prefix;
}

// Of a run with thousands of acknowledgements, a copy for each case would be most of the work.
const lastPrefix = new WeakMap<readonly unknown[], readonly unknown[]>();

/** Numbers for lists of acknowledgements: runs with a fault may acknowledge others. */
export class AckTokens {
  readonly #numbers = new Map<string, string>();

  /** One for each number of acknowledgements; equal lists have equal ones. */
  of(acks: readonly unknown[]): string[] {
    const tokens = [""];
    let token = "";
    for (const ack of acks) {
      const shown = inspect(ack, { depth: null, maxArrayLength: null, maxStringLength: null });
      const key = `${token} ${shown}`;
      token = this.#numbers.get(key) ?? String(this.#numbers.size + 1);
      this.#numbers.set(key, token);
      tokens.push(token);
    }
    return tokens;
  }
}
