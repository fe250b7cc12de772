import { placeOf, type Place, type PlaceFile } from "../target/place.ts";
import type { JsonStoreOptions } from "./options.ts";
import type { StoreSettings } from "./settings.ts";

/** Where a store is: a file, because it has others beside it. */
export type StorePlace = Place & { readonly file: PlaceFile };

/** The place for calls of either half; throws where there is no such half. */
export type StorePlaces = {
  readonly [Half in "async" | "sync"]: (op: string) => StorePlace;
};

/**
 * Finds out once where the document is: the working directory may be another later. The half that the
 * store is opened by has to be there, the other only when it is called.
 */
export function placesOf(
  op: string,
  options: Pick<JsonStoreOptions<unknown>, "path" | "fileSystem" | "lockTimeoutMs">,
  settings: StoreSettings<unknown>,
  half: "async" | "sync",
): StorePlaces {
  const { path, fileSystem, lockTimeoutMs } = options;
  const { dirMode, durable } = settings.file;
  const placed = (asked: "async" | "sync"): StorePlace => {
    const place = placeOf(op, path, asked, { fileSystem, lockTimeoutMs, dirMode, durable });
    place.checkSettings(op, settings.file);
    return place as StorePlace;
  };
  const here = placed(half);
  const other = attempted(() => placed(half === "async" ? "sync" : "async"));
  const mine = (): StorePlace => here;
  return half === "async" ? { async: mine, sync: other } : { async: other, sync: mine };
}

function attempted(make: () => StorePlace): () => StorePlace {
  try {
    const made = make();
    return () => made;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
