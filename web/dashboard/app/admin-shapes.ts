import type { Schemas } from "../../../src/client/api-types.ts";

/* The API's shapes as the administrator's pages name them; what the generated client does not know yet is added. */

export type AuthMode = Schemas["AuthMode"];
export type AuthType = Schemas["AuthType"];
export type Group = Schemas["Group"];
export type Impact = Schemas["Preview"]["preview"];
export type Strength = Schemas["VerificationStrength"];

export type HeaderField = Schemas["HeaderField"];

/** How many connections of a server are in which state. */
export interface ConnectionCounts {
  active: number;
  needs_update: number;
  rejected: number;
  orphaned: number;
}

export type Server = Schemas["Server"];

export type VerifiedServer = Schemas["VerifiedServer"];
export type VerifiedStep = Schemas["VerifiedStep"];
export type VerifyStepName = VerifiedStep["step"];

export type Grant = Schemas["Grants"]["grants"][number];

export type Credential = Schemas["Credential"] & {
  set_from: { client: string | null; address: string | null } | null;
};

export type CredentialStatus = Schemas["CredentialStatus"];
