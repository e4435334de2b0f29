/** `keyward/core`: the credential core as a library. Pure: store, vault, clock and randomness are arguments. */
export { createAccessControl, type AccessControl, type Requester } from "./core/access.ts";
export { NO_ORIGIN, type Actor, type AuditEntry, type AuditEvent, type RequestOrigin } from "./core/audit.ts";
export {
  nextStatus,
  shownStatus,
  type Binding,
  type CredentialEvent,
  type CredentialRecord,
  type CredentialStatus,
  type HeaderCredential,
  type SealedCredential,
  type ShownStatus,
  type VerificationStrength,
} from "./core/credential.ts";
export { ERROR_TABLE, isKeywardError, KeywardError, type ErrorCode, type ErrorDetails } from "./core/errors.ts";
export { parseHeaderName, type HeaderName } from "./core/header-name.ts";
export { parseHeaderSchema, type HeaderField, type HeaderFieldInput, type HeaderSchema } from "./core/header-schema.ts";
export { mergeHeaderValues, parseHeaderValue, type HeaderValues } from "./core/header-values.ts";
export {
  HeadersProvider,
  SUBMISSION_FLOW_TTL_MS,
  type CredentialInput,
  type FlowRequest,
  type HeadersProviderOptions,
  type HeadersProviderStore,
  type InitiatedFlow,
  type UpsertedCredential,
} from "./core/headers-provider.ts";
export { AUTH_MODES, parseIdentity, type AuthMode, type Identity } from "./core/identity.ts";
export type {
  CallHeaders,
  Clock,
  Logger,
  LogFields,
  Random,
  SealContext,
  Sealed,
  Upstream,
  Vault,
} from "./core/ports.ts";
export { createResolver, type AuthRequiredReason, type Resolution, type Resolver } from "./core/resolver.ts";
export { Secret } from "./core/secret.ts";
export type { Discovered, Server, UpstreamOrigin } from "./core/server.ts";
export type { KeyStore } from "./core/key-port.ts";
export type { Store } from "./core/store-port.ts";
export { createSubmissions, type SubmissionResult, type Submissions } from "./core/submission.ts";
export { CredentialSweepWorker, type CredentialSweepWorkerOptions } from "./core/sweep-worker.ts";
export { createTempTokenService, type RequestedRoute, type TempTokenService } from "./core/temp-token.ts";
