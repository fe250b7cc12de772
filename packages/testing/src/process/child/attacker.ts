import { closeSync, existsSync, openSync, renameSync } from "node:fs";
import { join } from "node:path";
import { stopOf, tallyOf, type AttackSource, type Control } from "../control.ts";
import { writeTally } from "../tally.ts";
import { isOrphan } from "./watch-parent.ts";

type Attack = (moment: { readonly dir: string; readonly round: number }) => unknown;

/**
 * Attacks in a tight loop until it is told to stop, or its parent is gone. An attack that throws or
 * returns `false` has not landed.
 */
export async function attackUntilStopped(
  control: Extract<Control, { mode: "attack" }>,
): Promise<void> {
  const { folder, dir, parent, source } = control;
  const attack = await attackOf(source);
  const tally = openSync(tallyOf(folder), "r+");
  let landed = 0;
  let lastError: unknown;
  for (let round = 0; ; round++) {
    try {
      const result = attack({ dir, round });
      // Awaited only where there is something to wait for: the loop is to be tight.
      if ((result instanceof Promise ? await result : result) !== false) landed++;
    } catch (error) {
      lastError = error;
    }
    writeTally(tally, { tried: round + 1, landed });
    if (existsSync(stopOf(folder)) || (round % 1024 === 1023 && isOrphan(parent))) break;
  }
  closeSync(tally);
  // Shown if no attack landed at all: then this is why.
  if (lastError !== undefined) console.error(lastError);
}

async function attackOf(source: AttackSource): Promise<Attack> {
  if (source.kind === "exchange") return exchange(source.names);
  const { attack } = (await import(source.url)) as { readonly attack?: unknown };
  if (typeof attack !== "function")
    throw new TypeError(`${source.url} exports no function "attack"`);
  return attack as Attack;
}

/** Swaps what two names lead to. In between, the first name leads nowhere. */
function exchange([first, second]: readonly [string, string]): Attack {
  return ({ dir }) => {
    const spare = join(dir, `${second}.exchanged`);
    renameSync(join(dir, first), spare);
    renameSync(join(dir, second), join(dir, first));
    renameSync(spare, join(dir, second));
  };
}
