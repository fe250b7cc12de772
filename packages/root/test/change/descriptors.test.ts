import { describe, expect, it } from "vitest";
import { needs } from "../../../atomic/test/support/needs.ts";
import { forms, ground, openDescriptors } from "../read/support/roots.ts";
import { changes, plant } from "./support/changes.ts";

describe.runIf(needs("linux")).each(forms)("descriptors, $name", ({ open }) => {
  it("are all closed after every change, and after every failure", async () => {
    for (const { method, args } of changes) {
      const { inside } = ground();
      plant(inside);
      const { call, root } = await open(inside);
      const before = openDescriptors();
      await call(method, ...args);
      expect(openDescriptors(), `${method}`).toBe(before);
      for (const path of ["missing/x", "d/f/x", "out/x", "d/../../x", "loop", "."]) {
        const failing = [...args];
        failing[method === "symlink" ? 1 : 0] = path;
        await call(method, ...failing).catch(() => {});
        expect(openDescriptors(), `${method} ${path}`).toBe(before);
      }
      await root.close();
      expect(openDescriptors(), "the root itself").toBe(before - 1);
    }
  });

  it("does not need more of them for a deeper tree", async () => {
    const { inside } = ground();
    const deep = Array.from({ length: 900 }, () => "dd").join("/");
    let most = 0;
    const { call } = await open(inside, {
      durable: false,
      authorize: () => void (most = Math.max(most, openDescriptors())),
    });
    const before = openDescriptors();
    await call("mkdir", deep, { recursive: true });
    await call("appendFile", `${deep}/x`, "x");
    expect(most - before).toBeLessThan(8);
    await call("unlink", `${deep}/x`);
  });
});
