export type { FileSystem, PathArgument, PortFileHandle, PortStats } from "./port.ts";
export type { PromiseFileSystem, SyncFileSystem } from "./port.ts";
export type { PlatformName } from "./platform/platform.ts";
export { HoldfastError, isHoldfastError } from "./errors/holdfast-error.ts";
export type { Effect, HoldfastErrorFields } from "./errors/holdfast-error.ts";
export { errorCodes } from "./errors/error-codes.ts";
export type { ErrorCode, ErrorCodeEntry, ErrorKind } from "./errors/error-codes.ts";
export {
  isAlreadyExists,
  isCrossDevice,
  isNotFound,
  isOutOfSpace,
  isPermissionDenied,
  isReadOnly,
  isTooManyOpenFiles,
  isUnsupported,
} from "./errors/error-codes.ts";
