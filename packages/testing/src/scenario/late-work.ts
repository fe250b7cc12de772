import { inspect } from "node:util";
import { changesDisk, formatCall, type Call } from "../calls/call.ts";
import { facesOf } from "../calls/faces.ts";
import { Interception, type Interceptor } from "../calls/intercept.ts";
import { nextTurn } from "./next-turn.ts";
import { startFrom, type Start } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";

/** A program that never rests is not waited for. */
const mostTurns = 1000;
/** What is ready when the run returns gets so many turns of the event loop to happen. */
const leastTurns = 2;
const mostShown = 3;

/**
 * Runs a scenario once more, to see whether it says that it is done before it is: whether it returns
 * while calls that change something are still under way (an `await` was forgotten), or acknowledges
 * later. What comes after its end is in no exploration.
 *
 * The calls take a turn of the event loop each: in memory they are done so fast that one which nobody
 * waits for would be over by chance. Who waits for them cannot have returned before, so that nobody is
 * accused who does. What only looks is not reported, nor is what a timer does later.
 *
 * @returns what is wrong, in one line
 */
export async function lateWork<Ack>(
  scenario: Scenario<Ack>,
  start: Start,
): Promise<string | undefined> {
  const calls = new SlowCalls();
  const acks: Ack[] = [];
  const fs = facesOf(new Interception(startFrom(start), calls));
  try {
    await scenario.run(fs, (ack) => {
      if (calls.isOver) acks.push(ack);
    });
  } catch {
    return undefined; // it ended well before this, when its end was judged
  }
  calls.over();
  for (let turns = 0; turns < mostTurns; turns++) {
    if (turns >= leastTurns && calls.underWay === 0) break;
    await nextTurn();
  }
  if (calls.late.length > 0) {
    return `the run returned while calls of it were still under way: ${some(calls.late)}`;
  }
  if (acks.length === 0) return undefined;
  const shown = acks.map((ack) => inspect(ack, { breakLength: Infinity }));
  return `the run acknowledged after it had returned: ${some(shown)}`;
}

function some(lines: readonly string[]): string {
  const more = lines.length - mostShown;
  return [...lines.slice(0, mostShown), ...(more > 0 ? [`… and ${more} more`] : [])].join(", ");
}

class SlowCalls implements Interceptor {
  /** Calls that change something and were under way when the run returned, or came later. */
  readonly late: string[] = [];
  isOver = false;
  readonly #underWay = new Set<Call>();

  get underWay(): number {
    return this.#underWay.size;
  }

  over(): void {
    this.isOver = true;
    for (const call of this.#underWay) this.#note(call);
  }

  sync(call: Call, proceed: () => unknown): unknown {
    if (this.isOver) this.#note(call);
    return proceed();
  }

  async async(call: Call, proceed: () => Promise<unknown>): Promise<unknown> {
    this.#underWay.add(call);
    if (this.isOver) this.#note(call);
    try {
      return await proceed();
    } finally {
      await nextTurn();
      this.#underWay.delete(call);
    }
  }

  #note(call: Call): void {
    if (changesDisk(call.name, call.args)) this.late.push(formatCall(call));
  }
}
