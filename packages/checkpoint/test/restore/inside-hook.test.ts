import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { workbench } from "../support/workbench.ts";

it("what onConflict asks of the same session is refused, and does not wait for itself", async () => {
  const { at, open } = workbench();
  const checkpoints = await open();
  const other = await open({ session: "other" });
  const { id } = await checkpoints.makeSnapshot("turn");
  await checkpoints.trackBeforeEdit(at("a"), "turn");
  writeFileSync(at("a"), "ours");
  await checkpoints.recordAfterEdit(at("a"));
  writeFileSync(at("a"), "the user's");
  const codes: unknown[] = [];
  const codeOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => "ok",
      ({ code }: { code: string }) => code,
    );
  let later: Promise<unknown> = Promise.resolve();
  await checkpoints.restoreToSnapshot(id, {
    async onConflict(): Promise<"skip"> {
      codes.push(await codeOf(checkpoints.diffSnapshot(id)));
      codes.push(await codeOf(checkpoints.trackBeforeEdit(at("b"), "turn")));
      codes.push(await codeOf(checkpoints.restoreToSnapshot(id, { dryRun: true })));
      codes.push(await codeOf(checkpoints.prune()));
      codes.push(await codeOf(checkpoints.listSnapshots()));
      codes.push(await codeOf(other.trackBeforeEdit(at("a"), "turn")));
      later = new Promise((resolve) => setTimeout(resolve, 50)).then(() =>
        codeOf(checkpoints.diffSnapshot(id)),
      );
      return "skip";
    },
  });
  const refused = "ERR_LOCK_HELD";
  expect(codes).toEqual([refused, refused, refused, refused, "ok", "ok"]);
  expect(await later).toBe("ok");
});
