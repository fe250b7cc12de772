import { portOfRoot } from "@holdfast/lock/steps";
import { openRoot } from "@holdfast/root";
import { expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { logFileOf } from "../../src/log/log-file.ts";
import { placeOf } from "../../src/target/place.ts";

it("documents, logs and locks reach a root by one port: they wait in one queue", async () => {
  await using root = await openRoot(tempDir());
  const port = portOfRoot(root.promises);
  const target = { root, path: "a" };
  expect(placeOf("op", target, "async", {}).file?.fileSystem).toBe(port);
  expect(logFileOf("op", target, "async", undefined).fileSystem).toBe(port);
});

it("what stands beside root and path is refused for all of them", async () => {
  await using root = await openRoot(tempDir());
  const target = { root, path: "a", mode: 0o600 };
  const refused = expect.objectContaining({ code: "ERR_INVALID_ARG" }) as Error;
  expect(() => placeOf("op", target, "async", {})).toThrow(refused);
  expect(() => logFileOf("op", target, "async", undefined)).toThrow(refused);
});
