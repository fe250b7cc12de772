import * as nodeFs from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { facesOf } from "../../src/calls/faces.ts";
import { backendOf } from "../../src/calls/real-backend.ts";
import type { FileSystemLike } from "../../src/calls/node-file-system.ts";
import { fileSystemCases } from "../../src/conformance.ts";
import { needs } from "../../../atomic/test/support/needs.ts";
import { secondDeviceParent, tmpfsParent } from "../../../atomic/test/support/temp-dir.ts";
import { byGroup, failuresOf } from "./support/failures.ts";
import { onRealDisk } from "./support/on-real-disk.ts";

const node = nodeFs as unknown as FileSystemLike;
const have = ["descriptor-paths"] as const;

describe.runIf(needs("linux", "node"))("node:fs on the disk of temporary files", () => {
  // The long tables through one face: a disk with a journal is slow, and the other run has the rest.
  const cases = fileSystemCases({ have }).filter(
    ({ group, face }) => face === "sync" || !group.startsWith("paths"),
  );
  test.each(byGroup(cases))("%s", { timeout: 60_000 }, async (_, some) => {
    expect(await failuresOf(some, () => onRealDisk(node, tmpdir()))).toEqual([]);
  });
});

describe.runIf(needs("linux", "node", "tmpfs"))("our faces over node:fs, on tmpfs", () => {
  const faces = facesOf(backendOf(node));
  test.each(byGroup(fileSystemCases({ have })))("%s", { timeout: 60_000 }, async (_, cases) => {
    expect(await failuresOf(cases, () => onRealDisk(faces, tmpfsParent()!))).toEqual([]);
  });
});

describe.runIf(needs("linux", "node", "second-device"))("node:fs between two devices", () => {
  const cases = fileSystemCases({ have: ["second-device"] }).filter(({ needs: all }) =>
    all.includes("second-device"),
  );
  test("from the disk to tmpfs", async () => {
    const place = (): ReturnType<typeof onRealDisk> =>
      onRealDisk(node, tmpdir(), secondDeviceParent());
    expect(await failuresOf(cases, place)).toEqual([]);
    expect(cases.length).toBeGreaterThan(15);
  });
  test("from tmpfs to the disk", async () => {
    const place = (): ReturnType<typeof onRealDisk> =>
      onRealDisk(node, secondDeviceParent()!, tmpdir());
    expect(await failuresOf(cases, place)).toEqual([]);
  });
});
