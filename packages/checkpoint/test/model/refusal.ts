import { expect } from "vitest";
import type { Checkpoints } from "../../src/index.ts";
import { expectTree } from "./compare.ts";
import type { Subject } from "./subject.ts";

/** A call that is refused changes nothing. */
export async function expectRefusal(
  subject: Subject,
  code: string,
  work: (checkpoints: Checkpoints) => Promise<unknown>,
): Promise<void> {
  const tree = subject.world.tree();
  const called = await subject.call(work);
  if (called !== "killed") expect(called).toMatchObject({ error: { code, effect: "none" } });
  expectTree(subject.world.tree(), tree, `after ${code}`);
}
