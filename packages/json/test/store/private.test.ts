import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { tempDir } from "../../../atomic/test/support/temp-dir.ts";
import { openJsonStore, openJsonStoreSync, type JsonStoreOptions } from "../../src/index.ts";

const schema = v.object({ token: v.pipe(v.string(), v.email()) }); // its messages quote the value
const secret = "sk-SECRET";

const forms = [
  ["async", (options: JsonStoreOptions<{ token: string }>) => openJsonStore(options)],
  ["sync", async (options: JsonStoreOptions<{ token: string }>) => openJsonStoreSync(options)],
] as const;

describe.each(forms)("a store of secrets, %s", (_, open) => {
  const failureOf = async (mode: number): Promise<Error> => {
    const path = join(tempDir(), "credentials.json");
    writeFileSync(path, JSON.stringify({ token: secret }), { mode });
    return open({ path, schema }).then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
  };

  it("has no message that quotes what the schema says of a value", async () => {
    expect((await failureOf(0o644)).message).toContain(secret); // the control
    const { message } = await failureOf(0o600);
    expect(message).not.toContain(secret);
    expect(message).toContain("token");
  });

  it("has none for a change of a file that was private before", async () => {
    const path = join(tempDir(), "credentials.json");
    writeFileSync(path, JSON.stringify({ token: "a@example.org" }), { mode: 0o600 });
    const store = await open({ path, schema });
    const error = await store.update((draft) => void (draft.token = secret)).catch((e: Error) => e);
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID" });
    expect((error as Error).message).not.toContain(secret);
    await store.close();
  });

  it("has none either for a value that is refused before it is written", async () => {
    const path = join(tempDir(), "credentials.json");
    const store = await open({ path, schema, defaults: { token: "a@example.org" }, mode: 0o600 });
    const error = await store.update((draft) => void (draft.token = secret)).catch((e: Error) => e);
    expect(error).toMatchObject({ code: "ERR_JSON_INVALID" });
    expect((error as Error).message).not.toContain(secret);
    await store.close();
  });
});
